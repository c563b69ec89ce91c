"""The project keys there are: taken in from a file, listed and shown."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, insert, or_, select, text
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.money import format_amount
from isp_addons.domain.permission import Permission, Role
from isp_addons.domain.problem import NotFound
from isp_addons.domain.project_key import KeyState, parse_key, state_of
from isp_addons.domain.stock import starred
from isp_addons.domain.text import parse_line
from isp_addons.services import access
from isp_addons.services.coded_file import refuse
from isp_addons.services.context import Context
from isp_addons.services.project_keys_file import KNOWN, NewKey
from isp_addons.store import audit
from isp_addons.store.tables import Account, Customer, Product, ProjectKey, Subscription

_PART = 5000
_IMPORTING = 0x1597C0DF
"""The advisory lock of whoever imports into PostgreSQL, so that two files with the same key are never taken in at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which keys are asked for; None = all."""

    state: KeyState | None = None
    product: str | None = None
    customer: int | None = None
    batch: str | None = None


def known(context: Context, codes: Sequence[str]) -> set[str]:
    """Those of *codes* that were imported already, whatever became of them."""
    with context.store.read() as session:
        return _known(session, codes)


def sold(context: Context) -> set[str]:
    """The products for which there can be keys."""
    with context.store.read() as session:
        return set(session.scalars(select(Product.code)))


def take_in(context: Context, cause: Cause, found: Sequence[NewKey], *, batch: str, name: str) -> int:
    """Add *found*, the checked lines of the file *name*, all or none; returns how many. Only the ISP's staff may.

    Raises `BadInput` naming each line whose key there is already, and `Refused` (``not_permitted``).
    """
    parse_line(batch, name="batch", most=120)
    with context.store.write() as session:
        access.require_staff(session, cause)
        if not context.store.is_sqlite:
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _IMPORTING})
        there = _known(session, [each.code for each in found])
        refuse([f"{name}:{each.line}: {KNOWN}" for each in found if each.code in there])
        products = dict(session.execute(select(Product.code, Product.id)).all())
        common = {"batch": batch, "imported_at": cause.at, "currency": context.currency}
        rows = [
            {
                **common,
                "code": each.code,
                "product_id": products[each.product],
                "quantity": each.quantity,
                "term_months": each.term,
                "purchase_price": each.purchase_price,
                "expires_at": each.expires_at,
            }
            for each in found
        ]
        for start in range(0, len(rows), _PART):
            session.execute(insert(ProjectKey), rows[start : start + _PART])
        mine = select(ProjectKey.id).where(ProjectKey.batch == batch, ProjectKey.imported_at == cause.at)
        audit.record_all(
            session,
            cause,
            subject="project_key",
            subject_id=ProjectKey.id,
            field="imported",
            before=None,
            after=f"from {batch}",
            where=mine,
        )
    return len(rows)


def rows(context: Context, cause: Cause, wanted: Wanted, *, limit: int, reveal: bool = False) -> list[dict[str, Any]]:
    """The keys that are *wanted*, newest first; starred unless *reveal*, which is written into the audit for each.

    Staff see all of them, a reseller those that his customers use, without what they cost; only staff may *reveal*.
    """
    query = _listed(wanted, cause).order_by(ProjectKey.id.desc()).limit(limit)
    if not reveal:
        with context.store.read() as session:
            found = session.execute(query.where(_in_care(session, cause))).all()
            costs = access.is_staff(session, cause)
            return [_row(each, cause, starred(each.code), costs=costs) for each in found]
    with context.store.write() as session:
        access.require_staff(session, cause)
        found = session.execute(query).all()
        ids = [each.id for each in found]
        for start in range(0, len(ids), _PART):
            audit.record_all(
                session,
                cause,
                subject="project_key",
                subject_id=ProjectKey.id,
                field="revealed",
                before=None,
                after="shown in full",
                where=select(ProjectKey.id).where(ProjectKey.id.in_(ids[start : start + _PART])),
            )
        return [_row(each, cause, each.code, costs=True) for each in found]


def entered(context: Context, cause: Cause, code: str) -> dict[str, Any]:
    """What the key *code* is for, whoever enters it; only staff see what it costs.

    Raises `BadInput` (``project_key_missing``), `NotFound`.
    """
    code = parse_key(code)
    with context.store.read() as session:
        if cause.person is not None:
            access.require(session, cause, Permission.MANAGE_CUSTOMERS)
        found = session.execute(_listed(Wanted(), cause).where(ProjectKey.code == code)).one_or_none()
        if found is None:
            raise unknown_key()
        seen = select(ProjectKey.id).where(ProjectKey.id == found.id, _in_care(session, cause))
        if found.customer_id is not None and session.scalar(seen) is None:
            raise unknown_key()
        return _row(found, cause, starred(found.code), costs=access.is_staff(session, cause))


def unknown_key() -> NotFound:
    """There is no such key. It is not repeated: it may be another's, mistyped."""
    return NotFound("There is no such project key; see: isp-addons keys list", code="unknown_project_key")


def _known(session: Session, codes: Sequence[str]) -> set[str]:
    found: set[str] = set()
    for start in range(0, len(codes), _PART):
        part = codes[start : start + _PART]
        found.update(session.scalars(select(ProjectKey.code).where(ProjectKey.code.in_(part))))
    return found


def _in_care(session: Session, cause: Cause) -> ColumnElement[bool]:
    """Unused keys belong to the ISP, used ones are seen by who looks after the customer."""
    seen = access.visible(session, cause, ProjectKey.customer_id)
    if cause.person is not None and access.require(session, cause, Permission.MANAGE_CUSTOMERS).role != Role.STAFF:
        return and_(seen, ProjectKey.customer_id.is_not(None))
    return seen


def _listed(wanted: Wanted, cause: Cause) -> Select[*tuple[Any, ...]]:
    query = (
        select(
            ProjectKey.id,
            ProjectKey.code,
            Product.code.label("product"),
            ProjectKey.quantity,
            ProjectKey.term_months,
            ProjectKey.purchase_price,
            ProjectKey.selling_price,
            ProjectKey.currency,
            ProjectKey.expires_at,
            ProjectKey.batch,
            ProjectKey.customer_id,
            Customer.company,
            Account.ref.label("account"),
            ProjectKey.subscription_id,
            ProjectKey.used_at,
            ProjectKey.starts_at,
            ProjectKey.until,
        )
        .join(Product, Product.id == ProjectKey.product_id)
        .outerjoin(Customer, Customer.id == ProjectKey.customer_id)
        .outerjoin(Subscription, Subscription.id == ProjectKey.subscription_id)
        .outerjoin(Account, Account.id == Subscription.account_id)
    )
    conditions = [_has_state(wanted.state, cause)] if wanted.state is not None else []
    if wanted.product is not None:
        conditions.append(Product.code == wanted.product)
    if wanted.customer is not None:
        conditions.append(ProjectKey.customer_id == wanted.customer)
    if wanted.batch is not None:
        conditions.append(ProjectKey.batch == wanted.batch)
    return query.where(*conditions)


def _has_state(state: KeyState, cause: Cause) -> ColumnElement[bool]:
    """The same as `isp_addons.domain.project_key.state_of`, in SQL."""
    fresh = or_(ProjectKey.expires_at.is_(None), ProjectKey.expires_at > cause.at)
    conditions = {
        KeyState.UNUSED: and_(ProjectKey.used_at.is_(None), fresh),
        KeyState.EXPIRED: and_(ProjectKey.used_at.is_(None), ProjectKey.expires_at <= cause.at),
        KeyState.USED: and_(ProjectKey.used_at.is_not(None), ProjectKey.until > cause.at),
        KeyState.OVER: and_(ProjectKey.used_at.is_not(None), ProjectKey.until <= cause.at),
    }
    return conditions[state]


def _row(each: Any, cause: Cause, code: str, *, costs: bool) -> dict[str, Any]:
    """A key; *costs*: with the purchase price and the margin, which are the ISP's own business."""
    state = state_of(used_at=each.used_at, until=each.until, expires_at=each.expires_at, now=cause.at)
    selling = each.selling_price
    margin = None if selling is None else format_amount(selling - each.purchase_price, each.currency)
    return {
        "id": each.id,
        "key": code,
        "state": state.value,
        "product": each.product,
        "quantity": each.quantity,
        "term": each.term_months,
        **({"purchase_price": format_amount(each.purchase_price, each.currency)} if costs else {}),
        "selling_price": None if selling is None else format_amount(selling, each.currency),
        **({"margin": margin} if costs else {}),
        "currency": each.currency,
        "expires_at": each.expires_at,
        "batch": each.batch,
        "customer": each.customer_id,
        "company": each.company,
        "account": each.account,
        "subscription": each.subscription_id,
        "used_at": each.used_at,
        "starts_at": each.starts_at,
        "until": each.until,
    }
