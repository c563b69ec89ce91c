"""One executable as a carrier of JSON: what it is given, and what its exit code and its answer mean."""

import json
import logging
import os
import signal
from collections.abc import Mapping
from datetime import datetime, timedelta
from enum import IntEnum
from pathlib import PurePosixPath
from typing import Annotated, Any, NoReturn, TypeVar

from pydantic import Field, TypeAdapter

from isp_addons.vendor_api import (
    Clock,
    LicenceView,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    Unauthorised,
    Unavailable,
    Unsupported,
    VendorError,
)
from isp_addons.vendor_api.http import star
from isp_addons.vendor_api.process import MOST_OUTPUT, Ended, Ending, NotStarted, run
from isp_addons_exec.options import ExecProgram
from isp_addons_gateway import translate, wire
from isp_addons_gateway.wire import Unfit, Verb

log = logging.getLogger(__name__)

_AnswerT = TypeVar("_AnswerT")
_SHOWN = 300
_SHORTEST_SECRET = 4
_TOLD = (
    "action", "vendor", "now", "idempotency_key", "old_quantity", "cursor", "limit",
    "key", "reference", "account", "product", "quantity", "paid_until", "suspend_from",
)  # fmt: skip
"""What of a request is also told in the environment, as ``ISP_ADDONS_ACTION`` and so on; empty where there is none."""


class Exit(IntEnum):
    """The exit codes that mean something, as in sysexits.h; all but ``ANSWERED`` promise that nothing was done."""

    ANSWERED = 0
    UNSUPPORTED = 64
    REJECTED = 65
    UNAVAILABLE = 69
    TRY_AGAIN = 75
    UNAUTHORISED = 77


_EXITS: Mapping[int, tuple[type[VendorError], str, str]] = {
    Exit.UNSUPPORTED: (Unsupported, "does not know this action", ""),
    Exit.REJECTED: (Rejected, "rejects it", ""),
    Exit.UNAVAILABLE: (Unavailable, "cannot reach the vendor", ""),
    Exit.TRY_AGAIN: (Unavailable, "asks to be tried again later", ""),
    Exit.UNAUTHORISED: (
        Unauthorised,
        "was refused by the vendor: wrong credentials",
        "Check environment in the vendor's section, then resume the vendor.",
    ),
}


class ExecPage(wire.BarePage):
    """A part of a list, or all of it; ``total`` may be left out."""

    total: Annotated[int, Field(ge=0)] | None = None


class ComeBack(wire.Wire):
    """What may stand on the standard output with exit code 75."""

    retry_after_seconds: Annotated[int, Field(ge=1, le=86_400)]


_PAGE: TypeAdapter[ExecPage] = TypeAdapter(ExecPage)
_COME_BACK: TypeAdapter[ComeBack] = TypeAdapter(ComeBack)


class ExecClient:
    """Runs one executable, once for each question. Safe to share between threads. A `Carrier`."""

    def __init__(self, options: ExecProgram, *, vendor: str, clock: Clock) -> None:
        self._argv = options.argv
        self._time_limit = options.time_limit
        self._inherit = options.inherit.split()
        self._set = options.variables
        self._vendor = vendor
        self._clock = clock
        told = options.environment.get_secret_value() if options.environment else ""
        self.secrets = (told, *(value for value in self._set.values() if len(value) >= _SHORTEST_SECRET))
        self.name = f"the executable {PurePosixPath(self._argv[0]).name}"

    def close(self) -> None:
        """Nothing stays open between calls."""

    def do(self, verb: Verb, write: wire.Write, *, action: str) -> wire.Outcome:
        """Have a verb done."""
        return self._ask(verb, write.model_dump(mode="json"), wire.OUTCOME, action=action, changes=True)

    def read(self, licence: LicenceView, *, action: str) -> wire.Standing:
        """Ask for one licence."""
        asked = {"licence": translate.wanted(licence).model_dump(mode="json")}
        return self._ask("read", asked, wire.STANDING, action=action)

    def page(self, cursor: str | None, limit: int) -> tuple[wire.BarePage, int | None]:
        """Ask for a part of the list; the executable may answer with all of it."""
        page = self._ask("list", {"cursor": cursor, "limit": limit}, _PAGE, action="list")
        return page, page.total

    def capabilities(self) -> wire.Capabilities:
        """Ask what the executable can do."""
        return self._ask("check", {}, wire.CAPABILITIES, action="check")

    def _ask(
        self, word: str, asked: Mapping[str, Any], kind: TypeAdapter[_AnswerT], *, action: str, changes: bool = False
    ) -> _AnswerT:
        now = self._clock.now().isoformat().replace("+00:00", "Z")
        request = {"protocol": wire.PROTOCOL, "action": word, "vendor": self._vendor, "now": now, **asked}
        given = json.dumps(request, separators=(",", ":")).encode() + b"\n"
        try:
            ended = run(self._argv, given=given, environment=self._environment(request), time_limit=self._time_limit)
        except NotStarted as why:
            hint = "Check command in the vendor's section."
            raise Unavailable(str(why), action=action, hint=hint) from None
        errors = self._errors(ended)
        if errors:
            log.debug("%s: %s said: %s", action, self.name, errors)
        if ended.ending is not Ending.EXITED or ended.code != Exit.ANSWERED:
            self._failed(ended, errors, action=action, changes=changes)
        try:
            return wire.parse(kind, ended.output, media="text")
        except Unfit as what:
            message = f"{self.name} answered with {self._starred(str(what))}."
            shown = self._starred(ended.output.decode("utf-8", "replace"))[:_SHOWN]
            raise _lost(changes)(message, action=action, answer=shown) from None

    def _failed(self, ended: Ended, errors: str, *, action: str, changes: bool) -> NoReturn:
        said = f" It said: {errors}{'' if errors.endswith(('.', '!', '?')) else '.'}" if errors else ""
        if ended.ending is Ending.TIMED_OUT:
            message = f"{self.name} did not end within {self._time_limit:g} s and was stopped.{said}"
            raise _lost(changes)(message, action=action, answer=errors)
        if ended.ending is Ending.TOO_MUCH:
            message = f"{self.name} wrote more than {MOST_OUTPUT} bytes to its standard output and was stopped.{said}"
            raise _lost(changes)(message, action=action, answer=errors)
        kind, does, hint = _EXITS.get(ended.code, (_lost(changes), "", ""))
        if ended.code == Exit.TRY_AGAIN and (until := self._come_back(ended.output)) is not None:
            raise RateLimited(f"{self.name} asks us to slow down.{said}", until=until, action=action)
        what = f"{does} (exit code {ended.code})" if does else _how(ended.code)
        raise kind(f"{self.name} {what}.{said}", action=action, answer=errors, hint=hint)

    def _come_back(self, output: bytes) -> datetime | None:
        """When the executable wants to be run again, where it says so."""
        try:
            told = wire.parse(_COME_BACK, output)
        except Unfit:
            return None
        return self._clock.now() + timedelta(seconds=told.retry_after_seconds)

    def _environment(self, request: Mapping[str, Any]) -> dict[str, str]:
        """What the executable finds in its environment: what is inherited, what is set, and the request once more."""
        inherited = {name: os.environ[name] for name in self._inherit if name in os.environ}
        plain = {name: value for name, value in {**request, **request.get("licence", {})}.items() if name in _TOLD}
        ours = {f"ISP_ADDONS_{name.upper()}": _plain(value) for name, value in {**dict.fromkeys(_TOLD), **plain}.items()}
        return {**inherited, **self._set, **ours}

    def _errors(self, ended: Ended) -> str:
        """The end of what was written to the standard error, in one line, secrets starred."""
        text = self._starred(ended.errors.decode("utf-8", "replace"))
        if ended.errors_cut:  # a secret may be cut in two
            text = text[: -max(map(len, self.secrets), default=0) or None]
        words = " ".join(text.replace("\x00", " ").split())
        return words if len(words) <= _SHOWN else f"… {words[-_SHOWN:]}"

    def _starred(self, text: str) -> str:
        return star(text, self.secrets)


def _lost(changes: bool) -> type[VendorError]:
    """What an answer that did not come, or cannot be read, is."""
    return OutcomeUnknown if changes else Unavailable


def _how(code: int) -> str:
    if code >= 0:
        return f"ended with exit code {code}"
    name = next((each.name for each in signal.Signals if each == -code), f"signal {-code}")
    return f"was ended by {name}"


def _plain(value: object) -> str:
    return "" if value is None else str(value).replace("\x00", "")
