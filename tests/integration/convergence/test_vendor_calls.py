"""How vendors are called, as an admin sees it on the command line: time-outs, retries, the breaker, and no secret anywhere."""

import base64
import json
import re
import time
from collections.abc import Iterator
from datetime import timedelta
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from acceptance.kit import Isp
from integration.convergence.house import Databases
from isp_addons.domain.period import parse_moment
from isp_addons_avdesk.sandbox import AvDeskSandbox

pytestmark = pytest.mark.acceptance("Z05")

PASSWORD = "pa55-of-av-desk"
WIDTH, FAILURES = 4, 5


@pytest.fixture
def isp(databases: Databases, tmp_path: Path) -> Iterator[Isp]:
    """An ISP with one vendor; which database it has plays no part in this."""
    with AvDeskSandbox(login="isp", password=PASSWORD) as server:
        isp = Isp(tmp_path, databases.fresh("sqlite"), server)
        isp.configure("vendor:avdesk", password=PASSWORD, concurrency=str(WIDTH), breaker_failures=str(FAILURES))
        isp.sells("av", "1")
        yield isp


def _suspends(isp: Isp, count: int) -> list[str]:
    """Subscribers whose suspension the vendor has not heard of yet."""
    accounts = [f"a{number}" for number in range(count)]
    for account in accounts:
        isp.subscriber(account, "av", left="0")
    isp("converge")
    for account in accounts:
        isp("hook", "on_block", "--account", account)
    isp.vendor.new_calls()
    return accounts


def _later(isp: Isp, **passed: float) -> None:
    isp.at = (parse_moment(isp.at) + timedelta(**passed)).isoformat()


def _states(isp: Isp) -> list[str]:
    return [station["state"] for station in isp.vendor.stations()]


def test_a_vendor_that_does_not_answer_is_given_its_time_and_no_more(isp: Isp) -> None:
    isp.configure("vendor:avdesk", read_timeout="1")
    _suspends(isp, 1)
    isp.vendor.goes_wrong("timeout_after", seconds=30)
    began = time.monotonic()
    assert isp("converge").row["failed"] == 1
    assert time.monotonic() - began < 10
    (subscription,) = isp("subscriptions", "list").rows
    assert subscription["vendor_state"] == "unknown", "nobody pretends that it is done, or that it is not"
    _later(isp, minutes=1)
    isp("converge")
    assert _states(isp) == ["blocked"]
    assert isp.vendor.new_calls() == ["stations/change", "stations/info"], "it was done, so it is not repeated"


@pytest.mark.parametrize("fault", ["rate_limit", "unavailable_503", "error_500", "down"])
def test_what_may_pass_is_tried_again_after_a_wait_that_grows(isp: Isp, fault: str) -> None:
    _suspends(isp, 1)
    isp.configure("vendor:avdesk", breaker_failures="1000")
    if fault == "down":
        isp.vendor.stop()
    else:
        isp.vendor.goes_wrong(fault, times=None)
    tried = []
    for second in range(0, 96, 5):
        if isp("converge").rows:
            tried.append(second)
        _later(isp, seconds=5)
    waits = [later - sooner for sooner, later in pairwise(tried)]
    assert 4 <= len(tried) <= 6, f"at {tried}"
    assert waits[-1] >= 3 * waits[0]

    isp.vendor.start()
    isp.vendor.recovers()
    _later(isp, minutes=20)
    isp("converge")
    _later(isp, minutes=20)
    isp("converge")
    assert _states(isp) == ["blocked"]


def test_the_vendors_own_word_when_to_come_back_is_kept(isp: Isp) -> None:
    _suspends(isp, 3)
    isp.vendor.goes_wrong("rate_limit", seconds=600)
    isp("converge")
    calls = len(isp.vendor.new_calls())
    assert calls <= 3
    _later(isp, seconds=590)
    isp("converge")
    assert isp.vendor.new_calls() == []
    assert isp("vendors", "list").row["state"].startswith("paused until")
    for _ in range(2):
        _later(isp, seconds=30)
        isp("converge")
    assert _states(isp) == ["blocked"] * 3


def test_what_a_vendor_refuses_is_not_tried_again(isp: Isp) -> None:
    isp("products", "add", "odd", "--price", "1", "--vendor", "avdesk", "--option", "tariff=no-such-tariff")
    isp.opens("42", "5")
    isp.orders("42", "odd")
    assert isp("converge").row["failed"] == 1
    isp.vendor.new_calls()
    for _ in range(3):
        _later(isp, days=1)
        isp("converge")
    assert isp.vendor.new_calls() == []


def test_an_outage_costs_few_calls_and_ends_by_itself(isp: Isp) -> None:
    _suspends(isp, 12)
    isp.vendor.goes_wrong("unavailable_503", times=None)
    for _ in range(12):
        isp("converge")
        _later(isp, seconds=10)
    calls = isp.vendor.new_calls()
    assert FAILURES <= len(calls) <= FAILURES + WIDTH + 2, "the first failures, what was under way, and two probes"
    state = isp("vendors", "list").row
    assert state["state"].startswith("paused until")
    assert "is not available" in state["note"]
    isp.vendor.recovers()
    for _ in range(3):
        _later(isp, minutes=10)
        isp("converge")
    assert _states(isp) == ["blocked"] * 12
    assert isp("vendors", "list").row["state"] == "works"


def test_no_secret_is_in_any_line_of_the_log_or_in_any_error(isp: Isp) -> None:
    isp.configure("isp-addons", log_level="debug")
    isp.configure("vendor:avdesk", breaker_failures="1000")
    said: list[Any] = []
    _suspends(isp, 1)
    for fault in ("error_500", "unavailable_503", "garbage", "partial", "refuse_before", "rate_limit"):
        isp.vendor.goes_wrong(fault, times=None)
        said += [isp.anyhow(*words, human=True) for words in (["converge"], ["vendors", "check", "avdesk"], ["reconcile"])]
        isp.vendor.recovers()
        _later(isp, hours=1)
    isp.configure("vendor:avdesk", password=f"{PASSWORD}-wrong")
    isp.gets_plugin("talkative", TALKATIVE)
    isp.configure("vendor:talkative", password=PASSWORD)
    isp("products", "add", "talk", "--price", "1", "--vendor", "talkative")
    isp.opens("43", "5")
    isp.orders("43", "talk")
    for words in (["converge"], ["doctor"], ["vendors", "list"], ["failed", "list"], ["config", "show"], ["audit", "--help"]):
        said.append(isp.anyhow(*words, human=True))
    told = "\n".join(result.out + result.err for result in said) + json.dumps(isp.dump(), default=str)
    basic = base64.b64encode(f"isp:{PASSWORD}".encode()).decode()
    for secret in (PASSWORD, basic, basic[:-2]):
        assert secret not in told, re.findall(f".*{re.escape(secret)}.*", told)[:3]
    assert "refused our credentials" in told
    assert "raised ValueError: my password is *" in told


TALKATIVE = '''
"""A plugin that tells its password to everybody."""

import logging

from pydantic import Field

from isp_addons.vendor_api import Capabilities, LicenceView, Secret, SuspendKind, VendorOptions, VendorPlugin, hookimpl


class TalkativeOptions(VendorOptions):
    password: Secret = Field(description="The password.")


class Talkative(VendorPlugin[TalkativeOptions]):
    Options = TalkativeOptions
    capabilities = Capabilities(suspends=SuspendKind.STATE, endless=True)

    @hookimpl
    def on_order(self, licence: LicenceView):
        raise ValueError(f"my password is {self.context.options.password.get_secret_value()}")
'''
