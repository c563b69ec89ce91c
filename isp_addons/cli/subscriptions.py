"""Commands for subscriptions: order, renew, cancel, hold, release, list, explain."""

import secrets

import click

from isp_addons.cli.changes import change, pending, withdraw
from isp_addons.cli.output import SUBSCRIPTION, Session, json_option, limit_option, say, show, when
from isp_addons.domain.cause import Source
from isp_addons.domain.hold import BY_HAND, HoldOwner
from isp_addons.domain.period import parse_moment, parse_whole
from isp_addons.domain.subscription import Plan
from isp_addons.domain.text import parse_line

_IF_PENDING = ("pending_quantity", "pending_from")
_OWNERS = click.Choice([owner.value for owner in BY_HAND])


@click.command()
@click.argument("account")
@click.argument("product")
@click.option("--plan", type=click.Choice([plan.value for plan in Plan]), default=Plan.RECURRING.value, show_default=True)
@click.option("--term", default="1", show_default=True, metavar="MONTHS", help="For --plan one_off: for how long.")
@click.option("--quantity", default="1", show_default=True, help="How many units or seats.")
@click.option("--key", help="Your own key of this order: the same twice is one order.")
@json_option
@click.pass_obj
def order(
    session: Session, *, account: str, product: str, plan: str, term: str, quantity: str, key: str | None, as_json: bool
) -> None:
    """Order PRODUCT for ACCOUNT.

    one_off is paid at once for its term; recurring for the rest of the account's period, then every period; bundled comes
    with the tariff and costs nothing of its own; trial costs nothing, once, for the days of the product. Ordering with
    another plan while a trial runs takes its licence over.
    """
    from isp_addons.services.order import MOST_QUANTITY, Order, place

    wanted = Order(
        account=account,
        product=product,
        plan=Plan(plan),
        key=f"order:{secrets.token_hex(8)}" if key is None else key,
        quantity=parse_whole(quantity, name="quantity", most=MOST_QUANTITY),
        term=term,
    )
    new_id = place(session.app.context, session.cause(f"ordered {product}", source=Source.ADMIN), wanted)
    say(
        f"Subscription {new_id}: {product} for account {account}.",
        as_json=as_json,
        subscription=new_id,
        account=account,
        product=product,
    )


@click.command()
@click.argument("subscription", type=SUBSCRIPTION)
@click.option("--term", metavar="MONTHS", help="For how long; the same as before if not given.")
@click.option("--quantity", help="How many units in the new term; as before if not given.")
@json_option
@click.pass_obj
def renew(session: Session, *, subscription: int, term: str | None, quantity: str | None, as_json: bool) -> None:
    """Renew the one-off SUBSCRIPTION: from its old end when early, from today when late."""
    from isp_addons.domain.catalogue import MOST_QUANTITY
    from isp_addons.services.charge import renew as renew_term

    until = renew_term(
        session.app.context,
        session.cause("renewed"),
        subscription_id=subscription,
        term=term,
        quantity=None if quantity is None else parse_whole(quantity, name="quantity", most=MOST_QUANTITY),
    )
    say(
        f"Subscription {subscription} is paid until {when(until)} UTC.",
        as_json=as_json,
        subscription=subscription,
        paid_until=until,
    )


@click.command()
@click.argument("subscription", type=SUBSCRIPTION)
@click.option("--now", "at_once", is_flag=True, help="End it at once instead; nothing is refunded.")
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


@subscriptions.command("list")
@click.option("--account", help="Only those of this account.")
@click.option("--held-by", type=click.Choice([owner.value for owner in HoldOwner]), help="Only those with this hold.")
@limit_option
@json_option
@click.pass_obj
def list_subscriptions(session: Session, *, account: str | None, held_by: str | None, limit: int, as_json: bool) -> None:
    """List subscriptions with what their vendor has and what holds them."""
    from isp_addons.services import find
    from isp_addons.services.overview import subscription_rows

    if account is not None:
        find.known_to_us_or_the_billing(session.app.context, account, at=session.app.clock.now())
    with session.app.store.read() as database:
        rows = subscription_rows(database, account=account, held_by=held_by, limit=limit)
    if not as_json:
        rows = [{**row, "paid_until": when(row["paid_until"]), "pending": pending(row)} for row in rows]
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
    show(rows, as_json=as_json, columns=columns, right=("id", "quantity", "price"), empty="No subscriptions.")


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
        found = subscription_rows(database, subscription_id=subscription, limit=1)
        if not found:
            raise find.unknown_subscription(subscription)
        rows = of_subscription(database, subscription, limit=100)
    if policy := _policy(session, subscription):
        found[0]["policy"] = policy
    if as_json:
        show([{**found[0], "history": rows}], as_json=True, columns={}, empty="")
        return
    show(
        [{"name": name, "value": value} for name, value in found[0].items() if value is not None or name not in _IF_PENDING],
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
