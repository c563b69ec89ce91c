"""The settings of one ESET MSP Administrator 2 account, as a ``[vendor:NAME]`` section gives them."""

from urllib.parse import urlsplit

from pydantic import Field, field_validator

from isp_addons.vendor_api import HttpOptions, Secret


class EsetOptions(HttpOptions):
    """One MSP account at ESET, and what its customer companies are made with."""

    url: str = Field(
        default="https://mspapi.eset.com",
        examples=["https://mspapi.eset.com"],
        description="Address of the API of ESET MSP Administrator 2; no path, no password.",
    )
    login: str = Field(
        examples=["billing@isp.example.net"],
        description="Login of a user of ESET MSP Administrator 2 with API access and write rights.",
        min_length=1,
    )
    password: Secret = Field(description="Password of that user.")
    product_code: str | None = Field(
        default=None,
        examples=["101"],
        description="ESET's product code for products that do not name one in their option product_code.",
    )
    parent_company: str | None = Field(
        default=None,
        description="Id of the company under which customers are made and listed; without it, the login's own company.",
    )
    address_street: str = Field(
        examples=["Example street 1"], min_length=1, description="Street of new customer companies: ESET insists on an address."
    )
    address_city: str = Field(examples=["Exampleton"], min_length=1, description="City of new customer companies.")
    address_zip: str = Field(examples=["12345"], min_length=1, description="ZIP code of new customer companies.")
    address_state: str = Field(
        default="", description="State of new customer companies, where ESET's list of the country has one."
    )
    connect_timeout: float = Field(default=5.0, gt=0, le=60, description="Seconds to wait for a connection.")
    read_timeout: float = Field(default=30.0, gt=0, le=300, description="Seconds to wait for an answer.")
    page_size: int = Field(default=100, ge=1, le=100, description="Rows asked for in one page of a list.")

    @field_validator("url")
    @classmethod
    def _address(cls, value: str) -> str:
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("write it as https://HOST or http://HOST:PORT")
        if "@" in parts.netloc:
            raise ValueError("it must not hold a login or password; use the settings login and password")
        if parts.path not in ("", "/") or parts.query or parts.fragment:
            raise ValueError("it must end after the host or port; the path /api is added")
        return value.rstrip("/")
