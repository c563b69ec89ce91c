"""One call of ESET's API: with the token, its answer read, every failure turned into what it means; lists, page by page.

Source: how_api_works. 403 about one licence or company says that it is not ours: no reason to pause the whole vendor.
"""

import json
import logging
from collections.abc import Callable, Mapping
from typing import Any, NoReturn, TypeVar

import requests

from isp_addons.vendor_api import Clock, OutcomeUnknown, Rejected, Unauthorised, Unavailable, VendorError
from isp_addons.vendor_api.http import VendorSession, star
from isp_addons_eset import answers
from isp_addons_eset.answers import Refused
from isp_addons_eset.options import EsetOptions
from isp_addons_eset.tokens import JSON, Tokens

log = logging.getLogger(__name__)

Row = dict[str, Any]
ReadT = TypeVar("ReadT")

_LIST_TRIES = 3
_TEXT_SHOWN = 300
_IDS = ("publiclicensekey", "publicid", "companyid", "id")


class Calls:
    """Safe to share between threads: each has its own connection, all share the token."""

    def __init__(self, options: EsetOptions, *, clock: Clock) -> None:
        password = options.password.get_secret_value()
        self._secrets = (password,)
        self._page_size = options.page_size
        self._session = VendorSession(
            options.url,
            clock=clock,
            timeout=options.timeout,
            verify=options.verify,
            secrets=self._secrets,
            user_agent="eset",
        )
        self._tokens = Tokens(self._session, login=options.login, password=password, clock=clock)

    def close(self) -> None:
        """Close the connections of all threads."""
        self._session.close()

    def call(
        self, call: str, body: Mapping[str, Any] | None, *, about: str = "", changes: bool = False, of_one: bool = False
    ) -> Any:
        """Make one call and return its JSON, names in lower case. *of_one*: it is about one licence or company that exists."""
        action = f"{call} {about}".strip()
        token = self._tokens.current()
        try:
            response = self._send(token, call, body, about=about, changes=changes, of_one=of_one)
        except Unauthorised as error:
            if error.status != 401:
                raise
            log.info("ESET does not take the token any more: a new one is asked for")  # and nothing was done
            token = self._tokens.replacing(token)
            response = self._send(token, call, body, about=about, changes=changes, of_one=of_one)
        try:
            value = answers.read_json(response.text)
        except ValueError:
            self.unreadable(response.text, action=action, changes=changes)
        told = answers.refusal(value)
        if told is not None:
            raise self._refusal(told, about or "the call", action=action, status=response.status_code)
        return value

    def rows(self, call: str, body: Mapping[str, Any], holder: str, *, about: str = "") -> list[Row]:
        """All rows of a list. Raises `Unavailable` when fewer come than are announced, however often it is read."""
        came, announced = 0, None
        for _ in range(_LIST_TRIES):
            rows, announced = self._pages(call, body, holder, about)
            came = len(rows)
            if announced in (None, came):
                return rows
        raise Unavailable(
            f"the list was cut off: {came} came, {announced} were announced.",
            action=f"{call} {about}".strip(),
            hint="It is taken as unknown, not as complete; the next reconciliation reads it again.",
        )

    def read(self, reader: Callable[[Row], ReadT], value: Any, *, action: str) -> ReadT:
        """Read *value* by *reader*. Raises `Unavailable` for what makes no sense."""
        try:
            return reader(value)
        except (ValueError, TypeError, AttributeError) as error:
            self.unreadable(str(error), action=action.strip(), changes=False)

    def unreadable(self, answer: str, *, action: str, changes: bool) -> NoReturn:
        """Raise for an answer that makes no sense; after a change nobody knows whether it was made."""
        kind = OutcomeUnknown if changes else Unavailable
        shown = star(self._tokens.starred(answer), self._secrets)[:_TEXT_SHOWN]
        raise kind("the answer cannot be read.", action=action, answer=shown)

    def _pages(self, call: str, body: Mapping[str, Any], holder: str, about: str) -> tuple[list[Row], int | None]:
        """Rows and their announced number (None: none was). A short page is not the end: an empty one is, or the number."""
        found: dict[str, Row] = {}
        skip, announced = 0, None
        while announced is None or skip < announced:
            value = self.call(call, {**body, "skip": skip, "take": self._page_size}, about=about)
            page = self.read(lambda value: _rows(value, holder), value, action=f"{call} {about}")
            announced = self.read(_announced, value, action=f"{call} {about}")
            before = len(found)
            found |= {_id(row): row for row in page}
            skip += len(page)
            if len(found) == before:
                break
        return list(found.values()), announced

    def _send(
        self, token: str, call: str, body: Mapping[str, Any] | None, *, about: str, changes: bool, of_one: bool
    ) -> requests.Response:
        method, data = ("GET", None) if body is None else ("POST", json.dumps(body).encode())
        action, headers = f"{call} {about}".strip(), {**JSON, "Authorization": f"Bearer {token}"}
        try:
            return self._session.send(method, f"/api/{call}", action=action, changes=changes, data=data, headers=headers)
        except VendorError as error:
            error.answer = self._tokens.starred(star(error.answer, [token]))
            told = answers.explain(error, call)
            not_ours = of_one and error.status == 403 and told.code != answers.OUT_OF_ORDER
            if error.status is None or not (isinstance(error, Rejected) or not_ours):
                raise
            raise self._refusal(told, about or "the call", action=action, status=error.status) from error

    def _refusal(self, told: answers.Told, about: str, *, action: str, status: int) -> VendorError:
        text = star(self._tokens.starred(told.sentence), self._secrets)
        if told.sub_code == answers.NOT_CHANGED:
            return OutcomeUnknown(f"ESET could not do it for {about}: {text}.", action=action, status=status)
        hint = "It may belong to somebody else by now: look at it in ESET's portal." if status == 403 else ""
        return Refused(f"ESET refuses {about}: {text}.", sub_code=told.sub_code, status=status, action=action, hint=hint)


def _rows(value: Any, holder: str) -> list[Row]:
    """The rows of a page: under *holder*, as public clients read them. Raises `ValueError`."""
    rows = value.get(holder) if isinstance(value, dict) else value
    if not isinstance(rows, list) or not all(isinstance(row, dict) and _id(row) for row in rows):
        raise ValueError(f"it holds no list {holder}")
    return rows


def _announced(value: Any) -> int | None:
    """How many rows the whole list has, where the answer tells. Raises `ValueError`.

    Assumption: as ``totalCount``, of its own or under ``paging``; a public client reads it so from usage reports.
    """
    if not isinstance(value, dict):
        return None
    paging = value.get("paging")
    told = (paging if isinstance(paging, dict) else value).get("totalcount")
    return None if told is None else int(told)


def _id(row: Row) -> str:
    return next((str(row[name]) for name in _IDS if row.get(name)), "")
