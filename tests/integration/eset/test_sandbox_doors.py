"""The stand-in's own doors: what stands there, changes by hand, the bill."""

from datetime import UTC, datetime
from typing import Any

import pytest

from isp_addons.clock import ReplayClock
from isp_addons_eset.sandbox import EsetSandbox


def test_the_kit_sees_what_stands_with_our_keys(wire: Any, sandbox: EsetSandbox, clock: ReplayClock) -> None:
    customer = wire.customer("1042 [L-1]", customIdentifier="L-1")
    key = wire.order(customer).value["publicLicenseKey"]
    trial = wire.order(customer, "103", kind=4).value["publicLicenseKey"]

    def standing() -> dict[str, str]:
        return {each.id: each.state.value for each in sandbox.standing(clock.now())}

    assert {each.key for each in sandbox.standing(clock.now())} == {"L-1"}
    assert standing() == {key: "active", trial: "active"}
    wire("License/Suspend", publicLicenseKey=key)
    wire("License/Remove", publicLicenseKey=trial)
    assert standing() == {key: "suspended", trial: "ended"}
    wire("Company/Update/customer", companyId=customer, name="1042 [L-1, ended]")
    assert standing() == {key: "ended", trial: "ended"}


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "nothing", None, 404),
        ("GET", "licenses/none", None, 404),
        ("POST", "licenses/K", {"state": 1}, 400),
        ("POST", "licenses", {"company": "K", "product": "none"}, 400),
        ("POST", "companies", {"name": "bakery"}, 400),
        ("POST", "companies", {}, 400),
        ("POST", "companies/K", {"id": "x"}, 400),
    ],
)
def test_a_door_says_what_is_wrong(
    wire: Any, control: Any, method: str, path: str, body: dict[str, Any] | None, status: int
) -> None:
    wire.order(wire.customer(customIdentifier="K"))
    assert control(method, path, body, status=status)["error"]


def test_a_reset_forgets_everything_and_every_token(wire: Any, control: Any) -> None:
    wire.ordered()
    control("POST", "reset")
    assert wire("User/Current", "GET").status == 401
    assert control("GET", "licenses") == {"licenses": []}
    wire.log_in()
    assert wire.ordered()


def at(text: str) -> datetime:
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def test_each_day_is_billed_at_half_past_midnight_and_the_day_of_a_suspension_too(
    wire: Any, control: Any, clock: ReplayClock
) -> None:
    clock.moment = at("2026-03-10 12:00")
    wire.log_in()
    customer = wire.customer(customIdentifier="K")
    key = wire.order(customer).value["publicLicenseKey"]

    def days() -> list[tuple[str, int]]:
        return [(each["date"], each["seats"]) for each in control("GET", "billing")["days"]]

    clock.moment = at("2026-03-10 23:29:59")
    assert days() == []
    clock.moment = at("2026-03-10 23:30")  # 00:30 in Bratislava
    assert days() == [("2026-03-10", 3)]
    clock.moment = at("2026-03-12 15:00")
    wire.log_in()
    wire("License/Suspend", publicLicenseKey=key)
    clock.moment = at("2026-03-20 15:00")
    assert days() == [("2026-03-10", 3), ("2026-03-11", 3), ("2026-03-12", 3)]
    assert control("GET", "billing?since=2026-03-12")["seat_days"] == {"K": 3}
    assert len(control("GET", "billing?limit=1")["days"]) == 1
