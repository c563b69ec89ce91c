"""What every section is made of."""

from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict

from isp_addons.settings import values

Folder = Annotated[Path, AfterValidator(values.folder)]
YesNo = Annotated[bool, BeforeValidator(values.yes_no)]


def lower(value: object) -> object:
    """Words are the same in capitals."""
    return value.lower() if isinstance(value, str) else value


def short(value: str) -> str:
    """One line of text as people read it."""
    if len(value) > 200 or not value.isprintable():
        raise ValueError("should be at most 200 printable characters")
    return value


class Section(BaseModel):
    """One section. ``examples`` of a field are how its value is written in the sample."""

    model_config = ConfigDict(extra="forbid", frozen=True, validate_default=True)
