"""Commands that change the quantity of a subscription: change, withdraw."""

from collections.abc import Mapping
from typing import Any

import click

from isp_addons.cli.output import SUBSCRIPTION, Session, json_option, say, when
from isp_addons.domain.period import parse_whole
from isp_addons.domain.quantity_change import Changed, Effect, When, Wish


@click.command()
@click.argument("subscription", type=SUBSCRIPTION)
@click.option("--quantity", required=True, help="How many units or seats there are to be.")
@click.option(
    "--when",
    "wished",
    type=click.Choice([each.value for each in When]),
    default=When.NEXT.value,
    show_default=True,
    help="Now (only more, charged for the rest of the period), or from the next period on.",
)
@click.option("--key", help="Your own key of this change: the same twice is one change.")
@click.option("--dry-run", is_flag=True, help="Only tell what would be charged, and from when it would count.")
@json_option
@click.pass_obj
def change(
    session: Session, *, subscription: int, quantity: str, wished: str, key: str | None, dry_run: bool, as_json: bool
) -> None:
    """Change the quantity of SUBSCRIPTION; a change that is pending is replaced.

    More counts now, and is charged for the rest of the period, or from the next period on. Less counts from the next period
    on: until then all that is paid for stays usable.
    """
    from isp_addons.domain.catalogue import MOST_QUANTITY
    from isp_addons.domain.money import format_amount
    from isp_addons.services import quantity_change

    wish = Wish(
        subscription=subscription,
        quantity=parse_whole(quantity, name="quantity", most=MOST_QUANTITY),
        when=When(wished),
        key=key,
    )
    done = quantity_change.change(session.app.context, session.cause("quantity changed"), wish, dry_run=dry_run)
    charged, price = (format_amount(each, done.currency) for each in (done.charged, done.next_price))
    would = "Nothing is changed yet. " if dry_run else ""
    say(
        f"{would}{_told(done)} Charged now: {charged} {done.currency}; the next period costs {price} {done.currency}.",
        as_json=as_json,
        subscription=subscription,
        effect=done.effect.value,
        before=done.before,
        quantity=done.quantity,
        from_at=done.from_at,
        charged=charged,
        next_price=price,
        currency=done.currency,
        dry_run=dry_run,
    )


@click.command()
@click.argument("subscription", type=SUBSCRIPTION)
@json_option
@click.pass_obj
def withdraw(session: Session, *, subscription: int, as_json: bool) -> None:
    """Take the pending change of SUBSCRIPTION back: its quantity stays as it is."""
    from isp_addons.services import quantity_change

    changed = quantity_change.withdraw(
        session.app.context, session.cause("change of quantity taken back"), subscription_id=subscription
    )
    text = "keeps its quantity" if changed else "had no pending change"
    say(f"Subscription {subscription} {text}.", as_json=as_json, subscription=subscription, changed=changed)


def pending(row: Mapping[str, Any]) -> str:
    """The pending change of a listed subscription, in words."""
    return "" if row["pending_quantity"] is None else f"{row['pending_quantity']} from {when(row['pending_from'])}"


def _told(done: Changed) -> str:
    name = f"Subscription {done.subscription}"
    return {
        Effect.NOTHING: f"{name}: no change, {done.quantity} as wished.",
        Effect.WITHDRAWN: f"{name} keeps its {done.quantity}; the pending change is taken back.",
        Effect.NOW: f"{name}: {done.quantity} instead of {done.before}, from now on.",
        Effect.PENDING: f"{name}: {done.quantity} instead of {done.before}, from {when(done.from_at)} UTC on.",
    }[done.effect]
