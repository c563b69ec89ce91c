"""The settings of one Aircall company, as a ``[vendor:NAME]`` section gives them."""

from urllib.parse import urlsplit

from pydantic import Field, SecretStr, field_validator

from isp_addons.vendor_api import HttpOptions, Secret

_SHORTEST_TOKEN = 8


class AircallOptions(HttpOptions):
    """One company at Aircall, which belongs to one account of the billing."""

    url: str = Field(
        default="https://api.aircall.io",
        examples=["https://api.aircall.io"],
        description="Address of Aircall's public API; no path, no password.",
    )
    account: str = Field(
        examples=["1042"],
        min_length=1,
        max_length=64,
        description="Account of the billing whose company this is; products are sold to no other account by it.",
    )
    company: str = Field(
        examples=["Bakery Ltd"], min_length=1, max_length=120, description="The company's name as Aircall's dashboard shows it."
    )
    api_id: str = Field(
        examples=["a1b2c3"], min_length=1, description="API ID of a key that was made in Aircall's dashboard for this company."
    )
    api_token: Secret = Field(description="API token of that key.")
    webhook_token: Secret | None = Field(
        default=None, description="Token that Aircall showed when the webhook was made; without it no webhook is taken."
    )
    page_size: int = Field(default=50, ge=1, le=50, description="Users asked for in one page of the list.")

    @field_validator("url")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("write it as https://HOST or http://HOST:PORT")
        if "@" in parts.netloc:
            raise ValueError("it must not hold a login or password; use the settings api_id and api_token")
        if parts.path not in ("", "/") or parts.query or parts.fragment:
            raise ValueError("it must end after the host or port; the paths /v1 and /v2 are added")
        return value.rstrip("/")

    @field_validator("account", "company")
    @classmethod
    def _one_line(cls, value: str) -> str:
        if not value.isprintable():
            raise ValueError("it must be one line of printable characters")
        return value

    @field_validator("webhook_token")
    @classmethod
    def _long_enough(cls, value: SecretStr | None) -> SecretStr | None:
        if value is not None and len(value.get_secret_value()) < _SHORTEST_TOKEN:
            raise ValueError(f"it should have at least {_SHORTEST_TOKEN} characters; leave it out to take no webhooks")
        return value
