"""Commands for what the billing says: one event at a time, or what the hook scripts stored."""

import secrets
from typing import TYPE_CHECKING

import click

from isp_addons.cli.output import Session, json_option, say, show
from isp_addons.domain.cause import Source
from isp_addons.domain.event import Event, parse_account, parse_word
from isp_addons.domain.problem import Problem
from isp_addons.domain.text import parse_line

if TYPE_CHECKING:
    from isp_addons.services.inbox import Handled


@click.command()
@click.argument("word")
@click.option("--account", required=True, help="The billing's own name of the account.")
@click.option("--key", help="The event's own number: the same twice is one event.")
@click.option("--amount", help="For paid, with the built-in ledger: how much.")
@click.option("--tariff", help="For tariff_changed, with the built-in ledger: which tariff now.")
@click.pass_obj
def event(session: Session, *, word: str, account: str, key: str | None, amount: str | None, tariff: str | None) -> None:
    """Handle one event now: WORD is blocked, unblocked, paid, charged, changed, period_ending, period_began, tariff_changed.

    What it says is a hint: the truth is read from the billing again. Prints one JSON object. Exit code 0 handled, 2 wrong
    arguments or unknown account, 75 try again. Billings that must not wait use the hook scripts instead.
    """
    details = {name: value for name, value in (("amount", amount), ("tariff", tariff)) if value is not None}
    known = Event(
        key=event_key(key),
        word=parse_word(word),
        account=parse_account(account),
        source="command",
        details=details,
    )
    if amount is not None:
        from isp_addons.domain.money import parse_amount

        parse_amount(amount, currency=session.app.context.currency, minimum=1)
    result = handle_now(session, known)
    say("", as_json=True, account=account, event=known.word.value, outcome=result.outcome)


hook = event


def event_key(key: str | None) -> str:
    """The key of an event: the caller's own, or one that nobody else has."""
    own = secrets.token_hex(8) if key is None else parse_line(key, name="key", most=128)
    return f"key:{own}"


def handle_now(session: Session, event: Event) -> "Handled":
    """Store *event* and handle it, with what waits before it for the same account. Raises the problem that it met."""
    from isp_addons.services import inbox

    cause = session.cause(f"the billing said {event.word.value}", source=Source.HOOK)
    return inbox.handle_now(session.app.context, cause, event)


@click.group()
def spool() -> None:
    """Take in what the hook scripts stored; say how much waits."""


@spool.command()
@json_option
@click.pass_obj
def ingest(session: Session, *, as_json: bool) -> None:
    """Take every spooled event into the database and handle it. The worker does this by itself."""
    from isp_addons.workers.ingest import ingest_all

    result = ingest_all(session.app.context, session.app.settings.general.spool, session.cause("spooled", source=Source.HOOK))
    say(
        f"{result.taken} events taken in, {result.known} known already, {result.handled} handled, "
        f"{result.refused} files refused.",
        as_json=as_json,
        taken=result.taken,
        known=result.known,
        handled=result.handled,
        refused=result.refused,
    )
    if result.reasons and not as_json:
        show([{"reason": reason} for reason in result.reasons], as_json=False, columns={"reason": "Refused"}, empty="")
    if result.refused:
        raise Problem(
            f"{result.refused} files in the spool could not be read; they lie in its folder refused.", code="refused_files"
        )


@spool.command()
@json_option
@click.pass_obj
def status(session: Session, *, as_json: bool) -> None:
    """How many events wait in the spool."""
    from isp_addons.workers.spool import Spool

    folder = session.app.settings.general.spool
    depth = Spool(folder).depth()
    say(f"{depth} events wait in {folder}.", as_json=as_json, folder=str(folder), waiting=depth)
