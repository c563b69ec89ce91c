"""The demo's command: plays a month of a small ISP through the product's own commands."""

import contextlib
import io
import json
import signal
import socket
import sys
from collections.abc import Iterator
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any, NoReturn

import click

from isp_addons.domain.problem import Problem

if TYPE_CHECKING:
    from isp_addons.sandbox.demo_findings import Check
    from isp_addons.sandbox.demo_scene import Scene
    from isp_addons.sandbox.demo_screen import Screen
    from isp_addons.sandbox.demo_stage import Folder
    from isp_addons.sandbox.demo_stand_ins import StandIns


class InProcess:
    """Runs the product's commands inside this process, which saves the second that starting Python takes."""

    def __init__(self, config: Path) -> None:
        self._config = config

    def say(self, *arguments: str, at: datetime) -> str:
        """See `isp_addons.sandbox.demo_stage.Commands.say`. Tables are drawn in what our own output can show."""
        return self._run(*arguments, at=at, encoding=sys.stdout.encoding or "utf-8")

    def rows(self, *arguments: str, at: datetime) -> list[dict[str, Any]]:
        """See `isp_addons.sandbox.demo_stage.Commands.rows`."""
        return [json.loads(line) for line in self._run(*arguments, "--json", at=at, encoding="utf-8").splitlines()]

    def _run(self, *arguments: str, at: datetime, encoding: str) -> str:
        from isp_addons.cli.main import cli

        printed = io.BytesIO()
        stdout = io.TextIOWrapper(printed, encoding=encoding, errors="backslashreplace", write_through=True)
        everything = ["--config", str(self._config), "--at", at.isoformat(), *arguments]
        with _ours_again(), contextlib.redirect_stdout(stdout):
            cli.main(everything, prog_name="isp-addons", standalone_mode=False)
        return printed.getvalue().decode(encoding)


@contextlib.contextmanager
def _ours_again() -> Iterator[None]:
    """A command may take Ctrl-C and SIGTERM for itself and end early; afterwards they count for the demo, too."""
    handlers = {number: signal.getsignal(number) for number in (signal.SIGINT, signal.SIGTERM)}
    reader, writer = socket.socketpair()
    with reader, writer:
        reader.setblocking(False)
        writer.setblocking(False)
        before = signal.set_wakeup_fd(writer.fileno())
        try:
            yield
        finally:
            signal.set_wakeup_fd(before)
            for number, handler in handlers.items():
                signal.signal(number, handler)
        with contextlib.suppress(BlockingIOError):
            if set(reader.recv(64)) & {*map(int, handlers)}:
                _stop()


def _stop(*_: object) -> NoReturn:
    raise KeyboardInterrupt


@click.command()
@click.option(
    "--folder",
    type=click.Path(path_type=Path),
    default=Path("demo"),
    show_default=True,
    help="Where everything is put; one that an earlier demo made is emptied first.",
)
@click.option("--keep", is_flag=True, help="Leave the vendors' stand-ins running at the end, until Ctrl-C.")
def demo(*, folder: Path, keep: bool) -> None:
    """Play one month of a small ISP in under a minute: no network, no root, nothing outside --folder.

    A small UTM5 with 2,000 accounts, its hook scripts, stand-ins of Dr.Web AV-Desk and ESET, and operator tasks for Ajax:
    blocks, an outage of a vendor, payments, the forecast, a new period. Ends with checks against the stand-ins themselves;
    exit code 1 if one fails.
    """
    from isp_addons.sandbox.demo_screen import Screen
    from isp_addons.sandbox.demo_stage import Folder
    from isp_addons.sandbox.demo_stand_ins import StandIns

    signal.signal(signal.SIGTERM, _stop)
    stage = Folder(folder.resolve())
    stage.prepare()
    screen = Screen()
    stand_ins = StandIns(stage.path)
    try:
        checks = _play(stage, stand_ins, screen)
        if keep:
            avdesk, eset = stand_ins.urls["avdesk"], stand_ins.urls["eset"]
            screen.say(f"AV-Desk's stand-in goes on at {avdesk} (what it has: {avdesk}/sandbox/stations),")
            screen.say(f"ESET's at {eset} (what it has: {eset}/sandbox/licenses). Ctrl-C ends them.")
            with contextlib.suppress(KeyboardInterrupt):
                stand_ins.wait()
        else:
            screen.say("The vendors' stand-ins have ended; with --keep they go on, for: reconcile, converge, doctor.")
    finally:
        stand_ins.stop()
    _raise_failed(checks)


def _play(stage: "Folder", stand_ins: "StandIns", screen: "Screen") -> "list[Check]":
    from isp_addons.sandbox.demo import play_month, set_the_scene, where_to_look

    scene: Scene = set_the_scene(stage, InProcess(stage.config), screen, urls=stand_ins.urls)
    try:
        checks = play_month(scene)
        screen.took()
        screen.title("\nWhere to look next")
        for command in where_to_look(scene):
            screen.say(command)
        return checks
    finally:
        scene.witness.close()
        scene.eset.close()
        scene.utm5.engine.dispose()


def _raise_failed(checks: "list[Check]") -> None:
    failed = sum(1 for check in checks if not check.holds)
    if failed:
        raise Problem(f"{failed} of {len(checks)} checks of the demo failed; they are marked above.", code="demo_failed")
