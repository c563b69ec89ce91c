"""The web application as it is served: uvicorn, real HTTP, a database, a vendor that calls."""

import http.client
import json
import logging
import socket
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import select

from acceptance.command import run_here
from isp_addons.bootstrap import App
from isp_addons.store.tables import Event
from isp_addons.web.app import make_app
from isp_addons.web.server import Listener

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
TOKEN = "token-of-the-caller"

CALLER = '''
"""A vendor that calls us: the body says which event, the header proves it."""

import json

from isp_addons.vendor_api import (
    Capabilities, Rejected, Secret, SuspendKind, Unauthorised, VendorEvent, VendorOptions, VendorPlugin, VendorUser, VendorWord,
    hookimpl,
)


class CallerOptions(VendorOptions):
    token: Secret


class Caller(VendorPlugin[CallerOptions]):
    Options = CallerOptions
    capabilities = Capabilities(suspends=SuspendKind.NONE, has_users=True)

    @hookimpl
    def on_vendor_webhook(self, request):
        if request.headers.get("x-token") != self.context.options.token.get_secret_value():
            raise Unauthorised("this is not the token: " + request.headers.get("x-token", ""))
        try:
            told = json.loads(request.body)
        except ValueError:
            raise Rejected("no JSON") from None
        if "defect" in told:
            raise ZeroDivisionError("a defect of the plugin " + self.context.options.token.get_secret_value())
        return [
            VendorEvent(key=each["key"], word=VendorWord.USER_CREATED, user=VendorUser(reference=each["user"], account="42"))
            for each in told
        ]
'''

DUMB = '''
"""A vendor that never calls."""

from isp_addons.vendor_api import Capabilities, SuspendKind, VendorPlugin


class Dumb(VendorPlugin):
    capabilities = Capabilities(suspends=SuspendKind.NONE)
'''


@dataclass(frozen=True)
class Answer:
    status: int
    value: Any
    headers: Mapping[str, str]


class Door:
    """The web application, called over HTTP."""

    def __init__(self, app: App, url: str) -> None:
        self.app = app
        self.url = url
        self.address = url.removeprefix("http://")

    def __call__(self, method: str, path: str, body: bytes | None = None, **headers: str) -> Answer:
        connection = http.client.HTTPConnection(self.address, timeout=10)
        try:
            connection.request(method, path, body, {name.replace("_", "-"): value for name, value in headers.items()})
            answer = connection.getresponse()
            read = answer.read()
        finally:
            connection.close()
        told = {name.lower(): value for name, value in answer.getheaders()}
        return Answer(answer.status, json.loads(read), told)

    def tell(self, *events: Mapping[str, str], vendor: str = "caller", token: str = TOKEN) -> Answer:
        """Call as the vendor does."""
        return self("POST", f"/webhooks/{vendor}", json.dumps(events).encode(), x_token=token)

    def raw(self, sent: bytes) -> bytes:
        """Send bytes as they are and read what comes until the other side closes."""
        host, _, port = self.address.partition(":")
        with socket.create_connection((host, int(port)), timeout=10) as connection:
            connection.sendall(sent)
            parts = []
            while part := connection.recv(65536):
                parts.append(part)
        return b"".join(parts)

    def stored(self) -> list[tuple[str, str, str, dict[str, Any]]]:
        """Every event in the inbox: key, word, account, details."""
        with self.app.store.read() as session:
            rows = session.scalars(select(Event).order_by(Event.id))
            return [(row.key, row.word, row.account_ref, row.details) for row in rows]


MakeDoor = Callable[..., Door]


@pytest.fixture
def make_door(tmp_path: Path) -> Iterator[MakeDoor]:
    """Serves an installation with the vendors *caller*, *dumb*, *off* (disabled) and *broken*."""
    opened: list[tuple[Listener, App]] = []

    def make() -> Door:
        plugins = tmp_path / "plugins"
        plugins.mkdir()
        for name, source in (("caller", CALLER), ("dumb", DUMB), ("broken", 'raise RuntimeError("secret defect")\n')):
            (plugins / f"{name}.py").write_text(source, encoding="utf-8")
        file = tmp_path / "isp-addons.ini"
        file.write_text(
            f"[isp-addons]\nplugins_dir = {plugins}\n[database]\nurl = sqlite:///{tmp_path / 'a.db'}\n"
            f"[billing]\nadapter = ledger\n[vendor:caller]\nplugin = caller\ntoken = {TOKEN}\n"
            f"[vendor:off]\nplugin = caller\nenabled = no\ntoken = {TOKEN}\n[vendor:dumb]\nplugin = dumb\n"
            "[vendor:broken]\nplugin = broken\n",
            encoding="utf-8",
        )
        file.chmod(0o600)
        assert run_here("--config", str(file), "init").code == 0
        logging.getLogger("isp_addons.host").setLevel(logging.CRITICAL)  # one of the plugins is broken on purpose
        app = App(file, at=NOW)
        listener = Listener(make_app(app), host="127.0.0.1", port=0)
        listener.__enter__()
        opened.append((listener, app))
        return Door(app, listener.url)

    yield make
    logging.getLogger("isp_addons.host").setLevel(logging.NOTSET)
    for listener, app in opened:
        listener.__exit__(None, None, None)
        app.close()


@pytest.fixture
def door(make_door: MakeDoor) -> Door:
    return make_door()
