"""The settings of one company at Ajax, as a ``[vendor:NAME]`` section gives them."""

import shlex
from datetime import timedelta
from enum import StrEnum
from pathlib import Path, PurePosixPath

from pydantic import Field, field_validator

from isp_addons.vendor_api import VendorOptions


class SuspendBy(StrEnum):
    """How hubs are locked: by the product's billing file, or by whatever way a person has."""

    BILLING_FILE = "billing_file"
    OPERATOR_TASK = "operator_task"


class AjaxOptions(VendorOptions):
    """One company in Ajax PRO Desktop, and how its billing file gets to Ajax."""

    company: str = Field(
        min_length=1, max_length=100, examples=["Example Telecom"], description="Your company's name in Ajax PRO Desktop."
    )
    due_hours: int | None = Field(
        default=None, ge=1, le=8760, description="After how many hours a task is overdue, instead of the installation's."
    )
    suspend_by: SuspendBy = Field(
        default=SuspendBy.BILLING_FILE,
        description="How hubs are locked: billing_file (isp-addons ajax billing-file) or operator_task (a person has a way).",
    )
    billing_file_dir: Path | None = Field(default=None, description="Folder in which billing files are written.")
    upload_command: str | None = Field(
        default=None,
        examples=["/usr/local/lib/isp-addons/ajax-upload.sh"],
        description="Executable by its full path, with arguments; the file's path is added. Exit code 0: Ajax has taken it.",
    )
    upload_seconds: float = Field(default=120.0, gt=0, le=600, description="Seconds after which upload_command is stopped.")

    @field_validator("upload_command")
    @classmethod
    def _absolute(cls, value: str | None) -> str | None:
        if value is not None:
            words = _words(value)
            if not words or not PurePosixPath(words[0]).is_absolute():
                raise ValueError("it should begin with the full path of an executable, such as /usr/local/lib/ajax-upload.sh")
        return value

    @property
    def due_in(self) -> timedelta | None:
        """After how long a task is overdue; None = as the installation is set."""
        return None if self.due_hours is None else timedelta(hours=self.due_hours)

    @property
    def upload_argv(self) -> tuple[str, ...]:
        """The executable that uploads, and its arguments; empty where none is set."""
        return tuple(_words(self.upload_command)) if self.upload_command is not None else ()


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        raise ValueError("a quote in it is not closed") from None
