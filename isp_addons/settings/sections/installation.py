"""The product as a whole, its database, and the billing that it works for."""

from enum import StrEnum
from pathlib import Path
from typing import Annotated
from zoneinfo import ZoneInfo

from pydantic import BeforeValidator, Field, ValidationInfo, field_validator

from isp_addons.settings import values
from isp_addons.settings.sections.base import Folder, Section, lower


class LogLevel(StrEnum):
    """How much is logged."""

    DEBUG = "debug"
    INFO = "info"
    WARNING = "warning"
    ERROR = "error"


class Adapter(StrEnum):
    """Where the subscribers' money lives."""

    LEDGER = "ledger"
    UTM5 = "utm5"


class GeneralSettings(Section):
    """``[isp-addons]``: the product as a whole."""

    spool: Folder = Field(
        default=Path("/var/spool/isp-addons"), description="Folder into which the billing's hook scripts put their events."
    )
    time_zone: Annotated[ZoneInfo, BeforeValidator(values.zone)] = Field(
        default=ZoneInfo("UTC"),
        description="Time zone of accounts that have none of their own: an IANA name such as Europe/Kyiv.",
    )
    currency: Annotated[str, BeforeValidator(values.currency)] = Field(
        default="EUR", description="Currency of accounts that have none of their own: a code of ISO 4217."
    )
    log_level: Annotated[LogLevel, BeforeValidator(lower)] = Field(
        default=LogLevel.INFO, description="How much is logged: debug, info, warning or error."
    )
    plugins_dir: Folder | None = Field(
        default=None, description="Folder with plugins of one file each, beside the installed ones.", examples=["plugins"]
    )


class DatabaseSettings(Section):
    """``[database]``: where isp-addons keeps its own tables."""

    url: str = Field(
        default="sqlite:///isp-addons.db",
        repr=False,
        description="SQLite or PostgreSQL, as a URL; a file without a folder is beside this one. May be env:NAME or file:PATH.",
    )

    @field_validator("url")
    @classmethod
    def _url(cls, value: str, info: ValidationInfo) -> str:
        return values.database_url(value, values.OUR_DRIVERS, values.folder_of(info))


class BillingSettings(Section):
    """``[billing]``: where the subscribers' money lives."""

    adapter: Annotated[Adapter, BeforeValidator(lower)] = Field(
        description="ledger: isp-addons keeps the balances itself. utm5: NetUP UTM5 does.", examples=["ledger"]
    )
    url: str | None = Field(
        default=None,
        repr=False,
        description="For utm5: its database, read only. May be env:NAME or file:PATH.",
        examples=["mysql+pymysql://READER:PASSWORD@HOST/UTM5?charset=utf8mb4"],
    )

    @field_validator("url")
    @classmethod
    def _url(cls, value: str | None, info: ValidationInfo) -> str | None:
        adapter = info.data.get("adapter")
        if value is None:
            if adapter is Adapter.UTM5:
                raise ValueError("is required with adapter = utm5: the URL of its database")
            return None
        if adapter is Adapter.LEDGER:
            raise ValueError("is for adapter = utm5 only; remove it")
        return values.database_url(value, values.BILLING_DRIVERS, values.folder_of(info))
