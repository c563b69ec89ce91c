"""Measure every figure, print a table, and write them as JSON. Exit code 1 when a limit is not kept."""

import argparse
import json
import sys
from collections.abc import Callable
from pathlib import Path

from benchmarks import delivery, hook_script, period, startup
from benchmarks.figures import Figure

RESULTS = Path(__file__).with_name("results")


def _hook() -> list[Figure]:
    found = hook_script.measure()
    return [Figure(figure=found["figure"], ratio=found["ratio"], limit=found["limit"], detail=found["detail"])]


PARTS: dict[str, Callable[[], list[Figure]]] = {
    "startup": startup.measure,
    "hook": _hook,
    "delivery": delivery.measure,
    "period": period.measure,
}


def main() -> int:
    """Run the named parts, all by default."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("parts", nargs="*", choices=[*PARTS, []], help="which to measure; all by default")
    parser.add_argument("--json", action="store_true", help="print JSON instead of the table")
    arguments = parser.parse_args()
    figures = []
    for name in arguments.parts or PARTS:
        print(f"measuring {name} …", file=sys.stderr)
        figures += PARTS[name]()
    text = json.dumps([figure.as_json() for figure in figures], indent=2, ensure_ascii=False)
    RESULTS.mkdir(exist_ok=True)
    (RESULTS / "latest.json").write_text(text + "\n", encoding="utf-8")
    print(text if arguments.json else _table(figures))
    return 0 if all(figure.holds for figure in figures) else 1


def _table(figures: list[Figure]) -> str:
    width = max(len(figure.figure) for figure in figures)
    lines = [f"{'figure':<{width}}  {'measured':>9}  {'limit':>10}"]
    for figure in figures:
        limit = f"{'≥' if figure.at_least else '≤'} {figure.limit:g}"
        lines.append(f"{figure.figure:<{width}}  {figure.ratio:>9.2f}  {limit:>10}  {'' if figure.holds else 'NOT KEPT'}")
    return "\n".join(lines)


if __name__ == "__main__":
    sys.exit(main())
