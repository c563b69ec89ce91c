"""What is given back: never more than was paid, to whom it belongs, and told in the report."""

from sqlalchemy import func, select, update

from integration.money.till import DAY, Till
from isp_addons.domain.quantity_change import When, Wish
from isp_addons.services import quantity_change, reactivate, refund, report, stop
from isp_addons.store.tables import Account, CardRefund, Charge, LedgerEntry, Licence, Purchase


def stops(till: Till, number: int = 1) -> int:
    return stop.stop_now(till.context, till.cause(), subscription_id=number).refunded


def test_what_is_stopped_twice_in_a_period_is_given_back_once(till: Till) -> None:
    till.opens("42")
    till.orders("42")
    till.now += 10 * DAY
    assert stops(till) == 2000
    assert reactivate.reactivate(till.context, till.cause(), subscription_id=1, quantity=1).charged == 2000
    till.now += 10 * DAY
    assert stops(till) == 1000, "of the second payment alone"
    assert till.balance("42") == 6000 - 3000 + 2000 - 2000 + 1000
    with till.store.read() as session:
        booked = session.scalar(select(func.sum(LedgerEntry.amount)).where(LedgerEntry.kind == "refund"))
        assert booked == session.scalar(select(func.sum(Charge.refunded))) == 3000


def test_of_what_the_vendor_refuses_only_the_rest_is_given_back(till: Till) -> None:
    till.sells("scan", price=1500, vendor="scanner")
    till.opens("42", balance=20_000)
    till.orders("42", "scan")
    wish = Wish(subscription=1, quantity=2, when=When.NOW)
    quantity_change.change(till.context, till.cause(), wish)
    till.now += 10 * DAY
    assert stops(till) == 2000
    reactivate.reactivate(till.context, till.cause(), subscription_id=1, quantity=2)
    with till.store.write() as session:
        session.execute(update(Licence).values(given_up_at=till.now, failure="rejected"))
    assert refund.reverse_refused(till.context, till.cause()) == 3
    assert till.balance("42") == 20_000


def test_what_a_reseller_paid_by_card_is_given_back_to_his_customer_and_not_to_his_card(till: Till) -> None:
    reseller = till.opens("reseller")
    till.opens("42")
    till.orders("42")
    with till.store.write() as session:
        session.add(
            Purchase(
                key="sale",
                account_id=reseller,
                subscription_id=1,
                what={"kind": "resale"},
                amount=3000,
                currency="EUR",
                method="card",
                status="active",
                created_at=till.now,
                expires_at=till.now,
            )
        )
    till.now += 10 * DAY
    assert stops(till) == 2000
    assert (till.balance("42"), till.balance("reseller")) == (5000, 6000)
    with till.store.read() as session:
        assert session.scalar(select(func.count()).select_from(CardRefund)) == 0


def test_the_report_counts_what_was_given_back_of_what_was_stopped(till: Till) -> None:
    till.opens("42")
    till.orders("42")
    till.now += 10 * DAY
    stops(till)
    (month,) = [each for each in report.lines(till.context, till.cause()) if each.month == "2026-04"]
    assert month.figures.income == 1000
    with till.store.read() as session:
        assert session.scalars(select(Account.currency)).all() == [month.currency]
