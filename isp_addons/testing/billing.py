"""What a billing's adapter owes the product: every live account once, the truth of this moment, and no guess."""

from collections.abc import Callable, Collection, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, ClassVar

import pytest
from sqlalchemy import select

from isp_addons.billing.base import Billing, BillingReader
from isp_addons.billing.remote import RemoteBilling
from isp_addons.domain.problem import Problem
from isp_addons.store import scratch
from isp_addons.store.engine import Store
from isp_addons.store.tables import Base
from isp_addons.testing.proof import fail, prove

Give = Callable[[str, int], None]

_ODD = (
    "",
    " ",
    "0",
    "-1",
    "01",
    "+1",
    " 1",
    "1 ",
    "999999999",
    "9" * 40,
    "abc",
    "счёт",
    "1 OR 1=1",
    "'; --",
    "%",
    "1.0",
    "\N{SUPERSCRIPT TWO}",
)
"""What no account is called, as it comes from a hook script or a file."""

_MANY = 2500
_TOLD = [column for column in scratch.funds.columns if column.name != "account_id"]  # which is our own number of it


class BillingConformance:
    """Subclass it, name what the billing under test has, and override the fixtures ``billing`` and ``give``.

    ``accounts``: all its live accounts, in its own order, "1" among them; ``blocked``: those of them that it blocks;
    ``deleted``: accounts that it had once; ``at``: the moment at which it is asked.
    """

    accounts: ClassVar[Sequence[str]]
    blocked: ClassVar[Collection[str]] = ()
    deleted: ClassVar[Sequence[str]] = ()
    at: ClassVar[datetime] = datetime(2026, 11, 29, 18, 0, tzinfo=UTC)

    @pytest.fixture
    def store(self, tmp_path: Path) -> Iterator[Store]:
        """The product's own database, empty."""
        made = Store(f"sqlite:///{tmp_path / 'isp-addons.db'}")
        Base.metadata.create_all(made.engine)
        yield made
        made.close()

    @pytest.fixture
    def billing(self) -> Billing:
        """The adapter. A `BillingReader` is put to the proof by `BillingReaderConformance`."""
        raise NotImplementedError("override the fixture `billing`")

    @pytest.fixture
    def give(self) -> Give:
        """A way to give an account money in the billing itself: ref, minor units."""
        raise NotImplementedError("override the fixture `give`")

    @pytest.fixture
    def ask(self, store: Store, billing: Billing) -> Callable[[Sequence[str] | None], dict[str, Any]]:
        """What the billing tells of some accounts, or of all: asked outside any transaction, written down inside one."""

        def asked(refs: Sequence[str] | None) -> dict[str, Any]:
            gathered = billing.gather(refs, at=self.at)
            with store.write() as session:
                billing.fill(session, gathered)
                billing.fill(session, gathered)  # what is written down again is written down once
                rows = session.execute(select(*_TOLD)).all()
            told = {row.ref: row for row in rows}
            prove(len(told) == len(rows), "an account is told more than once")
            return told

        return asked

    def test_every_live_account_is_told_and_no_other(self, ask: Any) -> None:
        told = set(ask(None))
        prove(told == set(self.accounts), f"asked for all, it tells {sorted(told)} where {sorted(self.accounts)} live")

    def test_what_is_told_makes_sense(self, ask: Any) -> None:
        for ref, row in ask(None).items():
            money = (row.balance, row.available, row.dues)
            prove(all(type(each) is int for each in money), f"{ref}: money is integers of minor units, not {money}")
            prove(row.dues >= 0, f"{ref}: the billing takes {row.dues}; dues are never below nothing")
            currency = row.currency
            prove(len(currency) == 3 and currency.isupper(), f"{ref}: {currency!r} is no ISO 4217 currency")
            whole = row.period_start.microsecond == row.period_end.microsecond == 0
            prove(whole and row.period_start < row.period_end, f"{ref}: no period is {row.period_start} to {row.period_end}")
            flags = (row.blocked, row.unlimited)
            prove(all(isinstance(each, bool) for each in flags), f"{ref}: blocked and unlimited are yes or no, not {flags}")

    def test_the_blocked_are_told_blocked_and_nobody_else(self, ask: Any) -> None:
        told = {ref for ref, row in ask(None).items() if row.blocked}
        prove(told == set(self.blocked), f"it tells {sorted(told)} as blocked where {sorted(self.blocked)} are")

    def test_asking_for_some_tells_the_same_as_asking_for_all(self, ask: Any) -> None:
        every = ask(None)
        for ref in self.accounts:
            prove(ask([ref]) == {ref: every[ref]}, f"{ref} asked for alone is not what it is among all")
        some = list(self.accounts[:2])
        prove(ask([*some, *reversed(some)]) == {ref: every[ref] for ref in some}, "asked for twice, an account is told once")
        prove(ask([]) == {}, "asked for no account, it tells some")

    def test_what_is_no_live_account_is_left_out(self, ask: Any) -> None:
        told = set(ask([*_ODD, *self.deleted, self.accounts[0]]))
        prove(told == {self.accounts[0]}, f"asked for one account among what are none, it tells {sorted(told)}")

    def test_what_never_existed_is_told_from_what_was_deleted(self, store: Store, billing: Billing) -> None:
        absent = [*_ODD, *self.deleted]
        with store.read() as session:
            told = billing.never_existed(session, absent)
            none = billing.never_existed(session, [])
        prove(sorted(told) == sorted(_ODD), f"of {absent} these never existed: {list(_ODD)}; it says {told}")
        prove(none == [], "asked whether no account existed, it tells some")

    def test_thousands_are_asked_for_at_once(self, ask: Any) -> None:
        told = set(ask([*self.accounts, *(str(10**8 + number) for number in range(_MANY))]))
        prove(told == set(self.accounts), f"asked for {_MANY} accounts at once, it tells {sorted(told)[:5]} and so on")

    def test_money_that_came_is_told_the_next_time(self, ask: Any, give: Give) -> None:
        for ref in self.accounts:
            before = ask([ref])[ref]
            give(ref, 12345)
            after = ask([ref])[ref]
            came = (after.balance - before.balance, after.available - before.available)
            prove(came == (12345, 12345), f"{ref} was given 12345; balance and available rose by {came}: is something kept?")
            prove(after.dues == before.dues, f"{ref} was given money, and its dues became {after.dues}")

    def test_it_may_be_asked_by_many_threads(self, billing: Billing) -> None:
        with ThreadPoolExecutor(max_workers=4) as pool:
            told = list(pool.map(lambda _: billing.gather(None, at=self.at), range(8)))
        prove(all(each == told[0] for each in told), "asked by four threads at once, it tells different things")

    def test_the_check_tells_what_it_found(self, billing: Billing) -> None:
        found = billing.check()
        prove(found and all(each.strip() for each in found), "check found nothing to say")

    def test_it_may_be_closed_twice(self, billing: Billing) -> None:
        billing.close()
        billing.close()


class BillingReaderConformance(BillingConformance):
    """For a `BillingReader`: override ``reader``, ``give`` and ``unreachable``, and name the ``secret`` in its address."""

    secret: ClassVar[str]

    @pytest.fixture
    def reader(self) -> BillingReader:
        """The reader of a billing that has what the class names."""
        raise NotImplementedError("override the fixture `reader`")

    @pytest.fixture
    def unreachable(self) -> BillingReader:
        """A reader of a billing that is not there, whose settings hold ``secret``."""
        raise NotImplementedError("override the fixture `unreachable`")

    @pytest.fixture
    def billing(self, reader: BillingReader) -> Billing:
        """The reader as the product uses it."""
        return RemoteBilling(reader)

    def test_accounts_come_in_their_order_and_one_by_one(self, reader: BillingReader) -> None:
        funds = reader.funds(None, at=self.at)
        prove(isinstance(funds, Iterator), f"funds must be an iterator, not {type(funds).__name__}: there may be a million")
        first = next(funds)
        if hasattr(funds, "close"):
            funds.close()  # who has seen enough may go
        told = [each.ref for each in reader.funds(None, at=self.at)]
        prove(told == list(self.accounts), f"the accounts come as {told}, not as {list(self.accounts)}")
        prove(first.ref == told[0], "begun again, it begins elsewhere")
        backwards = [each.ref for each in reader.funds(list(reversed(self.accounts)), at=self.at)]
        prove(backwards == told, "asked for some in another order, they must come in the billing's own")

    def test_periods_are_told_with_their_zone(self, reader: BillingReader) -> None:
        for each in reader.funds(None, at=self.at):
            aware = each.period_start.tzinfo is not None and each.period_end.tzinfo is not None
            prove(aware, f"{each.ref}: its period has no zone: {each.period_start} to {each.period_end}")

    def test_what_exists_is_not_said_never_to_have_existed(self, reader: BillingReader) -> None:
        told = reader.never_existed([*self.accounts, *self.deleted])
        prove(told == [], f"{told} exist or did once, but never_existed names them")

    def test_a_billing_that_is_not_there_is_a_problem_told_in_a_sentence(self, unreachable: BillingReader) -> None:
        asked: dict[str, Callable[[], object]] = {
            "check": unreachable.check,
            "funds": lambda: list(unreachable.funds(None, at=self.at)),
            "never_existed": lambda: unreachable.never_existed(["1"]),
        }
        for name, ask in asked.items():
            try:
                answer = ask()
            except Problem as problem:
                told = f"{problem} {problem!r} {problem.__cause__!r}"
                prove(self.secret not in f"{problem} {problem!r}", f"{name}: the problem tells the secret")
                prove(problem.message.strip().endswith((".", "!", "?")), f"{name}: {told} is no sentence")
                continue
            fail(f"{name} of a billing that is not there answered {answer!r}; a failed read is never empty")
        unreachable.close()
