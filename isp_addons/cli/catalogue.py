"""Commands for the catalogue: what is sold, as one file."""

from fractions import Fraction
from pathlib import Path

import click

from isp_addons.cli.output import Session, json_option, say, show, write_file
from isp_addons.domain.money import format_amount, half_up
from isp_addons.domain.period import parse_whole

_FILE = click.Path(path_type=Path, dir_okay=False)


@click.group()
@click.pass_context
def catalogue(ctx: click.Context) -> None:
    """What is sold, as one YAML or JSON file: check it, take it in, write it.

    Every product with its vendor, terms, graduated prices with the day from which they are valid, and limits. A sample is
    written by: isp-addons catalogue sample
    """
    ctx.obj.staff_but_for(ctx, "price")


@catalogue.command()
@click.argument("file", type=_FILE)
@json_option
@click.pass_obj
def check(session: Session, *, file: Path, as_json: bool) -> None:
    """Check FILE as a whole and change nothing. Every problem is named with its line."""
    from isp_addons.services import catalogue_file

    found = catalogue_file.read(file, currency=session.app.settings.general.currency)
    say(f"{file}: {len(found)} products, nothing wrong.", as_json=as_json, file=str(file), products=len(found))


@catalogue.command("import")
@click.argument("file", type=_FILE)
@json_option
@click.pass_obj
def take_in(session: Session, *, file: Path, as_json: bool) -> None:
    """Take FILE in as a whole or not at all. Products that it does not name are left alone.

    New prices count for what is ordered or changed from now on, and for every period that begins once they are valid.
    """
    from isp_addons.services import catalogue as service
    from isp_addons.services import catalogue_file

    context = session.app.context
    products = catalogue_file.read(file, currency=context.currency)
    taken = service.take(context, session.cause(f"catalogue {file.name} taken in"), products)
    counts = {"added": taken.added, "changed": taken.changed, "same": taken.same, "left_alone": taken.left_alone}
    told = ", ".join(f"{len(codes)} {word.replace('_', ' ')}" for word, codes in counts.items())
    say(f"{file}: {told}.", as_json=as_json, **counts)


@catalogue.command()
@click.option("--output", type=_FILE, help="Write this file instead of printing.")
@click.pass_obj
def export(session: Session, *, output: Path | None) -> None:
    """Write the catalogue as the file that `import` takes in."""
    from isp_addons.services import catalogue as service
    from isp_addons.services import catalogue_file

    context = session.app.context
    with context.store.read() as database:
        text = catalogue_file.write(service.terms(context, database), currency=context.currency)
    _write(text, output)


@catalogue.command()
@click.option("--output", type=_FILE, help="Write this file instead of printing.")
def sample(*, output: Path | None) -> None:
    """Write a sample: one product of each vendor, to be changed to your taste."""
    from importlib import resources

    _write((resources.files("isp_addons") / "catalogue.sample.yaml").read_text(encoding="utf-8"), output)


@catalogue.command()
@click.argument("product")
@click.argument("quantity", default="1")
@click.option("--months", default="1", show_default=True, help="For how many months.")
@json_option
@click.pass_obj
def price(session: Session, *, product: str, quantity: str, months: str, as_json: bool) -> None:
    """What QUANTITY of PRODUCT costs by the price list that is valid now, range by range."""
    from isp_addons.domain.catalogue import MOST_QUANTITY
    from isp_addons.services import prices
    from isp_addons.services import products as service

    app = session.app
    count = parse_whole(quantity, name="quantity", most=MOST_QUANTITY)
    term = parse_whole(months, name="term", most=120)
    with app.store.read() as database:
        found = service.seen(database, session.cause("looked"), product)
        valid = prices.valid(database, found, at=app.clock.now())
    total = valid.price_for(count, months=term)
    rows = [
        {
            "range": str(each),
            "units": units,
            "unit_price": format_amount(each.unit_price, found.currency),
            "amount": format_amount(units * each.unit_price, found.currency),
        }
        for each, units in valid.shares(count)
    ]
    if as_json:
        average = half_up(Fraction(valid.price(count), count * valid.per_months))
        told = {"total": format_amount(total, found.currency), "average": format_amount(average, found.currency)}
        say("", as_json=True, product=product, quantity=count, months=term, **told, ranges=rows)
        return
    per = "year" if valid.per_months == 12 else "month"
    columns = {"range": "Range", "units": "Units", "unit_price": f"A {per} each", "amount": "Amount"}
    show(rows, as_json=False, columns=columns, right=("units", "unit_price", "amount"), empty="")
    months = "1 month" if term == 1 else f"{term} months"
    click.echo(f"{count} × {product} for {months}: {format_amount(total, found.currency, with_currency=True)}")


def _write(text: str, output: Path | None) -> None:
    if output is None:
        click.echo(text, nl=False)
    else:
        write_file(output, text)
        click.echo(f"Written: {output}")
