"""The settings of Ajax, what a person is told by them, and that the README tells them all."""

from datetime import UTC, datetime, timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from isp_addons.vendor_api import Done, LicenceView, NeedsOperator, Rejected, ReplayClock, VendorContext
from isp_addons.vendor_api.account_file import TakesAccountFile
from isp_addons_ajax import Ajax, AjaxOptions

APRIL = datetime(2026, 4, 1, tzinfo=UTC)


def plugin(language: str = "en", **changed: Any) -> Ajax:
    options = AjaxOptions.model_validate({"company": "Example Telecom", **changed})
    return Ajax(VendorContext("alarm", options, ReplayClock(APRIL), language))


def licence(**changed: Any) -> LicenceView:
    told: dict[str, Any] = {
        "key": "ia-7",
        "reference": "Home of 42",
        "account": "42",
        "product": "cloud-30",
        "options": {"service": "cloud", "plan": "4 devices, 30 days"},
        "quantity": 4,
        "paid_until": None,
    }
    return LicenceView(**{**told, **changed})


def test_a_company_is_enough() -> None:
    options = plugin().context.options
    assert (options.suspend_by.value, options.billing_file_dir, options.upload_argv, options.due_in) == (
        "billing_file",
        None,
        (),
        None,
    )


def test_an_upload_is_an_executable_by_its_full_path() -> None:
    assert plugin(upload_command="/usr/bin/up 'a b'").context.options.upload_argv == ("/usr/bin/up", "a b")
    for wrong in ("up", "", "'/usr/bin/up"):
        with pytest.raises(ValidationError, match=r"full path|not closed"):
            plugin(upload_command=wrong)


def test_it_takes_the_account_file() -> None:
    assert isinstance(plugin(), TakesAccountFile)
    assert plugin(billing_file_dir="/srv/ajax").file_folder() == Path("/srv/ajax")
    assert plugin().upload(Path("/srv/ajax/none.json")) is False, "nothing is set, so a person must"


def test_an_order_says_service_plan_devices_company_and_our_key() -> None:
    told = plugin(due_hours="6").on_order(licence())

    assert isinstance(told, NeedsOperator)
    assert told.due_in == timedelta(hours=6)
    assert told.instructions.startswith("Ajax: activate Ajax Cloud Storage for account 42\n")
    for line in (
        "   Service: Ajax Cloud Storage",
        "   Plan: 4 devices, 30 days",
        "   Devices: 4",
        "   Company: Example Telecom",
        "   Ends: -",
        "   Note: ia-7",
    ):
        assert line in told.instructions.splitlines()


@pytest.mark.parametrize("options", [{}, {"service": "radio"}])
def test_a_product_without_a_known_service_is_rejected_and_nobody_is_asked(options: dict[str, str]) -> None:
    with pytest.raises(Rejected, match="needs the option service: sim or cloud"):
        plugin().on_order(licence(options=options))


def test_a_payment_needs_a_person_only_where_the_service_has_an_end() -> None:
    assert plugin().on_charge(licence()) == Done()
    told = plugin().on_charge(licence(paid_until=APRIL))
    assert isinstance(told, NeedsOperator)
    assert "until 2026-04-01 00:00 UTC" in told.instructions


def test_hubs_are_locked_by_the_file_or_by_a_persons_own_way_and_never_by_ending_the_service() -> None:
    by_file, by_hand = (plugin(suspend_by=way).on_block(licence()) for way in ("billing_file", "operator_task"))

    assert isinstance(by_file, NeedsOperator)
    assert isinstance(by_hand, NeedsOperator)
    assert "isp-addons ajax billing-file --vendor alarm" in by_file.instructions
    assert "billing-file" not in by_hand.instructions
    for told in (by_file, by_hand):
        assert "Do not choose Deactivate or Stop now" in told.instructions


def test_a_person_is_told_in_the_language_of_the_installation() -> None:
    told = plugin("uk").on_block(licence())
    assert isinstance(told, NeedsOperator)
    assert told.instructions.startswith("Ajax: заблокувати хаби особового рахунку 42")


def test_every_setting_has_a_row_in_the_readme() -> None:
    readme = resources.files("isp_addons_ajax").joinpath("README.md").read_text(encoding="utf-8")
    for name in AjaxOptions.model_fields:
        assert f"| `{name}` |" in readme, name
