"""Those who log in, those who sell on, and what people are written and asked to do."""

from enum import StrEnum
from typing import Annotated

from pydantic import AfterValidator, BeforeValidator, Field, ValidationInfo, field_validator

from isp_addons.domain.language import Language
from isp_addons.domain.reseller import DiscountWithAdmin
from isp_addons.settings import values
from isp_addons.settings.sections.base import Folder, Section, YesNo, lower, short


class MailSecurity(StrEnum):
    """How the way to the mail server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    OFF = "off"


class MailSettings(Section):
    """``[mail]``: the mail server, through which people are invited."""

    host: str | None = Field(
        default=None, description="The mail server (SMTP); without it nobody is invited.", examples=["mail.isp.example"]
    )
    port: Annotated[int, BeforeValidator(values.whole(1, 65_535))] = Field(default=587, description="Its port.")
    security: Annotated[MailSecurity, BeforeValidator(lower)] = Field(
        default=MailSecurity.STARTTLS,
        description="starttls (usual on port 587), tls (on port 465) or off (a server of your own).",
    )
    ca_file: Folder | None = Field(
        default=None,
        description="Certificates that the server's is checked with; without it the system's.",
        examples=["ca.pem"],
    )
    login: str | None = Field(default=None, description="The login name at the mail server, if it wants one.", examples=["isp"])
    password: str | None = Field(
        default=None, repr=False, description="Its password. Should be env:NAME or file:PATH.", examples=["env:MAIL_PASSWORD"]
    )
    sender: str | None = Field(
        default=None, description="From whom mail comes. Required with host.", examples=["My ISP <no-reply@isp.example>"]
    )
    timeout_seconds: Annotated[int, BeforeValidator(values.whole(1, 300))] = Field(
        default=15, description="After how many seconds a server that does not answer is given up; tried again later."
    )
    language: Annotated[Language, BeforeValidator(lower)] = Field(
        default=Language.EN,
        description="In which language people are written to who have none of their own: en, de, ru, uk or fr.",
    )
    to_members: bool = Field(
        default=True,
        description="Write to users who are named by e-mail address when they are given a seat; no, where the vendor does it.",
    )
    link: str | None = Field(
        default=None,
        description="Your page on which an invitation is accepted, {token} in its address; without it the mail tells a code.",
        examples=["https://my.isp.example/invitation?token={token}"],
    )

    @field_validator("sender")
    @classmethod
    def _sender(cls, value: str | None, info: ValidationInfo) -> str | None:
        if value is None and info.data.get("host"):
            raise ValueError("is required with host: an address such as My ISP <no-reply@isp.example>")
        return value if value is None else values.mailbox(value)

    @field_validator("link")
    @classmethod
    def _link(cls, value: str | None) -> str | None:
        if value is not None and (value.count("{token}") != 1 or not value.startswith(("https://", "http://"))):
            raise ValueError(
                "should be a page's address with {token} in it once: https://my.isp.example/invitation?token={token}"
            )
        return value


class CustomerSettings(Section):
    """``[customers]``: how those who log in come in."""

    registration: YesNo = Field(default=False, description="yes: customers may register themselves.")
    invitation_days: Annotated[int, BeforeValidator(values.whole(1, 90))] = Field(
        default=7, description="How many days an invitation is good for."
    )
    login_hours: Annotated[int, BeforeValidator(values.whole(1, 720))] = Field(
        default=12, description="After how many hours somebody who signed in must do so again."
    )


class ResellerSettings(Section):
    """``[resellers]``: those who sell to customers of their own."""

    contact: Annotated[str, AfterValidator(short)] = Field(
        default="",
        description="Where resellers find help, as they read it: an address, a telephone number, a page.",
        examples=["resellers@isp.example"],
    )
    discount_with_customer_admin: Annotated[DiscountWithAdmin, BeforeValidator(lower)] = Field(
        default=DiscountWithAdmin.NOBODY,
        description="Once a user of a customer is admin: nobody (no discount for him) or reseller_orders (what the reseller "
        "orders keeps it).",
    )


class OperatorTaskSettings(Section):
    """``[operator_tasks]``: what people are asked to do at vendors' consoles."""

    language: Annotated[Language, BeforeValidator(lower)] = Field(
        default=Language.EN, description="In which language they are told: en, de, ru, uk or fr."
    )
    due_hours: Annotated[int, BeforeValidator(values.whole(1, 8760))] = Field(
        default=24, description="After how many hours a task is overdue, where its vendor's plugin does not say."
    )
