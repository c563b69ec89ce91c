"""The stock of activation codes as people look after it: import, list, void, and how much is left."""

from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, func, insert, or_, select, text, update
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.problem import BadInput, NotFound, Refused
from isp_addons.domain.stock import POLICY, CodeState, StockLevel, StockRules, article_of, starred, state_of
from isp_addons.domain.text import parse_line
from isp_addons.services.codes_file import IN_STOCK, NewCode, refuse
from isp_addons.services.context import Context
from isp_addons.store import audit
from isp_addons.store.tables import Account, ActivationCode, Licence, Product, Subscription

_PART = 5000
_IMPORTING = 0x1597C0DE
"""The advisory lock of whoever imports into PostgreSQL, so that two files with the same code are never taken in at once."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Imported:
    """What came in: how many codes, and of which articles of them no product sells any."""

    new: int
    unsold: tuple[str, ...]


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """Which codes are asked for; None = all."""

    vendor: str | None = None
    article: str | None = None
    state: CodeState | None = None
    subscription: int | None = None


def default_article(context: Context, *, vendor: str) -> str | None:
    """The article of the lines that name none: that of the only product which the vendor's codes are sold as."""
    require_codes(context, vendor)
    with context.store.read() as session:
        articles = _sold_as(session, vendor)
    return articles[0] if len(articles) == 1 else None


def known(context: Context, wanted: Sequence[str], *, vendor: str) -> set[str]:
    """Those of the codes *wanted* that the stock of *vendor* has, whatever became of them."""
    with context.store.read() as session:
        return _known(session, vendor, wanted)


def import_codes(context: Context, cause: Cause, found: Sequence[NewCode], *, vendor: str, batch: str, name: str) -> Imported:
    """Add *found*, the checked lines of the file *name*, to the stock: all or none.

    Raises `Refused` (``issues_no_codes``) for another kind of vendor, `BadInput` naming each line whose code the stock has
    already, whatever became of it.
    """
    require_codes(context, vendor)
    parse_line(batch, name="batch", most=120)
    with context.store.write() as session:
        if not context.store.is_sqlite:
            session.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _IMPORTING})
        taken_in = _known(session, vendor, [each.code for each in found])
        refuse([f"{name}:{each.line}: {IN_STOCK}" for each in found if each.code in taken_in])
        common = {"vendor": vendor, "batch": batch, "imported_at": cause.at}
        rows = [{**common, "code": each.code, "article": each.article, "expires_at": each.expires_at} for each in found]
        for start in range(0, len(rows), _PART):
            session.execute(insert(ActivationCode), rows[start : start + _PART])
        articles = sorted({each.article for each in found})
        for article in articles:
            count = sum(each.article == article for each in found)
            _note_import(session, cause, vendor=vendor, article=article, batch=batch, count=count)
        sold = _sold_as(session, vendor)
    return Imported(new=len(found), unsold=tuple(each for each in articles if each not in sold))


def rows(context: Context, cause: Cause, wanted: Wanted, *, limit: int, reveal: bool) -> list[dict[str, Any]]:
    """The codes that are *wanted*, newest first; starred unless *reveal*, which is written into the audit for each."""
    query = _listed(wanted, cause).limit(limit)
    if not reveal:
        with context.store.read() as session:
            return [_row(each, cause, starred(each.code)) for each in session.execute(query).all()]
    with context.store.write() as session:
        found = session.execute(query).all()
        _note_each(session, cause, [each.id for each in found], field="revealed", before=None, after="shown in full")
        return [_row(each, cause, each.code) for each in found]


def void(context: Context, cause: Cause, *, ids: Collection[int] = (), batch: str | None = None) -> int:
    """Take codes out of sale for good, by number or a whole *batch*; returns how many of them were on sale.

    Raises `NotFound` (``unknown_code``), and `Refused` (``code_taken``) when one that is named was sold already; of a batch
    the sold ones are left as they are.
    """
    if bool(ids) == (batch is not None):
        raise BadInput("Say which codes by their numbers, or --batch NAME.", code="nothing_named")
    named = ActivationCode.id.in_(ids) if ids else ActivationCode.batch == batch
    with context.store.write() as session:
        found = session.execute(
            select(ActivationCode.id, ActivationCode.taken_at, ActivationCode.voided_at).where(named).with_for_update()
        ).all()
        unknown = sorted(set(ids) - {each.id for each in found})
        if unknown or not found:
            what = f"code {', '.join(map(str, unknown))}" if unknown else f"batch {batch!r}"
            raise NotFound(f"There is no {what} in the stock; see: isp-addons codes list", code="unknown_code")
        taken = sorted(each.id for each in found if each.taken_at is not None)
        if ids and taken:
            message = f"The code {', '.join(map(str, taken))} was sold and stays with its subscription; nothing was changed."
            raise Refused(message, code="code_taken")
        free = [each.id for each in found if each.taken_at is None and each.voided_at is None]
        for start in range(0, len(free), _PART):
            mine = ActivationCode.id.in_(free[start : start + _PART])
            session.execute(update(ActivationCode).where(mine).values(voided_at=cause.at))
        _note_each(session, cause, free, field="void", before="free", after="void")
        return len(free)


def stock(
    context: Context, cause: Cause, rules: Callable[[str], StockRules], *, vendors: Collection[str]
) -> Iterator[StockLevel]:
    """How many codes of each article of *vendors* there are; articles that a product sells and nobody imported too."""
    with context.store.read() as session:
        found = {(each.vendor, each.article): each for vendor in vendors for each in _levels(session, vendor, rules, cause)}
        for vendor in vendors:
            for article in _sold_as(session, vendor):
                found.setdefault((vendor, article), StockLevel(vendor=vendor, article=article))
    yield from (found[key] for key in sorted(found))


def policy(session: Session, subscription_id: int) -> str | None:
    """What cannot be undone about this subscription, if codes were issued for it."""
    mine = select(ActivationCode.id).join(Licence, Licence.id == ActivationCode.licence_id)
    issued = session.scalar(mine.where(Licence.subscription_id == subscription_id).limit(1))
    return None if issued is None else POLICY


def require_codes(context: Context, vendor: str) -> None:
    """Raise `Refused` (``issues_no_codes``, ``vendor_…``) or `NotFound` unless *vendor* sells codes from a stock."""
    if not context.capabilities(vendor).issues_codes:
        raise Refused(f"The vendor {vendor} does not sell activation codes from a stock.", code="issues_no_codes")


def _sold_as(session: Session, vendor: str) -> list[str]:
    products = session.execute(select(Product.code, Product.options).where(Product.vendor == vendor))
    return sorted({article_of(each.code, each.options) for each in products.all()})


def _known(session: Session, vendor: str, wanted: Sequence[str]) -> set[str]:
    known: set[str] = set()
    for start in range(0, len(wanted), _PART):
        part = wanted[start : start + _PART]
        known.update(
            session.scalars(select(ActivationCode.code).where(ActivationCode.vendor == vendor, ActivationCode.code.in_(part)))
        )
    return known


def _levels(session: Session, vendor: str, rules: Callable[[str], StockRules], cause: Cause) -> list[StockLevel]:
    state = _states(cause)
    soon = and_(state[CodeState.FREE], ActivationCode.expires_at <= cause.at + timedelta(days=rules(vendor).days))
    counted = {**{each.value: state[each] for each in CodeState}, "expiring": soon}
    sums = [func.sum(case((condition, 1), else_=0)).label(name) for name, condition in counted.items()]
    query = select(ActivationCode.article, *sums).where(ActivationCode.vendor == vendor).group_by(ActivationCode.article)
    return [
        StockLevel(vendor=vendor, article=each.article, **{name: int(getattr(each, name)) for name in counted})
        for each in session.execute(query).all()
    ]


def _states(cause: Cause) -> Mapping[CodeState, ColumnElement[bool]]:
    """`isp_addons.domain.stock.state_of` in SQL."""
    usable = ActivationCode.voided_at.is_(None)
    free = and_(usable, ActivationCode.taken_at.is_(None))
    lasting = or_(ActivationCode.expires_at.is_(None), ActivationCode.expires_at > cause.at)
    return {
        CodeState.FREE: and_(free, lasting),
        CodeState.TAKEN: and_(usable, ActivationCode.taken_at.is_not(None)),
        CodeState.EXPIRED: and_(free, ActivationCode.expires_at <= cause.at),
        CodeState.VOID: ActivationCode.voided_at.is_not(None),
    }


def _listed(wanted: Wanted, cause: Cause) -> Select[Any]:
    columns = (*ActivationCode.__table__.columns, Licence.subscription_id, Account.ref.label("account"))
    query: Select[Any] = (
        select(*columns)
        .outerjoin(Licence, Licence.id == ActivationCode.licence_id)
        .outerjoin(Subscription, Subscription.id == Licence.subscription_id)
        .outerjoin(Account, Account.id == Subscription.account_id)
        .order_by(ActivationCode.id.desc())
    )
    if wanted.vendor is not None:
        query = query.where(ActivationCode.vendor == wanted.vendor)
    if wanted.article is not None:
        query = query.where(ActivationCode.article == wanted.article)
    if wanted.subscription is not None:
        query = query.where(Licence.subscription_id == wanted.subscription)
    return query if wanted.state is None else query.where(_states(cause)[wanted.state])


def _row(each: Any, cause: Cause, shown: str) -> dict[str, Any]:
    state = state_of(taken_at=each.taken_at, voided_at=each.voided_at, expires_at=each.expires_at, now=cause.at)
    return {
        "id": each.id,
        "vendor": each.vendor,
        "article": each.article,
        "code": shown,
        "state": state.value,
        "expires_at": each.expires_at,
        "batch": each.batch,
        "subscription": each.subscription_id,
        "account": each.account,
        "period_start": each.period_start,
    }


def _note_import(session: Session, cause: Cause, *, vendor: str, article: str, batch: str, count: int) -> None:
    mine = and_(
        ActivationCode.vendor == vendor,
        ActivationCode.article == article,
        ActivationCode.batch == batch,
        ActivationCode.imported_at == cause.at,
    )
    first = session.scalar(select(func.min(ActivationCode.id)).where(mine)) or 0
    told = f"{count} codes of {article}, numbered from {first}"
    audit.record(session, cause, subject="activation_code", subject_id=first, field="imported", before=None, after=told)


def _note_each(session: Session, cause: Cause, ids: Sequence[int], *, field: str, before: str | None, after: str) -> None:
    for start in range(0, len(ids), _PART):
        audit.record_all(
            session,
            cause,
            subject="activation_code",
            subject_id=ActivationCode.id,
            field=field,
            before=before,
            after=after,
            where=select(ActivationCode.id).where(ActivationCode.id.in_(ids[start : start + _PART])),
        )
