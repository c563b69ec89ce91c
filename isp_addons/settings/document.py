"""The INI file as it stands: sections, options, and the line of each, which `configparser` does not tell.

The dialect is that of `configparser` with ``=`` between option and value, ``#`` and ``;`` before whole-line comments, no
comments after a value and no interpolation; names of options are in lower case, a line indented deeper than the option above
it continues that option's value. Unlike `configparser`, reading goes on after a problem, so that all of them are told.
"""

import os
import re
import stat
from collections.abc import Iterable
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import NoReturn

from isp_addons.domain.problem import ConfigProblem

_HEADER = re.compile(r"\[(.+)\]")
_NEWLINE = re.compile(r"\r\n|\r|\n")


@dataclass(frozen=True, slots=True)
class Entry:
    """One option: its value as written (a secret, perhaps), and its line."""

    value: str = field(repr=False)
    line: int


@dataclass(frozen=True, slots=True)
class Block:
    """One section: the line of its header, and its options by name."""

    line: int
    entries: dict[str, Entry] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Document:
    """One configuration file. ``world_readable``: every user of the machine may read it."""

    path: Path
    world_readable: bool
    blocks: dict[str, Block] = field(default_factory=dict)

    @property
    def folder(self) -> Path:
        """What relative paths in the file start from."""
        return self.path.absolute().parent

    def line(self, section: str, option: str = "") -> int | None:
        """The line of an option, or of its section's header when the option is not written."""
        block = self.blocks.get(section)
        if block is None:
            return None
        entry = block.entries.get(option)
        return block.line if entry is None else entry.line


class Problems:
    """Collects what is wrong with one file, to be raised once, in the order of its lines."""

    def __init__(self, path: Path) -> None:
        self._path = path
        self._found: list[tuple[float, str]] = []

    def add(self, sentence: str, *, line: int | None, section: str = "", option: str = "") -> None:
        """Note that the *option* of *section* (either may be empty) at *line* (None: nowhere) is wrong."""
        place = place_of(self._path, line=line, section=section, option=option)
        self._found.append((float("inf") if line is None else line, f"{place}: {sentence}"))

    def raise_all(self) -> None:
        """Raise one `ConfigProblem` with all that was found, one a line."""
        if self._found:
            raise ConfigProblem("\n".join(text for _, text in sorted(self._found, key=lambda found: found[0])))


def place_of(path: Path, *, line: int | None, section: str = "", option: str = "") -> str:
    """Name a place in the file as ``file:line: [section] option``."""
    spot = str(path) if line is None else f"{path}:{line}"
    name = " ".join(part for part in (f"[{section}]" if section else "", option) if part)
    return f"{spot}: {name}" if name else spot


def nearest(name: str, known: Iterable[str]) -> str:
    """Say which known name was probably meant, or name them all."""
    names = list(known)
    close = get_close_matches(name.lower(), names, n=1)
    return f"did you mean {close[0]}?" if close else f"known are {', '.join(names)}"


def read(path: Path) -> tuple[Document, Problems]:
    """Read *path*. Raises `ConfigProblem` when that is not possible; what is wrong inside is collected."""
    try:
        with path.open("rb") as file:
            mode = os.fstat(file.fileno()).st_mode
            content = file.read()
    except OSError as error:
        _raise_unreadable(path, error)
    try:
        text = content.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        line = content.count(b"\n", 0, error.start) + 1
        raise ConfigProblem(f"{path}:{line}: the file is not UTF-8; save it in that encoding.") from None
    document = Document(path, bool(mode & stat.S_IROTH))
    problems = Problems(path)
    _Reader(document, problems).read(text)
    return document, problems


def _raise_unreadable(path: Path, error: OSError) -> NoReturn:
    if isinstance(error, FileNotFoundError):
        raise ConfigProblem(
            f"There is no configuration file {path}; make one with: isp-addons config sample > {path}", code="no_configuration"
        )
    raise ConfigProblem(
        f"The configuration file {path} cannot be read: {error.strerror}; run as the user that may read it, or change its mode."
    )


class _Reader:
    """Goes through the lines once; knows the section and the option that it is in."""

    def __init__(self, document: Document, problems: Problems) -> None:
        self._document = document
        self._problems = problems
        self._section = ""
        self._block: Block | None = None
        self._option: str | None = None
        self._indent = 0
        self._stray = False

    def read(self, text: str) -> None:
        for number, line in enumerate(_NEWLINE.split(text), start=1):
            stripped = line.strip()
            if not stripped or stripped[0] in "#;":
                self._option = None
                continue
            indent = len(line) - len(line.lstrip())
            if self._option is not None and indent > self._indent:
                self._continue(stripped)
                continue
            self._indent = indent
            self._option = None
            if stripped[0] == "[":
                self._begin(stripped, number)
            else:
                self._take(stripped, number)

    def _continue(self, text: str) -> None:
        if self._block is not None and self._option is not None:
            entry = self._block.entries[self._option]
            self._block.entries[self._option] = Entry(f"{entry.value}\n{text}", entry.line)

    def _begin(self, header: str, number: int) -> None:
        match = _HEADER.fullmatch(header)
        self._stray = True
        if match is None:
            self._problems.add("the line should be a section's header, alone, such as [database].", line=number)
            self._block = None
            return
        self._section = match[1]
        standing = self._document.blocks.get(self._section)
        if standing is not None:
            self._problems.add(
                f"stands already at line {standing.line}; move its options there.", line=number, section=self._section
            )
        self._block = self._document.blocks.setdefault(self._section, Block(number))

    def _take(self, text: str, number: int) -> None:
        name, delimiter, value = (part.strip() for part in text.partition("="))
        option = name.lower()
        if self._block is None:
            if not self._stray:  # said once: one missing header is one problem
                self._stray = True
                self._problems.add(
                    "stands before any section; write a header such as [database] above it.",
                    line=number,
                    option=option if delimiter else "",
                )
            return
        if not delimiter or not option:
            self._problems.add("the line should be: option = value.", line=number, section=self._section)
            return
        standing = self._block.entries.get(option)
        if standing is not None:
            self._problems.add(
                f"stands already at line {standing.line}; keep one of them.", line=number, section=self._section, option=option
            )
            return
        self._block.entries[option] = Entry(value, number)
        self._option = option
