"""The settings of one AV-Desk server, as a ``[vendor:NAME]`` section gives them."""

from enum import StrEnum
from urllib.parse import urlsplit
from zoneinfo import ZoneInfo

from pydantic import Field, field_validator

from isp_addons.vendor_api import HttpOptions, Secret


class Generation(StrEnum):
    """Which Web API the server speaks; it decides the path (``/api/`` or ``/api/3.0/``) and which scripts exist."""

    V4 = "4.x"
    V3 = "3.x"


class PeriodEnd(StrEnum):
    """When a licence is suspended whose next period cannot be paid."""

    AT_PERIOD_END = "at_period_end"
    AT_ONCE = "at_once"


class AvDeskOptions(HttpOptions):
    """One AV-Desk server and how its stations are handled."""

    url: str = Field(
        examples=["https://avdesk.example.net:9081"],
        description="Address of the AV-Desk server, such as https://avdesk.example.net:9081; no path, no password.",
    )
    login: str = Field(
        examples=["billing"],
        description="Login of an AV-Desk administrator who may create, change and delete stations.",
        min_length=1,
    )
    password: Secret = Field(description="Password of that administrator.")
    time_zone: str = Field(
        default="UTC",
        description="IANA name of the server's time zone, such as Europe/Moscow: the server takes dates as local time.",
    )
    generation: Generation = Field(default=Generation.V4, description="Web API of the server: 4.x (AV-Desk 10) or 3.x.")
    page_size: int = Field(default=100, ge=1, le=100, description="Stations asked for in one page of a list.")
    suspend_days: int = Field(
        default=365,
        ge=1,
        le=3650,
        description="Days after which a block window ends; it is renewed before, for as long as it is wanted.",
    )
    before_period_end: PeriodEnd = Field(
        default=PeriodEnd.AT_PERIOD_END,
        description="When the next period cannot be paid: at_period_end dates the block to its start, at_once blocks now.",
    )
    tariff: str | None = Field(
        default=None, description="GUID of the AV-Desk tariff for products that do not name one in their option tariff."
    )
    download_links: bool = Field(
        default=False, description="Read a station once more after ordering it on 4.x, to show its download links."
    )

    @field_validator("url")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("write it as http://HOST:PORT or https://HOST:PORT")
        if "@" in parts.netloc:
            raise ValueError("it must not hold a login or password; use the settings login and password")
        if parts.path not in ("", "/") or parts.query or parts.fragment:
            raise ValueError("it must end after the port; the path follows from generation")
        return value.rstrip("/")

    @field_validator("time_zone")
    @classmethod
    def _known_zone(cls, value: str) -> str:
        try:
            ZoneInfo(value)
        except (KeyError, ValueError, OSError) as error:  # unknown name, a path, a directory
            raise ValueError(f"{value!r} is no IANA time zone; write it like Europe/Moscow") from error
        return value

    @property
    def zone(self) -> ZoneInfo:
        """The server's time zone."""
        return ZoneInfo(self.time_zone)
