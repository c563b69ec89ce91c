"""Calling a plugin: the right hook of the right vendor, and nothing but the contract comes out."""

import logging
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from isp_addons.clock import SystemClock
from isp_addons.domain.licence import Step
from isp_addons.vendor import PluginFault, Vendor
from isp_addons.vendor_api import (
    Capabilities,
    CheckReport,
    Done,
    LicenceView,
    OutcomeUnknown,
    RateLimited,
    Rejected,
    SeenLicence,
    SeenState,
    SuspendKind,
    Unavailable,
    Unsupported,
    VendorContext,
    VendorError,
    VendorOptions,
    VendorPlugin,
    hookimpl,
)

LICENCE = LicenceView(
    key="k", reference=None, account="42", product="av", options={}, quantity=3, paid_until=datetime(2026, 4, 1, tzinfo=UTC)
)


class Plugin(VendorPlugin[VendorOptions]):
    capabilities = Capabilities(suspends=SuspendKind.STATE)

    def __init__(self, answer: Callable[[], Any] = Done) -> None:
        super().__init__(VendorContext("v", VendorOptions(), SystemClock()))
        self.answer = answer
        self.called: list[tuple[Any, ...]] = []

    @hookimpl
    def on_block(self, licence: LicenceView) -> Any:
        self.called.append(("on_block", licence.key))
        return self.answer()

    @hookimpl
    def on_change(self, licence: LicenceView, old_quantity: int) -> Any:
        self.called.append(("on_change", old_quantity, licence.quantity))
        return self.answer()

    @hookimpl
    def read_licence(self, licence: LicenceView) -> Any:
        return self.answer() if self.answer is not Done else SeenLicence(key=licence.key, state=SeenState.ACTIVE)

    @hookimpl
    def list_licences(self) -> Iterator[Sequence[SeenLicence]]:
        return self.answer()  # type: ignore[no-any-return]

    @hookimpl
    def check_vendor(self) -> CheckReport:
        return self.answer()  # type: ignore[no-any-return]


def _vendor(answer: Callable[[], Any] = Done, **options: Any) -> Vendor:
    return Vendor("v", Plugin(answer), "1", **options)


def _raise(error: BaseException) -> Any:
    raise error


def test_two_vendors_of_one_plugin_never_hear_of_each_others_calls() -> None:
    one, two = _vendor(), _vendor()
    one.do(Step.BLOCK, LICENCE)
    assert (one.plugin.called, two.plugin.called) == ([("on_block", "k")], [])  # type: ignore[attr-defined]


def test_a_change_is_told_the_old_and_the_new_quantity() -> None:
    vendor = _vendor()
    vendor.do(Step.CHANGE, LICENCE, old_quantity=2)
    assert vendor.plugin.called == [("on_change", 2, 3)]  # type: ignore[attr-defined]


def test_a_vendor_with_no_way_of_its_own_before_a_period_ends_is_blocked() -> None:
    vendor = _vendor()
    vendor.do(Step.BEFORE_PERIOD_END, LICENCE)
    assert vendor.plugin.called == [("on_block", "k")]  # type: ignore[attr-defined]


def test_a_hook_that_is_not_there_is_unsupported() -> None:
    with pytest.raises(Unsupported, match="has no on_cancel"):
        _vendor().do(Step.CANCEL, LICENCE)


@pytest.mark.parametrize(
    "error", [ValueError("x"), SystemExit(), GeneratorExit(), StopIteration(), ExceptionGroup("g", [OSError()])]
)
def test_whatever_escapes_a_plugin_is_its_own_fault(error: BaseException) -> None:
    with pytest.raises(PluginFault, match=type(error).__name__) as caught:
        _vendor(lambda: _raise(error)).do(Step.BLOCK, LICENCE)
    assert isinstance(caught.value, OutcomeUnknown)


def test_an_interrupt_by_the_admin_goes_through() -> None:
    with pytest.raises(KeyboardInterrupt):
        _vendor(lambda: _raise(KeyboardInterrupt())).check()


def test_no_secret_reaches_a_log_or_an_error(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "pa55-of-vendor"
    for error in (
        ValueError(f"url http://isp:{secret}@vendor"),
        Rejected(f"refused {secret}", action=f"login {secret}", answer=f"you sent {secret}", hint=f"not {secret}"),
    ):
        with pytest.raises(VendorError) as caught:
            _vendor(lambda error=error: _raise(error), secrets=[secret]).do(Step.BLOCK, LICENCE)  # type: ignore[misc]
        assert secret not in f"{caught.value} {caught.value.answer} {caught.value.action}"
        assert "*" in str(caught.value)
    with pytest.raises(PluginFault) as fault:
        _vendor(lambda: secret, secrets=[secret]).do(Step.BLOCK, LICENCE)
    assert secret not in str(fault.value)
    assert "ValueError" in caplog.text, "the admin finds where it happened"
    assert "test_vendor.py" in caplog.text
    assert secret not in caplog.text
    assert [record.levelno for record in caplog.records] == [logging.ERROR, logging.DEBUG]


def test_what_a_plugin_raises_is_one_line_in_the_log_unless_debug_is_asked_for(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    with pytest.raises(PluginFault):
        _vendor(lambda: _raise(ValueError("no\nsuch thing"))).do(Step.BLOCK, LICENCE)
    assert [record.getMessage() for record in caplog.records] == [
        "the plugin of vendor v raised in on_block: ValueError: no such thing"
    ]


def test_a_time_without_zone_in_an_error_is_left_out() -> None:
    error = RateLimited("slow down", until=datetime(2026, 1, 1))  # noqa: DTZ001 - naive on purpose
    with pytest.raises(RateLimited) as caught:
        _vendor(lambda: _raise(error)).do(Step.BLOCK, LICENCE)
    assert caught.value.until is None


def test_a_check_that_answers_nothing_has_not_succeeded() -> None:
    assert _vendor(lambda: CheckReport(("logged in",))).check().findings == ("logged in",)
    with pytest.raises(PluginFault, match="contract"):
        _vendor(lambda: "all right").check()
    with pytest.raises(Unavailable):
        _vendor(lambda: _raise(Unavailable("down"))).check()


SEEN = SeenLicence(key="k", state=SeenState.ACTIVE)


def _cut_off() -> Iterator[Sequence[SeenLicence]]:
    yield [SEEN]
    raise Unavailable("the second page is missing")


def _breaks() -> Iterator[Sequence[SeenLicence]]:
    yield [SEEN]
    raise KeyError("station")


@pytest.mark.parametrize(
    ("pages", "error"),
    [
        (_cut_off, Unavailable),
        (_breaks, PluginFault),
        (lambda: None, PluginFault),
        (lambda: [[SEEN]], PluginFault),
        (lambda: iter([[SEEN], SEEN]), PluginFault),
        (lambda: iter([[SEEN], ["k"]]), PluginFault),
        (lambda: iter([[SEEN, replace(SEEN, quantity="many")]]), PluginFault),  # type: ignore[arg-type]
        (lambda: iter([[SEEN], None, [SEEN]]), PluginFault),
    ],
)
def test_a_list_that_does_not_come_whole_raises(pages: Callable[[], Any], error: type[VendorError]) -> None:
    with pytest.raises(error):
        list(_vendor(pages).list_licences())


def test_a_whole_list_comes_page_by_page() -> None:
    pages = [[SEEN], [], [SEEN, SEEN]]
    assert list(_vendor(lambda: iter(pages)).list_licences()) == pages


def test_reading_gives_what_the_vendor_has() -> None:
    assert _vendor(lambda: SEEN).read(LICENCE) == SEEN
    with pytest.raises(PluginFault):
        _vendor(lambda: Done()).read(LICENCE)


@pytest.mark.parametrize(
    "answer", [Done(show={"activation_code": 17361736}), SeenLicence(key="k", state=SeenState.ACTIVE, show={17361736: ""})]
)  # type: ignore[dict-item]
def test_an_unfit_answer_is_told_without_what_it_shows(answer: Any) -> None:
    step = Step.BLOCK if isinstance(answer, Done) else Step.READ

    with pytest.raises(PluginFault, match=f"answered {type(answer).__name__} with a value of show,") as fault:
        _vendor(lambda: answer).do(step, LICENCE)

    assert "1736" not in f"{fault.value} {answer!r}"


class ReadsMany(VendorPlugin[VendorOptions]):
    capabilities = Capabilities(suspends=SuspendKind.STATE, batch=2)

    def __init__(self, answer: Callable[[Sequence[LicenceView]], Any]) -> None:
        super().__init__(VendorContext("v", VendorOptions(), SystemClock()))
        self.answer = answer
        self.asked: list[list[str]] = []

    @hookimpl
    def read_licences(self, licences: Sequence[LicenceView]) -> Any:
        self.asked.append([each.key for each in licences])
        return self.answer(licences)


def _active(licences: Sequence[LicenceView]) -> list[SeenLicence]:
    return [SeenLicence(key=each.key, state=SeenState.ACTIVE) for each in licences]


FIVE = [replace(LICENCE, key=key) for key in "abcde"]


def test_many_licences_are_read_a_batch_at_once() -> None:
    plugin = ReadsMany(_active)
    vendor = Vendor("v", plugin, "1")
    assert vendor.reconciles
    assert list(vendor.read_all(FIVE)) == list("abcde")
    assert plugin.asked == [["a", "b"], ["c", "d"], ["e"]]


@pytest.mark.parametrize(
    "answer",
    [
        lambda licences: _active(licences)[:-1],
        lambda licences: [*_active(licences), *_active(FIVE[-1:])],
        lambda licences: [*_active(licences)[:-1], SeenLicence(key="z", state=SeenState.ACTIVE)],
        lambda licences: _active(licences) * 2,
        lambda _licences: None,
        lambda _licences: ["a", "b"],
    ],
)
def test_an_answer_that_leaves_one_out_is_no_answer(answer: Callable[[Sequence[LicenceView]], Any]) -> None:
    with pytest.raises(PluginFault):
        Vendor("v", ReadsMany(answer), "1").read_all(FIVE[:2])
