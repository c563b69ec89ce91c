"""Builds the source distribution, and the wheel from it, and checks that the wheel holds all that it should and no more."""

import subprocess
import sys
import tempfile
import zipfile
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
HOOKS = "share/isp-addons/hooks/"


def main() -> int:
    """Say what is wrong; the answer is the exit code."""
    with tempfile.TemporaryDirectory() as folder:
        build = [sys.executable, "-m", "build", "--no-isolation", "--outdir", folder, str(ROOT)]
        built = subprocess.run(build, capture_output=True, text=True, check=False, timeout=300)
        if built.returncode:
            print(built.stdout[-2000:], built.stderr[-2000:], sep="\n")
            return 1
        (wheel,) = Path(folder).glob("*.whl")
        with zipfile.ZipFile(wheel) as archive:
            problems = check(archive)
    for problem in problems:
        print(problem)
    return 1 if problems else 0


def check(archive: zipfile.ZipFile) -> list[str]:
    """What is wrong with this wheel, a sentence each."""
    names = {_in_tree(entry.filename): entry for entry in archive.infolist() if ".dist-info/" not in entry.filename}
    expected = _files_of_the_project()
    problems = [f"{name} is not in the wheel." for name in sorted(expected - names.keys())]
    problems += [f"{name} is in the wheel, but no file of the project." for name in sorted(names.keys() - expected)]
    for name, entry in names.items():
        if archive.read(entry).startswith(b"#!") and not entry.external_attr >> 16 & 0o111:
            problems.append(f"{name} is a script, but not executable in the wheel.")
    (entry_points,) = (name for name in archive.namelist() if name.endswith(".dist-info/entry_points.txt"))
    text = archive.read(entry_points).decode()
    problems += [f"The wheel has no {group}." for group in ("[console_scripts]", "[isp_addons.vendors]") if group not in text]
    return problems


def _in_tree(name: str) -> str:
    """Where a file of the wheel lies in the project."""
    if ".data/data/" in name:
        return "hooks/" + name.partition(HOOKS)[2]
    return name if name.startswith("isp_addons/") else f"plugins/{name}"


def _files_of_the_project() -> set[str]:
    folders = ["isp_addons", "plugins", "hooks"]
    listed = subprocess.run(
        ["git", "ls-files", "-z", "--cached", "--others", "--exclude-standard", "--", *folders],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=True,
        timeout=60,
    )
    return {name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()}


if __name__ == "__main__":
    sys.exit(main())
