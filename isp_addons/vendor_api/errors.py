"""How a vendor call fails. Each class is one decision: retry, wait, pause the vendor, give up, or look first."""

from datetime import datetime
from typing import ClassVar

from isp_addons.domain.retry import FailureKind


class VendorError(Exception):
    """A failed vendor call: what was tried, what came back (secrets starred), and what to do next."""

    kind: ClassVar[FailureKind] = FailureKind.OUTCOME_UNKNOWN
    message: str = ""
    action: str = ""
    status: int | None = None
    answer: str = ""
    hint: str = ""

    def __init__(self, message: str, *, action: str = "", status: int | None = None, answer: str = "", hint: str = "") -> None:
        super().__init__(message)
        self.message = message
        self.action = action
        self.status = status
        self.answer = answer
        self.hint = hint

    def __str__(self) -> str:
        parts = [self.message]
        if self.action:
            parts.insert(0, f"{self.action}:")
        if self.status is not None:
            parts.append(f"(HTTP {self.status})")
        said = " ".join(parts)
        if not self.hint:
            return said
        ended = self.message.endswith((".", "!", "?", "…"))
        return f"{said}{'' if ended else '.'} {self.hint}"


class Unavailable(VendorError):
    """The vendor could not be reached and nothing was done there; try again later."""

    kind = FailureKind.UNAVAILABLE


class RateLimited(VendorError):
    """Too many calls; nothing was done. ``until`` is when the vendor lets us again, if it said so."""

    kind = FailureKind.RATE_LIMITED
    until: datetime | None = None

    def __init__(self, message: str, *, until: datetime | None = None, action: str = "", status: int | None = None) -> None:
        super().__init__(message, action=action, status=status)
        self.until = until


class Unauthorised(VendorError):
    """The vendor refused our credentials: the vendor is paused and the admin told; nothing was done."""

    kind = FailureKind.UNAUTHORISED


class Rejected(VendorError):
    """The vendor understood and said no; repeating it would get the same answer."""

    kind = FailureKind.REJECTED


class OutcomeUnknown(VendorError):
    """The call may or may not have been carried out; the licence is read before anything is repeated."""

    kind = FailureKind.OUTCOME_UNKNOWN


class Unsupported(VendorError):
    """The vendor cannot do this at all; never replaced by another action."""

    kind = FailureKind.UNSUPPORTED
