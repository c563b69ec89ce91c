"""A purchase is called off: nothing will come of it, and what was paid for it goes back."""

from isp_addons.domain.cause import Cause
from isp_addons.domain.payment_method import Method
from isp_addons.domain.permission import Permission
from isp_addons.domain.purchase import State
from isp_addons.services import bank_transfer, card_payment, card_refunds, purchase_booking, purchases
from isp_addons.services.context import Context


def cancel(context: Context, cause: Cause, *, purchase_id: int) -> State:
    """Nothing will come of it. What was paid and not delivered goes back to the card, else it stays on the balance.

    Raises `NotFound`, `Refused` (``purchase_state``) for one that is active, or whose payment is under way.
    """
    with context.store.read() as session:
        waits = purchases.row(session, cause, purchase_id).status == State.ACTION_REQUIRED.value
        ref = purchase_booking.ref_of(session, purchase_id)
    if waits:
        card_payment.call_off(context, cause, purchase_id=purchase_id)
    gathered = context.billing.gather([ref], at=cause.at)
    with context.store.write() as session:
        purchase = purchase_booking.locked(session, purchase_id)
        purchases.require(session, cause, Permission.BUY, purchase)
        before = State(purchase.status)
        if before is State.CANCELLED:
            return before
        purchase_booking.move(session, cause, purchase, State.CANCELLED)
        if before is State.PENDING:
            bank_transfer.give_back(context, session, cause, gathered, purchase)
        if before is State.PAID and purchase.method == Method.CARD.value:
            card_refunds.queue(session, cause, purchase=purchase, amount=purchase.amount, key=f"purchase:{purchase.id}")
        return State.CANCELLED
