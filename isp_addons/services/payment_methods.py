"""How new orders may be paid: each method offered or not. What runs already is not touched."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import select
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.payment_method import ACTIVE_AT_FIRST, BILLING, Method, parse_method
from isp_addons.domain.problem import Refused
from isp_addons.services import access
from isp_addons.services.context import Context
from isp_addons.store import audit
from isp_addons.store.tables import PaymentMethod


@dataclass(frozen=True, slots=True, kw_only=True)
class MethodRow:
    """A method, what it means to who pays, and whether it is ``active`` or ``inactive``."""

    method: str
    billing: str
    status: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Switched:
    """Whether a method changed; ``warning``: what that means, if it is serious."""

    method: Method
    active: bool
    changed: bool
    warning: str = ""


def rows(session: Session) -> Sequence[MethodRow]:
    """Every method."""
    active = offered(session)
    return [
        MethodRow(method=each.value, billing=BILLING[each], status="active" if each in active else "inactive")
        for each in Method
    ]


def offered(session: Session) -> frozenset[Method]:
    """The methods that new orders may be paid with."""
    chosen = {row.name: row.active for row in session.scalars(select(PaymentMethod))}
    return frozenset(each for each in Method if chosen.get(each.value, each in ACTIVE_AT_FIRST))


def require_offered(session: Session, method: Method) -> None:
    """Raise `Refused` (``method_not_offered``) for a method that is not."""
    if method not in offered(session):
        known = ", ".join(sorted(offered(session))) or "none"
        raise Refused(f"Payment by {method} is not offered (offered: {known}).", code="method_not_offered")


def switch(context: Context, cause: Cause, *, name: str, active: bool) -> Switched:
    """Offer a method to new orders, or no more. Twice: no change.

    Raises `NotFound` (``unknown_method``), `Refused` (``card_not_configured``; ``distributor_stays``: the way through the
    distributor stays while cards are offered, unless the configuration says otherwise).
    """
    method = parse_method(name)
    if active and method is Method.CARD:
        context.payments.cards()
    with context.store.write() as session:
        access.require_staff(session, cause)
        before = offered(session)
        if (method in before) == active:
            return Switched(method=method, active=active, changed=False)
        after = before | {method} if active else before - {method}
        _check(context, after)
        row = session.get(PaymentMethod, method.value, with_for_update=True)
        if row is None:
            session.add(PaymentMethod(name=method.value, active=active, changed_at=cause.at))
        else:
            row.active, row.changed_at = active, cause.at
        _record(session, cause, method, active=active)
    warning = "" if after else "No payment method is active any more: nothing can be bought."
    return Switched(method=method, active=active, changed=True, warning=warning)


def _check(context: Context, after: frozenset[Method]) -> None:
    if context.payments.distributor_beside_card and Method.CARD in after and Method.DISTRIBUTOR not in after:
        raise Refused(
            "The card is an alternative: while it is offered, payment through the distributor stays. Deactivate card first, or "
            "set distributor_beside_card = no in [payments].",
            code="distributor_stays",
        )


def _record(session: Session, cause: Cause, method: Method, *, active: bool) -> None:
    words = {True: "active", False: "inactive"}
    audit.record(
        session,
        cause,
        subject="payment_method",
        subject_id=list(Method).index(method),
        field=method.value,
        before=words[not active],
        after=words[active],
    )
