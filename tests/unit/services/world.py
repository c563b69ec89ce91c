"""A small ISP on a real database, told what happens by calls of the services; and what must be true of it at any time."""

from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from typing import Any

from sqlalchemy import delete, func, select, update

from isp_addons.billing.ledger import Ledger
from isp_addons.domain.cause import Cause, Source
from isp_addons.domain.event import Event, Word
from isp_addons.domain.hold import HoldOwner
from isp_addons.domain.problem import Problem
from isp_addons.domain.quantity_change import Effect, When, Wish
from isp_addons.domain.quote import Quote
from isp_addons.domain.subscription import Plan
from isp_addons.services import (
    accounts,
    auto_renewal,
    cancel,
    charge,
    hold,
    inbox,
    order,
    period_begin,
    period_end,
    products,
    quantity_change,
    reactivate,
    refund,
    stop,
    tariff,
    term_end,
)
from isp_addons.services.context import Context, ForecastRules
from isp_addons.store.engine import Store
from isp_addons.store.tables import (
    Account,
    Audit,
    Base,
    Charge,
    Hold,
    LedgerAccount,
    LedgerEntry,
    Licence,
    Meta,
    Product,
    QuantityChange,
    Subscription,
)
from isp_addons.vendor_api import Capabilities, SuspendKind

START = datetime(2026, 1, 28, 12, tzinfo=UTC)
ON = ("running", "ending")
PRICES = {"av": 15000, "cloud": 9990, "plain": 2000}
OVER = ("ended", "refused")
VENDORS = {
    "seats": Capabilities(suspends=SuspendKind.STATE, counts_seats=True, endless=True),
    "dated": Capabilities(suspends=SuspendKind.STATE, changes_quantity=True, endless=False),
}


@dataclass
class World:
    """Services on a store; a problem that a rule raises is an answer like any other."""

    store: Store
    now: datetime = START
    keys: int = 0
    cancelled: set[int] = field(default_factory=set)

    @property
    def context(self) -> Context:
        rules = ForecastRules(brake_share=1.0)
        return Context(store=self.store, billing=Ledger(), capabilities=VENDORS.__getitem__, rules=rules)

    def begin(self) -> None:
        """Forget everything, and open the shop anew."""
        with self.store.write() as session:
            for table in reversed(Base.metadata.sorted_tables):
                if table.name != Meta.__tablename__:
                    session.execute(delete(table))
        for code, vendor, priority in (("av", "seats", 1), ("cloud", "dated", 2), ("plain", None, 2)):
            price = PRICES[code]
            new = products.NewProduct(code=code, name=code, vendor=vendor, price=price, priority=priority, terms="1,3")
            products.add(self.context, self.cause("opened"), new)
        tariff.include(self.context, self.cause("included"), tariff="Home+", product_code="av")

    def cause(self, why: str) -> Cause:
        return Cause(actor="story", source=Source.ADMIN, at=self.now, why=why)

    @contextmanager
    def asked(self) -> Iterator[None]:
        """A rule may say no."""
        with suppress(Problem):
            yield

    def opens(self, ref: str, **options: Any) -> None:
        accounts.open_account(self.context, self.cause("opened"), ref=ref, **options)

    def orders(self, ref: str, product: str, plan: Plan, quantity: int, renews: bool = False) -> None:
        self.keys += 1
        key = f"order-{self.keys}"
        wanted = order.Order(account=ref, product=product, plan=plan, key=key, quantity=quantity, renews=renews)
        with self.asked():
            told = order.preview(self.context, self.cause("looked"), wanted)
            self.confirms(ref, wanted, told)

    def confirms(self, ref: str, wanted: order.Order, told: Quote) -> int:
        """What was previewed is booked, to the cent."""
        before = self._balance(ref)
        try:
            made = order.place(self.context, self.cause("ordered"), replace(wanted, quote=told.code))
        except Problem as problem:
            raise AssertionError(f"previewed, and refused: {problem.message}") from problem
        assert self._balance(ref) == before - told.net
        return made

    def hears(self, word: Word, ref: str, **details: str) -> None:
        self.keys += 1
        event = Event(key=f"event-{self.keys}", word=word, account=ref, source="story", details=details)
        with self.asked():
            inbox.handle_now(self.context, self.cause("the billing said so"), event)

    def pays(self, ref: str, amount: str) -> None:
        self.hears(Word.PAID, ref, amount=amount)

    def moves(self, ref: str, tariff: str) -> None:
        self.hears(Word.TARIFF_CHANGED, ref, tariff=tariff)

    def renews(self, subscription: int, *, quantity: int | None) -> None:
        with self.asked():
            charge.renew(self.context, self.cause("renewed"), subscription_id=subscription, quantity=quantity)

    def cancels(self, subscription: int, *, at_once: bool) -> None:
        with self.asked():
            cancel.cancel(self.context, self.cause("cancelled"), subscription_id=subscription, at_once=at_once)
            self.cancelled.add(subscription)

    def takes_back(self, subscription: int) -> None:
        with self.asked():
            cancel.undo(self.context, self.cause("taken back"), subscription_id=subscription)

    def stops(self, subscription: int) -> None:
        """Never more comes back than was paid and not given back before."""
        with self.asked():
            before = self._balance_of(subscription)
            done = stop.stop_now(self.context, self.cause("stopped"), subscription_id=subscription)
            self.cancelled.add(subscription)
            assert done.refunded >= 0
            assert self._balance_of(subscription) <= before + done.refunded, "what came back may bring back another add-on"

    def runs_again(self, subscription: int, *, quantity: int | None) -> None:
        with self.asked():
            before = self._balance_of(subscription)
            done = reactivate.reactivate(
                self.context, self.cause("reactivated"), subscription_id=subscription, quantity=quantity
            )
            assert self._balance_of(subscription) == before - done.charged

    def changes(self, subscription: int, *, quantity: int, when: When) -> None:
        """What a dry run says is what is charged, and what the next period costs."""
        wish = Wish(subscription=subscription, quantity=quantity, when=when)
        with self.asked():
            told = quantity_change.change(self.context, self.cause("looked"), wish, dry_run=True)
            before = self._balance_of(subscription)
            done = quantity_change.change(self.context, self.cause("changed"), wish)
            assert done == told
            if self._balance_of(subscription) != before - done.charged:
                assert done.effect is Effect.PENDING, "only what is to come can bring a held add-on of the account back"

    def withdraws(self, subscription: int) -> None:
        with self.asked():
            quantity_change.withdraw(self.context, self.cause("withdrawn"), subscription_id=subscription)

    def _balance(self, ref: str) -> int:
        with self.store.read() as session:
            theirs = select(LedgerAccount.balance).join(Account, Account.id == LedgerAccount.account_id)
            return session.scalars(theirs.where(Account.ref == ref)).one()

    def _balance_of(self, subscription: int) -> int:
        with self.store.read() as session:
            theirs = select(LedgerAccount.balance).join(Subscription, Subscription.account_id == LedgerAccount.account_id)
            return session.scalars(theirs.where(Subscription.id == subscription)).one()

    def holds(self, subscription: int, owner: HoldOwner, *, days: int | None) -> None:
        until = None if days is None else self.now + timedelta(days=days)
        with self.asked():
            hold.put(self.context, self.cause("held"), subscription_id=subscription, owner=owner, until=until)

    def releases(self, subscription: int, owner: HoldOwner) -> None:
        with self.asked():
            hold.release(self.context, self.cause("released"), subscription_id=subscription, owner=owner)

    def looks_ahead(self) -> None:
        period_end.apply(self.context, self.cause("the next period cannot be paid"))

    def vendors_answer(self, *, refused: bool) -> None:
        """What was ordered and never seen may be refused for good; whatever else is wanted is seen."""
        if refused:
            with self.store.write() as session:
                never = Licence.seen_state == "absent"
                session.execute(update(Licence).where(never).values(given_up_at=self.now, failure="rejected"))
            refund.reverse_refused(self.context, self.cause("the vendor refused it"))
        with self.store.write() as session:
            session.execute(update(Licence).values(seen_state=Licence.wanted_state, reference=Licence.key))

    def time_passes(self, hours: int) -> None:
        self.now += timedelta(hours=hours)

    def timetable(self) -> None:
        """What happens because time passed."""
        cancel.finish(self.context, self.cause("the paid time is over"))
        auto_renewal.apply(self.context, self.cause("the term renews itself"))
        term_end.apply(self.context, self.cause("the term is over"))
        period_begin.apply(self.context, self.cause("a period began"))
        hold.expire(self.context, self.cause("the hold's time is over"))

    def subscriptions(self) -> list[int]:
        with self.store.read() as session:
            return list(session.scalars(select(Subscription.id).order_by(Subscription.id)))

    # What must be true at any time

    def check(self) -> None:
        with self.store.read() as session:
            self._check_money(session)
            self._check_charges(session)
            self._check_holds_and_wants(session)
            self._check_quantities(session)
            self._check_audit(session)

    def check_nobody_uses_what_is_not_paid(self) -> None:
        """Right after the timetable ran."""
        with self.store.read() as session:
            free = select(Subscription.id).where(
                Subscription.status == "running",
                Subscription.plan == "recurring",
                Subscription.paid_until <= self.now,
                Subscription.id.not_in(select(Hold.subscription_id).where(Hold.lifted_at.is_(None), Hold.owner == "forecast")),
            )
            assert session.scalars(free).all() == []
            lingering = select(Subscription.id).where(Subscription.status == "ending", Subscription.paid_until <= self.now)
            assert session.scalars(lingering).all() == []

    def _check_money(self, session: Any) -> None:
        """The balance is the sum of its entries, and no add-on ever led below what the account may owe."""
        running: dict[int, int] = defaultdict(int)
        limits = {row.account_id: row for row in session.scalars(select(LedgerAccount))}
        for entry in session.scalars(select(LedgerEntry).order_by(LedgerEntry.id)):
            running[entry.account_id] += entry.amount
            account = limits[entry.account_id]
            if entry.kind == "add_on" and not account.unlimited:
                assert running[entry.account_id] + account.credit >= 0, entry.key
        for account_id, account in limits.items():
            assert account.balance == running[account_id]

    def _check_charges(self, session: Any) -> None:
        """Each period of a subscription is charged once; what was given back was charged before."""
        charges = list(session.scalars(select(Charge)))
        assert len({(each.subscription_id, each.period_start, each.part) for each in charges}) == len(charges)
        taken = session.scalar(select(func.sum(LedgerEntry.amount)).where(LedgerEntry.kind == "add_on")) or 0
        given = session.scalar(select(func.sum(LedgerEntry.amount)).where(LedgerEntry.kind == "reversal")) or 0
        back = session.scalar(select(func.sum(LedgerEntry.amount)).where(LedgerEntry.kind == "refund")) or 0
        assert -taken == sum(each.amount for each in charges)
        assert given == sum(each.amount - each.refunded for each in charges if each.reversed_at is not None)
        assert back == sum(each.refunded for each in charges)
        assert all(0 <= each.refunded <= each.amount for each in charges)

    def _check_holds_and_wants(self, session: Any) -> None:
        """A licence is wanted suspended while a hold stands, ended once its subscription is over, else active."""
        standing: dict[int, set[str]] = defaultdict(set)
        for subscription_id, owner in session.execute(select(Hold.subscription_id, Hold.owner).where(Hold.lifted_at.is_(None))):
            standing[subscription_id].add(owner)
        blocked = self._blocked(session)
        for each in session.scalars(select(Subscription)):
            wanted = "ended" if each.status in OVER else "suspended" if standing[each.id] else "active"
            theirs = select(Licence).where(Licence.subscription_id == each.id)
            assert {licence.wanted_state for licence in session.scalars(theirs.where(Licence.seat > each.quantity))} <= {
                "ended"
            }
            licences = list(session.scalars(theirs.where(Licence.seat <= each.quantity)))
            assert {licence.wanted_state for licence in licences} <= {wanted}
            assert all(
                licence.for_forecast == (standing[each.id] == {"forecast"}) for licence in licences if wanted == "suspended"
            )
            if each.status in ON:
                assert ("billing" in standing[each.id]) == (each.account_id in blocked)
            if each.plan == "bundled":
                assert "forecast" not in standing[each.id] or each.status in OVER
            if each.status == "ended":
                assert each.id in self.cancelled or each.plan == "bundled", "only a cancellation ends"

    def _check_quantities(self, session: Any) -> None:
        """At most one change is pending, the vendors are to have what there is, and the next period's price is known."""
        pending = {
            each.subscription_id: each.quantity
            for each in session.scalars(select(QuantityChange))
            if each.applied_at is None and each.cancelled_at is None
        }
        rows = session.scalar(
            select(func.count()).where(QuantityChange.applied_at.is_(None), QuantityChange.cancelled_at.is_(None))
        )
        assert rows == len(pending)
        for each, product in session.execute(select(Subscription, Product).join(Product)):
            licences = list(session.scalars(select(Licence).where(Licence.subscription_id == each.id)))
            if each.status in ON and product.vendor == "seats":
                assert sorted(one.seat for one in licences if one.wanted_state != "ended") == list(range(1, each.quantity + 1))
            elif product.vendor == "dated":
                assert [one.wanted_quantity for one in licences] == [each.quantity][: len(licences)]
            if each.plan in ("recurring", "one_off"):
                assert each.price == PRICES[product.code] * pending.get(each.id, each.quantity)

    def _blocked(self, session: Any) -> set[int]:
        overdrawn = (LedgerAccount.balance + LedgerAccount.credit < 0) & LedgerAccount.unlimited.is_(False)
        return set(session.scalars(select(LedgerAccount.account_id).where(LedgerAccount.blocked | overdrawn)))

    def _check_audit(self, session: Any) -> None:
        """The audit, read from its beginning, tells the present state."""
        told: dict[tuple[str, int, str], str | None] = {}
        for row in session.scalars(select(Audit).order_by(Audit.id)):
            told[row.subject, row.subject_id, row.field] = row.after
        standing = set(session.execute(select(Hold.subscription_id, Hold.owner).where(Hold.lifted_at.is_(None))).all())
        for each in session.scalars(select(Subscription)):
            status = told["subscription", each.id, "status"]
            assert status is not None
            assert status.split(" ")[0] == each.status
            for owner in HoldOwner:
                stands = told.get(("subscription", each.id, f"hold_{owner}")) == "stands"
                assert stands == ((each.id, owner.value) in standing), (each.id, owner)
            if ("subscription", each.id, "paid_until") in told:
                paid_until = told["subscription", each.id, "paid_until"]
                assert paid_until == (None if each.paid_until is None else str(each.paid_until))
        for licence in session.scalars(select(Licence)):
            assert told.get(("licence", licence.id, "wanted_state"), "active") == licence.wanted_state
        for account in session.scalars(select(LedgerAccount).join(Account, Account.id == LedgerAccount.account_id)):
            assert told.get(("account", account.account_id, "blocked"), "False") == str(account.blocked)
