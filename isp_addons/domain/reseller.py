"""Resellers: the discount agreed with each, when it applies, and what they may order for the customers in their care."""

import re
from dataclasses import dataclass
from decimal import Decimal
from enum import StrEnum
from fractions import Fraction

from isp_addons.domain.permission import Permission, may
from isp_addons.domain.problem import BadInput, Refused

WHOLE = 10_000
"""A discount of 100 %, in hundredths of a percent."""

_PERCENT = re.compile(r"[0-9]{1,3}(\.[0-9]{1,2})?")


class DiscountWithAdmin(StrEnum):
    """Who still gets a reseller's discount once a user of the customer is admin, and may buy himself.

    The vendor's text reads that neither does (``nobody``); ``reseller_orders`` keeps it for what the reseller orders.
    """

    NOBODY = "nobody"
    RESELLER_ORDERS = "reseller_orders"


@dataclass(frozen=True, slots=True, kw_only=True)
class ResellerRules:
    """What the installation says of its resellers. ``contact``: what they are told to turn to; empty: the ISP's staff."""

    contact: str = ""
    with_admin: DiscountWithAdmin = DiscountWithAdmin.NOBODY

    @property
    def whom_to_ask(self) -> str:
        """The contact as the end of a sentence."""
        return self.contact or "the ISP's staff"


def parse_discount(text: str) -> int:
    """Read ``20`` or ``12.5`` percent as hundredths of a percent. Raises `BadInput` (``bad_discount``) outside 0 to 100."""
    if not _PERCENT.fullmatch(text) or Decimal(text) > 100:
        raise BadInput(f"The discount {text!r} is not a percentage from 0 to 100, such as 20 or 12.5.", code="bad_discount")
    return int(Decimal(text) * 100)


def format_discount(hundredths: int) -> str:
    """Write 1250 hundredths of a percent as ``12.5``."""
    text = f"{Decimal(hundredths) / 100:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text


def discount_of(agreed: int, *, by_reseller: bool, has_admin: bool, rule: DiscountWithAdmin) -> Fraction:
    """The share (0 to 1) taken off the list price of one order for a customer in a reseller's care.

    *agreed*: with the reseller, in hundredths of a percent; *has_admin*: a user of the customer is admin.
    """
    if not by_reseller or (has_admin and rule is DiscountWithAdmin.NOBODY):
        return Fraction(0)
    return Fraction(agreed, WHOLE)


def check_resale(product: str, *, resale: bool) -> None:
    """Raise `Refused` (``not_resellable``) for a product that resellers may not order for their customers."""
    if not resale:
        raise Refused(
            f"{product} is not for resale; a reseller orders for his customers what the catalogue marks with resale: yes.",
            code="not_resellable",
        )


def check_capacity(quantity: int, *, product: str, most: int | None, rules: ResellerRules) -> None:
    """Raise `BadInput` (``bad_quantity``) above the most units of *product* that one customer can have, saying whom to ask."""
    if most is not None and quantity > most:
        raise BadInput(
            f"{quantity} are more than the {most} of {product} that one order can have; contact us: {rules.whom_to_ask}.",
            code="bad_quantity",
        )


class Area(StrEnum):
    """A part of the reseller's business, as he sees it.

    ``create``: new customers. ``manage``: their members. ``purchase``: orders and changes. ``information``: addresses and VAT
    ids. ``acting_on``: the list of the customers in his care.
    """

    CREATE = "create"
    MANAGE = "manage"
    PURCHASE = "purchase"
    INFORMATION = "information"
    ACTING_ON = "acting_on"


_NEEDS = {
    Area.CREATE: Permission.CREATE_CUSTOMERS,
    Area.MANAGE: Permission.ASSIGN,
    Area.PURCHASE: Permission.BUY,
    Area.INFORMATION: Permission.EDIT_ADDRESS,
    Area.ACTING_ON: Permission.MANAGE_CUSTOMERS,
}


def areas_of(role: str) -> tuple[Area, ...]:
    """What somebody of that role sees, for himself and (a reseller) for the customers in his care."""
    return tuple(area for area, permission in _NEEDS.items() if may(role, permission))
