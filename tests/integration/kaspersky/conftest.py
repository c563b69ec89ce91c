"""A Kaspersky vendor as the product has it: behind the product's own host, over HTTP and SOAP, against the stand-in."""

import http.client
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple
from urllib.parse import quote
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring

from isp_addons.clock import Clock, ReplayClock
from isp_addons.domain.licence import Step
from isp_addons.vendor import Vendor
from isp_addons.vendor_api import LicenceView, VendorContext
from isp_addons.vendor_api.http import CLOCK_HEADER
from isp_addons_kaspersky import Kaspersky, KasperskyOptions
from isp_addons_kaspersky.sandbox import KasperskySandbox
from servers.doors import PATIENCE, Doors

USER, PASSWORD = "isp-example", "pa55&of<kaspersky"
NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
APRIL = datetime(2026, 4, 1, tzinfo=UTC)
KEY = "ia7f-1-1"

SOAP = "{http://schemas.xmlsoap.org/soap/envelope/}"
UPI = "{http://schemas.kaspersky.com/services/subscription/2.0/}"


class Control(Doors):
    """The stand-in's doors, and what these tests ask there."""

    def subscriber(self, key: str = KEY) -> dict[str, Any]:
        """Everything the stand-in has of one subscriber."""
        found: dict[str, Any] = self("GET", f"subscribers/{quote(key)}")
        return found

    def status(self, key: str = KEY) -> str:
        """The status of one subscriber."""
        return str(self.subscriber(key)["status"])

    def by_hand(self, item: str, key: str = KEY, **details: str) -> None:
        """Do an item for one subscriber at Kaspersky's console."""
        self("POST", f"subscribers/{quote(key)}", {"item": item, **details})

    def refuse(self, item: str, code: int, message: str = "", times: int = 1) -> None:
        """Let the next items of a kind be refused."""
        self("POST", "refusals", {"item": item, "code": code, "message": message, "times": times})

    def calls(self) -> list[str]:
        """The calls that were made, in order, with their outcome where that is not ok."""
        told = self("GET", "calls")["calls"]
        return [call["action"] if call["outcome"] == "ok" else f"{call['action']} {call['outcome']}" for call in told]


@pytest.fixture
def clock() -> ReplayClock:
    return ReplayClock(NOW)


@pytest.fixture
def sandbox() -> Iterator[KasperskySandbox]:
    with Kaspersky.sandbox(user_name=USER, password=PASSWORD) as server:
        yield server


@pytest.fixture
def control(sandbox: KasperskySandbox, clock: ReplayClock) -> Control:
    return Control(sandbox.url, clock)


MakeVendor = Callable[..., Vendor]


@pytest.fixture
def make_vendor(sandbox: KasperskySandbox, clock: ReplayClock) -> Iterator[MakeVendor]:
    made: list[Vendor] = []

    def make(*, server: KasperskySandbox = sandbox, clock: Clock = clock, **options: str) -> Vendor:
        checked = KasperskyOptions.model_validate({**server.options(), "read_timeout": PATIENCE, **options})
        made.append(Vendor("kaspersky", Kaspersky(VendorContext("kaspersky", checked, clock)), "1"))
        return made[-1]

    yield make
    for vendor in made:
        vendor.plugin.close()


@pytest.fixture
def vendor(make_vendor: MakeVendor) -> Vendor:
    return make_vendor()


@pytest.fixture
def make_licence() -> Callable[..., LicenceView]:
    def make(key: str = KEY, **changed: Any) -> LicenceView:
        given: dict[str, Any] = {
            "key": key,
            "reference": None,
            "account": "1042",
            "product": "Antivirus",
            "options": {},
            "quantity": 3,
            "paid_until": APRIL,
        }
        return LicenceView(**{**given, **changed})

    return make


@pytest.fixture
def licence(make_licence: Callable[..., LicenceView]) -> LicenceView:
    """A licence that was never ordered."""
    return make_licence()


@pytest.fixture
def ordered(vendor: Vendor, licence: LicenceView) -> LicenceView:
    """A licence that is ordered and started."""
    vendor.do(Step.ORDER, licence)
    return licence


class Answered(NamedTuple):
    """What came over the wire, read without the plugin's code."""

    status: int
    body: bytes

    def rows(self) -> list[tuple[str, dict[str, str]]]:
        """The names and attributes of all that was answered, in order."""
        body = self._container()
        return [(each.tag.removeprefix(UPI), dict(each.attrib)) for each in body.iter() if each.attrib]

    def error(self) -> dict[str, str]:
        """The attributes of the TransactionError; empty when there is none."""
        found = self._container().find(f"{UPI}TransactionError")
        return {} if found is None else dict(found.attrib)

    def _container(self) -> Element:
        found = fromstring(self.body).find(f"{SOAP}Body/{UPI}SubscriptionResponseContainer")
        assert found is not None
        return found


@pytest.fixture
def wire(sandbox: KasperskySandbox, clock: ReplayClock) -> Callable[..., Answered]:
    """Send items as XML, written by hand, to a stand-in."""

    def send(
        items: str,
        *,
        server: KasperskySandbox = sandbox,
        access: str = f"<UserName>{USER}</UserName><Password>pa55&amp;of&lt;kaspersky</Password>",
        transaction: str = "t-1",
        path: str = "/soap/upi",
    ) -> Answered:
        body = (
            '<e:Envelope xmlns:e="http://schemas.xmlsoap.org/soap/envelope/">'
            f'<e:Header><AccessInfo xmlns="{UPI[1:-1]}">{access}</AccessInfo></e:Header>'
            f'<e:Body><SubscriptionRequestContainer xmlns="{UPI[1:-1]}"><Timestamp>2026-03-10T12:00:00Z</Timestamp>'
            f"<TransactionId>{transaction}</TransactionId><SubscriptionRequest>{items}</SubscriptionRequest>"
            "</SubscriptionRequestContainer></e:Body></e:Envelope>"
        )
        connection = http.client.HTTPConnection(server.url.removeprefix("http://"), timeout=5)
        try:
            headers = {"Content-Type": "text/xml", CLOCK_HEADER: clock.now().isoformat()}
            connection.request("POST", path, body, headers)
            answer = connection.getresponse()
            return Answered(answer.status, answer.read())
        finally:
            connection.close()

    return send
