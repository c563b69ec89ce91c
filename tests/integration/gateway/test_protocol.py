"""What goes over the wire is what the page for those who write a gateway says, no more and no less."""

import re
from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
import yaml

from isp_addons.domain.licence import Step
from isp_addons.vendor_api import LicenceView, VendorError
from isp_addons.vendor_api.stand_in import Call, Fault, FaultKind, Reply, Request
from isp_addons_gateway.sandbox import GatewaySandbox
from isp_addons_gateway.signature import SIGNATURE

DOCUMENT: dict[str, Any] = yaml.safe_load(
    (Path(__file__).parents[3] / "docs" / "reference" / "gateway-openapi.yaml").read_text(encoding="utf-8")
)


class Recorder(GatewaySandbox):
    """The stand-in, which keeps what was said."""

    def __init__(self) -> None:
        super().__init__()
        self.said: list[tuple[Request, int]] = []

    def route(self, request: Request, now: datetime) -> Call:
        call = super().route(request, now)
        if call.refused is not None:
            self.said.append((request, call.refused.status))
        return call

    def serve(self, call: Call) -> Reply:
        reply = super().serve(call)
        self.said.append((call.request, reply.status))
        return reply

    def failure(self, call: Call, status: int) -> Reply:
        self.said.append((call.request, status))
        return super().failure(call, status)


@pytest.fixture
def recorder() -> Iterator[Recorder]:
    with Recorder() as server:
        yield server


def operation(request: Request) -> tuple[str, str]:
    """The path template and the method of a request, as the page names them."""
    for template in DOCUMENT["paths"]:
        if re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", template), request.path):
            return template, request.method.lower()
    raise LookupError(request.path)


def parameters(template: str, method: str) -> dict[tuple[str, str], bool]:
    """Every parameter of an operation by place and name: whether it is required."""
    known = DOCUMENT["components"]["parameters"]
    listed = DOCUMENT["paths"][template][method]["parameters"]
    found = [known[each["$ref"].rpartition("/")[2]] if "$ref" in each else each for each in listed]
    return {(each["in"], each["name"].lower()): each.get("required", False) for each in found}


def use_everything(vendor: Any, licence: LicenceView, server: Recorder) -> None:
    for step in (Step.ORDER, Step.READ, Step.CHARGE, Step.BLOCK, Step.UNBLOCK, Step.CHANGE, Step.BEFORE_PERIOD_END):
        vendor.do(step, replace(licence, suspend_from=datetime(2026, 4, 1, tzinfo=UTC)))
    vendor.do(Step.ORDER, replace(licence, key="L-2"))
    vendor.read(replace(licence, reference="V-1"))
    list(vendor.list_licences())
    vendor.check()
    vendor.do(Step.CANCEL, licence)
    for kind in (FaultKind.ERROR_500, FaultKind.UNAVAILABLE_503, FaultKind.RATE_LIMIT, FaultKind.UNAUTHORISED_401):
        server.faults.add(Fault(kind))
        with pytest.raises(VendorError):
            vendor.read(licence)


def test_every_request_and_every_status_is_on_the_page(make_vendor: Any, licence: LicenceView, recorder: Recorder) -> None:
    use_everything(make_vendor(**recorder.options(), page_size="1"), licence, recorder)
    used: set[tuple[str, ...]] = set()
    for request, status in recorder.said:
        template, method = operation(request)
        described = DOCUMENT["paths"][template][method]
        assert str(status) in described["responses"], (request.path, status)
        assert SIGNATURE.lower() in request.headers
        told = parameters(template, method)
        query = {("query", name) for name, _ in request.query}
        assert query <= told.keys(), request.query
        ours = {("header", name) for name in request.headers if name.startswith("isp-addons-")}
        needed = {each for each, required in told.items() if required and each[0] == "header"}
        assert needed <= ours
        assert ours - needed <= {("header", SIGNATURE.lower()), ("header", "isp-addons-at")}
        used |= {(template, method)} | {(template, *each) for each in query}
    everything: set[tuple[str, ...]] = set()
    for template, methods in DOCUMENT["paths"].items():
        for method in methods:
            everything |= {(template, method)}
            everything |= {(template, *each) for each in parameters(template, method) if each[0] == "query"}
    assert used == everything, "what stands on the page is used"


def test_a_request_has_a_body_only_where_the_page_says_so(make_vendor: Any, licence: LicenceView, recorder: Recorder) -> None:
    use_everything(make_vendor(**recorder.options()), licence, recorder)
    for request, _ in recorder.said:
        template, method = operation(request)
        described = "requestBody" in DOCUMENT["paths"][template][method]
        assert bool(request.body) == described
        assert (request.headers.get("content-type") == "application/json") == described
