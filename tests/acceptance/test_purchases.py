"""What is paid for from outside: by card, by bank transfer, or at the end of the month through a distributor."""

import pytest

from acceptance.kit import APRIL, MARCH_10, Isp
from acceptance.purchase_kit import buys, history, money, opens_till, pays, shown

SOON, NEXT_DAY = "2026-03-01T00:10:00+00:00", "2026-03-02T00:10:00+00:00"
MARCH_9, MARCH_16 = "2026-03-09T00:00:00+00:00", "2026-03-16T00:00:00+00:00"


@pytest.fixture
def shop(isp: Isp) -> Isp:
    """An ISP that sells an add-on at 10.00 a month by card and bank transfer, and an account with no money."""
    opens_till(isp)
    isp.sells("av", "10.00")
    isp.opens("42", "0")
    return isp


@pytest.mark.acceptance("A03")
def test_the_vendor_is_called_only_after_the_card_was_charged(shop: Isp) -> None:
    assert buys(shop)["status"] == "new"
    shop("converge")
    assert (shop.vendor.stations(), shop("subscriptions", "list").rows) == ([], [])
    assert pays(shop, "card_ok") == "active"
    assert history(shop) == ["new", "paying", "paid", "active"]
    shop("converge")
    assert shop.vendor.station("42")["id"]
    assert shop.balance("42") == "0.00"
    assert money(shop) == [("payment", 1000), ("add_on", -1000)]
    assert shown(shop)["subscription"] == shop("subscriptions", "list").row["id"]


@pytest.mark.acceptance("A03")
@pytest.mark.acceptance("X07")
def test_a_declined_card_changes_nothing_and_another_one_may_be_tried(shop: Isp) -> None:
    declined = buys(shop, "--card", "card_declined")
    assert (declined["status"], declined["reason"]) == ("payment_failed", "The card was declined.")
    shop("converge")
    assert (shop.vendor.stations(), money(shop), shop("subscriptions", "list").rows) == ([], [], [])
    assert shop("statements", "list", "--month", "2026-03").rows == []
    assert pays(shop, "card_ok") == "active"
    assert history(shop) == ["new", "paying", "payment_failed", "paying", "paid", "active"]
    refused = shop("purchases", "pay", "1", "--card", "card_ok", exits=1)
    assert refused.row["error"] == "purchase_state"
    assert shop.balance("42") == "0.00", "the second card took it once"


@pytest.mark.acceptance("X07")
def test_what_is_abandoned_expires_and_cannot_be_paid_any_more(shop: Isp) -> None:
    buys(shop)
    buys(shop, "--card", "card_declined")
    shop.at = NEXT_DAY
    assert shop("purchases", "pay", "1", "--card", "card_ok", exits=1).row["error"] == "purchase_expired"
    shop("purchases", "settle")
    assert [shown(shop, each)["status"] for each in (1, 2)] == ["expired", "expired"]
    assert (money(shop), shop("subscriptions", "list").rows) == ([], [])


@pytest.mark.acceptance("A03")
def test_the_same_key_is_one_purchase(shop: Isp) -> None:
    first = buys(shop, "--key", "web-1", "--card", "card_ok")
    assert buys(shop, "--key", "web-1") == first
    assert shop("purchases", "create", "42", "av", "--by", "card", "--key", "web-1", "--quantity", "2", exits=1).row == {
        "error": "key_used",
        "message": "The key web-1 was that of another purchase (1); use a new key.",
    }
    assert len(shop("purchases", "list").rows) == 1


@pytest.mark.acceptance("A03")
def test_a_lost_answer_is_asked_for_and_never_paid_twice(shop: Isp) -> None:
    assert buys(shop, "--card", "card_lost_answer")["status"] == "paying"
    assert shop("purchases", "pay", "1", "--card", "card_ok", exits=1).row["error"] == "purchase_state"
    shop("purchases", "settle")
    assert shown(shop)["status"] == "paying", "somebody may still be asking"
    shop.at = SOON
    shop("worker", "--once")
    assert (shown(shop)["status"], money(shop)) == ("active", [("payment", 1000), ("add_on", -1000)])


@pytest.mark.acceptance("A03")
def test_a_lost_request_is_found_out_and_another_try_is_possible(shop: Isp) -> None:
    assert buys(shop, "--card", "card_lost_request")["status"] == "paying"
    shop.at = SOON
    shop("purchases", "settle")
    assert shown(shop)["status"] == "payment_failed"
    assert pays(shop, "card_ok") == "active"
    assert money(shop) == [("payment", 1000), ("add_on", -1000)]


@pytest.mark.acceptance("A03")
def test_a_gateway_that_is_down_says_so_and_nothing_is_taken(shop: Isp) -> None:
    buys(shop)
    down = shop("purchases", "pay", "1", "--card", "card_unavailable", exits=75)
    assert down.row["error"] == "gateway"
    assert (shown(shop)["status"], money(shop)) == ("new", [])
    assert pays(shop, "card_ok") == "active"


@pytest.mark.acceptance("A03")
def test_a_payer_who_must_confirm_at_his_bank_is_waited_for(shop: Isp) -> None:
    waits = buys(shop, "--card", "card_action")
    assert waits["status"] == "action_required"
    assert waits["link"].startswith("sandbox:")
    shop("purchases", "settle")
    assert shown(shop)["status"] == "action_required"
    shop("payments", "answer", "1", "--approve")
    shop("purchases", "settle")
    assert (shown(shop)["status"], shown(shop)["link"]) == ("active", "")


@pytest.mark.acceptance("A03")
@pytest.mark.parametrize("instead", ["card", "time", "cancel"])
def test_a_confirmation_that_is_not_waited_for_any_more_takes_nothing(shop: Isp, instead: str) -> None:
    buys(shop, "--card", "card_action")
    if instead == "card":
        assert pays(shop, "card_ok") == "active"
    elif instead == "time":
        shop.at = NEXT_DAY
        shop("purchases", "settle")
        assert shown(shop)["status"] == "payment_failed"
        shop("purchases", "settle")
        assert shown(shop)["status"] == "expired"
    else:
        assert shop("purchases", "cancel", "1").row["status"] == "cancelled"
    assert shop("payments", "answer", "1", "--approve").row["changed"] is False
    assert len([each for each in money(shop) if each[0] == "payment"]) == (1 if instead == "card" else 0)


@pytest.mark.acceptance("A03")
def test_what_cannot_be_delivered_any_more_leaves_the_money_on_the_balance(shop: Isp) -> None:
    buys(shop)
    shop("products", "on-sale", "av", "--no")
    assert pays(shop, "card_ok") == "paid"
    assert "not on sale" in shown(shop)["reason"]
    assert (shop.balance("42"), shop("subscriptions", "list").rows) == ("10.00", [])
    shop("products", "on-sale", "av")
    shop("purchases", "settle")
    assert (shown(shop)["status"], shop.balance("42")) == ("active", "0.00")


@pytest.mark.acceptance("A03")
def test_what_was_paid_and_not_delivered_goes_back_to_the_card(shop: Isp) -> None:
    buys(shop)
    shop("products", "on-sale", "av", "--no")
    pays(shop, "card_ok")
    assert shop("purchases", "cancel", "1").row["status"] == "cancelled"
    shop("purchases", "settle")
    assert [(row["amount"], row["status"]) for row in shop("payments", "refunds").rows] == [("10.00", "done")]
    assert shop.balance("42") == "0.00"


@pytest.mark.acceptance("A03")
@pytest.mark.parametrize(
    ("words", "exits", "code"),
    [
        (("42", "av", "--by", "cash"), 2, "unknown_method"),
        (("42", "nothing", "--by", "card"), 2, "unknown_product"),
        (("77", "av", "--by", "card"), 2, "unknown_account"),
        (("42", "av", "--by", "card", "--quantity", "0"), 2, "bad_quantity"),
        (("42", "av", "--by", "card", "--quantity", "1.5"), 2, "bad_quantity"),
        (("42", "av", "--by", "card", "--plan", "one_off", "--term", "7"), 2, "bad_term"),
        (("42", "av", "--by", "distributor"), 1, "not_a_distributor"),
        (("42", "av", "--by", "balance"), 1, "insufficient_funds"),
        (("42", "av", "--by", "card", "--device", "CAM1"), 2, "space_missing"),
    ],
)
def test_what_cannot_be_bought_is_refused_before_it_is_paid(shop: Isp, words: tuple[str, ...], exits: int, code: str) -> None:
    before = shop.dump()
    assert shop("purchases", "create", *words, exits=exits).row["error"] == code
    assert shop.dump() == before


def test_a_purchase_that_does_not_exist_is_not_found(shop: Isp) -> None:
    for words in ("show 7", "pay 7 --card card_ok", "cancel 7", "paid 7 --amount 1 --key a"):
        assert shop("purchases", *words.split(), exits=2).row["error"] == "unknown_purchase"


@pytest.mark.acceptance("X15")
def test_a_bank_transfer_gives_access_when_the_money_is_booked(shop: Isp) -> None:
    pending = buys(shop, by="bank_transfer")
    assert (pending["status"], pending["missing"]) == ("pending", "10.00")
    shop("converge")
    assert shop.vendor.stations() == []
    part = shop("purchases", "paid", "1", "--amount", "4.00", "--key", "bank-1").row
    assert (part["status"], part["missing"], part["credit"]) == ("pending", "6.00", "0.00")
    assert shown(shop)["missing"] == "6.00"
    assert (shop.balance("42"), shop("subscriptions", "list").rows) == ("0.00", [])
    again = shop("purchases", "paid", "1", "--amount", "4.00", "--key", "bank-1").row
    assert again == part, "the same transfer told twice is one"
    rest = shop("purchases", "paid", "1", "--amount", "6.00", "--key", "bank-2").row
    assert (rest["status"], rest["missing"], rest["credit"]) == ("active", "0.00", "0.00")
    shop("converge")
    assert shop.vendor.station("42")["id"]
    assert shop.balance("42") == "0.00"


@pytest.mark.acceptance("X15")
def test_too_much_is_a_credit_on_the_balance(shop: Isp) -> None:
    buys(shop, by="bank_transfer")
    done = shop("purchases", "paid", "1", "--amount", "12.50", "--key", "bank-1").row
    assert (done["status"], done["credit"], shop.balance("42")) == ("active", "2.50", "2.50")
    late = shop("purchases", "paid", "1", "--amount", "10.00", "--key", "bank-2").row
    assert (late["credit"], shop.balance("42")) == ("12.50", "12.50")
    used = shop("purchases", "paid", "1", "--amount", "1.00", "--key", "bank-1", exits=1)
    assert used.row["error"] == "key_used"


@pytest.mark.acceptance("X15")
def test_a_transfer_that_does_not_come_is_reminded_of_and_expires_after_14_days(shop: Isp) -> None:
    buys(shop, by="bank_transfer")
    shop("purchases", "paid", "1", "--amount", "4.00", "--key", "bank-1")
    shop("purchases", "settle")
    assert shown(shop)["reminded_at"] is None
    shop.at = MARCH_9
    shop("worker", "--once")
    shop("worker", "--once")
    assert (shown(shop)["reminded_at"], shown(shop)["status"]) == (MARCH_9, "pending")
    shop.at = MARCH_16
    shop("worker", "--once")
    assert (shown(shop)["status"], shop.balance("42")) == ("expired", "4.00"), "what came is not lost"
    late = shop("purchases", "paid", "1", "--amount", "6.00", "--key", "bank-2").row
    assert (late["status"], late["credit"], shop.balance("42")) == ("expired", "10.00", "10.00")
    assert shop("subscriptions", "list").rows == []


@pytest.mark.acceptance("X15")
@pytest.mark.parametrize("amount", ["0", "-1", "1.005", "1e3", ""])
def test_a_transfer_of_no_money_is_refused(shop: Isp, amount: str) -> None:
    buys(shop, by="bank_transfer")
    before = shop.dump()
    assert shop("purchases", "paid", "1", "--amount", amount, "--key", "bank-1", exits=2).row["error"] == "bad_amount"
    assert shop.dump() == before


@pytest.mark.acceptance("A02")
@pytest.mark.parametrize(
    ("days", "month", "dated"),
    [
        (("2026-06-03", "2026-06-10", "2026-06-28"), "2026-06", "2026-06-30"),
        (("2026-02-03", "2026-02-10", "2026-02-28"), "2026-02", "2026-02-28"),
        (("2028-02-03", "2028-02-10", "2028-02-29"), "2028-02", "2028-02-29"),
    ],
)
def test_a_distributor_activates_at_once_and_pays_at_the_end_of_the_month(
    isp: Isp, days: tuple[str, ...], month: str, dated: str
) -> None:
    isp.at = f"{month}-01T00:00:00+00:00"
    isp.sells("sim", "5.00")
    isp.opens("dealer", "0", unlimited=True)
    for day in days:
        isp.at = f"{day}T12:00:00+00:00"
        done = buys(isp, "--plan", "one_off", by="distributor", account="dealer", product="sim")
        assert done["status"] == "active"
    isp("converge")
    assert len(isp.vendor.stations("dealer")) == 3
    (only,) = isp("statements", "list", "--month", month).rows
    assert (only["account"], only["date"], only["lines"], only["total"]) == ("dealer", dated, 3, "15.00")
    found = isp("statements", "show", "dealer", "--month", month).row
    assert [(line["first"], line["net"]) for line in found["lines"]] == [(day, "5.00") for day in days]


@pytest.mark.acceptance("A35")
@pytest.mark.parametrize(("card", "tries"), [("card_ok", 1), ("card_refund_fails", 2)])
def test_what_is_stopped_goes_back_to_the_same_card(shop: Isp, card: str, tries: int) -> None:
    shop.at = APRIL
    shop.sells("sim", "6.00")
    shop.opens("7", "0")
    bought = buys(shop, "--plan", "one_off", "--card", card, account="7", product="sim")
    shop.at = "2026-04-11T00:00:00+00:00"
    assert shop("subscriptions", "stop", str(bought["subscription"])).row["refunded"] == "4.00"
    shop("purchases", "settle")
    (refund,) = shop("payments", "refunds").rows
    assert (refund["amount"], refund["status"]) == ("4.00", "done" if tries == 1 else "queued")
    assert shop.subscription(bought["subscription"])["status"] == "ended", "the service is stopped, whatever the gateway says"
    assert shop.balance("7") == "0.00"
    shop.at = "2026-04-11T01:00:00+00:00"
    shop("worker", "--once")
    (refund,) = shop("payments", "refunds").rows
    assert (refund["status"], refund["tries"], shop.balance("7")) == ("done", tries, "0.00")
    shop("purchases", "settle")
    assert shop("payments", "refunds").rows == [refund], "once"


@pytest.mark.acceptance("A35")
def test_stopped_on_the_last_day_nothing_goes_back(shop: Isp) -> None:
    shop.at = APRIL
    shop.sells("sim", "6.00")
    shop.opens("7", "0")
    bought = buys(shop, "--plan", "one_off", "--card", "card_ok", account="7", product="sim")
    shop.at = "2026-04-30T12:00:00+00:00"
    assert shop("subscriptions", "stop", str(bought["subscription"])).row["refunded"] == "0.00"
    assert shop("payments", "refunds").rows == []


@pytest.mark.acceptance("A35")
def test_a_refund_that_the_bank_refuses_is_on_the_balance_again(shop: Isp) -> None:
    shop.at = MARCH_10
    bought = buys(shop, "--plan", "one_off", "--card", "card_refund_refused")
    shop("subscriptions", "stop", str(bought["subscription"]))
    assert shop.balance("42") == "0.00"
    shop("purchases", "settle")
    (refund,) = shop("payments", "refunds").rows
    assert (refund["amount"], refund["status"], shop.balance("42")) == ("10.00", "refused", "10.00")


@pytest.mark.acceptance("A03")
def test_a_quote_is_confirmed_or_nothing_is_bought(shop: Isp) -> None:
    shop.opens("rich", "100.00")
    quote = shop("order", "rich", "av", "--dry-run").row["quote"]
    assert buys(shop, "--quote", quote, "--card", "card_ok", account="rich")["amount"] == "10.00"
    stale = shop("purchases", "create", "rich", "av", "--by", "card", "--quantity", "2", "--quote", quote, exits=1)
    assert stale.row["error"] == "stale_quote"
    wrong = shop("purchases", "create", "rich", "av", "--by", "balance", "--quote", "nonsense", exits=2)
    assert wrong.row["error"] == "bad_quote"
    assert buys(shop, "--quote", quote, by="balance", account="rich")["status"] == "active"
    assert shop.balance("rich") == "90.00"
