"""The check of the wheel: all that belongs in it, and nothing else."""

import importlib.util
import io
import zipfile

import pytest

ENTRY_POINTS = "isp_addons-1.dist-info/entry_points.txt"


@pytest.fixture
def check(root, monkeypatch):
    """Check a wheel of these files, for a project of these files."""
    spec = importlib.util.spec_from_file_location("check_wheel", root / "tools" / "check_wheel.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)

    def checker(project: set[str], wheel: dict[str, str], *, executable: bool = True) -> list[str]:
        monkeypatch.setattr(module, "_files_of_the_project", lambda: project)
        buffer = io.BytesIO()
        with zipfile.ZipFile(buffer, "w") as archive:
            for name, text in wheel.items():
                info = zipfile.ZipInfo(name)
                info.external_attr = (0o755 if executable else 0o644) << 16
                archive.writestr(info, text)
        with zipfile.ZipFile(buffer) as archive:
            return module.check(archive)

    return checker


PROJECT = {"isp_addons/__init__.py", "plugins/isp_addons_avdesk/__init__.py", "hooks/generic/on_block"}
WHEEL = {
    "isp_addons/__init__.py": "",
    "isp_addons_avdesk/__init__.py": "",
    "isp_addons-1.data/data/share/isp-addons/hooks/generic/on_block": "#!/bin/sh\n",
    ENTRY_POINTS: "[console_scripts]\n[isp_addons.vendors]\n",
}


def test_a_whole_wheel_is_right(check):
    assert check(PROJECT, WHEEL) == []


def test_what_is_missing_and_what_is_too_much_is_named(check):
    wheel = {name: text for name, text in WHEEL.items() if "avdesk" not in name} | {"isp_addons/stray.py": ""}
    assert check(PROJECT, wheel) == [
        "plugins/isp_addons_avdesk/__init__.py is not in the wheel.",
        "isp_addons/stray.py is in the wheel, but no file of the project.",
    ]


def test_a_hook_script_that_cannot_be_run_is_named(check):
    assert check(PROJECT, WHEEL, executable=False) == ["hooks/generic/on_block is a script, but not executable in the wheel."]


def test_a_wheel_without_its_plugins_group_is_named(check):
    assert check(PROJECT, WHEEL | {ENTRY_POINTS: "[console_scripts]\n"}) == ["The wheel has no [isp_addons.vendors]."]
