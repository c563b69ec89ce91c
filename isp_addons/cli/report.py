"""The command of the report: income, purchases and margin by month."""

from typing import TYPE_CHECKING, Any

import click

from isp_addons.cli.numbers import Whole
from isp_addons.cli.output import Form, Session, form_options, show
from isp_addons.domain.money import format_amount
from isp_addons.domain.report import MOST_MONTHS

if TYPE_CHECKING:
    from isp_addons.services.report import Line

_COSTS = ("purchases", "margin")


@click.command()
@click.option("--months", type=Whole(1, MOST_MONTHS), default=6, show_default=True, help="How many, with the present.")
@click.option("--vendor", help="Only what this vendor supplies.")
@click.option("--by-vendor", is_flag=True, help="Each vendor too, after all together.")
@form_options
@click.pass_obj
def report(session: Session, *, months: int, vendor: str | None, by_vendor: bool, form: Form) -> None:
    """Income, purchases, margin and units by month: the last ones, the present one, and the next as forecast.

    Income is what was charged less what was given back, and what project keys were sold for; purchases are what the vendors
    take by the catalogue's purchase prices, and what the keys cost. Each currency stands for itself. A reseller (--as) sees
    what his customers bring, without purchases and margin.
    """
    from isp_addons.services import report as service

    cause = session.cause("the report was read")
    found = service.lines(session.app.context, cause, months=months, vendor=vendor, by_vendor=by_vendor)
    rows = [_row(each) for each in found]
    if not form:
        rows = [{**row, "vendor": _named(row["vendor"]), "units": _units(row["units"], row["total"])} for row in rows]
    columns = {
        "month": "Month",
        "column": "",
        "vendor": "Vendor",
        "income": "Income",
        "purchases": "Purchases",
        "margin": "Margin",
        "units": "Units",
        "average": "Average",
        "currency": "",
    }
    if not all(each.with_costs for each in found):
        columns = {name: heading for name, heading in columns.items() if name not in _COSTS}
    show(rows, form=form, columns=columns, right=("income", "purchases", "margin", "average"), empty="Nothing to report.")


def _row(line: "Line") -> dict[str, Any]:
    figures, currency = line.figures, line.currency
    average = figures.average
    costs = {"purchases": format_amount(figures.purchases, currency), "margin": format_amount(figures.margin, currency)}
    return {
        "month": line.month,
        "column": line.column.value,
        "vendor": line.vendor,
        "income": format_amount(figures.income, currency),
        **(costs if line.with_costs else {}),
        "units": dict(figures.units),
        "total": figures.total,
        "average": None if average is None else format_amount(average, currency),
        "currency": currency,
    }


def _named(vendor: str | None) -> str:
    return "all" if vendor is None else vendor or "none"


def _units(units: dict[str, int], total: int) -> str:
    return f"{total}: {', '.join(f'{number} {name}' for name, number in units.items())}" if units else "0"
