"""A key of the caller's own: the same request again gives the same answer and does nothing; another one is refused."""

import threading
from collections.abc import Callable

import pytest

from acceptance.kit import MARCH_10, Isp
from acceptance.people_kit import takes_in
from isp_addons.bootstrap import App
from isp_addons.domain.cause import Cause
from isp_addons.domain.period import parse_moment
from isp_addons.domain.quantity_change import When, Wish
from isp_addons.domain.subscription import Plan
from isp_addons.services import charge, inbox, order, quantity_change

WRITES = {
    "order": (["order", "42", "av", "--quantity", "2"], ["order", "42", "av", "--quantity", "3"]),
    "order one-off": (
        ["order", "42", "av", "--plan", "one_off", "--term", "3"],
        ["order", "42", "av", "--plan", "one_off", "--term", "1"],
    ),
    "renew": (["renew", "1"], ["renew", "1", "--term", "3"]),
    "change": (
        ["subscriptions", "change", "1", "--quantity", "4", "--when", "now"],
        ["subscriptions", "change", "1", "--quantity", "5", "--when", "now"],
    ),
    "pay": (["accounts", "pay", "42", "5.00"], ["accounts", "pay", "42", "5.01"]),
}
"""Each write, and another request of the same command."""


@pytest.fixture
def shop(isp: Isp) -> Isp:
    """An account with money that has a term of two units."""
    isp.sells("av", "10.00", terms="1,3")
    isp.opens("42", "500.00")
    isp.orders("42", "av", "one_off", quantity="2")
    isp.at = MARCH_10
    return isp


@pytest.mark.acceptance("Z02")
@pytest.mark.parametrize("write", WRITES)
def test_the_same_key_again_is_the_same_answer_and_no_second_effect(shop: Isp, write: str) -> None:
    words, other = WRITES[write]
    first = shop(*words, "--key", "web-7")
    after = shop.dump()
    shop.at = "2026-03-10T12:30:00+00:00"
    again = shop(*words, "--key", "web-7")
    assert again.row == first.row
    assert shop(*words, "--key", "web-7", human=True).out, "people are told the same"
    assert shop.dump() == after
    for words_of_another in (other, WRITES["order" if write == "pay" else "pay"][0]):
        assert shop(*words_of_another, "--key", "web-7", exits=1).row["error"] == "key_used"
    assert shop.dump() == after
    shop(*words, "--key", "web-8")
    assert shop.dump() != after, "another key is another request"


@pytest.mark.acceptance("Z02")
@pytest.mark.parametrize(
    ("refused", "then"),
    [
        (["order", "42", "av", "--quantity", "900"], ["order", "42", "av", "--quantity", "2"]),
        (["renew", "1", "--quantity", "900"], ["renew", "1"]),
        (
            ["subscriptions", "change", "1", "--quantity", "900", "--when", "now"],
            ["subscriptions", "change", "1", "--quantity", "3", "--when", "now"],
        ),
        (["accounts", "pay", "43", "5.00"], ["accounts", "pay", "42", "5.00"]),
    ],
)
def test_what_was_refused_uses_no_key_up(shop: Isp, refused: list[str], then: list[str]) -> None:
    before = shop.dump()
    assert shop.anyhow(*refused, "--key", "web-7").row["error"] in ("insufficient_funds", "unknown_account")
    assert shop.dump() == before
    shop(*then, "--key", "web-7")


@pytest.mark.acceptance("Z02")
def test_what_was_changed_meanwhile_does_not_change_the_answer(shop: Isp) -> None:
    words = ("subscriptions", "change", "1", "--quantity", "4", "--when", "now", "--key", "web-7")
    first = shop(*words).row
    shop("subscriptions", "change", "1", "--quantity", "6", "--when", "now")
    shop("cancel", "1", "--now")
    assert shop(*words).row == first


@pytest.mark.acceptance("Z02")
def test_a_dry_run_uses_no_key_up(shop: Isp) -> None:
    words = ("order", "42", "av", "--quantity", "2", "--key", "web-7")
    before = shop.dump()
    shop(*words, "--dry-run")
    assert shop.dump() == before
    shop("order", "42", "av", "--quantity", "3", "--key", "web-7")


@pytest.mark.acceptance("Z02")
def test_a_retry_with_its_old_quote_is_answered_though_the_quote_is_stale(shop: Isp) -> None:
    words = ("order", "42", "av", "--quantity", "2", "--key", "web-7")
    told = shop(*words, "--dry-run").row["quote"]
    first = shop(*words, "--quote", told).row
    shop.at = "2026-03-10T18:00:00+00:00"
    assert shop(*words, "--quote", told).row == first


@pytest.mark.acceptance("Z02")
def test_a_key_belongs_to_whoever_used_it(shop: Isp) -> None:
    takes_in(shop, "Bakery", "bo@bakery.example", "--account", "42")
    words = ("order", "42", "av", "--key", "1")
    mine = shop(*words).row["subscription"]
    his = shop("--as", "bo@bakery.example", *words).row["subscription"]
    assert mine != his
    assert (shop(*words).row["subscription"], shop("--as", "bo@bakery.example", *words).row["subscription"]) == (mine, his)


@pytest.mark.acceptance("Z02")
@pytest.mark.parametrize("write", ["order", "renew", "change", "pay"])
def test_two_at_once_with_one_key_are_one_write_with_one_answer(shop: Isp, write: str) -> None:
    wish = Wish(subscription=1, quantity=4, when=When.NOW, key="web-7")
    wanted = order.Order(account="42", product="av", plan=Plan.ONE_OFF, quantity=2, key="web-7")
    moves: dict[str, Callable[[App], object]] = {
        "order": lambda app: order.place(app.context, _cause(app), wanted),
        "renew": lambda app: charge.renew(app.context, _cause(app), subscription_id=1, key="web-7"),
        "change": lambda app: quantity_change.change(app.context, _cause(app), wish),
        "pay": lambda app: inbox.pay(app.context, _cause(app), account="42", amount="5.00", key="web-7"),
    }
    entries = len(shop.dump("ledger_entry")["ledger_entry"])
    answers = _at_once(shop, [moves[write]] * 4)
    assert [answer == answers[0] for answer in answers] == [True] * 4, answers
    assert len(shop.dump("ledger_entry")["ledger_entry"]) == entries + 1
    assert len(shop.dump("reply")["reply"]) == 1


def _cause(app: App) -> Cause:
    return app.cause("asked", actor="portal")


def _at_once(isp: Isp, moves: list[Callable[[App], object]]) -> list[object]:
    """Make all *moves* at the same moment, each from an installation of its own; what each answered."""
    start = threading.Barrier(len(moves))
    answers: list[object] = []

    def go(move: Callable[[App], object]) -> None:
        app = App(isp.file, at=parse_moment(isp.at))
        try:
            app.context.store.engine.connect().close()
            start.wait(timeout=20)
            answers.append(move(app))
        except Exception as error:  # noqa: BLE001 - told below, where it fails the test
            answers.append(error)
        finally:
            app.close()

    threads = [threading.Thread(target=go, args=(move,)) for move in moves]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(timeout=60)
    assert len(answers) == len(moves)
    return answers
