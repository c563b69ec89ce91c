"""Commands for purchases: what is paid for by card, bank transfer or through a distributor."""

import secrets
from typing import Any

import click

from isp_addons.cli.numbers import NUMBER
from isp_addons.cli.output import Form, Session, json_option, list_options, say, show, when
from isp_addons.domain.catalogue import MOST_QUANTITY
from isp_addons.domain.money import format_amount, parse_amount
from isp_addons.domain.payment_method import parse_method
from isp_addons.domain.period import parse_whole
from isp_addons.domain.purchase import State
from isp_addons.domain.subscription import Plan

PURCHASE = NUMBER
_PLANS = click.Choice([Plan.RECURRING.value, Plan.ONE_OFF.value])


@click.group()
def purchases() -> None:
    """What is paid for from outside first: buy, pay by card, book bank transfers, look."""


@purchases.command("create")
@click.argument("account")
@click.argument("product")
@click.option("--by", "method", required=True, help="How it is paid: balance, card, bank_transfer or distributor.")
@click.option("--plan", type=_PLANS, default=Plan.RECURRING.value, show_default=True)
@click.option("--term", default="1", show_default=True, metavar="MONTHS", help="For --plan one_off: for how long.")
@click.option("--quantity", default="1", show_default=True, help="How many units or seats.")
@click.option("--key", help="Your own key of this purchase: the same twice is one purchase.")
@click.option("--quote", help="The code of the quote that is confirmed: refused if it would cost something else now.")
@click.option("--card", metavar="TOKEN", help="Pay with this card of the gateway at once.")
@click.option("--space", type=PURCHASE, help="The space for which it is bought.")
@click.option("--device", "devices", multiple=True, help="A device of the space; more than once for more.")
@click.option("--app", help="The vendor's app from which it is bought, with --platform and --version.")
@click.option("--platform", default="", help="What that app runs on, such as Android.")
@click.option("--version", default="", help="The version of that app, such as 3.34.")
@click.option("--payer", metavar="EMAIL", help="Who pays in the space, where it is not the person of --as.")
@json_option
@click.pass_obj
def create_purchase(
    session: Session, /, *, account: str, method: str, key: str | None, card: str | None, as_json: bool, **bought: Any
) -> None:
    """ACCOUNT buys PRODUCT. Off the balance or through a distributor it is active at once, else when it is paid.

    Example: isp-addons purchases create 1042 av --by card --card card_ok
    """
    from isp_addons.domain.app_version import AppUse
    from isp_addons.services import card_payment
    from isp_addons.services.people import by_email
    from isp_addons.services.purchases import NewPurchase, create

    context, cause = session.app.context, session.cause(f"bought {bought['product']}")
    new = NewPurchase(
        account=account,
        product=bought["product"],
        method=parse_method(method),
        key=f"buy:{secrets.token_hex(8)}" if key is None else key,
        plan=Plan(bought["plan"]),
        quantity=parse_whole(bought["quantity"], name="quantity", most=MOST_QUANTITY),
        term=bought["term"],
        quote=bought["quote"],
        space=bought["space"],
        devices=bought["devices"],
        app=AppUse(app=bought["app"], platform=bought["platform"], version=bought["version"]) if bought["app"] else None,
        payer=by_email(context, bought["payer"]).id if bought["payer"] else None,
    )
    made = create(context, cause, new)
    if card is not None:
        card_payment.pay(context, cause, purchase_id=made, card=card)
    _tell(session, made, as_json=as_json)


@purchases.command("pay")
@click.argument("purchase", type=PURCHASE)
@click.option("--card", required=True, metavar="TOKEN", help="The gateway's token of the card, never its number.")
@json_option
@click.pass_obj
def pay_purchase(session: Session, *, purchase: int, card: str, as_json: bool) -> None:
    """Pay PURCHASE by card; after a refusal, with the same or another one."""
    from isp_addons.services import card_payment

    card_payment.pay(session.app.context, session.cause("paid by card"), purchase_id=purchase, card=card)
    _tell(session, purchase, as_json=as_json)


@purchases.command("paid")
@click.argument("purchase", type=PURCHASE)
@click.option("--amount", required=True, help="What the bank booked.")
@click.option("--key", required=True, help="The bank's reference of the transfer: the same twice is one transfer.")
@json_option
@click.pass_obj
def book_transfer(session: Session, *, purchase: int, amount: str, key: str, as_json: bool) -> None:
    """A bank transfer for PURCHASE was booked. It is active when the whole money is there; more is a credit."""
    from isp_addons.services import bank_transfer

    context = session.app.context
    minor = parse_amount(amount, currency=context.currency)
    done = bank_transfer.money_came(context, session.cause("bank transfer"), purchase_id=purchase, amount=minor, key=key)
    missing, credit = (format_amount(each, done.currency) for each in (done.missing, done.credit))
    rest = f", {missing} {done.currency} are missing" if done.missing else ""
    more = f"; {credit} {done.currency} are on the balance" if done.credit else ""
    say(
        f"Purchase {purchase} is {done.state}{rest}{more}.",
        as_json=as_json,
        purchase=purchase,
        status=done.state.value,
        missing=missing,
        credit=credit,
    )


@purchases.command("cancel")
@click.argument("purchase", type=PURCHASE)
@json_option
@click.pass_obj
def cancel_purchase(session: Session, *, purchase: int, as_json: bool) -> None:
    """Call PURCHASE off. What was paid for it goes back to the card, or stays on the balance."""
    from isp_addons.services.purchase_cancel import cancel

    cancel(session.app.context, session.cause("called off"), purchase_id=purchase)
    _tell(session, purchase, as_json=as_json)


@purchases.command("settle")
@json_option
@click.pass_obj
def settle_purchases(session: Session, *, as_json: bool) -> None:
    """Ask the gateway for lost answers, send refunds, remind, and let old purchases expire. The worker does it by itself."""
    from isp_addons.services import bank_transfer, card_payment, card_refunds

    session.require_staff()
    context, cause = session.app.context, session.cause("purchases settled")
    transfers, cards = bank_transfer.run(context, cause), card_payment.settle(context, cause)
    sent = card_refunds.deliver(context, cause)
    told = f"{transfers + cards} purchases went on, {sent} refunds were sent."
    say(told, as_json=as_json, purchases=transfers + cards, refunds=sent)


@purchases.command("list")
@click.option("--account", help="Only those of this account.")
@click.option("--status", type=click.Choice([state.value for state in State]), help="Only those in this state.")
@list_options
@click.pass_obj
def list_purchases(session: Session, *, account: str | None, status: str | None, limit: int, form: Form) -> None:
    """List purchases, the newest first."""
    from isp_addons.services.purchase_view import purchase_rows

    cause = session.cause("looked")
    state = State(status) if status else None
    with session.app.store.read() as database:
        rows = purchase_rows(database, cause, account=account, status=state, limit=limit)
    if not form:
        rows = [{**row, "created_at": when(row["created_at"])} for row in rows]
    columns = {
        "purchase": "Purchase",
        "account": "Account",
        "product": "Product",
        "amount": "Amount",
        "method": "By",
        "status": "Status",
        "missing": "Missing",
        "subscription": "Subscription",
        "created_at": "Since",
        "reason": "Why",
    }
    show(rows, form=form, columns=columns, right=("amount", "missing", "subscription"), empty="No purchases.")


@purchases.command("show")
@click.argument("purchase", type=PURCHASE)
@json_option
@click.pass_obj
def show_purchase(session: Session, *, purchase: int, as_json: bool) -> None:
    """Everything about one PURCHASE."""
    from isp_addons.services.purchase_view import purchase_row

    with session.app.store.read() as database:
        row = purchase_row(database, session.cause("looked"), purchase)
    if as_json:
        show([row], as_json=True, columns={}, empty="")
        return
    told = [{"name": name, "value": value} for name, value in row.items()]
    show(told, columns={"name": "Purchase", "value": str(purchase)}, empty="")


def _tell(session: Session, purchase: int, *, as_json: bool) -> None:
    from isp_addons.services.purchase_view import purchase_row

    with session.app.store.read() as database:
        row = purchase_row(database, session.cause("looked"), purchase)
    why = f": {row['reason'].removesuffix('.')}" if row["reason"] else ""
    link = f" Confirm at {row['link']}." if row["link"] else ""
    say(f"Purchase {purchase} ({row['amount']} {row['currency']}) is {row['status']}{why}.{link}", as_json=as_json, **row)
