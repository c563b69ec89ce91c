"""A YAML (or JSON) file as values that know their lines, so that every problem can be named with its place."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from difflib import get_close_matches
from pathlib import Path
from typing import Any, TypeVar

from isp_addons.domain.problem import BadInput, Problem, refuse_file
from isp_addons.services import text_file

_MOST_BYTES = 4_000_000
_MOST_SHOWN = 20

ReadT = TypeVar("ReadT")
DefaultT = TypeVar("DefaultT")


@dataclass(slots=True)
class Problems:
    """Everything that is wrong with one file."""

    name: str
    told: list[tuple[int, str]] = field(default_factory=list)

    def add(self, line: int, sentence: str) -> None:
        """Name one problem by its line."""
        self.told.append((line, sentence))

    def check(self) -> None:
        """Raise `BadInput` with all of them (at most 20 shown), if there is one."""
        refuse_file([f"{self.name}:{line}: {sentence}" for line, sentence in sorted(self.told)], most=_MOST_SHOWN)


@dataclass(frozen=True, slots=True)
class Value:
    """One value and its line: a text, a list of values, or values by name."""

    data: "str | list[Value] | dict[str, Value]"
    line: int
    problems: Problems

    def text(self) -> str:
        """The value, which must be a plain one. Raises `BadInput`."""
        if not isinstance(self.data, str):
            raise BadInput("a plain value is expected here.", code="bad_file")
        return self.data

    def items(self) -> "list[Value]":
        """The values of a list; a plain value counts as a list of one. Raises `BadInput`."""
        if isinstance(self.data, dict):
            raise BadInput("a list is expected here.", code="bad_file")
        return self.data if isinstance(self.data, list) else [self]

    def fields(self) -> "dict[str, Value]":
        """The values by name. Raises `BadInput`."""
        if not isinstance(self.data, dict):
            raise BadInput("names with values are expected here.", code="bad_file")
        return self.data


class Reader:
    """Reads the fields of one value, each by a function; what goes wrong is noted with its line, and reading goes on."""

    def __init__(self, value: Value, *, what: str) -> None:
        self._value, self._what = value, what
        self._known: list[str] = []
        self._before = len(value.problems.told)
        self._fields: dict[str, Value] | None = None
        try:
            self._fields = value.fields()
        except BadInput as problem:
            self._note(value.line, f"{what}: {problem.message}")

    def read(self, name: str, how: Callable[[Value], ReadT], *, default: DefaultT) -> ReadT | DefaultT:
        """The field *name* as *how* reads it; *default* where it is missing or wrong."""
        self._known.append(name)
        found = (self._fields or {}).get(name)
        if found is None:
            return default
        try:
            return how(found)
        except Problem as problem:
            self._note(found.line, f"{self._what}, {name}: {problem.message}")
            return default

    def need(self, name: str, how: Callable[[Value], ReadT], *, default: DefaultT) -> ReadT | DefaultT:
        """The same for a field that must be there."""
        if self._fields is not None and name not in self._fields:
            self._note(self._value.line, f"{self._what} has no {name}.")
        return self.read(name, how, default=default)

    def made(self, make: Callable[[], ReadT]) -> ReadT | None:
        """What *make* makes of the fields; None, and the problem noted, when anything is wrong with them."""
        for name, value in (self._fields or {}).items():
            if name not in self._known:
                close = get_close_matches(name, self._known, n=1)
                meant = f"; did you mean {close[0]}?" if close else f" (known: {', '.join(self._known)})."
                self._note(value.line, f"{self._what}: {name!r} is not known{meant}")
        if self._failed():
            return None
        try:
            return make()
        except Problem as problem:
            self._note(self._value.line, problem.message)
            return None

    def _note(self, line: int, sentence: str) -> None:
        self._value.problems.add(line, sentence)

    def _failed(self) -> bool:
        """Whether anything was wrong with this value or what is inside it."""
        return len(self._value.problems.told) > self._before


def read_file(path: Path) -> Value:
    """The whole file. Raises `BadInput` for what cannot be read, is no YAML, or names a thing twice."""
    text = text_file.read_text(path, name=path.name, most=_MOST_BYTES)
    return read_text(text, name=path.name)


def read_text(text: str, *, name: str) -> Value:
    """The same for a text; *name* is told with each line."""
    import yaml

    problems = Problems(name)
    try:
        node = yaml.compose(text, Loader=_loader())
        if node is None:
            raise BadInput(f"{name} is empty.", code="bad_file")
        value = _value(node, problems)
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        raise BadInput(f"{name}:{mark.line + 1 if mark else 1}: {error.problem}.", code="bad_file") from error
    except yaml.YAMLError as error:
        raise BadInput(f"{name} is not YAML: {error}.", code="bad_file") from error
    except RecursionError as error:
        raise BadInput(f"{name} is nested too deeply.", code="bad_file") from error
    problems.check()
    return value


def _loader() -> Any:
    """A loader that refuses aliases: a small file could unfold to a huge one."""
    import yaml

    class NoAliases(yaml.SafeLoader):
        def compose_node(self, parent: Any, index: Any) -> Any:
            if self.check_event(yaml.AliasEvent):
                mark = self.peek_event().start_mark  # type: ignore[no-untyped-call]
                raise yaml.MarkedYAMLError(problem="aliases are not read", problem_mark=mark)
            return super().compose_node(parent, index)

    return NoAliases


def _value(node: Any, problems: Problems) -> Value:
    """One node of YAML. Every plain value stays the text that was written: no number is guessed, no date, no yes or no."""
    line = node.start_mark.line + 1
    if node.id == "scalar":
        return Value("" if node.tag == "tag:yaml.org,2002:null" else node.value, line, problems)
    if node.id == "sequence":
        return Value([_value(each, problems) for each in node.value], line, problems)
    return Value(dict(_pairs(node, problems)), line, problems)


def _pairs(node: Any, problems: Problems) -> Iterator[tuple[str, Value]]:
    lines: dict[str, int] = {}
    for key, value in node.value:
        line = key.start_mark.line + 1
        if key.id != "scalar":
            problems.add(line, "a name is expected here.")
            continue
        if key.value in lines:
            problems.add(line, f"{key.value!r} stands in line {lines[key.value]} already.")
        lines[key.value] = line
        yield key.value, _value(value, problems)
