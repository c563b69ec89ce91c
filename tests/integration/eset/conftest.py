"""An ESET vendor as the product has it: behind the product's own host, over HTTP, against the stand-in server."""

import http.client
import json
from collections.abc import Callable, Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest

from isp_addons.clock import Clock, ReplayClock
from isp_addons.domain.licence import Step
from isp_addons.vendor import Vendor
from isp_addons.vendor_api import LicenceView, VendorContext
from isp_addons.vendor_api.http import CLOCK_HEADER
from isp_addons_eset import Eset, EsetOptions
from isp_addons_eset.sandbox import EsetSandbox
from servers.doors import PATIENCE, Doors

LOGIN, PASSWORD = "billing@isp", "pa55-of-eset"
NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
APRIL = datetime(2026, 4, 1, tzinfo=UTC)

MakeVendor = Callable[..., Vendor]
MakeLicence = Callable[..., LicenceView]


class Control(Doors):
    """The stand-in's doors, and what these tests ask there."""

    def license(self, named: str) -> dict[str, Any]:
        """Everything the stand-in has of one licence, by our key or ESET's."""
        found: dict[str, Any] = self("GET", f"licenses/{named}")
        return found

    def companies(self) -> list[str]:
        """The names of all companies."""
        return [each["name"] for each in self("GET", "companies")["companies"]]

    def calls(self, *, of: str = "") -> list[str]:
        """The calls that were made, in order, tokens aside; with their outcome where that is not ok. *of*: about one object."""
        told = self("GET", "calls")["calls"]
        found = [call for call in told if not call["action"].startswith("Token/") and of in ("", call["object"])]
        return [call["action"] if call["outcome"] == "ok" else f"{call['action']} {call['outcome']}" for call in found]

    def count(self, action: str) -> int:
        """How often *action* was called."""
        number: int = self("GET", "calls")["counts"].get(action, 0)
        return number


@pytest.fixture
def clock() -> ReplayClock:
    return ReplayClock(NOW)


@pytest.fixture
def sandbox() -> Iterator[EsetSandbox]:
    with Eset.sandbox(login=LOGIN, password=PASSWORD) as server:
        yield server


@pytest.fixture
def control(sandbox: EsetSandbox, clock: ReplayClock) -> Control:
    return Control(sandbox.url, clock)


@pytest.fixture
def make_vendor(sandbox: EsetSandbox, clock: ReplayClock) -> Iterator[MakeVendor]:
    made: list[Vendor] = []

    def make(*, server: EsetSandbox = sandbox, clock: Clock = clock, **options: str) -> Vendor:
        checked = EsetOptions.model_validate({**server.options(), "read_timeout": PATIENCE, **options})
        made.append(Vendor("eset", Eset(VendorContext("eset", checked, clock)), "1"))
        return made[-1]

    yield make
    for vendor in made:
        vendor.plugin.close()


@pytest.fixture
def vendor(make_vendor: MakeVendor) -> Vendor:
    return make_vendor()


@pytest.fixture
def make_licence() -> MakeLicence:
    def make(key: str = "ia7f-1-1", **changed: Any) -> LicenceView:
        given: dict[str, Any] = {
            "key": key,
            "reference": None,
            "account": "1042",
            "product": "Antivirus",
            "options": {},
            "quantity": 3,
            "paid_until": None,
        }
        return LicenceView(**{**given, **changed})

    return make


@pytest.fixture
def licence(make_licence: MakeLicence) -> LicenceView:
    """A licence that was never ordered."""
    return make_licence()


@pytest.fixture
def ordered(vendor: Vendor, make_licence: MakeLicence) -> LicenceView:
    """A licence that is ordered and active, with its reference."""
    done = vendor.do(Step.ORDER, make_licence())
    return make_licence(reference=done.reference)


ADDRESS = {"city": "Exampleton"}


class Answered(NamedTuple):
    status: int
    value: Any

    @property
    def codes(self) -> tuple[int, int | None, int | None]:
        return self.status, self.value.get("code"), self.value.get("subCode")


class Wire:
    """One connection that stays open, logged in or not, at the moment of the clock."""

    def __init__(self, port: int, clock: ReplayClock) -> None:
        self.connection = http.client.HTTPConnection("127.0.0.1", port, timeout=5)
        self.clock = clock
        self.token = ""

    def __call__(self, call: str, method: str = "POST", **body: Any) -> Answered:
        headers = {"Authorization": f"Bearer {self.token}", CLOCK_HEADER: self.clock.now().isoformat()}
        self.connection.request(method, f"/api/{call}", json.dumps(body) if method == "POST" else None, headers)
        answer = self.connection.getresponse()
        return Answered(answer.status, json.loads(answer.read()))

    def log_in(self) -> Answered:
        """Get a token and use it from now on."""
        answered = self("Token/Get", username=LOGIN, password=PASSWORD)
        self.token = answered.value["accessToken"]
        return answered

    def customer(self, name: str = "Bakery", **more: Any) -> str:
        """A new customer's id."""
        return str(self("Company/Create/customer", name=name, address=ADDRESS, **more).value["companyId"])

    def order(self, customer: str, product: str = "101", quantity: Any = 3, kind: int = 1) -> Answered:
        return self("License/Order", customerId=customer, productCode=product, quantity=quantity, licenseType=kind)

    def ordered(self, kind: int = 1) -> str:
        """The key of a licence of a new customer."""
        return str(self.order(self.customer(), kind=kind).value["publicLicenseKey"])


@pytest.fixture
def make_wire(clock: ReplayClock) -> Iterator[Callable[[EsetSandbox], Wire]]:
    made: list[Wire] = []

    def make(server: EsetSandbox) -> Wire:
        made.append(Wire(int(server.url.rpartition(":")[2]), clock))
        return made[-1]

    yield make
    for wire in made:
        wire.connection.close()


@pytest.fixture
def wire(sandbox: EsetSandbox, make_wire: Callable[[EsetSandbox], Wire]) -> Wire:
    """A connection that is logged in."""
    made = make_wire(sandbox)
    made.log_in()
    return made
