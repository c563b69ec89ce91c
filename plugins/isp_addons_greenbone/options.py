"""The settings of one Greenbone vMSP account or GMP server, as a ``[vendor:NAME]`` section gives them."""

import shlex
from datetime import timedelta
from enum import StrEnum
from pathlib import Path, PurePosixPath
from typing import Self

from pydantic import Field, field_validator, model_validator

from isp_addons.vendor_api import VendorOptions


class Mode(StrEnum):
    """``operator``: people work in the vMSP portal. ``gmp``: users of an own server, suspended through gvm-cli."""

    OPERATOR = "operator"
    GMP = "gmp"


class GreenboneOptions(VendorOptions):
    """Where Greenbone's customers live, and how they are suspended."""

    mode: Mode = Field(
        default=Mode.OPERATOR,
        description="operator: people work in the vMSP portal; gmp: users of your own server, suspended through gvm-cli.",
    )
    due_hours: int | None = Field(
        default=None, ge=1, le=8760, description="After how many hours a task is overdue, instead of the installation's."
    )
    gvm_command: str | None = Field(
        default=None,
        examples=["/usr/bin/gvm-cli --config /etc/isp-addons/gvm-tools.conf socket"],
        description="For gmp: gvm-cli by its full path, with the arguments that connect and log in; no shell reads it.",
    )
    time_limit: float = Field(default=60.0, gt=0, le=600, description="For gmp: seconds after which gvm-cli is stopped.")
    state_dir: Path | None = Field(
        default=None, description="For gmp: folder for what suspended users had, so that it can be given back."
    )

    @field_validator("gvm_command")
    @classmethod
    def _absolute(cls, value: str | None) -> str | None:
        if value is not None:
            words = _words(value)
            if not words or not PurePosixPath(words[0]).is_absolute():
                raise ValueError("it should begin with the full path of an executable, such as /usr/bin/gvm-cli socket")
        return value

    @model_validator(mode="after")
    def _whole(self) -> Self:
        if self.mode is Mode.GMP:
            missing = [name for name in ("gvm_command", "state_dir") if getattr(self, name) is None]
            if missing:
                raise ValueError(f"mode = gmp needs {' and '.join(missing)}")
        return self

    @property
    def due_in(self) -> timedelta | None:
        """After how long a task is overdue; None = as the installation is set."""
        return None if self.due_hours is None else timedelta(hours=self.due_hours)

    @property
    def gvm_argv(self) -> tuple[str, ...]:
        """gvm-cli and its arguments; empty where none is set."""
        return tuple(_words(self.gvm_command)) if self.gvm_command is not None else ()


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        raise ValueError("a quote in it is not closed") from None
