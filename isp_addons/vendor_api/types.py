"""What goes to a plugin and what comes back."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime, time, timedelta
from enum import StrEnum
from zoneinfo import ZoneInfo

from isp_addons.domain.licence import SeenState


class SuspendKind(StrEnum):
    """What suspending is at this vendor."""

    BLOCK_WINDOW = "block_window"
    STATE = "state"
    SOFT_CANCEL = "soft_cancel"
    NONE = "none"


@dataclass(frozen=True, slots=True, kw_only=True)
class Capabilities:
    """What a vendor can do; the host refuses early what it cannot.

    ``counts_seats``: one licence for each seat, quantity always 1. ``endless``: licences without an end date exist.
    ``lists``: `list_licences` reports everything. ``daily_cut``: changes after it count from the next day (time and zone).
    ``longest_suspension``: the vendor ends a suspension by itself after it, so it is asked for again before.
    ``ends_by_itself``: a licence with an end date stops then without a call; otherwise it is suspended at that moment.
    ``batch``: how many licences `read_licences` takes at once. ``issues_codes``: what is sold is an activation code from a
    stock, a new one for each period. ``has_users``: the vendor's users are known (`list_users`, webhooks) and are given seats.
    ``invites_users``: its users are not known; who is named by e-mail address is given a seat, and a plugin is told the names.
    """

    suspends: SuspendKind
    can_schedule: bool = False
    changes_quantity: bool = False
    counts_seats: bool = False
    endless: bool = False
    lists: bool = False
    batch: int = 1
    daily_cut: tuple[time, ZoneInfo] | None = None
    longest_suspension: timedelta | None = None
    ends_by_itself: bool = True
    issues_codes: bool = False
    has_users: bool = False
    invites_users: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class LicenceView:
    """One licence as a plugin sees it.

    ``key`` is our own id, unique over all installations (letters, digits, ``-``; at most 40 characters); ``reference`` is the
    vendor's id once known. ``options`` are the product's own settings for this vendor, such as a tariff. ``code``: the
    activation code that is reserved for it, a secret, for vendors that `Capabilities.issues_codes`; the subscriber sees it once
    `Done.show` holds it. ``users``: the e-mail addresses of those who have a seat, for vendors that `Capabilities.has_users`
    or `Capabilities.invites_users`.
    ``split``: how many of the quantity are in each of its parts, for products whose quantity is split.
    """

    key: str
    reference: str | None
    account: str
    product: str
    options: Mapping[str, str]
    quantity: int
    paid_until: datetime | None
    suspend_from: datetime | None = None
    code: str | None = field(default=None, repr=False)
    users: tuple[str, ...] = ()
    split: Mapping[str, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True, kw_only=True)
class SeenLicence:
    """What the vendor has under one key. A suspension that is scheduled counts as suspended.

    ``suspended_from`` None = already; ``suspended_until`` None = until it is lifted. ``paid_until`` None = without end.
    ``show`` as in `Done`: after a lost answer it is read here. ``split`` None = the vendor does not tell it.
    """

    key: str
    state: SeenState
    reference: str | None = None
    account: str | None = None
    quantity: int = 1
    split: Mapping[str, int] | None = None
    paid_until: datetime | None = None
    suspended_from: datetime | None = None
    suspended_until: datetime | None = None
    show: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Done:
    """The vendor confirmed what was asked for. Name only what differs from it, or what the vendor alone knows.

    ``show`` holds what the subscriber may see (a download link, an activation code): kept with the licence, starred in logs.
    """

    reference: str | None = None
    suspended_from: datetime | None = None
    suspended_until: datetime | None = None
    show: Mapping[str, str] = field(default_factory=dict, repr=False)


@dataclass(frozen=True, slots=True, kw_only=True)
class Pending:
    """The vendor accepted it but is not done; read the licence again after ``poll_after``."""

    poll_after: timedelta
    reference: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class NeedsOperator:
    """A person must do this step at the vendor's console; the product opens an operator task and waits for the answer.

    The first line of ``instructions`` says what is to be done, the others how, with the exact values to enter (see
    `isp_addons.vendor_api.Instructions`). ``due_in``: after how long it is overdue; None = as the installation is set.
    """

    instructions: str
    due_in: timedelta | None = None


Outcome = Done | Pending | NeedsOperator


@dataclass(frozen=True, slots=True)
class CheckReport:
    """What `check_vendor` found, one sentence each; a failed check raises instead."""

    findings: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WebhookRequest:
    """A vendor's call to us: header names in lower case, the body as it came."""

    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorUser:
    """One user at the vendor: ``reference`` is the vendor's id, ``account`` the billing account that he belongs to."""

    reference: str
    account: str
    email: str = ""
    name: str = ""


class VendorWord(StrEnum):
    """What a vendor can tell us."""

    USER_CREATED = "user_created"
    USER_DELETED = "user_deleted"
    LICENCE_CHANGED = "licence_changed"


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorEvent:
    """Something a vendor told us, once for each ``key``: about ``user``, or about the licence with our ``licence_key``."""

    key: str
    word: VendorWord
    user: VendorUser | None = None
    licence_key: str | None = None
