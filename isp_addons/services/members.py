"""Whom the names in a change of seats mean: users whom the vendor told us of, or addresses that we are told now."""

from collections.abc import Collection, Iterable, Sequence
from dataclasses import dataclass

from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.customer import parse_email
from isp_addons.domain.problem import BadInput, Problem, Refused
from isp_addons.services import find
from isp_addons.services.context import Context
from isp_addons.store import members, users
from isp_addons.store.tables import Account, Product, VendorUser


@dataclass(frozen=True, slots=True, kw_only=True)
class Named:
    """The names of one subscription's change: who is to have a seat, and who none."""

    account: Account
    product: Product
    give: Sequence[str]
    take: Sequence[str]


@dataclass(frozen=True, slots=True, kw_only=True)
class Meant:
    """The users whom the names mean, each once; ``invited``: those of them who are new here."""

    give: tuple[VendorUser, ...]
    take: tuple[VendorUser, ...]
    invited: tuple[VendorUser, ...]


def by_address(context: Context, product: Product) -> bool:
    """Whether users of *product* are named by e-mail address alone, since its vendor tells nobody of its users."""
    return product.vendor is not None and not context.capabilities(product.vendor).has_users


def resolve(context: Context, session: Session, cause: Cause, changes: Sequence[Named]) -> list[Meant]:
    """Whom each of *changes* means; users who were named by address for the first time are written down.

    Raises `BadInput` naming every name that means nobody (``unknown_user``) or is no address (``bad_email``), and `Refused`
    (``ambiguous_user``).
    """
    unknown: dict[str, None] = {}
    bad: dict[str, None] = {}
    found = [_known(context, session, change, unknown, bad) for change in changes]
    if bad:
        raise BadInput(f"These are no e-mail addresses: {_quoted(bad)}; nothing was changed.", code="bad_email")
    if unknown:
        raise BadInput(
            f"Account {changes[0].account.ref} has no such users: {_quoted(unknown)}; nothing was changed. See: isp-addons "
            f"users list --vendor {changes[0].product.vendor}",
            code="unknown_user",
        )
    return [_meant(session, cause, change, known) for change, known in zip(changes, found, strict=True)]


def _known(
    context: Context, session: Session, change: Named, unknown: dict[str, None], bad: dict[str, None]
) -> dict[str, VendorUser]:
    """The users who are known, by the name that means them; the names that cannot be meant go to *unknown* and *bad*."""
    addresses = by_address(context, change.product)
    names = {*change.give, *change.take}
    vendor = str(change.product.vendor)
    candidates = users.named(session, vendor=vendor, account_id=change.account.id, names=names)
    by_id = {each.ref: each for each in candidates}
    by_email: dict[str, list[VendorUser]] = {}
    for each in candidates:
        by_email.setdefault(each.email.lower(), []).append(each)
    known = {}
    for name in (*change.give, *change.take):
        user = by_id.get(name) or _only(by_email.get(name.lower(), []) if name else [], name)
        if user is not None:
            known[name] = user
        elif addresses and name in change.give:
            if not _is_address(name):
                bad[name] = None
        else:
            unknown[name] = None
    return known


def _meant(session: Session, cause: Cause, change: Named, known: dict[str, VendorUser]) -> Meant:
    new = {name: parse_email(name) for name in change.give if name not in known}
    references = {each: find.fitting_key(f"{change.account.id}:{each}") for each in new.values()}
    fresh = members.invite(
        session,
        cause,
        {reference: address for address, reference in references.items()},
        vendor=str(change.product.vendor),
        account_id=change.account.id,
    )
    by_address = {each.email: each for each in fresh}
    known = {**known, **{name: by_address[address] for name, address in new.items()}}
    return Meant(
        give=_once(known[name] for name in change.give),
        take=_once(known[name] for name in change.take),
        invited=tuple(fresh),
    )


def _once(found: Iterable[VendorUser]) -> tuple[VendorUser, ...]:
    return tuple({each.id: each for each in found}.values())


def _only(found: Sequence[VendorUser], name: str) -> VendorUser | None:
    if len(found) > 1:
        raise Refused(f"Several users have the address {name}; name one by the vendor's id.", code="ambiguous_user")
    return found[0] if found else None


def _is_address(name: str) -> bool:
    try:
        parse_email(name)
    except Problem:
        return False
    return True


def _quoted(names: Collection[str]) -> str:
    return ", ".join(map(repr, names))
