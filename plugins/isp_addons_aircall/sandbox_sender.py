"""The stand-in's sender of webhooks: real HTTP to loopback, at least once, in any order, again after a failure."""

import http.client
import json
import logging
from collections import deque
from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from threading import Condition, Event, Thread
from typing import Any
from urllib.parse import urlsplit

log = logging.getLogger(__name__)

TIMEOUT_SECONDS = 5.0
"""How long Aircall waits for an answer."""

_LOOPBACK = ("127.0.0.1", "localhost", "::1")
_REST_SECONDS = 0.05


@dataclass
class Delivery:
    """One webhook call: where to, what, and the HTTP status of each try (0: no answer)."""

    url: str
    body: dict[str, Any]
    tries: list[int] = field(default_factory=list)
    done: bool = False


class Sender:
    """Keeps deliveries until they are sent. A thread of its own sends them: nothing waits for it."""

    def __init__(self) -> None:
        self._changed = Condition()
        self._waiting: list[Delivery] = []
        self._queue: deque[tuple[Delivery, int]] = deque()
        self._sent: list[Delivery] = []
        self._sending = 0
        self._stopping = Event()
        self._thread: Thread | None = None

    def add(self, url: str, body: Mapping[str, Any]) -> None:
        """Keep one more delivery."""
        with self._changed:
            self._waiting.append(Delivery(url, dict(body)))

    def send(self, *, copies: int = 1, tries: int = 3, backwards: bool = False) -> int:
        """Send what is kept, *copies* times each, each until it is taken or *tries* are over; returns how many that are.

        *backwards*: the newest first, copies of different deliveries mixed.
        """
        if not 1 <= copies <= 100 or not 1 <= tries <= 100:
            raise ValueError("copies and tries are numbers from 1 to 100")
        with self._changed:
            batch = [Delivery(each.url, each.body) for _ in range(copies) for each in self._waiting]
            self._waiting.clear()
            self._queue.extend((each, tries) for each in (reversed(batch) if backwards else batch))
            self._sending += len(batch)
            if self._thread is None:
                self._stopping.clear()
                self._thread = Thread(target=self._run, name="aircall-webhooks", daemon=True)
                self._thread.start()
            self._changed.notify_all()
        return len(batch)

    def state(self) -> dict[str, Any]:
        """What is kept, how many are on their way, and what became of those that were sent; no token."""
        with self._changed:
            return {
                "kept": len(self._waiting),
                "on_their_way": self._sending,
                "sent": [_shown(each) for each in self._sent],
            }

    def clear(self) -> None:
        """Forget all."""
        with self._changed:
            self._sending -= len(self._queue)
            self._waiting.clear()
            self._queue.clear()
            self._sent.clear()

    def stop(self) -> None:
        """Send no more."""
        with self._changed:
            thread, self._thread = self._thread, None
            self._stopping.set()
            self._changed.notify_all()
        if thread is not None:
            thread.join()

    def _run(self) -> None:
        while not self._stopping.is_set():
            with self._changed:
                if not self._queue:
                    self._changed.wait()
                    continue
                delivery, tries = self._queue.popleft()
            self._deliver(delivery, tries)
            with self._changed:
                self._sent.append(delivery)
                self._sending -= 1

    def _deliver(self, delivery: Delivery, tries: int) -> None:
        while not delivery.done and len(delivery.tries) < tries and not self._stopping.is_set():
            if delivery.tries:
                self._stopping.wait(_REST_SECONDS)
            status = _post(delivery.url, delivery.body)
            delivery.tries.append(status)
            delivery.done = 200 <= status < 300


def loopback(url: object) -> str:
    """*url* itself, if it is http on this machine. Raises `ValueError`: a stand-in calls nobody else."""
    parts = urlsplit(url) if isinstance(url, str) else urlsplit("")
    if parts.scheme != "http" or parts.hostname not in _LOOPBACK or not isinstance(url, str):
        raise ValueError("the stand-in calls http://127.0.0.1 only")
    return url


def _post(url: str, body: Mapping[str, Any]) -> int:
    parts = urlsplit(loopback(url))
    connection = http.client.HTTPConnection(str(parts.hostname), parts.port or 80, timeout=TIMEOUT_SECONDS)
    try:
        connection.request("POST", parts.path, json.dumps(body), {"Content-Type": "application/json"})
        return connection.getresponse().status
    except OSError as error:
        log.info("a webhook was not taken: %s", error)
        return 0
    finally:
        connection.close()


def _shown(delivery: Delivery) -> dict[str, Any]:
    body = {name: value for name, value in delivery.body.items() if name != "token"}
    return {**asdict(delivery), "body": body}
