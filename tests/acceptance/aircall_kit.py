"""An ISP whose customer is a company at Aircall: the company, its users, and the door through which Aircall calls."""

import http.client
import json
import time
from collections.abc import Callable
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from acceptance.kit import Isp
from isp_addons.clock import ReplayClock
from isp_addons_aircall.sandbox import AircallSandbox
from servers.doors import Doors

TOKEN = "webhook-of-the-bakery"


class HttpDoor:
    """``isp-addons serve`` as a process of its own, called as Aircall calls it."""

    def __init__(self, isp: Isp) -> None:
        self.process = isp.started("serve", "--port", "0")
        assert self.process.stdout is not None
        line = self.process.stdout.readline()
        assert "answers at http://127.0.0.1:" in line, line + str(self.process.stderr and self.process.stderr.read())
        self.url = line.split()[3].rstrip(";")

    def tells(self, event: str, user: int, *, token: str | None = TOKEN, at: int = 1773144000) -> int:
        """Call once; returns the HTTP status."""
        data = {"id": user, "email": f"u{user}@example.net", "name": f"User {user}"}
        body = {"resource": "user", "event": event, "timestamp": at, "data": data}
        return self.posts(json.dumps({**body, "token": token} if token is not None else body).encode())[0]

    def posts(self, body: bytes, path: str = "/webhooks/aircall") -> tuple[int, Any]:
        connection = http.client.HTTPConnection(self.url.removeprefix("http://"), timeout=5)
        try:
            connection.request("POST", path, body, {"Content-Type": "application/json"})
            answer = connection.getresponse()
            return answer.status, json.loads(answer.read())
        finally:
            connection.close()

    def close(self) -> None:
        """End it as a supervisor does."""
        self.process.terminate()
        out, err = self.process.communicate(timeout=20)
        assert self.process.returncode == 0, err
        assert "Traceback" not in out + err


@dataclass
class Bakery:
    """An ISP whose account 42 is a company at Aircall, and the company itself."""

    isp: Isp
    server: AircallSandbox

    @property
    def doors(self) -> Doors:
        return Doors(self.server.url, ReplayClock(datetime.fromisoformat(self.isp.at)))

    def hires(self, *names: str) -> list[str]:
        """New users at Aircall; returns their ids."""
        return [
            str(self.doors("POST", "users", {"email": f"{each}@example.net", "name": each.title()})["id"]) for each in names
        ]

    def fires(self, name: str) -> None:
        self.doors("DELETE", f"users/{name}@example.net")

    def calls_back(self, door: HttpDoor) -> None:
        """From now on Aircall tells us of its users."""
        self.doors("POST", "receiver", {"url": f"{door.url}/webhooks/aircall"})

    def delivers(self, **how: Any) -> list[dict[str, Any]]:
        """Aircall makes the calls that wait, and what became of them."""
        self.doors("POST", "deliveries", how)
        deadline = time.monotonic() + 20
        while (state := self.doors("GET", "deliveries"))["on_their_way"]:
            assert time.monotonic() < deadline
            time.sleep(0.02)
        sent: list[dict[str, Any]] = state["sent"]
        return sent

    def listings(self) -> int:
        """How often the list of users was asked for."""
        count: int = self.doors("GET", "calls")["counts"].get("GET company", 0)
        return count

    def users(self) -> list[str]:
        """Whom we know, but the owner of the company."""
        rows = self.isp("users", "list", "--vendor", "aircall").rows
        return [row["email"].split("@")[0] for row in rows if row["email"] != "owner@example.net"]

    def holders(self, subscription: int) -> list[str]:
        rows = self.isp("seats", "list", str(subscription)).rows
        return [row["email"].split("@")[0] for row in rows if row["email"] != "owner@example.net"]

    def pool(self, subscription: int) -> tuple[int, int, int]:
        row = self.isp("seats", "pool", str(subscription)).row
        return row["total"], row["assigned"], row["available"]

    def gives(self, subscription: int, *names: str) -> None:
        for name in names:
            self.isp("seats", "assign", str(subscription), f"{name}@example.net")

    def task(self) -> dict[str, Any]:
        """The only thing that waits for a person."""
        (task,) = self.isp("tasks", "list").rows
        return task

    def confirms(self) -> None:
        self.isp("tasks", "confirm", self.task()["licence"])

    def works(self) -> None:
        self.isp("worker", "--once")

    def later(self, **passed: float) -> None:
        self.isp.at = (datetime.fromisoformat(self.isp.at) + timedelta(**passed)).isoformat()

    def state(self) -> tuple[str, str]:
        """How the vendor fares: its state and the note."""
        (row,) = [each for each in self.isp("vendors", "list").rows if each["vendor"] == "aircall"]
        return row["state"], row["note"]

    def is_sold_to(self) -> None:
        """The vendor is configured, its two add-ons are sold, and the account 42 has money."""
        self.isp.configure("vendor:aircall", plugin="aircall", read_timeout="2", **self.server.options())
        wide = ["--option", "add_on=Analytics+", "--option", "scope=account"]
        for code, price, options in (("assist", "15.00", ["--option", "add_on=AI Assist"]), ("analytics", "50.00", wide)):
            self.isp("products", "add", code, "--vendor", "aircall", "--price", price, *options)
        self.isp.opens("42", "1000.00")

    def bought(self, *names: str) -> int:
        """The subscription of three seats of AI Assist, bought at Aircall and given to *names*."""
        self.hires(*names)
        self.isp("users", "sync", "aircall")
        assist = self.isp.orders("42", "assist", quantity="3")
        self.gives(assist, *names)
        self.works()
        self.confirms()
        assert self.isp.at_vendor(assist) == "active"
        return assist


def until(holds: Callable[[], bool]) -> None:
    """Wait until it holds, for at most half a minute."""
    deadline = time.monotonic() + 30
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.1)
