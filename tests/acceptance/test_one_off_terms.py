"""A term that the subscriber orders himself: paid at once, valid for its months, renewed when he wants."""

import pytest

from acceptance.kit import MARCH_10, Isp


def expires(isp: Isp, account: str) -> str:
    """When the vendor lets the licence of *account* run out, in UTC."""
    found: str = isp.vendor.station(account)["expires"]
    return found[:16]


@pytest.mark.acceptance("F03")
@pytest.mark.parametrize(
    ("balance", "price", "left"), [("150.00", "150.00", "0.00"), ("170.05", "150", "20.05"), ("9.99", "9.99", "0.00")]
)
def test_a_month_is_paid_at_once_and_valid_for_a_month(isp: Isp, balance: str, price: str, left: str) -> None:
    isp.sells("av", price)
    isp.opens("42", balance)
    isp.at = MARCH_10
    isp.orders("42", "av", "one_off")
    isp("converge")
    assert isp.balance("42") == left
    assert expires(isp, "42") == "2026-04-10T12:00"


@pytest.mark.acceptance("F03")
@pytest.mark.parametrize(("balance", "price"), [("100", "150"), ("149.99", "150.00"), ("0", "0.01")])
def test_without_the_money_nothing_is_ordered(isp: Isp, balance: str, price: str) -> None:
    isp.sells("av", price)
    isp.opens("42", balance)
    before = isp.dump()
    refused = isp("order", "42", "av", "--plan", "one_off", exits=1)
    assert refused.row["error"] == "insufficient_funds"
    assert "not enough money" in refused.err
    assert isp.dump() == before
    isp("converge")
    assert isp.vendor.new_calls() == []


@pytest.mark.acceptance("F03")
def test_the_same_order_sent_twice_is_one_order(isp: Isp) -> None:
    isp.sells("av", "150.00")
    isp.opens("42", "400")
    first = isp.orders("42", "av", "one_off", key="portal-7")
    assert isp.orders("42", "av", "one_off", key="portal-7") == first
    assert isp.balance("42") == "250.00"


@pytest.mark.acceptance("F04")
@pytest.mark.parametrize(
    ("ordered", "months", "ends"),
    [
        ("2026-01-31T10:00:00+00:00", "1", "2026-02-28T10:00"),
        ("2028-01-31T10:00:00+00:00", "1", "2028-02-29T10:00"),
        ("2026-02-28T10:00:00+00:00", "1", "2026-03-28T10:00"),
        ("2026-08-31T10:00:00+00:00", "3", "2026-11-30T10:00"),
        ("2028-02-29T10:00:00+00:00", "12", "2029-02-28T10:00"),
    ],
)
def test_a_term_ends_on_the_same_day_of_the_month_or_its_last(isp: Isp, ordered: str, months: str, ends: str) -> None:
    isp.at = ordered
    isp.sells("av", "1", terms="1,3,12")
    isp.opens("42", "100")
    isp.orders("42", "av", "one_off", term=months)
    isp("converge")
    assert expires(isp, "42") == ends


@pytest.mark.acceptance("F04")
def test_what_is_not_renewed_stops_by_itself_and_is_kept(isp: Isp) -> None:
    isp.sells("av", "150")
    isp.opens("42", "150")
    subscription = isp.orders("42", "av", "one_off")
    isp("converge")
    isp.vendor.new_calls()
    isp.at = "2026-04-01T00:00:01+00:00"
    isp("worker", "--once")
    assert isp.vendor.new_calls() == []
    assert isp.vendor.station("42")["state"] == "expired"
    assert not isp.vendor.station("42")["deleted"]
    assert isp.subscription(subscription)["paid_until"] == "2026-04-01T00:00:00+00:00"
    assert isp.balance("42") == "0.00"


@pytest.mark.acceptance("F05")
def test_three_days_before_the_end_the_subscriber_is_reminded_once(isp: Isp) -> None:
    isp.sells("av", "150")
    isp.opens("42", "1000")
    subscription = isp.orders("42", "av", "one_off")
    isp.at = "2026-03-28T23:59:59+00:00"
    assert isp("reminders").rows == []
    isp.at = "2026-03-29T00:00:00+00:00"
    (due,) = isp("reminders").rows
    assert (due["account"], due["product"], due["paid_until"]) == ("42", "av", "2026-04-01T00:00:00+00:00")
    assert isp("reminders").rows == []

    isp("renew", str(subscription))
    isp.at = "2026-04-28T12:00:00+00:00"
    assert [each["paid_until"] for each in isp("reminders").rows] == ["2026-05-01T00:00:00+00:00"]


@pytest.mark.acceptance("F05")
def test_who_renewed_already_is_not_reminded(isp: Isp) -> None:
    isp.sells("av", "150")
    isp.opens("42", "1000")
    subscription = isp.orders("42", "av", "one_off")
    isp.at = MARCH_10
    isp("renew", str(subscription))
    isp.at = "2026-03-31T00:00:00+00:00"
    assert isp("reminders").rows == []


@pytest.mark.acceptance("F05")
@pytest.mark.parametrize("days", ["31", "40"])
def test_a_term_shorter_than_the_lead_is_reminded_of_once_at_its_start(isp: Isp, days: str) -> None:
    isp.configure("forecast", reminder_days=days)
    isp.sells("av", "150")
    isp.opens("42", "1000")
    isp.orders("42", "av", "one_off")
    assert len(isp("reminders").rows) == 1
    isp.at = "2026-03-31T00:00:00+00:00"
    assert isp("reminders").rows == []


@pytest.mark.acceptance("F05")
def test_no_reminders_where_the_setting_is_0(isp: Isp) -> None:
    isp.configure("forecast", reminder_days="0")
    isp.sells("av", "150")
    isp.opens("42", "150")
    isp.orders("42", "av", "one_off")
    isp.at = "2026-03-31T23:59:00+00:00"
    assert isp("reminders").rows == []


@pytest.mark.acceptance("F06")
@pytest.mark.parametrize(
    ("renewed", "until"),
    [
        ("2026-03-10T12:00:00+00:00", "2026-05-01T00:00"),
        ("2026-03-31T23:59:59+00:00", "2026-05-01T00:00"),
        ("2026-04-01T00:00:00+00:00", "2026-05-01T00:00"),
        ("2026-04-20T08:00:00+00:00", "2026-05-20T08:00"),
    ],
)
def test_a_renewal_goes_on_from_the_old_end_or_from_today_when_late(isp: Isp, renewed: str, until: str) -> None:
    isp.sells("av", "150")
    isp.opens("42", "400")
    subscription = isp.orders("42", "av", "one_off")
    isp("converge")
    before = isp.vendor.station("42")["id"]
    isp.at = renewed
    assert isp("renew", str(subscription)).row["paid_until"][:16] == until
    isp("converge")
    assert (isp.vendor.station("42")["id"], expires(isp, "42")) == (before, until)
    assert isp.vendor.station("42")["state"] != "expired"
    assert isp.balance("42") == "100.00"


@pytest.mark.acceptance("F06")
def test_a_renewal_without_the_money_changes_nothing(isp: Isp) -> None:
    isp.sells("av", "150")
    isp.opens("42", "299.99")
    subscription = isp.orders("42", "av", "one_off")
    before = isp.dump()
    assert isp("renew", str(subscription), exits=1).row["error"] == "insufficient_funds"
    assert isp.dump() == before


@pytest.mark.acceptance("F07")
@pytest.mark.parametrize(
    ("term", "until", "left"), [("3", "2026-06-01", "90.30"), ("6", "2026-09-01", "60.60"), ("12", "2027-03-01", "1.20")]
)
def test_a_product_is_sold_for_its_terms(isp: Isp, term: str, until: str, left: str) -> None:
    isp.sells("av", "9.90", terms="1,3,6,12")
    isp.opens("42", "120")
    isp.orders("42", "av", "one_off", term=term)
    isp("converge")
    assert expires(isp, "42")[:10] == until
    assert isp.balance("42") == left


@pytest.mark.acceptance("F07")
def test_any_other_term_is_refused(isp: Isp) -> None:
    isp.sells("av", "1", terms="1,3,6,12")
    isp.opens("42", "100000")
    subscription = isp.orders("42", "av", "one_off")
    before = isp.dump()
    for term in ("0", "-1", "1.5", "1000", "", " 1", "1e0", "１", "2", "one"):
        for plan in ("one_off", "recurring"):
            refused = isp("order", "42", "av", "--plan", plan, f"--term={term}", exits=2)
            assert (refused.row["error"], term in refused.err) == ("bad_term", True)
        assert isp("renew", str(subscription), f"--term={term}", exits=2).row["error"] == "bad_term"
    assert isp.dump() == before


@pytest.mark.acceptance("F07")
def test_a_product_with_an_impossible_term_is_refused(isp: Isp) -> None:
    before = isp.dump()
    for terms in ("0", "-1", "1.5", "1000", "", "1,0", "1;3", "１", "121"):
        assert isp("products", "add", "av", "--price", "1", f"--terms={terms}", exits=2).row["error"] == "bad_term"
    assert isp.dump() == before
