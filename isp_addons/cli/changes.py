"""Commands that change a subscription: change, withdraw, reactivate, stop."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

import click

from isp_addons.cli.output import SUBSCRIPTION, Session, json_option, say, when
from isp_addons.cli.quotes import quote_options, tell
from isp_addons.domain.money import format_amount
from isp_addons.domain.period import parse_whole
from isp_addons.domain.quantity_change import Changed, Effect, When, Wish
from isp_addons.domain.split import as_text, parse
from isp_addons.domain.subscription import Status

CommandT = TypeVar("CommandT", bound=Callable[..., Any])


def split_option(command: CommandT) -> CommandT:
    """``--split``: how the quantity is distributed over the product's parts, as a mapping."""
    return click.option(
        "--split",
        multiple=True,
        metavar="PART=NUMBER",
        callback=lambda _context, _option, told: parse(told),
        help="How many are in this part; for each part, or for all but one, which gets the rest.",
    )(command)


@click.command()
@click.argument("subscription", type=SUBSCRIPTION)
@click.option("--quantity", help="How many units or seats there are to be; as many as now if not given.")
@split_option
@click.option(
    "--when",
    "wished",
    type=click.Choice([each.value for each in When]),
    default=When.NEXT.value,
    show_default=True,
    help="Now (only more, charged for the rest of the period), or from the next period on.",
)
@click.option("--key", help="Your own key of this change: the same twice is one change.")
@quote_options
@json_option
@click.pass_obj
def change(
    session: Session,
    *,
    subscription: int,
    quantity: str | None,
    split: dict[str, int],
    wished: str,
    key: str | None,
    dry_run: bool,
    quote: str | None,
    as_json: bool,
) -> None:
    """Change the quantity of SUBSCRIPTION; a change that is pending is replaced.

    More counts now, and is charged for the rest of the period, or from the next period on. Less counts from the next period
    on: until then all that is paid for stays usable. As many in another split count at once and cost nothing.
    """
    from isp_addons.domain.catalogue import MOST_QUANTITY
    from isp_addons.services import quantity_change

    if quantity is None and not split:
        raise click.UsageError("Give --quantity, --split or both.")
    wish = Wish(
        subscription=subscription,
        quantity=None if quantity is None else parse_whole(quantity, name="quantity", most=MOST_QUANTITY),
        when=When(wished),
        key=key,
        split=split,
        quote=quote,
    )
    done = quantity_change.change(session.app.context, session.cause("quantity changed"), wish, dry_run=dry_run)
    facts = {**_facts(done), "dry_run": dry_run}
    if not dry_run or not as_json:
        paid = "Charged now: {charged} {currency}; the next period costs {next_price} {currency}.".format_map(facts)
        say(_told(done) if dry_run else f"{_told(done)} {paid}", as_json=as_json, **facts)
    if dry_run and done.quote is not None:
        tell(done.quote, as_json=as_json, **facts)


def _facts(done: Changed) -> dict[str, Any]:
    """What programs are told of a change."""
    return {
        "subscription": done.subscription,
        "effect": done.effect.value,
        "before": done.before,
        "quantity": done.quantity,
        "split": dict(done.split),
        "from_at": done.from_at,
        "charged": format_amount(done.charged, done.currency),
        "next_price": format_amount(done.next_price, done.currency),
        "currency": done.currency,
    }


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


@click.command()
@click.argument("subscription", type=SUBSCRIPTION)
@click.option("--quantity", help="Once it is over: how many units or seats the new period has.")
@split_option
@click.option("--key", help="Your own key of this: the same twice is done once.")
@json_option
@click.pass_obj
def reactivate(
    session: Session, *, subscription: int, quantity: str | None, split: dict[str, int], key: str | None, as_json: bool
) -> None:
    """Let the cancelled SUBSCRIPTION run on, as long as what is paid still runs.

    Once it is over, --quantity (and --split) let it run again: a new period is charged now.
    """
    from isp_addons.domain.catalogue import MOST_QUANTITY
    from isp_addons.services import reactivate as service

    done = service.reactivate(
        session.app.context,
        session.cause("reactivated"),
        subscription_id=subscription,
        quantity=None if quantity is None else parse_whole(quantity, name="quantity", most=MOST_QUANTITY),
        split=split,
        key=key,
    )
    charged, price = (format_amount(each, done.currency) for each in (done.charged, done.next_price))
    said = f"Subscription {subscription} runs already." if done.effect is Effect.NOTHING else _told(done)
    say(
        f"{said} Charged now: {charged} {done.currency}; the next period costs {price} {done.currency}.",
        as_json=as_json,
        subscription=subscription,
        effect=done.effect.value,
        quantity=done.quantity,
        split=dict(done.split),
        charged=charged,
        next_price=price,
        currency=done.currency,
    )


@click.command()
@click.argument("subscription", type=SUBSCRIPTION)
@click.option("--key", help="Your own key of this: the same twice is done once.")
@json_option
@click.pass_obj
def stop(session: Session, *, subscription: int, key: str | None, as_json: bool) -> None:
    """End SUBSCRIPTION at once; what is not used of what was paid goes back to the account, by days begun."""
    from isp_addons.services.stop import stop_now

    done = stop_now(session.app.context, session.cause("stopped"), subscription_id=subscription, key=key)
    refunded = format_amount(done.refunded, done.currency)
    say(
        f"Subscription {subscription} is ended; {refunded} {done.currency} went back to the account.",
        as_json=as_json,
        subscription=subscription,
        status=Status.ENDED.value,
        refunded=refunded,
        currency=done.currency,
    )


def status_word(row: Mapping[str, Any]) -> str:
    """The status of a listed subscription, in words."""
    return "expires soon" if row["status"] == Status.ENDING.value else str(row["status"])


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
        Effect.SPLIT: f"{name}: the {done.quantity} are split anew, from now on.",
        Effect.REACTIVATED: f"{name} runs again, with {done.quantity}.",
    }[done.effect] + (f" Split: {as_text(done.split)}." if done.split else "")
