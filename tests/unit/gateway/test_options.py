"""The settings of a gateway, and that its README tells them all."""

from datetime import timedelta
from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from isp_addons.settings import required_first
from isp_addons.vendor_api import Capabilities, SuspendKind
from isp_addons_gateway import Gateway, GatewayOptions

SECRET = "k3y-that-signs-everything"
GOOD = {"url": "https://gateway.example.net/isp-addons/", "secret": SECRET}


def made(**changed: Any) -> GatewayOptions:
    return GatewayOptions.model_validate({**GOOD, **changed})


def test_an_address_and_a_secret_are_enough() -> None:
    options = made()
    assert options.url == "https://gateway.example.net/isp-addons"
    assert (options.key_id, options.verify, options.page_size) == ("isp-addons", True, 500)


def test_unless_told_otherwise_a_vendor_can_suspend_and_nothing_more() -> None:
    assert made().capabilities == Capabilities(suspends=SuspendKind.STATE)


def test_what_is_declared_is_what_the_product_is_told() -> None:
    text = {"suspends": "block_window", "can_schedule": "yes", "changes_quantity": "yes", "endless": "yes", "lists": "yes"}
    assert made(**text, longest_suspension_days="90").capabilities == Capabilities(
        suspends=SuspendKind.BLOCK_WINDOW,
        can_schedule=True,
        changes_quantity=True,
        endless=True,
        lists=True,
        longest_suspension=timedelta(days=90),
    )
    assert made(counts_seats="yes").capabilities.counts_seats


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("url", "gateway.example.net", "write it as https://HOST"),
        ("url", "https://billing:s3cret@gateway.example.net", "must not hold a login"),
        ("url", "https://gateway.example.net/a?b=c", "nothing may follow it"),
        ("url", "https://gateway.example.net/a b", "between slashes"),
        ("secret", "too-short", "openssl rand -hex 32"),
        ("key_id", "two words", "1 to 64 letters"),
        ("suspends", "delete", "block_window"),
        ("longest_suspension_days", "0", "greater than or equal to 1"),
        ("page_size", "0", "greater than or equal to 1"),
        ("read_timeout", "0", "greater than 0"),
        ("ca_file", "/nonexistent/ca.pem", "there is no file"),
        ("scret", "x", "Extra inputs"),
    ],
)
def test_a_wrong_setting_is_refused_with_what_it_should_be(name: str, value: str, says: str) -> None:
    with pytest.raises(ValidationError, match=says) as caught:
        made(**{name: value})
    assert SECRET not in str(caught.value)


def test_capabilities_that_contradict_each_other_are_refused() -> None:
    with pytest.raises(ValidationError, match="set changes_quantity = no"):
        made(counts_seats="yes", changes_quantity="yes")
    with pytest.raises(ValidationError, match="suspends = none leaves no room"):
        made(suspends="none", can_schedule="yes")


def test_a_ca_file_takes_the_place_of_the_systems_authorities(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text("PEM")
    assert made(ca_file=str(ca)).verify == str(ca)
    assert made(ca_file=str(ca), verify_tls="no").verify is False


def test_the_secret_is_starred_wherever_the_options_are_shown() -> None:
    assert SECRET not in f"{made()!r} {made()} {made().model_dump_json()}"


def test_the_address_comes_first_in_the_sample_configuration() -> None:
    assert required_first(Gateway.Options)[:2] == ["url", "secret"]


def test_every_setting_has_a_description_and_a_row_in_the_readme() -> None:
    readme = resources.files("isp_addons_gateway").joinpath("README.md").read_text(encoding="utf-8")
    for name, field in GatewayOptions.model_fields.items():
        assert field.description, name
        assert f"| `{name}` |" in readme, name


def test_the_readme_has_the_headings_of_every_vendor() -> None:
    readme = resources.files("isp_addons_gateway").joinpath("README.md").read_text(encoding="utf-8")
    headings = [line.removeprefix("## ") for line in readme.splitlines() if line.startswith("## ")]
    assert headings == [
        "What it sells",
        "What is verified / assumed",
        "Settings",
        "How suspending works",
        "Limits",
        "Trying it without a vendor",
    ]
