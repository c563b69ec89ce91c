"""A kiosk that sells activation codes on a real database, and what must be true of it at any time."""

import threading
from collections import Counter, defaultdict
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, event, func, select

from isp_addons.billing.ledger import Ledger
from isp_addons.clock import ReplayClock
from isp_addons.convergence.given_up import given_up
from isp_addons.convergence.loop import Convergence
from isp_addons.domain.cause import Cause, Source
from isp_addons.domain.event import Event, Word
from isp_addons.domain.hold import HoldOwner
from isp_addons.domain.problem import Problem
from isp_addons.domain.stock import CodeState
from isp_addons.domain.subscription import Plan
from isp_addons.host import Host, VendorSection
from isp_addons.services import accounts, cancel, charge, codes, hold, inbox, order, period_begin, period_end, products
from isp_addons.services.codes_file import NewCode
from isp_addons.services.context import Context, ForecastRules
from isp_addons.store import leases
from isp_addons.store.engine import Store
from isp_addons.store.tables import (
    ActivationCode,
    Base,
    Charge,
    Hold,
    LedgerAccount,
    LedgerEntry,
    Licence,
    Meta,
    Subscription,
)
from isp_addons_codes import CodesOptions

START = datetime(2026, 1, 10, 12, tzinfo=UTC)
PRICE = 15_000


class Crash(BaseException):
    """The process dies in the middle of a transaction."""


@dataclass
class Kiosk:
    """Services and the loop on a store. A problem that a rule raises is an answer like any other."""

    store: Store
    clock: ReplayClock = field(default_factory=lambda: ReplayClock(START))
    keys: int = 0
    made: int = 0
    told: dict[int, set[str]] = field(default_factory=lambda: defaultdict(set))
    """What each licence ever showed, looked at after each run of the loop."""

    def __post_init__(self) -> None:
        self.host = Host([VendorSection("retail", "codes", True, CodesOptions())], clock=self.clock)
        self.context = Context(
            store=self.store,
            billing=Ledger(),
            capabilities=lambda name: self.host.vendor(name).capabilities,
            rules=ForecastRules(brake_share=1.0),
        )

    def begin(self) -> None:
        """Forget everything, and open the shop anew: ``kis`` and ``eset`` are two articles of one vendor, ``plain`` is none."""
        with self.store.write() as session:
            for table in reversed(Base.metadata.sorted_tables):
                if table.name != Meta.__tablename__:
                    session.execute(delete(table))
        self.clock.moment = START
        self.told.clear()
        for code, vendor, priority in (("kis", "retail", 1), ("eset", "retail", 2), ("plain", None, 3)):
            new = products.NewProduct(code=code, name=code, vendor=vendor, price=PRICE, priority=priority)
            products.add(self.context, self.cause("opened"), new)

    @property
    def now(self) -> datetime:
        return self.clock.now()

    def cause(self, why: str) -> Cause:
        return Cause(actor="story", source=Source.ADMIN, at=self.now, why=why)

    def opens(self, ref: str, **options: Any) -> None:
        accounts.open_account(self.context, self.cause("opened"), ref=ref, **options)

    def imports(self, count: int, *, article: str = "kis", days: int | None = None) -> None:
        expires = None if days is None else self.now + timedelta(days=days)
        found = []
        for line in range(count):
            self.made += 1
            found.append(NewCode(line=line + 2, code=f"SECRET-{self.made:06}", article=article, expires_at=expires))
        self.takes_in(found)

    def takes_in(self, found: Sequence[NewCode]) -> None:
        if found:
            codes.import_codes(self.context, self.cause("delivered"), found, vendor="retail", batch="b", name="b.csv")

    def order(self, ref: str, product: str = "kis", plan: Plan = Plan.ONE_OFF, quantity: int = 1) -> int:
        self.keys += 1
        wanted = order.Order(account=ref, product=product, plan=plan, key=f"order-{self.keys}", quantity=quantity)
        return order.place(self.context, self.cause("ordered"), wanted)

    def orders(self, ref: str, product: str, plan: Plan, quantity: int) -> None:
        with suppress(Problem):
            self.order(ref, product, plan, quantity)

    def voids(self, count: int) -> None:
        free = codes.Wanted(state=CodeState.FREE)
        rows = codes.rows(self.context, self.cause("looked"), free, limit=count, reveal=False)
        if rows:
            codes.void(self.context, self.cause("recalled"), ids=[row["id"] for row in rows])

    def hears(self, word: Word, ref: str, **details: str) -> None:
        self.keys += 1
        heard = Event(key=f"event-{self.keys}", word=word, account=ref, source="story", details=details)
        with suppress(Problem):
            inbox.handle_now(self.context, self.cause("the billing said so"), heard)

    def pays(self, ref: str, amount: str) -> None:
        self.hears(Word.PAID, ref, amount=amount)

    def renews(self, subscription: int) -> None:
        with suppress(Problem):
            charge.renew(self.context, self.cause("renewed"), subscription_id=subscription)

    def cancels(self, subscription: int, *, at_once: bool) -> None:
        with suppress(Problem):
            cancel.cancel(self.context, self.cause("cancelled"), subscription_id=subscription, at_once=at_once)

    def holds(self, subscription: int) -> None:
        with suppress(Problem):
            hold.put(self.context, self.cause("held"), subscription_id=subscription, owner=HoldOwner.ADMIN)

    def releases(self, subscription: int) -> None:
        with suppress(Problem):
            hold.release(self.context, self.cause("released"), subscription_id=subscription, owner=HoldOwner.ADMIN)

    def looks_ahead(self) -> None:
        period_end.apply(self.context, self.cause("the next period cannot be paid"))

    def timetable(self) -> period_begin.PeriodBeginResult:
        cancel.finish(self.context, self.cause("the paid time is over"))
        return period_begin.apply(self.context, self.cause("a period began"))

    def time_passes(self, hours: int) -> None:
        self.clock.moment += timedelta(hours=hours)

    def converge(self) -> None:
        Convergence(self.store, self.host, self.clock, {}).once()
        self._note_shown()

    def worker_dies(self) -> None:
        """A worker took what is due, perhaps showed it to itself, and is gone before it could write anything down."""
        with self.store.write() as session:
            leases.take(session, vendor="retail", worker_id=f"gone-{self.keys}", now=self.now, limit=100)

    @contextmanager
    def crashing(self, after: int) -> Iterator[None]:
        """The process dies at the statement number *after* of what is done meanwhile in this thread, if there is one."""
        left, me = [after], threading.get_ident()

        def count(*_: Any) -> None:
            if threading.get_ident() == me:
                left[0] -= 1
                if left[0] < 0:
                    raise Crash

        event.listen(self.store.engine, "before_cursor_execute", count)
        try:
            with suppress(Crash):
                yield
        finally:
            event.remove(self.store.engine, "before_cursor_execute", count)

    def subscriptions(self) -> list[int]:
        with self.store.read() as session:
            return list(session.scalars(select(Subscription.id).order_by(Subscription.id)))

    def shown(self, subscription: int) -> list[str]:
        """What the subscriber may see, by seat."""
        with self.store.read() as session:
            mine = select(Licence).where(Licence.subscription_id == subscription).order_by(Licence.seat)
            return [each.show.get("activation_code", "") for each in session.scalars(mine)]

    def holders(self, subscription: int) -> set[str]:
        with self.store.read() as session:
            standing = select(Hold.owner).where(Hold.subscription_id == subscription, Hold.lifted_at.is_(None))
            return set(session.scalars(standing))

    def taken(self) -> dict[str, int]:
        """Every code that is taken, with its subscription."""
        with self.store.read() as session:
            query = select(ActivationCode.code, Licence.subscription_id).join(Licence, Licence.id == ActivationCode.licence_id)
            return dict(session.execute(query).all())

    def balance(self) -> int:
        """Of all accounts together."""
        with self.store.read() as session:
            return session.scalar(select(func.sum(LedgerAccount.balance))) or 0

    # What must be true at any time

    def check(self) -> None:
        self._note_shown()  # also what a run showed that died afterwards
        with self.store.read() as session:
            rows = list(session.scalars(select(ActivationCode)))
            licences = {each.id: each for each in session.scalars(select(Licence))}
            charges = list(session.scalars(select(Charge)))
            codes_of: Counter[tuple[int, datetime | None]] = Counter()
            for each in rows:
                assert (each.taken_at is None) == (each.licence_id is None) == (each.period_start is None)
                if each.licence_id is None or each.taken_at is None:
                    continue
                assert each.voided_at is None, "a void code was sold, or a sold one voided"
                assert each.expires_at is None or each.taken_at < each.expires_at, "an expired code was sold"
                codes_of[licences[each.licence_id].subscription_id, each.period_start] += 1
            seats = Counter(each.subscription_id for each in licences.values())
            paid = {(each.subscription_id, each.period_start) for each in charges if seats[each.subscription_id]}
            assert set(codes_of) == paid, "a charge without a code, or a code without a charge"
            assert all(count == seats[subscription] for (subscription, _), count in codes_of.items())
            taken = session.scalar(select(func.sum(LedgerEntry.amount)).where(LedgerEntry.kind == "add_on")) or 0
            assert -taken == sum(each.amount for each in charges)
            self._check_shown(rows, licences)

    def _note_shown(self) -> None:
        with self.store.read() as session:
            for licence in session.scalars(select(Licence)):
                self.told[licence.id] |= set(licence.show.get("activation_code", "").split(", "))

    def _check_shown(self, rows: Sequence[ActivationCode], licences: dict[int, Licence]) -> None:
        given: dict[int, set[str]] = defaultdict(set)
        for each in rows:
            if each.licence_id is not None:
                given[each.licence_id].add(each.code)
        for number, licence in licences.items():
            said = licence.show.get("activation_code", "")
            assert set(said.split(", ")) - {""} <= given[number], "a code is shown that belongs to somebody else"
            assert licence.wanted_state != "suspended"

    def check_at_rest(self) -> None:
        """After the loop has run: nothing failed, nothing is due, and whoever paid was shown each of his codes."""
        assert given_up(self.store, limit=10) == []
        assert Convergence(self.store, self.host, self.clock, {}).due() == {}
        with self.store.read() as session:
            for licence in session.scalars(select(Licence).where(Licence.wanted_state == "active")):
                mine = select(ActivationCode.code).where(ActivationCode.licence_id == licence.id)
                codes_of = list(session.scalars(mine.order_by(ActivationCode.period_start)))
                assert set(codes_of) <= self.told[licence.id], "a code that was paid for was never shown"
                assert codes_of[-1] in licence.show["activation_code"].split(", ")
