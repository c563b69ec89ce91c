"""The settings of one Kaspersky Subscription Service account, as a ``[vendor:NAME]`` section gives them."""

import re
import ssl
from enum import StrEnum
from pathlib import Path
from urllib.parse import urlsplit

from pydantic import Field, field_validator, model_validator

from isp_addons.vendor_api import HttpOptions, Secret
from isp_addons_kaspersky.items import Platform

_PLAIN_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*/?")
_LANGUAGE = re.compile(r"[A-Za-z]{2,3}(-[A-Za-z0-9]{2,8})*")


class SuspendMode(StrEnum):
    """How a subscription is suspended: Pause and Resume, or SoftCancel and Renew. Providers in the field use either."""

    PAUSE = "pause"
    SOFT_CANCEL = "soft_cancel"


class KasperskyOptions(HttpOptions):
    """One account at the Kaspersky Subscription Service."""

    url: str = Field(
        default="https://kss-info.kaspersky.com/soap/upi",
        examples=["https://kss-info.kaspersky.com/soap/upi"],
        description="Whole address of the service's SOAP endpoint; Kaspersky may give you another one for tests.",
    )
    user_name: str = Field(
        examples=["isp-example"], min_length=1, description="UserName that Kaspersky gave you for the service (AccessInfo)."
    )
    password: Secret = Field(description="Password that belongs to it.")
    cert_file: Path | None = Field(
        default=None, description="PEM file with the client certificate that Kaspersky issued, where the service asks for one."
    )
    key_file: Path | None = Field(
        default=None,
        description="PEM file with that certificate's key, not encrypted; without it, cert_file holds the key too.",
    )
    product_id: str | None = Field(
        default=None,
        examples=["KISMD"],
        description="Kaspersky's ProductId for products that do not name one in their option product_id.",
    )
    suspend_mode: SuspendMode = Field(
        default=SuspendMode.PAUSE,
        description="How to suspend: pause (Pause and Resume) or soft_cancel (SoftCancel and Renew). Ask Kaspersky which.",
    )
    platforms: str = Field(
        default="",
        examples=["Windows, Android"],
        description="Platforms whose download links the subscriber is shown: Windows, macOS, Android, iOS; none unless set.",
    )
    batch: int = Field(
        default=150, ge=1, le=150, description="Subscriptions asked for in one container when ours are compared with theirs."
    )
    language: str = Field(default="en", description="Language of those download links, such as en, ru or pt-BR.")
    connect_timeout: float = Field(default=5.0, gt=0, le=60, description="Seconds to wait for a connection.")
    read_timeout: float = Field(default=30.0, gt=0, le=300, description="Seconds to wait for an answer.")

    @field_validator("url")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("write it as https://HOST/PATH")
        if "@" in parts.netloc:
            raise ValueError("it must not hold a login or password; use the settings user_name and password")
        if parts.query or parts.fragment or not _PLAIN_PATH.fullmatch(parts.path):
            raise ValueError("its path may have letters, digits, and . _ ~ - between slashes, and nothing may follow it")
        return value.rstrip("/")

    @field_validator("platforms")
    @classmethod
    def _known_platforms(cls, value: str) -> str:
        words = [word.strip() for word in value.split(",") if word.strip()]
        known = {platform.lower(): platform.value for platform in Platform}
        unknown = [word for word in words if word.lower() not in known]
        if unknown:
            raise ValueError(f"{unknown[0]!r} is none of {', '.join(Platform)}; write them with commas between")
        return ", ".join(dict.fromkeys(known[word.lower()] for word in words))

    @field_validator("language")
    @classmethod
    def _known_language(cls, value: str) -> str:
        if not _LANGUAGE.fullmatch(value):
            raise ValueError("write a language such as en or pt-BR")
        return value

    @field_validator("cert_file", "key_file")
    @classmethod
    def _there(cls, value: Path | None) -> Path | None:
        if value is not None and not value.is_file():
            raise ValueError(f"there is no file {value}")
        return value

    @model_validator(mode="after")
    def _certificate_and_key(self) -> "KasperskyOptions":
        if self.cert_file is None:
            if self.key_file is not None:
                raise ValueError("key_file is of no use without cert_file")
            return self
        try:
            # The password is given since OpenSSL would ask the terminal for one.
            ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT).load_cert_chain(self.cert_file, self.key_file, password="")
        except (ssl.SSLError, OSError, ValueError) as error:
            raise ValueError(
                "cert_file and key_file must hold a certificate and its key as PEM, the key not encrypted"
            ) from error
        return self

    @property
    def certificate(self) -> tuple[str, str] | None:
        """The files of the client certificate and of its key."""
        return None if self.cert_file is None else (str(self.cert_file), str(self.key_file or self.cert_file))

    @property
    def shown_platforms(self) -> tuple[Platform, ...]:
        """`platforms` as words."""
        return tuple(Platform(word.strip()) for word in self.platforms.split(",") if word.strip())
