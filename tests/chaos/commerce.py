"""A shop whose commands can be killed at any step, and what must be true of its books at every moment."""

import re
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from sqlalchemy import Row, create_engine, func, select

from chaos.world import CommandLine, Ran
from isp_addons.store.tables import Base, Charge, LedgerAccount, LedgerEntry, Licence, QuantityChange, Seat, Subscription

MARCH_10 = "2026-03-10T12:00:00+00:00"

PHONES = '''
"""A vendor with users that does at once whatever it is asked for."""

from isp_addons.vendor_api import Capabilities, Done, LicenceView, SuspendKind, VendorPlugin, VendorUser, hookimpl


class Phones(VendorPlugin):
    capabilities = Capabilities(suspends=SuspendKind.STATE, endless=True, changes_quantity=True, has_users=True)

    @hookimpl
    def on_order(self, licence: LicenceView) -> Done:
        return Done()

    @hookimpl
    def on_change(self, licence: LicenceView, old_quantity: int) -> Done:
        return Done()

    @hookimpl
    def on_block(self, licence: LicenceView) -> Done:
        return Done()

    @hookimpl
    def list_users(self):
        yield [VendorUser(reference=name, account="bakery", email=f"{name}@example.net", name=name) for name in ("anna", "bo")]
'''
_NUMBERS = (
    *("id", "key", "part", "answer", "account_id", "customer_id", "person_id", "reseller_id", "subject_id"),
    *("subscription_id", "user_id"),
)
"""What a transaction that was rolled back uses up: numbers, and the keys and references that are made of them."""


Seen = dict[str, Counter[tuple[Any, ...]]]


class Shop:
    """One installation with a vendor of seats at 10.00 a month, and an account with 200.00."""

    def __init__(self, folder: Path, url: str, line: CommandLine) -> None:
        self.url = url
        self.at = MARCH_10
        self._line = line
        self._file = folder / "isp-addons.ini"
        plugins = folder / "plugins"
        plugins.mkdir()
        (plugins / "phones.py").write_text(PHONES, encoding="utf-8")
        self._plugins = plugins
        self.use(url)

    def use(self, url: str) -> None:
        """From now on the database is another one."""
        self.url = url
        self._file.write_text(
            f"[isp-addons]\nplugins_dir = {self._plugins}\nlog_level = error\n"
            f"[database]\nurl = {url}\n[billing]\nadapter = ledger\n[vendor:phones]\nplugin = phones\n",
            encoding="utf-8",
        )
        self._file.chmod(0o600)

    def __call__(self, *words: str, fatal: int | None = None) -> Ran:
        return self._line.run("--config", str(self._file), "--at", self.at, *words, fatal=fatal)

    def does(self, *words: str) -> Ran:
        """Run one command, which succeeds."""
        ran = self(*words)
        assert ran.code == 0, f"{' '.join(words)}: exit code {ran.code}\n{ran.out}{ran.err}"
        return ran

    def opens(self) -> None:
        """The seats are on sale, the account is open, and its users are known."""
        self.does("products", "add", "seats", "--price", "10.00", "--vendor", "phones", "--resale")
        self.does("accounts", "add", "bakery", "--balance", "200.00", "--period-end", "2026-04-01T00:00:00+00:00")
        self.does("users", "sync", "phones")

    def has_a_reseller(self) -> None:
        """Rita of the company Partner resells the seats at a tenth off the list price, and has 100.00."""
        self.does("accounts", "add", "partner", "--balance", "100.00")
        words = ["--contact", "Rita", "--email", "rita@partner.example", "--role", "reseller", "--no-invitation"]
        self.does("customers", "add", "Partner", *words, "--account", "partner")
        self.does("resellers", "add", "1", "--discount", "10")

    def seen(self) -> Seen:
        """See `seen`."""
        return seen(self.url)

    def check_books(self) -> None:
        """See `check_books`."""
        check_books(self.url)


def seen(url: str) -> Seen:
    """Every row of every table, but for numbers."""
    engine = create_engine(url)
    found = {}
    with engine.connect() as connection:
        for table in Base.metadata.sorted_tables:
            columns = [column for column in table.columns if column.name not in _NUMBERS]
            found[table.name] = Counter(tuple(map(_told, row)) for row in connection.execute(select(*columns)))
    engine.dispose()
    return found


def check_books(url: str) -> None:
    """Whatever happened, now: no balance is negative or unexplained, nothing is charged twice or given away."""
    engine = create_engine(url)
    with engine.connect() as connection:
        booked = select(func.coalesce(func.sum(LedgerEntry.amount), 0)).where(
            LedgerEntry.account_id == LedgerAccount.account_id
        )
        for row in connection.execute(select(LedgerAccount.balance, booked.scalar_subquery().label("booked"))):
            assert row.balance == row.booked, "a balance is what was booked"
            assert row.balance >= 0, "no balance is negative"
        paid = connection.execute(select(func.coalesce(func.sum(Charge.amount), 0))).scalar_one()
        taken = connection.execute(select(func.sum(LedgerEntry.amount)).where(LedgerEntry.kind == "add_on")).scalar_one()
        assert -(taken or 0) == paid, "what was taken is what was charged for"
        moved = connection.execute(select(func.sum(LedgerEntry.amount)).where(LedgerEntry.kind == "resale")).scalar_one()
        assert not moved, "what leaves a reseller arrives at his customers"
        for row in connection.execute(select(Subscription)):
            _check_subscription(connection.execute, row)
    engine.dispose()


def _told(value: Any) -> str:
    """A value, but for the number in the name of an account that was opened for a new customer."""
    return re.sub(r"customer-\d+", "customer-N", repr(value))


def _check_subscription(execute: Any, subscription: Row[Any]) -> None:
    def count(query: Any) -> int:
        return int(execute(query).scalar_one() or 0)

    theirs = Charge.subscription_id == subscription.id
    assert count(select(func.count(Charge.id)).where(theirs, Charge.part == 0)) == 1, "the period is paid once"
    wanted = select(func.sum(Licence.wanted_quantity)).where(Licence.subscription_id == subscription.id)
    assert count(wanted) == subscription.quantity, "the vendor is to have what was sold"
    given = select(func.count(Seat.id)).where(Seat.subscription_id == subscription.id, Seat.returned_at.is_(None))
    assert count(given) <= subscription.quantity, "no seat is given that was not sold"
    more = select(QuantityChange).where(QuantityChange.subscription_id == subscription.id, QuantityChange.amount > 0)
    for change in execute(more):
        parts = select(func.sum(Charge.amount)).where(theirs, Charge.part == change.id)
        assert count(parts) == change.amount, "a change is paid once, and whole"


CRUCIAL = ("before commit", "after commit")


def chosen(steps: Sequence[str], *, most: int) -> list[int]:
    """Steps (from 1) that are as unlike each other as can be: those around commits, and of the others evenly spread ones."""
    crucial = [number for number, name in enumerate(steps, start=1) if name in CRUCIAL]
    others = [number for number in range(1, len(steps) + 1) if number not in crucial]
    spread = others[:: -(-len(others) // max(most - len(crucial), 2))]
    return sorted({*crucial[-most:], *spread})
