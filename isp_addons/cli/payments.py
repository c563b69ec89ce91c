"""Commands for payment: which methods are offered, refunds to cards, and the sandbox's payer."""

import click

from isp_addons.cli.numbers import NUMBER
from isp_addons.cli.output import Form, Session, form_options, json_option, list_options, say, show, when


@click.group()
def payments() -> None:
    """How new orders may be paid; refunds to cards."""


@payments.command("methods")
@form_options
@click.pass_obj
def list_methods(session: Session, *, form: Form) -> None:
    """List the payment methods, what each means, and whether it is offered."""
    from isp_addons.services.payment_methods import rows

    with session.app.store.read() as database:
        found = rows(database)
    show(found, form=form, columns={"method": "Method", "billing": "Billing", "status": "Status"}, empty="None.")


@payments.command("activate")
@click.argument("method")
@json_option
@click.pass_obj
def activate(session: Session, *, method: str, as_json: bool) -> None:
    """Offer METHOD to new orders. The card needs its gateway's keys in the configuration first."""
    _switch(session, method, active=True, as_json=as_json)


@payments.command("deactivate")
@click.argument("method")
@json_option
@click.pass_obj
def deactivate(session: Session, *, method: str, as_json: bool) -> None:
    """Offer METHOD to new orders no more. What runs already goes on."""
    _switch(session, method, active=False, as_json=as_json)


@payments.command("refunds")
@click.option("--status", type=click.Choice(["queued", "done", "refused"]), help="Only those in this state.")
@list_options
@click.pass_obj
def list_refunds(session: Session, *, status: str | None, limit: int, form: Form) -> None:
    """List what goes, or went, back to cards, the newest first."""
    from isp_addons.services.purchase_view import refund_rows

    with session.app.store.read() as database:
        rows = refund_rows(database, session.cause("looked"), status=status, limit=limit)
    if not form:
        rows = [{**row, "next_try_at": when(row["next_try_at"])} for row in rows]
    columns = {
        "refund": "Refund",
        "purchase": "Purchase",
        "account": "Account",
        "amount": "Amount",
        "status": "Status",
        "tries": "Tries",
        "next_try_at": "Next try",
        "reason": "Why",
    }
    show(rows, form=form, columns=columns, right=("amount", "tries"), empty="No refunds to cards.")


@payments.command("save-card")
@click.argument("account")
@click.option("--card", required=True, metavar="TOKEN", help="The gateway's token of the card, never its number.")
@json_option
@click.pass_obj
def save_card(session: Session, *, account: str, card: str, as_json: bool) -> None:
    """Take from this card what ACCOUNT lacks for its next period, some days before the period ends."""
    from isp_addons.services.card_renewal import save

    save(session.app.context, session.cause("a card was saved"), account=account, card=card)
    say(f"What account {account} lacks is taken from its card.", as_json=as_json, account=account, saved=True)


@payments.command("forget-card")
@click.argument("account")
@json_option
@click.pass_obj
def forget_card(session: Session, *, account: str, as_json: bool) -> None:
    """Take nothing from the card of ACCOUNT any more."""
    from isp_addons.services.card_renewal import save

    save(session.app.context, session.cause("the card was forgotten"), account=account, card=None)
    say(f"Account {account} has no saved card.", as_json=as_json, account=account, saved=False)


@payments.command("answer")
@click.argument("purchase", type=NUMBER)
@click.option("--approve/--decline", default=True, help="What the payer says at his bank.")
@json_option
@click.pass_obj
def answer(session: Session, *, purchase: int, approve: bool, as_json: bool) -> None:
    """With card = sandbox: answer for the payer of PURCHASE, who must confirm at his bank. Then: isp-addons purchases settle"""
    from isp_addons.services import purchases

    with session.app.store.read() as database:
        key = str(purchases.row(database, session.cause("looked"), purchase).gateway_key)
    done = session.app.card_sandbox().answer(key=key, approve=approve)
    text = ("confirmed" if approve else "declined") if done else "was not waited for"
    say(f"The payer of purchase {purchase}: {text}.", as_json=as_json, purchase=purchase, approved=approve, changed=done)


def _switch(session: Session, method: str, *, active: bool, as_json: bool) -> None:
    from isp_addons.services.payment_methods import switch

    word = "offered" if active else "not offered"
    done = switch(session.app.context, session.cause(f"payment method {word}"), name=method, active=active)
    if done.warning:
        click.echo(f"warning: {done.warning}", err=True)
    before = "" if done.changed else " already"
    say(
        f"{done.method} is{before} {word} to new orders.",
        as_json=as_json,
        method=done.method.value,
        status="active" if active else "inactive",
        changed=done.changed,
        warning=done.warning,
    )
