"""The settings of an executable, and that its README tells them all."""

from importlib import resources
from typing import Any

import pytest
from pydantic import ValidationError

from isp_addons_exec import Exec, ExecOptions
from isp_addons_exec.client import Exit

GOOD = {"command": "/usr/local/lib/isp-addons/vendor.sh '/var/lib/my vendor' --fast"}


def made(**changed: Any) -> ExecOptions:
    return ExecOptions.model_validate({**GOOD, **changed})


def test_a_command_is_enough_and_is_read_as_a_shell_reads_it() -> None:
    options = made()
    assert options.argv == ("/usr/local/lib/isp-addons/vendor.sh", "/var/lib/my vendor", "--fast")
    assert (options.time_limit, options.variables, options.inherit) == (30.0, {}, "PATH HOME LANG LC_ALL TZ")


def test_what_a_shell_would_do_with_a_command_is_not_done() -> None:
    assert made(command="/bin/vendor $HOME `id` ; rm -rf * | x > y").argv == (
        "/bin/vendor", "$HOME", "`id`", ";", "rm", "-rf", "*", "|", "x", ">", "y",
    )  # fmt: skip


def test_the_environment_is_pairs_on_lines_or_in_quotes() -> None:
    text = "TOKEN=s3cret-token\nURL='https://vendor.example.net/?a=b'\n\nEMPTY="
    assert made(environment=text).variables == {
        "TOKEN": "s3cret-token",
        "URL": "https://vendor.example.net/?a=b",
        "EMPTY": "",
    }


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("command", "", "full path of an executable"),
        ("command", "vendor.sh", "full path of an executable"),
        ("command", "./vendor.sh", "full path of an executable"),
        ("command", "/bin/vendor 'x", "a quote in it is not closed"),
        ("time_limit", "0", "greater than 0"),
        ("time_limit", "601", "less than or equal to 600"),
        ("environment", "TOKEN=x s3cret-token", "entry 2 should be NAME=VALUE"),
        ("environment", "=s3cret-token", "entry 1 should be NAME=VALUE"),
        ("environment", "TOKEN='s3cret-token", "a quote in it is not closed"),
        ("environment", "ISP_ADDONS_KEY=s3cret-token", "entry 1 takes a name that begins with ISP_ADDONS_"),
        ("inherit", "PATH=x", "names of variables"),
        ("page_size", "0", "greater than or equal to 1"),
        ("shell", "yes", "Extra inputs"),
    ],
)
def test_a_wrong_setting_is_refused_with_what_it_should_be(name: str, value: str, says: str) -> None:
    with pytest.raises(ValidationError, match=says) as caught:
        made(**{name: value})
    assert "s3cret" not in str(caught.value.errors(include_input=False))


def test_the_environment_is_starred_wherever_the_options_are_shown() -> None:
    options = made(environment="TOKEN=s3cret-token")
    assert "s3cret" not in f"{options!r} {options} {options.model_dump_json()}"


def test_the_command_comes_first_in_the_sample_configuration() -> None:
    assert next(iter(Exec.Options.model_fields)) == "command"


def readme() -> str:
    return resources.files("isp_addons_exec").joinpath("README.md").read_text(encoding="utf-8")


def test_every_setting_has_a_description_and_a_row_in_the_readme() -> None:
    for name, field in ExecOptions.model_fields.items():
        assert field.description, name
        assert f"| `{name}` |" in readme(), name


def test_every_exit_code_has_a_row_in_the_readme() -> None:
    for code in Exit:
        assert f"| {code.value} |" in readme(), code


def test_the_readme_has_the_headings_of_every_vendor() -> None:
    headings = [line.removeprefix("## ") for line in readme().splitlines() if line.startswith("## ")]
    assert headings == [
        "What it sells",
        "What is verified / assumed",
        "Settings",
        "How suspending works",
        "Limits",
        "Trying it without a vendor",
    ]
