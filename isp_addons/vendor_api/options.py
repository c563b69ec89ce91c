"""A plugin's options as data: one pydantic model, from which the configuration is checked and documented."""

from pathlib import Path

from pydantic import BaseModel, ConfigDict, Field, SecretStr, field_validator

Secret = SecretStr
"""A password or key: written as ``env:NAME`` or ``file:PATH`` in the configuration, starred wherever it is shown."""


class VendorOptions(BaseModel):
    """Subclass it; every field needs a ``description`` and, where one is sensible, a default."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class HttpOptions(VendorOptions):
    """What every vendor that is reached over HTTP can be told about the connection. Give a field anew for another default."""

    connect_timeout: float = Field(default=3.0, gt=0, le=60, description="Seconds to wait for a connection.")
    read_timeout: float = Field(default=10.0, gt=0, le=300, description="Seconds to wait for an answer.")
    verify_tls: bool = Field(default=True, description="Check the server's TLS certificate.")
    ca_file: Path | None = Field(default=None, description="PEM file with the authority that signed the server's certificate.")

    @field_validator("ca_file")
    @classmethod
    def _readable(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError(f"there is no file {value}")
        return value

    @property
    def timeout(self) -> tuple[float, float]:
        """Seconds to connect and to read, as `isp_addons.vendor_api.http.VendorSession` takes them."""
        return self.connect_timeout, self.read_timeout

    @property
    def verify(self) -> bool | str:
        """What the HTTP session is told about certificates: yes, no, or the authority's file."""
        return str(self.ca_file) if self.verify_tls and self.ca_file else self.verify_tls
