"""What each hook makes of a subscription at Kaspersky, and how often it calls."""

import subprocess
import sys
from dataclasses import replace
from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from isp_addons.clock import ReplayClock
from isp_addons.domain.licence import Step
from isp_addons.vendor import Vendor
from isp_addons.vendor_api import Done, LicenceView, OutcomeUnknown, Rejected, SeenState, Unavailable, Unsupported
from isp_addons_kaspersky.sandbox import KasperskySandbox

APRIL = datetime(2026, 4, 1, tzinfo=UTC)
MAY = datetime(2026, 5, 1, tzinfo=UTC)
KEY = "ia7f-1-1"


def shown(answer: object) -> dict[str, str]:
    assert isinstance(answer, Done)
    return dict(answer.show)


def test_an_order_is_one_call_with_our_key_true_utc_and_shows_the_code(
    make_vendor: Any, licence: LicenceView, control: Any, clock: ReplayClock
) -> None:
    moscow = timezone(timedelta(hours=3))
    clock.moment = datetime(2026, 3, 10, 15, 0, tzinfo=moscow)
    answer = make_vendor().do(Step.ORDER, replace(licence, paid_until=datetime(2026, 4, 1, 0, 0, tzinfo=moscow)))
    row = control.subscriber()
    assert (row["start"], row["end"]) == ("2026-03-10T12:00:00+00:00", "2026-03-31T21:00:00+00:00")
    assert (row["status"], row["quantity"], row["product_id"]) == ("Started", 3, "KISMD")
    assert answer == Done(reference=KEY, show={"activation_code": row["code"]})
    assert control.calls() == ["Activate"]


def test_a_licence_without_end_is_indefinite(vendor: Vendor, licence: LicenceView, control: Any) -> None:
    vendor.do(Step.ORDER, replace(licence, paid_until=None))
    assert control.subscriber()["end"] is None
    assert vendor.read(licence).paid_until is None


def test_the_products_own_option_names_the_product(vendor: Vendor, licence: LicenceView, control: Any) -> None:
    vendor.do(Step.ORDER, replace(licence, options={"product_id": "KTSMD"}))
    assert control.subscriber()["product_id"] == "KTSMD"


def test_a_product_that_names_none_is_told_what_to_set(make_vendor: Any, licence: LicenceView, control: Any) -> None:
    with pytest.raises(Rejected, match=r"Antivirus names no product_id.*Set the product's option product_id"):
        make_vendor(product_id="").do(Step.ORDER, licence)
    assert control.calls() == []


@pytest.mark.parametrize("reference", ["a\x00b", "x" * 121, " padded "])
def test_what_cannot_be_a_subscriber_id_is_never_sent(
    vendor: Vendor, licence: LicenceView, control: Any, reference: str
) -> None:
    with pytest.raises(Rejected, match="cannot be a SubscriberId"):
        vendor.do(Step.BLOCK, replace(licence, reference=reference))
    assert control.calls() == []


def test_a_licence_with_an_id_of_its_own_is_known_by_that(vendor: Vendor, licence: LicenceView, control: Any) -> None:
    control.by_hand("Activate", "anna@example.net & co")
    imported = replace(licence, reference="anna@example.net & co")
    vendor.do(Step.BLOCK, imported)
    assert vendor.read(imported).state is SeenState.SUSPENDED
    assert control.status("anna@example.net & co") == "Paused"


@pytest.mark.parametrize(
    ("mode", "stopped", "item"), [("pause", "Paused", "Pause"), ("soft_cancel", "SoftCancelled", "SoftCancel")]
)
def test_suspending_is_done_as_the_settings_say_and_keeps_the_code(
    make_vendor: Any, ordered: LicenceView, control: Any, mode: str, stopped: str, item: str
) -> None:
    vendor, before = make_vendor(suspend_mode=mode), control.subscriber()
    made = len(control.calls())
    vendor.do(Step.BLOCK, ordered)
    assert (control.status(), control.calls()[made:]) == (stopped, [item])
    assert vendor.read(ordered).state is SeenState.SUSPENDED
    assert shown(vendor.do(Step.UNBLOCK, ordered)) == {"activation_code": before["code"]}
    after = control.subscriber()
    assert (after["status"], after["code"], after["end"], after["quantity"]) == ("Started", before["code"], before["end"], 3)


@pytest.mark.parametrize("mode", ["pause", "soft_cancel"])
@pytest.mark.parametrize("item", ["Pause", "SoftCancel"])
def test_whatever_stopped_it_the_licence_is_suspended_and_can_be_resumed(
    make_vendor: Any, ordered: LicenceView, control: Any, mode: str, item: str
) -> None:
    vendor = make_vendor(suspend_mode=mode)
    control.by_hand(item)
    assert vendor.read(ordered).state is SeenState.SUSPENDED
    assert vendor.do(Step.BLOCK, ordered) == Done()
    vendor.do(Step.UNBLOCK, replace(ordered, paid_until=MAY))
    assert (control.status(), control.subscriber()["end"]) == ("Started", "2026-05-01T00:00:00+00:00")


def test_the_code_is_shown_again_by_every_hook_that_looks(vendor: Vendor, ordered: LicenceView, control: Any) -> None:
    code = {"activation_code": control.subscriber()["code"]}
    assert shown(vendor.do(Step.CHARGE, replace(ordered, paid_until=MAY))) == code
    assert shown(vendor.do(Step.UNBLOCK, replace(ordered, paid_until=MAY))) == code
    assert shown(vendor.do(Step.CHANGE, ordered, old_quantity=3)) == code
    assert shown(vendor.do(Step.ORDER, replace(ordered, paid_until=MAY))) == code


def test_what_is_as_wanted_is_looked_at_and_not_touched(vendor: Vendor, ordered: LicenceView, control: Any) -> None:
    before, made = control.subscriber(), len(control.calls())
    for step in (Step.CHARGE, Step.UNBLOCK, Step.CHANGE):
        vendor.do(step, ordered, old_quantity=3)
    assert control.calls()[made:] == ["GetInfo"] * 3
    assert control.subscriber() == before


def test_202_for_what_is_so_already_is_success_after_a_look(vendor: Vendor, ordered: LicenceView, control: Any) -> None:
    vendor.do(Step.BLOCK, ordered)
    made = len(control.calls())
    assert vendor.do(Step.BLOCK, ordered) == Done()
    assert control.calls()[made:] == ["Pause 202", "GetInfo"]
    vendor.do(Step.CANCEL, ordered)
    made = len(control.calls())
    assert vendor.do(Step.CANCEL, ordered) == Done()
    assert control.calls()[made:] == ["HardCancel 202", "GetInfo"]


def test_202_that_a_look_does_not_explain_is_shown_to_a_person(vendor: Vendor, ordered: LicenceView, control: Any) -> None:
    control.refuse("Pause", 202)
    with pytest.raises(
        Rejected, match=r"Pause ia7f-1-1: Kaspersky refuses Pause .*error 202 \(not allowed in its present state"
    ):
        vendor.do(Step.BLOCK, ordered)
    control.refuse("HardCancel", 202)
    with pytest.raises(Rejected, match="HardCancel"):
        vendor.do(Step.CANCEL, ordered)
    assert control.status() == "Started"


def test_an_unknown_code_is_shown_to_a_person_with_its_words(vendor: Vendor, ordered: LicenceView, control: Any) -> None:
    control.refuse("Renew", 317, "Contract  is on\nhold.")
    with pytest.raises(Rejected, match=r"Kaspersky refuses Renew for ia7f-1-1 \(error 317: Contract is on hold.\)"):
        vendor.do(Step.CHARGE, replace(ordered, paid_until=MAY))


@pytest.mark.parametrize("step", [Step.CHARGE, Step.BLOCK, Step.UNBLOCK, Step.CHANGE])
def test_a_subscriber_that_is_unknown_or_ended_is_read_and_then_ordered_again(
    vendor: Vendor, make_licence: Any, control: Any, step: Step
) -> None:
    unknown, ended = make_licence("ia7f-1-8"), make_licence("ia7f-1-9")
    vendor.do(Step.ORDER, ended)
    control.by_hand("HardCancel", ended.key)
    for licence, state in ((unknown, SeenState.ABSENT), (ended, SeenState.ENDED)):
        with pytest.raises(OutcomeUnknown, match="it is read first"):
            vendor.do(step, licence, old_quantity=2)
        assert vendor.read(licence).state is state
        vendor.do(Step.ORDER, licence)
        assert control.status(licence.key) == "Started"


@pytest.mark.parametrize("step", [Step.CHARGE, Step.CHANGE])
def test_one_that_is_suspended_there_is_read_before_it_is_changed(
    vendor: Vendor, ordered: LicenceView, control: Any, step: Step
) -> None:
    control.by_hand("Pause")
    with pytest.raises(OutcomeUnknown, match="ia7f-1-1 is suspended there; it is read first"):
        vendor.do(step, replace(ordered, quantity=5, paid_until=MAY), old_quantity=3)
    assert (control.status(), control.subscriber()["quantity"]) == ("Paused", 3)


def test_one_that_starts_later_cannot_be_suspended_before(
    vendor: Vendor, licence: LicenceView, control: Any, clock: ReplayClock
) -> None:
    control.by_hand("Activate", StartTime="2026-03-10T12:05:00Z", EndTime="indefinite")
    assert (control.status(), vendor.read(licence).state) == ("NotStarted", SeenState.ACTIVE)
    with pytest.raises(Unavailable, match="starts only at 2026-03-10 12:05:00"):
        vendor.do(Step.BLOCK, licence)
    clock.moment += timedelta(minutes=5)
    assert vendor.do(Step.BLOCK, licence) == Done()


def test_an_order_of_what_is_live_already_takes_it_and_makes_it_as_ordered(
    vendor: Vendor, licence: LicenceView, control: Any
) -> None:
    control.by_hand("Activate", LicenseCount="3", EndTime="indefinite")
    control.by_hand("Pause")
    answer = vendor.do(Step.ORDER, licence)
    row = control.subscriber()
    assert (row["status"], row["quantity"], row["end"]) == ("Started", 3, "2026-04-01T00:00:00+00:00")
    assert shown(answer) == {"activation_code": row["code"]}
    assert control.calls() == ["Activate 9101", "GetInfo", "Resume+Renew"]


def test_an_order_of_what_is_live_with_another_quantity_makes_it_anew(
    vendor: Vendor, licence: LicenceView, control: Any
) -> None:
    control.by_hand("Activate", LicenseCount="1")
    answer = vendor.do(Step.ORDER, licence)
    row = control.subscriber()
    assert (row["status"], row["quantity"], row["end"]) == ("Started", 3, "2026-04-01T00:00:00+00:00")
    assert shown(answer) == {"activation_code": row["code"]}
    assert control.calls() == ["Activate 9101", "GetInfo", "HardCancel+Activate"]


def test_an_order_of_what_is_live_with_another_product_ends_nothing(vendor: Vendor, licence: LicenceView, control: Any) -> None:
    control.by_hand("Activate", LicenseCount="3", ProductId="KTSMD")
    with pytest.raises(Rejected, match=r"has ia7f-1-1 with the product KTSMD, not KISMD.*Cancel it at Kaspersky"):
        vendor.do(Step.ORDER, licence)
    assert (control.status(), control.subscriber()["product_id"]) == ("Started", "KTSMD")


def test_a_started_one_that_is_not_renewed_says_what_to_sell_instead(
    vendor: Vendor, ordered: LicenceView, control: Any
) -> None:
    control.refuse("Renew", 202, "Not now.")
    with pytest.raises(Rejected, match=r"error 202: Not now.*sell this product without an end date"):
        vendor.do(Step.CHARGE, replace(ordered, paid_until=MAY))


def test_an_order_that_is_refused_and_not_there_is_shown_to_a_person(make_vendor: Any, licence: LicenceView) -> None:
    with (
        KasperskySandbox(products="KIS, KTSMD") as picky,
        pytest.raises(Rejected, match="error 9102: There is no such product"),
    ):
        make_vendor(server=picky).do(Step.ORDER, licence)


def test_download_links_are_shown_beside_the_code(make_vendor: Any, licence: LicenceView, control: Any) -> None:
    vendor = make_vendor(platforms="Windows, iOS", language="ru")
    answer = shown(vendor.do(Step.ORDER, licence))
    code = control.subscriber()["code"]
    assert answer == {
        "activation_code": code,
        "download_windows": f"https://downloads.example.net/windows/ru/{code}",
        "download_ios": f"https://downloads.example.net/ios/ru/{code}",
    }
    assert shown(vendor.do(Step.CHARGE, licence)) == answer


def test_an_order_stands_whatever_comes_of_its_download_links(
    make_vendor: Any, licence: LicenceView, control: Any, caplog: pytest.LogCaptureFixture
) -> None:
    vendor = make_vendor(platforms="Windows, iOS")
    control.fault("timeout_after", action="GetDownloadLinks", seconds=0.01)
    assert list(shown(vendor.do(Step.ORDER, licence))) == ["activation_code"]
    control.refuse("GetDownloadLinks", 77, "not for this region")
    assert list(shown(vendor.do(Step.CHARGE, licence))) == ["activation_code", "download_ios"]
    assert "the download links of ia7f-1-1 could not be read" in caplog.text
    assert "no Windows download link of ia7f-1-1: error 77: not for this region" in caplog.text


def test_nothing_can_be_listed(vendor: Vendor) -> None:
    assert vendor.capabilities.lists is False
    with pytest.raises(Unsupported):
        list(vendor.list_licences())


def test_no_hook_but_cancel_and_change_ever_sends_a_hard_cancel(vendor: Vendor, licence: LicenceView, control: Any) -> None:
    for step in (Step.ORDER, Step.CHARGE, Step.BLOCK, Step.BEFORE_PERIOD_END, Step.UNBLOCK, Step.READ, Step.ORDER):
        vendor.do(step, licence)
    assert not [call for call in control.calls() if "HardCancel" in call]
    assert control.status() == "Started"


def test_importing_the_plugin_and_making_a_vendor_does_not_load_zeep() -> None:
    program = (
        "import sys; from isp_addons_kaspersky import Kaspersky, KasperskyOptions;"
        "from isp_addons.clock import SystemClock; from isp_addons.vendor_api import VendorContext;"
        "options = KasperskyOptions(user_name='u', password='p');"
        "Kaspersky(VendorContext('k', options, SystemClock())).close(); Kaspersky.sandbox();"
        "sys.exit('zeep' in sys.modules or 'lxml' in sys.modules)"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False, timeout=60).returncode == 0


def test_without_zeep_a_call_says_what_to_install(
    vendor: Vendor, licence: LicenceView, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setitem(sys.modules, "zeep", None)
    with pytest.raises(Unavailable, match=r"zeep.*is not installed. Install it beside isp-addons: pip install 'zeep>=4.3'"):
        vendor.do(Step.ORDER, licence)
