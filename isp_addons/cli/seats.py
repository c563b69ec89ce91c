"""Commands for seats: which users have what a subscription is for."""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

import click

from isp_addons.cli.output import SUBSCRIPTION, Form, Session, json_option, list_options, show, when
from isp_addons.cli.seats_told import changed, pool_told
from isp_addons.domain.seat_change import Asked, SeatChange

_FILE = click.Path(path_type=Path, dir_okay=False, allow_dash=False)


def _confirming(command: Callable[..., Any]) -> Callable[..., Any]:
    """What every change of seats takes."""
    for option in (
        json_option,
        click.option("--key", help="Your own key of this change: the same twice is one change."),
        click.option("--dry-run", is_flag=True, help="Only tell what would be done, and what it would cost."),
    ):
        command = option(command)
    return command


def _buying(command: Callable[..., Any]) -> Callable[..., Any]:
    """What every change takes that may need more seats than there are."""
    quote = click.option("--quote", help="Buy only what the quote with this code said; --dry-run gives it.")
    buy = click.option("--buy", is_flag=True, help="Buy the seats that are missing, now, for the rest of the period.")
    return buy(quote(_confirming(command)))


@click.group()
def seats() -> None:
    """Which users have what SUBSCRIPTION is for: give seats, take them back, list them.

    A change is done whole or not at all. Users are named by e-mail address, or by the vendor's id.
    """


@seats.command()
@click.argument("subscription", type=SUBSCRIPTION)
@click.argument("users", nargs=-1, required=True, metavar="USER…")
@_buying
@click.pass_obj
def assign(session: Session, /, *, subscription: int, users: tuple[str, ...], buy: bool, **how: Any) -> None:
    """Give each USER a seat of SUBSCRIPTION. Who has one already counts as done.

    Example: isp-addons seats assign 7 anna@example.net bo@example.net --buy
    """
    _confirm(session, "assigned", SeatChange(asked=(Asked(subscription=subscription, give=users),), buy=buy), **how)


@seats.command()
@click.argument("subscription", type=SUBSCRIPTION)
@click.argument("users", nargs=-1, required=True, metavar="USER…")
@_confirming
@click.pass_obj
def unassign(session: Session, /, *, subscription: int, users: tuple[str, ...], **how: Any) -> None:
    """Take the seat of each USER back into the pool of SUBSCRIPTION. It stays paid for; who has none counts as done."""
    _confirm(session, "unassigned", SeatChange(asked=(Asked(subscription=subscription, take=users),)), **how)


@seats.command()
@click.argument("subscription", type=SUBSCRIPTION)
@click.argument("before")
@click.argument("after")
@_confirming
@click.pass_obj
def swap(session: Session, /, *, subscription: int, before: str, after: str, **how: Any) -> None:
    """Let the user AFTER have the seat of the user BEFORE, in one step and without a charge."""
    asked = Asked(subscription=subscription, give=(after,), take=(before,))
    _confirm(session, "swapped", SeatChange(asked=(asked,), swap=True), **how)


@seats.command("import")
@click.argument("subscription", type=SUBSCRIPTION)
@click.argument("file", type=_FILE)
@_buying
@click.pass_obj
def import_users(session: Session, /, *, subscription: int, file: Path, buy: bool, **how: Any) -> None:
    """Give everybody in FILE a seat of SUBSCRIPTION: e-mail addresses, one a line, or a CSV file with the column email."""
    from isp_addons.services import seats_file

    asked = Asked(subscription=subscription, give=seats_file.read_addresses(file))
    _confirm(session, f"users of {file.name} assigned", SeatChange(asked=(asked,), buy=buy), **how)


@seats.command()
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False, allow_dash=True))
@_buying
@click.pass_obj
def apply(session: Session, /, *, file: Path, buy: bool, **how: Any) -> None:
    """Change the seats of several subscriptions of one account at once, all or nothing.

    FILE (- is standard input) is CSV with the columns subscription, change (give or take) and user.
    """
    from isp_addons.services import seats_file

    source: Path | BinaryIO = sys.stdin.buffer if str(file) == "-" else file
    asked = seats_file.read_changes(source)
    _confirm(session, "assigned", SeatChange(asked=asked, buy=buy), **how)


@seats.command()
@click.argument("subscription", type=SUBSCRIPTION)
@click.argument("users", nargs=-1, required=True, metavar="USER…")
@json_option
@click.pass_obj
def resend(session: Session, *, subscription: int, users: tuple[str, ...], as_json: bool) -> None:
    """Write once more to each USER who has a seat of SUBSCRIPTION: the invitation, or that he can begin."""
    from isp_addons.cli.output import say
    from isp_addons.services import seat_mail

    cause = session.cause("written to again")
    written = seat_mail.resend(session.app.context, cause, subscription_id=subscription, names=users)
    say(f"Mail to {written} users waits to be sent.", as_json=as_json, subscription=subscription, written=written)


@seats.command("list")
@click.argument("subscription", type=SUBSCRIPTION)
@list_options
@click.pass_obj
def list_seats(session: Session, *, subscription: int, limit: int, form: Form) -> None:
    """Who has a seat of SUBSCRIPTION, and how many are free."""
    from isp_addons.cli.output import as_dict
    from isp_addons.services import seats as service

    found = service.seats(session.app.context, session.cause("looked"), subscription_id=subscription, limit=limit)
    columns = {"reference": "Id", "email": "E-mail", "name": "Name", "role": "Role", "state": "State", "since": "Since (UTC)"}
    rows = ({**as_dict(each), **({} if form else {"since": when(each.given_at)})} for each in found.rows)
    show(rows, form=form, columns=columns, empty="Nobody has a seat.")
    if not form:
        click.echo(pool_told(found))


@seats.command()
@click.argument("subscription", type=SUBSCRIPTION)
@json_option
@click.pass_obj
def pool(session: Session, *, subscription: int, as_json: bool) -> None:
    """How many seats SUBSCRIPTION has, how many are given and how many are free."""
    from isp_addons.cli.output import say
    from isp_addons.services import seats as service

    found = service.seats(session.app.context, session.cause("looked"), subscription_id=subscription, limit=1)
    pool = found.pool
    facts = {} if pool is None else {"total": pool.total, "assigned": pool.assigned, "available": pool.available}
    everybody = {"account_wide": pool is None and not found.in_trial, **({"in_trial": True} if found.in_trial else {})}
    say(pool_told(found), as_json=as_json, subscription=subscription, **everybody, **facts)


def _confirm(
    session: Session,
    why: str,
    change: SeatChange,
    *,
    dry_run: bool,
    key: str | None,
    as_json: bool,
    quote: str | None = None,
) -> None:
    from dataclasses import replace

    from isp_addons.services import seat_changes

    asked = replace(change, key=key, quote=quote)
    done = seat_changes.confirm(session.app.context, session.cause(why), asked, dry_run=dry_run)
    changed(done, as_json=as_json, dry_run=dry_run)
