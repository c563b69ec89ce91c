"""The settings of an AV-Desk vendor, and that its README tells them all."""

from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from isp_addons_avdesk import AvDeskOptions

GOOD = {"url": "https://avdesk.example.net:9081/", "login": "billing", "password": "s3cret"}


def made(**changed: Any) -> AvDeskOptions:
    return AvDeskOptions.model_validate({**GOOD, **changed})


def test_three_settings_are_enough() -> None:
    options = made()
    assert options.url == "https://avdesk.example.net:9081"
    assert (options.time_zone, options.suspend_days, options.verify) == ("UTC", 365, True)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("url", "avdesk.example.net:9081", "write it as http"),
        ("url", "https://billing:s3cret@avdesk.example.net", "must not hold a login"),
        ("url", "https://avdesk.example.net/api/3.0", "the path follows from generation"),
        ("login", "", "at least 1 character"),
        ("time_zone", "Moscow", "no IANA time zone"),
        ("time_zone", "/etc/passwd", "no IANA time zone"),
        ("generation", "2.x", "4.x"),
        ("read_timeout", "0", "greater than 0"),
        ("page_size", "500", "less than or equal to 100"),
        ("suspend_days", "0", "greater than or equal to 1"),
        ("before_period_end", "later", "at_period_end"),
        ("ca_file", "/nonexistent/ca.pem", "there is no file"),
        ("tarif", "x", "Extra inputs"),
    ],
)
def test_a_wrong_setting_is_refused_with_what_it_should_be(name: str, value: str, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        made(**{name: value})


def test_text_from_a_configuration_file_is_understood() -> None:
    options = made(verify_tls="no", page_size="50", read_timeout="0.5", generation="3.x", download_links="yes")
    assert (options.verify, options.page_size, options.read_timeout, options.download_links) == (False, 50, 0.5, True)


def test_a_ca_file_takes_the_place_of_the_systems_authorities(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text("PEM")
    assert made(ca_file=str(ca)).verify == str(ca)


def test_the_password_is_starred_wherever_the_options_are_shown() -> None:
    assert "s3cret" not in f"{made()!r} {made()} {made().model_dump_json()}"


def test_every_setting_has_a_description_and_a_row_in_the_readme() -> None:
    readme = resources.files("isp_addons_avdesk").joinpath("README.md").read_text(encoding="utf-8")
    for name, field in AvDeskOptions.model_fields.items():
        assert field.description, name
        assert f"| `{name}` |" in readme, name


def test_the_readme_has_the_headings_of_every_vendor() -> None:
    readme = resources.files("isp_addons_avdesk").joinpath("README.md").read_text(encoding="utf-8")
    headings = [line.removeprefix("## ") for line in readme.splitlines() if line.startswith("## ")]
    assert headings == [
        "What it sells",
        "What is verified / assumed",
        "Settings",
        "How suspending works",
        "Limits",
        "Trying it without a vendor",
    ]
