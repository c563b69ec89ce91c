"""Project keys: paid to the vendor in advance, they pay a managed customer's subscription for their units and their term."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from acceptance.command import Result, run_here
from acceptance.kit import APRIL, MARCH, MARCH_10, Isp

CATALOGUE = """\
catalogue: 1
currency: EUR
products:
  scan:
    name: Scanning
    kind: quantity
    split: [internal, external]
    quantity: {most: 300}
    prices:
      - ranges:
          - {first: 1, last: 50, price: 2.00}
          - {first: 51, last: 250, price: 1.50}
          - {first: 251, last: 300, price: 1.00}
  plain:
    kind: other
    prices: 5.00
"""

KEYS = """\
code,product,quantity,term,purchase_price,expires
KEY-100-FIRST,scan,100,12,1200.00,2026-12-31
KEY-100-SECOND,scan,100,12,1200.00,
KEY-060-THIRD,scan,60,3,150.00,
KEY-010-EARLY,scan,10,1,10.00,2026-03-05
"""

FIRST, SECOND, THIRD, EARLY = "KEY-100-FIRST", "KEY-100-SECOND", "KEY-060-THIRD", "KEY-010-EARLY"
SPLIT = ("--split", "internal=60", "--split", "external=40")
IN_A_YEAR = "2027-03-10T12:00:00+00:00"


@dataclass
class Shop:
    """An ISP that sells scanning, with four keys, and the managed customer 1 with the account 42."""

    isp: Isp

    def redeems(self, key: str, *words: str, customer: int = 1, price: str = "1500.00") -> dict[str, Any]:
        """The customer is sold the key."""
        return self.isp("keys", "redeem", str(customer), key, "--selling-price", price, *words).row

    def refuses(self, *words: str, code: str, exits: int = 1) -> str:
        """A command is refused with *code*, and nothing is changed; returns the sentence."""
        before = self.isp.dump()
        told = self.isp(*words, exits=exits)
        assert told.row["error"] == code, told.out
        assert "Traceback" not in told.err
        assert self.isp.dump() == before
        message: str = told.row["message"]
        return message

    def key(self, number: int) -> dict[str, Any]:
        (found,) = [row for row in self.isp("keys", "list").rows if row["id"] == number]
        return found

    def customer(self, number: int = 1) -> dict[str, Any]:
        (found,) = [row for row in self.isp("customers", "list").rows if row["customer"] == number]
        return found

    def worker(self, at: str) -> None:
        self.isp.at = at
        self.isp("worker", "--once")


def writes(isp: Isp, name: str, text: str) -> Path:
    path = isp.folder / name
    path.write_text(text, encoding="utf-8")
    return path


@pytest.fixture
def shop(isp: Isp) -> Shop:
    isp("catalogue", "import", str(writes(isp, "catalogue.yaml", CATALOGUE)))
    isp("keys", "import", str(writes(isp, "keys.csv", KEYS)))
    isp.opens("42", "1000.00")
    adds_customer(isp, "Bäckerei Süß", "42")
    isp.at = MARCH_10
    return Shop(isp)


def adds_customer(isp: Isp, company: str, account: str, *words: str, mode: str = "managed") -> int:
    contact = ("--contact", "Anna", "--email", f"anna@{account}.example", "--no-invitation")
    made: int = isp("customers", "add", company, *contact, "--mode", mode, "--account", account, *words).row["customer"]
    return made


@pytest.mark.acceptance("G27")
def test_entering_a_key_tells_what_it_is_for_and_changes_nothing(shop: Shop) -> None:
    before = shop.isp.dump()
    told = shop.isp("keys", "redeem", "1", f" {FIRST} ", "--dry-run").row
    assert (told["quantity"], told["term"], told["purchase_price"], told["currency"]) == (100, 12, "1200.00", "EUR")
    assert (told["selling_price"], told["subscription"], told["until"]) == (None, None, IN_A_YEAR)
    assert FIRST not in str(told)
    shown = shop.isp("keys", "show", FIRST).row
    assert (shown["quantity"], shown["term"], shown["purchase_price"], shown["state"]) == (100, 12, "1200.00", "unused")
    assert "100 × scan for 12 months, purchase price 1200.00 EUR" in shop.isp("keys", "show", FIRST, human=True).out
    assert shop.isp.dump() == before


@pytest.mark.acceptance("G27")
@pytest.mark.parametrize(
    ("key", "code", "exits"),
    [
        ("KEY-000-NEVER", "unknown_project_key", 2),
        (FIRST.lower(), "unknown_project_key", 2),
        (EARLY, "project_key_expired", 1),
        ("", "project_key_missing", 2),
        ("   ", "project_key_missing", 2),
        (SECOND, "project_key_used", 1),
    ],
)
def test_each_way_in_which_a_key_is_no_good_has_its_own_code(shop: Shop, key: str, code: str, exits: int) -> None:
    shop.redeems(SECOND, *SPLIT)
    message = shop.refuses("keys", "redeem", "1", key, "--selling-price", "1.00", *SPLIT, code=code, exits=exits)
    shop.refuses("keys", "redeem", "1", key, "--dry-run", code=code, exits=exits)
    assert not key.strip() or key not in message


@pytest.mark.acceptance("G27")
def test_a_customer_who_serves_himself_has_no_use_for_a_key(shop: Shop) -> None:
    shop.isp.opens("43", "10.00")
    other = adds_customer(shop.isp, "Metzgerei", "43", mode="self_service")
    shop.refuses("keys", "redeem", str(other), FIRST, "--selling-price", "1.00", *SPLIT, code="not_managed")
    shop.refuses("keys", "redeem", "99", FIRST, "--selling-price", "1.00", *SPLIT, code="unknown_customer", exits=2)
    assert shop.key(1)["state"] == "unused"


@pytest.mark.acceptance("G28")
@pytest.mark.parametrize(
    ("price", "code"),
    [("-1.00", "bad_amount"), ("much", "bad_amount"), ("", "bad_amount"), ("1.005", "bad_amount"), ("1e3", "bad_amount")],
)
def test_a_selling_price_that_cannot_be_is_refused(shop: Shop, price: str, code: str) -> None:
    shop.refuses("keys", "redeem", "1", FIRST, f"--selling-price={price}", *SPLIT, code=code, exits=2)


@pytest.mark.acceptance("G28")
def test_a_selling_price_is_needed_and_kept_with_the_key(shop: Shop) -> None:
    shop.refuses("keys", "redeem", "1", FIRST, *SPLIT, code="selling_price_missing", exits=2)
    done = shop.redeems(FIRST, *SPLIT)
    assert (done["selling_price"], done["margin"], done["warnings"]) == ("1500.00", "300.00", [])
    found = shop.key(1)
    assert (found["selling_price"], found["purchase_price"], found["margin"]) == ("1500.00", "1200.00", "300.00")


@pytest.mark.acceptance("G28")
@pytest.mark.parametrize(("price", "loss"), [("1199.99", "0.01"), ("0.00", "1200.00")])
def test_a_price_below_the_purchase_price_is_allowed_with_a_warning(shop: Shop, price: str, loss: str) -> None:
    told = shop.isp("keys", "redeem", "1", FIRST, "--selling-price", price, *SPLIT)
    assert told.row["warnings"] == [f"The selling price is {loss} EUR below the purchase price."]
    assert f"warning: The selling price is {loss} EUR" in told.err
    assert shop.key(1)["selling_price"] == price


@pytest.mark.acceptance("G29")
@pytest.mark.parametrize(
    "parts", [("internal=60", "external=41"), ("internal=101",), (), ("internal=60", "other=40"), ("internal=-1",)]
)
def test_a_distribution_that_is_not_the_number_of_the_key_is_refused(shop: Shop, parts: tuple[str, ...]) -> None:
    words = [word for part in parts for word in ("--split", part)]
    shop.refuses("keys", "redeem", "1", FIRST, "--selling-price", "1500.00", *words, code="bad_split", exits=2)
    assert shop.key(1)["state"] == "unused"


@pytest.mark.acceptance("G29")
@pytest.mark.parametrize(
    ("parts", "internal"), [(("internal=60", "external=40"), 60), (("internal=0",), 0), (("external=0",), 100)]
)
def test_the_units_of_a_key_are_distributed(shop: Shop, parts: tuple[str, ...], internal: int) -> None:
    words = [word for part in parts for word in ("--split", part)]
    done = shop.redeems(FIRST, *words)
    assert done["split"] == {"internal": internal, "external": 100 - internal}
    assert shop.customer()["parts"] == {"internal": internal, "external": 100 - internal}


@pytest.mark.acceptance("G30")
def test_more_units_count_now_if_that_is_wished_and_the_key_pays_from_now(shop: Shop) -> None:
    subscription = has_forty(shop)
    done = shop.redeems(FIRST, *SPLIT, "--now")
    assert (done["effect"], done["before"], done["quantity"], done["subscription"]) == ("now", 40, 100, subscription)
    assert (done["starts_at"], done["until"]) == (MARCH_10, IN_A_YEAR)
    found = shop.isp.subscription(subscription)
    assert (found["quantity"], found["paid_until"]) == (100, IN_A_YEAR)
    assert shop.isp.balance("42") == "920.00", "the forty were paid for March, the key's units cost the balance nothing"


@pytest.mark.acceptance("G30")
def test_more_units_count_when_what_is_paid_is_over_and_so_does_the_key(shop: Shop) -> None:
    subscription = has_forty(shop)
    done = shop.redeems(FIRST, *SPLIT)
    assert (done["effect"], done["starts_at"], done["until"]) == ("pending", APRIL, "2027-04-01T00:00:00+00:00")
    found = shop.isp.subscription(subscription)
    assert (found["quantity"], found["pending_quantity"], found["pending_from"]) == (40, 100, APRIL)
    shop.worker(APRIL)
    assert shop.isp.subscription(subscription)["quantity"] == 100
    assert shop.customer()["parts"] == {"external": 40, "internal": 60}
    assert shop.isp.balance("42") == "920.00", "nothing was charged for April"


@pytest.mark.acceptance("G30")
def test_fewer_units_count_at_the_end_of_the_month_and_never_at_once(shop: Shop) -> None:
    subscription = has_forty(shop, units=80)
    words = ("--selling-price", "200.00", "--split", "internal=60")
    shop.refuses("keys", "redeem", "1", THIRD, *words, "--now", code="downgrade_at_month_end")
    assert shop.key(3)["state"] == "unused"
    assert shop.redeems(THIRD, "--split", "internal=60", price="200.00")["effect"] == "pending"
    assert shop.isp.subscription(subscription)["quantity"] == 80
    shop.worker(APRIL)
    assert shop.isp.subscription(subscription)["quantity"] == 60
    shop.worker("2026-06-30T23:59:59+00:00")
    assert shop.isp.balance("42") == before_key(80), "three months are paid by the key"


@pytest.mark.acceptance("G31")
def test_a_customer_with_a_key_pays_by_key_and_not_from_his_balance(shop: Shop) -> None:
    assert shop.customer()["payment_method"] == "balance"
    done = shop.redeems(FIRST, *SPLIT)
    found = shop.customer()
    assert (found["payment_method"], found["state"], found["total"]) == ("project_key", "active", 100)
    assert shop.key(1)["state"] == "used"
    assert (shop.key(1)["customer"], shop.key(1)["company"]) == (1, "Bäckerei Süß")
    for month in ("2026-04-01", "2026-05-01", "2026-12-01"):
        shop.worker(f"{month}T00:00:00+00:00")
    assert shop.isp.balance("42") == "1000.00"
    assert shop.isp.held_by(done["subscription"]) == ""
    told = {(row["subject"], row["field"]): row["after"] for row in shop.isp("audit", "--limit", "1000").rows}
    assert told["project_key 1", "used"] == f"customer 1, subscription {done['subscription']}"
    assert told["customer 1", "payment_method"] == "project_key"


@pytest.mark.acceptance("G31")
def test_whoever_stops_before_the_end_leaves_the_key_unused(shop: Shop) -> None:
    before = shop.isp.dump()
    told = shop.isp("keys", "redeem", "1", FIRST, "--selling-price", "1500.00", *SPLIT, "--dry-run").row
    assert shop.isp.dump() == before
    assert shop.key(1)["state"] == "unused"
    done = shop.redeems(FIRST, *SPLIT)
    assert {**told, "dry_run": False, "subscription": done["subscription"]} == done


@pytest.mark.acceptance("G03")
@pytest.mark.parametrize(("price", "average"), [("1500.00", "1.25"), ("0.00", "0.00"), ("1800.06", "1.50")])
def test_the_average_price_of_a_unit_comes_from_the_selling_price_of_the_key(shop: Shop, price: str, average: str) -> None:
    shop.redeems(FIRST, *SPLIT, price=price)
    assert shop.customer()["average"] == average, "of a month, as in every other line"


@pytest.mark.acceptance("G32")
def test_the_end_of_a_key_is_announced_three_times_and_then_the_customer_is_inactive(shop: Shop) -> None:
    mail_works(shop.isp)
    subscription = shop.redeems(THIRD, "--split", "internal=60", price="200.00")["subscription"]
    told = []
    for at in (
        "2026-05-11T11:59:59",
        "2026-05-11T12:00:00",
        "2026-05-20T00:00:00",
        "2026-06-04T00:00:00",
        "2026-06-09T13:00:00",
    ):
        shop.isp.at = f"{at}+00:00"
        told.append([row["days"] for row in shop.isp("keys", "notices").rows])
        assert shop.isp("keys", "notices").rows == []
    assert told == [[], [30], [], [7], [1]]
    written = [row["subject"] for row in shop.isp("mail", "list").rows if row["kind"] == "key_ends"]
    assert written == ["Scanning for Bäckerei Süß ends on 2026-06-10 12:00 UTC"] * 3
    shop.worker("2026-06-10T12:00:00+00:00")
    found = shop.customer()
    assert (found["state"], found["payment_method"]) == ("inactive", "balance")
    assert shop.isp.held_by(subscription) == "forecast"
    assert shop.isp.balance("42") == "1000.00"
    assert shop.key(3)["state"] == "over"
    before = shop.isp.dump("project_key", "subscription", "ledger_entry", "hold")
    shop.worker("2026-06-10T13:00:00+00:00")
    assert shop.isp.dump("project_key", "subscription", "ledger_entry", "hold") == before


@pytest.mark.acceptance("G32")
def test_a_worker_that_stood_still_gives_the_last_notice_only(shop: Shop) -> None:
    shop.redeems(THIRD, "--split", "internal=60", price="200.00")
    shop.isp.at = "2026-06-10T11:00:00+00:00"
    assert [row["days"] for row in shop.isp("keys", "notices").rows] == [1]
    assert shop.isp("keys", "notices").rows == []


@pytest.mark.acceptance("G32")
def test_who_paid_by_month_before_the_key_pays_by_month_after_it(shop: Shop) -> None:
    subscription = has_forty(shop)
    done = shop.redeems(THIRD, "--split", "internal=60", price="200.00")
    assert (done["then"], done["until"]) == ("recurring", "2026-07-01T00:00:00+00:00")
    shop.worker(APRIL)
    shop.worker("2026-06-30T12:00:00+00:00")
    assert shop.isp.balance("42") == "920.00"
    shop.worker("2026-07-01T00:00:00+00:00")
    found = shop.isp.subscription(subscription)
    assert (found["plan"], found["quantity"], found["price"], found["paid_until"]) == (
        "recurring",
        60,
        "115.00",
        "2026-08-01T00:00:00+00:00",
    )
    assert shop.isp.balance("42") == "805.00", "sixty cost 50 × 2.00 + 10 × 1.50"
    assert shop.isp.held_by(subscription) == ""
    assert (shop.customer()["payment_method"], shop.customer()["state"]) == ("balance", "active")


@pytest.mark.acceptance("G32")
def test_after_a_key_that_ends_within_a_month_the_rest_of_it_is_charged_or_held(shop: Shop) -> None:
    subscription = has_forty(shop)
    shop.redeems(THIRD, "--split", "internal=60", "--now", price="200.00")
    shop.worker("2026-06-10T12:00:00+00:00")
    assert shop.isp.balance("42") == "841.42", "115.00 for 20.5 of the 30 days of June"
    assert shop.isp.subscription(subscription)["paid_until"] == "2026-07-01T00:00:00+00:00"

    shop.isp.opens("44", "0.00")
    poor = adds_customer(shop.isp, "Poor", "44")
    shop.isp.at = "2026-06-11T00:00:00+00:00"
    pays_later = shop.redeems(SECOND, *SPLIT, customer=poor, price="1.00")["subscription"]
    shop.worker("2027-06-11T00:00:00+00:00")
    assert shop.isp.held_by(pays_later) == "forecast"
    assert shop.isp.balance("44") == "0.00"


@pytest.mark.acceptance("G32")
def test_another_key_goes_on_where_the_first_ends_and_nobody_is_warned(shop: Shop) -> None:
    first = shop.redeems(THIRD, "--split", "internal=60", price="200.00")
    shop.isp.at = "2026-05-01T00:00:00+00:00"
    second = shop.redeems(SECOND, *SPLIT)
    assert second["starts_at"] == first["until"] == "2026-06-10T12:00:00+00:00"
    assert second["subscription"] == first["subscription"]
    shop.isp.at = "2026-06-10T11:00:00+00:00"
    assert shop.isp("keys", "notices").rows == []
    shop.worker(first["until"])
    found = shop.isp.subscription(first["subscription"])
    assert (found["quantity"], found["paid_until"]) == (100, "2027-06-10T12:00:00+00:00")
    assert (shop.key(3)["state"], shop.key(2)["state"]) == ("over", "used")
    assert shop.customer()["payment_method"] == "project_key"
    shop.worker("2027-06-10T12:00:00+00:00")
    assert shop.customer()["payment_method"] == "balance"


def test_a_key_for_an_account_with_a_vendor_is_told_to_the_vendor_with_its_end(shop: Shop) -> None:
    isp = shop.isp
    isp.sells("av", "10.00")
    isp("keys", "import", str(writes(isp, "av.csv", "code,product,quantity,term,purchase_price\nAV-KEY-0001,av,2,3,30.00\n")))
    isp.orders("42", "av")
    isp("converge")
    done = shop.redeems("AV-KEY-0001", "--now", price="40.00")
    isp("converge")
    assert [each["deleted"] for each in isp.vendor.stations("42")] == [False, False]
    assert isp.at_vendor(done["subscription"]) == "active"
    isp.at = APRIL
    isp.begins_periods()
    isp.looks_ahead()
    assert isp.at_vendor(done["subscription"]) == "active"


def test_a_blocked_account_pays_nothing_but_uses_nothing_either(shop: Shop) -> None:
    done = shop.redeems(FIRST, *SPLIT)
    shop.isp.hears("on_block", "42")
    assert shop.isp.held_by(done["subscription"]) == "billing"
    shop.isp.hears("on_unblock", "42")
    assert shop.isp.held_by(done["subscription"]) == ""


@pytest.mark.parametrize(
    ("line", "said"),
    [
        ("KEY-NEW-00001,scan,0,12,1.00,", "The quantity is not a whole number"),
        ("KEY-NEW-00001,scan,ten,12,1.00,", "The quantity is not a whole number"),
        ("KEY-NEW-00001,scan,10,121,1.00,", "The term is not a whole number"),
        ("KEY-NEW-00001,scan,10,12,-1.00,", "The purchase price is not an amount"),
        ("KEY-NEW-00001,scan,10,12,free,", "The purchase price is not an amount"),
        ("KEY-NEW-00001,other,10,12,1.00,", "The product is none that is sold"),
        ("KEY-NEW-00001,scan,10,12,1.00,2026-02-30", "not a date"),
        ("KEY-NEW-00001,scan,10,12,1.00,2026-03-09", "expired on 2026-03-09"),
        ("KEY,scan,10,12,1.00,", "The code is not"),
        (f"{FIRST},scan,10,12,1.00,", "this key was imported already"),
        ("KEY-GOOD-0001,scan,10,12,1.00,", "the same code stands in line 2 already"),
    ],
)
def test_a_file_with_a_wrong_line_is_refused_whole_and_the_line_is_named(shop: Shop, line: str, said: str) -> None:
    head = "code,product,quantity,term,purchase_price,expires\nKEY-GOOD-0001,scan,10,12,1.00,\n"
    path = writes(shop.isp, "more.csv", f"{head}{line}\n")
    message = shop.refuses("keys", "import", str(path), code="bad_file", exits=2)
    assert "more.csv:3: " in message
    assert said in message
    assert line.split(",")[0] not in message.replace("The code", "")


def test_a_file_without_a_needed_column_is_refused(shop: Shop) -> None:
    path = writes(shop.isp, "more.csv", "code,product,quantity\nKEY-NEW-00001,scan,10\n")
    assert "columns term, purchase_price are missing" in shop.refuses("keys", "import", str(path), code="bad_file", exits=2)


def test_keys_are_starred_in_lists_and_shown_in_full_to_staff_who_ask(shop: Shop) -> None:
    assert [row["key"] for row in shop.isp("keys", "list").rows] == ["*ARLY", "*HIRD", "*COND", "*IRST"]
    assert [row["key"] for row in shop.isp("keys", "list", "--reveal", "--state", "unused").rows] == [THIRD, SECOND, FIRST]
    assert [row["id"] for row in shop.isp("keys", "list", "--state", "expired").rows] == [4]
    assert [row["field"] for row in shop.isp("audit", "--limit", "3").rows] == ["revealed"] * 3
    assert FIRST not in shop.isp("audit", "--limit", "1000", human=True).out


def test_a_reseller_redeems_for_his_own_customers_and_sees_their_keys_alone(shop: Shop) -> None:
    isp = shop.isp
    isp.opens("50", "10.00")
    isp.opens("51", "10.00")
    partner = adds_customer(isp, "Partner", "50", "--role", "reseller")
    makes_reseller(isp, partner)
    his = adds_customer(isp, "His", "51", "--reseller", str(partner))
    rita = ("--as", "anna@50.example")
    shop.redeems(SECOND, *SPLIT)
    words = ("--selling-price", "1500.00", *SPLIT)
    shop.refuses(*rita, "keys", "redeem", "1", FIRST, *words, code="not_yours", exits=2)
    shop.refuses(*rita, "keys", "list", "--reveal", code="not_permitted")
    shop.refuses(*rita, "keys", "import", str(isp.folder / "keys.csv"), code="not_permitted", exits=1)
    shop.refuses("--as", "anna@51.example", "keys", "redeem", str(his), FIRST, *words, code="not_permitted")
    shop.refuses("--as", "anna@51.example", "keys", "list", code="not_permitted")
    assert isp(*rita, "keys", "list").rows == []
    assert isp(*rita, "keys", "redeem", str(his), FIRST, *words).row["customer"] == his
    assert [row["customer"] for row in isp(*rita, "keys", "list").rows] == [his]
    shop.refuses(*rita, "keys", "show", SECOND, code="unknown_project_key", exits=2)


def test_an_account_must_be_named_where_there_are_several(shop: Shop) -> None:
    shop.isp.opens("43", "0.00")
    shop.isp("customers", "attach", "1", "43")
    words = ("keys", "redeem", "1", FIRST, "--selling-price", "1500.00", *SPLIT)
    assert "42, 43" in shop.refuses(*words, code="which_account")
    shop.refuses(*words, "--account", "44", code="which_account")
    assert shop.isp(*words, "--account", "43").row["account"] == "43"


def test_a_key_waits_until_a_cancellation_is_taken_back(shop: Shop) -> None:
    subscription = has_forty(shop)
    shop.isp("cancel", str(subscription))
    words = ("keys", "redeem", "1", FIRST, "--selling-price", "1500.00", *SPLIT)
    assert f"cancel {subscription} --undo" in shop.refuses(*words, code="not_running")


def has_forty(shop: Shop, units: int = 40) -> int:
    """The customer has subscribed before, and paid all of March."""
    shop.isp.at = MARCH
    made: int = shop.isp("order", "42", "scan", "--quantity", str(units), "--split", f"internal={units}").row["subscription"]
    shop.isp.at = MARCH_10
    return made


def before_key(units: int) -> str:
    """What is left of 1000.00 when March was paid for so many."""
    return f"{1000 - 2 * min(units, 50) - 1.5 * max(units - 50, 0):.2f}"


def mail_works(isp: Isp) -> None:
    isp.configure("mail", host="127.0.0.1", port="9", sender="isp@isp.example")


def makes_reseller(isp: Isp, customer: int) -> None:
    isp("resellers", "add", str(customer), "--discount", "0")


def in_csv(isp: Isp, *words: str) -> Result:
    return run_here("--config", str(isp.file), "--at", isp.at, *words, "--csv")
