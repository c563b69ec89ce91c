"""AxCrypt: what a person is told, and that suspending takes members away and nothing else."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from importlib import resources
from typing import Any

import pytest
from pydantic import ValidationError

from isp_addons.vendor_api import (
    Capabilities,
    Done,
    LicenceView,
    NeedsOperator,
    ReplayClock,
    SuspendKind,
    Unsupported,
    VendorContext,
)
from isp_addons_axcrypt import AxCrypt, AxCryptOptions

APRIL = datetime(2026, 4, 1, tzinfo=UTC)
LICENCE = LicenceView(
    key="ia-7", reference="Acme", account="42", product="axcrypt", options={}, quantity=5, paid_until=None, suspend_from=APRIL
)


def plugin(**changed: Any) -> AxCrypt:
    options = AxCryptOptions.model_validate({"reseller": "reseller@isp.example", **changed})
    return AxCrypt(VendorContext("axcrypt", options, ReplayClock(APRIL)))


def told(answer: object) -> str:
    assert isinstance(answer, NeedsOperator)
    return answer.instructions


def test_where_axcrypt_renews_by_itself_licences_have_no_end() -> None:
    assert plugin().capabilities == Capabilities(
        suspends=SuspendKind.STATE, endless=True, changes_quantity=True, invites_users=True
    )
    assert plugin(auto_renews="no").capabilities.endless is False


def test_a_subscription_that_renews_itself_needs_nobody_and_one_with_an_end_does() -> None:
    assert plugin().on_charge(LICENCE) == Done()
    assert "run until 2026-04-01 00:00 UTC" in told(plugin().on_charge(replace(LICENCE, paid_until=APRIL)))


def test_more_licences_are_bought_to_the_end_of_the_period_and_fewer_from_the_next_on() -> None:
    more, fewer = told(plugin().on_change(LICENCE, old_quantity=3)), told(plugin().on_change(LICENCE, old_quantity=8))

    assert more.startswith("AxCrypt: buy 2 more licences for account 42, 5 in all")
    assert "whole months rounded up" in more
    assert fewer.startswith("AxCrypt: renew account 42 for 5 licences instead of 8")
    assert "remove them" in fewer


def test_suspending_keeps_the_list_the_subscription_and_the_licences() -> None:
    blocked = told(plugin().on_block(LICENCE))

    assert "Keep a list of the members' e-mail addresses" in blocked
    assert "Do not cancel the subscription, and do not lower its number of licences." in blocked
    assert "renewal" not in blocked


def test_before_an_unpaid_period_automatic_renewal_is_switched_off_as_well_and_on_again_when_paid() -> None:
    unpaid, paid = told(plugin().before_period_end(LICENCE)), told(plugin().on_unblock(LICENCE))

    assert "   Unpaid from: 2026-04-01 00:00 UTC" in unpaid.splitlines()
    assert "so that no unpaid one is bought" in unpaid
    assert "add the members of the list that you kept" in paid
    assert "if you switched automatic renewal off, switch it on" in paid


@pytest.mark.parametrize("hook", ["on_block", "before_period_end", "on_unblock"])
def test_without_suspending_nothing_is_done_in_its_place(hook: str) -> None:
    without = plugin(suspend_by="none")
    assert without.capabilities.suspends is SuspendKind.NONE
    with pytest.raises(Unsupported, match="nothing else is done instead"):
        getattr(without, hook)(LICENCE)


def test_settings_that_cannot_be_are_refused() -> None:
    assert plugin(due_hours="8").context.options.due_in == timedelta(hours=8)
    for wrong in ({"reseller": ""}, {"suspend_by": "deleting"}, {"due_hours": "0"}):
        with pytest.raises(ValidationError):
            plugin(**wrong)


def test_every_setting_has_a_row_in_the_readme() -> None:
    readme = resources.files("isp_addons_axcrypt").joinpath("README.md").read_text(encoding="utf-8")
    for name in AxCryptOptions.model_fields:
        assert f"| `{name}` |" in readme, name
