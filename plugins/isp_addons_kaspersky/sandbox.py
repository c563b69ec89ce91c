"""A stand-in Kaspersky Subscription Service: real HTTP and SOAP on 127.0.0.1, living at the moment that a call names.

What it shares with the real service, and what it assumes, is told in this package's README and in the modules that it is
made of.
"""

import ssl
from collections import deque
from collections.abc import Iterator, Mapping
from datetime import datetime
from typing import Any

from isp_addons.vendor_api.stand_in import Call, FaultKind, NotThere, Reply, Request, StandIn, Standing
from isp_addons_kaspersky.items import Kind, time_text
from isp_addons_kaspersky.sandbox_subscriptions import NOT_DONE, Refusal, Subscriptions
from isp_addons_kaspersky.sandbox_wire import (
    BAD_ACCESS,
    SAME_TRANSACTION,
    TOO_MANY,
    Asked,
    Container,
    Malformed,
    Told,
    read_container,
    write_answer,
    write_fault,
    write_transaction_error,
)

PATH = "/soap/upi"
MOST_ITEMS = 150
"""No more are sent by a public client; the WSDL has no limit. Assumed to be one here."""

_XML = "text/xml; charset=utf-8"
_REMEMBERED = 10_000


class KasperskySandbox(StandIn):
    """The stand-in. *products*: the ProductIds that it knows, with commas between (none: any); *most_items* in one container.

    *rejects_repeats*: a TransactionId that came before is turned away; whether the real service does so is not known.
    *needs_certificate*: 403 for who shows no client certificate; it takes *tls* to be shown one. *keeps_code*: the activation
    code outlives HardCancel and Activate. What is yes or no may be given as such words.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        user_name: str = "isp",
        password: str = "sandbox",  # noqa: S107 - of a stand-in on loopback
        product_id: str = "KISMD",
        products: str = "",
        most_items: int | str = MOST_ITEMS,
        rejects_repeats: bool | str = False,
        needs_certificate: bool | str = False,
        keeps_code: bool | str = False,
        latency: float = 0.0,
        tls: ssl.SSLContext | None = None,
    ) -> None:
        super().__init__(port=port, latency=latency, tls=tls)
        self._access = (user_name, password)
        self._product_id = product_id
        self._most_items = int(most_items)
        self._rejects_repeats = _yes(rejects_repeats)
        self._needs_certificate = _yes(needs_certificate)
        known = tuple(word.strip() for word in products.split(",") if word.strip())
        self._subscriptions = Subscriptions(products=known, keeps_code=_yes(keeps_code))
        self._transactions: deque[str] = deque(maxlen=_REMEMBERED)
        self._refusals: list[dict[str, Any]] = []

    def options(self) -> dict[str, str]:
        """See `StandIn.options`."""
        user_name, password = self._access
        return {"url": f"{self.url}{PATH}", "user_name": user_name, "password": password, "product_id": self._product_id}

    def route(self, request: Request, now: datetime) -> Call:
        """The items of a container are its action, such as ``HardCancel+Activate``; its first subscriber is the object."""
        call = Call(request, now, f"{request.method} {request.path}"[:80])
        if request.path != PATH or request.method != "POST":
            call.refused = self.failure(call, 404 if request.path != PATH else 405)
            return call
        if self._needs_certificate and not request.certificate:
            call.refused = self.failure(call, 403)
            return call
        try:
            container = call.told = read_container(request.body)
            call.action = "+".join(dict.fromkeys(item.kind.value for item in container.items)) or "nothing"
            call.object = container.items[0].subscriber_id if container.items else ""
            self._admit(container)
        except Malformed as error:
            body = write_transaction_error(error, now=now)
            call.refused = Reply(200, body, kind=_XML, outcome=f"transaction {error.code}")
        return call

    def serve(self, call: Call) -> Reply:
        """Do item by item, in their order and independent of each other; ``partial`` does the first half of several."""
        container: Container = call.told
        self._transactions.append(container.transaction_id)
        cut = call.fault is not None and call.fault.kind is FaultKind.PARTIAL and len(container.items) > 1
        most = len(container.items) // 2 if cut else len(container.items)
        told = [self._one(asked, call.now, done=place < most) for place, asked in enumerate(container.items)]
        body = write_answer(container.transaction_id, told, now=call.now)
        codes = "+".join(str(each.code) for each in told if each.code)
        return Reply(200, body, kind=_XML, outcome=codes, half=(lambda: body) if cut else None)

    def failure(self, call: Call, status: int) -> Reply:  # noqa: ARG002 - the base class names it
        """See `StandIn.failure`: a SOAP fault where the server failed."""
        if status < 500:
            return Reply(status, b"", kind="text/plain")
        return Reply(status, write_fault("The service is not well.", ours=True), kind=_XML)

    def licences(self, now: datetime) -> Iterator[Standing]:
        """See `StandIn.licences`."""
        return self._subscriptions.standing(now)

    def clear(self) -> None:
        """Forget subscriptions, transactions and refusals."""
        self._subscriptions.rows.clear()
        self._transactions.clear()
        self._refusals.clear()

    def control(self, method: str, path: list[str], query: Mapping[str, str], body: dict[str, Any], now: datetime) -> Any:
        """Look at subscribers, do an item for one, let items be refused: see this package's README."""
        match method, path:
            case "GET", ["subscribers"]:
                rows = self._subscriptions.rows.values()
                return {"subscribers": [self._subscriptions.shown(row, now) for row in rows]}
            case (("GET" | "POST"), ["subscribers", subscriber_id]):
                if method == "POST":
                    self._by_hand(subscriber_id, body, now)
                if subscriber_id not in self._subscriptions.rows:
                    raise NotThere(f"there is no subscriber {subscriber_id}")
                return self._subscriptions.shown(self._subscriptions.rows[subscriber_id], now)
            case "POST", ["refusals"]:
                told = {"message": "", "times": 1, **body, "item": Kind(body["item"]), "code": int(body["code"])}
                self._refusals.append(told)
                return {"refusals": self._refusals}
            case _:
                return super().control(method, path, query, body, now)

    def _admit(self, container: Container) -> None:
        """Let a container in whole, or not at all."""
        transaction_id = container.transaction_id
        if container.access != self._access:
            raise Malformed(BAD_ACCESS, "Access denied.", transaction_id=transaction_id)
        if len(container.items) > self._most_items:
            raise Malformed(TOO_MANY, "There are too many items in the container.", transaction_id=transaction_id)
        if self._rejects_repeats and transaction_id in self._transactions:
            raise Malformed(SAME_TRANSACTION, "The TransactionId was there before.", transaction_id=transaction_id)

    def _one(self, asked: Asked, now: datetime, *, done: bool) -> Told:
        try:
            if not done:
                raise Refusal(NOT_DONE, "The item was not done.")
            self._refuse(asked)
            details, children = self._subscriptions.do(asked, now)
        except Refusal as refusal:
            return Told(asked, {"ErrorMessage": str(refusal)} if str(refusal) else {}, code=refusal.code)
        return Told(asked, details, children)

    def _refuse(self, asked: Asked) -> None:
        """Refuse the item if the doors were told to."""
        told = next((each for each in self._refusals if each["item"] is asked.kind), None)
        if told is None:
            return
        told["times"] -= 1
        if told["times"] <= 0:
            self._refusals.remove(told)
        raise Refusal(told["code"], str(told["message"]))

    def _by_hand(self, subscriber_id: str, body: dict[str, Any], now: datetime) -> None:
        """Do an item at Kaspersky's console; times that are left out are now. Raises `ValueError` where it is refused."""
        kind = Kind(body.pop("item"))
        details = {name: time_text(now) for name in ("StartTime", "EndTime", "PauseTime")}
        asked = Asked(kind, "1", subscriber_id, {"ProductId": self._product_id, **details, **body})
        try:
            self._subscriptions.do(asked, now)
        except Refusal as refusal:
            raise ValueError(f"{refusal.code}: {refusal}") from refusal


def _yes(told: bool | str) -> bool:
    """What a switch is set to, in code or on the command line. Raises `ValueError`."""
    if isinstance(told, bool):
        return told
    if told not in ("yes", "no"):
        raise ValueError(f"write yes or no, not {told!r}")
    return told == "yes"
