"""A stand-in for gvm-cli and the server behind it, run as a program: ``python sandbox_gvm_cli.py --config STATE socket``.

It takes the arguments that the plugin gives to gvm-cli, and the state of a small server from the JSON file STATE instead of a
configuration. It knows get_version, get_users, modify_user, get_tasks, stop_task and resume_task. Like the real one it empties
what modify_user leaves out, answers with a status of GMP, and ends with exit code 1 when it cannot log in.
"""

import argparse
import fcntl
import json
import re
import signal
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from xml.etree.ElementTree import Element, SubElement, tostring

from defusedxml.ElementTree import fromstring

EMPTY: dict[str, Any] = {"password": "right", "version": "22.6", "users": {}, "tasks": {}, "calls": []}
"""A server without users. ``calls`` are the names of the commands that were asked for."""

_STOPPABLE = ("Running", "Requested", "Queued")


@contextmanager
def opened(path: Path) -> Iterator[dict[str, Any]]:
    """The state, for one process at a time; what is changed in it is written when the block ends."""
    with path.with_suffix(".lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        state = json.loads(path.read_text(encoding="utf-8")) if path.exists() else json.loads(json.dumps(EMPTY))
        before = json.dumps(state)
        yield state
        if json.dumps(state) != before:
            fresh = path.with_suffix(".new")
            fresh.write_text(json.dumps(state), encoding="utf-8")
            fresh.replace(path)


def answer(state: dict[str, Any], asked: Element) -> Element:
    """What the server answers."""
    state["calls"].append(asked.tag)
    known: dict[str, Callable[[dict[str, Any], Element], Element]] = {
        "get_version": _version,
        "get_users": _users,
        "modify_user": _modify_user,
        "get_tasks": _tasks,
        "stop_task": _stop,
        "resume_task": _resume,
    }
    broken = state.get("answers", {}).get(asked.tag)
    if broken is not None:
        return _said(asked, *broken)
    do = known.get(asked.tag)
    return _said(asked, "400", "Bogus command name") if do is None else do(state, asked)


def _said(asked: Element, status: str, text: str) -> Element:
    return Element(f"{asked.tag}_response", status=status, status_text=text)


def _version(state: dict[str, Any], asked: Element) -> Element:
    told = _said(asked, "200", "OK")
    SubElement(told, "version").text = state["version"]
    return told


def _users(state: dict[str, Any], asked: Element) -> Element:
    told = _said(asked, "200", "OK")
    part = re.search(r"comment~(\S+)", asked.get("filter", ""))
    for number, user in state["users"].items():
        if part is None or part[1].lower() in user["comment"].lower():
            row = SubElement(told, "user", id=number)
            SubElement(row, "name").text = user["name"]
            SubElement(row, "comment").text = user["comment"]
            for role in user["roles"]:
                SubElement(SubElement(row, "role", id=role), "name").text = "User"
            SubElement(row, "hosts", allow="1" if user["allow"] else "0").text = user["hosts"]
            sources = SubElement(row, "sources")
            for source in user["sources"]:
                SubElement(sources, "source").text = source
            groups = SubElement(row, "groups")
            for group in user["groups"]:
                SubElement(groups, "group", id=group)
    return told


def _modify_user(state: dict[str, Any], asked: Element) -> Element:
    user = state["users"].get(asked.get("user_id", ""))
    if user is None:
        return _said(asked, "404", "Failed to find user")
    hosts = asked.find("hosts")
    user["comment"] = asked.findtext("comment", "")
    user["roles"] = [each.get("id", "") for each in asked.iterfind("role")]
    user["groups"] = [each.get("id", "") for each in asked.iterfind("groups/group")]
    user["sources"] = [each.text or "" for each in asked.iterfind("sources/source")]
    if hosts is not None:
        user["allow"], user["hosts"] = hosts.get("allow") == "1", hosts.text or ""
    return _said(asked, "200", "OK")


def _tasks(state: dict[str, Any], asked: Element) -> Element:
    told = _said(asked, "200", "OK")
    owner = re.search(r'owner="([^"]*)"', asked.get("filter", ""))
    for number, task in state["tasks"].items():
        name = state["users"].get(task["owner"], {}).get("name", "")
        if owner is None or owner[1] == name:
            row = SubElement(told, "task", id=number)
            SubElement(SubElement(row, "owner"), "name").text = name
            SubElement(row, "status").text = task["status"]
    return told


def _stop(state: dict[str, Any], asked: Element) -> Element:
    task = state["tasks"].get(asked.get("task_id", ""))
    if task is None:
        return _said(asked, "404", "Failed to find task")
    if task["status"] not in _STOPPABLE:
        return _said(asked, "200", "OK")
    task["status"] = "Stopped"
    return _said(asked, "202", "OK, request submitted")


def _resume(state: dict[str, Any], asked: Element) -> Element:
    task = state["tasks"].get(asked.get("task_id", ""))
    if task is None:
        return _said(asked, "404", "Failed to find task")
    if task["status"] != "Stopped":
        return _said(asked, "400", "Task must be in Stopped or Interrupted state")
    task["status"] = "Running"
    return _said(asked, "202", "OK, request submitted")


def main() -> int:
    """Answer the one command that the named file holds."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--config", type=Path, required=True)
    parser.add_argument("--gmp-password", default="right")
    parser.add_argument("connection", choices=["socket", "ssh", "tls"])
    parser.add_argument("infile", type=Path)
    given = parser.parse_args()
    asked = fromstring(given.infile.read_text(encoding="utf-8"))
    with opened(given.config) as state:
        if state.get("silent"):
            signal.pause()
        if given.gmp_password != state["password"]:
            return _refused("400", "Authentication failed")
        if state.get("dies_before") == asked.tag:
            return 1
        told = answer(state, asked)
    if state.get("dies_after") == asked.tag:
        return 1
    if not told.get("status", "").startswith("2"):
        return _refused(told.get("status", ""), told.get("status_text", ""))
    sys.stdout.write(state.get("garbage") or tostring(told, encoding="unicode"))
    return 0


def _refused(status: str, text: str) -> int:
    """Tell it as gvm-cli does: on the standard error, and twice."""
    kind = "Server" if status.startswith("5") else "Response"
    sys.stderr.write(f"ERROR:gvmtools.cli:{kind} Error {status}. {text}\n" * 2)
    return 1


if __name__ == "__main__":
    sys.exit(main())
