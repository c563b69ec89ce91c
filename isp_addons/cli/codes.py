"""Commands for the stock of activation codes: import, list, void, and how much is left."""

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

import click

from isp_addons.cli.numbers import NUMBER
from isp_addons.cli.output import SUBSCRIPTION, Form, Session, form_options, json_option, list_options, say, show, when
from isp_addons.domain.stock import CodeState, StockLevel, StockRules, warnings

if TYPE_CHECKING:
    from isp_addons.bootstrap import App

_COUNTS = ("free", "expiring", "taken", "expired", "void")


@click.group()
def codes() -> None:
    """Keep a stock of activation codes: import, list, void, how much is left."""


@codes.command("import")
@click.argument("vendor")
@click.argument("file", type=click.Path(path_type=Path))
@click.option("--article", metavar="NAME", help="Of the lines that name none; as a product's option article, else its code.")
@click.option("--batch", metavar="NAME", help="How the delivery is called; the file's name if not given.")
@json_option
@click.pass_obj
def import_file(session: Session, *, vendor: str, file: Path, article: str | None, batch: str | None, as_json: bool) -> None:
    """Add the codes of FILE to the stock of VENDOR: the whole file, or nothing with every wrong line named.

    A CSV file in UTF-8 with the columns code, expires (such as 2026-12-31: the last day on which it can be activated; may
    be left out) and article (may be left out). A code that the stock has already is refused, whatever became of it.
    """
    from isp_addons.domain.period import time_zone
    from isp_addons.services import codes as service
    from isp_addons.services.codes_file import read_file

    context = session.app.context
    cause = session.cause(f"imported from {file.name}")
    common = article or service.default_article(context, vendor=vendor)
    known = partial(service.known, context, vendor=vendor)
    found = read_file(file, article=common, zone=time_zone(context.time_zone), now=cause.at, known=known)
    result = service.import_codes(context, cause, found, vendor=vendor, batch=batch or file.name, name=file.name)
    say(f"{result.new} codes imported.", as_json=as_json, new=result.new, unsold=result.unsold)
    if result.unsold:
        click.echo(f"No product sells {', '.join(result.unsold)} yet; see: isp-addons products add", err=True)


@codes.command("list")
@click.option("--vendor", help="Only those of this vendor.")
@click.option("--article", help="Only those of this article.")
@click.option("--state", type=click.Choice([each.value for each in CodeState]), help="Only those in this state.")
@click.option("--subscription", type=SUBSCRIPTION, help="Only those that were sold to this subscription.")
@click.option("--reveal", is_flag=True, help="Show them in full; for each that is written into the audit.")
@list_options
@click.pass_obj
def list_codes(
    session: Session,
    *,
    vendor: str | None,
    article: str | None,
    state: str | None,
    subscription: int | None,
    reveal: bool,
    limit: int,
    form: Form,
) -> None:
    """List codes, newest first; of each only its last four characters unless --reveal."""
    from isp_addons.services import codes as service

    wanted = service.Wanted(
        vendor=vendor, article=article, state=CodeState(state) if state else None, subscription=subscription
    )
    rows = service.rows(session.app.context, session.cause("codes were listed"), wanted, limit=limit, reveal=reveal)
    if not form:
        rows = [{**row, "expires_at": when(row["expires_at"]), "period_start": when(row["period_start"])} for row in rows]
    columns = {
        "id": "Id",
        "vendor": "Vendor",
        "article": "Article",
        "code": "Code",
        "state": "State",
        "expires_at": "Expires (UTC)",
        "batch": "Batch",
        "account": "Account",
        "subscription": "Subscription",
        "period_start": "Period from (UTC)",
    }
    show(rows, form=form, columns=columns, right=("id", "subscription"), empty="No such codes.")


@codes.command()
@click.argument("numbers", nargs=-1, type=NUMBER)
@click.option("--batch", metavar="NAME", help="Instead: all of a delivery that are not sold yet.")
@click.option("--note", required=True, help="Why; kept in the audit.")
@json_option
@click.pass_obj
def void(session: Session, *, numbers: tuple[int, ...], batch: str | None, note: str, as_json: bool) -> None:
    """Take the codes with these NUMBERS out of sale for good. A code that was sold stays with its subscription."""
    from isp_addons.domain.text import parse_line
    from isp_addons.services import codes as service

    cause = session.cause(parse_line(note, name="note", most=200))
    count = service.void(session.app.context, cause, ids=numbers, batch=batch)
    say(f"{count} codes are void.", as_json=as_json, void=count)


@codes.command()
@click.option("--vendor", help="Only the stock of this vendor.")
@form_options
@click.pass_obj
def stock(session: Session, *, vendor: str | None, form: Form) -> None:
    """How many codes of each article are left, and what needs attention.

    The options low_stock and expiry_warning_days of the vendor's section say when it warns; so does isp-addons doctor.
    """
    rows = []
    for level in levels(session.app, vendor):
        told = warnings(level, rules(session.app, level.vendor))
        counts = {name: getattr(level, name) for name in _COUNTS}
        rows.append({"vendor": level.vendor, "article": level.article, **counts, "warnings": told})
    columns = {
        "vendor": "Vendor",
        "article": "Article",
        "free": "Free",
        "expiring": "Expire soon",
        "taken": "Taken",
        "expired": "Expired",
        "void": "Void",
        "warnings": "Warnings",
    }
    if not form:
        rows = [{**row, "warnings": ". ".join(row["warnings"])} for row in rows]
    show(rows, form=form, columns=columns, right=_COUNTS, empty="No vendor sells activation codes from a stock.")


def levels(app: "App", vendor: str | None = None) -> list[StockLevel]:
    """The stock of *vendor*, or of every usable vendor that issues codes. Raises `NotFound`, `Refused` for a wrong *vendor*."""
    from isp_addons.services import codes as service

    if vendor is not None:
        service.require_codes(app.context, vendor)
    names = [each.name for each in app.host.usable() if each.capabilities.issues_codes and vendor in (None, each.name)]
    if not names:
        return []
    cause = app.cause("the stock was looked at", actor="")
    return list(service.stock(app.context, cause, lambda name: rules(app, name), vendors=names))


def rules(app: "App", vendor: str) -> StockRules:
    """When to warn, by the plugin's options ``low_stock`` and ``expiry_warning_days`` if it has them."""
    options = app.host.vendor(vendor).plugin.context.options
    usual = StockRules()
    return StockRules(low=getattr(options, "low_stock", usual.low), days=getattr(options, "expiry_warning_days", usual.days))
