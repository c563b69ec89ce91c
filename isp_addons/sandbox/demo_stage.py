"""What the demo is played on: a folder with a real configuration, a small UTM5, the hook scripts."""

import os
import shutil
import subprocess
import sysconfig
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any, Protocol

import isp_addons
from isp_addons.domain.problem import Problem, Refused
from isp_addons.sandbox.demo_stand_ins import LOGIN, PASSWORD, STAND_INS

MARK = ".isp-addons-demo"
ZONE = "Europe/Moscow"
_HOOK_SECONDS = 10.0

_CONFIG = """\
# Written by: isp-addons demo. A small UTM5 as the billing; stand-ins of Dr.Web AV-Desk and ESET, and operator tasks for Ajax.
[isp-addons]
spool = spool
time_zone = {zone}
currency = RUB
log_level = error

[database]
url = sqlite:///isp-addons.db

[billing]
adapter = utm5
url = sqlite:///utm5.db

[vendor:avdesk]
plugin = avdesk
concurrency = 16
url = {avdesk}
login = {login}
password = file:avdesk.password

[vendor:eset]
plugin = eset
concurrency = 16
url = {eset}
login = {login}
password = file:eset.password
product_code = 101
address_street = Example street 1
address_city = Exampleton
address_zip = 12345

[vendor:ajax]
plugin = ajax
company = Example Telecom
suspend_by = operator_task
"""


class Commands(Protocol):
    """The product's own commands, run on the demo's configuration at a chosen time."""

    def say(self, *arguments: str, at: datetime) -> str:
        """Run one; returns what it printed for people. Raises the `Problem` that it met."""

    def rows(self, *arguments: str, at: datetime) -> list[dict[str, Any]]:
        """Run one with ``--json``; returns the objects that it printed."""


@dataclass(frozen=True, slots=True)
class Folder:
    """The demo's folder. Whatever stands in one of an earlier demo is removed; any other folder is left alone."""

    path: Path

    @property
    def config(self) -> Path:
        """The configuration file."""
        return self.path / "isp-addons.ini"

    @property
    def spool(self) -> Path:
        """Where the hook scripts put their events."""
        return self.path / "spool"

    @property
    def utm5_url(self) -> str:
        """The small UTM5's database."""
        return f"sqlite:///{self.path / 'utm5.db'}"

    def prepare(self) -> None:
        """Make it, empty. Raises `Refused` for a folder that no demo made, `Problem` when it cannot be made."""
        if self.path.exists() and not (self.path / MARK).is_file() and not _is_empty(self.path):
            raise Refused(
                f"{self.path} exists and was not made by a demo. Name another folder with --folder, or remove it.",
                code="foreign_folder",
            )
        try:
            if self.path.exists():
                _empty(self.path)
            self.path.mkdir(parents=True, exist_ok=True)
            (self.path / MARK).write_text("Made by: isp-addons demo. The next demo empties this folder.\n", encoding="utf-8")
            self.spool.mkdir()
        except OSError as error:
            raise Problem(f"The folder {self.path} cannot be made: {error.strerror}. Name another with --folder.") from error

    def write_config(self, urls: Mapping[str, str]) -> None:
        """Write the configuration, and each stand-in's password into a file of its own; *urls* by plugin."""
        self.config.write_text(_CONFIG.format(zone=ZONE, login=LOGIN, **urls), encoding="utf-8")
        for plugin in STAND_INS:
            password = self.path / f"{plugin}.password"
            password.touch(mode=0o600)
            password.write_text(PASSWORD + "\n", encoding="utf-8")


def _is_empty(path: Path) -> bool:
    return path.is_dir() and not any(path.iterdir())


def _empty(path: Path) -> None:
    for each in path.iterdir():
        if each.is_dir() and not each.is_symlink():
            shutil.rmtree(each)
        else:
            each.unlink()


@dataclass(slots=True)
class HookScripts:
    """UTM5's firewall rules: each runs the hook script as a process of its own, and waits for it."""

    script: Path
    spool: Path
    fired: int = 0
    milliseconds: float = 0.0

    def fire(self, rules: Iterable[tuple[str, int]]) -> int:
        """Run the script once for each rule; returns how often. Raises `Problem` when one does not exit with 0."""
        environment = {"ISP_ADDONS_SPOOL": str(self.spool), "PATH": os.environ.get("PATH", os.defpath)}
        began, count = time.monotonic(), 0
        for word, account in rules:
            done = subprocess.run(  # noqa: S603 - our own script
                [str(self.script), word, f"account={account}"],
                env=environment,
                capture_output=True,
                text=True,
                timeout=_HOOK_SECONDS,
                check=False,
            )
            if done.returncode:
                raise Problem(f"{self.script} {word} account={account} exits with {done.returncode}: {done.stderr.strip()}")
            count += 1
        self.fired += count
        self.milliseconds = (time.monotonic() - began) * 1000 / count if count else 0.0
        return count


def hook_script() -> Path:
    """UTM5's hook script: of the sources when we run from them, else as it was installed."""
    sources = Path(isp_addons.__file__).parents[1]
    places = [sources / "hooks", Path(sysconfig.get_path("data")) / "share" / "isp-addons" / "hooks"]
    for place in places:
        if (place / "utm5" / "isp-addons-utm5").is_file():
            return place / "utm5" / "isp-addons-utm5"
    raise Problem(f"The hook scripts are neither in {places[0]} nor in {places[1]}; install isp-addons again.", code="no_hooks")
