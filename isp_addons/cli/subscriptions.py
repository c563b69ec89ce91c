"""Commands for subscriptions: cancel, hold, release, list, explain."""

from typing import Any

import click

from isp_addons.cli.changes import change, pending, reactivate, status_word, stop, withdraw
from isp_addons.cli.output import SUBSCRIPTION, Form, Session, json_option, list_options, say, show, when
from isp_addons.domain.hold import BY_HAND, HoldOwner
from isp_addons.domain.period import parse_moment
from isp_addons.domain.split import as_text
from isp_addons.domain.text import parse_line

_IF_PENDING = ("pending_quantity", "pending_split", "pending_from")
_OWNERS = click.Choice([owner.value for owner in BY_HAND])


@click.command()
@click.argument("subscription", type=SUBSCRIPTION)
@click.option("--now", "at_once", is_flag=True, help="End it at once instead; nothing is refunded (see: subscriptions stop).")
@click.option("--undo", is_flag=True, help="Take the cancellation back while the paid time runs.")
@json_option
@click.pass_obj
def cancel(session: Session, *, subscription: int, at_once: bool, undo: bool, as_json: bool) -> None:
    """Cancel SUBSCRIPTION: no renewal, usable until the end of what is paid. The only way in which a licence ends."""
    from isp_addons.services import cancel as service

    context = session.app.context
    if undo:
        status = service.undo(context, session.cause("cancellation taken back"), subscription_id=subscription)
    else:
        status = service.cancel(context, session.cause("cancelled"), subscription_id=subscription, at_once=at_once)
    policy = _policy(session, subscription)
    told = f"Subscription {subscription} is {status}."
    facts = {"policy": policy} if policy else {}
    say(" ".join((told, *facts.values())), as_json=as_json, subscription=subscription, status=status.value, **facts)


def _policy(session: Session, subscription: int) -> str | None:
    """What cannot be undone about a subscription for which codes were issued."""
    from isp_addons.services.codes import policy

    with session.app.store.read() as database:
        return policy(database, subscription)


@click.command()
@click.argument("subscription", type=SUBSCRIPTION)
@click.option("--owner", type=_OWNERS, default=HoldOwner.ADMIN.value, show_default=True, help="Who alone may release it.")
@click.option("--until", metavar="TIME", help="Release it by itself then.")
@click.option("--note", required=True, help="Why; shown wherever the hold is shown.")
@json_option
@click.pass_obj
def hold(session: Session, *, subscription: int, owner: str, until: str | None, note: str, as_json: bool) -> None:
    """Suspend SUBSCRIPTION until the same owner releases it. Other holds and payments do not lift it."""
    from isp_addons.services import hold as service

    fresh = service.put(
        session.app.context,
        session.cause(parse_line(note, name="note", most=200)),
        subscription_id=subscription,
        owner=HoldOwner(owner),
        until=parse_moment(until) if until else None,
    )
    text = "is held" if fresh else "was held already"
    say(
        f"Subscription {subscription} {text} by {owner}.",
        as_json=as_json,
        subscription=subscription,
        owner=owner,
        changed=fresh,
    )


@click.command()
@click.argument("subscription", type=SUBSCRIPTION)
@click.option("--owner", type=_OWNERS, default=HoldOwner.ADMIN.value, show_default=True)
@json_option
@click.pass_obj
def release(session: Session, *, subscription: int, owner: str, as_json: bool) -> None:
    """Lift the hold of --owner from SUBSCRIPTION."""
    from isp_addons.services import hold as service

    lifted = service.release(
        session.app.context, session.cause("released by hand"), subscription_id=subscription, owner=HoldOwner(owner)
    )
    text = "was released" if lifted else f"had no hold of {owner}"
    say(f"Subscription {subscription} {text}.", as_json=as_json, subscription=subscription, owner=owner, changed=lifted)


@click.group()
def subscriptions() -> None:
    """List and explain subscriptions; change their quantity."""


subscriptions.add_command(change)
subscriptions.add_command(withdraw)
subscriptions.add_command(reactivate)
subscriptions.add_command(stop)


def _told(row: dict[str, Any]) -> dict[str, Any]:
    """One subscription for people: what is not there, or is of no meaning for it, is left out."""
    shown = {**row, "status": status_word(row), **{name: as_text(row[name] or {}) for name in ("split", "pending_split")}}
    empty = [name for name in (*_IF_PENDING, "split") if not shown[name]]
    return {name: value for name, value in shown.items() if name not in empty}


@subscriptions.command("list")
@click.option("--account", help="Only those of this account.")
@click.option("--held-by", type=click.Choice([owner.value for owner in HoldOwner]), help="Only those with this hold.")
@list_options
@click.pass_obj
def list_subscriptions(session: Session, *, account: str | None, held_by: str | None, limit: int, form: Form) -> None:
    """List subscriptions with what their vendor has and what holds them."""
    from isp_addons.services import find
    from isp_addons.services.overview import subscription_rows

    if account is not None:
        find.known_to_us_or_the_billing(session.app.context, account, at=session.app.clock.now())
    with session.app.store.read() as database:
        rows = subscription_rows(database, cause=session.cause("looked"), account=account, held_by=held_by, limit=limit)
    if not form:
        rows = [
            {**row, "status": status_word(row), "paid_until": when(row["paid_until"]), "pending": pending(row)} for row in rows
        ]
    to_come = {"pending": "To come"} if any(row["pending_quantity"] is not None for row in rows) else {}
    columns = {
        "id": "Id",
        "account": "Account",
        "product": "Product",
        "plan": "Plan",
        "status": "Status",
        "quantity": "Qty",
        **to_come,
        "price": "Price",
        "paid_until": "Paid until",
        "vendor_state": "At the vendor",
        "holds": "Held by",
    }
    show(rows, form=form, columns=columns, right=("id", "quantity", "price"), empty="No subscriptions.")


@subscriptions.command("show")
@click.argument("subscription", type=SUBSCRIPTION)
@json_option
@click.pass_obj
def show_subscription(session: Session, *, subscription: int, as_json: bool) -> None:
    """One SUBSCRIPTION and its history, newest first."""
    from isp_addons.services import find
    from isp_addons.services.history import of_subscription
    from isp_addons.services.overview import subscription_rows

    with session.app.store.read() as database:
        found = subscription_rows(database, cause=session.cause("looked"), subscription_id=subscription, limit=1)
        if not found:
            raise find.unknown_subscription(subscription)
        rows = of_subscription(database, subscription, limit=100)
    if policy := _policy(session, subscription):
        found[0]["policy"] = policy
    if as_json:
        show([{**found[0], "history": rows}], as_json=True, columns={}, empty="")
        return
    show(
        [{"name": name, "value": value} for name, value in _told(found[0]).items()],
        as_json=False,
        columns={"name": "Subscription", "value": str(subscription)},
        empty="",
    )
    columns = {
        "at": "When",
        "subject": "What",
        "field": "Changed",
        "before": "From",
        "after": "To",
        "actor": "By",
        "why": "Why",
    }
    show(
        [{**row, "at": row["at"][:16].replace("T", " ")} for row in rows],
        as_json=False,
        columns=columns,
        empty="No history yet.",
    )
