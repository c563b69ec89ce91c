"""The Ajax billing file: what a company tells Ajax of its subscribers, and the one way to lock their hubs.

Source: support.ajax.systems, "Ajax billing" and "How to upload JSON file". A JSON array in UTF-8, named by the time of its
creation, one object for each hub; all six fields are required and are strings.
"""

import json
import re
from collections.abc import Iterator, Sequence
from datetime import datetime
from decimal import Decimal

from isp_addons.vendor_api.account_file import AccountFile, AccountStanding, RefusedRow

_HUB = re.compile(r"[0-9A-Fa-f]{8}")
_CURRENCY = re.compile(r"[A-Z]{3}")
_CENT = Decimal("0.01")


class Unfit(Exception):
    """Why something cannot be put into the file, as a sentence."""


def written(standings: Sequence[AccountStanding], *, vendor: str, at: datetime) -> AccountFile:
    """The file for *standings* of *vendor*, named by *at* (UTC). An account with a hub that is refused is not carried whole."""
    rows: list[dict[str, str]] = []
    refused: list[RefusedRow] = []
    blocked: dict[str, bool] = {}
    for standing in standings:
        wrong = [*_refuse(standing, vendor, rows)]
        refused += wrong
        if not wrong:
            blocked[standing.account] = standing.blocked
    content = json.dumps(rows, ensure_ascii=False, indent=1).encode()
    return AccountFile(
        name=f"{at:%Y-%m-%d-%H-%M-%S}.json", content=content, rows=len(rows), blocked=blocked, refused=tuple(refused)
    )


def row(standing: AccountStanding, hub: str) -> dict[str, str]:
    """One hub's object. Raises `Unfit`."""
    if not _HUB.fullmatch(hub):
        raise Unfit(f"The hub id {hub!r} is not 8 hexadecimal digits, such as 00AF49C1.")
    if not _CURRENCY.fullmatch(standing.currency):
        raise Unfit(f"The currency {standing.currency!r} is not one of three capital letters.")
    if standing.balance is None:
        raise Unfit("The billing has no such account.")
    if standing.fee <= 0:
        raise Unfit(f"The fee {standing.fee} is not more than nothing, which Ajax requires.")
    return {
        "hubId": hub,
        "subscriptionFee": _money(standing.fee, "fee"),
        "balance": _money(standing.balance, "balance"),
        "currency": standing.currency,
        "blocked": "true" if standing.blocked else "false",
        "paymentDate": standing.paid_until.isoformat(),
    }


def _refuse(standing: AccountStanding, vendor: str, rows: list[dict[str, str]]) -> Iterator[RefusedRow]:
    """Add the account's rows to *rows*; yields what is wrong with it."""
    if not standing.devices:
        command = f"isp-addons devices add {standing.account} HUB_ID --vendor {vendor}"
        yield RefusedRow(account=standing.account, device="", reason=f"The account has no hub; add it with: {command}")
    for hub in standing.devices:
        try:
            rows.append(row(standing, hub))
        except Unfit as why:
            yield RefusedRow(account=standing.account, device=hub, reason=str(why))


def _money(amount: Decimal, what: str) -> str:
    """An amount with two decimals and a dot: ``-1560.50``."""
    told = amount.quantize(_CENT)
    if told != amount:
        raise Unfit(f"The {what} {amount} has more than two decimals, which Ajax does not take.")
    return f"{told:f}"
