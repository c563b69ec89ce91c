"""Turns what a model refuses into sentences, each with the place of its option in the file."""

from collections.abc import Collection

from pydantic import BaseModel, ValidationError
from pydantic_core import ErrorDetails

from isp_addons.settings.document import Document, Problems, nearest, place_of
from isp_addons.settings.values import is_reference

_SHOWN = 60


def complain(
    error: ValidationError,
    document: Document,
    problems: Problems,
    *,
    section: str,
    model: type[BaseModel],
    known: Collection[str],
    secret: Collection[str],
    told: Collection[str] = (),
) -> None:
    """Add every refusal in *error* to *problems*.

    *known* are the names that an unknown option may have meant; values of *secret* options are never repeated; options
    that were *told* of already are left out.
    """
    for details in error.errors(include_url=False, include_input=False):
        option = ".".join(str(part) for part in details["loc"])
        if option in told:
            continue
        sentence = _sentence(details, option=option, model=model, known=known)
        entry = document.blocks[section].entries.get(option) if section in document.blocks else None
        if (
            entry is not None
            and option not in secret
            and details["type"] != "extra_forbidden"
            and not is_reference(entry.value)
        ):
            sentence += f" (found {entry.value[:_SHOWN]!r})"
        problems.add(sentence, line=document.line(section, option), section=section, option=option)


def _sentence(details: ErrorDetails, *, option: str, model: type[BaseModel], known: Collection[str]) -> str:
    if details["type"] == "missing":
        description = model.model_fields[option].description if option in model.model_fields else None
        return f"is required. {description or ''}".rstrip()
    if details["type"] == "extra_forbidden":
        return f"is not an option here; {nearest(option, known)}"
    if details["type"] == "value_error":
        return str(details["ctx"]["error"])
    return details["msg"].replace("Input should", "should", 1)


def exposed(document: Document, section: str, option: str) -> str | None:
    """The warning about a secret that stands in a file which everybody may read; None when there is no such thing."""
    block = document.blocks.get(section)
    entry = None if block is None else block.entries.get(option)
    if entry is None or not document.world_readable or is_reference(entry.value):
        return None
    place = place_of(document.path, line=entry.line, section=section, option=option)
    return f"{place}: everybody on this machine can read this secret; chmod 600 the file, or write env:NAME or file:PATH."
