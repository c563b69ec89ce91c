"""Paying a purchase by card: what is asked of the gateway is written down before it is asked, and what came of it after."""

import logging
from collections.abc import Iterator
from datetime import timedelta

from sqlalchemy import ColumnElement, and_, or_, select
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.payment_method import Method
from isp_addons.domain.permission import Permission
from isp_addons.domain.problem import Problem, Refused, TryAgain
from isp_addons.domain.purchase import PAYABLE, State
from isp_addons.domain.text import parse_line
from isp_addons.payments.base import ActionRequired, CardGateway, Declined, GatewayError, Outcome, Paid, Unavailable
from isp_addons.services import purchase_booking, purchases
from isp_addons.services.context import Context
from isp_addons.store import schema
from isp_addons.store.tables import Purchase

log = logging.getLogger(__name__)

PATIENCE = timedelta(minutes=5)
"""How long a payment may be under way before somebody else asks what became of it; no gateway is waited for that long."""

_PAGE, _PAGES = 100, 200
"""How many purchases are read at once, and how often in one run: 20,000, far more than ever wait at the same time."""


def pay(context: Context, cause: Cause, *, purchase_id: int, card: str) -> State:
    """Pay with *card*, the gateway's token of a card. Returns what the purchase is now.

    ``payment_failed``: another card may be tried. ``action_required``: see the purchase's link. ``paying``: the answer was
    lost, and `settle` asks for it. Raises `Refused` (``purchase_state``, ``card_not_configured``…), `TryAgain` (``gateway``)
    when the gateway did not take the request.
    """
    parse_line(card, name="card", most=200)
    gateway = context.payments.cards()
    if _state(context, cause, purchase_id) is State.ACTION_REQUIRED:
        call_off(context, cause, purchase_id=purchase_id)
    key, amount, currency = _begin(context, cause, purchase_id)
    try:
        outcome: Outcome | None = gateway.charge(key=key, amount=amount, currency=currency, card=card)
    except Unavailable as error:
        _took_nothing(context, cause, purchase_id, key)
        raise TryAgain("The card gateway cannot be reached; nothing was taken, try again.", code="gateway") from error
    except GatewayError as error:
        log.warning("purchase %s: the gateway's answer was lost: %s", purchase_id, error)
        return State.PAYING
    return book(context, cause, purchase_id=purchase_id, key=key, outcome=outcome)


def call_off(context: Context, cause: Cause, *, purchase_id: int) -> State:
    """The payer's confirmation is not waited for any more: nothing can come of that try, or it was paid already.

    Raises what `pay` raises.
    """
    with context.store.read() as session:
        purchase = purchases.row(session, cause, purchase_id)
        purchases.require(session, cause, Permission.BUY, purchase)
    try:
        return _ask(context, cause, context.payments.cards(), purchase_id, str(purchase.gateway_key), call_off=True)
    except GatewayError as error:
        raise TryAgain("The card gateway does not say what became of the payment; try again later.", code="gateway") from error


def settle(context: Context, cause: Cause) -> int:
    """Ask the gateway what became of every payment whose answer is missing; returns how many purchases went on.

    What a rule refused to deliver is tried again, and what nobody paid in time expires.
    """
    done = _expire(context, cause)
    done += sum(_deliver(context, cause, each.id) for each in _all(context, Purchase.status == State.PAID.value))
    gateway: CardGateway | None = None
    for each in _all(context, _asked(cause)):
        gateway = gateway or context.payments.cards()
        done += _ask_again(context, cause, gateway, each)
    return done


def book(context: Context, cause: Cause, *, purchase_id: int, key: str, outcome: Outcome | None) -> State:
    """Write down what came of the try *key*; None: it never reached the gateway. What was paid is booked, whatever else is."""
    with context.store.read() as session:
        ref = purchase_booking.ref_of(session, purchase_id)
    gathered = context.billing.gather([ref], at=cause.at)
    with context.store.write() as session:
        purchase = purchase_booking.locked(session, purchase_id)
        if isinstance(outcome, Paid):
            purchase.reference = outcome.reference if purchase.paid_at is None else purchase.reference
            purchase_booking.book(
                context, session, cause, gathered, purchase, amount=purchase.amount, key=key, note="Paid by card"
            )
        elif purchase.gateway_key == key and State(purchase.status) in (State.PAYING, State.ACTION_REQUIRED):
            _note(session, cause, purchase, outcome)
        return State(purchase.status)


def _note(session: Session, cause: Cause, purchase: Purchase, outcome: Declined | ActionRequired | None) -> None:
    if isinstance(outcome, ActionRequired):
        purchase.link = outcome.link[:1000]
        if purchase.status == State.PAYING.value:
            purchase_booking.move(session, cause, purchase, State.ACTION_REQUIRED)
        return
    purchase.link = ""
    purchase.reason = outcome.reason[:300] if outcome else "The card gateway never got the request; nothing was taken."
    purchase_booking.move(session, cause, purchase, State.PAYMENT_FAILED)


def _begin(context: Context, cause: Cause, purchase_id: int) -> tuple[str, int, str]:
    """Write down that the gateway is about to be asked, and under which key."""
    with context.store.write() as session:
        purchase = purchase_booking.locked(session, purchase_id)
        purchases.require(session, cause, Permission.BUY, purchase)
        if purchase.method != Method.CARD.value or State(purchase.status) not in PAYABLE:
            raise Refused(
                f"Purchase {purchase_id} is {purchase.status} and paid by {purchase.method}; no card is taken for it now.",
                code="purchase_state",
            )
        if purchase.expires_at <= cause.at:
            raise Refused(f"Purchase {purchase_id} is too old; buy it again, at today's price.", code="purchase_expired")
        purchase.attempt += 1
        purchase.tried_at = cause.at
        purchase.reason = ""
        key = f"ia{schema.installation(session)}-p{purchase.id}-{purchase.attempt}"
        purchase.gateway_key = key
        purchase_booking.move(session, cause, purchase, State.PAYING)
        return key, purchase.amount, purchase.currency


def _took_nothing(context: Context, cause: Cause, purchase_id: int, key: str) -> None:
    with context.store.write() as session:
        purchase = purchase_booking.locked(session, purchase_id)
        if purchase.gateway_key == key and purchase.status == State.PAYING.value:
            purchase.reason = "The card gateway could not be reached; nothing was taken."
            purchase_booking.move(session, cause, purchase, State.NEW)


def _asked(cause: Cause) -> ColumnElement[bool]:
    """Whether the gateway is to be asked about a `Purchase`."""
    lost = and_(Purchase.status == State.PAYING.value, Purchase.tried_at <= cause.at - PATIENCE)
    return or_(lost, Purchase.status == State.ACTION_REQUIRED.value)


def _all(context: Context, which: ColumnElement[bool]) -> Iterator[Purchase]:
    """The purchases for which *which* holds, by number: nobody waits behind others that stay as they are."""
    last = 0
    for _ in range(_PAGES):
        with context.store.read() as session:
            query = select(Purchase).where(which, Purchase.id > last).order_by(Purchase.id).limit(_PAGE)
            page = session.scalars(query).all()
        if not page:
            return
        last = page[-1].id
        yield from page


def _ask_again(context: Context, cause: Cause, gateway: CardGateway, purchase: Purchase) -> bool:
    """Ask about one purchase, and let it go where its payer did not confirm in time. Returns whether it went on."""
    before = State(purchase.status)
    late = before is State.ACTION_REQUIRED and purchase.expires_at <= cause.at
    try:
        return _ask(context, cause, gateway, purchase.id, str(purchase.gateway_key), call_off=late) is not before
    except GatewayError as error:
        log.warning("purchase %s: the gateway cannot be asked: %s", purchase.id, error)
        return False


def _ask(context: Context, cause: Cause, gateway: CardGateway, purchase_id: int, key: str, *, call_off: bool) -> State:
    outcome = gateway.cancel(key=key) if call_off else gateway.find(key=key)
    return book(context, cause, purchase_id=purchase_id, key=key, outcome=outcome)


def _deliver(context: Context, cause: Cause, purchase_id: int) -> bool:
    with context.store.read() as session:
        ref = purchase_booking.ref_of(session, purchase_id)
    gathered = context.billing.gather([ref], at=cause.at)
    try:
        with context.store.write() as session:
            purchase = purchase_booking.locked(session, purchase_id)
            if purchase.status == State.PAID.value:
                purchase_booking.deliver(context, session, cause, gathered, purchase)
            return purchase.status == State.ACTIVE.value
    except Problem as problem:
        log.warning("purchase %s waits: %s", purchase_id, problem.message)
        return False


def _expire(context: Context, cause: Cause) -> int:
    """Purchases by card that nobody paid in time."""
    unpaid = (State.NEW.value, State.PAYMENT_FAILED.value)
    late = select(Purchase).where(Purchase.status.in_(unpaid), Purchase.expires_at <= cause.at).limit(_PAGE)
    done = 0
    for _ in range(_PAGES):
        with context.store.write() as session:
            found = session.scalars(late.with_for_update(skip_locked=True)).all()
            for purchase in found:
                purchase_booking.move(session, cause, purchase, State.EXPIRED)
        done += len(found)
        if not found:
            break
    return done


def _state(context: Context, cause: Cause, purchase_id: int) -> State:
    with context.store.read() as session:
        return State(purchases.row(session, cause, purchase_id).status)
