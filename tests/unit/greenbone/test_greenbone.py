"""Greenbone's settings, how a product's addresses are split, what a person is told, and what is kept of suspended users."""

import stat
from dataclasses import replace
from datetime import UTC, datetime
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from isp_addons.vendor_api import Done, LicenceView, NeedsOperator, Rejected, ReplayClock, Unsupported, VendorContext
from isp_addons_greenbone import Greenbone, GreenboneOptions, addresses
from isp_addons_greenbone.gmp import Access
from isp_addons_greenbone.memory import Had, Memory

APRIL = datetime(2026, 4, 1, tzinfo=UTC)


def plugin(language: str = "en", **options: Any) -> Greenbone:
    return Greenbone(VendorContext("greenbone", GreenboneOptions.model_validate(options), ReplayClock(APRIL), language))


def licence(quantity: int = 2, **options: str) -> LicenceView:
    split_of_product = options or {"internal": "60", "external": "40"}
    return LicenceView(
        key="ia-7",
        reference="it@customer.example",
        account="42",
        product="scan",
        options=split_of_product,
        quantity=quantity,
        paid_until=None,
    )


def test_a_unit_of_a_product_has_internal_and_external_addresses() -> None:
    assert addresses(licence()) == (120, 80)
    assert addresses(licence(external="1")) == (0, 2)


def test_a_licence_that_is_split_says_so_itself() -> None:
    split = replace(licence(100), split={"external": 0, "internal": 100}, options={"internal": "7"})
    assert addresses(split) == (100, 0)


@pytest.mark.parametrize(
    ("old", "title"),
    [
        (100, "Greenbone: split the 100 IP addresses of account 42 anew\n"),
        (80, "Greenbone: change account 42 from 80 to 100 units, 100 IP addresses\n"),
    ],
)
def test_a_person_is_told_the_new_split(old: int, title: str) -> None:
    told = plugin().on_change(replace(licence(100), split={"internal": 70, "external": 30}), old_quantity=old)

    assert isinstance(told, NeedsOperator)
    assert told.instructions.startswith(title)
    for line in ("   Total: 100", "   Internal: 70", "   External: 30"):
        assert line in told.instructions.splitlines()


@pytest.mark.parametrize(
    "options",
    [
        {"plan": "large"},
        {"internal": "0", "external": "0"},
        {"internal": "-1", "external": "5"},
        {"internal": "1.5"},
        {"internal": "٣"},
        {"internal": "1000001"},
    ],
)
def test_a_product_that_does_not_say_how_many_is_rejected_and_nobody_is_asked(options: dict[str, str]) -> None:
    with pytest.raises(Rejected, match="is not split into internal and external"):
        plugin().on_order(licence(**options))


def test_a_person_is_told_the_addresses_of_all_units() -> None:
    told = plugin().on_change(licence(3), old_quantity=1)

    assert isinstance(told, NeedsOperator)
    assert told.instructions.startswith("Greenbone: change account 42 from 1 to 3 units, 300 IP addresses\n")
    for line in ("   Total: 300", "   Internal: 180", "   External: 120", "   Login: it@customer.example"):
        assert line in told.instructions.splitlines()


def test_an_account_that_goes_on_by_itself_needs_nobody_to_be_paid() -> None:
    assert plugin().on_charge(licence()) == Done()


def test_the_portal_cannot_be_read() -> None:
    with pytest.raises(Unsupported, match="no interface"):
        plugin().read_licence(licence())


def test_an_own_server_needs_gvm_cli_and_a_folder() -> None:
    with pytest.raises(ValidationError, match="mode = gmp needs gvm_command and state_dir"):
        plugin(mode="gmp")
    with pytest.raises(ValidationError, match="full path"):
        plugin(mode="gmp", gvm_command="gvm-cli socket", state_dir="/srv/state")


def test_on_an_own_server_the_comment_has_our_key_and_the_quantity(tmp_path: Path) -> None:
    told = plugin(mode="gmp", gvm_command="/usr/bin/gvm-cli socket", state_dir=str(tmp_path)).on_order(licence())

    assert isinstance(told, NeedsOperator)
    assert "   Comment: ia-7 2" in told.instructions.splitlines()


def test_what_is_kept_is_read_back_and_readable_by_us_alone(tmp_path: Path) -> None:
    memory = Memory(tmp_path / "state")
    had = Had(access=Access(allow=False, hosts="192.0.2.1"), tasks=("t-1", "t-2"))

    memory.keep("ia-7", had)

    assert memory.recall("ia-7") == had
    assert memory.recall("ia-8") is None
    assert stat.S_IMODE((tmp_path / "state").stat().st_mode) == 0o700
    assert [stat.S_IMODE(file.stat().st_mode) for file in (tmp_path / "state").iterdir()] == [0o600]
    memory.forget("ia-7")
    memory.forget("ia-7")
    assert list((tmp_path / "state").iterdir()) == []


def test_nothing_is_taken_from_a_user_when_it_cannot_be_kept(tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Rejected, match="cannot be kept"):
        Memory(tmp_path / "file").keep("ia-7", Had(access=Access(allow=True, hosts="192.0.2.1"), tasks=()))


@pytest.mark.parametrize("text", ["", "{", "[]", '{"allow": true}'])
def test_a_file_that_cannot_be_read_is_told_and_not_guessed_at(tmp_path: Path, text: str) -> None:
    (tmp_path / "ia-7.json").write_text(text)
    with pytest.raises(Rejected, match=r"ia-7\.json cannot be read"):
        Memory(tmp_path).recall("ia-7")


def test_every_setting_has_a_row_in_the_readme() -> None:
    readme = resources.files("isp_addons_greenbone").joinpath("README.md").read_text(encoding="utf-8")
    for name in GreenboneOptions.model_fields:
        assert f"| `{name}` |" in readme, name
