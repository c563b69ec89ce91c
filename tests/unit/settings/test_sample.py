"""The sample configuration: the whole schema, visible, and working as it is."""

import re
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path

from isp_addons.settings import check_vendor_options, load, sample

FILE = Path(__file__).parents[3] / "sample_config.ini"


def _uncommented(text: str) -> str:
    """Every option that has a value, as if its # had been taken away."""
    return re.sub(r"^#(?=\[|[a-z_]+ = )", "", text, flags=re.MULTILINE)


def test_the_file_in_the_repository_is_the_sample():
    plugins = {point.name: point.load() for point in sorted(entry_points(group="isp_addons.vendors"))}
    assert FILE.read_text(encoding="utf-8") == sample(plugins), "run: isp-addons config sample > sample_config.ini"


def test_the_sample_works_as_it_is_and_sets_nothing_but_the_billing(write):
    settings = load(write(sample({})))
    assert {(row.section, row.option) for row in settings.shown() if row.origin != "default"} == {("billing", "adapter")}


def test_the_uncommented_defaults_are_the_defaults(write, acme, tmp_path):
    untouched = load(write(sample({})))
    text = _uncommented(sample({"acme": acme})).replace("url = mysql", "#url = mysql")
    settings = load(write(text))
    assert settings.general.model_copy(update={"plugins_dir": None}) == untouched.general
    assert settings.general.plugins_dir == tmp_path / "plugins"
    assert (settings.database, settings.billing) == (untouched.database, untouched.billing)
    assert settings.forecast == untouched.forecast
    vendor = settings.vendors["acme"]
    assert (vendor.plugin, vendor.enabled, vendor.concurrency, vendor.rate_per_second) == ("acme", True, 8, 5.0)
    assert (vendor.breaker_failures, vendor.breaker_seconds) == (5, 30)


def test_the_uncommented_billing_of_utm5_parses(write):
    text = _uncommented(sample({})).replace("adapter = ledger", "adapter = utm5")
    assert load(write(text)).billing.url == "mysql+pymysql://READER:PASSWORD@HOST/UTM5?charset=utf8mb4"


def test_the_example_of_a_vendor_fits_its_plugin(write, acme, monkeypatch):
    monkeypatch.setenv("ACME_PASSWORD", "key")
    monkeypatch.setenv("ACME_SECOND_PASSWORD", "next")
    text = _uncommented(sample({"acme": acme})).replace("url = mysql", "#url = mysql")
    options = check_vendor_options(load(write(text)), {"acme": acme}.get)["acme"]
    assert (options.url, options.seats, options.ca_file) == ("https://acme.example.net", 10, None)
    assert options.password.get_secret_value() == "key"


def test_every_option_has_an_explanation_on_the_line_before_it():
    lines = FILE.read_text(encoding="utf-8").splitlines()
    options = [number for number, line in enumerate(lines) if re.match(r"#?[a-z_]+ =", line)]
    assert len(options) > 20
    for number in options:
        assert re.match(r"# .+\.$", lines[number - 1]), lines[number]


def test_importing_the_settings_stays_light():
    heavy = {"sqlalchemy", "alembic", "requests", "click", "rich", "pluggy"}
    code = f"import sys, isp_addons.settings; sys.exit(', '.join(sorted({heavy!r} & sys.modules.keys())) or 0)"
    answer = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False, timeout=60)
    assert (answer.returncode, answer.stderr) == (0, "")
