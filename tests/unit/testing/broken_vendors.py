"""Vendors that break the contract, each in one way."""

import json
import logging
from collections.abc import Sequence
from dataclasses import replace
from typing import Any, ClassVar

from pydantic import Field

from isp_addons.clock import SystemClock
from isp_addons.vendor_api import (
    Capabilities,
    Done,
    LicenceView,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    SeenLicence,
    SeenState,
    SuspendKind,
    Unauthorised,
    Unavailable,
    VendorContext,
    VendorError,
    VendorEvent,
    VendorOptions,
    WebhookRequest,
    hookimpl,
)
from unit.testing.sample_vendor import Sample, SampleOptions

_ALL = Capabilities(suspends=SuspendKind.STATE, changes_quantity=True, lists=True)

log = logging.getLogger(__name__)


class DeletesToSuspend(Sample):
    @hookimpl
    def on_block(self, licence: LicenceView) -> Done:
        self.write("DELETE", licence.key)
        return Done()

    @hookimpl
    def on_unblock(self, licence: LicenceView) -> Done:
        return self.on_order(licence)


class RepeatsAfterTimeout(Sample):
    def write(self, method: str, key: str, body: Any = None) -> dict[str, Any]:
        try:
            return super().write(method, key, body)
        except OutcomeUnknown:
            return super().write(method, key, body)


class LogsItsPassword(Sample):
    def headers(self) -> dict[str, str]:
        log.info("calling with %s", self.token)
        return super().headers()


class TellsItsPasswordInErrors(Sample):
    def parsed(self, content: bytes, *, changes: bool) -> dict[str, Any]:
        try:
            return super().parsed(content, changes=changes)
        except VendorError as error:
            error.hint = f"Try curl -H 'Authorization: Bearer {self.token}'"
            raise


class LiesAboutQuantity(Sample):
    @hookimpl
    def on_change(self, licence: LicenceView, old_quantity: int) -> Done:  # noqa: ARG002
        return Done()


class LiesAboutListing(Sample):
    list_licences = None  # type: ignore[assignment]


class LiesAboutSuspending(Sample):
    capabilities = Capabilities(suspends=SuspendKind.NONE, changes_quantity=True, lists=True)


class LiesAboutScheduling(Sample):
    capabilities = replace(_ALL, can_schedule=True)


class LiesAboutEndlessLicences(Sample):
    capabilities = replace(_ALL, endless=True)


class RaisesWhatItLikes(Sample):
    def parsed(self, content: bytes, *, changes: bool) -> dict[str, Any]:  # noqa: ARG002
        told: dict[str, Any] = json.loads(content)
        return told


class TakesHalfAList(Sample):
    def complete(self, found: Sequence[SeenLicence], total: int) -> None:
        """Whatever came is all."""


class CallsALostAnswerUnavailable(Sample):
    def write(self, method: str, key: str, body: Any = None) -> dict[str, Any]:
        try:
            return super().write(method, key, body)
        except OutcomeUnknown as error:
            raise Unavailable(error.message) from error


class ForgetsWhenToComeBack(Sample):
    def write(self, method: str, key: str, body: Any = None) -> dict[str, Any]:
        try:
            return super().write(method, key, body)
        except RateLimited as error:
            raise RateLimited(error.message) from error


class OrdersAnotherOne(Sample):
    @hookimpl
    def on_order(self, licence: LicenceView) -> Done:
        until = licence.paid_until and licence.paid_until.isoformat()
        return Done(reference=self.write("POST", licence.key, {"quantity": licence.quantity, "until": until})["id"])


class ForgetsTheQuantity(Sample):
    @hookimpl
    def on_unblock(self, licence: LicenceView) -> Done:
        self.write("PATCH", licence.key, {"state": "active", "quantity": 1})
        return Done()


class FindsByReferenceOnly(Sample):
    @hookimpl
    def read_licence(self, licence: LicenceView) -> SeenLicence:
        if licence.reference is None:
            return SeenLicence(key=licence.key, state=SeenState.ABSENT)
        return Sample.read_licence(self, licence)


class TakesFailureForAbsence(Sample):
    @hookimpl
    def read_licence(self, licence: LicenceView) -> SeenLicence:
        try:
            return Sample.read_licence(self, licence)
        except VendorError:
            return SeenLicence(key=licence.key, state=SeenState.ABSENT)


class RefusesWhatIsDoneAlready(Sample):
    @hookimpl
    def on_cancel(self, licence: LicenceView) -> Done:
        if Sample.read_licence(self, licence).state is SeenState.ABSENT:
            raise Rejected("there is nothing to cancel", action="on_cancel")
        return Sample.on_cancel(self, licence)


class SuspendsEverybody(Sample):
    @hookimpl
    def on_block(self, licence: LicenceView) -> Done:
        for page in Sample.list_licences(self):
            for each in page:
                self.write("PATCH", each.key, {"state": "suspended"})
        self.write("PATCH", licence.key, {"state": "suspended"})
        return Done()


class LivesAtItsOwnTime(Sample):
    def __init__(self, context: VendorContext[SampleOptions]) -> None:
        super().__init__(VendorContext(context.name, context.options, SystemClock()))


class TakesWrongCredentialsForARefusal(Sample):
    def ask(self, path: str, **params: str) -> dict[str, Any]:
        try:
            return super().ask(path, **params)
        except Unauthorised as error:
            raise Rejected(error.message) from error


class PlainPasswordOptions(SampleOptions):
    password: str = Field(default="", description="A secret that is shown everywhere.")


class ShowsItsPassword(Sample):
    Options: ClassVar[type[VendorOptions]] = PlainPasswordOptions


class TakesAnyWebhook(Sample):
    @hookimpl
    def on_vendor_webhook(self, request: WebhookRequest) -> Sequence[VendorEvent]:  # noqa: ARG002
        return []


class CannotCharge(Sample):
    on_charge = None  # type: ignore[assignment]


class NeverGivesUp(Sample):
    def ask(self, path: str, **params: str) -> dict[str, Any]:
        for _ in range(9):
            try:
                return super().ask(path, **params)
            except Unavailable as error:
                log.info("once more: %s", error)
        return super().ask(path, **params)
