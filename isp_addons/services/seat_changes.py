"""Changing who has seats: several subscriptions, users and the seats that are missing, all at once or not at all.

No vendor is called here, and the money is taken in the same transaction.
"""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass, replace
from datetime import datetime

from sqlalchemy.orm import Session

from isp_addons.billing.base import Gathered
from isp_addons.domain.catalogue import MOST_QUANTITY
from isp_addons.domain.cause import Cause
from isp_addons.domain.period import time_zone
from isp_addons.domain.permission import Permission
from isp_addons.domain.problem import BadInput, Refused
from isp_addons.domain.quantity_change import Changed, When, Wish
from isp_addons.domain.quote import Quote, moment_of
from isp_addons.domain.quote import confirm as agree
from isp_addons.domain.schedule import Phase
from isp_addons.domain.seat_change import Asked, Confirmed, SeatChange, SeatsChanged, merged
from isp_addons.domain.seats import Moves, by_hand, moves
from isp_addons.domain.subscription import Status
from isp_addons.services import access, find, members, quantity_change, seat_mail, trial
from isp_addons.services.context import Context
from isp_addons.services.idempotency import once
from isp_addons.services.members import Meant, Named
from isp_addons.services.quote import quote
from isp_addons.services.schedule import schedule_of
from isp_addons.store import changes, users
from isp_addons.store.tables import Account, Product, Subscription, VendorUser

_ON = (Status.RUNNING.value, Status.ENDING.value)


@dataclass(frozen=True, slots=True)
class _Case:
    """One subscription, its account locked, whom its change means, and what that comes to."""

    subscription: Subscription
    account: Account
    product: Product
    asked: Asked
    meant: Meant | None = None
    moves: Moves | None = None


def confirm(context: Context, cause: Cause, change: SeatChange, *, dry_run: bool = False) -> Confirmed:
    """Do all that *change* says, or nothing; with *dry_run* only tell what would be.

    Who has a seat already counts as done, so that repeating it changes nothing. Raises `BadInput` (``nothing_named``,
    ``unknown_user`` and ``bad_email`` naming everybody, ``several_accounts``, ``given_and_taken``), `NotFound`, and `Refused`
    (``no_free_licence``, ``account_level_addon``, ``not_provisioned``, ``in_trial``, ``not_yet_available``, ``no_users``,
    ``not_permitted``, ``insufficient_funds``, ``stale_quote``…). While a subscription is suspended its
    seats are given and returned as ever.
    """
    change = replace(change, asked=merged(change.asked), buy=change.buy or change.quote is not None)
    ref = _account(context, cause, change)
    gathered = context.billing.gather([ref], at=cause.at) if change.buy else None
    with context.store.write() as session:
        told = once(
            session,
            cause,
            key=None if dry_run else change.key,
            what="seats",
            arguments={"asked": [asdict(each) for each in change.asked], "buy": change.buy, "swap": change.swap},
            do=lambda: confirm_within(context, session, cause, change, ref=ref, gathered=gathered),
            write=lambda done: {"changed": [asdict(each) for each in done.changes]},
            read=lambda said: Confirmed(changes=tuple(map(SeatsChanged.from_plain, said["changed"]))),
        )
        if dry_run:
            session.rollback()
        return told


def confirm_within(
    context: Context, session: Session, cause: Cause, change: SeatChange, *, ref: str, gathered: Gathered | None
) -> Confirmed:
    """The same within a transaction that is open already; *gathered*: the funds of account *ref*, to buy with."""
    if gathered is not None:
        find.known_accounts(context, session, gathered, [ref])
    account = find.account(session, ref, lock=True)
    access.require_account(session, cause, Permission.ASSIGN, account_id=account.id)
    cases = [_case(session, cause, each) for each in change.asked]
    cases = _decided(context, session, cause, cases)
    _check_gaps(context, session, cases, change)
    at = moment_of(change.quote, now=cause.at)
    bought = {each.subscription.id: _buy(context, session, cause, each, at) for each in cases if _moves(each).gap}
    told = _quote(context, session, cases, change, bought, at) if change.buy else None
    if told is not None:
        agree(change.quote, told)
    done = tuple(_do(session, cause, each, bought.get(each.subscription.id)) for each in cases)
    for case in cases:
        given = [each for each in _meant(case).give if each.id in _moves(case).give]
        seat_mail.write(context, session, cause, case.account, case.product, given)
    return Confirmed(changes=done, quote=told)


def _account(context: Context, cause: Cause, change: SeatChange) -> str:
    """The one account whose subscriptions are meant."""
    with context.store.read() as session:
        refs = {find.ref_of(session, each.subscription, cause, Permission.ASSIGN) for each in change.asked}
    if len(refs) > 1:
        raise BadInput("The subscriptions belong to several accounts; change one account's at a time.", code="several_accounts")
    return refs.pop()


def _case(session: Session, cause: Cause, asked: Asked) -> _Case:
    """One subscription whose seats may change."""
    subscription, account, product = find.subscription(session, asked.subscription, cause, Permission.ASSIGN)
    by_hand(product.kind, product.options, product=product.code)
    if product.vendor is None:
        raise Refused(f"{product.code} has no vendor yet, and so no users who could be given seats.", code="no_users")
    if subscription.status not in _ON:
        raise Refused(f"Subscription {subscription.id} is {subscription.status}; order again.", code="already_over")
    if trial.is_for_everybody(subscription, product):
        raise Refused(
            f"Subscription {subscription.id} is a trial of {product.code}: every user has it until it ends, and nobody is "
            f"given a seat. Order it first: isp-addons order {account.ref} {product.code} --quantity N",
            code="in_trial",
        )
    schedule = schedule_of(product)
    if asked.give and schedule and schedule.phase(cause.at, time_zone(account.time_zone)) is Phase.BEFORE:
        raise Refused(f"{product.code} can be given to users from {schedule.assign_from} on.", code="not_yet_available")
    return _Case(subscription, account, product, asked)


def _decided(context: Context, session: Session, cause: Cause, cases: Sequence[_Case]) -> list[_Case]:
    """The same with whom they mean and what that comes to: first everybody is looked for, so that all wrong names are told."""
    names = [Named(account=each.account, product=each.product, give=each.asked.give, take=each.asked.take) for each in cases]
    decided = []
    for case, meant in zip(cases, members.resolve(context, session, cause, names), strict=True):
        found = moves(
            total=None if trial.has_open_pool(context, case.subscription, case.product) else case.subscription.quantity,
            holders=users.seat_holders(session, subscription_id=case.subscription.id),
            give=[each.id for each in meant.give],
            take=[each.id for each in meant.take],
        )
        decided.append(replace(case, meant=meant, moves=found))
    return decided


def _check_gaps(context: Context, session: Session, cases: Sequence[_Case], change: SeatChange) -> None:
    """Raise `Refused` (``no_free_licence``) where seats are missing that are not to be bought."""
    for case in cases:
        found, subscription = _moves(case), case.subscription
        if change.swap and (len(found.give), len(found.take)) not in ((1, 1), (0, 0)):
            raise Refused("Only a seat that one user has, and the other has not, can be swapped.", code="nothing_to_swap")
        after = users.standing_seats(session, subscription_id=subscription.id) - len(found.take) + len(found.give)
        if trial.has_open_pool(context, subscription, case.product):
            if case.product.most is not None and after > case.product.most and found.give:
                raise BadInput(f"{case.product.code} is sold to at most {case.product.most} users.", code="bad_quantity")
            continue
        pending = changes.pending_of(session, subscription.id)
        if found.give and not found.gap and pending is not None and after > pending.quantity:
            raise Refused(
                f"From the next period on subscription {subscription.id} has only {pending.quantity} seats, and {after} would "
                f"be given; keep what there is with: isp-addons subscriptions withdraw {subscription.id}",
                code="no_free_licence",
            )
    if not change.buy and any(_moves(each).gap for each in cases):
        raise Refused(
            f"{'; '.join(_missing(each) for each in cases if _moves(each).gap)}. Nothing was changed. Take seats back, or buy "
            "what is missing with --buy.",
            code="no_free_licence",
        )


def _missing(case: _Case) -> str:
    found, total = _moves(case), case.subscription.quantity
    free = len(found.give) - found.gap
    return f"Subscription {case.subscription.id} has {total} seats, {free} of them free, {found.gap} too few for what is asked"


def _buy(context: Context, session: Session, cause: Cause, case: _Case, at: datetime) -> Changed:
    """Buy exactly what is missing: one change of the quantity, one line of the bill."""
    access.require_account(session, cause, Permission.BUY, account_id=case.account.id)
    total = case.subscription.quantity + _moves(case).gap
    if total > MOST_QUANTITY:
        raise BadInput(f"{total} seats are more than {MOST_QUANTITY}.", code="bad_quantity")
    wish = Wish(subscription=case.subscription.id, quantity=total, when=When.NOW)
    return quantity_change.change_within(context, session, cause, wish, priced_at=at)


def _quote(
    context: Context, session: Session, cases: Sequence[_Case], change: SeatChange, bought: Mapping[int, Changed], at: datetime
) -> Quote:
    """What all that is bought costs, for the moment *at*."""
    quotes = [each.quote for each in bought.values() if each.quote is not None]
    return quote(
        context,
        session,
        account=cases[0].account,
        currency=cases[0].product.currency,
        request={"what": "seats", "seats": change.words},
        lines=[line for each in quotes for line in each.lines],
        start=at,
        next_price=sum(each.next_price for each in bought.values()) if bought else None,
        priced_at=at,
    )


def _do(session: Session, cause: Cause, case: _Case, bought: Changed | None) -> SeatsChanged:
    found, subscription = _moves(case), case.subscription
    by_id = {each.id: each for each in (*_meant(case).give, *_meant(case).take)}
    if found.take:
        users.return_seats(session, cause, users=found.take, subscription_id=subscription.id)
    users.give_seats(session, cause, users=found.give, subscription_id=subscription.id)
    assigned = users.standing_seats(session, subscription_id=subscription.id)
    total = max(subscription.quantity, assigned)
    return SeatsChanged(
        subscription=subscription.id,
        product=case.product.code,
        given=tuple(_shown(by_id[each]) for each in found.give),
        taken=tuple(_shown(by_id[each]) for each in found.take),
        unchanged=tuple(_shown(by_id[each]) for each in found.same),
        bought=found.gap,
        charged=bought.charged if bought is not None else 0,
        next_price=bought.next_price if bought is not None else subscription.price,
        currency=case.product.currency,
        total=total,
        assigned=assigned,
        available=total - assigned,
    )


def _meant(case: _Case) -> Meant:
    assert case.meant is not None  # noqa: S101 - `_decided` has filled it in
    return case.meant


def _moves(case: _Case) -> Moves:
    assert case.moves is not None  # noqa: S101 - `_decided` has filled it in
    return case.moves


def _shown(user: VendorUser) -> str:
    return user.email or user.ref
