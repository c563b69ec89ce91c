"""One token for all threads: asked for once, renewed early, replaced once when ESET does not take it."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from threading import Barrier
from typing import Any

import pytest

from isp_addons.clock import ReplayClock
from isp_addons.domain.licence import Step
from isp_addons.vendor import Vendor
from isp_addons.vendor_api import LicenceView, SeenState, Unauthorised
from isp_addons_eset.sandbox import EsetSandbox

THREADS = 8


def together(act: Callable[[int], Any]) -> list[Any]:
    """The results of *act* in eight threads that begin at the same moment."""
    barrier = Barrier(THREADS)

    def begin(number: int) -> Any:
        barrier.wait(timeout=10)
        return act(number)

    with ThreadPoolExecutor(max_workers=THREADS) as pool:
        return list(pool.map(begin, range(THREADS)))


def test_many_threads_that_begin_at_once_ask_for_one_token(make_vendor: Any, ordered: LicenceView, control: Any) -> None:
    vendor = make_vendor()
    before = control.count("Token/Get")
    states = together(lambda _: vendor.read(ordered).state)
    assert states == [SeenState.ACTIVE] * THREADS
    assert control.count("Token/Get") == before + 1


def test_many_threads_whose_token_was_dropped_ask_for_one_new_token(vendor: Vendor, ordered: LicenceView, control: Any) -> None:
    before = control.count("Token/Get")
    for round_ in range(1, 4):
        control("DELETE", "tokens")
        assert together(lambda _: vendor.read(ordered).state) == [SeenState.ACTIVE] * THREADS
        assert control.count("Token/Get") == before + round_


def test_a_change_whose_token_was_dropped_is_done_once(vendor: Vendor, ordered: LicenceView, control: Any) -> None:
    control("DELETE", "tokens")
    vendor.do(Step.BLOCK, ordered)
    assert control.calls()[3:] == ["License/Suspend 401", "License/Suspend"]


@pytest.mark.parametrize(("lives", "good_for"), [(3600, 3539), (60, 47), (10, 7)])
def test_a_token_is_renewed_before_it_runs_out(
    make_vendor: Any, make_licence: Any, clock: ReplayClock, lives: int, good_for: int
) -> None:
    with EsetSandbox(token_seconds=lives) as server:
        vendor = make_vendor(server=server)
        vendor.read(make_licence())
        clock.moment += timedelta(seconds=good_for)
        vendor.read(make_licence())
        assert (server.calls.counts()["Token/Get"], server.calls.counts().get("Token/Renew", 0)) == (1, 0)
        clock.moment += timedelta(seconds=1)
        vendor.read(make_licence())
        vendor.read(make_licence())
        assert (server.calls.counts()["Token/Get"], server.calls.counts()["Token/Renew"]) == (1, 1)
        assert {call.outcome for call in server.calls.after()} == {"ok"}


def test_a_session_that_cannot_be_renewed_any_more_is_begun_anew(
    make_vendor: Any, make_licence: Any, clock: ReplayClock
) -> None:
    with EsetSandbox(token_seconds=60) as server:
        vendor = make_vendor(server=server)
        vendor.read(make_licence())
        clock.moment += timedelta(hours=1)
        vendor.read(make_licence())
        outcomes = [(call.action, call.outcome) for call in server.calls.after() if call.action.startswith("Token")]
    assert outcomes == [("Token/Get", "ok"), ("Token/Renew", "401"), ("Token/Get", "ok")]


def test_a_day_of_calls_needs_no_call_twice(make_vendor: Any, make_licence: Any, clock: ReplayClock) -> None:
    with EsetSandbox(token_seconds=60) as server:
        vendor = make_vendor(server=server)
        for _ in range(200):
            vendor.read(make_licence())
            clock.moment += timedelta(seconds=29)
        assert not [call for call in server.calls.after() if call.outcome == "401" and not call.action.startswith("Token")]


def test_a_password_that_was_changed_is_found_out_when_the_token_runs_out(
    vendor: Vendor, ordered: LicenceView, control: Any, sandbox: EsetSandbox
) -> None:
    sandbox._login["password"] = "another"
    assert vendor.read(ordered).state is SeenState.ACTIVE
    control("DELETE", "tokens")
    with pytest.raises(Unauthorised, match="Token/Get"):
        vendor.read(ordered)
