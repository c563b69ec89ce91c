"""The catalogue: every product with its terms and prices, taken in and given out as a whole."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import UTC, date, datetime, time
from typing import Any

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from isp_addons.domain.catalogue import DatedPrices, Kind, ProductTerms, TrialEnd, WhileSuspended
from isp_addons.domain.cause import Cause
from isp_addons.domain.entitlement import UserRole
from isp_addons.domain.money import format_amount
from isp_addons.domain.period import Month, time_zone
from isp_addons.domain.price_list import PriceList
from isp_addons.domain.problem import Refused
from isp_addons.domain.proration import Proration
from isp_addons.domain.unbundling import Part
from isp_addons.services import prices, reprice
from isp_addons.services.context import Context
from isp_addons.services.schedule import schedule_of, to_plain
from isp_addons.store import audit
from isp_addons.store.tables import Product, TariffProduct


@dataclass(frozen=True, slots=True, kw_only=True)
class Taken:
    """The codes of the products that are new, that changed, that were the same; and those that were not named at all."""

    added: tuple[str, ...]
    changed: tuple[str, ...]
    same: tuple[str, ...]
    left_alone: tuple[str, ...]


def take(context: Context, cause: Cause, products: Sequence[ProductTerms]) -> Taken:
    """Make the catalogue say what *products* say; what is not named is left alone. Twice: no second effect.

    Running subscriptions keep what they have paid for; a new price counts from the next period. Raises `Refused` (``vendor_…``)
    for a vendor that cannot be used, before anything is changed.
    """
    for each in products:
        if each.vendor is not None:
            _check_vendor(context, each)
    with context.store.write() as session:
        before = {each.code: each for each in terms(context, session)}
        priced: list[int] = []
        added = [each.code for each in products if each.code not in before]
        changed = [each.code for each in products if each.code in before and before[each.code] != each]
        for each in products:
            known = before.get(each.code)
            if known != each:
                product = put(context, session, cause, each, before=known)
                priced += [product.id] if known is not None and known.prices != each.prices else []
        reprice.after_change(context, session, cause, priced)
    named = {each.code for each in products}
    return Taken(
        added=tuple(added),
        changed=tuple(changed),
        same=tuple(each.code for each in products if each.code not in (*added, *changed)),
        left_alone=tuple(sorted(before.keys() - named)),
    )


def terms(context: Context, session: Session) -> list[ProductTerms]:
    """Every product as it is, in the order of priority and code."""
    rows = list(session.scalars(select(Product).order_by(Product.priority, Product.code)))
    lists = prices.dated(session, [each.id for each in rows])
    tariffs: dict[int, list[str]] = {}
    for tariff, product_id in session.execute(select(TariffProduct.tariff, TariffProduct.product_id)).all():
        tariffs.setdefault(product_id, []).append(tariff)
    return [_terms(context, each, lists.get(each.id, {}), sorted(tariffs.get(each.id, []))) for each in rows]


def put(context: Context, session: Session, cause: Cause, each: ProductTerms, *, before: ProductTerms | None) -> Product:
    """Write one product; every field that changes is audited. *before*: as it was, None for a new one."""
    values = _columns(each)
    product = session.scalar(select(Product).where(Product.code == each.code))
    if product is None:
        product = Product(code=each.code, currency=context.currency, **values)
        session.add(product)
        session.flush()
        _record(session, cause, product, "added", None, each.code)
    else:
        for name, value in values.items():
            if getattr(product, name) != value:
                _record(session, cause, product, name, getattr(product, name), value)
                setattr(product, name, value)
    if before is None or before.prices != each.prices:
        was = _told(before.prices, context.currency) if before is not None else None
        _record(session, cause, product, "prices", was, _told(each.prices, context.currency))
        prices.write(session, product, {_moment(context, dated.valid_from): dated.prices for dated in each.prices})
    if before is None or before.tariffs != each.tariffs:
        _include(session, cause, product, each.tariffs)
    return product


def _columns(each: ProductTerms) -> dict[str, Any]:
    """What stands in the row of a product, but for its code and currency."""
    return {
        "name": each.name,
        "kind": each.kind.value,
        "article_name": each.article_name,
        "article_number": each.article_number,
        "vendor": each.vendor,
        "priority": each.priority,
        "terms": ",".join(map(str, each.terms)),
        "proration": each.proration.value,
        "month": each.month.value,
        "trial_days": each.trial_days,
        "trial_then": each.trial_then.value,
        "schedule": to_plain(each.schedule),
        "features": {name: [role.value for role in roles] for name, roles in each.features.items()},
        "while_suspended": each.while_suspended.value,
        "least": each.least,
        "most": each.most,
        "split": list(each.split),
        "unbundle": [asdict(part) for part in each.unbundle],
        "options": dict(each.options),
        "on_sale": each.on_sale,
        "resale": each.resale,
        "purchase_price": each.purchase_price,
    }


def _check_vendor(context: Context, each: ProductTerms) -> None:
    """What the vendor can do must fit what is sold of it."""
    assert each.vendor is not None  # noqa: S101 - the caller looks
    can = context.capabilities(each.vendor)
    if each.kind is Kind.CODE and not can.issues_codes:
        raise Refused(f"{each.code} is sold as codes, but the vendor {each.vendor} issues none.", code="bad_kind")
    if each.while_suspended is WhileSuspended.FULL and can.issues_codes:
        raise Refused(
            f"{each.code} cannot be charged while it is suspended: the vendor {each.vendor} issues codes, and while a hold "
            "stands none is issued. Write while_suspended: none.",
            code="bad_kind",
        )
    if each.tariffs and not can.endless:
        raise Refused(
            f"{each.code} cannot be included in a tariff: licences of the vendor {each.vendor} always have an end.",
            code="not_endless",
        )


def _terms(context: Context, row: Product, lists: Mapping[datetime, PriceList], tariffs: Iterable[str]) -> ProductTerms:
    return ProductTerms(
        code=row.code,
        name=row.name,
        kind=Kind(row.kind),
        prices=tuple(DatedPrices(_day(context, begin), found) for begin, found in lists.items()),
        vendor=row.vendor,
        article_name=row.article_name,
        article_number=row.article_number,
        terms=tuple(map(int, row.terms.split(","))),
        proration=Proration(row.proration),
        month=Month(row.month),
        trial_days=row.trial_days,
        trial_then=TrialEnd(row.trial_then),
        schedule=schedule_of(row),
        features={name: tuple(map(UserRole, roles)) for name, roles in row.features.items()},
        tariffs=tuple(tariffs),
        priority=row.priority,
        while_suspended=WhileSuspended(row.while_suspended),
        least=row.least,
        most=row.most,
        split=tuple(row.split),
        unbundle=tuple(Part(**part) for part in row.unbundle),
        on_sale=row.on_sale,
        resale=row.resale,
        purchase_price=row.purchase_price,
        options={name: str(value) for name, value in row.options.items()},
    )


def _include(session: Session, cause: Cause, product: Product, tariffs: Sequence[str]) -> None:
    session.execute(delete(TariffProduct).where(TariffProduct.product_id == product.id))
    if tariffs:
        session.execute(insert(TariffProduct), [{"tariff": each, "product_id": product.id} for each in tariffs])
    _record(session, cause, product, "tariffs", None, ", ".join(tariffs))


def _moment(context: Context, day: date) -> datetime:
    """The beginning of *day* on the installation's calendar; the day that stands for *always* is the same everywhere."""
    if day == prices.ALWAYS.date():
        return prices.ALWAYS
    return datetime.combine(day, time(), time_zone(context.time_zone)).astimezone(UTC)


def _day(context: Context, moment: datetime) -> date:
    return moment.date() if moment == prices.ALWAYS else moment.astimezone(time_zone(context.time_zone)).date()


def _told(lists: Iterable[DatedPrices], currency: str) -> str:
    """Price lists in a line, for the audit."""
    return "; ".join(
        f"from {dated.valid_from}: "
        + ", ".join(f"{each} at {format_amount(each.unit_price, currency)}" for each in dated.prices.ranges)
        for dated in lists
    )


def _record(session: Session, cause: Cause, product: Product, field: str, before: Any, after: Any) -> None:
    told = [None if each is None else str(each)[:200] for each in (before, after)]
    audit.record(session, cause, subject="product", subject_id=product.id, field=field, before=told[0], after=told[1])
