"""The devices that are in spaces now, and the bundles that are used for them."""

from typing import Any

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from isp_addons.domain.subscription import Status
from isp_addons.store.tables import BundleDevice, SpaceDevice, Subscription

_ON = (Status.RUNNING.value, Status.ENDING.value)


def standing(session: Session, *, vendor: str, ref: str) -> SpaceDevice | None:
    """The device of that number, in whichever space it is."""
    query = select(SpaceDevice).where(SpaceDevice.vendor == vendor, SpaceDevice.ref == ref, SpaceDevice.removed_at.is_(None))
    return session.scalar(query)


def rows(session: Session, *, space_id: int) -> list[dict[str, Any]]:
    """The devices of one space."""
    query = select(SpaceDevice).where(SpaceDevice.space_id == space_id, SpaceDevice.removed_at.is_(None))
    return [
        {"device": each.ref, "kind": each.kind, "name": each.name} for each in session.scalars(query.order_by(SpaceDevice.id))
    ]


def active(session: Session, *, subscription_id: int) -> list[tuple[SpaceDevice, BundleDevice]]:
    """The devices for which a subscription is used, the first first."""
    query = select(SpaceDevice, BundleDevice).join(BundleDevice, BundleDevice.device_id == SpaceDevice.id)
    query = query.where(BundleDevice.subscription_id == subscription_id, BundleDevice.until.is_(None))
    return [(each.SpaceDevice, each.BundleDevice) for each in session.execute(query.order_by(BundleDevice.id))]


def count_active(session: Session, *, subscription_id: int) -> int:
    """How many they are."""
    query = select(func.count()).select_from(BundleDevice)
    return session.scalar(query.where(BundleDevice.subscription_id == subscription_id, BundleDevice.until.is_(None))) or 0


def users_of(session: Session, *, device_id: int) -> list[int]:
    """The running subscriptions that are used for a device."""
    query = select(BundleDevice.subscription_id).join(Subscription, Subscription.id == BundleDevice.subscription_id)
    query = query.where(BundleDevice.device_id == device_id, BundleDevice.until.is_(None), Subscription.status.in_(_ON))
    return list(session.scalars(query.order_by(BundleDevice.subscription_id)))
