"""The process dies while something is sold; asked again, everything is there once: nothing lost, doubled or negative."""

import os
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from chaos.commerce import Shop, chosen
from chaos.world import CommandLine, Ran
from integration.convergence.house import Databases

MOST = int(os.environ.get("ISP_ADDONS_CRASHES", "5"))
"""How many of a run's steps are tried: each costs two processes and a copy of the database."""


@pytest.fixture(scope="module")
def line() -> Iterator[CommandLine]:
    line = CommandLine()
    yield line
    line.close()


@pytest.fixture(scope="module")
def rivals() -> Iterator[list[CommandLine]]:
    """Four processes that are ready to race."""
    lines = [CommandLine() for _ in range(4)]
    with ThreadPoolExecutor(len(lines)) as pool:
        list(pool.map(lambda line: line.run("--version"), lines))
    yield lines
    for line in lines:
        line.close()


@pytest.fixture(scope="module")
def databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    databases = Databases(request, tmp_path_factory.mktemp("databases"))
    yield databases
    databases.drop()


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path, line: CommandLine) -> Shop:
    shop = Shop(tmp_path, databases.fresh(request.param), line)
    shop.opens()
    return shop


def an_order(_: Shop) -> list[str]:
    return ["order", "bakery", "seats", "--quantity", "3", "--key", "web-1"]


def more_units(shop: Shop) -> list[str]:
    shop.does(*an_order(shop))
    return ["subscriptions", "change", "1", "--quantity", "5", "--when", "now", "--key", "web-2"]


def fewer_units_to_come(shop: Shop) -> list[str]:
    shop.does(*an_order(shop))
    return ["subscriptions", "change", "1", "--quantity", "2", "--key", "web-3"]


def a_seat(shop: Shop) -> list[str]:
    shop.does(*an_order(shop))
    return ["seats", "assign", "1", "anna@example.net"]


def seats_with_what_must_be_bought(shop: Shop) -> list[str]:
    shop.does("order", "bakery", "seats", "--key", "web-1")
    return ["seats", "assign", "1", "anna", "bo", "--buy", "--key", "web-4"]


def a_new_customer_of_a_reseller(shop: Shop) -> list[str]:
    shop.has_a_reseller()
    words = ["resellers", "order", "Florist", "--contact", "Flo", "--email", "flo@florist.example", "--product", "seats"]
    return ["--as", "rita@partner.example", *words, "--quantity", "3", "--term", "1", "--key", "web-5"]


SALES = [an_order, more_units, fewer_units_to_come, a_seat, seats_with_what_must_be_bought, a_new_customer_of_a_reseller]


@pytest.mark.parametrize("prepare", SALES)
def test_whatever_step_a_sale_dies_at_asking_again_makes_it_whole_once(
    shop: Shop, databases: Databases, prepare: Callable[[Shop], list[str]]
) -> None:
    words = prepare(shop)
    original = shop.url

    def anew() -> None:
        used = shop.url
        shop.use(databases.copy(original))
        if used != original:
            databases.drop(used)

    anew()
    before = shop.seen()
    first = shop.does(*words)
    expected = shop.seen()
    assert expected != before, "something was sold"
    shop.check_books()
    for fatal in chosen(first.steps, most=MOST):
        anew()
        killed = shop(*words, fatal=fatal)
        where = f"killed at step {fatal} of {len(first.steps)}, {first.steps[fatal - 1]}"
        assert killed.code == -9, f"{where}: {killed.err}"
        assert shop.seen() in (before, expected), f"{where}: half of it is there"
        shop.check_books()
        shop.does(*words)
        assert shop.seen() == expected, where


def test_what_is_asked_for_twice_at_the_same_moment_is_sold_once(shop: Shop, tmp_path: Path, rivals: list[CommandLine]) -> None:
    done = _at_once(tmp_path, shop, rivals, [an_order(shop)] * 4)

    assert [ran.code for ran in done] == [0] * 4, [ran.err for ran in done]
    shop.check_books()
    assert shop.seen()["subscription"].total() == 1


def test_the_last_seat_and_the_last_money_are_given_to_one_of_those_who_ask_at_once(
    shop: Shop, tmp_path: Path, rivals: list[CommandLine]
) -> None:
    shop.does("order", "bakery", "seats", "--quantity", "1", "--key", "web-1")
    wanted = [["seats", "assign", "1", name] for name in ("anna", "bo")]
    wanted += [["order", "bakery", "seats", "--quantity", "20", "--key", f"rush-{number}"] for number in range(2)]

    done = _at_once(tmp_path, shop, rivals, wanted)

    shop.check_books()
    assert sorted(ran.code for ran in done[:2]) == [0, 1], [ran.err for ran in done]
    assert sorted(ran.code for ran in done[2:]) == [0, 1], [ran.err for ran in done]
    assert shop.seen()["seat"].total() == 1
    assert shop.seen()["subscription"].total() == 2


def _at_once(folder: Path, shop: Shop, rivals: list[CommandLine], commands: list[list[str]]) -> list[Ran]:
    """Each command in a process of its own, all at the same time."""

    def run(line: CommandLine, words: list[str]) -> Ran:
        return line.run("--config", str(folder / "isp-addons.ini"), "--at", shop.at, *words)

    with ThreadPoolExecutor(len(commands)) as pool:
        return list(pool.map(run, rivals, commands))
