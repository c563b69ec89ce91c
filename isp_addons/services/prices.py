"""What products cost: price lists, each valid from a day on."""

from collections.abc import Mapping, Sequence
from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from isp_addons.domain.price_list import PriceList, PriceRange
from isp_addons.domain.problem import Refused
from isp_addons.store.tables import Price, Product

ALWAYS = datetime.fromisoformat("1970-01-01T00:00+00:00")
"""From when a price list is valid that names no day."""


def valid(session: Session, product: Product, *, at: datetime) -> PriceList:
    """The price list of *product* that is valid at *at*. Raises `Refused` (``no_price``) before the first one is."""
    lists = dated(session, [product.id]).get(product.id, {})
    begun = [begin for begin in lists if begin <= at]
    if not begun:
        raise Refused(f"{product.code} has no price that is valid at {at.isoformat()}.", code="no_price")
    return lists[max(begun)]


def dated(session: Session, product_ids: Sequence[int]) -> dict[int, dict[datetime, PriceList]]:
    """Every price list of these products, by the moment from which it is valid, the oldest first."""
    rows = session.scalars(
        select(Price).where(Price.product_id.in_(product_ids)).order_by(Price.product_id, Price.valid_from, Price.first)
    )
    ranges: dict[tuple[int, datetime, int], list[PriceRange]] = {}
    for row in rows:
        own = ranges.setdefault((row.product_id, row.valid_from, row.per_months), [])
        own.append(PriceRange(row.first, row.last, row.unit_price))
    found: dict[int, dict[datetime, PriceList]] = {}
    for (product_id, begin, per_months), own in ranges.items():
        found.setdefault(product_id, {})[begin] = PriceList(tuple(own), per_months)
    return found


def write(session: Session, product: Product, lists: Mapping[datetime, PriceList]) -> None:
    """Let *product* have exactly these price lists."""
    session.execute(delete(Price).where(Price.product_id == product.id))
    session.execute(
        insert(Price),
        [
            {
                "product_id": product.id,
                "valid_from": begin,
                "per_months": prices.per_months,
                "first": each.first,
                "last": each.last,
                "unit_price": each.unit_price,
            }
            for begin, prices in lists.items()
            for each in prices.ranges
        ],
    )
