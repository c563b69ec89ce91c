"""Whatever happens in whatever order: in the end the vendor has what is wanted, and nothing was deleted on the way."""

import shutil
from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from pathlib import Path
from tempfile import mkdtemp
from typing import Any, ClassVar

from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule, run_state_machine_as_test
from sqlalchemy import select

from integration.convergence.house import APRIL, House
from integration.convergence.tricks import answering, raising
from isp_addons.domain.hold import HoldOwner
from isp_addons.domain.operator_task import TaskStatus
from isp_addons.store import schema
from isp_addons.store.engine import Store
from isp_addons.store.leases import moment, seconds
from isp_addons.store.tables import OperatorTask
from isp_addons.vendor_api import (
    NeedsOperator,
    OutcomeUnknown,
    Pending,
    RateLimited,
    Rejected,
    SeenLicence,
    SeenState,
    Unauthorised,
    Unavailable,
)

LOST = {"lost_before", "lost_after", "defect"}
TRICKS: dict[str, Callable[[House], tuple[Any, bool]]] = {
    "lost_before": lambda _: (raising(OutcomeUnknown("lost")), False),
    "lost_after": lambda _: (raising(OutcomeUnknown("lost")), True),
    "defect": lambda _: (raising(ValueError("a defect")), True),
    "down": lambda _: (raising(Unavailable("down")), False),
    "rejected": lambda _: (raising(Rejected("no")), False),
    "slow_down": lambda house: (raising(RateLimited("slow", until=house.clock.now() + timedelta(minutes=3))), False),
    "wrong_password": lambda _: (raising(Unauthorised("no")), False),
    "pending": lambda _: (answering(Pending(poll_after=timedelta(minutes=1))), True),
    "operator": lambda _: (answering(NeedsOperator(instructions="do it")), False),
}
CHANGES = ("on_order", "on_charge", "on_block", "before_period_end", "on_unblock", "on_change", "on_cancel")


def done_by_hand(house: House, key: str) -> SeenLicence:
    """What the vendor has once a person did what the task asks for; after a refusal he makes it as it is wanted."""
    row, now = house.row(key), house.fake.has.get(key) or SeenLicence(key=key, state=SeenState.ABSENT)
    with house.store.read() as session:
        task = session.scalars(select(OperatorTask).where(OperatorTask.closed_at.is_(None))).one_or_none()
    if task is None:
        end = moment(row.wanted_end)
        return SeenLicence(key=key, state=SeenState(row.wanted_state), quantity=row.wanted_quantity, paid_until=end)
    end = moment(task.asked_end)
    match task.step:
        case "on_order":
            return SeenLicence(key=key, state=SeenState.ACTIVE, quantity=task.asked_quantity, paid_until=end)
        case "on_unblock":
            return replace(now, state=SeenState.ACTIVE, paid_until=end, suspended_from=None, suspended_until=None)
        case "on_charge":
            return replace(now, paid_until=end)
        case "on_change":
            return replace(now, quantity=task.asked_quantity)
        case "on_cancel":
            return replace(now, state=SeenState.ENDED)
    return replace(now, state=SeenState.SUSPENDED, suspended_from=None, suspended_until=None)


class Story(RuleBasedStateMachine):
    """One licence, a vendor in every mood, and people who change their minds."""

    folder: ClassVar[Path]

    @initialize()
    def begin(self) -> None:
        copy = self.folder / "story.db"
        shutil.copy(self.folder / "original.db", copy)
        self.house = House(Store(f"sqlite:///{copy}"), vendors={"fake": {"suspend_days": 365}})
        self.key = self.house.licence("42", seen="absent")
        self.cancelled = False
        self.lost: list[int] = []

    @rule(owner=st.sampled_from([HoldOwner.BILLING, HoldOwner.ADMIN]))
    def block(self, owner: HoldOwner) -> None:
        self.house.block(self.key, owner=owner)

    @rule(days=st.integers(0, 40))
    def look_ahead(self, days: int) -> None:
        self.house.block(self.key, owner=HoldOwner.FORECAST, since=self.house.clock.now() + timedelta(days=days))

    @rule(owner=st.sampled_from([HoldOwner.BILLING, HoldOwner.ADMIN, HoldOwner.FORECAST]))
    def free(self, owner: HoldOwner) -> None:
        self.house.free(self.key, owner=owner)

    @rule(quantity=st.integers(1, 4), end=st.sampled_from([None, APRIL, APRIL + timedelta(days=30)]))
    def change(self, quantity: int, end: Any) -> None:
        self.house.want(self.key, wanted_quantity=quantity, end=end)

    @precondition(lambda self: not self.cancelled)
    @rule()
    def cancel(self) -> None:
        self.cancelled = True
        self.house.end(self.key)

    @rule(
        hook=st.sampled_from([*CHANGES, *CHANGES, "read_licence"]),
        kind=st.sampled_from(sorted(TRICKS)),
        times=st.integers(1, 3),
        meanwhile=st.sampled_from([None, "block", "free"]),
    )
    def bend(self, hook: str, kind: str, times: int, meanwhile: str | None) -> None:
        if hook == "read_licence" and kind in ("pending", "operator", "lost_after"):
            return
        trick, after = TRICKS[kind](self.house)

        def bent(licence: Any) -> Any:
            if meanwhile is not None:
                getattr(self.house, meanwhile)(self.key)
            if kind in LOST and hook != "read_licence":
                self.lost.append(len(self.house.fake.calls))
            return trick(licence)

        self.house.fake.bend(hook, bent, times=times, after=after)

    @precondition(lambda self: self.house.waiting())
    @rule(how=st.sampled_from(["did", "did", "could_not", "ask_again"]))
    def answer(self, how: str) -> None:
        """A person at the vendor's console says the truth."""
        (task,) = self.house.waiting()
        if how == "could_not" and task.status is not TaskStatus.REFUSED:
            self.house.could_not(self.key)
        elif how == "did":
            self.house.fake.has[self.key] = done_by_hand(self.house, self.key)
            self.house.confirm(self.key)
        elif task.status is TaskStatus.RECALLED:
            self.house.could_not(self.key)
        else:
            self.house.ask_again(self.key)

    @rule(minutes=st.sampled_from([0, 1, 5, 11, 60 * 24 * 30, 60 * 24 * 340]))
    def converge(self, minutes: int) -> None:
        self.house.later(minutes=minutes)
        self.house.converge()

    @invariant()
    def nothing_is_deleted_that_nobody_cancelled(self) -> None:
        if self.key in self.house.fake.has and not self.cancelled:
            assert self.house.fake.has[self.key].state != "ended"

    @invariant()
    def nothing_is_half_done(self) -> None:
        assert self.house.leases() == []
        assert self.house.fake.most_under_way <= 1, "one call at a time"

    @invariant()
    def what_was_lost_is_read_before_anything_is_repeated(self) -> None:
        for call in self.lost:
            if call < len(self.house.fake.calls):
                assert self.house.fake.calls[call][0] == "read_licence"

    @invariant()
    def the_audit_tells_every_state(self) -> None:
        states = [(before, after) for field, before, after in self.house.audit(self.key) if field == "seen_state"]
        told = ["absent", *(after for _, after in states)]
        assert [before for before, _ in states] == told[:-1]
        assert told[-1] == self.house.row(self.key).seen_state

    def teardown(self) -> None:
        if not hasattr(self, "house"):
            return
        house, key = self.house, self.key
        house.fake.straight()
        for _ in range(12):
            house.later(minutes=30)
            for task in house.waiting():
                if task.status is TaskStatus.RECALLED:
                    house.could_not(task.licence)
                else:
                    house.ask_again(task.licence)
            house.converge()
        row, has = house.row(key), house.fake.has.get(key)
        house.close()
        house.store.close()
        if row.wanted_state == "active":
            assert has is not None
            assert (has.state, has.quantity, has.paid_until) == ("active", row.wanted_quantity, moment(row.wanted_end))
            assert (row.seen_quantity, row.seen_end or 0) == (has.quantity, seconds(has.paid_until) or 0)
        else:
            assert has is None or has.state in (row.wanted_state, "ended")
        assert row.seen_state == (has.state if has else "absent")


def test_any_story_ends_with_what_is_wanted() -> None:
    Story.folder = Path(mkdtemp(prefix="isp-addons-story-"))
    try:
        store = Store(f"sqlite:///{Story.folder / 'original.db'}")
        schema.upgrade(store)
        store.close()
        run_state_machine_as_test(Story, settings=settings(max_examples=25, stateful_step_count=25, deadline=None))
    finally:
        shutil.rmtree(Story.folder)
