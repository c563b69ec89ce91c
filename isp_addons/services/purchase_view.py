"""Purchases and refunds as people and programs see them. Cards are never shown."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.money import format_amount
from isp_addons.domain.payment_method import Method
from isp_addons.domain.purchase import State
from isp_addons.services import access, purchases
from isp_addons.store.tables import Account, CardRefund, Purchase

_UNPAID = (State.PENDING, State.NEW, State.PAYING, State.ACTION_REQUIRED, State.PAYMENT_FAILED)


def purchase_row(session: Session, cause: Cause, purchase_id: int) -> dict[str, Any]:
    """One purchase. Raises `NotFound`."""
    return _rows(session, [purchases.row(session, cause, purchase_id)])[0]


def purchase_rows(
    session: Session, cause: Cause, *, account: str | None, status: State | None, limit: int
) -> list[dict[str, Any]]:
    """The newest purchases."""
    return _rows(session, purchases.rows(session, cause, account=account, status=status, limit=limit))


def refund_rows(session: Session, cause: Cause, *, status: str | None, limit: int) -> list[dict[str, Any]]:
    """The newest refunds to cards."""
    query = select(CardRefund, Purchase, Account.ref).join(Purchase, Purchase.id == CardRefund.purchase_id)
    query = query.join(Account, Account.id == Purchase.account_id).order_by(CardRefund.id.desc()).limit(limit)
    query = query.where(access.visible(session, cause, Account.customer_id))
    if status is not None:
        query = query.where(CardRefund.status == status)
    return [
        {
            "refund": refund.id,
            "purchase": purchase.id,
            "account": ref,
            "subscription": purchase.subscription_id,
            "amount": format_amount(refund.amount, purchase.currency),
            "currency": purchase.currency,
            "status": refund.status,
            "tries": refund.tries,
            "next_try_at": refund.next_try_at if refund.status == "queued" else None,
            "reason": refund.reason,
        }
        for refund, purchase, ref in session.execute(query).all()
    ]


def _rows(session: Session, found: Sequence[Purchase]) -> list[dict[str, Any]]:
    owners = {each.account_id for each in found}
    names = {account.id: account.ref for account in session.scalars(select(Account).where(Account.id.in_(owners)))}
    return [_row(each, names[each.account_id]) for each in found]


def _row(each: Purchase, ref: str) -> dict[str, Any]:
    missing = max(each.amount - each.received, 0) if State(each.status) in _UNPAID else 0
    is_transfer = each.method == Method.BANK_TRANSFER.value
    return {
        "purchase": each.id,
        "account": ref,
        "product": each.what.get("product", ""),
        "quantity": each.what.get("quantity", 1),
        "space": each.space_id,
        "devices": list(each.what.get("devices", [])),
        "amount": format_amount(each.amount, each.currency),
        "received": format_amount(each.received, each.currency) if is_transfer else "",
        "missing": format_amount(missing, each.currency),
        "currency": each.currency,
        "method": each.method,
        "status": each.status,
        "attempts": each.attempt,
        "reason": each.reason,
        "link": each.link,
        "subscription": each.subscription_id,
        "created_at": each.created_at,
        "paid_at": each.paid_at,
        "reminded_at": each.reminded_at,
        "expires_at": each.expires_at,
    }
