"""A Greenbone server as gvm-cli reaches it: one process for each command, GMP on its input, the answer on its output.

Source: Greenbone Management Protocol 22.4 to 22.7 as python-gvm 27.10 speaks it, and gvm-cli of gvm-tools 26.1. Both are under
the GPL: gvm-cli runs as a program of its own and nothing of it is imported.
"""

import os
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import NoReturn
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from isp_addons.vendor_api import OutcomeUnknown, Rejected, Unauthorised, Unavailable, VendorError
from isp_addons.vendor_api.process import Ended, Ending, NotStarted, run

RUNNING = ("Running", "Requested", "Queued")
"""The states of a task that can be stopped."""
STOPPED = "Stopped"
"""The state of a task that can be resumed."""

_INHERITED = ("PATH", "HOME", "LANG", "LC_ALL", "TZ")
_SHOWN = 300
_LOGIN = ("uthentication failed", "uthenticate first")
_REFUSAL = re.compile(r"(?:Response|Server) Error ([0-9]{3})\. (.*?)(?: ERROR:|$)")
"""How gvm-cli tells an answer whose status is none of success, before it ends with exit code 1."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Access:
    """Which addresses a user may scan: only ``hosts`` where ``allow``, else all but them. As GMP writes them, with commas."""

    allow: bool
    hosts: str

    @property
    def nothing(self) -> bool:
        """An allow-list without an entry: the user may scan nothing."""
        return self.allow and not self.hosts.strip()


NOTHING = Access(allow=True, hosts="")


@dataclass(frozen=True, slots=True, kw_only=True)
class User:
    """A user, with everything that modify_user would empty if it were left out."""

    id: str
    name: str
    comment: str
    access: Access
    roles: tuple[str, ...]
    groups: tuple[str, ...]
    sources: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Task:
    """A scan task."""

    id: str
    status: str


class Gmp:
    """Runs gvm-cli. Safe to share between threads: nothing is kept between calls."""

    def __init__(self, argv: Sequence[str], *, time_limit: float) -> None:
        self._argv = (*argv, "/dev/stdin")
        self._time_limit = time_limit
        self._name = PurePosixPath(argv[0]).name

    def version(self) -> str:
        """The version of GMP that the server speaks."""
        return self._ask(Element("get_version"), action="get_version").findtext("version") or "of an unknown version"

    def user_with(self, key: str) -> User | None:
        """The user whose comment has the word *key*. Raises `Rejected` when several have it."""
        asked = Element("get_users", filter=f"comment~{key} rows=-1")
        answer = self._ask(asked, action=f"get_users {key}")
        found = [user for user in map(_user, answer.iterfind("user")) if key in user.comment.split()]
        if len(found) > 1:
            names = ", ".join(user.name for user in found)
            raise Rejected(f"several users have {key} in their comments: {names}.", action="get_users", hint="Leave it to one.")
        return found[0] if found else None

    def give_access(self, user: User, access: Access) -> None:
        """Replace which addresses *user* may scan; everything else of it stays."""
        asked = Element("modify_user", user_id=user.id)
        SubElement(asked, "comment").text = user.comment
        SubElement(asked, "hosts", allow="1" if access.allow else "0").text = access.hosts
        for role in user.roles:
            SubElement(asked, "role", id=role)
        groups = SubElement(asked, "groups")
        for group in user.groups:
            SubElement(groups, "group", id=group)
        sources = SubElement(asked, "sources")
        for source in user.sources:
            SubElement(sources, "source").text = source
        self._ask(asked, action=f"modify_user {user.name}", changes=True)

    def tasks_of(self, user: User) -> tuple[Task, ...]:
        """Every scan task that *user* owns."""
        if '"' in user.name:
            raise Rejected(
                f"the user's name {user.name!r} has a quote, with which no filter can be written.", action="get_tasks"
            )
        wanted = f'owner="{user.name}" permission=any rows=-1'
        asked = Element("get_tasks", usage_type="scan", ignore_pagination="1", filter=wanted)
        answer = self._ask(asked, action=f"get_tasks {user.name}")
        own = [task for task in answer.iterfind("task") if task.findtext("owner/name") == user.name]
        return tuple(Task(task.get("id", ""), task.findtext("status", "")) for task in own)

    def stop(self, task: str) -> None:
        """Stop a running task; it can be resumed where it was."""
        self._ask(Element("stop_task", task_id=task), action=f"stop_task {task}", changes=True)

    def resume(self, task: str) -> None:
        """Let a stopped task go on."""
        self._ask(Element("resume_task", task_id=task), action=f"resume_task {task}", changes=True)

    def _ask(self, asked: Element, *, action: str, changes: bool = False) -> Element:
        environment = {name: os.environ[name] for name in _INHERITED if name in os.environ}
        try:
            ended = run(self._argv, given=tostring(asked), environment=environment, time_limit=self._time_limit)
        except NotStarted as why:
            raise Unavailable(str(why), action=action, hint="Check gvm_command in the vendor's section.") from None
        lost = OutcomeUnknown if changes else Unavailable
        if ended.ending is not Ending.EXITED or ended.code != 0:
            self._failed(ended, lost, action)
        try:
            answer: Element = fromstring(ended.output)
        except (ParseError, DefusedXmlException, ValueError):
            shown = ended.output.decode("utf-8", "replace")[:_SHOWN]
            raise lost(f"{self._name} answered with something else than XML.", action=action, answer=shown) from None
        if not answer.get("status", "").startswith("2"):
            raise _refusal(answer.get("status", ""), answer.get("status_text", ""), lost, action)
        return answer

    def _failed(self, ended: Ended, lost: type[VendorError], action: str) -> NoReturn:
        said = " ".join(ended.errors.decode("utf-8", "replace").replace("\x00", " ").split())[-_SHOWN:]
        refusal = _REFUSAL.search(said) if ended.ending is Ending.EXITED else None
        if refusal is not None:
            raise _refusal(refusal[1], refusal[2], lost, action)
        how = {
            Ending.EXITED: f"ended with exit code {ended.code}",
            Ending.TIMED_OUT: f"did not end within {self._time_limit:g} s and was stopped",
            Ending.TOO_MUCH: "wrote too much and was stopped",
        }[ended.ending]
        raise lost(f"{self._name} {how}.{f' It said: {said}' if said else ''}", action=action, answer=said)


def _refusal(status: str, text: str, lost: type[VendorError], action: str) -> VendorError:
    """What an answer means whose status is none of success."""
    if status == "401" or any(each in text for each in _LOGIN):
        hint = "Check the user name and password in the file that --config names, then resume the vendor."
        return Unauthorised(f"the server refuses the login: {text}.", action=action, hint=hint)
    message = f"the server says {status or 'nothing'}: {text}."
    if status == "403":
        hint = "Give the user that gvm-cli logs in with a role that may change other users and see their tasks."
        return Rejected(message, action=action, hint=hint)
    if status == "503":
        return Unavailable(message, action=action)
    return Rejected(message, action=action) if status.startswith("4") else lost(message, action=action)


def _user(told: Element) -> User:
    hosts = told.find("hosts")
    rule: Mapping[str, str] = hosts.attrib if hosts is not None else {}
    return User(
        id=told.get("id", ""),
        name=told.findtext("name", ""),
        comment=told.findtext("comment", "") or "",
        access=Access(allow=rule.get("allow") == "1", hosts=(hosts.text or "") if hosts is not None else ""),
        roles=tuple(each.get("id", "") for each in told.iterfind("role")),
        groups=tuple(each.get("id", "") for each in told.iterfind("groups/group")),
        sources=tuple(each.text or "" for each in told.iterfind("sources/source")),
    )
