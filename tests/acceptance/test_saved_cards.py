"""What is missing for the next period is taken from a saved card; one that fails has some days of grace."""

import pytest

from acceptance.kit import APRIL, Isp
from acceptance.purchase_kit import opens_till


@pytest.fixture
def shop(isp: Isp) -> Isp:
    """An ISP that sells an add-on at 10.00 a month by card and bank transfer, and an account with no money."""
    opens_till(isp)
    isp.sells("av", "10.00")
    isp.opens("42", "0")
    return isp


@pytest.fixture
def renewing(shop: Isp) -> Isp:
    """An account whose add-on is paid for March, and whose balance has nothing for April."""
    shop.subscriber("8", "av", left="0")
    shop("converge")
    shop("payments", "save-card", "8", "--card", "card_ok")
    return shop


@pytest.mark.acceptance("X23")
def test_what_is_missing_for_the_next_period_is_taken_from_the_saved_card(renewing: Isp) -> None:
    renewing.at = "2026-03-28T12:00:00+00:00"
    renewing("worker", "--once")
    assert renewing("purchases", "list").rows == [], "not yet"
    for renewing.at in ("2026-03-29T12:00:00+00:00", "2026-03-31T12:00:00+00:00", APRIL):
        renewing("worker", "--once")
    (only,) = renewing("purchases", "list").rows
    assert (only["status"], only["amount"], renewing.balance("8")) == ("active", "10.00", "0.00")
    (subscription,) = renewing("subscriptions", "list").rows
    assert (subscription["holds"], subscription["paid_until"]) == ("", "2026-05-01T00:00:00+00:00")


@pytest.mark.acceptance("X23")
def test_a_card_that_fails_is_tried_each_day_and_then_it_is_suspended_and_not_deleted(renewing: Isp) -> None:
    renewing("payments", "save-card", "8", "--card", "card_declined")
    for day in (29, 30, 31):
        for hour in (1, 20):
            renewing.at = f"2026-03-{day}T{hour:02}:00:00+00:00"
            renewing("worker", "--once")
    tried = renewing("purchases", "list").rows
    assert [each["attempts"] for each in tried] == [1, 1, 1], "once a day"
    renewing.at = APRIL
    renewing("worker", "--once")
    assert renewing.at_vendor(1) == "suspended"
    assert not renewing.vendor.station("8")["deleted"]
    assert renewing.held_by(1) == "forecast"
    renewing.hears("paid", "8", "amount=10.00")
    assert (renewing.held_by(1), renewing.at_vendor(1)) == ("", "active")


@pytest.mark.acceptance("X23")
def test_another_card_within_the_grace_pays(renewing: Isp) -> None:
    renewing("payments", "save-card", "8", "--card", "card_declined")
    renewing.at = "2026-03-29T12:00:00+00:00"
    renewing("worker", "--once")
    renewing("payments", "save-card", "8", "--card", "card_ok")
    renewing.at = "2026-03-30T12:00:00+00:00"
    renewing("worker", "--once")
    assert renewing.balance("8") == "10.00"


@pytest.mark.acceptance("X23")
def test_a_cancelled_subscription_ends_and_no_card_is_asked(renewing: Isp) -> None:
    renewing("cancel", "1")
    for renewing.at in ("2026-03-30T12:00:00+00:00", APRIL):
        renewing("worker", "--once")
    assert renewing("purchases", "list").rows == []
    assert renewing.subscription(1)["status"] == "ended"


@pytest.mark.acceptance("X23")
def test_a_term_that_renews_itself_is_paid_by_the_saved_card(shop: Isp) -> None:
    shop.opens("9", "20.00", period_end="2026-12-31T00:00:00+00:00")
    term = shop.orders("9", "av", "one_off", quantity="2", auto_renew=True)
    shop("payments", "save-card", "9", "--card", "card_ok")
    for shop.at in ("2026-03-30T12:00:00+00:00", APRIL):
        shop("worker", "--once")
    assert shop.subscription(term)["paid_until"] == "2026-05-01T00:00:00+00:00"
    assert shop.balance("9") == "0.00"


def test_a_card_is_saved_only_where_cards_are_offered_and_is_shown_nowhere(shop: Isp) -> None:
    shop("payments", "save-card", "42", "--card", "card_ok")
    said = shop("audit", "--limit", "1000").out + shop("accounts", "show", "42", human=True).out
    assert "card_ok" not in said
    shop("payments", "deactivate", "card")
    refused = shop.refuses("payments", "save-card", "42", "--card", "card_other", exits=1, names="not offered")
    assert refused.row["error"] == "method_not_offered"
    shop("payments", "forget-card", "42")
    assert shop.dump("saved_card")["saved_card"] == []
