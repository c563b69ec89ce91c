"""What a person is told to do at a vendor's console: one TOML file for each language, shipped with the plugin."""

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from functools import lru_cache
from importlib import resources
from typing import Any

from isp_addons.domain.language import LANGUAGES
from isp_addons.vendor_api.types import NeedsOperator

__all__ = ["LANGUAGES", "Instructions"]


@dataclass(frozen=True, slots=True)
class Instructions:
    """The instructions in the folder ``instructions`` of *package*: ``en.toml`` and others, each with a table for each task.

    A task has a ``title``, its ``steps`` one by one, and ``values``: what to enter, by the label that the vendor's console
    shows. In all of them ``{name}`` stands for a value that is given when the task is told. A language that has no file is
    told in English.
    """

    package: str

    def tell(self, task: str, *, language: str, due_in: timedelta | None = None, **values: object) -> NeedsOperator:
        """The task in *language*, with *values* filled in. Raises `KeyError` for a task or a value that is not there."""
        said = self.tasks(language)[task]
        lines = [said["title"].format_map(values)]
        lines += [f"{number}. {step.format_map(values)}" for number, step in enumerate(said.get("steps", ()), 1)]
        lines += [f"   {label}: {value.format_map(values)}" for label, value in said.get("values", {}).items()]
        return NeedsOperator(instructions="\n".join(lines), due_in=due_in)

    def languages(self) -> tuple[str, ...]:
        """The languages that have a file."""
        folder = resources.files(self.package) / "instructions"
        return tuple(sorted(file.name.removesuffix(".toml") for file in folder.iterdir() if file.name.endswith(".toml")))

    def tasks(self, language: str) -> Mapping[str, Mapping[str, Any]]:
        """Every task as the file of *language* has it."""
        return _read(self.package, language if language in self.languages() else "en")


@lru_cache(maxsize=200)
def _read(package: str, language: str) -> Mapping[str, Mapping[str, Any]]:
    file = resources.files(package) / "instructions" / f"{language}.toml"
    return tomllib.loads(file.read_text(encoding="utf-8"))
