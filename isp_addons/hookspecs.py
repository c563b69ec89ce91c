"""The contract between isp-addons and a vendor's plugin: every hook, its arguments, its answer, its errors.

A plugin is a class (see `isp_addons.vendor_api.VendorPlugin`), one instance for each ``[vendor:NAME]`` section. The host
calls the owning vendor's plugin alone, one licence at a time, never inside a database transaction. Each hook may raise any
`isp_addons.vendor_api.VendorError`; an exception of another kind counts as `OutcomeUnknown`. Finding the licence already
in the wanted state is success. A hook that is not implemented is `Unsupported`, unless said otherwise. Times are aware UTC.
"""

from collections.abc import Iterator, Sequence

import pluggy

from isp_addons.vendor_api import CheckReport, LicenceView, Outcome, SeenLicence, VendorEvent, VendorUser, WebhookRequest

hookspec = pluggy.HookspecMarker("isp_addons")


@hookspec(firstresult=True)
def on_order(licence: LicenceView) -> Outcome:
    """Create the licence at the vendor under ``licence.key``, active, until ``licence.paid_until`` (None = without end).

    A licence that the vendor deleted under the same key is restored. Return `Done`, `Pending` or `NeedsOperator`.
    """
    raise NotImplementedError


@hookspec(firstresult=True)
def on_charge(licence: LicenceView) -> Outcome:
    """A period was paid: issue or extend the licence to ``licence.paid_until``."""
    raise NotImplementedError


@hookspec(firstresult=True)
def on_block(licence: LicenceView) -> Outcome:
    """Suspend the licence now; never delete it. Say in `Done.suspended_until` when the vendor would end it by itself."""
    raise NotImplementedError


@hookspec(firstresult=True)
def on_unblock(licence: LicenceView) -> Outcome:
    """Resume the licence with the same seats, quantity and key, until ``licence.paid_until``."""
    raise NotImplementedError


@hookspec(firstresult=True)
def before_period_end(licence: LicenceView) -> Outcome:
    """The next period, from ``licence.suspend_from``, cannot be paid: see to it that it does not start at the vendor.

    Suspend at once, or dated where the vendor can schedule. Not implemented: the host calls `on_block`.
    """
    raise NotImplementedError


@hookspec(firstresult=True)
def on_change(licence: LicenceView, old_quantity: int) -> Outcome:
    """Change the quantity from *old_quantity* to ``licence.quantity``."""
    raise NotImplementedError


@hookspec(firstresult=True)
def on_cancel(licence: LicenceView) -> Outcome:
    """The subscription is over: end the licence. The only hook that may; no unpaid path leads here."""
    raise NotImplementedError


@hookspec(firstresult=True)
def read_licence(licence: LicenceView) -> SeenLicence:
    """Report what the vendor has under ``licence.key``; `SeenState.ABSENT` when the vendor says that it has nothing."""
    raise NotImplementedError


@hookspec(firstresult=True)
def read_licences(licences: Sequence[LicenceView]) -> Sequence[SeenLicence]:
    """Report what the vendor has under the keys of several licences, each once: how a vendor is reconciled that cannot list.

    At most `Capabilities.batch` are asked for at once. Raise when one of them cannot be told. Not implemented: the vendor is
    reconciled by its list, or not at all.
    """
    raise NotImplementedError


@hookspec(firstresult=True)
def list_licences() -> Iterator[Sequence[SeenLicence]]:
    """Report all that the vendor has, page by page. Raise when a page fails or the list is cut off: never end early.

    Key, state and quantity are enough: the host reads each licence that seems to differ with `read_licence`.
    """
    raise NotImplementedError


@hookspec(firstresult=True)
def list_users() -> Iterator[Sequence[VendorUser]]:
    """Report all users that the vendor has, page by page. Raise when a page fails or the list is cut off: never end early."""
    raise NotImplementedError


@hookspec(firstresult=True)
def check_vendor() -> CheckReport:
    """Prove the settings with a harmless call."""
    raise NotImplementedError


@hookspec(firstresult=True)
def on_vendor_webhook(request: WebhookRequest) -> Sequence[VendorEvent]:
    """The vendor calls us: verify the signature or token and turn it into events; what does not concern us is no event.

    Raise `Unauthorised` for a wrong signature or token, `Rejected` for what cannot be read. No vendor is called here.
    """
    raise NotImplementedError
