"""The process dies at any step, is started again, and everything is as if it had not died: nothing lost, nothing twice."""

import os
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

import pytest

from chaos.world import CommandLine, World
from integration.convergence.house import Databases
from integration.convergence.stand_in import LOGIN, PASSWORD, StandIn
from isp_addons.clock import ReplayClock
from isp_addons.domain.period import parse_moment
from isp_addons_avdesk.sandbox import AvDeskSandbox

MOST = int(os.environ.get("ISP_ADDONS_CRASHES", "10"))
"""How many of a run's steps are tried: each costs three processes. A thousand tries them all."""

CRUCIAL = ("before commit", "after commit", "before request", "after answer")

MARCH_20 = "2026-03-20T12:00:00+00:00"
MARCH_31 = "2026-03-31T12:00:00+00:00"
APRIL = "2026-04-01T00:00:00+00:00"


@pytest.fixture(scope="module")
def line() -> Iterator[CommandLine]:
    line = CommandLine()
    yield line
    line.close()


@pytest.fixture(scope="module")
def databases(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Databases]:
    databases = Databases(request, tmp_path_factory.mktemp("databases"))
    yield databases
    databases.drop()


@pytest.fixture(params=["sqlite", "postgresql"])
def world(request: pytest.FixtureRequest, databases: Databases, tmp_path: Path, line: CommandLine) -> Iterator[World]:
    """Six subscribers with an add-on each at 5.00: two short of money, two to be blocked, one who pays, one with a term."""
    with AvDeskSandbox(login=LOGIN, password=PASSWORD) as server:
        vendor = StandIn(server, ReplayClock(parse_moment(APRIL)))
        world = World(tmp_path, databases.fresh(request.param), vendor, line)
        world.does("products", "add", "av", "--price", "5", "--vendor", "avdesk", "--terms", "1,3")
        for name, balance in (
            ("rich", "100"),
            ("two", "100"),
            ("poor", "6"),
            ("poorer", "5"),
            ("late", "100"),
            ("once", "100"),
        ):
            world.does("accounts", "add", name, "--balance", balance)
            plan = ["--plan", "one_off", "--term", "3"] if name == "once" else ["--plan", "recurring"]
            world.does("order", name, "av", *plan)
        world.does("converge")
        yield world


def converge(world: World) -> list[str]:
    """Suspensions, a resumption, orders and a cancellation wait for the vendor."""
    world.at = MARCH_20
    world.does("hook", "on_block", "--account", "late")
    world.does("converge")
    for account in ("rich", "two", "poor"):
        world.does("hook", "on_block", "--account", account)
    world.does("hook", "on_unblock", "--account", "late")
    world.does("accounts", "add", "new", "--balance", "50")
    world.does("order", "new", "av")
    world.does("cancel", "4", "--now")
    return ["converge"]


def take_in_events(world: World) -> list[str]:
    """The billing has said six things, one of them twice; the money of a payment brings an add-on back."""
    world.at = MARCH_31
    world.does("before-period-end", "--apply")
    world.at = APRIL
    world.does("period-begin")
    world.does("hook", "on_block", "--account", "late")
    world.does("converge")
    for account in ("rich", "two"):
        world.hook("blocked", account)
    world.hook("unblocked", "late")
    for _ in range(2):
        world.hook("paid", "poorer", "amount=20.00", "key=payment-7")
    world.hook("paid", "poor", "amount=1.00", "key=payment-8")
    return ["spool", "ingest"]


def look_ahead(world: World) -> list[str]:
    """Two cannot pay for April."""
    world.at = MARCH_31
    return ["before-period-end", "--apply"]


def begin_period(world: World) -> list[str]:
    """April begins: four are charged, two are held, and the vendor has not yet heard of them."""
    world.at = MARCH_31
    world.does("before-period-end", "--apply")
    world.at = APRIL
    return ["period-begin"]


@pytest.mark.parametrize("prepare", [converge, take_in_events, look_ahead, begin_period])
def test_whatever_step_a_command_dies_at_the_next_run_makes_it_whole(
    world: World, databases: Databases, prepare: Callable[[World], list[str]]
) -> None:
    words = prepare(world)
    stations, spool = list(world.vendor.stations().values()), world.keep_spool()
    original = world.url

    def anew() -> None:
        used = world.url
        world.restore(stations, spool)
        world.use(databases.copy(original))
        if used != original:
            databases.drop(used)

    def finish() -> None:
        world.does(*words)
        if words != ["converge"]:
            world.does("converge")

    anew()
    first = world.does(*words)
    finish()
    expected = world.seen()
    assert expected["changes"], "the vendor was told something"
    assert set(expected["changes"].values()) == {1}

    for fatal in _chosen(first.steps):
        anew()
        killed = world(*words, fatal=fatal)
        where = f"killed at step {fatal} of {len(first.steps)}, {first.steps[fatal - 1]}"
        assert killed.code in (-9, 0), f"{where}: {killed.err}"
        finish()
        seen = world.seen()
        for part, found in seen.items():
            assert found == expected[part], f"{where}: {part} differs"
        for states in world.seen_states().values():
            told = [after for _, after in states]
            assert [before for before, _ in states[1:]] == told[:-1], f"{where}: the audit has a hole"


def _chosen(steps: Sequence[str]) -> list[int]:
    """Steps that are as unlike each other as can be: those around commits and requests, then of each statement one or two."""
    places = {name: [place for place, each in enumerate(steps, start=1) if each == name] for name in steps}
    crucial = [found for name in CRUCIAL if (found := places.pop(name, None))]
    chosen = {place for found in crucial for place in (found[0], found[len(found) // 2], found[-1])}
    others = sorted({place for found in places.values() for place in (found[0], found[-1])} - chosen)
    missing = max(MOST - len(chosen), 2)
    return sorted(chosen | set(others[:: -(-len(others) // missing)]))
