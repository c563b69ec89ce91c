"""Commands for accounts: those of the built-in ledger can be opened and paid here."""

import click

from isp_addons.cli.output import Form, Session, form_options, json_option, list_options, say, show
from isp_addons.domain.cause import Source
from isp_addons.domain.money import format_amount, parse_amount
from isp_addons.domain.period import parse_moment


@click.group()
def accounts() -> None:
    """Open, pay into and look at accounts."""


@accounts.command("add")
@click.argument("ref")
@click.option("--balance", default="0", metavar="AMOUNT", help="Opening balance.")
@click.option("--credit", default="0", metavar="AMOUNT", help="How far it may go below zero.")
@click.option("--base-price", default="0", metavar="AMOUNT", help="The tariff's own fee for each period.")
@click.option("--period-end", metavar="TIME", help="When the running period ends; one month from now if not given.")
@click.option("--zone", help="Time zone of the account, such as Europe/Kyiv.")
@click.option("--tariff", help="The tariff's name, for products included in tariffs.")
@click.option("--unlimited", is_flag=True, help="Never blocked for money.")
@json_option
@click.pass_obj
def add_account(
    session: Session,
    *,
    ref: str,
    balance: str,
    credit: str,
    base_price: str,
    period_end: str | None,
    zone: str | None,
    tariff: str | None,
    unlimited: bool,
    as_json: bool,
) -> None:
    """Open the account REF in the built-in ledger."""
    from isp_addons.services.accounts import open_account

    context = session.app.context
    new_id = open_account(
        context,
        session.cause("opened by hand"),
        ref=ref,
        balance=parse_amount(balance, currency=context.currency),
        credit=parse_amount(credit, currency=context.currency),
        base_price=parse_amount(base_price, currency=context.currency),
        period_end=parse_moment(period_end) if period_end else None,
        zone=zone,
        unlimited=unlimited,
        tariff=tariff,
    )
    say(f"Opened the account {ref}.", as_json=as_json, id=new_id, account=ref)


@accounts.command("list")
@list_options
@click.pass_obj
def list_accounts(session: Session, *, limit: int, form: Form) -> None:
    """List the accounts with a subscription or a ledger, as the billing sees them now."""
    from isp_addons.services.overview import account_rows

    rows = [
        {**row, "balance": format_amount(row["balance"], row["currency"]), "dues": format_amount(row["dues"], row["currency"])}
        for row in account_rows(session.app.context, at=session.app.clock.now(), limit=limit)
    ]
    columns = {
        "account": "Account",
        "balance": "Balance",
        "dues": "Next dues",
        "currency": "",
        "blocked": "Blocked",
        "period_end": "Period ends",
        "subscriptions": "Add-ons",
        "held": "Held",
    }
    show(rows, form=form, columns=columns, right=("balance", "dues", "subscriptions", "held"), empty="No accounts yet.")


@accounts.command("show")
@click.argument("ref")
@form_options
@click.pass_obj
def show_account(session: Session, *, ref: str, form: Form) -> None:
    """Explain one account: its money, its subscriptions, what holds them, and what would bring them back."""
    from isp_addons.services.overview import explain

    show(
        explain(session.app.context, ref, at=session.app.clock.now()),
        form=form,
        columns={"what": "What", "value": "Value"},
        empty="Nothing is known of it.",
    )


@accounts.command()
@click.argument("ref")
@click.argument("amount")
@click.option("--key", help="The payment's own number: the same twice counts once.")
@json_option
@click.pass_obj
def pay(session: Session, *, ref: str, amount: str, key: str | None, as_json: bool) -> None:
    """Book a payment of AMOUNT for the account REF; what can now be paid for comes back."""
    from isp_addons.domain.event import parse_account
    from isp_addons.services import inbox
    from isp_addons.services.accounts import require_ledger

    context = session.app.context
    require_ledger(context)
    parse_amount(amount, currency=context.currency, minimum=1)
    cause = session.cause("the billing said paid", source=Source.HOOK)
    result = inbox.pay(context, cause, account=parse_account(ref), amount=amount, key=key)
    told = f"Booked {amount} for {ref}; {result.outcome}."
    if result.outcome == inbox.BEFORE:
        told = f"The billing itself has told the payment {key}; nothing was changed."
    say(told, as_json=as_json, account=ref, amount=amount, outcome=result.outcome)
