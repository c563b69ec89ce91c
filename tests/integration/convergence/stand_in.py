"""The stand-in AV-Desk server, seen from its own doors: what it has, what it was asked, and how it is to misbehave."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from isp_addons.clock import Clock
from isp_addons_avdesk.sandbox import AvDeskSandbox
from servers.doors import PATIENCE, Doors

LOGIN, PASSWORD = "billing", "pa55-of-av-desk"


@dataclass(frozen=True)
class StandIn:
    """One server and the clock that it is asked by."""

    server: AvDeskSandbox
    clock: Clock

    @property
    def options(self) -> dict[str, str]:
        """How a vendor is configured that speaks to it."""
        return {"url": self.server.url, "login": LOGIN, "password": PASSWORD, "read_timeout": PATIENCE}

    def ask(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> Any:
        return Doors(self.server.url, self.clock)(method, path, body)

    def fault(self, kind: str, **details: Any) -> None:
        """Let the next call go wrong, or those that *details* name."""
        Doors(self.server.url, self.clock).fault(kind, **details)

    def recovers(self) -> None:
        self.ask("DELETE", "faults")

    def has(self, *keys: str, **terms: Any) -> None:
        """Let it have stations."""
        for key in keys:
            self.ask("POST", "stations", {"id": key, **terms})

    def edit(self, key: str, **terms: Any) -> None:
        """Change a station behind everybody's back."""
        self.ask("POST", f"stations/{key}", terms)

    def loses(self, key: str) -> None:
        """Let a station be gone without a trace."""
        self.ask("DELETE", f"stations/{key}")

    def stations(self) -> dict[str, dict[str, Any]]:
        return {station["id"]: station for station in self.ask("GET", "stations")["stations"]}

    def states(self, *keys: str) -> list[str]:
        stations = self.stations()
        return [stations[key]["state"] for key in keys]

    def calls(self, key: str | None = None) -> list[dict[str, Any]]:
        """The calls so far, in order; of one station or of all."""
        calls = self.ask("GET", "calls?limit=100000")["calls"]
        return [call for call in calls if key in (None, call["id"])]

    def changes(self, key: str | None = None) -> list[str]:
        """The calls that changed something and were carried out."""
        done = [call for call in self.calls(key) if call["outcome"] == "ok"]
        return [call["script"] for call in done if call["script"].split("/")[1] in ("add", "change", "delete", "restore")]
