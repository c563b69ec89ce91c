"""Commands for statements: what an account was charged in a month."""

from typing import Any

import click

from isp_addons.cli.output import Form, Session, form_options, json_option, list_options, say, show
from isp_addons.domain.money import format_amount
from isp_addons.domain.statement import Line, parse_month

_MONTH = click.option("--month", required=True, metavar="YYYY-MM", help="The month, on the clock of each account.")
_COLUMNS = {
    "article": "Article",
    "number": "Number",
    "first": "From",
    "last": "To",
    "quantity": "Qty",
    "unit_price": "Each",
    "discount": "Discount",
    "net": "Net",
    "part_of": "Part of",
    "kind": "",
}
_RIGHT = ("quantity", "unit_price", "discount", "net")


@click.group()
def statements() -> None:
    """What each account was charged in a month, line by line, without tax."""


@statements.command("show")
@click.argument("account")
@_MONTH
@form_options
@click.pass_obj
def show_statement(session: Session, *, account: str, month: str, form: Form) -> None:
    """The statement of ACCOUNT. With --csv its lines."""
    from isp_addons.services import statements as service

    with session.app.store.read() as database:
        owed = service.show(database, session.cause("looked"), account=account, month=parse_month(month))
    rows = [_row(each, owed.currency) for each in owed.lines]
    facts = {
        "account": owed.account,
        "reference": owed.reference,
        "month": owed.month,
        "date": owed.dated.isoformat(),
        "status": owed.status,
        "customer": dict(owed.customer),
        "currency": owed.currency,
        "total": format_amount(owed.total, owed.currency),
    }
    if form is Form.JSON:
        show([{**facts, "lines": rows}], form=form, columns={}, empty="")
        return
    if form is Form.TABLE:
        name = f", {owed.customer['name']}" if owed.customer else ""
        click.echo(f"{owed.reference} of {owed.dated} ({owed.status}): account {owed.account}{name}")
    show(rows, form=form, columns=_COLUMNS, right=_RIGHT, empty="Nothing was charged.")
    if form is Form.TABLE:
        click.echo(f"Total without tax: {facts['total']} {owed.currency}")


@statements.command("list")
@_MONTH
@list_options
@click.pass_obj
def list_statements(session: Session, *, month: str, limit: int, form: Form) -> None:
    """List the accounts that were charged in a month, with their totals."""
    from isp_addons.services import statements as service

    with session.app.store.read() as database:
        found = service.listing(database, session.cause("looked"), month=parse_month(month), limit=limit)
    rows = [
        {
            "account": each.account,
            "month": each.month,
            "date": each.dated.isoformat(),
            "status": each.status,
            "lines": each.lines,
            "total": format_amount(each.total, each.currency),
            "currency": each.currency,
        }
        for each in found
    ]
    columns = {"account": "Account", "date": "Date", "status": "Status", "lines": "Lines", "total": "Total", "currency": ""}
    show(rows, form=form, columns=columns, right=("lines", "total"), empty="Nobody was charged.")


@statements.command("close")
@_MONTH
@click.option("--account", help="Only that of this account.")
@json_option
@click.pass_obj
def close_statements(session: Session, *, month: str, account: str | None, as_json: bool) -> None:
    """Close the statements of a month that is over: lines and addresses are kept as they are now."""
    from isp_addons.services import statements as service

    done = service.close(
        session.app.context, session.cause(f"statements of {month} closed"), month=parse_month(month), account=account
    )
    say(f"{done} statements of {month} were closed.", as_json=as_json, month=month, closed=done)


def _row(line: Line, currency: str) -> dict[str, Any]:
    return {
        "kind": line.kind,
        "subscription": line.subscription,
        "article": line.article,
        "number": line.number,
        "first": line.first.isoformat(),
        "last": line.last.isoformat(),
        "quantity": line.quantity,
        "unit_price": format_amount(line.unit_price, currency),
        "discount": format_amount(line.discount, currency),
        "net": format_amount(line.net, currency),
        "part_of": line.part_of,
    }
