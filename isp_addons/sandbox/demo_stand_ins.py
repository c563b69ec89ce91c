"""The stand-in vendors of the demo, each in a process of its own: ``isp-addons sandbox NAME``."""

import re
import selectors
import subprocess
import sys
from collections.abc import Mapping
from pathlib import Path

from isp_addons.domain.problem import Problem

LOGIN, PASSWORD = "isp", "sandbox"
STAND_INS = ("avdesk", "eset")
_COMMAND = "from isp_addons.cli.main import main; main()"
_START_SECONDS, _STOP_SECONDS = 20.0, 5.0


class StandInProcess:
    """One stand-in that starts; its address is known once it has started. ``pid``: of its process."""

    def __init__(self, plugin: str, log: Path) -> None:
        self.plugin = plugin
        self._log = log
        options = ["sandbox", plugin, "--port", "0", "--login", LOGIN, "--password", PASSWORD]
        with log.open("wb") as errors:
            self._process = subprocess.Popen(  # noqa: S603 - our own command
                [sys.executable, "-P", "-c", _COMMAND, *options], stdout=subprocess.PIPE, stderr=errors
            )
        self.pid = self._process.pid

    def url(self) -> str:
        """The address that it says it answers at. To be asked once. Raises `Problem` when it does not start."""
        output = self._process.stdout
        assert output is not None  # noqa: S101 - it is a pipe
        with selectors.DefaultSelector() as ready:
            ready.register(output, selectors.EVENT_READ)
            line = output.readline().decode() if ready.select(_START_SECONDS) else ""
        found = re.search(r"http://127\.0\.0\.1:[1-9]\d*", line)
        if found is None:
            raise Problem(f"The stand-in of {self.plugin} does not start; see {self._log}.", code="sandbox")
        return found[0]

    def wait(self) -> None:
        """Until it ends, or somebody presses Ctrl-C."""
        self._process.wait()

    def ask_to_end(self) -> None:
        """Let it end by itself."""
        self._process.terminate()

    def stop(self) -> None:
        """End it, whatever it is doing."""
        self._process.terminate()
        try:
            self._process.wait(_STOP_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        if self._process.stdout is not None:
            self._process.stdout.close()


class StandIns:
    """All of them, running. ``urls``: the address of each by its plugin's name."""

    def __init__(self, folder: Path) -> None:
        self._processes: list[StandInProcess] = []
        self.urls: Mapping[str, str] = {}
        try:
            for plugin in STAND_INS:
                self._processes.append(StandInProcess(plugin, folder / f"{plugin}.log"))
            self.urls = {each.plugin: each.url() for each in self._processes}
        except BaseException:
            self.stop()
            raise

    def wait(self) -> None:
        """Until all have ended, or somebody presses Ctrl-C."""
        for each in self._processes:
            each.wait()

    def stop(self) -> None:
        """End all."""
        for each in self._processes:
            each.ask_to_end()
        for each in self._processes:
            each.stop()
