"""Commands for what is sold."""

from typing import TYPE_CHECKING, Any

import click

from isp_addons.cli.numbers import Whole
from isp_addons.cli.output import Form, Session, json_option, list_options, say, show
from isp_addons.domain.catalogue import Kind, TrialEnd
from isp_addons.domain.money import format_amount, parse_amount
from isp_addons.domain.problem import BadInput

if TYPE_CHECKING:
    from isp_addons.services.products import Offer


@click.group()
@click.pass_context
def products(ctx: click.Context) -> None:
    """Add and list products; include them in tariffs."""
    ctx.obj.staff_but_for(ctx, "list")


@products.command()
@click.argument("code")
@click.option("--name", help="What subscribers read; the code if not given.")
@click.option("--vendor", help="The [vendor:NAME] that supplies it; without one nothing is delivered yet.")
@click.option("--price", required=True, metavar="AMOUNT", help="For one unit and one month, such as 150.00.")
@click.option("--priority", type=int, default=1, show_default=True, help="1 is kept first when money is short.")
@click.option("--terms", default="1", show_default=True, help="Months for which it is sold, such as 1,3,6,12.")
@click.option("--trial-days", type=Whole(0, 365), default=0, show_default=True, help="How long it can be tried.")
@click.option(
    "--trial-then", type=click.Choice([each.value for each in TrialEnd]), default="end", show_default=True, help="What follows."
)
@click.option(
    "--kind", type=click.Choice([each.value for each in Kind]), help="What a unit is; if not given, as its vendor sells."
)
@click.option("--resale", is_flag=True, help="Resellers may order it for their customers.")
@click.option("--option", "options", multiple=True, metavar="NAME=VALUE", help="For the vendor's plugin, such as tariff=….")
@json_option
@click.pass_obj
def add(
    session: Session,
    *,
    code: str,
    name: str | None,
    vendor: str | None,
    price: str,
    priority: int,
    terms: str,
    trial_days: int,
    trial_then: str,
    kind: str | None,
    resale: bool,
    options: tuple[str, ...],
    as_json: bool,
) -> None:
    """Add the product CODE.

    Example: isp-addons products add avdesk-standard --vendor avdesk --price 150.00 --terms 1,3,12
    """
    from isp_addons.services.products import NewProduct
    from isp_addons.services.products import add as add_product

    context = session.app.context
    new = NewProduct(
        code=code,
        name=name or code,
        vendor=vendor,
        price=parse_amount(price, currency=context.currency),
        priority=priority,
        terms=terms,
        trial_days=trial_days,
        trial_then=TrialEnd(trial_then),
        kind=Kind(kind) if kind else None,
        options=dict(parse_option(each) for each in options),
        resale=resale,
    )
    new_id = add_product(context, session.cause(f"product {code} added"), new)
    say(f"Added the product {code}.", as_json=as_json, id=new_id, code=code)


@products.command("list")
@list_options
@click.pass_obj
def list_products(session: Session, *, limit: int, form: Form) -> None:
    """List the products; with --as EMAIL what that person can buy, to a reseller what he can sell, and what it costs him."""
    from isp_addons.services import products as service

    offers = service.listing(session.app.context, session.cause("looked"), limit=limit)
    rows = [_row(each) for each in offers]
    columns = {
        "code": "Code",
        "name": "Name",
        "vendor": "Vendor",
        "price": "Price",
        "currency": "",
        "priority": "Priority",
        "terms": "Terms",
        "on_sale": "On sale",
        **({"reseller_price": "Your price"} if any(each.reseller_price is not None for each in offers) else {}),
    }
    show(
        rows,
        form=form,
        columns=columns,
        right=("price", "priority", "reseller_price"),
        empty="No products yet; add one with: isp-addons products add",
    )


def _row(offer: "Offer") -> dict[str, Any]:
    product, less = offer.product, offer.reseller_price
    return {
        "code": product.code,
        "name": product.name,
        "vendor": product.vendor,
        "price": format_amount(offer.price, product.currency),
        "currency": product.currency,
        "priority": product.priority,
        "terms": product.terms,
        "on_sale": product.on_sale,
        **({} if less is None else {"reseller_price": format_amount(less, product.currency)}),
    }


@products.command("on-sale")
@click.argument("code")
@click.option("--no", "closed", is_flag=True, help="Close it for new orders instead; running subscriptions go on.")
@json_option
@click.pass_obj
def on_sale(session: Session, *, code: str, closed: bool, as_json: bool) -> None:
    """Open (or with --no close) the product CODE for new orders."""
    from isp_addons.services.products import set_on_sale

    set_on_sale(session.app.context, session.cause("changed by hand"), code=code, on_sale=not closed)
    say(f"{code} is {'not ' if closed else ''}on sale.", as_json=as_json, code=code, on_sale=not closed)


@products.command()
@click.argument("code")
@click.argument("tariff")
@json_option
@click.pass_obj
def include(session: Session, *, code: str, tariff: str, as_json: bool) -> None:
    """Include the product CODE in the billing's TARIFF: who has the tariff has it, without end and without extra charge."""
    from isp_addons.services.tariff import include as include_in

    changed = include_in(session.app.context, session.cause("included by hand"), tariff=tariff, product_code=code)
    text = "includes" if changed else "included already"
    say(f"The tariff {tariff} {text} {code}.", as_json=as_json, tariff=tariff, product=code, changed=changed)


def parse_option(text: str) -> tuple[str, str]:
    """Read ``NAME=VALUE``."""
    name, equals, value = text.partition("=")
    if not name or not equals:
        raise BadInput(f"The option {text!r} is not of the form NAME=VALUE.", code="bad_option")
    return name, value
