"""An ISP as its admin sees it: a configuration, the command line, the hook scripts, a clock to turn, a vendor's stand-in."""

import http.client
import json
import os
import subprocess
from collections.abc import Mapping
from decimal import Decimal
from pathlib import Path
from typing import Any

from sqlalchemy import create_engine, select

from acceptance.command import COMMAND, Result, run_here
from isp_addons.store.tables import Base
from isp_addons.vendor_api.http import CLOCK_HEADER
from isp_addons_avdesk.sandbox import AvDeskSandbox
from servers.doors import PATIENCE, fault

ROOT = Path(__file__).resolve().parents[2]
MARCH = "2026-03-01T00:00:00+00:00"
MARCH_10 = "2026-03-10T12:00:00+00:00"
MARCH_31 = "2026-03-31T12:00:00+00:00"
APRIL = "2026-04-01T00:00:00+00:00"
MAY = "2026-05-01T00:00:00+00:00"
_WITHOUT_JSON = ("hook", "event", "worker", "config")

Dump = dict[str, list[tuple[Any, ...]]]


class Vendor:
    """The stand-in AV-Desk server, asked at its own doors, at the moment of the ISP's clock."""

    def __init__(self, server: AvDeskSandbox, isp: "Isp") -> None:
        self._server = server
        self._isp = isp
        self._last_call = 0

    def stop(self) -> None:
        """The vendor is down."""
        self._server.stop()

    def start(self) -> None:
        """The vendor is up again, with all its stations."""
        self._server.start()

    def stations(self, account: str | None = None) -> list[dict[str, Any]]:
        """All stations that are stored, or those of one account; deleted ones too."""
        every = self._ask("GET", "stations")["stations"]
        return [each for each in every if account in (None, each["user_id"])]

    def station(self, account: str) -> dict[str, Any]:
        """The only station of an account."""
        (only,) = self.stations(account)
        return only

    def new_calls(self) -> list[str]:
        """The scripts called since this was last asked, in order."""
        found = self._ask("GET", f"calls?since={self._last_call}")
        self._last_call = found["last"]
        return [call["script"] for call in found["calls"]]

    def goes_wrong(self, kind: str, **details: Any) -> None:
        """Let calls go wrong; see the stand-in's faults."""
        self._ask("POST", "faults", fault(kind, **details))

    def loses(self, station: str) -> None:
        """The station is gone altogether, as if its key had never been right."""
        self._ask("DELETE", f"stations/{station}")

    def adds(self, station: str) -> None:
        """Somebody else makes a station."""
        self._ask("POST", "stations", {"id": station})

    def edits(self, station: str, **terms: Any) -> None:
        """Somebody else changes a station."""
        self._ask("POST", f"stations/{station}", terms)

    def recovers(self) -> None:
        """No more faults."""
        self._ask("DELETE", "faults")

    def _ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        connection = http.client.HTTPConnection(self._server.url.removeprefix("http://"), timeout=5)
        try:
            content = json.dumps(body) if body is not None else None
            connection.request(method, f"/sandbox/{path}", content, {CLOCK_HEADER: self._isp.at})
            answer = connection.getresponse()
            read = json.loads(answer.read())
        finally:
            connection.close()
        assert answer.status == 200, read
        return read


class Isp:
    """One installation. Calling it runs a command in this process; `process` and `script` run real ones."""

    def __init__(self, folder: Path, database_url: str, server: AvDeskSandbox) -> None:
        self.folder = folder
        self.file = folder / "isp-addons.ini"
        self.spool = folder / "spool"
        self.spool.mkdir()
        self.database_url = database_url
        self.at = MARCH
        self.vendor = Vendor(server, self)
        self.prices: dict[str, Decimal] = {}
        self.config: dict[str, dict[str, str]] = {
            "isp-addons": {"spool": str(self.spool), "log_level": "error"},
            "database": {"url": database_url},
            "billing": {"adapter": "ledger"},
            "vendor:avdesk": {
                "plugin": "avdesk",
                "url": server.url,
                "login": "isp",
                "password": "sandbox",
                "read_timeout": PATIENCE,
            },
        }
        self.write_config()

    def configure(self, section: str, **options: str) -> None:
        """Set options of a section and write the file anew."""
        self.config.setdefault(section, {}).update(options)
        self.write_config()

    def write_config(self) -> None:
        lines = [
            line
            for section, options in self.config.items()
            for line in (f"[{section}]", *(f"{name} = {value}" for name, value in options.items()), "")
        ]
        self.file.write_text("\n".join(lines), encoding="utf-8")
        self.file.chmod(0o600)

    def gets_plugin(self, name: str, source: str) -> None:
        """Drop a plugin of one file into the folder of plugins, and configure a vendor of the same name."""
        folder = self.folder / "plugins"
        folder.mkdir(exist_ok=True)
        (folder / f"{name}.py").write_text(source, encoding="utf-8")
        self.configure("isp-addons", plugins_dir=str(folder))
        self.configure(f"vendor:{name}", plugin=name)

    def __call__(self, *words: str, exits: int = 0, human: bool = False) -> Result:
        """Run one command at the present moment; its exit code must be *exits*. With --json unless *human*."""
        result = self.anyhow(*words, human=human)
        assert result.code == exits, f"{' '.join(words)}: exit code {result.code}\n{result.out}{result.err}"
        return result

    def refuses(self, *words: str, exits: int, names: str) -> Result:
        """Run a command that must be refused by a sentence with *names* in it, and change nothing."""
        before = self.dump()
        result = self(*words, exits=exits)
        assert names in result.err, result.err
        assert result.err.startswith(("isp-addons: ", "Usage: "))
        assert "Traceback" not in result.err
        assert self.dump() == before
        return result

    def anyhow(self, *words: str, human: bool = False) -> Result:
        """Run one command, whatever comes of it."""
        end = words.index("--") if "--" in words else len(words)
        as_json = [] if human or words[0] in _WITHOUT_JSON else ["--json"]
        return run_here("--config", str(self.file), "--at", self.at, *words[:end], *as_json, *words[end:])

    def process(self, *words: str) -> Result:
        """Run one command as a process of its own."""
        done = self.started(*words)
        out, err = done.communicate(timeout=60)
        return Result(done.returncode, out, err)

    def started(self, *words: str) -> "subprocess.Popen[str]":
        """Start one command as a process of its own, without waiting."""
        command = [str(COMMAND), "--config", str(self.file), "--at", self.at, *words]
        return subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    def script(self, word: str, account: str, *pairs: str, billing: str = "generic") -> Result:
        """Run a hook script as a billing does."""
        name = {"generic": "isp-addons-event", "utm5": "isp-addons-utm5"}[billing]
        done = subprocess.run(
            [str(ROOT / "hooks" / billing / name), word, f"account={account}", *pairs],
            env={"ISP_ADDONS_SPOOL": str(self.spool), "PATH": os.defpath},
            capture_output=True,
            text=True,
            timeout=20,
            check=False,
        )
        return Result(done.returncode, done.stdout, done.stderr)

    def sells(self, code: str, price: str, *, vendor: str | None = "avdesk", priority: int = 1, terms: str = "1") -> None:
        """Add a product."""
        self.prices[code] = Decimal(price)
        supplied = ["--vendor", vendor] if vendor else []
        self("products", "add", code, "--price", price, "--priority", str(priority), "--terms", terms, *supplied)

    def opens(self, ref: str, balance: str = "0", **options: str | bool) -> None:
        """Open an account."""
        self("accounts", "add", ref, "--balance", balance, *_as_options(options))

    def orders(self, ref: str, code: str, plan: str = "recurring", **options: str) -> int:
        """Order a product; returns the subscription."""
        made: int = self("order", ref, code, "--plan", plan, *_as_options(options)).row["subscription"]
        return made

    def subscriber(self, ref: str, *codes: str, left: str, **options: str | bool) -> list[int]:
        """Open an account with recurring add-ons, so that *left* is on it once the running period is paid."""
        self.opens(ref, str(Decimal(left) + sum(self.prices[code] for code in codes)), **options)
        return [self.orders(ref, code) for code in codes]

    def hears(self, word: str, ref: str, *pairs: str) -> None:
        """The billing runs the hook script, and the worker takes up what it stored and calls the vendors."""
        assert self.script(word, ref, *pairs).code == 0
        self("worker", "--once")

    def looks_ahead(self) -> None:
        """Run the forecast, and call the vendors."""
        self("before-period-end", "--apply")
        self("converge")

    def begins_periods(self) -> None:
        """Begin the periods that are due, and call the vendors."""
        self("period-begin")
        self("converge")

    def account(self, ref: str) -> dict[str, Any]:
        (only,) = [row for row in self("accounts", "list", "--limit", "100000").rows if row["account"] == ref]
        return only

    def balance(self, ref: str) -> str:
        found: str = self.account(ref)["balance"]
        return found

    def subscription(self, subscription: int) -> dict[str, Any]:
        return self("subscriptions", "show", str(subscription)).row

    def held_by(self, subscription: int) -> str:
        found: str = self.subscription(subscription)["holds"]
        return found

    def at_vendor(self, subscription: int) -> str:
        found: str = self.subscription(subscription)["vendor_state"]
        return found

    def dump(self, *tables: str) -> Dump:
        """Every row of every table, or of those named."""
        engine = create_engine(self.database_url)
        try:
            with engine.connect() as connection:
                return {
                    table.name: [tuple(row) for row in connection.execute(select(table).order_by(*table.primary_key))]
                    for table in Base.metadata.sorted_tables
                    if not tables or table.name in tables
                }
        finally:
            engine.dispose()


def _as_options(options: Mapping[str, str | bool]) -> list[str]:
    words = []
    for name, value in options.items():
        words += [f"--{name.replace('_', '-')}"] if value is True else [f"--{name.replace('_', '-')}", str(value)]
    return words
