"""Suspending through gvm-cli: what was taken is given back, and every failure is told as what is known. Real processes."""

from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from isp_addons.vendor_api import (
    Done,
    LicenceView,
    NeedsOperator,
    OutcomeUnknown,
    Rejected,
    ReplayClock,
    SeenLicence,
    SeenState,
    Unauthorised,
    Unavailable,
    VendorContext,
    VendorError,
)
from isp_addons_greenbone import Greenbone, GreenboneOptions
from isp_addons_greenbone.sandbox import ALLOWED, GreenboneSandbox

LICENCE = LicenceView(
    key="ia-7", reference=None, account="42", product="scan", options={"internal": "1"}, quantity=5, paid_until=None
)
MakePlugin = Callable[..., Greenbone]


@pytest.fixture
def server(tmp_path: Path) -> GreenboneSandbox:
    """A server with one customer, one of whose tasks is running."""
    made = GreenboneSandbox(tmp_path)
    made.perform("on_order", LICENCE)
    return made


@pytest.fixture
def make(server: GreenboneSandbox) -> MakePlugin:
    def plugin(**options: str) -> Greenbone:
        checked = GreenboneOptions.model_validate({**server.options(), **options})
        return Greenbone(VendorContext("greenbone", checked, ReplayClock(datetime(2026, 3, 1, tzinfo=UTC))))

    return plugin


def user(server: GreenboneSandbox) -> dict[str, Any]:
    told: dict[str, Any] = server.state()["users"]["user-1"]
    return told


def test_what_was_taken_is_given_back_after_a_restart(server: GreenboneSandbox, make: MakePlugin) -> None:
    before = server.state()
    assert make().on_block(LICENCE) == Done(reference="user-1")
    assert (user(server)["hosts"], server.running()) == ("", set())
    assert make().read_licence(LICENCE) == SeenLicence(key="ia-7", state=SeenState.SUSPENDED, reference="user-1", quantity=5)

    assert make().on_unblock(LICENCE) == Done(reference="user-1")

    after = server.state()
    assert (after["users"], after["tasks"]) == (before["users"], before["tasks"])
    assert make().read_licence(LICENCE).state is SeenState.ACTIVE


def test_roles_groups_sources_and_comment_are_kept(server: GreenboneSandbox, make: MakePlugin) -> None:
    before = user(server)
    make().on_block(LICENCE)
    assert user(server) == {**before, "hosts": ""}


def test_blocked_twice_the_first_list_is_given_back(server: GreenboneSandbox, make: MakePlugin) -> None:
    make().on_block(LICENCE)
    make().on_block(LICENCE)
    make().on_unblock(LICENCE)
    assert (user(server)["hosts"], server.running()) == (ALLOWED, {"task-1-running"})


def test_a_task_that_somebody_started_meanwhile_is_stopped_by_the_next_block_and_goes_on_too(
    server: GreenboneSandbox, make: MakePlugin
) -> None:
    make().on_block(LICENCE)
    tasks = server.state()["tasks"]
    server.change(tasks={**tasks, "task-2": {"owner": "user-1", "status": "Queued"}})
    make().on_block(LICENCE)
    assert server.running() == set()
    make().on_unblock(LICENCE)
    assert server.running() == {"task-1-running", "task-2"}


def test_a_rule_that_denies_is_given_back_as_one_that_denies(server: GreenboneSandbox, make: MakePlugin) -> None:
    server.change(users={"user-1": {**user(server), "allow": False, "hosts": ""}})
    make().on_block(LICENCE)
    assert user(server)["allow"] is True
    make().on_unblock(LICENCE)
    assert (user(server)["allow"], user(server)["hosts"]) == (False, "")


def test_a_list_that_somebody_set_meanwhile_stays_and_a_task_that_is_gone_is_left_out(
    server: GreenboneSandbox, make: MakePlugin
) -> None:
    make().on_block(LICENCE)
    server.change(users={"user-1": {**user(server), "hosts": "203.0.113.5"}}, tasks={})
    make().on_unblock(LICENCE)
    assert (user(server)["hosts"], server.running()) == ("203.0.113.5", set())


def test_other_users_and_their_tasks_are_left_alone(server: GreenboneSandbox, make: MakePlugin) -> None:
    server.perform("on_order", LicenceView(**{**_as_dict(LICENCE), "key": "ia-77", "account": "43"}))
    make().on_block(LICENCE)
    assert server.state()["users"]["user-2"]["hosts"] == ALLOWED, "ia-77 is not ia-7"
    assert server.running() == {"task-2-running"}


def test_two_users_with_one_key_are_not_chosen_between(server: GreenboneSandbox, make: MakePlugin) -> None:
    server.change(users={"user-1": user(server), "user-9": {**user(server), "name": "twin"}})
    with pytest.raises(Rejected, match="several users have ia-7 in their comments: customer-42, twin"):
        make().on_block(LICENCE)


def test_without_the_file_nothing_is_guessed(server: GreenboneSandbox, make: MakePlugin) -> None:
    plugin = make()
    plugin.on_block(LICENCE)
    (kept,) = Path(server.options()["state_dir"]).iterdir()
    kept.unlink()
    with pytest.raises(Rejected, match="the allow-list of the user customer-42 is empty and nothing is kept"):
        plugin.on_unblock(LICENCE)
    assert user(server)["hosts"] == ""


def test_nothing_is_taken_when_it_cannot_be_kept(server: GreenboneSandbox, make: MakePlugin, tmp_path: Path) -> None:
    before = server.state()["users"]
    with pytest.raises(Rejected, match="cannot be kept"):
        make(state_dir=str(tmp_path / "no folder" / "state")).on_block(LICENCE)
    assert server.state()["users"] == before


@pytest.mark.parametrize("dies", ["dies_before", "dies_after"])
@pytest.mark.parametrize("command", ["modify_user", "stop_task", "resume_task"])
def test_cut_off_anywhere_the_next_call_brings_it_to_its_end(
    server: GreenboneSandbox, make: MakePlugin, dies: str, command: str
) -> None:
    before = server.state()
    if command == "resume_task":
        make().on_block(LICENCE)
    call = "on_unblock" if command == "resume_task" else "on_block"
    server.change(**{dies: command})
    with pytest.raises(OutcomeUnknown, match="ended with exit code 1"):
        getattr(make(), call)(LICENCE)
    server.change(**{dies: None})

    getattr(make(), call)(LICENCE)
    make().on_unblock(LICENCE)

    after = server.state()
    assert (after["users"], after["tasks"]) == (before["users"], before["tasks"])


@pytest.mark.parametrize(
    ("broken", "kind", "said"),
    [
        ({"password": "other"}, Unauthorised, "refuses the login"),
        ({"answers": {"modify_user": ["401", "Authenticate first"]}}, Unauthorised, "refuses the login"),
        ({"answers": {"modify_user": ["403", "Permission denied"]}}, Rejected, "403: Permission denied"),
        ({"answers": {"modify_user": ["503", "Service temporarily down"]}}, Unavailable, "503"),
        ({"answers": {"modify_user": ["500", "Internal error"]}}, OutcomeUnknown, "500: Internal error"),
        ({"answers": {"get_users": ["500", "Internal error"]}}, Unavailable, "500: Internal error"),
        ({"garbage": "<html>"}, Unavailable, "something else than XML"),
        ({"garbage": "<!DOCTYPE a [<!ENTITY b 'c'>]><a/>"}, Unavailable, "something else than XML"),
        ({"dies_before": "get_users"}, Unavailable, "ended with exit code 1"),
        ({"silent": True}, Unavailable, r"did not end within 1\.5 s"),
    ],
)
def test_a_failure_is_told_as_what_is_known_of_it(
    server: GreenboneSandbox, make: MakePlugin, broken: dict[str, Any], kind: type[VendorError], said: str
) -> None:
    server.change(**broken)
    with pytest.raises(kind, match=said):
        make(**({"time_limit": "1.5"} if "silent" in broken else {})).on_block(LICENCE)
    assert user(server)["hosts"] == ALLOWED


def test_a_missing_program_has_done_nothing(make: MakePlugin) -> None:
    with pytest.raises(Unavailable, match="There is no executable"):
        make(gvm_command="/nowhere/gvm-cli socket").on_block(LICENCE)


def test_a_user_that_is_not_there_is_absent_and_cannot_be_suspended(server: GreenboneSandbox, make: MakePlugin) -> None:
    server.perform("on_cancel", LICENCE)
    assert make().read_licence(LICENCE) == SeenLicence(key="ia-7", state=SeenState.ABSENT)
    with pytest.raises(Rejected, match="no user has ia-7 in its comment"):
        make().on_block(LICENCE)


def test_creating_and_ending_a_user_is_left_to_a_person(make: MakePlugin) -> None:
    for told in (make().on_order(LICENCE), make().on_cancel(LICENCE), make().on_change(LICENCE, old_quantity=1)):
        assert isinstance(told, NeedsOperator)


def test_the_check_logs_in_and_writes_to_the_folder(server: GreenboneSandbox, make: MakePlugin) -> None:
    assert make().check_vendor().findings == (
        "The server answers and lets us in: GMP 22.6.",
        f"What is taken from suspended users is kept in {server.options()['state_dir']}.",
    )


def _as_dict(licence: LicenceView) -> dict[str, Any]:
    return {name: getattr(licence, name) for name in ("reference", "product", "options", "quantity", "paid_until")}
