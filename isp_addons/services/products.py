"""Products: what is sold, by which vendor, for how much and for which terms."""

from collections.abc import Mapping
from dataclasses import dataclass, field

from sqlalchemy import select, update

from isp_addons.domain.cause import Cause
from isp_addons.domain.period import LONGEST_TERM, parse_whole
from isp_addons.domain.problem import BadInput, Refused
from isp_addons.domain.text import parse_line
from isp_addons.services import find
from isp_addons.services.context import Context
from isp_addons.store import audit
from isp_addons.store.tables import Product

LOWEST_PRIORITY = 1000


@dataclass(frozen=True, slots=True, kw_only=True)
class NewProduct:
    """A product to be added. ``price``: minor units of one unit for one month; ``terms``: months, such as ``1,3,12``."""

    code: str
    name: str
    vendor: str | None
    price: int
    priority: int = 1
    terms: str = "1"
    trial_days: int = 0
    options: Mapping[str, str] = field(default_factory=dict)


def add(context: Context, cause: Cause, new: NewProduct) -> int:
    """Add a product. Raises `Refused` (``product_exists``, ``vendor_…``), `BadInput` for a price or term that cannot be."""
    terms = _terms(new.terms)
    parse_line(new.code, name="product", most=64)
    parse_line(new.name, name="name", most=120)
    if new.price < 0:
        raise BadInput(f"The price of {new.code} cannot be negative.", code="bad_amount")
    if not 1 <= new.priority <= LOWEST_PRIORITY:
        raise BadInput(f"The priority {new.priority} is not from 1 to {LOWEST_PRIORITY}.", code="bad_priority")
    if new.vendor is not None:
        context.capabilities(new.vendor)
    with context.store.write() as session:
        if session.scalar(select(Product.id).where(Product.code == new.code)) is not None:
            raise Refused(f"The product {new.code} exists already.", code="product_exists")
        product = Product(
            code=new.code,
            name=new.name,
            vendor=new.vendor,
            currency=context.currency,
            price=new.price,
            priority=new.priority,
            terms=terms,
            trial_days=new.trial_days,
            options=dict(new.options),
            on_sale=True,
        )
        session.add(product)
        session.flush()
        audit.record(session, cause, subject="product", subject_id=product.id, field="added", before=None, after=new.code)
        return product.id


def set_on_sale(context: Context, cause: Cause, *, code: str, on_sale: bool) -> None:
    """Open or close a product for new orders; running subscriptions go on."""
    with context.store.write() as session:
        product = find.product(session, code)
        if product.on_sale != on_sale:
            audit.record(
                session, cause, subject="product", subject_id=product.id, field="on_sale", before=product.on_sale, after=on_sale
            )
            session.execute(update(Product).where(Product.id == product.id).values(on_sale=on_sale))


def _terms(text: str) -> str:
    months = sorted({parse_whole(part.strip(), name="term", most=LONGEST_TERM) for part in text.split(",")})
    return parse_line(",".join(map(str, months)), name="list of terms", most=80)
