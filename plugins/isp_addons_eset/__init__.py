"""ESET MSP Administrator 2: one customer company with one licence in it, with a quantity; suspended by state, never removed.

How a licence of ours is known there, since ESET chooses the licence's key and an order takes no reference of ours
(license_order): each licence has a customer company of its own, whose name ends with our key, ``1042 [ia7f3a-12-1]``. Names are
unique among siblings (company_create_customer), so the company cannot come about twice; the licences in it are looked at
before one is ordered, and code 20 says that there is one. The name is also the only text of ours that lists tell
(children, descendants). So an order whose answer was lost is found by its company's name, and a list needs no call for
each licence.

The end: ESET removes trials only (faq, license_remove). A cancelled full licence stays suspended, which costs nothing after
that day, and its company's name says so, ``1042 [ia7f3a-12-1, ended]``: suspended under such a name is ended.
"""

from __future__ import annotations

import logging
from collections import defaultdict
from collections.abc import Callable, Iterator, Sequence
from datetime import time, timedelta
from typing import TYPE_CHECKING, Any, ClassVar
from zoneinfo import ZoneInfo

from isp_addons.vendor_api import (
    Capabilities,
    CheckReport,
    Done,
    LicenceView,
    OutcomeUnknown,
    Rejected,
    SeenLicence,
    SeenState,
    SuspendKind,
    VendorContext,
    VendorOptions,
    VendorPlugin,
    hookimpl,
)
from isp_addons_eset.answers import ALREADY_ORDERED, NO_TRIAL, NOT_ACTIVE, Refused
from isp_addons_eset.check import findings
from isp_addons_eset.client import EsetClient
from isp_addons_eset.lookup import GONE, Lookup
from isp_addons_eset.options import EsetOptions
from isp_addons_eset.translate import Company, EsetLicence, State, seen

if TYPE_CHECKING:
    from isp_addons_eset.sandbox import EsetSandbox

__all__ = ["Eset", "EsetOptions"]

log = logging.getLogger(__name__)

_DAILY_CUT = (time(0, 30), ZoneInfo("Europe/Bratislava"))
_EXTENSION = timedelta(days=30)
_YES_OR_NO = {"yes": True, "no": False}


class Eset(VendorPlugin[EsetOptions]):
    """One MSP account. A licence is a licence with a quantity, in a company whose name bears the licence's key."""

    Options: ClassVar[type[VendorOptions]] = EsetOptions

    def __init__(self, context: VendorContext[EsetOptions]) -> None:
        super().__init__(context)
        self._options = context.options
        self._client = EsetClient(context.options, clock=context.clock)
        self._lookup = Lookup(self._client, context.options)

    @property
    def capabilities(self) -> Capabilities:
        """See `VendorPlugin.capabilities`. What is ordered at 00:30 Central European time is billed for the day."""
        return Capabilities(
            suspends=SuspendKind.STATE,
            changes_quantity=True,
            endless=True,
            ends_by_itself=False,
            lists=True,
            daily_cut=_DAILY_CUT,
        )

    def close(self) -> None:
        """See `VendorPlugin.close`."""
        self._client.close()

    @classmethod
    def sandbox(cls, **settings: Any) -> EsetSandbox:
        """Make the stand-in server; *settings* as `EsetSandbox` takes them: port, login, password, token_seconds and more."""
        from isp_addons_eset.sandbox import EsetSandbox

        return EsetSandbox(**settings)

    @hookimpl
    def on_order(self, licence: LicenceView) -> Done:
        """Find the licence's company or make it, then order in it (company_create_customer, license_order).

        What is found there is taken: resumed, given its quantity, its mark of having ended taken away. Code 20, ordered
        already, means to look again.
        """
        code, trial = self._product_code(licence), _is_trial(licence)
        company, standing = self._client.find_company(licence.key), None
        if company is None:
            company = self._client.create_company(licence.key, account=licence.account, product=licence.product)
        else:
            standing = self._lookup.inside(company, licence, ordering=True)
            if company.ended:
                self._client.rename(company, key=licence.key, ended=False)
        if standing is None:
            try:
                reference = self._client.order(company.id, code, licence.quantity, trial=trial, about=licence.key)
                return _ordered(reference)
            except Refused as error:
                standing = self._lookup.inside(company, licence, ordering=True) if error.sub_code == ALREADY_ORDERED else None
                if standing is None:
                    raise
        return _ordered(self._as_ordered(licence, standing))

    @hookimpl
    def on_charge(self, licence: LicenceView) -> Done:
        """See that the licence is there: a full one has no end, and is billed by the day until it is suspended.

        A trial whose product is no longer sold as one becomes a full licence. Else it is extended, by 30 days and at most twice
        (license_extend), when more than half an extension is missing.
        """
        standing = self._lookup.standing(licence)
        if standing.trial and not _is_trial(licence):
            return _ordered(self._client.convert(standing.public_key, licence.quantity, about=licence.key))
        if standing.trial and standing.expires is not None and licence.paid_until is not None:
            missing = licence.paid_until - standing.expires
            for _ in range(round(missing / _EXTENSION)):
                self._client.extend_trial(standing.public_key, about=licence.key)
        return Done(reference=standing.public_key)

    @hookimpl
    def on_block(self, licence: LicenceView) -> Done:
        """Suspend the licence (license_suspend): it keeps its key and seats. The day on which it happens is still billed."""

        def suspend(public_key: str) -> None:
            try:
                self._client.suspend(public_key, about=licence.key)
            except Refused as error:
                inactive = error.sub_code == NOT_ACTIVE and self._state(public_key, licence) is State.SUSPENDED
                if not inactive:
                    raise

        return self._change(licence, suspend)

    @hookimpl
    def on_unblock(self, licence: LicenceView) -> Done:
        """Resume the licence (License/Unsuspend) with the same key and seats."""
        return self._change(licence, lambda public_key: self._client.resume(public_key, about=licence.key))

    @hookimpl
    def on_change(self, licence: LicenceView, old_quantity: int) -> Done:  # noqa: ARG002 - the contract names it
        """Set the number of seats (license_update). Code 23 for one that is suspended there: it must be read, and resumed."""

        def update(public_key: str) -> None:
            try:
                self._client.update_quantity(public_key, licence.quantity, about=licence.key)
            except Refused as error:
                if error.sub_code == NOT_ACTIVE and self._state(public_key, licence) is State.SUSPENDED:
                    raise OutcomeUnknown(
                        f"ESET has {licence.key} suspended, so its quantity was not changed; it is read first.",
                        action=f"on_change {licence.key}",
                    ) from error
                raise

        return self._change(licence, update)

    @hookimpl
    def on_cancel(self, licence: LicenceView) -> Done:
        """Mark the company as ended and suspend the full licence in it, or remove the trial (license_remove).

        The mark comes first: alone it changes nothing, and with the suspension the licence has ended at once.
        """
        standing = self._lookup.known(licence)
        company = self._lookup.company_of(licence, standing)
        if company is not None and not company.ended:
            self._client.rename(company, key=licence.key, ended=True)
        if standing is None:
            log.info("ESET has no licence for %s: there is nothing to end", licence.key)
            return Done()
        try:
            if standing.trial:
                self._client.remove_trial(standing.public_key, about=licence.key)
                return Done()
        except Refused as error:
            if error.sub_code != NO_TRIAL:
                raise
        self._client.suspend(standing.public_key, about=licence.key)
        return Done()

    @hookimpl
    def read_licence(self, licence: LicenceView) -> SeenLicence:
        """Read the licence by its reference (license_detail), else by our key: the company's name, then what is in it."""
        standing, company = self._lookup.by_reference(licence), None
        if standing is None:
            company = self._client.find_company(licence.key)
            standing = None if company is None else self._lookup.inside(company, licence)
        if standing is None:
            over = company is not None and company.ended
            return SeenLicence(key=licence.key, state=SeenState.ENDED if over else SeenState.ABSENT)
        if company is None and standing.state is State.SUSPENDED:
            company = self._client.company(standing.customer_id, about=licence.key)
        return seen(standing, key=licence.key, ended=company is not None and company.ended)

    @hookimpl
    def list_licences(self) -> Iterator[Sequence[SeenLicence]]:
        """Report the licences of all direct customers, from two lists: all licences, then all companies for their names.

        One in a company that bears no key of ours is reported under ESET's own. Where several stand in one company, which is
        ours is *unknown* here: the host then reads it on its own.
        """
        licences = defaultdict(list)
        for each in self._client.licences():
            if each.state is not State.OBSOLETE:
                licences[each.customer_id].append(each)
        parent = self._options.parent_company or self._client.own_company().id
        companies = self._client.children(parent)
        found = [each for company in companies for each in _listed(company, licences[company.id])]
        for start in range(0, len(found), self._options.page_size):
            yield tuple(found[start : start + self._options.page_size])

    @hookimpl
    def check_vendor(self) -> CheckReport:
        """Log in, and read the login's company and its customers."""
        return CheckReport(findings(self._client, self._options))

    def _product_code(self, licence: LicenceView) -> str:
        code = licence.options.get("product_code") or self._options.product_code
        if not code:
            raise Rejected(
                f"The product {licence.product} names no product_code of ESET.",
                action=f"on_order {licence.key}",
                hint="Set the product's option product_code, or product_code in the vendor's section, and try again.",
            )
        return code

    def _as_ordered(self, licence: LicenceView, standing: EsetLicence) -> str:
        """Make a licence that is there what was ordered; returns its public key."""
        if standing.state is State.SUSPENDED:
            self._client.resume(standing.public_key, about=licence.key)
        if standing.trial and not _is_trial(licence):
            return self._client.convert(standing.public_key, licence.quantity, about=licence.key)
        if standing.quantity != licence.quantity:
            self._client.update_quantity(standing.public_key, licence.quantity, about=licence.key)
        return standing.public_key

    def _change(self, licence: LicenceView, act: Callable[[str], None]) -> Done:
        """Change a licence by ESET's key; where ESET knows that key no more, by the one that is found under ours."""
        public_key = licence.reference or self._lookup.standing(licence).public_key
        try:
            act(public_key)
            return Done()
        except Refused as error:
            if error.status not in GONE or not licence.reference:
                raise
            standing = self._lookup.by_key(licence)
            if standing is None or standing.public_key == public_key:
                raise
        act(standing.public_key)
        return Done(reference=standing.public_key)

    def _state(self, public_key: str, licence: LicenceView) -> State:
        return self._client.licence(public_key, about=licence.key).state


def _ordered(reference: str) -> Done:
    return Done(reference=reference, show={"licence_id": reference})


def _is_trial(licence: LicenceView) -> bool:
    told = licence.options.get("trial") or "no"
    if told not in _YES_OR_NO:
        raise Rejected(
            f"The option trial of the product {licence.product} is {told!r}.",
            action=f"find {licence.key}",
            hint="Write yes or no, and try again.",
        )
    return _YES_OR_NO[told]


def _listed(company: Company, licences: Sequence[EsetLicence]) -> Iterator[SeenLicence]:
    """What is reported of one company."""
    if company.key is None:
        yield from (seen(each, key=each.public_key, ended=False, account=company.name) for each in licences)
    elif len(licences) > 1:
        yield SeenLicence(key=company.key, state=SeenState.UNKNOWN, account=company.account)
    else:
        yield from (seen(each, key=company.key, ended=company.ended, account=company.account) for each in licences)
