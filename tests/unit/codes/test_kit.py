"""The kit for vendors of codes: a plugin that breaks the contract fails the proof of just that."""

from collections.abc import Callable
from dataclasses import replace
from typing import Any

import pytest

from isp_addons.clock import ReplayClock
from isp_addons.host import Vendor
from isp_addons.testing import APRIL, NOW, CodeConformance
from isp_addons.vendor_api import Capabilities, Done, LicenceView, SeenLicence, SuspendKind, VendorContext, hookimpl
from isp_addons_codes import Codes, CodesOptions

Proof = Callable[..., None]
LICENCE = LicenceView(
    key="kit-1", reference=None, account="1", product="kis", options={}, quantity=1, paid_until=APRIL, code="KIT1-MARCH-7fZq"
)


class ShowsAnother(Codes):
    @hookimpl
    def on_order(self, licence: LicenceView) -> Done:
        return Done(reference=licence.key, show={"activation_code": "MINE"})


class SellsNothing(Codes):
    @hookimpl
    def on_order(self, licence: LicenceView) -> Done:
        return Done(reference=licence.key, show={"activation_code": licence.code or "later"})


class TellsTheCode(Codes):
    @hookimpl
    def on_order(self, licence: LicenceView) -> Done:
        return Done(reference=f"code {licence.code}", show={"activation_code": licence.code or ""})


class PretendsToSuspend(Codes):
    @hookimpl
    def on_block(self, licence: LicenceView) -> Done:
        return Done(reference=licence.key)


class SaysThatItWasShown(Codes):
    @hookimpl
    def read_licence(self, licence: LicenceView) -> SeenLicence:
        return replace(Codes.read_licence(self, licence), paid_until=licence.paid_until)


class DeclaresTooMuch(Codes):
    capabilities = Capabilities(suspends=SuspendKind.STATE, counts_seats=True, issues_codes=True)  # type: ignore[assignment]


BROKEN: list[tuple[type[Codes], Proof]] = [
    (ShowsAnother, CodeConformance.test_an_order_shows_exactly_the_code_that_was_taken_for_it),
    (SellsNothing, CodeConformance.test_without_a_code_nothing_is_sold),
    (TellsTheCode, CodeConformance.test_an_order_shows_exactly_the_code_that_was_taken_for_it),
    (PretendsToSuspend, CodeConformance.test_what_cannot_be_taken_back_is_not_pretended_to_be),
    (SaysThatItWasShown, CodeConformance.test_after_a_lost_answer_the_code_is_shown),
]


def vendor(plugin: type[Codes]) -> Vendor:
    return Vendor("kit", plugin(VendorContext("kit", CodesOptions(), ReplayClock(NOW))), "kit")


@pytest.mark.parametrize(("plugin", "proof"), BROKEN, ids=lambda each: getattr(each, "__name__", ""))
def test_a_plugin_that_breaks_the_contract_fails_that_proof(plugin: type[Codes], proof: Proof) -> None:
    proof(_kit(Codes), vendor(Codes), LICENCE)
    with pytest.raises(pytest.fail.Exception):
        proof(_kit(plugin), vendor(plugin), LICENCE)


def test_a_plugin_that_declares_too_much_fails() -> None:
    with pytest.raises(pytest.fail.Exception, match="it declares SuspendKind"):
        _kit(DeclaresTooMuch).test_it_declares_what_a_stock_of_codes_is(vendor(DeclaresTooMuch))


def _kit(which: type[Codes]) -> Any:
    class Kit(CodeConformance):
        plugin = which

    return Kit()
