"""Money arrives and what it pays for comes back; money never leaves twice."""

import threading
from collections.abc import Callable

import pytest

from acceptance.kit import APRIL, MARCH_31, Isp
from acceptance.plugins import REFUSES
from isp_addons.bootstrap import App
from isp_addons.domain.event import Event, Word
from isp_addons.domain.period import parse_moment
from isp_addons.domain.problem import Refused, TryAgain
from isp_addons.domain.subscription import Plan
from isp_addons.services import charge, inbox, period_begin
from isp_addons.services.order import Order, place

Move = Callable[[App], object]


@pytest.fixture
def unpaid(isp: Isp) -> Callable[..., list[int]]:
    """An account whose add-ons were suspended for April."""

    def make(*codes: str, left: str) -> list[int]:
        subscriptions = isp.subscriber("42", *codes, left=left)
        isp("converge")
        isp.at = MARCH_31
        isp.looks_ahead()
        isp.at = APRIL
        isp.begins_periods()
        isp.vendor.new_calls()
        isp.at = "2026-04-05T09:00:00+00:00"
        return subscriptions

    return make


@pytest.mark.acceptance("F18")
@pytest.mark.parametrize(
    ("price", "left", "paid", "after"),
    [("150", "100", "60", "10.00"), ("150", "100", "50", "0.00"), ("99.99", "0", "100", "0.01"), ("5", "4.99", "0.01", "0.00")],
)
def test_a_payment_that_suffices_is_charged_and_brings_the_add_on_back(
    isp: Isp, unpaid: Callable[..., list[int]], price: str, left: str, paid: str, after: str
) -> None:
    isp.sells("av", price)
    (subscription,) = unpaid("av", left=left)
    before = isp.vendor.station("42")
    isp.hears("paid", "42", f"amount={paid}")
    assert isp.balance("42") == after
    assert isp.vendor.new_calls() == ["stations/change"]
    station = isp.vendor.station("42")
    assert (station["id"], station["state"]) == (before["id"], "unactivated")
    row = isp.subscription(subscription)
    assert (row["holds"], row["vendor_state"], row["paid_until"]) == ("", "active", "2026-05-01T00:00:00+00:00")


@pytest.mark.acceptance("F18")
@pytest.mark.parametrize(("left", "paid", "after"), [("100", "40", "140.00"), ("0", "149.99", "149.99")])
def test_a_part_payment_leaves_it_suspended(
    isp: Isp, unpaid: Callable[..., list[int]], left: str, paid: str, after: str
) -> None:
    isp.sells("av", "150")
    (subscription,) = unpaid("av", left=left)
    isp.hears("paid", "42", f"amount={paid}")
    assert (isp.balance("42"), isp.held_by(subscription), isp.vendor.new_calls()) == (after, "forecast", [])

    isp.hears("paid", "42", "amount=10.01")
    assert (isp.held_by(subscription), isp.vendor.new_calls()) == ("", ["stations/change"])


@pytest.mark.acceptance("F18")
def test_of_two_suspended_the_first_in_priority_comes_back(isp: Isp, unpaid: Callable[..., list[int]]) -> None:
    isp.sells("first", "150", priority=1)
    isp.sells("second", "100", priority=2)
    second, first = unpaid("second", "first", left="0")
    isp("accounts", "pay", "42", "160")
    assert (isp.held_by(first), isp.held_by(second), isp.balance("42")) == ("", "forecast", "10.00")
    isp("accounts", "pay", "42", "90")
    assert (isp.held_by(second), isp.balance("42")) == ("", "0.00")


@pytest.mark.acceptance("F18")
def test_paid_before_the_period_ends_means_nothing_happens_at_all(isp: Isp) -> None:
    isp.sells("av", "150")
    (subscription,) = isp.subscriber("42", "av", left="100")
    isp("converge")
    isp.at = MARCH_31
    isp("before-period-end", "--apply")
    isp("accounts", "pay", "42", "50")
    assert (isp.held_by(subscription), isp.balance("42")) == ("", "150.00")
    isp.vendor.new_calls()
    isp.at = APRIL
    isp.begins_periods()
    assert (isp.vendor.new_calls(), isp.balance("42")) == ([], "0.00")


@pytest.mark.acceptance("F18")
def test_a_payment_between_two_periods_waits_for_the_new_one(isp: Isp) -> None:
    isp.sells("av", "150")
    (subscription,) = isp.subscriber("42", "av", left="100")
    isp("converge")
    isp.at = MARCH_31
    isp.looks_ahead()
    isp.vendor.new_calls()
    isp.at = APRIL
    isp("accounts", "pay", "42", "60")
    assert (isp.balance("42"), isp.held_by(subscription)) == ("160.00", "forecast")
    isp.begins_periods()
    assert (isp.balance("42"), isp.held_by(subscription)) == ("10.00", "")
    assert isp.vendor.new_calls() == ["stations/change"]


@pytest.mark.acceptance("F18")
def test_the_same_payment_told_twice_counts_once(isp: Isp, unpaid: Callable[..., list[int]]) -> None:
    isp.sells("av", "150")
    unpaid("av", left="0")
    for _ in range(2):
        isp.hears("paid", "42", "amount=100", "key=bank-4711")
    assert (
        isp("hook", "paid", "--account", "42", "--amount", "100", "--key", "bank-4711").row["outcome"] == "was handled before"
    )
    assert isp.balance("42") == "100.00"


@pytest.mark.acceptance("F23")
def test_what_the_vendor_refuses_is_given_back_and_both_entries_stay(isp: Isp) -> None:
    isp.gets_plugin("strict", REFUSES)
    isp.sells("strict-1", "150", vendor="strict")
    isp.opens("42", "200")
    subscription = isp.orders("42", "strict-1", "one_off", quantity="1")
    assert isp.balance("42") == "50.00"
    isp("converge")
    assert isp.balance("42") == "200.00"
    assert isp.subscription(subscription)["status"] == "refused"
    entries = [(kind, amount) for _, _, amount, kind, *_ in isp.dump("ledger_entry")["ledger_entry"]]
    assert entries == [("opening", 20000), ("add_on", -15000), ("reversal", 15000)]
    (gave_up,) = [row for row in isp.subscription(subscription)["history"] if row["field"] == "given_up"]
    assert "no licences are sold in this country" in gave_up["why"]

    before = isp.dump("ledger_entry", "ledger_account")
    isp.at = APRIL
    isp("worker", "--once")
    assert isp.dump("ledger_entry")["ledger_entry"] == before["ledger_entry"], "given back once, and never charged again"


@pytest.mark.acceptance("F23")
def test_what_is_given_back_pays_for_what_waited(isp: Isp, unpaid: Callable[..., list[int]]) -> None:
    isp.gets_plugin("strict", REFUSES)
    isp.sells("av", "150", priority=2)
    isp.sells("strict-1", "100", vendor="strict", priority=1)
    (waiting,) = unpaid("av", left="120")
    refused = isp.orders("42", "strict-1", "one_off")
    isp("accounts", "pay", "42", "40")
    assert (isp.held_by(waiting), isp.balance("42")) == ("forecast", "60.00")
    isp("converge")
    assert isp.subscription(refused)["status"] == "refused"
    assert (isp.held_by(waiting), isp.balance("42")) == ("", "10.00")


@pytest.mark.acceptance("F23")
def test_the_charge_and_the_licence_are_one_transaction(isp: Isp) -> None:
    isp.sells("av", "150")
    isp.opens("42", "1000")
    isp.configure("vendor:avdesk", enabled="no")
    before = isp.dump()
    assert isp("order", "42", "av", exits=1).row["error"] == "vendor_disabled"
    assert isp.dump() == before


@pytest.mark.acceptance("F23")
@pytest.mark.parametrize("plan", [Plan.ONE_OFF, Plan.RECURRING])
def test_two_orders_at_once_with_the_money_for_one(isp: Isp, plan: Plan) -> None:
    isp.sells("av", "150")
    isp.opens("42", "299.99")
    outcomes = at_once(isp, [orders("42", key=f"order-{number}", plan=plan) for number in (1, 2)])
    assert sorted(outcomes) == ["done", "insufficient_funds"]
    assert isp.balance("42") == "149.99"
    assert len(isp("subscriptions", "list").rows) == 1


@pytest.mark.acceptance("F23")
def test_the_same_order_from_two_doors_at_once_is_charged_once(isp: Isp) -> None:
    isp.sells("av", "150")
    isp.opens("42", "1000")
    outcomes = at_once(isp, [orders("42", key="portal-7", plan=Plan.ONE_OFF)] * 4)
    assert outcomes == ["done"] * 4
    assert isp.balance("42") == "850.00"


@pytest.mark.acceptance("F23")
def test_two_renewals_at_once_are_two_months_paid_twice(isp: Isp) -> None:
    isp.sells("av", "150")
    isp.opens("42", "1000")
    subscription = isp.orders("42", "av", "one_off")
    assert at_once(isp, [renews(subscription)] * 2) == ["done"] * 2
    assert isp.subscription(subscription)["paid_until"] == "2026-06-01T00:00:00+00:00"
    assert isp.balance("42") == "550.00"


@pytest.mark.acceptance("F23")
def test_a_block_and_orders_at_once_never_leave_a_licence_free(isp: Isp) -> None:
    isp.sells("av", "1")
    isp.opens("42", "1000")
    moves = [orders("42", key=f"order-{number}", plan=Plan.RECURRING) for number in range(5)]
    outcomes = at_once(isp, [*moves, blocks("42")])
    assert set(outcomes) <= {"done", "account_blocked"}
    subscriptions = isp("subscriptions", "list").rows
    assert [row["holds"] for row in subscriptions] == ["billing"] * (outcomes.count("done") - 1)


@pytest.mark.acceptance("F23")
def test_a_new_period_and_orders_at_once_never_take_what_is_not_there(isp: Isp) -> None:
    isp.sells("av", "150")
    isp.subscriber("42", "av", left="150")
    isp.at = APRIL
    moves = [orders("42", key=f"order-{number}", plan=Plan.ONE_OFF) for number in (1, 2)]
    at_once(isp, [*moves, begins_periods])
    isp("period-begin")
    assert isp.balance("42") == "0.00", "one of them was paid, and only one"


def orders(account: str, *, key: str, plan: Plan) -> Move:
    order = Order(account=account, product="av", plan=plan, key=key)
    return lambda app: place(app.context, app.cause("ordered", actor="portal"), order)


def renews(subscription: int) -> Move:
    return lambda app: charge.renew(app.context, app.cause("renewed", actor="portal"), subscription_id=subscription)


def blocks(account: str) -> Move:
    event = Event(key="key:block", word=Word.BLOCKED, account=account, source="test")
    return lambda app: inbox.handle_now(app.context, app.cause("blocked", actor="billing"), event)


def begins_periods(app: App) -> object:
    return period_begin.apply(app.context, app.cause("a period began", actor="timetable"))


def at_once(isp: Isp, moves: list[Move]) -> list[str]:
    """Make all *moves* at the same moment, each from an installation of its own; what became of each."""
    start = threading.Barrier(len(moves))
    outcomes: list[str] = []

    def go(move: Move) -> None:
        app = App(isp.file, at=parse_moment(isp.at))
        try:
            app.context.store.engine.connect().close()
            start.wait(timeout=60)
            _insist(move, app)
            outcomes.append("done")
        except Refused as refused:
            outcomes.append(refused.code)
        finally:
            app.close()

    threads = [threading.Thread(target=go, args=(move,)) for move in moves]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=100)
    return outcomes


def _insist(move: Move, app: App) -> None:
    """Make the move, again while the database is busy: a machine that stands still may keep a row locked for long."""
    for _ in range(10):
        try:
            move(app)
            return
        except TryAgain as busy:
            if busy.code != "busy":
                raise
    raise AssertionError("the database is busy for ever")
