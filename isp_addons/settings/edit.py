"""Changes one option in the INI file and leaves everything else as it stands: comments, order, line ends, mode and owner."""

import os
import re
import tempfile
from collections.abc import Callable
from pathlib import Path

from isp_addons.domain.problem import Problem, Refused
from isp_addons.settings.document import Document, read

_LINE_END = re.compile(r"(\r\n|\r|\n)")
_ASSIGNMENT = re.compile(r"(?P<before>[^=]*=\s*).*")


def set_option(path: Path, *, section: str, option: str, value: str, after: str) -> str | None:
    """Write ``option = value`` into *section* of the file at *path*; returns the value that stood there, None = none.

    A new option stands below the option *after*, which the section must have. The file is replaced at once or not at all, and
    only if nothing else in it changes its meaning. Raises `Problem` when that is not possible; then the file is as it was.
    """
    path = path.resolve()  # a link stays a link
    document, problems = read(path)
    problems.raise_all()
    entries = document.blocks[section].entries
    standing = entries[option].value if option in entries else None
    if standing == value:
        return standing
    before = path.read_bytes()
    line = entries[option if standing is not None else after].line
    changed = _with_line(before.decode(), line - 1, option=option, value=value, new=standing is None)
    _replace(
        path, before, changed.encode(), lambda new: _prove_same(document, new, section=section, option=option, value=value)
    )
    return standing


def _with_line(text: str, number: int, *, option: str, value: str, new: bool) -> str:
    """The text with line *number* (from 0) given *value*, or with a new line below it, indented alike."""
    parts = _LINE_END.split(text)  # lines and their ends in turn
    line = parts[2 * number]
    if new:
        indent = line[: len(line) - len(line.lstrip())]
        end = parts[2 * number + 1] if 2 * number + 1 < len(parts) else "\n"
        parts[2 * number] = f"{line}{end}{indent}{option} = {value}"
    else:
        parts[2 * number] = _ASSIGNMENT.sub(lambda found: f"{found['before']}{value}", line, count=1)
    return "".join(parts)


def _prove_same(document: Document, new: Path, *, section: str, option: str, value: str) -> None:
    """Raise unless the new file says what the old one said, but for the one option."""
    after, problems = read(new)
    problems.raise_all()
    wanted = _values(document)
    wanted[section][option] = value
    if _values(after) != wanted:
        raise Problem(f"{document.path} could not be changed safely; set {option} = {value} in [{section}] by hand.")


def _values(document: Document) -> dict[str, dict[str, str]]:
    return {name: {option: entry.value for option, entry in block.entries.items()} for name, block in document.blocks.items()}


def _replace(path: Path, before: bytes, after: bytes, prove: Callable[[Path], None]) -> None:
    """Put *after* in the place of *before*, with the same mode and owner."""
    standing = path.stat()
    try:
        descriptor, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.")
    except OSError as error:
        raise _not_writable(path, error) from error
    fresh = Path(name)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(after)
            file.flush()
            if (standing.st_uid, standing.st_gid) != (os.geteuid(), os.getegid()):
                os.fchown(descriptor, standing.st_uid, standing.st_gid)
            os.fchmod(descriptor, standing.st_mode & 0o7777)
            os.fsync(descriptor)
        prove(fresh)
        if path.read_bytes() != before:
            raise Refused(f"{path} was changed by somebody else at this moment; nothing was written, try again.")
        fresh.replace(path)
    except OSError as error:
        raise _not_writable(path, error) from error
    finally:
        fresh.unlink(missing_ok=True)
    _sync_folder(path.parent)


def _sync_folder(folder: Path) -> None:
    """What was renamed stays renamed after a power cut."""
    descriptor = os.open(folder, os.O_RDONLY | os.O_DIRECTORY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)


def _not_writable(path: Path, error: OSError) -> Problem:
    return Refused(
        f"{path} cannot be written ({error.strerror}); nothing was changed. Run this as the user to whom the file belongs."
    )
