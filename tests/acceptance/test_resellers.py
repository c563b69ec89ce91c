"""Resellers: what they sell, whom they see, for whom they act, and what becomes of their discount."""

from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pytest

from acceptance.command import Result
from acceptance.kit import Isp

RITA, ADMIN = "rita@partner.example", "ada@partner.example"
CONTACT = "resellers@isp.example, +46 8 123 456"

CATALOGUE = """\
catalogue: 1
currency: EUR
products:
  business:
    name: AxCrypt Business
    kind: seat
    vendor: axcrypt
    terms: [1, 12]
    proration: whole_months
    quantity: { most: 50 }
    resale: yes
    prices:
      - per: year
        ranges:
          - { first: 1, price: 120.00 }
  premium:
    name: AxCrypt Premium
    kind: seat
    vendor: axcrypt
    terms: [1, 12]
    prices: 5.00
"""


@dataclass
class Trade:
    """An ISP that sells AxCrypt through the reseller Partner Ltd, for whom Rita (reseller) and Ada (admin) work."""

    isp: Isp
    partner: int

    def rita(self, *words: str, exits: int = 0) -> Result:
        """Rita runs a command."""
        return self.isp("--as", RITA, *words, exits=exits)

    def refuses(self, person: str, *words: str, code: str, exits: int = 1) -> str:
        """A command of *person* is refused with *code*, and nothing is changed; returns the sentence."""
        before = self.isp.dump()
        told = self.isp("--as", person, *words, exits=exits)
        assert told.row["error"] == code, told.out
        assert "Traceback" not in told.err
        assert self.isp.dump() == before
        message: str = told.row["message"]
        return message

    def sells(self, company: str = "Bakery", *, quantity: str = "5", term: str = "12", **options: str) -> dict[str, Any]:
        """Rita orders for a new customer."""
        return self.rita(*self.order(company, quantity=quantity, term=term, **options)).row

    def order(self, company: str = "Bakery", *, quantity: str = "5", term: str = "12", **options: str) -> list[str]:
        """The words of Rita's order for a new customer."""
        name = company.lower()
        given = {"contact": "Bo Baker", "email": f"bo@{name}.example", "product": "business", **options}
        more = [word for option, value in given.items() for word in (f"--{option}", value)]
        return ["resellers", "order", company, "--quantity", quantity, "--term", term, *more]

    def takes_in(self, company: str, *, as_whom: str | None = RITA, balance: str = "1000.00") -> int:
        """A customer without an order, whose account is attached by staff; returns his number."""
        name = company.lower()
        who = ["--as", as_whom] if as_whom else []
        words = ["customers", "add", company, "--contact", "Bo Baker", "--email", f"bo@{name}.example"]
        made: int = self.isp(*who, *words, "--role", "agent", "--no-invitation").row["customer"]
        self.isp.opens(name, balance, period_end="2026-04-01T00:00:00+00:00")
        self.isp("customers", "attach", str(made), name)
        return made

    def acting_on(self) -> list[str]:
        """The companies in Rita's care."""
        return [row["company"] for row in self.rita("resellers", "acting-on").rows]

    def confirms(self) -> int:
        """Staff does everything that is to be done at the vendor; returns how many steps that were."""
        self.isp("converge")
        waiting = self.isp("tasks", "list").rows
        for task in waiting:
            self.isp("tasks", "confirm", task["licence"])
        return len(waiting)


@pytest.fixture
def trade(isp: Isp) -> Trade:
    isp.configure("vendor:axcrypt", plugin="axcrypt", reseller="r@isp.example")
    isp.configure("resellers", contact=CONTACT)
    path = isp.folder / "catalogue.yaml"
    path.write_text(CATALOGUE, encoding="utf-8")
    isp("catalogue", "import", str(path))
    isp.opens("partner", "1000.00")
    isp.opens("partner-cards", "0")
    words = ["--contact", "Rita Resell", "--email", RITA, "--role", "reseller", "--no-invitation", "--account", "partner"]
    partner = isp("customers", "add", "Partner Ltd", *words).row["customer"]
    isp("people", "add", ADMIN, "--name", "Ada Admin", "--role", "admin", "--customer", str(partner), "--no-invitation")
    isp("resellers", "add", str(partner), "--discount", "20")
    return Trade(isp, partner)


@pytest.mark.acceptance("X01")
def test_a_reseller_orders_only_what_is_for_resale(trade: Trade) -> None:
    trade.takes_in("Bakery")

    told = trade.refuses(RITA, "order", "bakery", "premium", "--plan", "one_off", "--term", "12", code="not_resellable")
    trade.refuses(RITA, *trade.order("Florist", product="premium"), code="not_resellable")
    bought = trade.rita("order", "bakery", "business", "--plan", "one_off", "--term", "12", "--quantity", "2").row

    assert "premium is not for resale" in told
    assert trade.isp.subscription(bought["subscription"])["product"] == "business"
    assert trade.isp.orders("bakery", "premium", plan="one_off"), "the ISP's staff may"
    assert trade.rita("order", "partner", "premium", "--plan", "one_off").row["subscription"], "and the reseller for himself"


@pytest.mark.acceptance("X02")
def test_a_reseller_sees_create_manage_purchase_information_and_acting_on(trade: Trade) -> None:
    assert trade.rita("resellers", "areas").row["areas"] == ["create", "manage", "purchase", "information", "acting_on"]
    made = trade.takes_in("Bakery")

    (row,) = trade.rita("resellers", "acting-on").rows

    assert (row["customer"], row["company"], row["account"], row["email"]) == (made, "Bakery", "bakery", "bo@bakery.example")
    assert trade.rita("customers", "show", str(made)).row["company"] == "Bakery"


@pytest.mark.acceptance("X02")
def test_an_admin_who_is_no_reseller_cannot_create_customers_or_act_for_others(trade: Trade) -> None:
    made = trade.takes_in("Bakery")

    assert trade.isp("--as", ADMIN, "resellers", "areas").row["areas"] == ["manage", "purchase", "information"]
    add = ["customers", "add", "Florist", "--contact", "Flo", "--email", "flo@florist.example", "--no-invitation"]
    trade.refuses(ADMIN, *add, code="not_permitted")
    trade.refuses(ADMIN, "resellers", "acting-on", code="not_permitted")
    trade.refuses(ADMIN, *trade.order("Florist"), code="not_permitted")
    trade.refuses(ADMIN, "resellers", "fund", str(made), "5.00", code="not_permitted")
    trade.refuses(ADMIN, "order", "bakery", "business", "--plan", "one_off", code="not_yours", exits=2)


@pytest.mark.acceptance("X27")
def test_a_reseller_sees_only_his_own_customers(trade: Trade) -> None:
    trade.takes_in("Bakery")
    other = trade.takes_in("Florist", as_whom=None)
    theirs = trade.isp.orders("florist", "business", plan="one_off")

    assert trade.acting_on() == ["Bakery"]
    assert len(trade.rita("resellers", "acting-on", "--limit", "1").rows) == 1
    trade.refuses(RITA, "customers", "show", str(other), code="not_yours", exits=2)
    trade.refuses(RITA, "customers", "show", "4711", code="not_yours", exits=2)
    trade.refuses(RITA, "order", "florist", "business", "--plan", "one_off", code="not_yours", exits=2)
    trade.refuses(RITA, "subscriptions", "change", str(theirs), "--quantity", "2", "--when", "now", code="not_yours", exits=2)
    trade.refuses(RITA, "cancel", str(theirs), code="not_yours", exits=2)
    trade.refuses(RITA, "renew", str(theirs), code="not_yours", exits=2)
    trade.refuses(RITA, "seats", "assign", str(theirs), "a@florist.example", code="not_yours", exits=2)
    trade.refuses(RITA, "resellers", "fund", str(other), "5.00", code="not_yours", exits=2)


@pytest.mark.acceptance("X27")
def test_what_is_the_business_of_the_isp_alone_is_refused_to_everybody_else(trade: Trade) -> None:
    trade.takes_in("Bakery")
    other = trade.takes_in("Florist", as_whom=None)
    theirs = str(trade.isp.orders("florist", "business", plan="one_off"))
    mine = trade.isp.orders("bakery", "business", plan="one_off")

    for words in (
        ["accounts", "pay", "partner", "500.00"],
        ["accounts", "list"],
        ["hold", str(mine), "--note", "mine"],
        ["products", "add", "gift", "--price", "0"],
        ["audit"],
        ["tasks", "list"],
        ["event", "paid", "--account", "partner"],
    ):
        trade.refuses(RITA, *words, code="not_permitted")
    assert [row["id"] for row in trade.rita("subscriptions", "list").rows] == [mine]
    trade.refuses(RITA, "subscriptions", "show", theirs, code="unknown_subscription", exits=2)
    trade.refuses(RITA, "customers", "lock", str(other), code="not_yours", exits=2)


@pytest.mark.acceptance("X02")
def test_whatever_a_reseller_does_for_a_customer_is_written_down_as_his_and_for_whom(trade: Trade) -> None:
    trade.takes_in("Bakery")
    bought = trade.rita("order", "bakery", "business", "--plan", "one_off", "--term", "12", "--quantity", "2").row
    number = str(bought["subscription"])
    trade.rita("subscriptions", "change", number, "--quantity", "3", "--when", "now")
    trade.rita("seats", "assign", number, "mia@bakery.example")
    trade.rita("cancel", number)

    told = trade.isp("subscriptions", "show", number).row["history"]

    theirs = [row for row in told if row["actor"].startswith(RITA)]
    assert {row["field"] for row in theirs} >= {"status", "quantity", "seat"}
    assert all(row["actor"].endswith(" for Bakery") for row in theirs), told


@pytest.mark.acceptance("X03")
def test_a_new_customer_and_his_licences_are_one_order_and_the_count_can_be_changed(trade: Trade) -> None:
    sold = trade.sells(quantity="5", term="12")

    assert sold["paid"] == "480.00", "5 × 120.00, and 20 % off"
    assert trade.isp.balance("partner") == "520.00"
    assert trade.isp.balance(sold["account"]) == "0.00"
    row = trade.isp.subscription(sold["subscription"])
    assert (row["quantity"], row["plan"], row["paid_until"][:10]) == (5, "one_off", "2027-03-01")
    trade.rita("resellers", "fund", str(sold["customer"]), "96.00")
    trade.rita("subscriptions", "change", str(sold["subscription"]), "--quantity", "6", "--when", "now")
    assert trade.isp.subscription(sold["subscription"])["quantity"] == 6
    assert (trade.isp.balance("partner"), trade.isp.balance(sold["account"])) == ("424.00", "0.00")


@pytest.mark.acceptance("X03")
@pytest.mark.parametrize("quantity", ["0", "-1", "2.5", "", " 5", "5e0", "５", "99999999999"])
def test_a_count_that_cannot_be_meant_creates_nobody(trade: Trade, quantity: str) -> None:
    trade.refuses(RITA, *trade.order(quantity=quantity), code="bad_quantity", exits=2)

    assert trade.acting_on() == []


@pytest.mark.acceptance("X03")
@pytest.mark.acceptance("X31")
def test_above_the_capacity_a_reseller_is_told_whom_to_contact(trade: Trade) -> None:
    assert trade.refuses(RITA, *trade.order(quantity="51"), code="bad_quantity", exits=2).endswith(f"contact us: {CONTACT}.")
    trade.takes_in("Florist", balance="10000.00")
    many = ["order", "florist", "business", "--plan", "one_off", "--term", "1", "--quantity"]
    assert CONTACT in trade.refuses(RITA, *many, "51", code="bad_quantity", exits=2)
    bought = str(trade.rita(*many, "49").row["subscription"])
    more = ["subscriptions", "change", bought, "--when", "now", "--quantity"]
    assert CONTACT in trade.refuses(RITA, *more, "51", code="bad_quantity", exits=2)
    trade.rita(*more, "50")


@pytest.mark.acceptance("X31")
def test_the_help_of_resellers_is_text_of_the_configuration_or_of_the_one_reseller(trade: Trade) -> None:
    assert trade.rita("resellers", "contact").row["contact"] == CONTACT
    trade.isp("resellers", "add", str(trade.partner), "--discount", "20", "--help-text", "Call Kim: 0800 1")
    assert trade.rita("resellers", "contact").row["contact"] == "Call Kim: 0800 1"
    assert trade.refuses(RITA, *trade.order(quantity="51"), code="bad_quantity", exits=2).endswith("Call Kim: 0800 1.")
    assert trade.isp("resellers", "contact").row["contact"] == CONTACT
    trade.isp("resellers", "add", str(trade.partner), "--discount", "20", "--help-text", "")
    assert trade.rita("resellers", "contact").row["contact"] == CONTACT
    trade.isp.configure("resellers", contact="help@isp.example")
    assert trade.rita("resellers", "contact").row["contact"] == "help@isp.example"


@pytest.mark.parametrize("discount", ["-1", "100.01", "101", "20%", "", "1e1"])
def test_a_discount_outside_0_to_100_is_refused(trade: Trade, discount: str) -> None:
    before = trade.isp.dump()
    words = ["resellers", "add", str(trade.partner), f"--discount={discount}"]
    assert trade.isp(*words, exits=2).row["error"] == "bad_discount"
    assert trade.isp.dump() == before


def test_a_discount_of_nothing_is_the_list_price(trade: Trade) -> None:
    trade.isp("resellers", "add", str(trade.partner), "--discount", "0")

    assert trade.isp("resellers", "list").row["discount"] == "0"
    assert trade.sells(quantity="5")["paid"] == "600.00"


def test_only_staff_names_resellers_and_one_in_care_cannot_be_one(trade: Trade) -> None:
    made = trade.takes_in("Bakery")

    trade.refuses(RITA, "resellers", "add", str(made), "--discount", "99", code="not_permitted")
    trade.refuses(RITA, "resellers", "list", code="not_permitted")
    assert trade.isp("resellers", "add", str(made), "--discount", "5", exits=1).row["error"] == "in_care"
    assert trade.isp("resellers", "add", "4711", "--discount", "5", exits=2).row["error"] == "unknown_customer"
    assert trade.isp("resellers", "add", str(trade.partner), "--discount", "20").row["changed"] is False
    assert [row["customers"] for row in trade.isp("resellers", "list").rows] == [1]


def test_the_same_order_twice_is_one_and_too_little_money_creates_nobody(trade: Trade) -> None:
    first = trade.sells(key="web-7")
    assert trade.sells(key="web-7") == first
    assert trade.acting_on() == ["Bakery"]
    trade.refuses(RITA, *trade.order("Florist", key="web-7"), code="key_used")
    trade.refuses(RITA, *trade.order("Florist", quantity="6"), code="insufficient_funds")
    trade.refuses(RITA, *trade.order("Florist", email="bo@bakery.example", quantity="1"), code="email_taken")
    trade.refuses(RITA, *trade.order("Florist", term="2"), code="bad_term", exits=2)

    told = trade.rita(*trade.order("Florist", quantity="6"), "--method", "card", "--dry-run").row
    assert (told["net"], told["currency"], told["dry_run"]) == ("576.00", "EUR", True)
    assert trade.acting_on() == ["Bakery"]
    assert trade.isp.balance("partner") == "520.00"


@pytest.mark.acceptance("C17")
@pytest.mark.acceptance("X03")
def test_a_dry_run_is_a_quote_and_only_that_quote_is_confirmed(trade: Trade) -> None:
    trade.isp.configure("vat", home_country="DE", rates="DE 19")
    before = trade.isp.dump()
    told = trade.rita(*trade.order(), "--dry-run").row
    assert trade.rita(*trade.order(), "--dry-run").row == told, "it does not depend on the number that the customer will have"
    shown = trade.isp("--as", RITA, *trade.order(), "--dry-run", human=True).out
    assert trade.isp.dump() == before

    (line,) = told["lines"]
    assert (line["product"], line["quantity"], line["months"]) == ("business", 5, "12")
    assert (line["list_price"], line["discount"], line["net"]) == ("600.00", "120.00", "480.00")
    assert (told["vat_basis"], told["vat"], told["gross"]) == ("standard", "91.20", "571.20")
    assert (told["account"], told["company"], told["dry_run"]) == ("partner", "Bakery", True)
    assert "VAT 19 % (DE) 91.20: 571.20 EUR" in shown
    assert f"--quote {told['quote']}" in shown

    confirmed = ("--quote", told["quote"])
    for other in (trade.order(quantity="4"), trade.order("Florist"), trade.order(email="al@bakery.example")):
        trade.refuses(RITA, *other, *confirmed, code="stale_quote")
    trade.isp("resellers", "add", str(trade.partner), "--discount", "10")
    trade.refuses(RITA, *trade.order(), *confirmed, code="stale_quote")
    trade.isp("resellers", "add", str(trade.partner), "--discount", "20")
    assert trade.rita(*trade.order(), *confirmed).row["paid"] == "480.00"
    assert trade.acting_on() == ["Bakery"]


@pytest.mark.acceptance("C17")
def test_a_quote_for_a_new_customer_is_not_confirmed_when_it_is_old_or_no_quote(trade: Trade) -> None:
    told = trade.rita(*trade.order(), "--dry-run").row
    trade.refuses(RITA, *trade.order(), "--quote", "17", code="bad_quote", exits=2)
    trade.isp.at = "2026-03-01T00:16:00+00:00"
    trade.refuses(RITA, *trade.order(), "--quote", told["quote"], code="stale_quote")
    assert trade.acting_on() == []


@pytest.mark.acceptance("X10")
def test_the_reseller_cares_for_the_new_customer_and_has_no_licence_of_his(trade: Trade) -> None:
    sold = trade.sells(quantity="2")
    number = str(sold["subscription"])

    pool = trade.rita("seats", "pool", number).row
    assert (pool["total"], pool["assigned"], pool["available"]) == (2, 0, 2)
    trade.rita("seats", "assign", number, "mia@bakery.example")
    trade.rita("seats", "assign", number, "bo@bakery.example")

    assert {row["email"] for row in trade.rita("seats", "list", number).rows} == {"mia@bakery.example", "bo@bakery.example"}
    assert trade.rita("people", "role", "bo@bakery.example", "supervisor").row["changed"] is True


@pytest.mark.acceptance("X14")
def test_the_whole_way_needs_no_step_of_the_customer_or_the_vendor(trade: Trade) -> None:
    sold = trade.sells(quantity="2", term="12")
    number = str(sold["subscription"])
    assert trade.confirms() >= 1, "the order is done at the vendor's console by staff"
    trade.rita("seats", "assign", number, "mia@bakery.example")
    trade.rita("resellers", "fund", str(sold["customer"]), "96.00")
    trade.rita("subscriptions", "change", number, "--quantity", "3", "--when", "now")
    trade.confirms()

    row = trade.isp.subscription(sold["subscription"])
    assert (row["status"], row["vendor_state"], row["quantity"]) == ("running", "active", 3)
    (mine,) = trade.rita("resellers", "acting-on").rows
    assert (mine["company"], mine["licences"], mine["paid_until"][:10]) == ("Bakery", 3, "2027-03-01")
    assert trade.isp("tasks", "list").rows == []
    doers = {row["actor"].split(" ")[0] for row in trade.isp("audit", "--limit", "1000").rows}
    assert "bo@bakery.example" not in doers


def bought(trade: Trade, person: str, account: str, balance_of: str | None = None) -> str:
    """What one licence for one month costs *person*, who orders it for *account*."""
    before = Decimal(trade.isp.balance(balance_of or account))
    trade.isp("--as", person, "order", account, "business", "--plan", "one_off", "--term", "1")
    return str(before - Decimal(trade.isp.balance(balance_of or account)))


@pytest.mark.acceptance("X12")
@pytest.mark.parametrize(("rule", "of_reseller"), [("nobody", "10.00"), ("reseller_orders", "8.00")])
def test_who_is_made_admin_buys_and_manages_without_the_discount(trade: Trade, rule: str, of_reseller: str) -> None:
    trade.isp.configure("resellers", discount_with_customer_admin=rule)
    bo, sold = "bo@bakery.example", trade.sells(quantity="1")
    account, number = sold["account"], str(sold["subscription"])
    trade.rita("resellers", "fund", str(sold["customer"]), "400.00")
    assert bought(trade, RITA, account) == "8.00"
    order = ["order", account, "business", "--plan", "one_off"]
    trade.refuses(bo, *order, code="not_permitted")

    warning = trade.refuses(RITA, "people", "role", bo, "admin", code="discount_lost")
    trade.rita("people", "role", bo, "admin", "--confirm")

    assert "20 % of Partner Ltd" in warning
    assert bought(trade, bo, account) == "10.00"
    assert bought(trade, RITA, account) == of_reseller
    trade.isp("--as", bo, "subscriptions", "change", number, "--quantity", "2", "--when", "now")
    trade.isp("--as", bo, "seats", "assign", number, "mia@bakery.example")
    assert trade.isp.subscription(sold["subscription"])["quantity"] == 2
    trade.rita("people", "role", bo, "agent")
    assert bought(trade, RITA, account) == "8.00"
    trade.refuses(bo, *order, code="not_permitted")


@pytest.mark.acceptance("X12")
def test_every_way_to_an_admin_of_a_customer_is_warned_of(trade: Trade) -> None:
    made = str(trade.takes_in("Bakery"))
    add = ["people", "add", "mia@bakery.example", "--name", "Mia", "--role", "admin", "--customer", made, "--no-invitation"]
    trade.refuses(RITA, *add, code="discount_lost")
    trade.rita(*add, "--confirm")
    assert bought(trade, RITA, "bakery") == "10.00"
    trade.rita("people", "deactivate", "mia@bakery.example")
    assert bought(trade, RITA, "bakery") == "8.00"
    trade.refuses(RITA, "people", "activate", "mia@bakery.example", code="discount_lost")
    trade.rita("people", "activate", "mia@bakery.example", "--confirm")
    assert bought(trade, RITA, "bakery") == "10.00"
    trade.isp("people", "role", ADMIN, "agent")
    assert trade.isp("people", "role", ADMIN, "admin").row["changed"] is True, "the reseller's own people are no customer's"


@pytest.fixture
def till(trade: Trade) -> Trade:
    """The same, with cards and bank transfers."""
    trade.isp.configure("payments", card="sandbox", secret_key="sk_test_secret", public_key="pk_test_public")
    trade.isp("payments", "activate", "card")
    trade.isp("payments", "activate", "bank_transfer")
    return trade


@pytest.mark.acceptance("X07")
def test_the_customer_appears_once_the_card_has_paid(till: Trade) -> None:
    made = till.rita(*till.order(), "--method", "card").row
    assert (made["status"], made["amount"], made["subscription"]) == ("new", "480.00", None)
    assert till.acting_on() == []
    assert till.isp("subscriptions", "list").rows == []
    assert [row["company"] for row in till.isp("customers", "list").rows] == ["Partner Ltd"]

    paid = till.rita("purchases", "pay", str(made["purchase"]), "--card", "card_ok").row

    assert paid["status"] == "active"
    (mine,) = till.rita("resellers", "acting-on").rows
    assert (mine["company"], mine["licences"]) == ("Bakery", 5)
    assert till.isp.balance("partner") == "1000.00", "what the card paid was not taken off the balance"
    assert till.rita(*till.order("Florist"), "--method", "card", "--card", "card_ok").row["status"] == "active"
    assert till.acting_on() == ["Bakery", "Florist"]


@pytest.mark.acceptance("C17")
@pytest.mark.acceptance("X07")
def test_a_quote_is_confirmed_for_what_a_card_pays_too(till: Trade) -> None:
    by_card = [*till.order(quantity="10"), "--method", "card"]
    told = till.rita(*by_card, "--dry-run").row
    assert told["net"] == "960.00"
    till.refuses(RITA, *till.order(quantity="9"), "--method", "card", "--quote", told["quote"], code="stale_quote")
    made = till.rita(*by_card, "--quote", told["quote"]).row
    till.isp("resellers", "add", str(till.partner), "--discount", "10")
    till.isp.at = "2026-03-01T00:20:00+00:00"
    assert till.rita("purchases", "pay", str(made["purchase"]), "--card", "card_ok").row["status"] == "active"
    assert (made["amount"], till.acting_on()) == ("960.00", ["Bakery"])


@pytest.mark.acceptance("X07")
def test_a_payment_that_fails_leaves_nothing_and_one_that_is_abandoned_expires(till: Trade) -> None:
    failed = till.rita(*till.order(), "--method", "card", "--card", "card_declined").row
    assert (failed["status"], till.acting_on()) == ("payment_failed", [])
    abandoned = till.rita(*till.order("Florist"), "--method", "card").row
    assert till.isp("subscriptions", "list").rows == []

    till.isp.at = "2026-03-03T00:00:00+00:00"
    till.isp("purchases", "settle")

    states = [till.isp("purchases", "show", str(each["purchase"])).row["status"] for each in (failed, abandoned)]
    assert states == ["expired", "expired"]
    assert (till.acting_on(), till.isp("subscriptions", "list").rows) == ([], [])
    assert [row["company"] for row in till.isp("customers", "list").rows] == ["Partner Ltd"]
    assert till.isp.balance("partner") == "1000.00"


@pytest.mark.acceptance("X07")
def test_by_bank_transfer_the_customer_appears_when_the_whole_money_is_booked(till: Trade) -> None:
    made = till.rita(*till.order(), "--method", "bank_transfer", "--key", "web-9").row
    again = till.rita(*till.order(), "--method", "bank_transfer", "--key", "web-9").row
    assert (made["status"], again["purchase"]) == ("pending", made["purchase"])
    number = str(made["purchase"])

    till.isp("purchases", "paid", number, "--amount", "400.00", "--key", "bank-1")
    assert till.acting_on() == []
    till.isp("purchases", "paid", number, "--amount", "80.00", "--key", "bank-2")

    assert till.acting_on() == ["Bakery"]
    assert till.isp.balance("partner") == "1000.00"
    sold = till.isp("purchases", "show", number).row
    assert till.isp.subscription(sold["subscription"])["quantity"] == 5


@pytest.mark.acceptance("G42")
def test_what_a_reseller_bought_tells_nothing_of_whom_once_that_one_is_deleted(till: Trade) -> None:
    made = till.rita(*till.order(term="1"), "--method", "card", "--card", "card_ok").row
    bought = till.isp("purchases", "show", str(made["purchase"])).row
    (customer,) = [row["customer"] for row in till.rita("resellers", "acting-on").rows]
    till.rita("customers", "delete", str(customer), "--type", "DELETE", "--confirm")
    till.isp("worker", "--once")
    till.isp.at = "2027-05-01T00:00:00+00:00"
    till.isp("worker", "--once")
    till.isp("worker", "--once")
    left = repr(till.isp.dump("purchase", "person", "reply"))
    assert "bo@bakery.example" not in left
    assert "Bo Baker" not in left
    assert till.isp("purchases", "show", str(made["purchase"])).row["amount"] == bought["amount"]
