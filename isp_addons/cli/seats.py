"""Commands for seats: which users have what a subscription is for."""

from typing import TYPE_CHECKING

import click

from isp_addons.cli.output import SUBSCRIPTION, Session, json_option, limit_option, say, show, when

if TYPE_CHECKING:
    from isp_addons.domain.seats import Pool


@click.group()
def seats() -> None:
    """Which users have what SUBSCRIPTION is for: give seats, take them back, list them."""


@seats.command()
@click.argument("subscription", type=SUBSCRIPTION)
@click.argument("user")
@json_option
@click.pass_obj
def assign(session: Session, *, subscription: int, user: str, as_json: bool) -> None:
    """Give USER (e-mail address, or the vendor's id) a seat of SUBSCRIPTION. Twice: no change."""
    from isp_addons.services import seats as service

    new = service.assign(session.app.context, session.cause("assigned"), subscription_id=subscription, user=user)
    said = "has a seat" if new else "has a seat already"
    say(f"{user} {said} of subscription {subscription}.", as_json=as_json, subscription=subscription, user=user, changed=new)


@seats.command()
@click.argument("subscription", type=SUBSCRIPTION)
@click.argument("user")
@json_option
@click.pass_obj
def unassign(session: Session, *, subscription: int, user: str, as_json: bool) -> None:
    """Take the seat of USER (e-mail address, or the vendor's id) back into the pool of SUBSCRIPTION. Twice: no change."""
    from isp_addons.services import seats as service

    new = service.unassign(session.app.context, session.cause("unassigned"), subscription_id=subscription, user=user)
    said = "has no seat any more" if new else "had no seat"
    say(f"{user} {said} of subscription {subscription}.", as_json=as_json, subscription=subscription, user=user, changed=new)


@seats.command("list")
@click.argument("subscription", type=SUBSCRIPTION)
@limit_option
@json_option
@click.pass_obj
def list_seats(session: Session, *, subscription: int, limit: int, as_json: bool) -> None:
    """Who has a seat of SUBSCRIPTION, and how many are free."""
    from isp_addons.cli.output import as_dict
    from isp_addons.services import seats as service

    found = service.seats(session.app.context, subscription_id=subscription, limit=limit)
    columns = {"reference": "Id", "email": "E-mail", "name": "Name", "since": "Since (UTC)"}
    rows = ({**as_dict(each), **({} if as_json else {"since": when(each.given_at)})} for each in found.rows)
    show(rows, as_json=as_json, columns=columns, empty="Nobody has a seat.")
    if not as_json:
        click.echo(_told(found.pool))


@seats.command()
@click.argument("subscription", type=SUBSCRIPTION)
@json_option
@click.pass_obj
def pool(session: Session, *, subscription: int, as_json: bool) -> None:
    """How many seats SUBSCRIPTION has, how many are given and how many are free."""
    from isp_addons.services import seats as service

    found = service.seats(session.app.context, subscription_id=subscription, limit=1).pool
    facts = {} if found is None else {"total": found.total, "assigned": found.assigned, "available": found.available}
    say(_told(found), as_json=as_json, subscription=subscription, account_wide=found is None, **facts)


def _told(pool: "Pool | None") -> str:
    if pool is None:
        return "It is for the whole account: every user of it has it."
    return f"{pool.total} seats: {pool.assigned} given, {pool.available} free."
