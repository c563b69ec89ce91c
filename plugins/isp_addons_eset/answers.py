"""What an answer of ESET says: its JSON, and a refusal's code and words. Pure: no network."""

import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from isp_addons.vendor_api import Rejected, VendorError
from isp_addons_eset.translate import lowered

ALREADY_ORDERED = 20
ALREADY_SUSPENDED = 21
ALREADY_RESUMED = (22, 36)
NOT_ACTIVE = 23
NO_TRIAL = 24
NOT_CHANGED = 33
SAME_QUANTITY = 48
OUT_OF_ORDER = 99
"""The code of an unknown page (403) and of maintenance (503)."""

MEANINGS: Mapping[int, str] = {
    17: "the licence type is not valid",
    18: "the quantity is not valid",
    19: "it is a full licence already",
    20: "it is ordered already",
    21: "it is suspended already",
    22: "it is resumed already",
    23: "it is not active",
    24: "it is no trial",
    27: "the product is not available to this account",
    30: "the quantity is out of range",
    31: "a trial cannot be extended more often",
    32: "trials are not allowed",
    33: "its state could not be changed",
    36: "it is not suspended",
    37: "it has expired",
    40: "terms of use must be accepted in the portal first",
    45: "the product cannot be changed",
    47: "it is no MSP or customer",
    48: "the quantity is the same as before",
}
"""The sub-codes of licence calls, all under code 8 (ESET MSP Administrator 2 API, error_codes)."""

_CODE = re.compile(r'"(code|subcode)"\s*:\s*"?(\d+)', re.IGNORECASE)
_TEXT_SHOWN = 300


class Refused(Rejected):
    """ESET said no. ``sub_code`` as in `MEANINGS`; 0 = it gave none."""

    def __init__(self, message: str, *, sub_code: int = 0, status: int | None = None, **told: str) -> None:
        super().__init__(message, status=status, **told)
        self.sub_code = sub_code


@dataclass(frozen=True, slots=True)
class Told:
    """What a refusal says: code and sub-code (0 = none), and its text."""

    code: int = 0
    sub_code: int = 0
    text: str = ""

    @property
    def sentence(self) -> str:
        """The meaning and the vendor's own words."""
        known = MEANINGS.get(self.sub_code, "") if self.code in (0, 8) else ""
        said = "; ".join(part for part in (known, self.text) if part) or "no reason given"
        return f"{said} (code {self.code}, subCode {self.sub_code})" if self.code or self.sub_code else said


def read_json(text: str) -> Any:
    """The value of an answer, names in lower case; None for an empty one. Raises `ValueError` for what is no JSON."""
    return lowered(json.loads(text)) if text.strip() else None


def told(answer: str) -> Told:
    """Read a refusal. Assumption: ``code``, ``subCode`` and ``message`` stand somewhere in a JSON body.

    The manual names them without showing a body; a body that was cut off still has its codes.
    """
    codes = {found[1].lower(): int(found[2]) for found in _CODE.finditer(answer)}
    return Told(codes.get("code", 0), codes.get("subcode", 0), _text(answer)[:_TEXT_SHOWN])


def explain(error: VendorError, call: str) -> Told:
    """Say in *error* what ESET means by it (how_api_works), and return what it told."""
    said = told(error.answer)
    if said.code == OUT_OF_ORDER and error.status == 403:
        error.message, error.hint = f"ESET knows no page {call}.", "Check url in the vendor's section."
    if said.code == OUT_OF_ORDER and error.status == 503:
        error.hint = "It is down for maintenance."
    return said


def refusal(value: Any) -> Told | None:
    """The refusal that a successful HTTP answer may still hold."""
    if isinstance(value, dict) and ("subcode" in value or {"code", "message"} <= value.keys()):
        return told(json.dumps(value))
    return None


def _text(answer: str) -> str:
    """The words of a refusal: its message, or the complaints of a form such as ``{"quantity": ["…"]}``."""
    try:
        value = read_json(answer)
    except ValueError:
        return " ".join(answer.split())
    if not isinstance(value, dict):
        return "" if value is None else str(value)
    if value.get("message"):
        return str(value["message"])
    words = [f"{name}: {' '.join(map(str, each))}" for name, each in value.items() if isinstance(each, list)]
    return "; ".join(words)
