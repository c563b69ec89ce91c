"""What is sent, as XML, and that the description of the service is our own file."""

from datetime import UTC, datetime
from xml.etree.ElementTree import Element

import pytest
from defusedxml.ElementTree import fromstring

from isp_addons_kaspersky import items
from isp_addons_kaspersky.answers import Unreadable
from isp_addons_kaspersky.items import Platform
from isp_addons_kaspersky.sandbox_wire import read_container
from isp_addons_kaspersky.soap import HEADERS, Soap, _fetch_nothing

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
UPI = "{http://schemas.kaspersky.com/services/subscription/2.0/}"

ALL = [
    items.activate("a", start=NOW, end=None, quantity=3, product_id="K&S"),
    items.renew("a", end=NOW),
    items.soft_cancel("b", end=NOW),
    items.hard_cancel("b", end=NOW),
    items.pause("c", at=NOW),
    items.resume(
        'd "&<>',
    ),
    items.get_info("e"),
    items.get_download_links("f", language="ru", platform=Platform.MACOS),
]


@pytest.fixture(scope="module")
def root() -> Element:
    soap = Soap(user_name="isp", password="p&w<")
    found: Element = fromstring(soap.request(ALL, transaction_id="t-1", at=NOW))
    return found


def test_every_item_is_sent_in_its_place_with_its_attributes(root: Element) -> None:
    request = root.find(f".//{UPI}SubscriptionRequest")
    assert request is not None
    at = "2026-03-10T12:00:00Z"
    assert [(each.tag.removeprefix(UPI), dict(each.attrib)) for each in request] == [
        (
            "Activate",
            {
                "UnitId": "1",
                "SubscriberId": "a",
                "StartTime": at,
                "EndTime": "indefinite",
                "LicenseCount": "3",
                "ProductId": "K&S",
            },
        ),
        ("Renew", {"UnitId": "2", "SubscriberId": "a", "EndTime": at}),
        ("SoftCancel", {"UnitId": "3", "SubscriberId": "b", "EndTime": at}),
        ("HardCancel", {"UnitId": "4", "SubscriberId": "b", "EndTime": at}),
        ("Pause", {"UnitId": "5", "SubscriberId": "c", "PauseTime": at}),
        ("Resume", {"UnitId": "6", "SubscriberId": 'd "&<>'}),
        ("GetInfo", {"UnitId": "7", "SubscriberId": "e", "InfoSection": "Subscription"}),
        ("GetDownloadLinks", {"UnitId": "8", "SubscriberId": "f", "Language": "ru", "Platform": "macOS"}),
    ]


def test_the_header_names_us_and_the_container_the_time_and_transaction(root: Element) -> None:
    assert [each.text for each in root.iterfind(f".//{UPI}AccessInfo/*")] == ["isp", "p&w<"]
    container = root.find(f".//{UPI}SubscriptionRequestContainer")
    assert container is not None
    assert [each.tag.removeprefix(UPI) for each in container] == ["Timestamp", "TransactionId", "SubscriptionRequest"]
    assert [each.text for each in container][:2] == ["2026-03-10T12:00:00Z", "t-1"]


def test_what_is_sent_keeps_to_the_rules_of_the_service() -> None:
    sent = Soap(user_name="isp", password="p&w<").request(ALL, transaction_id="t-1", at=NOW)
    container = read_container(sent)
    assert container.access == ("isp", "p&w<")
    assert [each.kind for each in container.items] == [each.kind for each in ALL]


def test_the_action_is_that_of_soap_1_1() -> None:
    assert HEADERS["Content-Type"] == "text/xml; charset=utf-8"
    assert HEADERS["SOAPAction"] == '"http://schemas.kaspersky.com/services/subscription/subscriptionRequest"'


def test_nothing_that_is_referred_to_is_fetched() -> None:
    with pytest.raises(Unreadable, match=r"refers to http://127\.0\.0\.1/x\.xsd"):
        _fetch_nothing("http://127.0.0.1/x.xsd")
