"""The vendor has something else than we believe: it is listed, and mended only by rule or by a person."""

import pytest

from acceptance.kit import Isp

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
