"""An ISP, its vendor and everything that can be seen of them, so that two runs can be compared."""

import json
import os
import shutil
import subprocess
import sys
from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, select

from integration.convergence.stand_in import LOGIN, PASSWORD, StandIn
from isp_addons.store.tables import Base

HOOK = Path(__file__).resolve().parents[2] / "hooks" / "generic" / "isp-addons-event"
CRASH = Path(__file__).with_name("crash.py")
_TERMS = ("name", "user_id", "rate", "activated", "online", "expires", "block_begin", "block_end", "deleted")
_NOT_COMPARED = {
    "audit": {"id"},
    "event": {"id", "outcome"},
    "hold": {"id"},
    "ledger_entry": {"id"},
    "charge": {"id"},
    "licence": {"id"},
    "vendor_state": {"id", "next_call_ms", "reason"},
}
"""Numbers that a rolled-back transaction uses up, and texts that tell how the events of a batch were dealt out."""


@dataclass(frozen=True)
class Ran:
    """What became of a command: its exit code (-9 = killed), the steps that it made, what it said."""

    code: int
    steps: list[str]
    out: str
    err: str


class CommandLine:
    """The product's command line, each command in a process of its own that can be made to die at one of its steps."""

    def __init__(self) -> None:
        self._server: subprocess.Popen[str] | None = None

    def run(self, *words: str, fatal: int | None = None) -> Ran:
        if self._server is None:
            command = [sys.executable, str(CRASH)]
            self._server = subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        assert self._server.stdin is not None
        assert self._server.stdout is not None
        self._server.stdin.write(json.dumps({"words": words, "fatal": fatal}) + "\n")
        self._server.stdin.flush()
        return Ran(**json.loads(self._server.stdout.readline()))

    def close(self) -> None:
        if self._server is not None:
            self._server.communicate(timeout=30)


class World:
    """One installation with its vendor; commands are run at the moment ``at``."""

    def __init__(self, folder: Path, url: str, vendor: StandIn, line: CommandLine) -> None:
        self.folder = folder
        self.spool = folder / "spool"
        self.url = url
        self.vendor = vendor
        self.at = "2026-03-01T00:00:00+00:00"
        self._line = line
        self.file = folder / "isp-addons.ini"
        self.spool.mkdir(exist_ok=True)
        self.use(url)

    def use(self, url: str) -> None:
        """From now on the database is another one."""
        self.url = url
        self.file.write_text(
            f"[isp-addons]\nspool = {self.spool}\nlog_level = warning\n"
            f"[database]\nurl = {url}\n[billing]\nadapter = ledger\n[forecast]\nbrake_minimum = 100000\n"
            f"[vendor:avdesk]\nplugin = avdesk\nurl = {self.vendor.server.url}\nlogin = {LOGIN}\npassword = {PASSWORD}\n"
            "concurrency = 4\n",
            encoding="utf-8",
        )
        self.file.chmod(0o600)

    def __call__(self, *words: str, fatal: int | None = None) -> Ran:
        return self._line.run("--config", str(self.file), "--at", self.at, *words, fatal=fatal)

    def close(self) -> None:
        """No more commands."""
        self._line.close()

    def does(self, *words: str) -> Ran:
        """Run one command, which succeeds."""
        ran = self(*words)
        assert ran.code == 0, f"{' '.join(words)}: exit code {ran.code}\n{ran.out}{ran.err}"
        return ran

    def hook(self, word: str, account: str, *pairs: str) -> None:
        """Run the hook script as a billing does."""
        environment = {"ISP_ADDONS_SPOOL": str(self.spool), "PATH": os.defpath}
        subprocess.run([str(HOOK), word, f"account={account}", *pairs], env=environment, check=True, timeout=20)

    def keep_spool(self) -> Path:
        """A copy of what waits in the spool, to be put back."""
        copy = self.folder / "spool.kept"
        shutil.copytree(self.spool, copy)
        return copy

    def restore(self, stations: Sequence[dict[str, Any]], spool: Path | None) -> None:
        """Put the vendor and the spool back to where they were."""
        self.vendor.ask("POST", "reset")
        for station in stations:
            terms = {name: station[name] for name in _TERMS}
            self.vendor.ask("POST", "stations", {"id": station["id"], **terms})
        if spool is not None:
            shutil.rmtree(self.spool)
            shutil.copytree(spool, self.spool)

    def seen(self) -> dict[str, Any]:
        """Everything that counts: every row but for what may differ, each station, and each change that was made to one."""
        engine = create_engine(self.url)
        tables: dict[str, list[tuple[Any, ...]]] = {}
        with engine.connect() as connection:
            for table in Base.metadata.sorted_tables:
                columns = [column for column in table.columns if column.name not in _NOT_COMPARED.get(table.name, set())]
                tables[table.name] = sorted((tuple(row) for row in connection.execute(select(*columns))), key=repr)
        engine.dispose()
        audit = tables.pop("audit")
        stations = {key: {name: station[name] for name in _TERMS} for key, station in self.vendor.stations().items()}
        changed = [(call["id"], call["script"]) for call in self.vendor.calls() if call["outcome"] == "ok"]
        changes = Counter(each for each in changed if each[1].split("/")[1] in ("add", "change", "delete", "restore"))
        return {
            **tables,
            "audit": [row for row in audit if "seen_state" not in row],
            "stations": stations,
            "changes": changes,
            "spool": sorted(path.name for path in self.spool.glob("*.event")),
        }

    def seen_states(self) -> dict[int, list[tuple[str | None, str | None]]]:
        """What the audit tells of each licence's state at the vendor, oldest first."""
        engine = create_engine(self.url)
        audit = Base.metadata.tables["audit"]
        query = select(audit).where(audit.c.subject == "licence", audit.c.field == "seen_state").order_by(audit.c.id)
        told: dict[int, list[tuple[str | None, str | None]]] = {}
        with engine.connect() as connection:
            for row in connection.execute(query):
                told.setdefault(row.subject_id, []).append((row.before, row.after))
        engine.dispose()
        return told
