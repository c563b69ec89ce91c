"""The stock of activation codes: taken for many licences at once, each code for one licence and one period, for ever."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, bindparam, exists, insert, or_, select, update
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.stock import article_of
from isp_addons.store.leases import Leased
from isp_addons.store.tables import ActivationCode, Audit, Licence, Product, Subscription

BETWEEN = ", "
"""What stands between codes that are shown together; no code has it in itself."""

_PART = 1000

Article = tuple[str, str]
"""A vendor and one of its articles."""


@dataclass(frozen=True, slots=True)
class Need:
    """One licence that needs a code for the period from ``start``."""

    licence_id: int
    subscription_id: int
    article: Article
    start: datetime


def stocked(session: Session) -> dict[str, bool]:
    """Every vendor that has a product, and whether there ever was a code of it."""
    ever = exists().where(ActivationCode.vendor == Product.vendor)
    return dict(session.execute(select(Product.vendor, ever).where(Product.vendor.is_not(None)).distinct()).all())  # type: ignore[arg-type]


def licences(start: ColumnElement[datetime]) -> Select[Any]:
    """What `needs` reads: licences with what they need to know, in the order in which they are given codes."""
    return (
        select(
            Licence.id,
            Licence.subscription_id,
            Licence.vendor,
            Product.code,
            Product.options,
            start.label("start"),
        )
        .join(Subscription, Subscription.id == Licence.subscription_id)
        .join(Product, Product.id == Subscription.product_id)
        .order_by(Subscription.priority, Subscription.ordered_at, Subscription.id, Licence.seat)
    )


def needs(session: Session, query: Select[Any], vendors: Collection[str]) -> list[Need]:
    """The needs of the licences of *query* (see `licences`) that belong to *vendors*."""
    rows = session.execute(query.where(Licence.vendor.in_(vendors)))
    return [Need(row.id, row.subscription_id, (row.vendor, article_of(row.code, row.options)), row.start) for row in rows.all()]


def sold_out(session: Session, articles: Iterable[Article], now: datetime) -> set[Article]:
    """Those of *articles* of which no code is free at *now*."""
    return {
        each for each in set(articles) if session.scalar(select(ActivationCode.id).where(_free(each, now)).limit(1)) is None
    }


def take(session: Session, cause: Cause, wanted: Sequence[Need], *, wait: bool = False) -> set[int]:
    """Take a code for each need of *wanted*, the first to expire first; returns the subscriptions for which none was left.

    A subscription gets codes for all its licences or for none. A licence that has a code for its period keeps it. Codes that
    somebody else is about to take are passed over; with *wait* they are waited for before anybody is told that none is left.
    """
    have = _given(session, wanted)
    lines: dict[Article, dict[int, list[Need]]] = defaultdict(lambda: defaultdict(list))
    for need in wanted:
        if (need.licence_id, need.start) not in have:
            lines[need.article][need.subscription_id].append(need)
    short: set[int] = set()
    given: list[tuple[int, Need]] = []
    for article, line in lines.items():
        found = _next(session, article, cause.at, count=sum(map(len, line.values())), wait=wait)
        for subscription_id, members in line.items():
            if len(members) > len(found):
                short.add(subscription_id)
                continue
            given += zip(found, members, strict=False)
            found = found[len(members) :]
    _write(session, cause, given)
    return short


def carried(session: Session, batch: Sequence[Leased]) -> list[Leased]:
    """*batch* with the codes that are to be shown, in one question: for vendors that issue codes.

    Normally that is the code of the newest period. What could not be shown before (the loop stood still for a period) comes
    with it, the oldest first, with a comma between: what was paid for is never lost.
    """
    if not batch:
        return []
    codes: dict[int, list[str]] = defaultdict(list)
    shown: dict[int, set[str]] = {}
    rows = session.execute(
        select(ActivationCode.licence_id, ActivationCode.code, Licence.show)
        .join(Licence, Licence.id == ActivationCode.licence_id)
        .where(Licence.id.in_([each.id for each in batch]), ActivationCode.voided_at.is_(None))
        .order_by(ActivationCode.licence_id, ActivationCode.period_start)
    )
    for licence_id, code, show in rows.all():
        codes[licence_id].append(code)
        shown[licence_id] = {part for text in show.values() for part in str(text).split(BETWEEN)}
    return [replace(each, code=BETWEEN.join(_to_show(codes[each.id], shown.get(each.id, set()))) or None) for each in batch]


def _to_show(codes: list[str], shown: set[str]) -> list[str]:
    """What was not shown yet of *codes*, oldest first; where all was, the same as was shown."""
    last = max((number for number, code in enumerate(codes) if code in shown), default=-1)
    return codes[last + 1 :] or [code for code in codes if code in shown]


def any_at_all(session: Session) -> bool:
    """Whether this installation has codes."""
    return session.scalar(select(ActivationCode.id).limit(1)) is not None


def issued() -> ColumnElement[bool]:
    """Whether a code was ever given to a `Licence`: what is handed out so cannot be suspended."""
    return exists().where(ActivationCode.licence_id == Licence.id)


def _given(session: Session, wanted: Sequence[Need]) -> set[tuple[int, datetime]]:
    """Licences of *wanted* with the periods for which they have a code."""
    found: set[tuple[int, datetime]] = set()
    for start in range(0, len(wanted), _PART):
        ids = {need.licence_id for need in wanted[start : start + _PART]}
        rows = session.execute(
            select(ActivationCode.licence_id, ActivationCode.period_start).where(ActivationCode.licence_id.in_(ids))
        )
        found.update((row.licence_id, row.period_start) for row in rows.all())
    return found


def _next(session: Session, article: Article, now: datetime, *, count: int, wait: bool) -> list[int]:
    """Up to *count* free codes of *article*, locked for this transaction."""
    found: list[int] = []
    for usable in (ActivationCode.expires_at > now, ActivationCode.expires_at.is_(None)):  # each in the order of the index
        query = select(ActivationCode.id).where(_open(article), usable).order_by(ActivationCode.expires_at, ActivationCode.id)
        found += session.scalars(query.limit(count - len(found)).with_for_update(skip_locked=True))
        if len(found) >= count:
            return found
    if wait:
        others = select(ActivationCode.id).where(_free(article, now), ActivationCode.id.not_in(found))
        found += session.scalars(others.order_by(ActivationCode.expires_at, ActivationCode.id).with_for_update())
    return found[:count]


def _open(article: Article) -> ColumnElement[bool]:
    """Neither taken nor void."""
    return and_(
        ActivationCode.vendor == article[0],
        ActivationCode.article == article[1],
        ActivationCode.taken_at.is_(None),
        ActivationCode.voided_at.is_(None),
    )


def _free(article: Article, now: datetime) -> ColumnElement[bool]:
    return and_(_open(article), or_(ActivationCode.expires_at.is_(None), ActivationCode.expires_at > now))


def _write(session: Session, cause: Cause, given: Sequence[tuple[int, Need]]) -> None:
    if not given:
        return
    table = ActivationCode.__table__
    session.connection().execute(
        update(ActivationCode)
        .where(table.c.id == bindparam("b_id"), table.c.taken_at.is_(None), table.c.voided_at.is_(None))
        .values(licence_id=bindparam("b_licence"), period_start=bindparam("b_start"), taken_at=cause.at),
        [{"b_id": code, "b_licence": need.licence_id, "b_start": need.start} for code, need in given],
    )
    session.connection().execute(insert(Audit.__table__), [_audit_row(cause, code, need) for code, need in given])  # type: ignore[arg-type]


def _audit_row(cause: Cause, code: int, need: Need) -> dict[str, Any]:
    """Names the code by its number in the stock: the code itself is a secret."""
    return {
        "at": cause.at,
        "actor": cause.actor,
        "source": cause.source.value,
        "subject": "licence",
        "subject_id": need.licence_id,
        "field": "code",
        "before": None,
        "after": f"code {code} for the period from {need.start:%Y-%m-%d %H:%M}",
        "why": cause.why[:300],
    }
