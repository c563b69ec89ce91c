"""Between items and SOAP 1.1, by zeep, which is loaded with the first call. No network: what is sent is sent by others.

Source: Kaspersky Subscription Service, UPI 2.0 (WSDL): one operation, document/literal, with the header AccessInfo. The WSDL
that is read is the small one of this package, so nothing is fetched.
"""

import io
from collections.abc import Sequence
from datetime import datetime
from importlib import import_module, resources
from threading import Lock
from typing import Any

import requests

from isp_addons.vendor_api import Unavailable
from isp_addons_kaspersky.answers import Unreadable
from isp_addons_kaspersky.items import Item, time_text

HEADERS = {
    "Content-Type": "text/xml; charset=utf-8",
    "SOAPAction": '"http://schemas.kaspersky.com/services/subscription/subscriptionRequest"',
}
_OPERATION = "SubscriptionRequest"


class Soap:
    """Writes requests and reads answers, as one user. Safe to share between threads."""

    def __init__(self, *, user_name: str, password: str) -> None:
        self._access = {"UserName": user_name, "Password": password}
        self._lock = Lock()
        self._client: Any = None

    def request(self, items: Sequence[Item], *, transaction_id: str, at: datetime) -> bytes:
        """The envelope with these items, whose UnitIds are their places from 1. Raises `Unavailable` where zeep is missing."""
        client = self._loaded()
        rows = [
            {item.kind.value: {"UnitId": str(unit), "SubscriberId": item.subscriber_id, **item.details}}
            for unit, item in enumerate(items, start=1)
        ]
        envelope = client.create_message(
            client.service,
            _OPERATION,
            Timestamp=time_text(at),
            TransactionId=transaction_id,
            SubscriptionRequest={"_value_1": rows},
            _soapheaders={"AccessInfo": self._access},
        )
        return bytes(import_module("zeep.wsdl.utils").etree_to_string(envelope))

    def read(self, response: requests.Response) -> Any:
        """The SubscriptionResponseContainer in an answer. Raises `Unreadable`: a fault, no SOAP, a DTD, another shape."""
        client = self._loaded()
        binding = client.service._binding
        try:
            container = binding.process_reply(client, binding.get(_OPERATION), response)
        except Exception as error:  # noqa: BLE001 - zeep lets errors of many kinds through for what it cannot read
            raise Unreadable(_why(error)) from None  # some of them hold the whole answer
        if not hasattr(container, "TransactionError"):
            raise Unreadable("it is no SubscriptionResponseContainer")
        return container

    def _loaded(self) -> Any:
        """The zeep client; its parts are only read from then on."""
        with self._lock:
            if self._client is None:
                self._client = _client()
            return self._client


def _client() -> Any:
    try:
        zeep = import_module("zeep")
    except ImportError:
        hint = "Install it beside isp-addons: pip install 'zeep>=4.3'"
        raise Unavailable("The Python package zeep, which speaks SOAP, is not installed.", hint=hint) from None
    transport = zeep.Transport(session=requests.Session())
    transport.load = _fetch_nothing
    wsdl = io.BytesIO(resources.files("isp_addons_kaspersky").joinpath("upi.wsdl").read_bytes())
    settings = zeep.Settings(strict=True, forbid_dtd=True, forbid_entities=True, xml_huge_tree=False)
    return zeep.Client(wsdl, transport=transport, settings=settings)


def _fetch_nothing(url: str) -> bytes:
    """What an answer refers to is left alone."""
    raise Unreadable(f"it refers to {url}")


def _why(error: Exception) -> str:
    """What can be told of an answer that zeep could not read: of its content nothing but the words of a fault."""
    known = import_module("zeep.exceptions")
    if isinstance(error, known.Fault):
        return f"it is a SOAP fault ({error.message})"
    if isinstance(error, (known.DTDForbidden, known.EntitiesForbidden)):
        return "it is XML with a document type, which is not read"
    if isinstance(error, (known.TransportError, known.XMLSyntaxError)):
        return "it is no SOAP envelope"
    return f"its shape is another ({type(error).__name__})"
