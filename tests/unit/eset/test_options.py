"""The settings of an ESET vendor, and that its README tells them all."""

from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from isp_addons_eset import EsetOptions

GOOD = {
    "login": "billing@isp.example.net",
    "password": "s3cret",
    "address_street": "Street 1",
    "address_city": "Town",
    "address_zip": "1",
}


def made(**changed: Any) -> EsetOptions:
    return EsetOptions.model_validate({**GOOD, **changed})


def test_the_login_and_an_address_are_enough() -> None:
    options = made()
    assert options.url == "https://mspapi.eset.com"
    assert (options.page_size, options.verify, options.product_code, options.parent_company) == (100, True, None, None)


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("url", "mspapi.eset.com", "write it as https"),
        ("url", "https://billing:s3cret@mspapi.eset.com", "must not hold a login"),
        ("url", "https://mspapi.eset.com/api", "the path /api is added"),
        ("login", "", "at least 1 character"),
        ("address_city", "", "at least 1 character"),
        ("read_timeout", "0", "greater than 0"),
        ("page_size", "101", "less than or equal to 100"),
        ("ca_file", "/nonexistent/ca.pem", "there is no file"),
        ("product", "x", "Extra inputs"),
    ],
)
def test_a_wrong_setting_is_refused_with_what_it_should_be(name: str, value: str, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        made(**{name: value})


def test_text_from_a_configuration_file_is_understood() -> None:
    options = made(url="http://127.0.0.1:9081/", verify_tls="no", page_size="50", read_timeout="0.5")
    assert (options.url, options.verify, options.page_size, options.read_timeout) == ("http://127.0.0.1:9081", False, 50, 0.5)


def test_a_ca_file_takes_the_place_of_the_systems_authorities(tmp_path: Path) -> None:
    ca = tmp_path / "ca.pem"
    ca.write_text("PEM")
    assert made(ca_file=str(ca)).verify == str(ca)


def test_the_password_is_starred_wherever_the_options_are_shown() -> None:
    assert "s3cret" not in f"{made()!r} {made()} {made().model_dump_json()}"


def test_every_setting_has_a_description_and_a_row_in_the_readme() -> None:
    readme = resources.files("isp_addons_eset").joinpath("README.md").read_text(encoding="utf-8")
    for name, field in EsetOptions.model_fields.items():
        assert field.description, name
        assert f"| `{name}` |" in readme, name


def test_the_readme_has_the_headings_of_every_vendor() -> None:
    readme = resources.files("isp_addons_eset").joinpath("README.md").read_text(encoding="utf-8")
    headings = [line.removeprefix("## ") for line in readme.splitlines() if line.startswith("## ")]
    assert headings == [
        "What it sells",
        "What is verified / assumed",
        "Settings",
        "How suspending works",
        "Limits",
        "Trying it without a vendor",
    ]
