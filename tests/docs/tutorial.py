"""Runs a tutorial as a reader would: its ``sh`` blocks, one after another, in one shell."""

import os
import re
import signal
import socket
import subprocess
from pathlib import Path

from docs.pages import ROOT, Block

SECONDS = 220
_END = "@@@ end of block"
_PORT = "9080"
_KEY = re.compile(r"\bia[0-9a-f]{8}(?=-)")


def expected_and_shown(found: list[Block]) -> list[tuple[Block, Block | None]]:
    """Each ``sh`` block with the ``text`` block that follows it at once and shows what it prints; None: prints nothing."""
    following = [*found[1:], None]
    return [
        (block, after if after is not None and after.language == "text" else None)
        for block, after in zip(found, following, strict=True)
        if block.language == "sh"
    ]


def run(scripts: list[str], folder: Path) -> list[list[str]]:
    """The lines that each of *scripts* prints, run in *folder* as in a checkout. The stand-in listens on a free port."""
    for name in ("hooks", ".venv"):
        (folder / name).symlink_to(ROOT / name)
    port = _free_port()
    parts = [f"{_on_port(each, port)}\necho; echo '{_END}'\n" for each in scripts]
    (folder / "tutorial.sh").write_text("".join(parts), encoding="utf-8")
    with subprocess.Popen(
        ["bash", "tutorial.sh"],
        cwd=folder,
        env=_environment(),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as shell:
        try:
            printed, complaints = shell.communicate(timeout=SECONDS)
        finally:
            _end(shell.pid)
    outputs = _same_everywhere(printed, port, folder).split(_END)[:-1]
    assert len(outputs) == len(scripts), f"the shell stopped early:\n{printed}\n{complaints}"
    return [lines(each) for each in outputs]


def lines(text: str) -> list[str]:
    """The lines of an output, without what is only there to line it up: blank lines, rules and the width of gaps."""
    found = [" ".join(_KEY.sub("ia…", line).replace("─", "").split()) for line in text.splitlines()]
    return [line for line in found if line]


def shortened(printed: list[str], *, like: list[str]) -> list[str]:
    """*printed* with ``…`` for the lines that *like* leaves out there; all of *printed* where that cannot be done."""
    pattern = "\n".join("(.+\n)*.+" if line == "…" else re.escape(line) for line in like)
    return like if re.fullmatch(pattern, "\n".join(printed)) else printed


def _environment() -> dict[str, str]:
    own = {name: value for name, value in os.environ.items() if not name.startswith(("ISP_ADDONS", "AVDESK", "SUDO_"))}
    return {**own, "USER": "you", "LC_ALL": "C.UTF-8"}


def _free_port() -> str:
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        return str(free.getsockname()[1])


def _on_port(script: str, port: str) -> str:
    return script.replace("sandbox avdesk", f"sandbox avdesk --port {port}").replace(_PORT, port)


def _same_everywhere(printed: str, port: str, folder: Path) -> str:
    return printed.replace(f":{port}", f":{_PORT}").replace(str(folder), "/home/you/isp-addons")


def _end(group: int) -> None:
    """End what the shell left behind, such as a stand-in after a failure."""
    try:
        os.killpg(group, signal.SIGTERM)
    except ProcessLookupError:
        return
