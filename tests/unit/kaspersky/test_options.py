"""The settings of a Kaspersky vendor, and that its README tells them all."""

from importlib import resources
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from isp_addons_kaspersky import KasperskyOptions
from isp_addons_kaspersky.items import Platform

GOOD = {"user_name": "isp-example", "password": "s3cret-of-kss"}
LOOPBACK = Path(__file__).parents[1] / "stand_in" / "loopback.pem"


def made(**changed: Any) -> KasperskyOptions:
    return KasperskyOptions.model_validate({**GOOD, **changed})


def test_user_name_and_password_are_enough() -> None:
    options = made()
    assert options.url == "https://kss-info.kaspersky.com/soap/upi"
    assert (options.suspend_mode, options.verify, options.certificate, options.shown_platforms) == ("pause", True, None, ())


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("url", "kss-info.kaspersky.com/soap/upi", "write it as https"),
        ("url", "https://isp:s3cret@kss-info.kaspersky.com/soap/upi", "must not hold a login"),
        ("url", "https://kss-info.kaspersky.com/soap/upi?wsdl", "nothing may follow it"),
        ("user_name", "", "at least 1 character"),
        ("suspend_mode", "hard_cancel", "'pause' or 'soft_cancel'"),
        ("platforms", "Windows, OS/2", "'OS/2' is none of Windows, macOS, Android, iOS"),
        ("language", "in English", "such as en"),
        ("cert_file", "/nonexistent/cert.pem", "there is no file"),
        ("key_file", str(LOOPBACK), "of no use without cert_file"),
        ("read_timeout", "0", "greater than 0"),
        ("batch", "151", "less than or equal to 150"),
        ("batch", "0", "greater than or equal to 1"),
        ("batches", "150", "Extra inputs"),
    ],
)
def test_a_wrong_setting_is_refused_with_what_it_should_be(name: str, value: str, says: str) -> None:
    with pytest.raises(ValidationError, match=says):
        made(**{name: value})


def test_a_certificate_that_cannot_be_used_is_refused_at_once(tmp_path: Path) -> None:
    junk = tmp_path / "junk.pem"
    junk.write_text("PEM")
    with pytest.raises(ValidationError, match="the key not encrypted"):
        made(cert_file=str(junk))
    with pytest.raises(ValidationError, match="the key not encrypted"):
        made(cert_file=str(LOOPBACK), key_file=str(junk))
    assert made(cert_file=str(LOOPBACK)).certificate == (str(LOOPBACK), str(LOOPBACK))


def test_text_from_a_configuration_file_is_understood() -> None:
    options = made(url="http://127.0.0.1:9081/soap/upi/", platforms=" windows,IOS , Windows", suspend_mode="soft_cancel")
    assert (options.url, options.platforms) == ("http://127.0.0.1:9081/soap/upi", "Windows, iOS")
    assert options.shown_platforms == (Platform.WINDOWS, Platform.IOS)


def test_the_password_is_starred_wherever_the_options_are_shown() -> None:
    assert "s3cret-of-kss" not in f"{made()!r} {made()} {made().model_dump_json()}"


def test_every_setting_has_a_description_and_a_row_in_the_readme() -> None:
    readme = resources.files("isp_addons_kaspersky").joinpath("README.md").read_text(encoding="utf-8")
    for name, field in KasperskyOptions.model_fields.items():
        assert field.description, name
        assert f"| `{name}` |" in readme, name


def test_the_readme_has_the_headings_of_every_vendor() -> None:
    readme = resources.files("isp_addons_kaspersky").joinpath("README.md").read_text(encoding="utf-8")
    headings = [line.removeprefix("## ") for line in readme.splitlines() if line.startswith("## ")]
    assert headings == [
        "What it sells",
        "What is verified / assumed",
        "Settings",
        "How suspending works",
        "Limits",
        "Trying it without a vendor",
    ]
