"""Commands that buy: order, renew."""

import click

from isp_addons.cli.changes import split_option
from isp_addons.cli.output import SUBSCRIPTION, Session, json_option, say, when
from isp_addons.cli.quotes import quote_options, tell
from isp_addons.domain.cause import Source
from isp_addons.domain.period import parse_whole
from isp_addons.domain.subscription import Plan


@click.command()
@click.argument("account")
@click.argument("product")
@click.option("--plan", type=click.Choice([plan.value for plan in Plan]), default=Plan.RECURRING.value, show_default=True)
@click.option("--term", default="1", show_default=True, metavar="MONTHS", help="For --plan one_off: for how long.")
@click.option("--quantity", default="1", show_default=True, help="How many units or seats.")
@split_option
@click.option("--auto-renew", is_flag=True, help="For --plan one_off: pay it again whenever it is over, until it is cancelled.")
@click.option("--key", help="Your own key of this order: the same twice is one order.")
@quote_options
@json_option
@click.pass_obj
def order(
    session: Session,
    *,
    account: str,
    product: str,
    plan: str,
    term: str,
    quantity: str,
    split: dict[str, int],
    auto_renew: bool,
    key: str | None,
    dry_run: bool,
    quote: str | None,
    as_json: bool,
) -> None:
    """Order PRODUCT for ACCOUNT.

    one_off is paid at once for its term; recurring for the rest of the account's period, then every period; bundled comes
    with the tariff and costs nothing of its own; trial costs nothing, once, for the days of the product. Ordering with
    another plan while a trial runs takes its licence over.
    """
    from isp_addons.services.order import MOST_QUANTITY, Order, place, preview

    wanted = Order(
        account=account,
        product=product,
        plan=Plan(plan),
        key=key,
        quantity=parse_whole(quantity, name="quantity", most=MOST_QUANTITY),
        term=term,
        split=split,
        renews=auto_renew,
        quote=quote,
    )
    cause = session.cause(f"ordered {product}", source=Source.ADMIN)
    if dry_run:
        tell(preview(session.app.context, cause, wanted), as_json=as_json)
        return
    new_id = place(session.app.context, cause, wanted)
    say(
        f"Subscription {new_id}: {product} for account {account}.",
        as_json=as_json,
        subscription=new_id,
        account=account,
        product=product,
    )


@click.command()
@click.argument("subscription", type=SUBSCRIPTION)
@click.option("--term", metavar="MONTHS", help="For how long; the same as before if not given.")
@click.option("--quantity", help="How many units in the new term; as before if not given.")
@split_option
@click.option("--key", help="Your own key of this renewal: the same twice is one renewal.")
@quote_options
@json_option
@click.pass_obj
def renew(
    session: Session,
    *,
    subscription: int,
    term: str | None,
    quantity: str | None,
    split: dict[str, int],
    key: str | None,
    dry_run: bool,
    quote: str | None,
    as_json: bool,
) -> None:
    """Renew the one-off SUBSCRIPTION: from its old end when early, from today when late."""
    from isp_addons.domain.catalogue import MOST_QUANTITY
    from isp_addons.services import charge

    context, cause = session.app.context, session.cause("renewed")
    units = None if quantity is None else parse_whole(quantity, name="quantity", most=MOST_QUANTITY)
    if dry_run:
        told = charge.preview_renewal(context, cause, subscription_id=subscription, term=term, quantity=units, split=split)
        tell(told, as_json=as_json)
        return
    until = charge.renew(
        context, cause, subscription_id=subscription, term=term, quantity=units, split=split, key=key, quote=quote
    )
    say(
        f"Subscription {subscription} is paid until {when(until)} UTC.",
        as_json=as_json,
        subscription=subscription,
        paid_until=until,
    )
