"""A stand-in's doors under ``/sandbox/``, as every test of a vendor knocks at them."""

import http.client
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from isp_addons.clock import Clock
from isp_addons.vendor_api.http import CLOCK_HEADER

PATIENCE = "3"
"""The ``read_timeout`` of every vendor under test, in seconds: no machine that stands still for a moment spoils a test."""

_SECONDS = {"timeout_after": 0.05, "slow": 2 * float(PATIENCE)}
"""An answer is as lost when its connection is cut at once; the kit proves of every vendor that a silent one is given up."""


def fault(kind: str, **details: Any) -> dict[str, Any]:
    """What to tell a stand-in so that a call goes wrong."""
    seconds = {"seconds": _SECONDS[kind]} if kind in _SECONDS else {}
    return {"kind": kind, **seconds, **details}


@dataclass(frozen=True)
class Doors:
    """The doors of the stand-in at *url*, at the moment of the clock."""

    url: str
    clock: Clock

    def __call__(self, method: str, path: str, body: Mapping[str, Any] | None = None, *, status: int = 200) -> Any:
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=5)
        try:
            headers = {CLOCK_HEADER: self.clock.now().isoformat()} if self.clock.replayed else {}
            connection.request(method, f"/sandbox/{path}", json.dumps(body) if body is not None else None, headers)
            answer = connection.getresponse()
            read = json.loads(answer.read())
        finally:
            connection.close()
        assert answer.status == status, read
        return read

    def fault(self, kind: str, **details: Any) -> None:
        """Let the next call go wrong, or those that *details* name."""
        self("POST", "faults", fault(kind, **details))
