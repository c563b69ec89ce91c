"""A vendor in this process: it keeps a state of its own, and every answer of it can be bent by a test."""

import time
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import timedelta
from threading import Lock
from typing import Any

from pydantic import Field

from isp_addons.vendor_api import (
    Capabilities,
    CheckReport,
    Done,
    LicenceView,
    Secret,
    SeenLicence,
    SeenState,
    SuspendKind,
    VendorContext,
    VendorOptions,
    VendorPlugin,
    hookimpl,
)

Trick = Callable[[LicenceView], Any]


class FakeOptions(VendorOptions):
    password: Secret = Field(default=Secret("pa55-of-fake"), description="Never to be seen anywhere.")
    suspend_days: int | None = Field(default=None, description="After so many days a suspension ends by itself.")


class Fake(VendorPlugin[FakeOptions]):
    Options = FakeOptions

    def __init__(self, context: VendorContext[FakeOptions]) -> None:
        super().__init__(context)
        self.calls: list[tuple[str, str]] = []
        self.called_at: list[float] = []
        self.changes: list[tuple[str, str]] = []
        self.has: dict[str, SeenLicence] = {}
        self.under_way = self.most_under_way = 0
        self._before: dict[str, list[tuple[int | None, Trick]]] = defaultdict(list)
        self._after: dict[str, list[tuple[int | None, Trick]]] = defaultdict(list)
        self._lock = Lock()

    @property
    def capabilities(self) -> Capabilities:
        return Capabilities(suspends=SuspendKind.STATE, changes_quantity=True, endless=True, lists=True)

    def bend(self, hook: str, trick: Trick, *, times: int | None = 1, after: bool = False) -> None:
        """Let *trick* meet the next calls of *hook* (``*`` = any), before or after the change: it raises, answers, or returns
        None to let the call go on. *times* None = for ever."""
        (self._after if after else self._before)[hook].append((times, trick))

    def straight(self, hook: str | None = None) -> None:
        """No more tricks, for one hook or at all."""
        for tricks in (self._before, self._after):
            for bent in [hook] if hook else list(tricks):
                tricks.pop(bent, None)

    def hooks(self, key: str | None = None) -> list[str]:
        """The hooks that were called, in order; for one licence or for all."""
        return [hook for hook, about in self.calls if key in (None, about)]

    @hookimpl
    def on_order(self, licence: LicenceView) -> Any:
        return self._run("on_order", licence, SeenState.ACTIVE, quantity=licence.quantity, paid_until=licence.paid_until)

    @hookimpl
    def on_charge(self, licence: LicenceView) -> Any:
        return self._run("on_charge", licence, None, paid_until=licence.paid_until)

    @hookimpl
    def on_block(self, licence: LicenceView) -> Any:
        return self._suspend("on_block", licence)

    @hookimpl
    def before_period_end(self, licence: LicenceView) -> Any:
        return self._suspend("before_period_end", licence)

    @hookimpl
    def on_unblock(self, licence: LicenceView) -> Any:
        return self._run("on_unblock", licence, SeenState.ACTIVE, paid_until=licence.paid_until, suspended_until=None)

    @hookimpl
    def on_change(self, licence: LicenceView, old_quantity: int) -> Any:
        assert self.has[licence.key].quantity == old_quantity
        return self._run("on_change", licence, None, quantity=licence.quantity)

    @hookimpl
    def on_cancel(self, licence: LicenceView) -> Any:
        return self._run("on_cancel", licence, SeenState.ENDED)

    @hookimpl
    def read_licence(self, licence: LicenceView) -> Any:
        self._enter("read_licence", licence)
        try:
            bent = self._meet(self._before, "read_licence", licence)
            return bent or self.has.get(licence.key, SeenLicence(key=licence.key, state=SeenState.ABSENT))
        finally:
            self.under_way -= 1

    @hookimpl
    def list_licences(self) -> Iterator[Sequence[SeenLicence]]:
        yield list(self.has.values())

    @hookimpl
    def check_vendor(self) -> CheckReport:
        return CheckReport(("it is there",))

    def _suspend(self, hook: str, licence: LicenceView) -> Any:
        days = self.context.options.suspend_days
        until = self.context.clock.now() + timedelta(days=days) if days else None
        bent = self._run(hook, licence, SeenState.SUSPENDED, suspended_until=until)
        return replace(bent, suspended_until=until) if until and isinstance(bent, Done) else bent

    def _run(self, hook: str, licence: LicenceView, state: SeenState | None, **changed: Any) -> Any:
        self._enter(hook, licence)
        try:
            bent = self._meet(self._before, hook, licence)
            if bent is not None:
                return bent
            with self._lock:
                before = self.has.get(licence.key) or SeenLicence(key=licence.key, state=SeenState.ABSENT)
                self.has[licence.key] = replace(before, state=state or before.state, **changed)
                self.changes.append((hook, licence.key))
            bent = self._meet(self._after, hook, licence)
            return Done(reference=f"ref-{licence.key}") if bent is None else bent
        finally:
            self.under_way -= 1

    def _enter(self, hook: str, licence: LicenceView) -> None:
        with self._lock:
            self.calls.append((hook, licence.key))
            self.called_at.append(time.monotonic())
            self.under_way += 1
            self.most_under_way = max(self.most_under_way, self.under_way)

    def _meet(self, tricks: dict[str, list[tuple[int | None, Trick]]], hook: str, licence: LicenceView) -> Any:
        with self._lock:
            standing = tricks[hook] or tricks["*"]
            if not standing:
                return None
            times, trick = standing[0]
            if times is not None:
                standing[:1] = [(times - 1, trick)] if times > 1 else []
        return trick(licence)
