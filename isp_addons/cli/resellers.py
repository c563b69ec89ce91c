"""Commands for resellers: named by the ISP's staff; what a reseller sees and orders (with --as)."""

import secrets
from typing import TYPE_CHECKING

import click

from isp_addons.cli.customer_changes import CUSTOMER
from isp_addons.cli.output import Form, Session, json_option, list_options, say, show
from isp_addons.cli.quotes import quote_options, tell
from isp_addons.domain.money import format_amount, parse_amount
from isp_addons.domain.payment_method import Method
from isp_addons.domain.period import parse_whole
from isp_addons.domain.reseller import format_discount, parse_discount

if TYPE_CHECKING:
    from isp_addons.services.resale import Resale

_MOST = 2**31 - 1
"""What a number may be before the product says how many it is sold at a time."""


@click.group()
def resellers() -> None:
    """Resellers sell to customers of their own. Staff add and list them; with --as EMAIL a reseller sees what is his."""


@resellers.command("add")
@click.argument("customer", type=CUSTOMER)
@click.option("--discount", required=True, metavar="PERCENT", help="What is taken off the list price, such as 20; 0: nothing.")
@click.option("--help-text", metavar="TEXT", help="Where he finds help, instead of [resellers] contact; empty: there again.")
@json_option
@click.pass_obj
def add_reseller(session: Session, *, customer: int, discount: str, help_text: str | None, as_json: bool) -> None:
    """Make CUSTOMER a reseller, or change what was agreed with him. His people with the role reseller act for him."""
    from isp_addons.services import resellers as service

    agreed = parse_discount(discount)
    new = service.add(
        session.app.context,
        session.cause("agreed with a reseller"),
        customer_id=customer,
        discount=agreed,
        help_text=help_text,
    )
    said = "is a reseller now" if new else "was that already"
    percent = format_discount(agreed)
    say(
        f"Customer {customer} {said}, at {percent} % off the list price.",
        as_json=as_json,
        customer=customer,
        discount=percent,
        changed=new,
    )


@resellers.command("list")
@list_options
@click.pass_obj
def list_resellers(session: Session, *, limit: int, form: Form) -> None:
    """Every reseller, with his discount and how many customers are in his care."""
    from isp_addons.services import resellers as service

    columns = {
        "customer": "Customer",
        "company": "Company",
        "discount": "Discount, %",
        "customers": "In his care",
        "help_text": "Help",
    }
    rows = service.listing(session.app.context, session.cause("looked"), limit=limit)
    right = ("customer", "discount", "customers")
    show(rows, form=form, columns=columns, right=right, empty="No resellers yet; add one with: isp-addons resellers add")


@resellers.command("acting-on")
@list_options
@click.pass_obj
def acting_on(session: Session, *, limit: int, form: Form) -> None:
    """The customers on whose behalf a reseller (--as EMAIL) can act."""
    from isp_addons.cli.output import as_dict
    from isp_addons.services import acting

    rows = [as_dict(row) for row in acting.listing(session.app.context, session.cause("looked"), limit=limit)]
    if not form:
        rows = [{**row, "paid_until": (row["paid_until"] or "")[:16].replace("T", " ")} for row in rows]
    columns = {
        "customer": "Customer",
        "company": "Company",
        "email": "E-mail",
        "account": "Account",
        "subscriptions": "Subscriptions",
        "licences": "Licences",
        "paid_until": "Paid until (UTC)",
    }
    right = ("customer", "subscriptions", "licences")
    show(
        rows, form=form, columns=columns, right=right, empty="Nobody yet; order for a new customer: isp-addons resellers order"
    )


@resellers.command("areas")
@json_option
@click.pass_obj
def show_areas(session: Session, *, as_json: bool) -> None:
    """What whoever asks (--as EMAIL) sees: create, manage, purchase, information, acting_on."""
    from isp_addons.services import acting

    found = [area.value for area in acting.areas(session.app.context, session.cause("looked"))]
    say(", ".join(found) or "Nothing.", as_json=as_json, areas=found)


@resellers.command("contact")
@json_option
@click.pass_obj
def show_contact(session: Session, *, as_json: bool) -> None:
    """Where resellers find help: with --as EMAIL what was agreed with that one, else [resellers] contact."""
    from isp_addons.services import resellers as service

    found = service.contact(session.app.context, session.cause("looked"))
    say(found or "Ask the ISP's staff; [resellers] contact is not set.", as_json=as_json, contact=found)


@resellers.command("order")
@click.argument("company")
@click.option("--contact", required=True, metavar="NAME", help="First and last name of the customer's main user.")
@click.option("--email", required=True, help="His e-mail address, which becomes his login name.")
@click.option("--product", required=True, help="What is ordered; the catalogue marks it with resale: yes.")
@click.option("--quantity", required=True, help="How many licences.")
@click.option("--term", required=True, metavar="MONTHS", help="For how long, as the product is sold.")
@click.option(
    "--method",
    type=click.Choice([Method.BALANCE.value, Method.CARD.value, Method.BANK_TRANSFER.value]),
    default=Method.BALANCE.value,
    show_default=True,
    help="How you pay. Off the balance it is done at once, else when the money is there.",
)
@click.option("--card", metavar="TOKEN", help="Pay with this card of the gateway at once.")
@click.option("--account", metavar="REF", help="Which of your accounts pays, if you have several.")
@click.option("--key", help="Your own key of this order: the same twice is one order.")
@quote_options
@json_option
@click.pass_obj
def order_for_new(
    session: Session,
    *,
    company: str,
    contact: str,
    email: str,
    product: str,
    quantity: str,
    term: str,
    method: str,
    card: str | None,
    account: str | None,
    key: str | None,
    dry_run: bool,
    quote: str | None,
    as_json: bool,
) -> None:
    """A reseller (--as EMAIL) orders for COMPANY, a new customer, who is in his care from then on.

    The customer, his account and his licences are one order: all of it or nothing. The reseller pays, and gets no licence.
    Paid by card or bank transfer, all of it comes about when the money is there.
    """
    from isp_addons.services import resale

    wanted = resale.Resale(
        company=company,
        contact=contact,
        email=email,
        product=product,
        quantity=parse_whole(quantity, name="quantity", most=_MOST),
        term=term,
    )
    key, context, by = key or new_key(), session.app.context, Method(method)
    cause = session.cause(f"sold {product}")
    if dry_run:
        tell(resale.preview(context, cause, wanted, payer=account, unpaid=by is not Method.BALANCE), as_json=as_json)
        return
    if by is not Method.BALANCE:
        _buy(session, wanted, method=by, card=card, account=account, key=key, quote=quote, as_json=as_json)
        return
    done = resale.sell(context, cause, wanted, key=key, payer=account, quote=quote)
    paid = format_amount(done.paid, context.currency)
    facts = {"customer": done.customer, "account": done.account, "subscription": done.subscription}
    text = f"{company} is customer {done.customer}; paid: {paid} {context.currency}."
    say(text, as_json=as_json, **facts, paid=paid, currency=context.currency)


def _buy(
    session: Session,
    wanted: "Resale",
    *,
    method: Method,
    card: str | None,
    account: str | None,
    key: str,
    quote: str | None,
    as_json: bool,
) -> None:
    """Write a purchase of the reseller down, and pay it if a card is given."""
    from isp_addons.services import card_payment, purchases, resale

    context, cause = session.app.context, session.cause(f"sold {wanted.product}")
    payer = resale.payer_of(context, cause, account)
    made = purchases.create(context, cause, purchases.of_resale(wanted, payer=payer, method=method, key=key, quote=quote))
    if card is not None:
        card_payment.pay(context, cause, purchase_id=made, card=card)
    with context.store.read() as database:
        row = purchases.row(database, cause, made)
        amount = format_amount(row.amount, row.currency)
        text = f"Purchase {made}: {amount} {row.currency} by {method}, {row.status}."
        facts = {"purchase": made, "status": row.status, "subscription": row.subscription_id}
        say(text, as_json=as_json, **facts, amount=amount, currency=row.currency)


@resellers.command("fund")
@click.argument("customer", type=CUSTOMER)
@click.argument("amount")
@click.option("--account", metavar="REF", help="Which of your accounts pays, if you have several.")
@click.option("--key", help="Your own key of this transfer: the same twice is one transfer.")
@json_option
@click.pass_obj
def fund(session: Session, *, customer: int, amount: str, account: str | None, key: str | None, as_json: bool) -> None:
    """A reseller (--as EMAIL) moves AMOUNT from his account to that of CUSTOMER, to order, renew or add licences there."""
    from isp_addons.services import resale

    context = session.app.context
    minor = parse_amount(amount, currency=context.currency, minimum=1)
    back = resale.fund(context, session.cause("moved"), customer_id=customer, amount=minor, key=key or new_key(), payer=account)
    told = format_amount(minor, context.currency)
    say(
        f"{told} {context.currency} are on the account of customer {customer} now; {back} subscriptions came back.",
        as_json=as_json,
        customer=customer,
        amount=told,
        came_back=back,
    )


def new_key() -> str:
    """A key for a command that was given none: it is asked for once."""
    return f"cli:{secrets.token_hex(8)}"
