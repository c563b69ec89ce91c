"""The vendor has something else than we believe: it is listed, and mended only by rule or by a person."""

from collections.abc import Iterator
from datetime import datetime

import pytest

from acceptance.kit import MARCH, Isp
from isp_addons.clock import ReplayClock
from isp_addons_kaspersky import Kaspersky
from isp_addons_kaspersky.sandbox import KasperskySandbox
from servers.doors import Doors

pytestmark = pytest.mark.acceptance("Z06")


@pytest.fixture
def delivered(isp: Isp) -> Isp:
    """Three subscribers, each with a station at the vendor."""
    isp.sells("av", "150.00")
    for ref in ("41", "42", "43"):
        isp.subscriber(ref, "av", left="1000")
    isp("converge")
    return isp


def kinds(isp: Isp, *words: str) -> dict[str, str]:
    """The differences that reconciling names, by account."""
    return {row["account"]: row["kind"] for row in isp("reconcile", "avdesk", *words).rows}


def test_nothing_differs_and_nothing_is_listed(delivered: Isp) -> None:
    assert kinds(delivered) == {}


def test_what_somebody_changed_at_the_vendor_is_listed_and_left_alone(delivered: Isp) -> None:
    delivered.vendor.loses(delivered.vendor.station("42")["id"])
    delivered.vendor.edits(delivered.vendor.station("43")["id"], block_begin=delivered.at)
    before = delivered.dump()
    assert kinds(delivered) == {"42": "missing_there", "43": "suspended_there_wanted_active"}
    assert delivered.dump() == before, "only listed"
    delivered("converge")
    assert delivered.vendor.stations("42") == []


def test_what_the_rule_allows_is_mended_on_demand(delivered: Isp) -> None:
    delivered.vendor.loses(delivered.vendor.station("42")["id"])
    delivered.vendor.edits(delivered.vendor.station("43")["id"], block_begin=delivered.at)
    kinds(delivered, "--apply")
    delivered("converge")
    assert delivered.vendor.station("42")["state"] != "blocked", "ordered again under the same key"
    assert delivered.vendor.station("43")["state"] != "blocked"
    assert kinds(delivered) == {}


def test_what_is_nobodys_is_listed_and_never_touched(delivered: Isp) -> None:
    delivered.vendor.adds("not-of-ours")
    delivered.vendor.new_calls()
    assert kinds(delivered, "--apply") == {"": "active_there_not_ours"}
    delivered("converge")
    assert "stations/delete" not in delivered.vendor.new_calls()
    assert kinds(delivered) == {"": "active_there_not_ours"}, "a person decides"


def test_a_list_that_is_cut_off_is_no_proof_that_anything_is_gone(delivered: Isp) -> None:
    delivered.vendor.goes_wrong("partial", times=None)
    before = delivered.dump()
    result = delivered.anyhow("reconcile", "avdesk", "--apply")
    assert result.code == 1
    assert "did not come whole" in result.err
    assert delivered.dump() == before


@pytest.fixture
def kaspersky(isp: Isp) -> Iterator[KasperskySandbox]:
    """A vendor that cannot list, with five subscribers: it is asked about all of ours, three at once."""
    with Kaspersky.sandbox() as server:
        isp.configure("vendor:kaspersky", plugin="kaspersky", batch="3", **server.options())
        isp.sells("kis", "10.00", vendor="kaspersky")
        for ref in ("51", "52", "53", "54", "55"):
            isp.subscriber(ref, "kis", left="0")
        isp("converge")
        yield server


def keys(server: KasperskySandbox) -> list[str]:
    """Our licences' keys, as they stand there."""
    return sorted(each.key for each in server.licences(datetime.fromisoformat(MARCH)))


def containers(server: KasperskySandbox) -> int:
    """How many calls were made so far."""
    return sum(server.calls.counts().values())


def test_a_vendor_that_cannot_list_is_asked_about_all_of_ours_a_batch_at_once(isp: Isp, kaspersky: KasperskySandbox) -> None:
    before = containers(kaspersky)
    assert isp("reconcile", "kaspersky").rows == []
    assert containers(kaspersky) - before == 2, "five subscriptions, three in a container"


def test_what_somebody_changed_there_is_listed_and_mended_as_anywhere(isp: Isp, kaspersky: KasperskySandbox) -> None:
    doors, ours = Doors(kaspersky.url, isp_clock(isp)), keys(kaspersky)
    doors("POST", f"subscribers/{ours[1]}", {"item": "Pause"})
    doors("POST", f"subscribers/{ours[3]}", {"item": "HardCancel"})
    assert {row["licence"]: row["kind"] for row in isp("reconcile").rows} == {
        ours[1]: "suspended_there_wanted_active",
        ours[3]: "missing_there",
    }
    isp("reconcile", "kaspersky", "--apply")
    isp("converge")
    assert isp("reconcile", "kaspersky").rows == []
    assert keys(kaspersky) == ours


def test_an_answer_that_is_cut_off_proves_nothing(isp: Isp, kaspersky: KasperskySandbox) -> None:
    Doors(kaspersky.url, isp_clock(isp)).fault("garbage", times=None)
    before = isp.dump()
    result = isp.anyhow("reconcile", "kaspersky", "--apply")
    assert result.code == 1
    assert "did not tell all of our licences" in result.err
    assert isp.dump() == before


def isp_clock(isp: Isp) -> ReplayClock:
    return ReplayClock(datetime.fromisoformat(isp.at))
