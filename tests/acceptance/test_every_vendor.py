"""Every vendor of the product by command line: ordered, renewed, suspended without deleting, resumed, cancelled."""

from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from acceptance.kit import Isp
from isp_addons_aircall import Aircall
from isp_addons_avdesk import AvDesk
from isp_addons_eset import Eset
from isp_addons_exec import Exec
from isp_addons_gateway import Gateway
from isp_addons_kaspersky import Kaspersky

BY_HTTP: Mapping[str, Any] = {
    "avdesk": AvDesk,
    "eset": Eset,
    "exec": Exec,
    "gateway": Gateway,
    "kaspersky": Kaspersky,
}
BY_HAND: Mapping[str, tuple[dict[str, str], dict[str, str]]] = {
    "ajax": ({"company": "Net Ltd", "suspend_by": "operator_task"}, {"service": "cloud"}),
    "axcrypt": ({"reseller": "licences@net.example"}, {}),
    "greenbone": ({}, {"internal": "60", "external": "40"}),
}


@dataclass
class Life:
    """One subscription at one vendor, and what happens to it."""

    isp: Isp
    stand_in: Any = None
    subscription: int = 0
    history: list[str] = field(default_factory=list)

    def settle(self) -> str:
        """Let everything be done, by calls and by people; returns what the product believes of the vendor."""
        for _ in range(12):
            self.isp("converge")
            tasks = self.isp("tasks", "list").rows
            if tasks:
                self.isp("tasks", "confirm", *(task["licence"] for task in tasks))
            elif self.isp.at_vendor(self.subscription) != "pending":
                break
            self.isp.at = (datetime.fromisoformat(self.isp.at) + timedelta(minutes=1)).isoformat()
        state = self.isp.at_vendor(self.subscription)
        self.history.append(state)
        return state

    def stands(self) -> list[str]:
        """What the vendor's stand-in itself has, ended objects too."""
        return [each.state.value for each in self.stand_in.standing(datetime.fromisoformat(self.isp.at).astimezone(UTC))]


@pytest.fixture
def lives(isp: Isp) -> Iterator[Any]:
    """Makes a subscription of vendor *name*, ordered by command line and delivered."""
    with ExitStack() as running:

        @contextmanager
        def begin(name: str, settings: Mapping[str, str], options: Mapping[str, str], stand_in: Any) -> Iterator[Life]:
            life = Life(isp, stand_in)
            isp.configure(f"vendor:{name}", plugin=name, **settings)
            given = [part for pair in options.items() for part in ("--option", "=".join(pair))]
            isp("products", "add", "service", "--price", "100.00", "--vendor", name, *given)
            isp.opens("42", "1000.00")
            life.subscription = isp.orders("42", "service")
            assert life.settle() == "active"
            yield life

        yield lambda *told: running.enter_context(begin(*told))


def blocked_and_freed(life: Life) -> None:
    """Blocked by the billing and freed again, then cancelled at once."""
    isp = life.isp
    isp("hook", "on_block", "--account", "42")
    assert life.settle() == "suspended"
    assert "ended" not in life.history
    isp("hook", "on_unblock", "--account", "42")
    assert life.settle() == "active"


@pytest.mark.acceptance("F22")
@pytest.mark.acceptance("F14")
@pytest.mark.parametrize("name", BY_HTTP)
def test_a_vendor_with_an_interface_from_the_order_to_the_end(lives: Any, name: str) -> None:
    with BY_HTTP[name].sandbox() as server:
        life = lives(name, server.options(), {}, server)
        assert life.stands() == ["active"]
        life.isp("hook", "on_block", "--account", "42")
        assert life.settle() == "suspended"
        assert life.stands() == ["suspended"], "suspended without deleting"
        life.isp("hook", "on_unblock", "--account", "42")
        assert life.settle() == "active"
        assert life.stands() == ["active"], "the same licence is back, and no second one"
        life.isp("cancel", str(life.subscription), "--now")
        life.settle()
        assert set(life.stands()) <= {"ended"}, "only cancelling ends a licence"
        assert life.isp("tasks", "list").rows == []


@pytest.mark.acceptance("F22")
@pytest.mark.parametrize("name", BY_HAND)
def test_a_vendor_without_an_interface_from_the_order_to_the_end(lives: Any, name: str) -> None:
    settings, options = BY_HAND[name]
    life = lives(name, settings, options, None)
    blocked_and_freed(life)
    life.isp("cancel", str(life.subscription), "--now")
    life.settle()
    assert life.isp("tasks", "list").rows == []
    assert life.isp.subscription(life.subscription)["status"] == "ended"


@pytest.mark.acceptance("F22")
def test_aircall_add_ons_from_the_order_to_the_end(lives: Any) -> None:
    with Aircall.sandbox(account="42") as server:
        life = lives("aircall", server.options(), {"add_on": "AI Assist"}, server)
        blocked_and_freed(life)


@pytest.mark.acceptance("F22")
@pytest.mark.parametrize("name", ["avdesk", "kaspersky", "gateway"])
def test_a_one_off_term_is_ordered_and_renewed_by_command_line(isp: Isp, name: str) -> None:
    with BY_HTTP[name].sandbox() as server:
        isp.configure(f"vendor:{name}", plugin=name, **server.options())
        isp("products", "add", "service", "--price", "100.00", "--vendor", name, "--terms", "1,3")
        isp.opens("42", "400.00")
        subscription = isp.orders("42", "service", plan="one_off", term="1")
        isp("converge")
        assert isp.balance("42") == "300.00"
        isp("renew", str(subscription), "--term", "3")
        isp("converge")
        assert isp.balance("42") == "0.00"
        (stands,) = server.standing(datetime.fromisoformat(isp.at).astimezone(UTC))
        assert (stands.state.value, f"{stands.paid_until:%Y-%m-%d}") == ("active", "2026-07-01")
        isp.refuses("renew", str(subscription), exits=1, names="not enough")
        isp.refuses("renew", str(subscription + 1), exits=2, names="There is no subscription")
