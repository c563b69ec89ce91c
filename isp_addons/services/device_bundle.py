"""The devices in spaces, and the bundles used for them: up to so many devices, swapped at any time without charge."""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import Session

from isp_addons.domain.bundle import Bundle
from isp_addons.domain.catalogue import Kind
from isp_addons.domain.cause import Cause
from isp_addons.domain.payment_method import Method
from isp_addons.domain.permission import Permission
from isp_addons.domain.problem import NotFound, Refused
from isp_addons.domain.subscription import Status
from isp_addons.domain.text import parse_line
from isp_addons.services import access, availability, availability_rules, find, spaces
from isp_addons.services.context import Context
from isp_addons.store import audit, space_devices, space_members
from isp_addons.store.tables import Account, BundleDevice, Product, Purchase, Space, SpaceDevice, SpaceMember, Subscription


@dataclass(frozen=True, slots=True, kw_only=True)
class ActiveDevice:
    """One device for which a bundle is used."""

    device: str
    kind: str
    name: str
    space: int
    since: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class BundleState:
    """A subscription's bundle and what it is used for."""

    subscription: int
    bundle: Bundle
    devices: tuple[ActiveDevice, ...]


def add_to_space(context: Context, cause: Cause, *, space_id: int, ref: str, kind: str, name: str = "") -> bool:
    """A device is in the space. False: it was. Raises `Refused` (``device_taken``) while it is in another one."""
    parse_line(ref, name="device", most=64)
    parse_line(kind, name="device kind", most=40)
    if name:
        parse_line(name, name="name", most=120)
    with context.store.write() as session:
        space = spaces.for_staff(session, cause, space_id)
        known = space_devices.standing(session, vendor=space.vendor, ref=ref)
        if known is not None and known.space_id != space_id:
            first = f"isp-addons spaces remove-device {known.space_id} {ref}"
            raise Refused(f"The device {ref} is in space {known.space_id}; remove it there first: {first}", code="device_taken")
        if known is not None:
            return False
        device = SpaceDevice(
            space_id=space_id, vendor=space.vendor, ref=ref, kind=kind, name=name, added_at=cause.at, removed_at=None
        )
        session.add(device)
        spaces.record(session, cause, space, "device", None, f"{ref} ({kind})")
        return True


def remove_from_space(context: Context, cause: Cause, *, space_id: int, ref: str) -> bool:
    """A device is in the space no more, and in no bundle. False: it had been removed. Raises `NotFound`."""
    with context.store.write() as session:
        space = spaces.for_staff(session, cause, space_id)
        device = space_devices.standing(session, vendor=space.vendor, ref=ref)
        if device is None or device.space_id != space_id:
            ever = select(SpaceDevice.id).where(SpaceDevice.space_id == space_id, SpaceDevice.ref == ref)
            if session.scalar(ever.limit(1)) is None:
                raise NotFound(f"There never was a device {ref[:64]!r} in space {space_id}.", code="unknown_device")
            return False
        device.removed_at = cause.at
        spaces.record(session, cause, space, "device", f"{ref} ({device.kind})", None)
        _end(session, cause, device, BundleDevice.device_id == device.id)
        return True


def use_for(context: Context, cause: Cause, *, subscription_id: int, device: str, instead_of: str | None = None) -> bool:
    """Use the subscription's bundle for *device*, and no more for *instead_of*. False: it was, and nothing changed.

    Nothing is charged, and no vendor is told: the device is chosen in the vendor's app. Raises `NotFound`
    (``unknown_subscription``, ``unknown_device``) and `Refused` (``bundle_full``, ``not_a_bundle``, ``device_in_use``,
    ``device_not_supported``, ``no_system_access``, ``already_over``).
    """
    with context.store.write() as session:
        subscription, account, product = _bundle_of(session, cause, subscription_id)
        chosen = _device(session, cause, account, product, device)
        used = space_devices.users_of(session, device_id=chosen.id)
        if subscription_id in used:
            return False
        _check_kind(session, cause, subscription, product, chosen)
        _check_free(session, cause, product, chosen, used)
        if instead_of is not None:
            _stop(session, cause, subscription, _device(session, cause, account, product, instead_of))
        active = space_devices.count_active(session, subscription_id=subscription_id)
        Bundle(size=_size(subscription, product), active=active).check_fits(1)
        session.add(BundleDevice(subscription_id=subscription_id, device_id=chosen.id, since=cause.at, until=None))
        _record(session, cause, subscription_id, before=None, after=chosen.ref)
        return True


def stop_using(context: Context, cause: Cause, *, subscription_id: int, device: str) -> bool:
    """Use the bundle for *device* no more; without any it is idle, and paid for all the same. False: it was not used for it."""
    with context.store.write() as session:
        subscription, account, product = _bundle_of(session, cause, subscription_id)
        return _stop(session, cause, subscription, _device(session, cause, account, product, device)) > 0


def state(context: Context, cause: Cause, *, subscription_id: int) -> BundleState:
    """What the bundle is used for; whoever sees only some of the account's spaces sees the devices in those.

    Raises `NotFound`, `Refused` (``not_a_bundle``).
    """
    with context.store.read() as session:
        query = select(Subscription, Product).join(Product, Product.id == Subscription.product_id)
        found = session.execute(query.where(Subscription.id == subscription_id)).one_or_none()
        if found is None:
            raise access.missing(session, cause, Permission.SEE, find.unknown_subscription(subscription_id))
        here = _spaces_of(session, cause, account_id=found.Subscription.account_id, vendor=found.Product.vendor)
        active = space_devices.active(session, subscription_id=subscription_id)
        return BundleState(
            subscription=subscription_id,
            bundle=Bundle(size=_size(found.Subscription, found.Product), active=len(active)),
            devices=tuple(
                ActiveDevice(device=each.ref, kind=each.kind, name=each.name, space=each.space_id, since=used.since)
                for each, used in active
                if here is None or each.space_id in here
            ),
        )


def _spaces_of(session: Session, cause: Cause, *, account_id: int, vendor: str | None) -> set[int] | None:
    """The spaces of the account in which whoever asks is; None: the whole account is in his care. Raises `NotFound`."""
    theirs = select(Account.id).where(Account.id == account_id, access.visible(session, cause, Account.customer_id))
    if session.scalar(theirs) is not None:
        return None
    mine = (SpaceMember.person_id == cause.person, SpaceMember.left_at.is_(None))
    inside = select(Space.id).join(SpaceMember, SpaceMember.space_id == Space.id)
    found = set(session.scalars(inside.where(Space.account_id == account_id, Space.vendor == vendor, *mine)))
    if not found:
        raise access.not_yours()
    return found


def _bundle_of(session: Session, cause: Cause, subscription_id: int) -> tuple[Subscription, Account, Product]:
    """A subscription whose devices may change, its account locked: no two take its last place."""
    if cause.person is not None:
        access.require(session, cause, Permission.BUY)
    subscription, account, product = find.subscription(session, subscription_id, cause, Permission.BUY)
    _spaces_of(session, cause, account_id=account.id, vendor=product.vendor)
    _size(subscription, product)
    if subscription.status not in (Status.RUNNING, Status.ENDING):
        raise Refused(f"Subscription {subscription_id} is {subscription.status}; order again.", code="already_over")
    return subscription, account, product


def _size(subscription: Subscription, product: Product) -> int:
    """For how many devices a subscription is: the most of its product; where that has none, one for each unit."""
    if product.kind != Kind.DEVICE.value:
        raise Refused(
            f"{product.code} is not sold for devices; see the kind of the product: isp-addons catalogue export",
            code="not_a_bundle",
        )
    return product.most if product.most is not None else subscription.quantity


def _device(session: Session, cause: Cause, account: Account, product: Product, ref: str) -> SpaceDevice:
    """A device in a space of the account, where he who asks may change it."""
    vendor = product.vendor or ""
    found = space_devices.standing(session, vendor=vendor, ref=ref)
    space = spaces.locked(session, found.space_id) if found is not None else None
    device = space_devices.standing(session, vendor=vendor, ref=ref)  # it may have gone while we waited
    if device is None or space is None or device.space_id != space.id or space.account_id != account.id:
        raise NotFound(
            f"There is no device {ref[:64]!r} of {product.vendor} in a space of account {account.ref}; see: "
            "isp-addons spaces list",
            code="unknown_device",
        )
    if cause.person is not None:
        access.require(session, cause, Permission.BUY)
        standing = space_members.standing(session, space_id=space.id, person_id=cause.person, delegations=False)
        if standing is None:
            access.require_account(session, cause, Permission.BUY, account_id=account.id)
        elif not standing.full_rights:
            raise Refused("Choosing devices needs full rights to the space; ask for them.", code="no_system_access")
    return device


def _check_kind(session: Session, cause: Cause, subscription: Subscription, product: Product, device: SpaceDevice) -> None:
    """What was paid by card, and can be for some kinds only, is used for those kinds only."""
    by_card = select(Purchase.id).where(Purchase.subscription_id == subscription.id, Purchase.method == Method.CARD.value)
    if session.scalar(by_card.limit(1)) is None:
        return
    rules = availability_rules.of_vendor(session, device.vendor, at=cause.at)
    service = rules.service(product.code)
    if service is not None and service.card_devices:
        service.check_devices([device.kind])


def _check_free(session: Session, cause: Cause, product: Product, device: SpaceDevice, used: list[int]) -> None:
    """A device has a service once."""
    if not used:
        return
    rules = availability_rules.of_vendor(session, device.vendor, at=cause.at)
    ours = availability.service_of(session, rules, product.code)
    query = select(Subscription.id, Product.code).join(Product, Product.id == Subscription.product_id)
    for other in session.execute(query.where(Subscription.id.in_(used))).all():
        if availability.service_of(session, rules, other.code) == ours:
            raise Refused(
                f"Subscription {other.id} is used for the device {device.ref} already; stop that first: "
                f"isp-addons bundles stop {other.id} {device.ref}",
                code="device_in_use",
            )


def _stop(session: Session, cause: Cause, subscription: Subscription, device: SpaceDevice) -> int:
    this = (BundleDevice.device_id == device.id) & (BundleDevice.subscription_id == subscription.id)
    return _end(session, cause, device, this)


def _end(session: Session, cause: Cause, device: SpaceDevice, which: ColumnElement[bool]) -> int:
    ended = session.scalars(select(BundleDevice).where(which, BundleDevice.until.is_(None))).all()
    for each in ended:
        each.until = cause.at
        _record(session, cause, each.subscription_id, before=device.ref, after=None)
    session.flush()
    return len(ended)


def _record(session: Session, cause: Cause, subscription_id: int, *, before: str | None, after: str | None) -> None:
    audit.record(session, cause, subject="subscription", subject_id=subscription_id, field="device", before=before, after=after)
