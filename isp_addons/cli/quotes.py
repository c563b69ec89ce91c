"""How a quote is shown: a table and sentences for people, one object for machines."""

from collections.abc import Callable
from typing import Any, TypeVar

import click

from isp_addons.cli.output import Form, say, show, when
from isp_addons.domain.money import format_amount
from isp_addons.domain.quote import Quote
from isp_addons.domain.vat import VatBasis

CommandT = TypeVar("CommandT", bound=Callable[..., Any])

_COLUMNS = {
    "product": "Product",
    "article_name": "Article",
    "quantity": "Qty",
    "months": "Months",
    "until": "Until",
    "list_price": "List price",
    "discount": "Discount",
    "net": "Net",
}


def quote_options(command: CommandT) -> CommandT:
    """``--dry-run`` shows a quote, ``--quote`` confirms it."""
    confirms = click.option("--quote", metavar="CODE", help="Confirm the quote of a dry run: refused if anything has changed.")
    looks = click.option("--dry-run", is_flag=True, help="Only tell what it would cost; nothing is changed.")
    return looks(confirms(command))


def tell(quote: Quote, *, as_json: bool, **facts: object) -> None:
    """Print *quote*; *facts* are more of it for machines."""
    if as_json:
        say("", as_json=True, **{**quote.facts(), **facts, "dry_run": True})
        return
    rows = [{**line.facts(quote.currency), "until": when(line.end)} for line in quote.lines]
    show(rows, form=Form.TABLE, columns=_COLUMNS, right=("quantity", "months", "list_price", "discount", "net"), empty="")
    say(" ".join(_sentences(quote)), as_json=False)


def _sentences(quote: Quote) -> list[str]:
    def money(amount: int) -> str:
        return format_amount(amount, quote.currency, with_currency=True)

    told = [f"Net {money(quote.net)}, {_vat(quote)}: {money(quote.gross)}."]
    if quote.next_price is not None:
        told.append(f"The next period costs {money(quote.next_price)} without VAT.")
    return [*told, f"Nothing is changed yet; confirm until {when(quote.good_until)} UTC with: --quote {quote.code}"]


def _vat(quote: Quote) -> str:
    tax = format_amount(quote.tax, quote.currency)
    return {
        VatBasis.NONE: "no VAT is configured",
        VatBasis.STANDARD: f"VAT {quote.vat.percent} % ({quote.vat.country}) {tax}",
        VatBasis.REVERSE_CHARGE: "no VAT (reverse charge: the customer accounts for it)",
        VatBasis.NOT_SUBJECT: "no VAT (not subject to EU VAT)",
    }[quote.vat.basis]
