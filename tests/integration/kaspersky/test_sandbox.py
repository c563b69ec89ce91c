"""The stand-in itself, spoken to without the plugin: what it shares with Kaspersky's service."""

from datetime import timedelta
from typing import Any

import pytest

from isp_addons.clock import ReplayClock
from isp_addons_kaspersky.sandbox import KasperskySandbox

ACTIVATE = '<Activate UnitId="{unit}" SubscriberId="{who}" StartTime="{start}" EndTime="{end}" ProductId="KIS"/>'
NOW = "2026-03-10T12:00:00Z"


def activate(who: str = "a", *, unit: int = 1, start: str = NOW, end: str = "indefinite") -> str:
    return ACTIVATE.format(unit=unit, who=who, start=start, end=end)


def item(name: str, who: str = "a", *, unit: int = 1, **details: str) -> str:
    attributes = "".join(f' {key}="{value}"' for key, value in details.items())
    return f'<{name} UnitId="{unit}" SubscriberId="{who}"{attributes}/>'


INFO = item("GetInfo", InfoSection="Subscription")
STOP = {"Pause": {"PauseTime": NOW}, "SoftCancel": {"EndTime": NOW}, "HardCancel": {"EndTime": NOW}}


def codes(answered: Any) -> list[str]:
    return [f"{name} {row['ErrorCode']}" if "ErrorCode" in row else name for name, row in answered.rows()]


def status(wire: Any) -> str:
    return str(dict(wire(INFO).rows())["Subscription"]["Status"])


def test_an_activation_has_a_code_and_info_tells_all(wire: Any) -> None:
    name, row = wire(activate(end="2026-04-01T00:00:00Z")).rows()[0]
    assert (name, row["UnitId"], row["SubscriberId"], len(row["ActivationCode"])) == ("Activate", "1", "a", 23)
    assert wire(INFO).rows() == [
        ("GetInfo", {"UnitId": "1", "SubscriberId": "a"}),
        (
            "Subscription",
            {
                "Status": "Started",
                "StatusChangeTime": NOW,
                "StartTime": NOW,
                "EndTime": "2026-04-01T00:00:00Z",
                "LicenseCount": "1",
                "ProductId": "KIS",
                "ActivationCode": row["ActivationCode"],
            },
        ),
    ]


def test_items_of_one_container_are_independent_and_some_may_fail(wire: Any) -> None:
    answered = wire(activate("a") + activate("a", unit=2) + item("Resume", "b", unit=3) + activate("c", unit=4))
    assert codes(answered) == ["Activate", "Activate", "ActivateError 9101", "ResumeError 5"]
    assert [row["UnitId"] for _, row in answered.rows()] == ["1", "4", "2", "3"]


@pytest.mark.parametrize(
    ("before", "after"),
    [
        ([], {"Pause": "Paused", "SoftCancel": "SoftCancelled", "HardCancel": "HardCancelled", "Resume": "202"}),
        (["Pause"], {"Pause": "202", "SoftCancel": "SoftCancelled", "HardCancel": "HardCancelled", "Resume": "Started"}),
        (["SoftCancel"], {"Pause": "202", "SoftCancel": "202", "HardCancel": "HardCancelled", "Resume": "202"}),
        (["HardCancel"], {"Pause": "202", "SoftCancel": "202", "HardCancel": "202", "Resume": "202"}),
    ],
)
def test_what_is_allowed_follows_from_the_state(wire: Any, control: Any, before: list[str], after: dict[str, str]) -> None:
    for name, expected in after.items():
        control("POST", "reset")
        wire(activate())
        for each in before:
            wire(item(each, **STOP[each]))
        answered = wire(item(name, **STOP.get(name, {})))
        assert codes(answered) == ([f"{name}Error 202"] if expected == "202" else [name])
        if expected != "202":
            assert status(wire) == expected


@pytest.mark.parametrize(
    ("end", "before", "renewed", "allowed"),
    [
        ("indefinite", "", "indefinite", False),
        ("indefinite", "", "2026-05-01T00:00:00Z", True),
        ("2026-04-01T00:00:00Z", "", "2026-05-01T00:00:00Z", True),
        ("indefinite", "SoftCancel", "indefinite", True),
        ("indefinite", "Pause", "indefinite", False),
        ("2026-04-01T00:00:00Z", "HardCancel", "2026-05-01T00:00:00Z", False),
    ],
)
def test_renew_moves_a_limited_end_and_starts_what_was_soft_cancelled(
    wire: Any, end: str, before: str, renewed: str, allowed: bool
) -> None:
    wire(activate(end=end))
    if before:
        wire(item(before, **STOP[before]))
    assert codes(wire(item("Renew", EndTime=renewed))) == ["Renew" if allowed else "RenewError 202"]
    if allowed:
        assert (status(wire), dict(wire(INFO).rows())["Subscription"]["EndTime"]) == ("Started", renewed)


def test_the_code_is_kept_through_stopping_and_not_through_hard_cancel_and_activate(wire: Any) -> None:
    code = wire(activate()).rows()[0][1]["ActivationCode"]
    for stop, start in (("Pause", item("Resume")), ("SoftCancel", item("Renew", EndTime="indefinite"))):
        wire(item(stop, **STOP[stop]) + start.replace('UnitId="1"', 'UnitId="2"'))
        assert dict(wire(INFO).rows())["Subscription"]["ActivationCode"] == code
    again = wire(item("HardCancel", **STOP["HardCancel"]) + activate(unit=2)).rows()
    assert [name for name, _ in again] == ["HardCancel", "Activate"]
    assert again[1][1]["ActivationCode"] != code


def test_starts_and_cancellations_may_lie_ahead(wire: Any, clock: ReplayClock) -> None:
    wire(activate(start="2026-03-10T12:05:00Z"))
    assert status(wire) == "NotStarted"
    assert codes(wire(item("Pause", PauseTime=NOW))) == ["PauseError 202"]
    clock.moment += timedelta(minutes=5)
    assert status(wire) == "Started"
    wire(item("SoftCancel", EndTime="2026-03-10T13:00:00Z"))
    assert status(wire) == "Started"
    clock.moment += timedelta(hours=1)
    assert status(wire) == "SoftCancelled"


@pytest.mark.parametrize(
    ("items", "code"),
    [
        (activate() + activate("b"), "9003"),
        ("".join(item("Resume", f"s{unit}", unit=unit) for unit in range(151)), "9004"),
        ("<Explode UnitId='1' SubscriberId='a'/>", "9002"),
        (item("Pause"), "9002"),
        (item("Pause", PauseTime="2026-03-10T12:00:00"), "9002"),
        (item("SoftCancel", EndTime="indefinite"), "9002"),
        (item("GetInfo", InfoSection="Everything"), "9002"),
        (item("GetDownloadLinks", Language="en", Platform="OS/2"), "9002"),
        (activate(end="later"), "9002"),
        (activate().replace("ProductId", 'LicenseCount="0" ProductId'), "9002"),
        ("<Resume SubscriberId='a'/>", "9002"),
        ("<Resume", "9002"),
    ],
)
def test_a_container_against_the_rules_is_turned_away_whole(wire: Any, control: Any, items: str, code: str) -> None:
    assert wire(items).error()["ErrorCode"] == code
    assert control("GET", "subscribers") == {"subscribers": []}


@pytest.mark.parametrize("access", ["", "<UserName>isp-example</UserName><Password>x</Password>"])
def test_without_the_right_access_nothing_is_done(wire: Any, control: Any, access: str) -> None:
    assert wire(activate(), access=access).error() == {"ErrorCode": "9001", "ErrorMessage": "Access denied."}
    assert control("GET", "subscribers") == {"subscribers": []}


def test_150_items_are_taken_at_once(wire: Any) -> None:
    answered = wire("".join(activate(f"s{unit}", unit=unit) for unit in range(150)))
    assert codes(answered) == ["Activate"] * 150


@pytest.mark.parametrize(("strict", "second"), [("no", "Activate"), ("yes", "9005")])
def test_whether_a_transaction_id_may_come_twice_is_a_switch(wire: Any, strict: str, second: str) -> None:
    with KasperskySandbox(user_name="isp-example", password="pa55&of<kaspersky", rejects_repeats=strict) as server:
        assert codes(wire(activate("a"), server=server)) == ["Activate"]
        again = wire(activate("b"), server=server)
        assert (again.error().get("ErrorCode") or codes(again)[0]) == second


def test_download_links_are_told_for_a_platform(wire: Any) -> None:
    code = wire(activate()).rows()[0][1]["ActivationCode"]
    rows = wire(item("GetDownloadLinks", Language="ru", Platform="macOS")).rows()
    assert rows == [
        ("GetDownloadLinks", {"UnitId": "1", "SubscriberId": "a", "Platform": "macOS"}),
        (
            "DownloadLink",
            {"Url": f"https://downloads.example.net/macos/ru/{code}", "Language": "ru", "ApplicationName": "KIS"},
        ),
    ]


def test_usage_is_a_section_of_its_own(wire: Any) -> None:
    wire(activate())
    both = wire(item("GetInfo", InfoSection="Subscription, SubscriptionUsage"))
    assert [name for name, _ in both.rows()] == ["GetInfo", "Subscription"]
    assert b"SubscriptionUsage" in both.body


def test_an_entity_in_a_request_is_turned_away(wire: Any) -> None:
    assert wire("&boom;").error()["ErrorCode"] == "9002"


def test_another_path_is_not_there(wire: Any) -> None:
    assert wire(INFO, path="/soap").status == 404


def test_the_log_tells_items_and_codes_and_no_code_of_a_subscriber(wire: Any, control: Any) -> None:
    code = wire(activate()).rows()[0][1]["ActivationCode"]
    wire(item("Resume"))
    wire(INFO, access="")
    assert control.calls() == ["Activate", "Resume 202", "GetInfo transaction 9001"]
    assert code not in str(control("GET", "calls"))


def test_an_item_can_be_done_by_hand_and_one_that_is_refused_is_400(wire: Any, control: Any) -> None:
    wire(activate())
    control.by_hand("Pause", "a")
    assert control.status("a") == "Paused"
    refused = control("POST", "subscribers/a", {"item": "Pause"}, status=400)
    assert refused == {"error": "202: Pause is not allowed for a subscription that is Paused."}
    control("GET", "subscribers/nobody", status=404)
    control("GET", "nowhere", status=404)


def test_a_switch_is_yes_or_no() -> None:
    with pytest.raises(ValueError, match="write yes or no, not 'maybe'"):
        KasperskySandbox(keeps_code="maybe")
