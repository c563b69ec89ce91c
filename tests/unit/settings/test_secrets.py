"""Secrets are kept elsewhere, or warned of, and never shown."""

import pytest

from isp_addons.domain.problem import ConfigProblem
from isp_addons.settings import Shown, load, resolve, starred, vendor_warnings

LITERAL = """\
[database]
url = postgresql://addons:hunter2@db/addons
[billing]
adapter = utm5
url = mysql://reader:hunter3@db/UTM5
[vendor:kyiv]
plugin = acme
url = https://acme
password = hunter4
second_password = env:ACME_SECOND
"""


def test_secrets_in_a_file_that_everybody_may_read_are_warned_of(write, acme):
    path = write(LITERAL)
    path.chmod(0o644)
    settings = load(path)
    advice = "everybody on this machine can read this secret; chmod 600 the file, or write env:NAME or file:PATH."
    assert settings.warnings == (f"{path}:2: [database] url: {advice}", f"{path}:5: [billing] url: {advice}")
    assert vendor_warnings(settings, {"acme": acme}.get) == (f"{path}:9: [vendor:kyiv] password: {advice}",)


def test_a_file_for_its_owner_and_group_alone_may_hold_secrets(write, acme):
    path = write(LITERAL)
    path.chmod(0o640)
    settings = load(path)
    assert settings.warnings == ()
    assert vendor_warnings(settings, {"acme": acme}.get) == ()


def test_a_readable_file_without_a_password_needs_no_warning(write, monkeypatch):
    monkeypatch.setenv("OURS", "postgresql://addons:hunter2@db/addons")
    path = write("[database]\nurl = env:OURS\n[billing]\nadapter = utm5\nurl = postgresql://reader@db/UTM5\n")
    path.chmod(0o644)
    settings = load(path)
    assert settings.warnings == ()
    assert settings.database.url == "postgresql+psycopg://addons:hunter2@db/addons"


def test_a_database_url_from_a_file_beside_the_configuration(write, tmp_path):
    (tmp_path / "dsn").write_text("sqlite:///kept.db\n")
    settings = load(write("[database]\nurl = file:dsn\n[billing]\nadapter = ledger\n"))
    assert settings.database.url == f"sqlite:///{tmp_path}/kept.db"


def test_a_database_url_that_is_not_there_is_a_problem_of_its_line(problems, monkeypatch):
    monkeypatch.delenv("OURS", raising=False)
    assert problems("[database]\nurl = env:OURS\n[billing]\nadapter = ledger\n") == [
        "isp-addons.ini:2: [database] url: the environment variable OURS is not set or empty"
    ]


def test_no_secret_is_in_what_is_shown_or_in_a_representation(write, acme):
    settings = load(write(LITERAL))
    for shown in (settings.shown(), settings.shown({"acme": acme}.get), settings):
        assert "hunter" not in repr(shown)


def test_every_option_is_shown_with_its_origin(write, acme):
    path = write(LITERAL)
    rows = load(path).shown({"acme": acme}.get)
    assert len(rows) == 5 + 1 + 2 + 5 + 2 + 2 + 9 + 11 + 3 + 6 + 3 + 2
    for row in (
        Shown("isp-addons", "spool", "/var/spool/isp-addons", "default"),
        Shown("isp-addons", "time_zone", "UTC", "default"),
        Shown("isp-addons", "plugins_dir", "", "default"),
        Shown("database", "url", "postgresql+psycopg://addons:*@db/addons", f"{path}:2"),
        Shown("billing", "adapter", "utm5", f"{path}:4"),
        Shown("billing", "url", "mysql+pymysql://reader:*@db/UTM5", f"{path}:5"),
        Shown("forecast", "policy", "by_priority", "default"),
        Shown("vendor:kyiv", "enabled", "yes", "default"),
        Shown("vendor:kyiv", "url", "https://acme", f"{path}:8"),
        Shown("vendor:kyiv", "password", "*", f"{path}:9"),
        Shown("vendor:kyiv", "second_password", "env:ACME_SECOND", f"{path}:10"),
    ):
        assert row in rows


def test_options_that_no_plugin_explains_are_starred(write, acme):
    text = LITERAL + "pasword = hunter5\n"
    unknown_plugin = {row.option: row.value for row in load(write(text)).shown() if row.section == "vendor:kyiv"}
    known_plugin = {
        row.option: row.value for row in load(write(text)).shown({"acme": acme}.get) if row.section == "vendor:kyiv"
    }
    assert (unknown_plugin["url"], unknown_plugin["pasword"]) == ("*", "*")
    assert (known_plugin["url"], known_plugin["pasword"]) == ("https://acme", "*")


@pytest.mark.parametrize(
    ("url", "shown"),
    [
        ("postgresql://u:p@h/d", "postgresql://u:*@h/d"),
        ("postgresql+psycopg://u:p:q/r@h:5432/d?x=1", "postgresql+psycopg://u:*@h:5432/d?x=1"),
        ("mysql://u:p@ss@h/d", "mysql://u:*@h/d"),
        ("postgresql://h/d?user=u&password=p&x=1", "postgresql://h/d?user=u&password=*&x=1"),
        ("https://u:p@h:9081", "https://u:*@h:9081"),
        ("postgresql://u@h:5432/d", "postgresql://u@h:5432/d"),
        ("sqlite:////srv/a.db", "sqlite:////srv/a.db"),
    ],
)
def test_the_password_within_a_url_is_a_star(url, shown):
    assert starred(url) == shown


def test_resolve_gives_what_a_reference_names(monkeypatch, tmp_path):
    monkeypatch.setenv("KEY", "from the environment")
    (tmp_path / "key").write_text("from a file\r\n")
    assert resolve("plain: text", tmp_path) == "plain: text"
    assert resolve("env:KEY", tmp_path) == "from the environment"
    assert resolve("file:key", tmp_path) == "from a file"
    assert resolve(f"file:{tmp_path}/key", tmp_path / "elsewhere") == "from a file"
    with pytest.raises(ConfigProblem, match=r"^the environment variable NO_KEY is not set or empty$"):
        resolve("env:NO_KEY", tmp_path)


def test_a_secret_file_that_is_too_long_is_not_cut_off(tmp_path):
    (tmp_path / "key").write_text("x" * 65_537)
    with pytest.raises(ConfigProblem, match="at most 65536 characters"):
        resolve("file:key", tmp_path)
