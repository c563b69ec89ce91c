"""An Aircall vendor as the product has it: behind the product's own host, over HTTP, against the stand-in server."""

import http.client
import json
from base64 import b64encode
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any

import pytest

from isp_addons.clock import ReplayClock
from isp_addons.vendor import Vendor
from isp_addons.vendor_api import LicenceView, VendorContext, VendorUser
from isp_addons.vendor_api.http import CLOCK_HEADER
from isp_addons_aircall import Aircall, AircallOptions
from isp_addons_aircall.sandbox import AircallSandbox
from servers.doors import PATIENCE, Doors

NOW = datetime(2026, 3, 10, 12, 0, 30, tzinfo=UTC)

MakeVendor = Callable[..., Vendor]
MakeLicence = Callable[..., LicenceView]


@pytest.fixture
def clock() -> ReplayClock:
    return ReplayClock(NOW)


@pytest.fixture
def sandbox() -> Iterator[AircallSandbox]:
    with AircallSandbox() as server:
        yield server


@pytest.fixture
def doors(sandbox: AircallSandbox, clock: ReplayClock) -> Doors:
    return Doors(sandbox.url, clock)


@pytest.fixture
def make_vendor(sandbox: AircallSandbox, clock: ReplayClock) -> Iterator[MakeVendor]:
    made: list[Vendor] = []

    def make(*, language: str = "en", without: tuple[str, ...] = (), **options: str) -> Vendor:
        given = {**sandbox.options(), "read_timeout": PATIENCE, "page_size": "2", **options}
        checked = AircallOptions.model_validate({name: value for name, value in given.items() if name not in without})
        made.append(Vendor("aircall", Aircall(VendorContext("aircall", checked, clock, language)), "1"))
        return made[-1]

    yield make
    for vendor in made:
        vendor.plugin.close()


@pytest.fixture
def vendor(make_vendor: MakeVendor) -> Vendor:
    return make_vendor()


@pytest.fixture
def make_licence() -> MakeLicence:
    def make(**changed: Any) -> LicenceView:
        given: dict[str, Any] = {
            "key": "ia7f-1-1",
            "reference": None,
            "account": "1042",
            "product": "assist",
            "options": {"add_on": "AI Assist"},
            "quantity": 3,
            "paid_until": None,
            "users": ("anna@example.net", "bo@example.net"),
        }
        return LicenceView(**{**given, **changed})

    return make


def listed(vendor: Vendor) -> list[VendorUser]:
    """All users that the vendor lists."""
    return [user for page in vendor.list_users() for user in page]


class Api:
    """Aircall's API as anybody calls it, at the moment of the clock."""

    def __init__(self, server: AircallSandbox, clock: ReplayClock) -> None:
        self._url = server.url.removeprefix("http://")
        self._clock = clock
        self._basic = b64encode(f"{server.options()['api_id']}:{server.options()['api_token']}".encode()).decode()
        self.headers: dict[str, str] = {}

    def __call__(self, method: str, path: str, body: Any = None, *, basic: str | None = None) -> tuple[int, Any]:
        connection = http.client.HTTPConnection(self._url, timeout=5)
        headers = {"Authorization": f"Basic {basic or self._basic}", CLOCK_HEADER: self._clock.now().isoformat()}
        try:
            connection.request(method, path, None if body is None else json.dumps(body), headers)
            answer = connection.getresponse()
            read = answer.read()
        finally:
            connection.close()
        self.headers = {name.lower(): value for name, value in answer.getheaders()}
        return answer.status, json.loads(read) if read else None


@pytest.fixture
def api(sandbox: AircallSandbox, clock: ReplayClock) -> Api:
    return Api(sandbox, clock)
