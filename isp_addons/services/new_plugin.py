"""Writes a new plugin's package from the template that is shipped: it works as it stands, against a stand-in of its own."""

import builtins
import keyword
import re
import shutil
from collections.abc import Collection, Iterator
from importlib import resources
from importlib.resources.abc import Traversable
from pathlib import Path
from string import Template

from isp_addons import __version__, vendor_api
from isp_addons.domain.problem import BadInput, Refused

_NAME = re.compile(r"(?=.{2,24}$)[a-z][a-z0-9]*(-[a-z0-9]+)*")
_SUFFIX = ".tmpl"
_USED = {*vendor_api.__all__, *dir(builtins), *keyword.kwlist, "Any", "ClassVar"}
"""What a class of the new plugin may not be called, since its modules use it."""


def write_plugin(name: str, *, folder: Path, taken: Collection[str]) -> Path:
    """Write the package ``isp-addons-NAME`` into a new folder of that name below *folder*; returns it.

    *taken*: the plugins that are installed. Raises `BadInput` for a bad or taken name, `Refused` when the folder exists or
    cannot be written; then nothing is left behind.
    """
    values = _values(name, taken=taken)
    made = folder / f"isp-addons-{name}"
    try:
        made.mkdir(parents=True)
    except FileExistsError:
        raise Refused(f"{made} exists already; choose another name or another --directory.", code="folder_exists") from None
    except OSError as error:
        raise _not_writable(made, error) from error
    try:
        for file, text in _files(values):
            target = made / file
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8")
    except OSError as error:
        shutil.rmtree(made, ignore_errors=True)
        raise _not_writable(made, error) from error
    return made


def _values(name: str, *, taken: Collection[str]) -> dict[str, str]:
    """What is filled into the template."""
    if not _NAME.fullmatch(name):
        raise BadInput(
            f"{name!r} is no name for a plugin: 2 to 24 small letters and digits, with single - between them, such as acme.",
            code="bad_plugin",
        )
    if name in taken:
        raise BadInput(f"There is a plugin {name} already; choose another name.", code="bad_plugin")
    title = "".join(part.capitalize() for part in name.split("-"))
    if name == "all" or keyword.iskeyword(name) or _USED & {title, f"{title}Options", f"{title}Client", f"{title}Sandbox"}:
        raise BadInput(f"{name!r} means something else here; choose another name, such as {name}-vendor.", code="bad_plugin")
    return {
        "name": name,
        "module": f"isp_addons_{name.replace('-', '_')}",
        "title": title,
        "secret": f"{name}_token".replace("-", "_").upper(),
        "version": __version__,
    }


def _files(values: dict[str, str]) -> Iterator[tuple[Path, str]]:
    """Every file of the template, filled in, with its path in the new package."""
    root = resources.files("isp_addons") / "templates" / "plugin"
    for path, file in _walk(root, Path()):
        target = str(path).replace("MODULE", values["module"]).removesuffix(_SUFFIX)
        yield Path(target), Template(file.read_text(encoding="utf-8")).substitute(values)


def _walk(folder: Traversable, path: Path) -> Iterator[tuple[Path, Traversable]]:
    for each in sorted(folder.iterdir(), key=lambda found: found.name):
        if each.is_dir():
            yield from _walk(each, path / each.name)
        elif each.name.endswith(_SUFFIX):
            yield path / each.name, each


def _not_writable(folder: Path, error: OSError) -> Refused:
    return Refused(f"{folder} cannot be written: {error.strerror}; choose another --directory.")
