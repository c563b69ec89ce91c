"""The demo's witnesses beside real stand-ins, and the person who answers operator tasks."""

import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from isp_addons.clock import ReplayClock
from isp_addons.sandbox.demo_eset import EsetWitness
from isp_addons.sandbox.demo_operator import Operator
from isp_addons.sandbox.demo_screen import Screen
from isp_addons.sandbox.demo_witness import Witness
from isp_addons.vendor_api.http import VendorSession
from isp_addons_avdesk.sandbox import AvDeskSandbox
from isp_addons_eset.sandbox import EsetSandbox

NOW = datetime(2026, 12, 2, 9, tzinfo=UTC)


# --- AV-Desk ---------------------------------------------------------------------------------------------------------------


@pytest.fixture
def vendor() -> Iterator[AvDeskSandbox]:
    with AvDeskSandbox() as server:
        yield server


@pytest.fixture
def call(vendor: AvDeskSandbox) -> Iterator[Callable[..., None]]:
    """Make one call of the vendor's Web API, as the product would."""
    session = VendorSession(vendor.url, clock=ReplayClock(NOW), auth=("admin", "sandbox"))
    yield lambda script, **given: session.send(
        "GET", f"/api/{script}.ds", action=script, changes=True, params={name.replace("_", "-"): v for name, v in given.items()}
    )
    session.close()


@pytest.fixture
def witness(vendor: AvDeskSandbox) -> Iterator[Witness]:
    found = Witness(vendor.url, at=NOW)
    yield found
    found.close()


BLOCK = {"block_begin": "20261202090000", "block_end": "20271202090000"}


def test_the_witness_tells_what_became_of_each_station(witness: Witness, call: Callable[..., None]) -> None:
    call("stations/add", id="a")
    call("stations/add", id="b")
    assert witness.look(NOW).became == {"ordered": 2}
    call("stations/change", id="a", **BLOCK)
    call("stations/change", id="b", block_begin="20261231210000", block_end="20271231210000")
    assert witness.look(NOW).became == {"suspended": 1, "dated": 1}
    assert witness.look(NOW).became == {}
    call("stations/change", id="a", block_begin="0", block_end="0")
    call("stations/delete", id="b")
    last = witness.look(NOW)
    assert last.became == {"resumed": 1, "deleted": 1}
    assert [(each.doubled, each.secret) for each in witness.passes] == [((), ())] * 4
    assert witness.ordered == {"a", "b"}
    assert witness.counts()["stations/delete"] == 1


def test_the_witness_sees_a_doubled_call(witness: Witness, call: Callable[..., None]) -> None:
    call("stations/add", id="a")
    call("stations/change", id="a", **BLOCK)
    assert witness.look(NOW).doubled == ("a",)
    call("stations/change", id="a", **BLOCK)
    assert witness.look(NOW).doubled == ("a",)


def test_the_witness_sees_a_change_without_a_call(vendor: AvDeskSandbox, witness: Witness, call: Callable[..., None]) -> None:
    call("stations/add", id="a")
    witness.look(NOW)
    session = VendorSession(vendor.url, clock=ReplayClock(NOW))
    session.send("DELETE", "/sandbox/stations/a", action="vanish", changes=True)
    session.close()
    found = witness.look(NOW)
    assert (found.secret, found.became) == (("a",), {"deleted": 1})


# --- ESET ------------------------------------------------------------------------------------------------------------------


@pytest.fixture
def eset() -> Iterator[EsetSandbox]:
    with EsetSandbox() as server:
        yield server


@pytest.fixture
def ask(eset: EsetSandbox) -> Iterator[Callable[..., Any]]:
    """Make one call of ESET's API, as the product would; with a path of a door, knock there."""
    session = VendorSession(eset.url, clock=ReplayClock(NOW))
    headers: dict[str, str] = {}

    def send(path: str, **body: Any) -> Any:
        data = json.dumps(body).encode()
        return session.send("POST", path, action=path, changes=True, data=data, headers=headers).json()

    token = send("/api/Token/Get", username="isp", password="sandbox")["accessToken"]
    headers["Authorization"] = f"Bearer {token}"
    yield send
    session.close()


@pytest.fixture
def watching(eset: EsetSandbox) -> Iterator[EsetWitness]:
    found = EsetWitness(eset.url, at=NOW)
    yield found
    found.close()


def _customer(ask: Callable[..., Any], key: str) -> str:
    address = {"city": "Exampleton"}
    created = ask("/api/Company/Create/customer", name=f"1042 [{key}]", customIdentifier=key, address=address)
    return str(created["companyId"])


def _order(ask: Callable[..., Any], customer: str, product: str = "101") -> str:
    answer = ask("/api/License/Order", customerId=customer, productCode=product, quantity=1, licenseType=1)
    return str(answer["publicLicenseKey"])


def test_the_witness_tells_what_became_of_each_licence_of_eset(watching: EsetWitness, ask: Callable[..., Any]) -> None:
    licence = _order(ask, _customer(ask, "ia-1"))
    found = watching.look(NOW)
    assert (found.became, found.calls) == ({"ordered": 1}, 3)  # the token, the company, the order
    ask("/api/License/Suspend", publicLicenseKey=licence)
    assert watching.look(NOW).became == {"suspended": 1}
    found = watching.look(NOW)
    assert (found.became, found.calls) == ({}, 0)
    ask("/api/License/Unsuspend", publicLicenseKey=licence)
    assert watching.look(NOW).became == {"resumed": 1}
    ask(f"/sandbox/licenses/{licence}", removed=True)
    assert watching.look(NOW).became == {"ended": 1}
    assert [(each.key, each.state) for each in watching.licences()] == [("ia-1", "ended")]


def test_the_witness_sees_a_licence_that_is_ordered_twice(watching: EsetWitness, ask: Callable[..., Any]) -> None:
    customer = _customer(ask, "ia-1")
    _order(ask, customer)
    _order(ask, customer, product="102")
    watching.look(NOW)
    assert watching.orders == {"ia-1": 2}
    assert [each.key for each in watching.licences()] == ["ia-1", "ia-1"]


# --- the person who does operator tasks ------------------------------------------------------------------------------------


class ListOfTasks:
    """Stands for the product's commands: tells a list of tasks, and keeps the answers."""

    def __init__(self, **tasks: tuple[str, str]) -> None:
        self._rows = [
            {"licence": licence, "status": status, "account": account, "step": "on_block"}
            for licence, (status, account) in tasks.items()
        ]
        self.answers: list[tuple[str, ...]] = []

    def say(self, *arguments: str, at: datetime) -> str:
        self.rows(*arguments, at=at)
        return ""

    def rows(self, *arguments: str, at: datetime) -> list[dict[str, Any]]:
        assert at == NOW
        if arguments[1] == "list":
            return self._rows
        self.answers.append(arguments[1:])
        return [{"licence": each} for each in arguments[2:]]


def test_the_person_confirms_what_was_done_and_says_of_what_was_recalled_that_it_was_not() -> None:
    commands = ListOfTasks(a=("open", "1"), b=("recalled", "2"), c=("open", "3"), d=("recalled", "4"))
    Operator(commands, Screen()).answers_all(NOW)
    not_done = ("--note", "not done")
    assert commands.answers == [("confirm", "a", "c"), ("could-not", "b", *not_done), ("could-not", "d", *not_done)]


def test_the_person_has_one_task_written_anew_and_confirms_the_others() -> None:
    commands = ListOfTasks(a=("open", "1010"), b=("open", "999"), c=("open", "7"))
    Operator(commands, Screen()).answers_all_but_one(NOW)
    assert commands.answers == [("confirm", "c", "b"), ("ask-again", "a")]


def test_where_nothing_waits_the_person_says_nothing() -> None:
    commands = ListOfTasks()
    Operator(commands, Screen()).answers_all(NOW)
    assert commands.answers == []
