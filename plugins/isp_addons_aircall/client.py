"""Aircall's public API: one method for each call that is used.

Source: Aircall public API, v1 (ping, company) and v2 (users); Basic authentication with API ID and token. How many calls a
minute are allowed differs from page to page (60, 120): the headers ``X-AircallApi-…`` of each answer tell.
"""

import json
from collections.abc import Iterator, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

from isp_addons.vendor_api import Clock, Unavailable, VendorUser
from isp_addons.vendor_api.http import VendorSession, star
from isp_addons_aircall.options import AircallOptions
from isp_addons_aircall.translate import read_user

RESET = "X-AircallApi-Reset"
"""Unix time in seconds from which calls are allowed again."""

_LONGEST_WAIT = timedelta(days=1)
_MOST_PAGES = 2000
_READINGS = 3
_TEXT_SHOWN = 300


class AircallClient:
    """Speaks to one company. Safe to share between threads."""

    def __init__(self, options: AircallOptions, *, clock: Clock) -> None:
        token = options.api_token.get_secret_value()
        self._secrets = (token,)
        self._account = options.account
        self._page_size = options.page_size
        self._session = VendorSession(
            options.url,
            clock=clock,
            timeout=options.timeout,
            verify=options.verify,
            auth=(options.api_id, token),
            come_back=lambda headers, now: reset_at(headers.get(RESET), now),
            secrets=self._secrets,
            user_agent="aircall",
        )

    def close(self) -> None:
        """Close the connections of all threads."""
        self._session.close()

    def ping(self) -> None:
        """Prove that the API answers with these credentials (GET /v1/ping)."""
        if self._get("/v1/ping", action="ping").get("ping") != "pong":
            raise self._unreadable("it is not a pong", "", action="ping")

    def company(self) -> Mapping[str, Any]:
        """The company of the key (GET /v1/company): ``name``, ``users_count``, ``numbers_count``."""
        found = self._get("/v1/company", action="company").get("company")
        if not isinstance(found, Mapping) or not isinstance(found.get("name"), str):
            raise self._unreadable("it names no company", "", action="company")
        return found

    def users(self) -> Iterator[Sequence[VendorUser]]:
        """All users, page by page (GET /v2/users). Raises `Unavailable` when the pages are not exactly what they announce.

        A list of several pages is read until two readings in a row have the same users: one who goes while it is read moves
        all others, and one of them would be missed between two pages.
        """
        pages = self._pages()
        yield from pages if len(pages) == 1 else self._settled(pages)

    def _settled(self, pages: list[list[VendorUser]]) -> list[list[VendorUser]]:
        for _ in range(_READINGS):
            before, pages = pages, self._pages()
            if _references(before) == _references(pages):
                return pages
        raise self._no_list("it changes while it is read")

    def _pages(self) -> list[list[VendorUser]]:
        """One reading of the whole list."""
        pages: list[list[VendorUser]] = []
        for number in range(1, _MOST_PAGES + 1):
            params = {"page": str(number), "per_page": str(self._page_size)}
            value = self._get("/v2/users", action="users", params=params)
            try:
                pages.append(self._page(value))
                meta = Meta(value.get("meta"), number)
                meta.check(len(_references(pages)), sum(map(len, pages)), len(pages[-1]))
            except ValueError as error:
                raise self._no_list(str(error)) from None
            if meta.last:
                return pages
        raise self._no_list("it has too many pages")

    def _page(self, value: Mapping[str, Any]) -> list[VendorUser]:
        rows = value.get("users")
        if not isinstance(rows, list):
            raise ValueError("it holds no users")
        return [read_user(row, account=self._account) for row in rows]

    def _get(self, path: str, *, action: str, params: Mapping[str, str] | None = None) -> Mapping[str, Any]:
        response = self._session.send("GET", path, action=action, changes=False, params=params)
        try:
            value = json.loads(response.content)
        except (ValueError, RecursionError):
            value = None
        if not isinstance(value, dict):
            raise self._unreadable("it is no JSON object", response.text, action=action)
        return value

    def _unreadable(self, why: str, answer: str, *, action: str) -> Unavailable:
        shown = star(answer, self._secrets)[:_TEXT_SHOWN]
        return Unavailable(f"the answer cannot be read: {why}.", action=action, answer=shown)

    def _no_list(self, why: str) -> Unavailable:
        hint = "The list is taken as unknown, not as complete; it is read again later."
        return Unavailable(f"the list of users cannot be whole: {why}.", action="users", hint=hint)


class Meta:
    """What a page says of the whole list: ``total``, ``current_page``, ``next_page_link`` (null on the last page)."""

    def __init__(self, told: object, number: int) -> None:
        total = told.get("total") if isinstance(told, Mapping) else None
        if not isinstance(told, Mapping) or not isinstance(total, int) or isinstance(total, bool):
            raise ValueError("it does not tell its total")
        if told.get("current_page") != number:
            raise ValueError(f"page {told.get('current_page')!r} came for page {number}")
        self.total = total
        self.last = told.get("next_page_link") is None

    def check(self, different: int, came: int, on_page: int) -> None:
        """Raise `ValueError` unless *came* users so far, *on_page* of them now, all *different*, are what is announced."""
        if different != came:
            raise ValueError("it names a user twice")
        if came > self.total or (self.last and came != self.total):
            raise ValueError(f"{came} users came, {self.total} were announced")
        if not on_page:
            raise ValueError("a page is empty" if came else "a company has no user at all")


def _references(pages: Sequence[Sequence[VendorUser]]) -> set[str]:
    return {user.reference for page in pages for user in page}


def reset_at(value: str | None, now: datetime) -> datetime | None:
    """When calls are allowed again: never before *now*, at most a day ahead; None for what makes no sense."""
    if not value or not value.strip().isdecimal():
        return None
    try:
        told = datetime.fromtimestamp(int(value), UTC)
    except (ValueError, OverflowError, OSError):
        return None
    return min(max(told, now), now + _LONGEST_WAIT)
