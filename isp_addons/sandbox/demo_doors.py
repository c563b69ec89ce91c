"""The doors under ``/sandbox/`` of a stand-in vendor: what stands there, and which calls it was made."""

import json
from collections.abc import Mapping
from datetime import datetime
from typing import Any

from isp_addons.clock import ReplayClock
from isp_addons.vendor_api.http import VendorSession

_CALLS_AT_ONCE = 1000


class Doors:
    """The doors of one stand-in. Nothing of what is asked here is in its log of calls."""

    def __init__(self, url: str, *, at: datetime) -> None:
        self.clock = ReplayClock(at)
        self._session = VendorSession(url, clock=self.clock, timeout=(3.0, 10.0))
        self._last = 0

    def new_calls(self) -> list[Mapping[str, Any]]:
        """The calls since the last time that this was asked, oldest first."""
        found: list[Mapping[str, Any]] = []
        while True:
            page = self.get("calls", since=str(self._last), limit=str(_CALLS_AT_ONCE))
            found += page["calls"]
            self._last = found[-1]["number"] if found else self._last
            if self._last >= page["last"] or not page["calls"]:
                return found

    def get(self, path: str, **params: str) -> Any:
        """What a door shows."""
        address = f"/sandbox/{path}"
        return self._session.send("GET", address, action=address, changes=False, params=params).json()

    def send(self, method: str, path: str, body: Mapping[str, Any] | None = None) -> None:
        """Have a door do something."""
        address, data = f"/sandbox/{path}", b"" if body is None else json.dumps(body).encode()
        self._session.send(method, address, action=address, changes=True, data=data)

    def close(self) -> None:
        """Close the connection."""
        self._session.close()
