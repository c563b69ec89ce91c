"""How a change of seats and a pool are told."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import click

from isp_addons.domain.money import format_amount

if TYPE_CHECKING:
    from isp_addons.domain.quote import Quote
    from isp_addons.domain.seat_change import Confirmed, SeatsChanged
    from isp_addons.services.seats import Seats

_MOST_NAMED = 5


def changed(done: "Confirmed", *, as_json: bool, dry_run: bool) -> None:
    """What became of each subscription: one JSON object each, or a sentence each; and what all of it costs."""
    if as_json:
        from isp_addons.cli.output import show

        quoted = _quoted(done.quote) if done.quote is not None else {}
        show([{**_facts(each, dry_run=dry_run), **quoted} for each in done.changes], as_json=True, columns={}, empty="")
        return
    if dry_run:
        click.echo("Nothing is changed yet.")
    for each in done.changes:
        click.echo(_told(each, dry_run=dry_run))
    if done.quote is not None and done.quote.lines:
        net, tax, gross = (
            format_amount(amount, done.quote.currency) for amount in (done.quote.net, done.quote.tax, done.quote.gross)
        )
        click.echo(f"In all: {net} {done.quote.currency} and {tax} VAT, {gross} together.")
        if dry_run:
            click.echo(f"Confirm it until {done.quote.good_until:%H:%M} UTC with --quote {done.quote.code}")


def _quoted(quote: "Quote") -> dict[str, Any]:
    """What all of a change costs, for a machine."""
    facts = quote.facts()
    return {name: facts[name] for name in ("net", "vat_rate", "vat", "gross", "quote", "good_until")}


def pool_told(found: "Seats") -> str:
    """The pool of a subscription, in a sentence."""
    if found.in_trial:
        return "It is tried: every user of the account has it until the trial ends, and nobody needs a seat."
    if found.pool is None:
        return "It is for the whole account: every user of it has it."
    return f"{found.pool.total} seats: {found.pool.assigned} given, {found.pool.available} free."


def _facts(each: "SeatsChanged", *, dry_run: bool) -> dict[str, Any]:
    charged, price = (format_amount(amount, each.currency) for amount in (each.charged, each.next_price))
    return {
        "subscription": each.subscription,
        "product": each.product,
        "changed": bool(each.given or each.taken or each.bought),
        "given": list(each.given),
        "taken": list(each.taken),
        "unchanged": list(each.unchanged),
        "bought": each.bought,
        "charged": charged,
        "next_price": price,
        "currency": each.currency,
        "total": each.total,
        "assigned": each.assigned,
        "available": each.available,
        "dry_run": dry_run,
    }


def _told(each: "SeatsChanged", *, dry_run: bool) -> str:
    said = [f"{_named(names)} {what}" for names, what in _parts(each, dry_run=dry_run) if names]
    if each.bought:
        charged, price = (
            format_amount(amount, each.currency, with_currency=True) for amount in (each.charged, each.next_price)
        )
        would = "would be bought" if dry_run else "bought"
        said.append(f"{each.bought} {would} for {charged}, the next period costs {price}")
    pool = f"{each.total} seats: {each.assigned} given, {each.available} free."
    return f"Subscription {each.subscription} ({each.product}): {'; '.join(said)}. {pool}"


def _parts(each: "SeatsChanged", *, dry_run: bool) -> list[tuple[tuple[str, ...], str]]:
    if dry_run:
        return [(each.given, "would be given a seat"), (each.taken, "would lose it"), (each.unchanged, "as before")]
    return [(each.given, "given a seat"), (each.taken, "taken back"), (each.unchanged, "as before")]


def _named(names: Sequence[str]) -> str:
    more = f" and {len(names) - _MOST_NAMED} more" if len(names) > _MOST_NAMED else ""
    return ", ".join(names[:_MOST_NAMED]) + more
