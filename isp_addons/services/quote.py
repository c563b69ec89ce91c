"""Quotes, made from what a transaction found: see `isp_addons.domain.quote`."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from fractions import Fraction

from sqlalchemy.orm import Session

from isp_addons.domain.quote import Line, Quote
from isp_addons.services.context import Context
from isp_addons.services.taxes import vat_of
from isp_addons.store.tables import Account, Product


def line(
    product: Product,
    *,
    quantity: int,
    months: Fraction | int,
    start: datetime,
    end: datetime,
    list_price: int,
    net: int,
) -> Line:
    """*quantity* units of *product* for *months* months, from *start* to *end*."""
    return Line(
        product=product.code,
        name=product.article_name or product.name,
        number=product.article_number,
        quantity=quantity,
        months=Fraction(months),
        start=start,
        end=end,
        list_price=list_price,
        net=net,
    )


def quote(
    context: Context,
    session: Session,
    *,
    account: Account,
    currency: str,
    request: Mapping[str, object],
    lines: Sequence[Line],
    start: datetime,
    next_price: int | None,
    priced_at: datetime,
) -> Quote:
    """What *request* of the account costs, with the VAT that it bears. Raises `Refused` (``vat_rate_missing``)."""
    return Quote(
        account=account.ref,
        request=tuple((name, str(value)) for name, value in request.items()),
        lines=tuple(lines),
        currency=currency,
        vat=vat_of(context.taxes, session, account_id=account.id, at=priced_at),
        start=start,
        next_price=next_price,
        priced_at=priced_at,
    )
