"""Seats: users are given what is paid for, what is missing is bought in the same step, and all of it happens or nothing."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from acceptance.aircall_kit import TOKEN, Bakery
from acceptance.kit import MARCH_10, Isp
from isp_addons_aircall.sandbox import AircallSandbox

CATALOGUE = """\
catalogue: 1
currency: EUR
products:
  assist:
    kind: seat
    vendor: aircall
    options: { add_on: AI Assist }
    features:
      insights: everyone
      scorecards: [admin, supervisor]
    prices: 31.00
  whatsapp:
    kind: seat
    vendor: aircall
    options: { add_on: WhatsApp in Aircall }
    prices: 62.00
  analytics:
    kind: account_wide
    vendor: aircall
    options: { add_on: Analytics+, scope: account }
    prices: 50.00
  hub:
    kind: other
    vendor: aircall
    options: { add_on: Communication Hub }
    prices: 5.00
"""
NAMES = ("anna", "bo", "cleo", "dan", "eve", "fay", "gus", "hal")


@pytest.fixture
def office(isp: Isp) -> Iterator[Bakery]:
    """An account with eight users at Aircall and 1000.00, of whose month 21.5 of 31 days are left."""
    isp.opens("42", "1000.00")
    isp.at = MARCH_10
    with AircallSandbox(account="42", company="Bakery Ltd", webhook_token=TOKEN, per_minute=1000) as server:
        made = Bakery(isp, server)
        isp.configure("vendor:aircall", plugin="aircall", read_timeout="2", **server.options())
        file = isp.folder / "catalogue.yaml"
        file.write_text(CATALOGUE, encoding="utf-8")
        isp("catalogue", "import", str(file))
        made.hires(*NAMES)
        isp("users", "sync", "aircall")
        yield made


def mail(*names: str) -> list[str]:
    return [f"{each}@example.net" for each in names]


def assigns(office: Bakery, subscription: int, *names: str, buy: bool = True) -> dict[str, Any]:
    return office.isp("seats", "assign", str(subscription), *mail(*names), *(["--buy"] if buy else [])).row


def may(office: Bakery, name: str, feature: str) -> tuple[bool, str]:
    row = office.isp("may", "42", f"{name}@example.net", feature).row
    return row["allowed"], row["why"]


def lines(office: Bakery) -> list[Any]:
    """Every amount that was charged, in order."""
    return [row[4:] for row in office.isp.dump("charge")["charge"]]


def with_free(office: Bakery, product: str, free: int, *holders: str) -> int:
    """A subscription with *free* seats beside those of *holders*."""
    subscription = office.isp.orders("42", product, quantity=str(free + len(holders)))
    if holders:
        assigns(office, subscription, *holders, buy=False)
    return subscription


@pytest.mark.acceptance("C01")
def test_add_ons_are_of_three_kinds_and_an_unknown_one_is_none(office: Bakery) -> None:
    codes = {}
    for product in ("analytics", "hub"):
        subscription = office.isp.orders("42", product)
        codes[product] = office.isp("seats", "assign", str(subscription), *mail("anna"), exits=1).row["error"]
    assert codes == {"analytics": "account_level_addon", "hub": "not_provisioned"}
    assert assigns(office, with_free(office, "assist", 1), "anna", buy=False)["given"] == mail("anna")
    assert office.isp("order", "42", "ai-pro", exits=2).row["error"] == "unknown_product"


@pytest.mark.acceptance("C02")
@pytest.mark.acceptance("C06")
@pytest.mark.acceptance("C09")
@pytest.mark.acceptance("C11")
def test_with_a_seat_there_is_access_at_once_and_without_it_none_any_more(office: Bakery) -> None:
    assist = with_free(office, "assist", 3)
    balance = office.isp.balance("42")
    assert may(office, "anna", "insights") == (False, "no_seat")

    row = assigns(office, assist, "anna", buy=False)
    assert (row["total"], row["assigned"], row["available"], row["bought"]) == (3, 1, 2, 0)
    assert office.pool(assist) == (3, 1, 2)
    assert may(office, "anna", "insights") == (True, "seat")
    assert may(office, "bo", "insights") == (False, "no_seat")

    row = office.isp("seats", "unassign", str(assist), *mail("anna")).row
    assert (row["taken"], row["total"], row["available"], row["charged"]) == (mail("anna"), 3, 3, "0.00")
    assert may(office, "anna", "insights") == (False, "no_seat")
    assert (office.pool(assist), office.isp.balance("42")) == ((3, 0, 3), balance)
    assert office.isp("may", "42", "anna@example.net", "insights", human=True).out == "no: he has no seat.\n"


@pytest.mark.acceptance("C04")
def test_other_add_ons_change_nothing_in_what_anybody_may_use(office: Bakery) -> None:
    hub = office.isp.orders("42", "hub")
    assert may(office, "anna", "hub") == may(office, "bo", "hub") == (True, "not_provisioned")
    office.isp.refuses("seats", "assign", str(hub), *mail("anna"), exits=1, names="is not given to single users")
    assert office.isp("seats", "list", str(hub)).rows == []


@pytest.mark.acceptance("C07")
@pytest.mark.acceptance("C17")
def test_a_preview_states_what_would_be_bought_and_stores_nothing(office: Bakery) -> None:
    assist = with_free(office, "assist", 1)
    ask = ("seats", "assign", str(assist), *mail("anna", "bo", "cleo"), "--buy")
    before = office.isp.dump()
    told = office.isp(*ask, "--dry-run").row
    assert office.isp.dump() == before
    assert (told["bought"], told["charged"], told["net"], told["vat"], told["gross"]) == (2, "43.00", "43.00", "0.00", "43.00")
    said = office.isp(*ask, "--dry-run", human=True).out
    assert "Nothing is changed yet." in said
    assert "2 would be bought for 43.00 EUR, the next period costs 93.00 EUR" in said
    assert "In all: 43.00 EUR and 0.00 VAT, 43.00 together." in said

    done = office.isp(*ask, "--quote", told["quote"]).row
    assert {**done, "dry_run": True} == told
    assert office.pool(assist) == (3, 3, 0)


@pytest.mark.acceptance("C17")
def test_a_quote_that_is_not_true_any_more_is_not_confirmed(office: Bakery) -> None:
    assist = with_free(office, "assist", 1)
    ask = ("seats", "assign", str(assist), *mail("anna", "bo"), "--buy")
    quote = office.isp(*ask, "--dry-run").row["quote"]
    assigns(office, assist, "cleo", buy=False)  # somebody else took the free one: now two would be bought
    refused = office.isp.refuses(*ask, "--quote", quote, exits=1, names="has changed since")
    assert refused.row["error"] == "stale_quote"

    quote = office.isp(*ask, "--dry-run").row["quote"]
    file = office.isp.folder / "dearer.yaml"
    file.write_text(CATALOGUE.replace("31.00", "46.50"), encoding="utf-8")
    office.isp("catalogue", "import", str(file))
    office.isp.refuses(*ask, "--quote", quote, exits=1, names="has changed since")
    again = office.isp(*ask, "--dry-run").row
    assert again["charged"] == "64.50"
    assert office.isp(*ask, "--quote", again["quote"]).row["bought"] == 2


@pytest.mark.acceptance("C08")
def test_without_a_free_seat_one_is_bought_and_given_by_one_line(office: Bakery) -> None:
    assist = with_free(office, "assist", 0, "anna")
    before = lines(office)
    row = assigns(office, assist, "bo")
    assert (row["bought"], row["charged"], row["total"], row["available"]) == (1, "21.50", 2, 0)
    assert len(lines(office)) == len(before) + 1
    assert office.holders(assist) == ["anna", "bo"]


@pytest.mark.acceptance("C08")
def test_what_cannot_be_paid_is_neither_bought_nor_given(office: Bakery) -> None:
    assist = with_free(office, "assist", 0, "anna")
    spent = office.isp.orders("42", "whatsapp", quantity="22")  # 22 × 43.00: hardly anything is left
    refused = office.isp.refuses("seats", "assign", str(assist), *mail(*NAMES), "--buy", exits=1, names="not enough")
    assert refused.row["error"] == "insufficient_funds"
    assert (office.pool(assist), office.pool(spent)) == ((1, 1, 0), (22, 0, 22))


@pytest.mark.acceptance("C10")
@pytest.mark.acceptance("C18")
def test_several_add_ons_are_confirmed_at_once(office: Bakery) -> None:
    assist, whatsapp = with_free(office, "assist", 3), with_free(office, "whatsapp", 0, "hal")
    rows = applies(office, [(assist, "give", each) for each in NAMES[:5]] + [(whatsapp, "give", each) for each in NAMES[:2]])
    assert [(row["bought"], row["charged"], row["available"]) for row in rows] == [(2, "43.00", 0), (2, "86.00", 0)]
    assert rows[0]["gross"] == rows[1]["gross"] == "129.00"
    assert office.holders(assist) == list(NAMES[:5])
    assert office.holders(whatsapp) == ["anna", "bo", "hal"]

    rows = applies(office, [(assist, "take", "anna"), (assist, "give", "hal"), (whatsapp, "take", "hal")], buy=False)
    assert [(row["given"], row["taken"]) for row in rows] == [(mail("hal"), mail("anna")), ([], mail("hal"))]


@pytest.mark.acceptance("C10")
def test_when_one_of_them_cannot_be_paid_none_is_changed(office: Bakery) -> None:
    assist, whatsapp = with_free(office, "assist", 1), with_free(office, "whatsapp", 0, "hal")
    office.isp.orders("42", "assist", quantity="40")  # 860.00 of what is left
    wish = [(assist, "give", "anna"), *((whatsapp, "give", each) for each in NAMES[:5])]
    file = written(office, wish)
    refused = office.isp.refuses("seats", "apply", str(file), "--buy", exits=1, names="not enough")
    assert refused.row["error"] == "insufficient_funds"
    assert office.holders(assist) == []


@pytest.mark.acceptance("C12")
def test_what_is_so_already_is_no_change_and_no_charge(office: Bakery) -> None:
    assist = with_free(office, "assist", 1, "anna")
    before = office.isp.dump("charge", "ledger_entry", "seat")
    row = assigns(office, assist, "anna")
    assert (row["changed"], row["unchanged"], row["bought"]) == (False, mail("anna"), 0)
    row = office.isp("seats", "unassign", str(assist), *mail("bo")).row
    assert (row["changed"], row["unchanged"]) == (False, mail("bo"))
    assert office.isp.dump("charge", "ledger_entry", "seat") == before


@pytest.mark.acceptance("C12")
def test_the_same_key_again_gives_the_same_answer_and_does_nothing(office: Bakery) -> None:
    assist = with_free(office, "assist", 1)
    ask = ("seats", "assign", str(assist), *mail("anna", "bo"), "--buy", "--key", "mine")
    first = office.isp(*ask).row
    office.isp("seats", "unassign", str(assist), *mail("anna"))
    again = office.isp(*ask).row
    assert {name: again[name] for name in ("given", "bought", "charged", "total", "available")} == {
        "given": mail("anna", "bo"),
        "bought": 1,
        "charged": "21.50",
        "total": 2,
        "available": 0,
    }
    assert first["bought"] == again["bought"]
    assert office.holders(assist) == ["bo"]
    refused = office.isp("seats", "assign", str(assist), *mail("cleo"), "--key", "mine", exits=1)
    assert refused.row["error"] == "key_used"


@pytest.mark.acceptance("C13")
@pytest.mark.acceptance("C14")
@pytest.mark.acceptance("C15")
@pytest.mark.parametrize(("free", "bought", "left"), [(3, 2, 0), (5, 0, 0), (8, 0, 3), (0, 5, 0)])
def test_exactly_the_difference_is_bought(office: Bakery, free: int, bought: int, left: int) -> None:
    assist = with_free(office, "assist", free, *([] if free else ["hal"]))
    row = assigns(office, assist, *NAMES[:5])
    assert (row["bought"], row["available"], len(row["given"])) == (bought, left, 5)
    assert office.pool(assist)[2] == left


@pytest.mark.acceptance("C16")
def test_who_has_one_counts_as_done_and_a_name_counts_once(office: Bakery) -> None:
    assist = with_free(office, "assist", 3, "anna", "bo")
    row = assigns(office, assist, *NAMES[:5])
    assert (row["bought"], row["available"], row["unchanged"]) == (0, 0, mail("anna", "bo"))
    whatsapp = with_free(office, "whatsapp", 1)
    row = assigns(office, whatsapp, "anna", "anna", "bo")
    assert (row["bought"], row["available"], row["given"]) == (1, 0, mail("anna", "bo"))


@pytest.mark.acceptance("C18")
def test_every_name_that_is_no_user_of_the_account_is_told_and_nothing_is_bought(office: Bakery) -> None:
    assist = with_free(office, "assist", 1)
    office.fires("gus")
    office.isp("users", "sync", "aircall")
    names = mail("anna", "nobody", "gus", "stranger")
    refused = office.isp.refuses("seats", "assign", str(assist), *names, "--buy", exits=2, names="'nobody@example.net'")
    assert refused.row["error"] == "unknown_user"
    for each in mail("nobody", "gus", "stranger"):
        assert repr(each) in refused.err
    assert "anna@" not in refused.err

    empty = written(office, [])
    assert office.isp("seats", "apply", str(empty), "--buy", exits=2).row["error"] == "nothing_named"
    both = written(office, [(assist, "give", "anna"), (assist, "take", "anna")])
    assert office.isp("seats", "apply", str(both), exits=2).row["error"] == "given_and_taken"


@pytest.mark.acceptance("C18")
def test_a_file_with_wrong_lines_is_refused_with_their_numbers(office: Bakery) -> None:
    file = office.isp.folder / "wishes.csv"
    file.write_text("subscription,change,user\n1,give,\nx,give,anna\n1,lend,anna\n1,give,anna,7\n", encoding="utf-8")
    refused = office.isp.refuses("seats", "apply", str(file), exits=2, names="wishes.csv:2: No user is named.")
    for line in (3, 4, 5):
        assert f"wishes.csv:{line}: " in refused.err
    other = written(office, [(with_free(office, "assist", 1), "give", "anna"), (with_foreign(office), "give", "anna")])
    assert office.isp("seats", "apply", str(other), exits=2).row["error"] == "several_accounts"


@pytest.mark.acceptance("X16")
def test_without_buying_what_is_not_free_is_refused_with_the_gap(office: Bakery) -> None:
    assist = with_free(office, "assist", 1, *NAMES[:4])
    assert assigns(office, assist, "eve", buy=False)["available"] == 0
    refused = office.isp.refuses("seats", "assign", str(assist), *mail("fay"), exits=1, names="--buy")
    assert refused.row["error"] == "no_free_licence"

    whatsapp = with_free(office, "whatsapp", 1)
    refused = office.isp.refuses(
        "seats", "assign", str(whatsapp), *mail(*NAMES[:3]), exits=1, names="1 of them free, 2 too few"
    )
    assert refused.row["error"] == "no_free_licence"
    assert office.pool(whatsapp) == (1, 0, 1)


@pytest.mark.acceptance("X26")
def test_a_seat_goes_from_one_user_to_another_in_one_step(office: Bakery) -> None:
    assist = with_free(office, "assist", 0, "anna", "bo")
    balance = office.isp.balance("42")
    row = office.isp("seats", "swap", str(assist), *mail("anna", "cleo")).row
    assert (row["taken"], row["given"], row["assigned"], row["bought"]) == (mail("anna"), mail("cleo"), 2, 0)
    assert (office.holders(assist), office.isp.balance("42")) == (["bo", "cleo"], balance)
    assert office.isp("seats", "swap", str(assist), *mail("anna", "cleo")).row["changed"] is False
    for pair in (("cleo", "bo"), ("dan", "eve")):
        assert office.isp("seats", "swap", str(assist), *mail(*pair), exits=1).row["error"] == "nothing_to_swap"
    assert office.pool(assist) == (2, 2, 0)


@pytest.mark.acceptance("C05")
@pytest.mark.parametrize(
    ("role", "assigns_it", "buys"),
    [("owner", True, True), ("admin", True, True), ("supervisor", False, False), ("agent", False, False)],
)
def test_owners_and_admins_assign_and_buy(office: Bakery, role: str, assigns_it: bool, buys: bool) -> None:
    assist = str(with_free(office, "assist", 1))
    join(office.isp, role)
    ask = ("--as", f"{role}@bakery.example", "seats", "assign", assist)
    first = office.isp.anyhow(*ask, *mail("anna"))
    bought = office.isp.anyhow(*ask, *mail("bo"), "--buy")
    assert (first.code == 0, bought.code == 0) == (assigns_it, buys)
    if not assigns_it:
        assert first.row["error"] == bought.row["error"] == "not_permitted"
        assert office.pool(int(assist)) == (1, 0, 1)


@pytest.mark.acceptance("C05")
def test_nobody_changes_the_seats_of_what_is_not_his(office: Bakery) -> None:
    assist = str(with_free(office, "assist", 1))
    office.isp(
        "customers", "add", "Mill", "--contact", "Mo", "--email", "mo@mill.example", "--role", "owner", "--no-invitation"
    )
    refused = office.isp("--as", "mo@mill.example", "seats", "assign", assist, *mail("anna"), exits=2)
    assert refused.row["error"] == "not_yours"
    for words in (("seats", "list", assist), ("seats", "pool", assist), ("may", "42", "anna@example.net", "insights")):
        assert office.isp("--as", "mo@mill.example", *words, exits=2).row["error"] == "not_yours"


def test_while_it_is_suspended_nobody_may_use_it_and_the_seats_stay(office: Bakery) -> None:
    assist = with_free(office, "assist", 0, "anna")
    office.isp("event", "blocked", "--account", "42")
    assert may(office, "anna", "insights") == (False, "suspended")
    assert office.holders(assist) == ["anna"]
    office.isp("event", "unblocked", "--account", "42")
    assert may(office, "anna", "insights") == (True, "seat")


def test_what_may_is_asked_of_must_exist(office: Bakery) -> None:
    with_free(office, "assist", 1)
    office.isp.refuses("may", "42", "anna@example.net", "teleport", exits=2, names="No product gives 'teleport'")
    office.isp.refuses("may", "42", "nobody@example.net", "insights", exits=2, names="has no user 'nobody@example.net'")
    office.isp.refuses("may", "99", "anna@example.net", "insights", exits=2, names="no account '99'")
    office.isp.refuses("users", "role", "aircall", "anna@example.net", "boss", exits=2, names="'boss' is not one of")
    assert may(office, "anna", "whatsapp") == (False, "no_subscription")


def join(isp: Isp, role: str) -> None:
    """The account 42 belongs to a company that serves itself; somebody with *role* works there."""
    isp(
        *("customers", "add", "Bakery", "--contact", "Olga", "--email", "owner@bakery.example", "--role", "owner"),
        *("--mode", "self_service", "--account", "42", "--no-invitation"),
    )
    if role != "owner":
        isp("people", "add", f"{role}@bakery.example", "--name", role, "--role", role, "--customer", "1", "--no-invitation")


def with_foreign(office: Bakery) -> int:
    """A subscription of another account."""
    office.isp.opens("43", "500.00")
    return office.isp.orders("43", "assist")


def written(office: Bakery, wishes: list[tuple[int, str, str]]) -> Path:
    file = office.isp.folder / "seats.csv"
    rows = [f"{subscription},{change},{user}@example.net" for subscription, change, user in wishes]
    file.write_text("\r\n".join(["subscription,change,user", *rows, ""]), encoding="utf-8-sig")
    return file


def applies(office: Bakery, wishes: list[tuple[int, str, str]], *, buy: bool = True) -> list[dict[str, Any]]:
    return office.isp("seats", "apply", str(written(office, wishes)), *(["--buy"] if buy else [])).rows


@pytest.mark.acceptance("C19")
@pytest.mark.parametrize("buy", [True, False])
def test_two_admins_who_take_the_last_seat_at_once_never_share_it(office: Bakery, buy: bool) -> None:
    assist = with_free(office, "assist", 1)
    before = len(lines(office))
    more = ["--buy"] if buy else []
    asked = [("seats", "assign", str(assist), f"{each}@example.net", *more, "--json") for each in NAMES[:4]]
    running = [(words, office.isp.started(*words)) for words in asked]
    codes = []
    for words, process in running:
        process.communicate(timeout=60)
        code = process.returncode
        codes.append(code if code != 75 else office.isp.anyhow(*words[:-1]).code)  # the database was busy: the same again

    total, assigned, available = office.pool(assist)
    if buy:
        assert (codes, total, assigned, available) == ([0] * 4, 4, 4, 0)
        assert len(lines(office)) == before + 3, "one had the free seat, each other bought one"
    else:
        assert sorted(codes) == [0, 1, 1, 1]
        assert (total, assigned, available, len(lines(office))) == (1, 1, 0, before)


def test_a_role_that_was_told_outlives_the_vendors_lists(office: Bakery) -> None:
    assist = with_free(office, "assist", 1)
    assigns(office, assist, "anna", buy=False)
    assert may(office, "anna", "scorecards") == (False, "role")
    told = office.isp("users", "role", "aircall", "anna@example.net", "supervisor").row
    assert (told["changed"], may(office, "anna", "scorecards")) == (True, (True, "seat"))
    office.isp("users", "sync", "aircall")
    assert may(office, "anna", "scorecards") == (True, "seat")
    assert office.isp("users", "role", "aircall", "anna@example.net", "supervisor").row["changed"] is False
    (row,) = [each for each in office.isp("users", "list").rows if each["email"] == "anna@example.net"]
    assert row["role"] == "supervisor"
