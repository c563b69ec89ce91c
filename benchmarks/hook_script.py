"""What a hook script costs a billing: an event durably stored, against a shell that does nothing.

Both are started as a billing starts them (fork and exec, wait for the exit code), in alternating rounds of one run, so that
whatever else the machine does hits both sides; the figure is the ratio of the total times.
"""

import os
import statistics
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HOOK = Path(__file__).resolve().parents[1] / "hooks" / "utm5" / "isp-addons-utm5"
LIMIT = 3.5
ROUND = 10


def measure(calls: int = 1000) -> dict[str, Any]:
    """Store *calls* events one after another. Raises AssertionError when a call fails or an event is missing afterwards."""
    with tempfile.TemporaryDirectory(prefix="isp-addons-", dir=_disk()) as folder:
        environment = {"PATH": "/usr/bin:/bin", "ISP_ADDONS_SPOOL": folder}
        shell: list[float] = []
        hook: list[float] = []
        while len(hook) < calls:
            size = min(ROUND, calls - len(hook))
            shell += [_seconds(["/bin/sh", "-c", "true"], environment) for _ in range(size)]
            hook += [
                _seconds([str(HOOK), "block_changed", f"account={len(hook) + number}"], environment) for number in range(size)
            ]
        stored = [path.read_text() for path in Path(folder).glob("*.event")]
        durable = _durable_write(Path(folder), calls=min(calls, 100))
    assert len(stored) == calls, f"{len(stored)} events for {calls} calls"
    assert all(text.endswith("\nend\n") for text in stored), "an event is not whole"
    shell_median, hook_median = statistics.median(shell), statistics.median(hook)
    return {
        "figure": "a hook script, durably stored ÷ sh -c true",
        "limit": LIMIT,
        "ratio": round(sum(hook) / sum(shell), 2),
        "detail": {
            "calls": calls,
            "events_stored": len(stored),
            "hook_median_us": round(hook_median * 1e6),
            "sh_median_us": round(shell_median * 1e6),
            "ratio_of_medians": round(hook_median / shell_median, 2),
            "ratio_of_least_disturbed_tenth": round(_tenth(hook) / _tenth(shell), 2),
            "events_per_second": round(calls / sum(hook)),
            "bare_durable_write_median_us": round(durable * 1e6),
        },
    }


def _tenth(seconds: list[float]) -> float:
    """What nine calls in ten took longer than: on a busy machine, the nearest to the cost of the call itself."""
    return sorted(seconds)[len(seconds) // 10]


def _disk() -> str | None:
    """A folder that is on disk: /tmp may be memory, where durable costs nothing."""
    disk = Path("/var/tmp")  # noqa: S108 (mkdtemp makes a private folder in it)
    return str(disk) if disk.is_dir() else None


def _seconds(command: list[str], environment: dict[str, str]) -> float:
    begin = time.perf_counter()
    pid = os.posix_spawn(command[0], command, environment)
    _, status = os.waitpid(pid, 0)
    took = time.perf_counter() - begin
    code = os.waitstatus_to_exitcode(status)
    assert code == 0, f"{' '.join(command)} exited with {code}"
    return took


def _durable_write(folder: Path, *, calls: int) -> float:
    """The median seconds of the same write and syncs without any process: the disk's own share."""
    took = []
    for number in range(calls):
        begin = time.perf_counter()
        with (folder / f"bare-{number}").open("xb") as file:
            file.write(b"isp-addons-event 1\nword=block_changed\naccount=42\nend\n")
            file.flush()
            os.fsync(file.fileno())
        handle = os.open(folder, os.O_RDONLY)
        os.fsync(handle)
        os.close(handle)
        took.append(time.perf_counter() - begin)
    return statistics.median(took)


def main() -> int:
    """Print the figure; exit code 1 when it is over the limit."""
    result = measure()
    print(f"{result['figure']}: {result['ratio']} (limit {result['limit']})")
    for name, value in result["detail"].items():
        print(f"  {name}: {value}")
    return 0 if result["ratio"] <= result["limit"] else 1


if __name__ == "__main__":
    sys.exit(main())
