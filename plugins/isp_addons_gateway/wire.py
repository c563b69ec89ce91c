"""The JSON between the product and the ISP's own code: one model for each object, the same over HTTP and in a program.

`docs/reference/gateway-openapi.yaml` describes the same objects; a test compares them. Fields that are not known here are left
alone, so that the other side may tell more.
"""

import re
from datetime import UTC, datetime
from enum import StrEnum
from typing import Annotated, Literal, TypeVar

from pydantic import AfterValidator, AwareDatetime, BaseModel, ConfigDict, Field, TypeAdapter, ValidationError

from isp_addons.vendor_api import SuspendKind

PROTOCOL = 1
LONGEST_NAME = 120

_ModelT = TypeVar("_ModelT")
_CONTROLS = re.compile(r"[\x00-\x1f\x7f]")
_PROBLEMS_SHOWN = 3


class Verb(StrEnum):
    """What is asked of one licence. Each sets what is wanted, so doing it twice is doing it once."""

    ORDER = "order"
    CHARGE = "charge"
    SUSPEND = "suspend"
    RESUME = "resume"
    CHANGE = "change"
    CANCEL = "cancel"


class State(StrEnum):
    """What a licence is at the vendor; ``pending`` = a verb is under way."""

    ABSENT = "absent"
    ACTIVE = "active"
    SUSPENDED = "suspended"
    ENDED = "ended"
    PENDING = "pending"


class Unfit(ValueError):
    """What came is not what the protocol knows; the text says what came, as the rest of "… answered with"."""


def _utc(moment: datetime) -> datetime:
    try:
        return moment.astimezone(UTC).replace(microsecond=0)
    except OverflowError:
        raise ValueError("the time lies outside the years 1 to 9999") from None


def _one_line(text: str) -> str:
    return _CONTROLS.sub(" ", text)


def _text(text: str) -> str:
    return text.replace("\x00", "")


Moment = Annotated[AwareDatetime, AfterValidator(_utc)]
Name = Annotated[str, Field(max_length=LONGEST_NAME), AfterValidator(_one_line)]
Text = Annotated[str, Field(max_length=4000), AfterValidator(_text)]


class Wire(BaseModel):
    """What all objects share: types are taken as they are, and what is not known is left alone."""

    model_config = ConfigDict(frozen=True, strict=True, extra="ignore")


class Licence(Wire):
    """A licence as it is wanted. ``key`` is ours, ``reference`` the vendor's once known; times have a zone."""

    key: str
    reference: str | None
    account: str
    product: str
    options: dict[str, str]
    quantity: int
    paid_until: Moment | None
    suspend_from: Moment | None


class Write(Wire):
    """The body of every verb. ``old_quantity`` is told by *change* alone."""

    idempotency_key: str
    licence: Licence
    old_quantity: int | None = None


class Done(Wire):
    """It is done. ``show`` is what the subscriber may see."""

    outcome: Literal["done"]
    reference: Name | None = None
    suspended_from: Moment | None = None
    suspended_until: Moment | None = None
    show: dict[str, Text] = Field(default_factory=dict, max_length=20)


class Pending(Wire):
    """It is accepted; the licence is read again after so many seconds."""

    outcome: Literal["pending"]
    poll_after_seconds: Annotated[int, Field(ge=1, le=604_800)]
    reference: Name | None = None


class NeedsOperator(Wire):
    """A person must do it; the instructions say what to enter where."""

    outcome: Literal["needs_operator"]
    instructions: Annotated[str, Field(min_length=1, max_length=4000), AfterValidator(_text)]


class Rejected(Wire):
    """It was understood and will not be done; nothing was changed."""

    outcome: Literal["rejected"]
    code: Name
    text: Text


class Standing(Wire):
    """One licence as the vendor has it; one that it does not have is ``absent`` with the quantity 0."""

    key: Name
    state: State
    quantity: Annotated[int, Field(ge=0, lt=2**31)]
    reference: Name | None = None
    account: Name | None = None
    paid_until: Moment | None = None
    suspended_from: Moment | None = None
    suspended_until: Moment | None = None


class BarePage(Wire):
    """A part of a list. ``next`` is the cursor of the next part; the last one has none and says ``complete``."""

    licences: Annotated[list[Standing], Field(max_length=10_000)]
    complete: bool
    next: Annotated[str, Field(min_length=1, max_length=500)] | None = None


class Page(BarePage):
    """A part of a list; ``total`` is how many licences the whole list has."""

    total: Annotated[int, Field(ge=0)]


class Capabilities(Wire):
    """What the other side can do. What it does not tell is not compared with the settings."""

    protocol: Literal[1]
    about: Text = ""
    suspends: SuspendKind | None = None
    can_schedule: bool | None = None
    changes_quantity: bool | None = None
    counts_seats: bool | None = None
    endless: bool | None = None
    lists: bool | None = None
    longest_suspension_days: Annotated[int, Field(ge=1)] | None = None


class Refusal(Wire):
    """The body of an HTTP error."""

    code: Name
    text: Text


Outcome = Done | Pending | NeedsOperator | Rejected

OUTCOME: TypeAdapter[Outcome] = TypeAdapter(Annotated[Outcome, Field(discriminator="outcome")])
STANDING: TypeAdapter[Standing] = TypeAdapter(Standing)
PAGE: TypeAdapter[Page] = TypeAdapter(Page)
CAPABILITIES: TypeAdapter[Capabilities] = TypeAdapter(Capabilities)


def parse(kind: TypeAdapter[_ModelT], body: bytes, *, media: str = "") -> _ModelT:
    """Read an answer. Raises `Unfit`, whose text says what came instead; *media* is the type that it was said to be."""
    if not body.strip():
        raise Unfit("nothing at all")
    try:
        return kind.validate_json(body)
    except ValidationError as error:
        problems = error.errors(include_url=False, include_input=False, include_context=False)
        said = f"{media.partition(';')[0].strip() or 'no type'}, {len(body)} bytes"
        if body.lstrip()[:1] == b"<":
            raise Unfit(f"a web page or XML instead of JSON ({said})") from None
        if problems[0]["type"] == "json_invalid":
            raise Unfit(f"something that is no JSON ({said})") from None
        shown = [": ".join(filter(None, (".".join(map(str, each["loc"])), each["msg"]))) for each in problems[:_PROBLEMS_SHOWN]]
        raise Unfit(f"JSON of another shape ({'; '.join(shown)})") from None
