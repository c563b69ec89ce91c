"""Bad input: a clear sentence that names the thing, an exit code, and nothing changed."""

from acceptance.kit import Isp


def test_an_unknown_account_is_named(shop: Isp) -> None:
    for words in (
        ("order", "4711", "av"),
        ("accounts", "show", "4711"),
        ("accounts", "pay", "4711", "10"),
        ("event", "on_block", "--account", "4711"),
    ):
        shop.refuses(*words, exits=2, names="There is no account '4711'")


def test_an_unknown_product_is_named_with_those_there_are(shop: Isp) -> None:
    for words in (("order", "42", "avv"), ("products", "on-sale", "avv"), ("products", "include", "avv", "Home")):
        shop.refuses(*words, exits=2, names="There is no product 'avv' (known: av)")


def test_an_unknown_vendor_is_named_with_those_there_are(shop: Isp) -> None:
    vendor = ("products", "add", "x", "--price", "1", "--vendor", "avdsk")
    for words in (vendor, ("vendors", "check", "avdsk"), ("vendors", "pause", "avdsk", "--note", "x"), ("reconcile", "avdsk")):
        shop.refuses(*words, exits=2, names="There is no vendor 'avdsk'; add a section [vendor:avdsk] (known: avdesk)")


def test_an_unknown_subscription_is_named(shop: Isp) -> None:
    for words in (("renew", "4711"), ("cancel", "4711"), ("hold", "4711", "--note", "x"), ("release", "4711")):
        shop.refuses(*words, exits=2, names="There is no subscription 4711; see: isp-addons subscriptions list")


def test_only_a_plain_whole_number_is_a_quantity(shop: Isp) -> None:
    for quantity in ("0", "-1", "1e3", "５", " 5 ", "1.5", "10001", "1000000000", "", "five", "+5", "0x5"):
        found = shop.refuses("order", "42", "av", f"--quantity={quantity}", exits=2, names=f"The quantity {quantity!r}")
        assert found.row["error"] == "bad_quantity"


def test_only_a_plain_amount_is_money(shop: Isp) -> None:
    for amount in ("10.001", "1e3", "1,50", " 5", "", "ten", "٣", "1_000", "--5", "nan", "1.", ".5", "99999999999999"):
        for words in (("accounts", "pay", "42", "--", amount), ("products", "add", "x", f"--price={amount}")):
            found = shop.refuses(*words, exits=2, names=f"The amount {amount!r}")
            assert found.row["error"] == "bad_amount"


def test_nothing_and_less_is_no_payment_and_less_is_no_price(shop: Isp) -> None:
    for amount in ("0", "-1", "-0.01", "0.00"):
        shop.refuses("accounts", "pay", "42", "--", amount, exits=2, names="at least 0.01")
    shop.refuses("products", "add", "x", "--price=-1", exits=2, names="cannot be negative")


def test_a_time_without_its_zone_or_sense_is_refused(shop: Isp) -> None:
    right = shop.at
    for moment in ("2026-03-10T12:00", "2026-03-10", "yesterday", "", "2026-13-01T00:00Z", "0001-01-01T00:00+03:00"):
        shop.at = moment
        shop.refuses("order", "42", "av", exits=2, names=repr(moment))
    shop.at = right
    shop("order", "42", "av")


def test_a_naive_time_says_how_to_write_it(shop: Isp) -> None:
    shop.at = "2026-03-10T12:00"
    assert "2026-03-10T12:00+03:00" in shop.refuses("plan", exits=2, names="has no zone").err


MISTAKES = {
    ("accounts", "add", "42"): "The account 42 exists already",
    ("accounts", "add", "7", "--credit", "-5"): "cannot be negative",
    ("accounts", "add", "7", "--zone", "Mars/Olympus"): "'Mars/Olympus' is not a time zone",
    ("accounts", "add", "7", "--period-end", "2026-02-28T00:00:00Z"): "has passed already",
    ("accounts", "add", "7", "--period-end", "2026-05-01"): "has no zone",
    ("accounts", "add", "a b"): "'a b' is not an account",
    ("accounts", "add", "ACCOUNT_ID"): "did not replace its placeholder",
    ("accounts", "add", "x" * 65): "at most 64",
    ("products", "add", "av", "--price", "1"): "The product av exists already",
    ("products", "add", "x", "--price", "1", "--option", "tariff"): "NAME=VALUE",
    ("products", "add", "x", "--price", "1", "--priority", "0"): "priority 0",
    ("order", "42", "av", "--plan", "gift"): "'gift' is not one of",
    ("order", "42", "av", "--plan", "one_off", "--term", "2"): "its terms are 1, 3",
    ("renew", "1"): "only a running one-off term is renewed",
    ("hold", "1", "--note", "x", "--owner", "billing"): "'billing' is not one of",
    ("hold", "1", "--note", "x", "--until", "2026-02-01T00:00:00Z"): "has passed already",
    ("failed", "retry", "ia0-0-0"): "There is no licence ia0-0-0",
    ("failed", "retry"): "--vendor NAME",
    ("sandbox", "nod"): "There is no plugin 'nod'",
    ("subscriptions", "list", "--limit", "0"): "0 is not in the range",
    ("subscriptions", "list", "--limit", "５"): "'５' is not a whole number",
    ("subscriptions", "list", "--limit", "1_0"): "'1_0' is not a whole number",
    ("people", "list", "--customer", str(10**20)): "is not in the range",
    ("products", "add", "x", "--price", "1", "--trial-days", " 5 "): "' 5 ' is not a whole number",
    ("subscriptions", "show", "abc"): "'abc' is not a whole number",
    ("accounts", "pay", "42", "-5"): "cannot be below zero",
    ("oder", "42", "av"): "No such command 'oder'",
}


def test_each_mistake_is_named(shop: Isp) -> None:
    for words, names in MISTAKES.items():
        before = shop.dump()
        result = shop.anyhow(*words, human=words[0] in ("sandbox", "oder"))
        assert result.code in (1, 2), words
        assert names in result.err
        assert shop.dump() == before, words


def test_what_is_over_cannot_be_held_renewed_or_taken_back(shop: Isp) -> None:
    shop("cancel", "1", "--now")
    shop.refuses("hold", "1", "--note", "x", exits=1, names="Subscription 1 is ended")
    shop.refuses("renew", "1", exits=1, names="recurring and ended")
    shop.refuses("cancel", "1", "--undo", exits=1, names="order again")


def test_a_blocked_account_orders_nothing(shop: Isp) -> None:
    shop("hook", "on_block", "--account", "42")
    shop.refuses("order", "42", "av", exits=1, names="The account 42 is blocked")


def test_a_product_that_is_not_on_sale_is_not_ordered(shop: Isp) -> None:
    shop("products", "on-sale", "av", "--no")
    shop.refuses("order", "42", "av", exits=1, names="av is not on sale")


def test_an_order_between_two_periods_is_asked_to_come_again(shop: Isp) -> None:
    shop.at = "2026-04-01T00:00:00+00:00"
    shop.refuses("order", "42", "av", exits=75, names="The period of account 42 ended")
    shop("period-begin")
    shop("order", "42", "av")


BROKEN = "caf\udce9"  # as a terminal of another encoding gives it


def test_text_that_does_not_fit_or_cannot_be_printed_is_named(shop: Isp) -> None:
    for words, names in {
        ("products", "add", "x" * 65, "--price", "1"): "1 to 64 printable characters",
        ("products", "add", "x", "--price", "1", "--name", "n" * 121): "1 to 120 printable characters",
        ("products", "add", "x", "--price", "1", "--priority", "1001"): "from 1 to 1000",
        ("products", "add", "x", "--price", "1", "--terms", ",".join(map(str, range(1, 60)))): "The list of terms",
        ("products", "add", "a\nb", "--price", "1"): "'a\\nb'",
        ("products", "add", BROKEN, "--price", "1"): "caf\\udce9",
        ("products", "include", "av", "t" * 81): "The tariff",
        ("accounts", "add", "7", "--tariff", "t" * 81): "The tariff",
        ("accounts", "add", BROKEN): "is not an account",
        ("order", BROKEN, "av"): "is not an account",
        ("order", "42", BROKEN): "The product",
        ("order", "42", "av", "--key", "k" * 121): "The key",
        ("order", "42", "av", "--key", ""): "The key ''",
        ("accounts", "pay", "42", "5", "--key", "k" * 129): "The key",
        ("hold", "1", "--note", "n" * 201): "The note",
        ("hold", "1", "--note", BROKEN): "The note",
        ("event", "tariff_changed", "--account", "42", "--tariff", "t" * 81): "The tariff",
        ("accounts", "show", BROKEN): "is not an account",
        ("audit", "--account", "4711"): "There is no account '4711'",
        ("subscriptions", "list", "--account", "4711"): "There is no account '4711'",
        ("cancel", str(10**20)): "is not in the range",
    }.items():
        shop.refuses(*words, exits=2, names=names)


def test_the_longest_text_that_is_allowed_is_stored_alike(shop: Isp) -> None:
    shop("products", "add", "п" * 64, "--price", "1", "--name", "Я" * 120, "--terms", "1,2,3,6,9,12,120")
    shop("accounts", "add", "x" * 64, "--tariff", "т" * 80, "--balance", "10")
    shop("order", "x" * 64, "п" * 64, "--key", "k" * 120)
    shop("hold", "2", "--note", "н" * 200)
    for _ in range(2):
        assert shop.script("paid", "x" * 64, f"key={'k' * 128}", "amount=5").code == 0
    assert shop.script("tariff_changed", "x" * 64, f"tariff={'t' * 81}").code == 0
    assert shop.script("paid", "x" * 64, "amount=7").code == 0
    assert shop("spool", "ingest").row["handled"] == 3
    assert shop.balance("x" * 64) == "21.00", "10 - 1 + 5 + 7"
    assert any("The tariff" in row[-1] for row in shop.dump("event")["event"]), "closed with the reason"


def test_an_empty_list_says_whether_a_filter_or_nothing_at_all_is_behind_it(shop: Isp) -> None:
    assert shop("keys", "list", human=True).out == "No project keys; add: isp-addons keys import FILE\n"
    assert shop("keys", "list", "--state", "used", human=True).out == "No project key is like that; leave a filter out.\n"
    assert shop("customers", "list", human=True).out == "No customers; add: isp-addons customers add\n"
    assert shop("customers", "list", "--state", "active", human=True).out == "No customer is like that; leave a filter out.\n"


def test_one_month_is_not_called_months(shop: Isp) -> None:
    assert "× av for 1 month: " in shop("catalogue", "price", "av", "2", human=True).out


def test_a_file_that_cannot_be_written_is_named(shop: Isp) -> None:
    where = str(shop.folder / "nowhere" / "file.yaml")
    for words in (("catalogue", "sample"), ("catalogue", "export"), ("availability", "sample"), ("availability", "export")):
        found = shop.anyhow(*words, "--output", where, human=True)
        assert (found.code, f"{where} cannot be written" in found.err, "Traceback" in found.err) == (2, True, False), words
