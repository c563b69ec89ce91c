"""An account with users at a vendor, on SQLite and on PostgreSQL."""

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import select

from isp_addons.billing.ledger import Ledger
from isp_addons.domain.cause import Cause, Source
from isp_addons.domain.seat_change import Asked, SeatChange, SeatsChanged
from isp_addons.domain.subscription import Plan
from isp_addons.services import accounts, order, products, seat_changes, seats, vendor_users
from isp_addons.services.context import Context
from isp_addons.store.engine import Store
from isp_addons.store.tables import Audit, Event, Licence
from isp_addons.store.users import known
from isp_addons.vendor_api import Capabilities, SuspendKind, VendorEvent, VendorUser, VendorWord

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
VENDORS = {
    "phones": Capabilities(suspends=SuspendKind.STATE, changes_quantity=True, endless=True, has_users=True),
    "plain": Capabilities(suspends=SuspendKind.STATE, changes_quantity=True, endless=True),
}


@dataclass
class Office:
    """One ISP whose vendor *phones* has users."""

    store: Store
    now: datetime = NOW
    keys: int = 0
    names: dict[str, str] = field(default_factory=dict)

    @property
    def context(self) -> Context:
        return Context(store=self.store, billing=Ledger(), capabilities=VENDORS.__getitem__)

    def cause(self, why: str = "the test says so") -> Cause:
        return Cause(actor="tester", source=Source.ADMIN, at=self.now, why=why)

    def sells(self, code: str, *, vendor: str = "phones", **options: str) -> None:
        products.add(
            self.context, self.cause(), products.NewProduct(code=code, name=code, vendor=vendor, price=100, options=options)
        )

    def opens(self, ref: str) -> None:
        accounts.open_account(self.context, self.cause(), ref=ref, balance=1_000_000)

    def orders(self, code: str, quantity: int = 1, *, account: str = "42") -> int:
        self.keys += 1
        wanted = order.Order(account=account, product=code, plan=Plan.RECURRING, key=f"o{self.keys}", quantity=quantity)
        return order.place(self.context, self.cause(), wanted)

    def hears(self, word: VendorWord, reference: str = "", *, key: str | None = None, **about: Any) -> int:
        """The vendor says something, and it is handled; returns how many events were new."""
        self.keys += 1
        user = VendorUser(reference=reference, **{"account": "42", **about}) if reference else None
        licence = about.get("licence_key")
        event = VendorEvent(key=key or f"e{self.keys}", word=word, user=None if licence else user, licence_key=licence)
        new = vendor_users.store_now(self.context, self.cause(), vendor="phones", events=[event])
        self.handles()
        return new

    def handles(self) -> int:
        return vendor_users.handle(self.context, self.cause())

    def hires(self, *names: str, account: str = "42") -> None:
        for name in names:
            self.hears(VendorWord.USER_CREATED, name, account=account, email=f"{name}@example.net", name=name.title())

    def fires(self, name: str, *, key: str | None = None) -> int:
        return self.hears(VendorWord.USER_DELETED, name, key=key)

    def known(self) -> dict[str, datetime | None]:
        with self.store.read() as session:
            return known(session, vendor="phones")

    def syncs(
        self, *users: VendorUser, known: dict[str, datetime | None] | None = None, force: bool = False
    ) -> vendor_users.Synced:
        before, cause = self.known() if known is None else known, self.cause("listed")
        return vendor_users.sync(self.context, cause, vendor="phones", listed=users, known=before, force=force)

    def gives(self, subscription: int, *names: str) -> list[bool]:
        return [bool(self.confirms(Asked(subscription=subscription, give=(name,)), why="assigned")[0].given) for name in names]

    def takes(self, subscription: int, name: str) -> bool:
        return bool(self.confirms(Asked(subscription=subscription, take=(name,)), why="unassigned")[0].taken)

    def confirms(
        self, *asked: Asked, why: str = "the test says so", dry_run: bool = False, **how: Any
    ) -> tuple[SeatsChanged, ...]:
        return seat_changes.confirm(self.context, self.cause(why), SeatChange(asked=asked, **how), dry_run=dry_run).changes

    def holders(self, subscription: int) -> list[str]:
        return [row.reference for row in seats.seats(self.context, self.cause(), subscription_id=subscription, limit=100).rows]

    def pool(self, subscription: int) -> tuple[int, int, int]:
        pool = seats.seats(self.context, self.cause(), subscription_id=subscription, limit=100).pool
        assert pool is not None
        return pool.total, pool.assigned, pool.available

    def users(self, *, gone: bool = False) -> list[tuple[str, str, int]]:
        """Reference, account and seats of every user."""
        rows = vendor_users.listing(self.context, vendor="phones", account=None, gone=gone, limit=100)
        return [(row.reference, row.account, row.seats) for row in rows]

    def audit(self, *fields: str) -> list[tuple[str, str | None, str | None, str, str]]:
        """Changes of those fields: field, before, after, who, why."""
        with self.store.read() as session:
            rows = session.scalars(select(Audit).where(Audit.field.in_(fields)).order_by(Audit.id))
            return [(row.field, row.before, row.after, row.actor, row.why) for row in rows]

    def outcomes(self) -> list[str]:
        """What came of each event, oldest first; empty: it waits."""
        with self.store.read() as session:
            return list(session.scalars(select(Event.outcome).order_by(Event.id)))

    def licence(self, subscription: int) -> Licence:
        with self.store.read() as session:
            return session.scalars(select(Licence).where(Licence.subscription_id == subscription)).one()

    def later(self, **passed: float) -> None:
        self.now += timedelta(**passed)


def user(name: str, *, account: str = "42") -> VendorUser:
    """A user as a list has him."""
    return VendorUser(reference=name, account=account, email=f"{name}@example.net", name=name.title())


def side_by_side(calls: Sequence[Callable[[], object]]) -> list[object]:
    """What came of *calls*, all made at the same moment."""
    answers: list[object] = [None] * len(calls)
    gate = threading.Barrier(len(calls))

    def run(number: int) -> None:
        gate.wait()
        try:
            answers[number] = calls[number]()
        except Exception as error:  # noqa: BLE001 - it is the answer
            answers[number] = error

    threads = [threading.Thread(target=run, args=(number,)) for number in range(len(calls))]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.fixture
def office(store: Store) -> Office:
    """Two accounts; the first has users anna, bo and cleo."""
    made = Office(store)
    made.sells("assist")
    made.sells("analytics", scope="account")
    made.opens("42")
    made.opens("43")
    made.hires("anna", "bo", "cleo")
    return made
