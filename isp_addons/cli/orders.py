"""Commands for many orders at once."""

from pathlib import Path

import click

from isp_addons.cli.output import Session, json_option, say


@click.group()
def orders() -> None:
    """Import many existing orders from a CSV file."""


@orders.command("import")
@click.argument("file", type=click.Path(path_type=Path))
@json_option
@click.pass_obj
def import_file(session: Session, *, file: Path, as_json: bool) -> None:
    """Take over the orders of FILE as recurring subscriptions, paid until the running period ends.

    Columns: account_id, product, quantity, price (of one unit, for one period), priority, ordered_at. The whole file or
    nothing; a second time it changes nothing.
    """
    from isp_addons.services.orders_import import import_orders, read_file

    context = session.app.context
    found = read_file(file, currency=context.currency)
    result = import_orders(context, session.cause(f"imported from {file.name}"), found, name=file.name)
    parts = [f"{result.new} orders imported", f"{result.known} known already"]
    if result.deleted:
        parts.append(f"{result.deleted} left out because the billing has deleted their accounts")
    say(
        ", ".join(parts) + ".",
        as_json=as_json,
        new=result.new,
        known=result.known,
        deleted=result.deleted,
        products=result.products,
    )
    if result.products:
        click.echo(
            f"No product was defined yet: {', '.join(result.products)} were taken from the file. They are forecast, but no "
            "vendor supplies them yet.",
            err=True,
        )
