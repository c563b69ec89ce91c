"""Aircall's users as the product knows them."""

from collections.abc import Mapping
from typing import Any

from isp_addons.vendor_api import VendorUser

_LONGEST_EMAIL, _LONGEST_NAME, _LONGEST_ID = 254, 120, 120


def read_user(row: object, *, account: str) -> VendorUser:
    """One user of Aircall's JSON. Raises `ValueError` for what has no id.

    Source: Aircall public API, user object: ``id``, ``email``, ``name``. Assumption: where ``name`` is missing,
    ``first_name`` and ``last_name`` are there.
    """
    if not isinstance(row, Mapping):
        raise ValueError("a user is not a JSON object")
    reference = row.get("id")
    if isinstance(reference, bool) or not isinstance(reference, int | str) or not 0 < len(str(reference)) <= _LONGEST_ID:
        raise ValueError("a user has no id")
    if line(str(reference)) != str(reference):
        raise ValueError("a user has an id that is not one line of text")
    name = text(row.get("name")) or " ".join(filter(None, (text(row.get("first_name")), text(row.get("last_name")))))
    email = text(row.get("email"))
    return VendorUser(
        reference=str(reference),
        account=account,
        email=email if len(email) <= _LONGEST_EMAIL else "",
        name=name[:_LONGEST_NAME],
    )


def text(value: Any) -> str:
    """A text of Aircall's as one line; empty for what is none."""
    return line(value).strip() if isinstance(value, str) else ""


def line(value: str) -> str:
    """*value* as one line that can be stored and shown: no control characters, no halves of characters."""
    whole = value.encode("utf-8", "replace").decode()
    return "".join(each if each.isprintable() else " " for each in whole)
