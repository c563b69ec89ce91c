"""The settings of one gateway, as a ``[vendor:NAME]`` section gives them."""

import re
from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from isp_addons.vendor_api import HttpOptions, Secret
from isp_addons_gateway.declared import DeclaredOptions

_PLAIN_PATH = re.compile(r"(/[A-Za-z0-9._~-]+)*/?")
_PLAIN_NAME = re.compile(r"[A-Za-z0-9._-]{1,64}")
_SHORTEST_SECRET = 16


class GatewayAddress(HttpOptions):
    """Where the gateway is and how it knows us."""

    url: str = Field(
        examples=["https://gateway.example.net/isp-addons"],
        description="Address of the gateway, such as https://gateway.example.net/isp-addons; the protocol's paths follow it.",
    )
    secret: Secret = Field(description="Secret that the gateway and isp-addons share; it signs every request.")
    key_id: str = Field(
        default="isp-addons", description="Name of that secret, sent with every request, so that a gateway may know several."
    )

    @field_validator("url")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("write it as https://HOST or https://HOST/PATH")
        if "@" in parts.netloc:
            raise ValueError("it must not hold a login or password; requests are signed with secret")
        if parts.query or parts.fragment or not _PLAIN_PATH.fullmatch(parts.path):
            raise ValueError("its path may have letters, digits, and . _ ~ - between slashes, and nothing may follow it")
        return value.rstrip("/")

    @field_validator("secret")
    @classmethod
    def _long_enough(cls, value: SecretStr) -> SecretStr:
        if len(value.get_secret_value()) < _SHORTEST_SECRET:
            raise ValueError(f"it should have at least {_SHORTEST_SECRET} characters; make one with: openssl rand -hex 32")
        return value

    @field_validator("key_id")
    @classmethod
    def _plain(cls, value: str) -> str:
        if not _PLAIN_NAME.fullmatch(value):
            raise ValueError("it should have 1 to 64 letters, digits, and . _ -")
        return value


class GatewayOptions(DeclaredOptions, GatewayAddress):
    """One gateway, and what the vendor behind it can do."""
