"""A right configuration: its defaults, its values, its paths."""

from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from sqlalchemy import make_url

from isp_addons.domain.forecast import Policy
from isp_addons.settings import Adapter, LogLevel, load

MINIMAL = "[database]\n[billing]\nadapter = ledger\n"


def _billing(url: str) -> str:
    return f"[database]\n[billing]\nadapter = utm5\nurl = {url}\n"


def test_the_smallest_configuration_has_every_default(write):
    path = write(MINIMAL)
    settings = load(path)
    assert settings.path == path
    assert settings.warnings == ()
    assert settings.vendors == {}
    assert settings.general.model_dump() == {
        "spool": Path("/var/spool/isp-addons"),
        "time_zone": ZoneInfo("UTC"),
        "currency": "EUR",
        "log_level": LogLevel.INFO,
        "plugins_dir": None,
    }
    assert settings.database.url == f"sqlite:///{path.parent}/isp-addons.db"
    assert settings.billing.model_dump() == {"adapter": Adapter.LEDGER, "url": None}
    assert settings.forecast.model_dump() == {
        "policy": Policy.BY_PRIORITY,
        "brake_share": 0.3,
        "brake_minimum": 10,
        "lead_hours": 24,
        "reminder_days": 3,
    }


def test_every_option_is_read(write):
    text = """
    [isp-addons]
    spool = spool
    Time_Zone = Europe/Kyiv
    currency = uah
    log_level = DEBUG
    plugins_dir = /opt/plugins
    [database]
    url = postgresql://addons@db.example.net/addons
    [billing]
    adapter = utm5
    url = mysql://reader@db.example.net/UTM5?charset=utf8mb4
    [forecast]
    policy = all_or_none
    brake_share = 12.5 %
    brake_minimum = 0
    lead_hours = 48
    reminder_days = 0
    [vendor:Kyiv_2]
    plugin = acme
    enabled = off
    concurrency = 64
    rate_per_second = 0.5
    breaker_failures = 1
    breaker_seconds = 86400
    seats = many
    """
    path = write(text)
    settings = load(path)
    assert settings.general.spool == path.parent / "spool"
    assert settings.general.time_zone == ZoneInfo("Europe/Kyiv")
    assert (settings.general.currency, settings.general.log_level) == ("UAH", LogLevel.DEBUG)
    assert settings.general.plugins_dir == Path("/opt/plugins")
    assert settings.database.url == "postgresql+psycopg://addons@db.example.net/addons"
    assert settings.billing.url == "mysql+pymysql://reader@db.example.net/UTM5?charset=utf8mb4"
    assert settings.forecast.policy is Policy.ALL_OR_NONE
    assert (settings.forecast.brake_share, settings.forecast.brake_minimum) == (0.125, 0)
    assert (settings.forecast.lead_hours, settings.forecast.reminder_days) == (48, 0)
    assert settings.vendors["Kyiv_2"].model_dump() == {
        "name": "Kyiv_2",
        "plugin": "acme",
        "enabled": False,
        "concurrency": 64,
        "rate_per_second": 0.5,
        "breaker_failures": 1,
        "breaker_seconds": 86_400,
        "options": {"seats": "many"},
    }


@pytest.mark.parametrize(
    ("written", "share"), [("0.30", 0.3), ("30 %", 0.3), ("30%", 0.3), ("0", 0.0), ("1", 1.0), ("100 %", 1.0), ("0.07", 0.07)]
)
def test_the_brake_takes_a_share_or_a_percentage(write, written, share):
    assert load(write(MINIMAL + f"[forecast]\nbrake_share = {written}")).forecast.brake_share == share


@pytest.mark.parametrize("written", ["30", "-1 %", "101 %", "1.01", "nan", "inf", "1e-1", "０.３", "a third"])
def test_the_brake_takes_nothing_else(problems, written):
    assert problems(MINIMAL + f"[forecast]\nbrake_share = {written}") == [
        f"isp-addons.ini:5: [forecast] brake_share: should be a share such as 0.30 or 30 % (found {written!r})"
    ]


@pytest.mark.parametrize("written", ["0", "65", "-1", "1.5", "1e1", "８", "1_0", "10000000000000000000000", "many"])
def test_only_plain_whole_numbers_in_range_are_taken(problems, written):
    assert problems(MINIMAL + f"[vendor:a]\nplugin = acme\nconcurrency = {written}") == [
        f"isp-addons.ini:6: [vendor:a] concurrency: should be a whole number from 1 to 64 (found {written!r})"
    ]


@pytest.mark.parametrize("written", ["0", "0.0", "-5", "inf", "nan", "10001", "fast"])
def test_only_a_positive_rate_is_taken(problems, written):
    assert problems(MINIMAL + f"[vendor:a]\nplugin = acme\nrate_per_second = {written}") == [
        "isp-addons.ini:6: [vendor:a] rate_per_second: should be a number above 0, at most 10000, such as 5 or 0.5 "
        f"(found {written!r})"
    ]


@pytest.mark.parametrize(
    ("written", "file"),
    [
        ("sqlite:///a/b.db", "{folder}/a/b.db"),
        ("sqlite:////srv/b.db", "/srv/b.db"),
        ("sqlite:///b.db?timeout=5", "{folder}/b.db"),
    ],
)
def test_a_relative_sqlite_file_is_beside_the_configuration(write, written, file):
    path = write(f"[database]\nurl = {written}\n[billing]\nadapter = ledger\n")
    assert make_url(load(path).database.url).database == file.format(folder=path.parent)


def test_relative_paths_do_not_follow_the_working_directory(write, monkeypatch, tmp_path):
    write("[isp-addons]\nspool = in/spool\n" + MINIMAL)
    monkeypatch.chdir(tmp_path)
    settings = load(Path("isp-addons.ini"))
    assert settings.general.spool == tmp_path / "in" / "spool"
    assert settings.database.url == f"sqlite:///{tmp_path}/isp-addons.db"


@pytest.mark.parametrize("written", ["sqlite://", "sqlite:///", "sqlite:///:memory:", "sqlite:///?timeout=5"])
def test_a_database_in_memory_is_refused_because_every_process_would_see_another(problems, written):
    (problem,) = problems(f"[database]\nurl = {written}\n[billing]\nadapter = ledger\n")
    assert problem.startswith("isp-addons.ini:2: [database] url: should name a file: sqlite:///NAME.db beside")


@pytest.mark.parametrize(
    ("written", "driver"),
    [
        ("mysql://reader@h/UTM5", "mysql+pymysql"),
        ("mariadb://reader@h/UTM5", "mysql+pymysql"),
        ("mysql+pymysql://reader@h/UTM5", "mysql+pymysql"),
        ("postgresql://reader@h/UTM5", "postgresql+psycopg"),
        ("sqlite:///utm5.db", "sqlite"),
    ],
)
def test_a_billing_may_live_in_any_of_three_databases(write, written, driver):
    assert load(write(_billing(written))).billing.url.partition("://")[0] == driver


def test_real_servers_are_named_as_sqlalchemy_names_them(write, postgresql_server, mariadb_server):
    ours, theirs = postgresql_server.new_database(), mariadb_server.new_database()
    settings = load(write(f"[database]\nurl = {ours}\n[billing]\nadapter = utm5\nurl = {theirs}\n"))
    assert (settings.database.url, settings.billing.url) == (ours, theirs)


def test_settings_cannot_be_changed(write):
    settings = load(write(MINIMAL))
    with pytest.raises(AttributeError):
        settings.path = Path("other")
    with pytest.raises(ValueError, match="frozen"):
        settings.forecast.lead_hours = 1
