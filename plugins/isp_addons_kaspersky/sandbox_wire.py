"""What goes over the wire to and from a stand-in: read and written without zeep, so that the plugin's own wire is proven.

Source: Kaspersky Subscription Service, UPI 2.0 (WSDL): elements, required attributes, words, unique UnitIds. Assumed: a
container that does not keep to them is answered by a TransactionError, with a code that is made up.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from xml.etree.ElementTree import Element, ParseError, SubElement, tostring

from defusedxml.common import DefusedXmlException
from defusedxml.ElementTree import fromstring

from isp_addons_kaspersky.items import INDEFINITE, Kind, Platform, time_text

SOAP = "http://schemas.xmlsoap.org/soap/envelope/"
UPI = "http://schemas.kaspersky.com/services/subscription/2.0/"

BAD_ACCESS, BAD_XML, SAME_UNIT, TOO_MANY, SAME_TRANSACTION = 9001, 9002, 9003, 9004, 9005
"""Codes of TransactionErrors, all made up."""

_TIMES = {
    Kind.ACTIVATE: ("StartTime", "EndTime"),
    Kind.RENEW: ("EndTime",),
    Kind.SOFT_CANCEL: ("EndTime",),
    Kind.HARD_CANCEL: ("EndTime",),
    Kind.PAUSE: ("PauseTime",),
}
_ENDLESS = (Kind.ACTIVATE, Kind.RENEW)
_REQUIRED = {
    Kind.ACTIVATE: ("ProductId",),
    Kind.GET_INFO: ("InfoSection",),
    Kind.GET_DOWNLOAD_LINKS: ("Language", "Platform"),
}
_WORDS = {
    "InfoSection": ("Subscription", "SubscriptionUsage", "Subscription, SubscriptionUsage"),
    "Platform": tuple(Platform),
    "ActivationType": ("Standard", "Secondary"),
}


class Malformed(Exception):
    """A container that is turned away whole: nothing of it is done."""

    def __init__(self, code: int, text: str, *, transaction_id: str = "") -> None:
        super().__init__(text)
        self.code = code
        self.transaction_id = transaction_id


@dataclass(frozen=True, slots=True)
class Asked:
    """One item as it came; ``details`` are its attributes but for the two that all have."""

    kind: Kind
    unit: str
    subscriber_id: str
    details: Mapping[str, str]

    def time(self, name: str) -> datetime | None:
        """A time among the details; None for ``indefinite``."""
        told = self.details[name]
        return None if told == INDEFINITE else datetime.fromisoformat(told)


@dataclass(frozen=True, slots=True)
class Container:
    """One request. ``access``: user name and password."""

    access: tuple[str, str]
    transaction_id: str
    items: Sequence[Asked]


def read_container(body: bytes) -> Container:
    """Read an envelope. Raises `Malformed`."""
    try:
        root = fromstring(body, forbid_dtd=True)
    except (ParseError, DefusedXmlException, ValueError):
        raise Malformed(BAD_XML, "The XML cannot be read.") from None
    access = root.find(f"{{{SOAP}}}Header/{{{UPI}}}AccessInfo")
    container = root.find(f"{{{SOAP}}}Body/{{{UPI}}}SubscriptionRequestContainer")
    request = None if container is None else container.find(f"{{{UPI}}}SubscriptionRequest")
    if root.tag != f"{{{SOAP}}}Envelope" or container is None or request is None:
        raise Malformed(BAD_XML, "The XML is no SubscriptionRequestContainer.")
    transaction_id = container.findtext(f"{{{UPI}}}TransactionId", "")
    try:
        _zoned(container.findtext(f"{{{UPI}}}Timestamp", ""))
        items = [_asked(element) for element in request]
    except ValueError as error:
        raise Malformed(BAD_XML, f"The XML does not keep to its schema: {error}.", transaction_id=transaction_id) from None
    if not transaction_id:
        raise Malformed(BAD_XML, "The XML does not keep to its schema: no TransactionId.")
    if len({each.unit for each in items}) < len(items):
        raise Malformed(SAME_UNIT, "A UnitId is there twice.", transaction_id=transaction_id)
    told = () if access is None else (access.findtext(f"{{{UPI}}}UserName", ""), access.findtext(f"{{{UPI}}}Password", ""))
    return Container((told[0], told[1]) if told else ("", ""), transaction_id, items)


def _asked(element: Element) -> Asked:
    """Read one item. Raises `ValueError` for what the WSDL does not allow."""
    kind = Kind(element.tag.removeprefix(f"{{{UPI}}}"))
    details = dict(element.attrib)
    unit, subscriber_id = details.pop("UnitId", ""), details.pop("SubscriberId", "")
    if not unit.isdecimal() or not subscriber_id:
        raise ValueError(f"{kind} without UnitId or SubscriberId")
    for name in _TIMES.get(kind, ()):
        if details.get(name) != INDEFINITE or kind not in _ENDLESS or name != "EndTime":
            _zoned(details.get(name, ""))
    missing = [name for name in _REQUIRED.get(kind, ()) if not details.get(name)]
    wrong = [name for name, words in _WORDS.items() if name in details and details[name] not in words]
    count = details.get("LicenseCount", "1")
    if missing or wrong or not count.isdecimal() or int(count) < 1:
        raise ValueError(f"{kind} with {', '.join(missing or wrong or ['LicenseCount'])}")
    return Asked(kind, unit, subscriber_id, details)


def _zoned(told: str) -> datetime:
    """Read a time; one without a zone is nobody's."""
    moment = datetime.fromisoformat(told)
    if moment.tzinfo is None:
        raise ValueError("a time without zone")
    return moment


@dataclass(frozen=True, slots=True)
class Told:
    """The answer to one item: what was done with what stands beside it, or the code and text of its refusal."""

    asked: Asked
    details: Mapping[str, str]
    children: Sequence[Element] = ()
    code: int = 0


def write_answer(transaction_id: str, told: Sequence[Told], *, now: datetime) -> bytes:
    """The envelope of items that were done and refused."""
    envelope, container = _container(transaction_id, now)
    for name, rows in (
        ("SubscriptionResponse", [each for each in told if not each.code]),
        ("SubscriptionError", [each for each in told if each.code]),
    ):
        holder = SubElement(container, f"{{{UPI}}}{name}") if rows else None
        for row in rows if holder is not None else ():
            ids = {"UnitId": row.asked.unit, "SubscriberId": row.asked.subscriber_id}
            code = {"ErrorCode": str(row.code)} if row.code else {}
            assert holder is not None  # noqa: S101 - there are rows
            element = SubElement(holder, f"{{{UPI}}}{row.asked.kind}{'Error' if code else ''}", {**ids, **code, **row.details})
            element.extend(row.children)
    return _written(envelope)


def write_transaction_error(error: Malformed, *, now: datetime) -> bytes:
    """The envelope of a container that was turned away."""
    envelope, container = _container(error.transaction_id, now)
    SubElement(container, f"{{{UPI}}}TransactionError", {"ErrorCode": str(error.code), "ErrorMessage": str(error)})
    return _written(envelope)


def write_fault(text: str, *, ours: bool) -> bytes:
    """A SOAP 1.1 fault; *ours*: the server's, not the client's."""
    envelope = Element(f"{{{SOAP}}}Envelope")
    fault = SubElement(SubElement(envelope, f"{{{SOAP}}}Body"), f"{{{SOAP}}}Fault")
    SubElement(fault, "faultcode").text = f"soap:{'Server' if ours else 'Client'}"
    SubElement(fault, "faultstring").text = text
    return _written(envelope)


def _container(transaction_id: str, now: datetime) -> tuple[Element, Element]:
    envelope = Element(f"{{{SOAP}}}Envelope")
    container = SubElement(SubElement(envelope, f"{{{SOAP}}}Body"), f"{{{UPI}}}SubscriptionResponseContainer")
    SubElement(container, f"{{{UPI}}}Timestamp").text = time_text(now)
    SubElement(container, f"{{{UPI}}}TransactionId").text = transaction_id
    return envelope, container


def _written(envelope: Element) -> bytes:
    return bytes(tostring(envelope, encoding="utf-8", xml_declaration=True))
