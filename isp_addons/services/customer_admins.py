"""Whether a user of a reseller's customer is admin decides on the reseller's discount: a warning before, the prices after."""

from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.permission import Role
from isp_addons.domain.problem import Refused
from isp_addons.domain.reseller import DiscountWithAdmin, format_discount
from isp_addons.services import reprice
from isp_addons.services.context import Context
from isp_addons.store.tables import Customer

_LOST = {
    DiscountWithAdmin.NOBODY: "while he is, nothing that is ordered or renewed for {company} has it any more",
    DiscountWithAdmin.RESELLER_ORDERS: "what he orders himself does not have it; what the reseller orders keeps it",
}


def warn(context: Context, session: Session, *, customer_id: int | None, role: str, confirmed: bool) -> None:
    """Before somebody becomes admin of a reseller's customer: raise `Refused` (``discount_lost``) unless it was *confirmed*."""
    if role != Role.ADMIN or confirmed or customer_id is None:
        return
    customer = session.get_one(Customer, customer_id)
    reseller = session.get(Customer, customer.reseller_id) if customer.reseller_id is not None else None
    if reseller is not None and reseller.discount:
        lost = _LOST[context.resellers.with_admin].format(company=customer.company)
        agreed = format_discount(reseller.discount)
        raise Refused(
            f"An admin may buy for {customer.company}, at the list price. The discount of {agreed} % of {reseller.company}: "
            f"{lost}. Nothing was changed; say --confirm if that is meant.",
            code="discount_lost",
        )


def changed(context: Context, session: Session, cause: Cause, *, customer_id: int | None, before: str, after: str) -> None:
    """Somebody of the customer became admin, or is it no more: the next periods cost what they cost now."""
    if customer_id is not None and (before == Role.ADMIN) != (after == Role.ADMIN):
        session.flush()
        if session.get_one(Customer, customer_id).reseller_id is not None:
            reprice.after_discount(context, session, cause, [customer_id])
