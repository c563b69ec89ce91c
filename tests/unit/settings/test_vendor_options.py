"""The plugins' own options: checked against the plugin's model, with the places of their lines."""

import logging

import pytest

from isp_addons.domain.problem import ConfigProblem, NotFound
from isp_addons.settings import check_vendor_options, load
from isp_addons.vendor_api import VendorPlugin

HEAD = "[database]\n[billing]\nadapter = ledger\n[vendor:kyiv]\nplugin = acme\n"


@pytest.fixture
def check(write, acme):
    """Check a configuration whose one plugin is acme."""
    return lambda text: check_vendor_options(load(write(text)), {"acme": acme}.get)


@pytest.fixture
def told(check, tmp_path):
    """The problems, without the folder in front of each."""

    def finder(text):
        with pytest.raises(ConfigProblem) as caught:
            check(text)
        return [line.replace(f"{tmp_path}/isp-addons.ini", "ini", 1) for line in caught.value.message.splitlines()]

    return finder


def test_right_options_come_back_as_the_plugins_own_model(check, acme, tmp_path):
    checked = check(HEAD + "url = https://acme\npassword = key\nca_file = ca.pem\n")
    assert checked["kyiv"] == acme.Options(url="https://acme", password="key", seats=10, ca_file=tmp_path / "ca.pem")
    assert checked["kyiv"].password.get_secret_value() == "key"


def test_two_vendors_of_one_plugin_have_options_of_their_own(check):
    kyiv = "url = https://a\npassword = a\n"
    lviv = "[vendor:lviv]\nenabled = no\nplugin = acme\nurl = https://b\npassword = b\nseats = 3\n"
    both = check(HEAD + kyiv + lviv)
    assert {name: (options.url, options.seats) for name, options in both.items()} == {
        "kyiv": ("https://a", 10),
        "lviv": ("https://b", 3),
    }


def test_the_problems_of_every_vendor_are_told_at_once(told):
    assert told(HEAD + "seats = 0\npasword = hidden\nconcurency = 3\n[vendor:lviv]\nplugin = acme\nseats = many\n") == [
        "ini:4: [vendor:kyiv] url: is required. Address of the console.",
        "ini:4: [vendor:kyiv] password: is required. Password of the reseller.",
        "ini:6: [vendor:kyiv] seats: should be greater than or equal to 1 (found '0')",
        "ini:7: [vendor:kyiv] pasword: is not an option here; did you mean password?",
        "ini:8: [vendor:kyiv] concurency: is not an option here; did you mean concurrency?",
        "ini:9: [vendor:lviv] url: is required. Address of the console.",
        "ini:9: [vendor:lviv] password: is required. Password of the reseller.",
        "ini:11: [vendor:lviv] seats: should be a valid integer, unable to parse string as an integer (found 'many')",
    ]


def test_a_plugin_that_is_not_installed_is_a_problem_of_its_line(told):
    assert told(HEAD.replace("acme", "acne")) == ["ini:5: [vendor:kyiv] plugin: the plugin 'acne' is not installed"]


def test_a_finder_that_raises_is_a_problem_too_and_the_others_are_checked(write, acme, tmp_path, caplog):
    caplog.set_level(logging.DEBUG)

    def finder(name: str) -> type[VendorPlugin]:
        if name == "broken":
            raise ImportError("no module named 'left_pad'")
        if name == "unknown":
            raise NotFound("There is no plugin 'unknown'.")
        return acme

    text = HEAD + "[vendor:a]\nplugin = broken\n[vendor:b]\nplugin = unknown\n"
    with pytest.raises(ConfigProblem) as caught:
        check_vendor_options(load(write(text)), finder)
    assert caught.value.message.replace(str(tmp_path / "isp-addons.ini"), "ini").splitlines() == [
        "ini:4: [vendor:kyiv] url: is required. Address of the console.",
        "ini:4: [vendor:kyiv] password: is required. Password of the reseller.",
        "ini:7: [vendor:a] plugin: the plugin does not load: ImportError: no module named 'left_pad'",
        "ini:9: [vendor:b] plugin: There is no plugin 'unknown'.",
    ]
    assert "the plugin broken of vendor a does not load" in caplog.text
    assert {record.levelno for record in caplog.records} == {logging.DEBUG}, "the problem itself is told already"


def test_a_plugin_option_may_be_kept_elsewhere(check, monkeypatch, tmp_path):
    monkeypatch.setenv("ACME_URL", "https://acme")
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "acme").write_text("пароль \n", encoding="utf-8")
    options = check(HEAD + "url = env:ACME_URL\npassword = file:keys/acme\n")["kyiv"]
    assert (options.url, options.password.get_secret_value()) == ("https://acme", "пароль ")


def test_references_that_lead_nowhere_are_named_and_nothing_else_is_said_of_them(told, monkeypatch, tmp_path):
    monkeypatch.delenv("ACME_URL", raising=False)
    (tmp_path / "empty").write_text("\n")
    (tmp_path / "bytes").write_bytes(b"\xff\xfe")
    text = "url = env:ACME_URL\npassword = file:none\nsecond_password = file:empty\nca_file = file:bytes\n"
    assert told(HEAD + text) == [
        "ini:6: [vendor:kyiv] url: the environment variable ACME_URL is not set or empty",
        f"ini:7: [vendor:kyiv] password: the file {tmp_path}/none cannot be read: No such file or directory",
        f"ini:8: [vendor:kyiv] second_password: the file {tmp_path}/empty should hold one value, of at most 65536 characters",
        f"ini:9: [vendor:kyiv] ca_file: the file {tmp_path}/bytes is not UTF-8",
    ]


def test_what_a_reference_leads_to_is_not_repeated_when_it_is_wrong(told, monkeypatch):
    monkeypatch.setenv("SEATS", "hidden")
    assert told(HEAD + "url = https://acme\npassword = key\nseats = env:SEATS\n") == [
        "ini:8: [vendor:kyiv] seats: should be a valid integer, unable to parse string as an integer"
    ]
