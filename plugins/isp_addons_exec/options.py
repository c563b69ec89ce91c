"""The settings of one executable, as a ``[vendor:NAME]`` section gives them."""

import re
import shlex
from pathlib import PurePosixPath

from pydantic import Field, SecretStr, field_validator

from isp_addons.vendor_api import Secret, VendorOptions
from isp_addons_gateway.declared import DeclaredOptions

_NAME = re.compile(r"[^\s=\x00]+")
_OURS = "ISP_ADDONS_"


class ExecProgram(VendorOptions):
    """What is run, and what it is given."""

    command: str = Field(
        examples=["/usr/local/lib/isp-addons/vendor.sh /var/lib/vendor"],
        description="The executable by its full path, and its arguments: quoted as in a shell, but no shell reads them.",
    )
    time_limit: float = Field(default=30.0, gt=0, le=600, description="Seconds after which an executable is stopped.")
    environment: Secret | None = Field(
        default=None,
        description="Variables for the executable, NAME=VALUE, quoted as in a shell; best file:PATH with one on each line.",
    )
    inherit: str = Field(
        default="PATH HOME LANG LC_ALL TZ", description="Names of the variables that it gets from our own environment."
    )

    @field_validator("command")
    @classmethod
    def _absolute(cls, value: str) -> str:
        words = _words(value)
        if not words or not PurePosixPath(words[0]).is_absolute():
            raise ValueError("it should begin with the full path of an executable, such as /usr/local/lib/isp-addons/vendor.sh")
        return value

    @field_validator("environment")
    @classmethod
    def _pairs(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None:
            _variables(value.get_secret_value())
        return value

    @field_validator("inherit")
    @classmethod
    def _names(cls, value: str) -> str:
        if any(not _NAME.fullmatch(name) for name in value.split()):
            raise ValueError("it should be names of variables with spaces between, such as PATH HOME LANG")
        return value

    @property
    def argv(self) -> tuple[str, ...]:
        """The executable and its arguments."""
        return tuple(_words(self.command))

    @property
    def variables(self) -> dict[str, str]:
        """What ``environment`` sets."""
        return {} if self.environment is None else _variables(self.environment.get_secret_value())


class ExecOptions(DeclaredOptions, ExecProgram):
    """One executable, and what the vendor behind it can do."""


def _words(text: str) -> list[str]:
    try:
        return shlex.split(text)
    except ValueError:
        raise ValueError("a quote in it is not closed") from None


def _variables(text: str) -> dict[str, str]:
    """Read NAME=VALUE pairs. What is wrong is told by its number, since the text is a secret."""
    found = {}
    for number, pair in enumerate(_words(text), start=1):
        name, equals, value = pair.partition("=")
        if not equals or not _NAME.fullmatch(name) or "\x00" in value:
            raise ValueError(f"entry {number} should be NAME=VALUE")
        if name.startswith(_OURS):
            raise ValueError(f"entry {number} takes a name that begins with {_OURS}, which are set for every call")
        found[name] = value
    return found
