"""Products: what is sold, by which vendor, for how much and for which terms."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from fractions import Fraction

from sqlalchemy import ColumnElement, and_, select, true, update
from sqlalchemy.orm import Session

from isp_addons.domain.catalogue import DatedPrices, Kind, ProductTerms, TrialEnd
from isp_addons.domain.cause import Cause
from isp_addons.domain.period import LONGEST_TERM, parse_whole
from isp_addons.domain.permission import Permission, Role
from isp_addons.domain.price_list import flat
from isp_addons.domain.problem import BadInput, NotFound, Refused
from isp_addons.domain.reseller import WHOLE
from isp_addons.domain.seats import is_account_wide
from isp_addons.services import access, catalogue, find, prices
from isp_addons.services.context import Context
from isp_addons.store import audit
from isp_addons.store.tables import Customer, Product


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProduct:
    """A product to be added. ``price``: minor units of one unit for one month; ``terms``: months, such as ``1,3,12``.

    ``kind`` None: ``seat`` where the vendor has users, ``account_wide`` with the option ``scope=account``, else ``other``.
    """

    code: str
    name: str
    vendor: str | None
    price: int
    priority: int = 1
    terms: str = "1"
    trial_days: int = 0
    trial_then: TrialEnd = TrialEnd.END
    resale: bool = False
    kind: Kind | None = None
    options: Mapping[str, str] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class Offer:
    """A product and what one unit costs for one month, in minor units, by the list that is valid now.

    ``reseller_price``: with the discount that was agreed with the reseller who asks; None for everybody else.
    """

    product: Product
    price: int
    reseller_price: int | None


def listing(context: Context, cause: Cause, *, limit: int) -> list[Offer]:
    """What may be bought by whoever asks: what is on sale, of that for a reseller what is for resale. Staff see everything."""
    with context.store.read() as session:
        query = select(Product).where(_seen(session, cause)).order_by(Product.priority, Product.code).limit(limit)
        discount = _discount(session, cause)
        return [_offer(session, cause, each, discount) for each in session.scalars(query)]


def seen(session: Session, cause: Cause, code: str) -> Product:
    """One of the same. Raises `NotFound`, which names to staff alone what there is."""
    if access.is_staff(session, cause):
        return find.product(session, code)
    found = session.scalar(select(Product).where(Product.code == code, _seen(session, cause)))
    if found is None:
        raise NotFound(f"No product {code[:64]!r} is sold to you; see: isp-addons products list", code="unknown_product")
    return found


def add(context: Context, cause: Cause, new: NewProduct) -> int:
    """Add a product. Raises `Refused` (``product_exists``, ``vendor_…``), `BadInput` for a price or term that cannot be."""
    if new.price < 0:
        raise BadInput(f"The price of {new.code} cannot be negative.", code="bad_amount")
    terms = ProductTerms(
        code=new.code,
        name=new.name,
        kind=new.kind or _kind(context, new),
        prices=(DatedPrices(prices.ALWAYS.date(), flat(new.price)),),
        vendor=new.vendor,
        terms=_terms(new.terms),
        priority=new.priority,
        trial_days=new.trial_days,
        trial_then=new.trial_then,
        resale=new.resale,
        options=new.options,
    )
    with context.store.write() as session:
        if session.scalar(select(Product.id).where(Product.code == new.code)) is not None:
            raise Refused(f"The product {new.code} exists already.", code="product_exists")
        return catalogue.put(context, session, cause, terms, before=None).id


def set_on_sale(context: Context, cause: Cause, *, code: str, on_sale: bool) -> None:
    """Open or close a product for new orders; running subscriptions go on."""
    with context.store.write() as session:
        product = find.product(session, code)
        if product.on_sale != on_sale:
            audit.record(
                session, cause, subject="product", subject_id=product.id, field="on_sale", before=product.on_sale, after=on_sale
            )
            session.execute(update(Product).where(Product.id == product.id).values(on_sale=on_sale))


def _seen(session: Session, cause: Cause) -> ColumnElement[bool]:
    """The condition that a product is shown to whoever asks."""
    if cause.person is None:
        return true()
    role = access.require(session, cause, Permission.SEE).role
    if role == Role.STAFF:
        return true()
    return and_(Product.on_sale, Product.resale) if role == Role.RESELLER else and_(Product.on_sale)


def _discount(session: Session, cause: Cause) -> Fraction | None:
    """The discount of the reseller who asks; None: it is no reseller."""
    if cause.person is None or access.require(session, cause, Permission.SEE).role != Role.RESELLER:
        return None
    agreed = session.scalar(select(Customer.discount).where(Customer.id == access.own_customer(session, cause)))
    return Fraction(agreed or 0, WHOLE)


def _offer(session: Session, cause: Cause, product: Product, discount: Fraction | None) -> Offer:
    valid = prices.valid(session, product, at=cause.at)
    less = None if discount is None else valid.less(discount).price_for(1, months=1)
    return Offer(product=product, price=valid.price_for(1, months=1), reseller_price=less)


def _kind(context: Context, new: NewProduct) -> Kind:
    """What a unit is where nobody says it. Raises `Refused` for a vendor that cannot be used."""
    can = context.capabilities(new.vendor) if new.vendor is not None else None
    if is_account_wide(new.options):
        return Kind.ACCOUNT_WIDE
    return Kind.SEAT if can is not None and (can.has_users or can.invites_users) else Kind.OTHER


def _terms(text: str) -> tuple[int, ...]:
    return tuple(sorted({parse_whole(part.strip(), name="term", most=LONGEST_TERM) for part in text.split(",")}))
