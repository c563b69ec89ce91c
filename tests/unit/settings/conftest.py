"""A configuration file to write, and a plugin to name in it."""

from collections.abc import Callable
from pathlib import Path

import pytest
from pydantic import Field

from isp_addons.domain.problem import ConfigProblem
from isp_addons.settings import load
from isp_addons.vendor_api import Secret, VendorOptions, VendorPlugin


class AcmeOptions(VendorOptions):
    """Options of every kind that a plugin may declare."""

    url: str = Field(description="Address of the console.", examples=["https://acme.example.net"])
    password: Secret = Field(description="Password of the reseller.")
    seats: int = Field(default=10, ge=1, description="Seats in a pool.")
    second_password: Secret | None = Field(default=None, description="Password while the first is being changed.")
    ca_file: Path | None = Field(default=None, description="Authority of its certificate.")


class Acme(VendorPlugin[AcmeOptions]):
    Options = AcmeOptions


@pytest.fixture
def write(tmp_path: Path) -> Callable[[str], Path]:
    """Write the configuration file; only its owner may read it."""

    def writer(text: str) -> Path:
        path = tmp_path / "isp-addons.ini"
        path.write_text(text, encoding="utf-8")
        path.chmod(0o600)
        return path

    return writer


@pytest.fixture
def problems(write: Callable[[str], Path]) -> Callable[[str], list[str]]:
    """The problems of a configuration of this text, without the folder in front of each."""

    def finder(text: str) -> list[str]:
        path = write(text)
        with pytest.raises(ConfigProblem) as caught:
            load(path)
        assert caught.value.exit_code == 78
        return [line.replace(f"{path.parent}/", "", 1) for line in caught.value.message.splitlines()]

    return finder


@pytest.fixture
def acme() -> type[Acme]:
    return Acme
