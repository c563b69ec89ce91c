"""The stand-in's own doors under ``/sandbox/``: companies, licences, the bill, tokens, maintenance."""

from collections.abc import Callable, Iterator, Mapping
from datetime import date
from functools import partial
from itertools import chain
from typing import TYPE_CHECKING, Any, TypeVar

from isp_addons.vendor_api.stand_in import NotThere
from isp_addons_eset.sandbox_billing import BilledDay, billed
from isp_addons_eset.sandbox_calls import licence_row
from isp_addons_eset.sandbox_msp import Company, Msp, Refusal, Row

if TYPE_CHECKING:
    from isp_addons_eset.sandbox import EsetSandbox

DoneT = TypeVar("DoneT")

_SOMEBODY_ELSE = "somebody-else"
_FLAGS = ("suspended", "obsolete", "removed")
_NUMBERS = ("quantity", "usage")
_DAYS_AT_ONCE = 10_000


def door(sandbox: "EsetSandbox", method: str, path: list[str], query: Mapping[str, str], body: dict[str, Any], now: int) -> Any:
    """Serve one request; *path* comes after ``/sandbox/``. Raises `NotThere`, or `ValueError` for a wrong word."""
    msp = sandbox.server.msp
    match method, path:
        case "GET", ["companies"]:
            return {"companies": [_company(each) for each in msp.companies.values()]}
        case "POST", ["companies"]:
            return _company(_add(msp, body))
        case "POST", ["companies", named]:
            return _company(_edit_company(msp, _find_company(msp, named), body))
        case "GET", ["licenses"]:
            return {"licenses": [_licence(msp, row, now) for row in msp.licences.values()]}
        case "POST", ["licenses"]:
            return _licence(msp, _order(msp, body, now), now)
        case "GET", ["licenses", named]:
            return _licence(msp, _find(msp, named), now)
        case "POST", ["licenses", named]:
            return _licence(msp, _edit(_find(msp, named), body, now), now)
        case "GET", ["billing"]:
            return _bill(sandbox, query, now)
        case "DELETE", ["tokens"]:
            sandbox.forget_tokens()
            return {}
        case "POST", ["maintenance"]:
            sandbox.maintenance = body.get("on") is True
            return {"maintenance": sandbox.maintenance}
    raise NotThere(f"there is no {method} /sandbox/{'/'.join(path)}")


def _company(company: Company) -> dict[str, Any]:
    names = ("id", "parent", "name", "custom_identifier", "comment", "description", "address", "status")
    return {name: getattr(company, name) for name in names}


def _add(msp: Msp, body: Mapping[str, Any]) -> Company:
    """A customer made by hand; with ``somebody_else`` one of another MSP, so that its licences are forbidden to us."""
    parent = _SOMEBODY_ELSE if body.get("somebody_else") is True else msp.own.id
    company = msp.new_company(parent, str(body.get("name") or ""))
    company.custom_identifier = str(body.get("custom_identifier") or "")
    if not company.name:
        raise ValueError("name must be given")
    return _or_wrong(lambda: msp.add_company(company))


def _edit_company(msp: Msp, company: Company, body: Mapping[str, Any]) -> Company:
    for name, value in body.items():
        if name == "name" and isinstance(value, str) and value:
            _or_wrong(partial(msp.rename, company, value))
        elif name == "somebody_else" and value is True:
            company.parent = _SOMEBODY_ELSE
        else:
            raise ValueError(f"{name} cannot be set to {value!r}")
    return company


def _order(msp: Msp, body: Mapping[str, Any], now: int) -> Row:
    """A licence ordered by hand: ``{"company": …, "product": "101", "quantity": 1, "trial": false}``."""
    company = _find_company(msp, str(body.get("company")))
    kind = 4 if body.get("trial") is True else 1
    return _or_wrong(lambda: msp.order(company, body.get("product", "101"), body.get("quantity", 1), kind, now=now))


def _find_company(msp: Msp, named: str) -> Company:
    """By its id, or by our key."""
    for company in msp.companies.values():
        if named in (company.id, company.custom_identifier):
            return company
    raise NotThere(f"there is no company {named}")


def _find(msp: Msp, named: str) -> Row:
    """By ESET's key, or by ours: the last one that was ordered in that company."""
    if named in msp.licences:
        return msp.licences[named]
    rows = msp.by_customer.get(_find_company(msp, named).id)
    if not rows:
        raise NotThere(f"there is no licence {named}")
    return rows[-1]


def _licence(msp: Msp, row: Row, now: int) -> dict[str, Any]:
    company = msp.companies[row.customer]
    told = licence_row(row, now)
    return {**told, "company": company.name, "our_key": company.custom_identifier, "removed": row.removed}


def _edit(row: Row, body: Mapping[str, Any], now: int) -> Row:
    """As if somebody had done it in the portal, or the devices had (``usage``)."""
    for name, value in body.items():
        flag = name in _FLAGS and isinstance(value, bool)
        number = name in _NUMBERS and isinstance(value, int) and not isinstance(value, bool)
        if not flag and not number:
            raise ValueError(f"{name} cannot be set to {value!r}")
    for name, value in body.items():
        setattr(row, name, value)
    row.note(now, "Portal")
    return row


def _bill(sandbox: "EsetSandbox", query: Mapping[str, str], now: int) -> dict[str, Any]:
    """The days billed so far, oldest first, and the sum for each licence under our key; ``since=YYYY-MM-DD``, ``limit=N``."""
    since = date.fromisoformat(query.get("since", "0001-01-01"))
    msp = sandbox.server.msp
    found = chain.from_iterable(
        ((each.day, msp.companies[row.customer].custom_identifier or row.key, each.seats) for each in _days(sandbox, row, now))
        for row in msp.licences.values()
    )
    days = sorted(each for each in found if each[0] >= since)
    total: dict[str, int] = {}
    for _, key, seats in days:
        total[key] = total.get(key, 0) + seats
    shown = days[: int(query.get("limit", str(_DAYS_AT_ONCE)))]
    return {"seat_days": total, "days": [{"date": day.isoformat(), "key": key, "seats": seats} for day, key, seats in shown]}


def _days(sandbox: "EsetSandbox", row: Row, now: int) -> Iterator[BilledDay]:
    return billed(row.history, until=now, zone=sandbox.zone)


def _or_wrong(act: Callable[[], DoneT]) -> DoneT:
    try:
        return act()
    except Refusal as refusal:
        raise ValueError(refusal.message or "it was refused") from refusal
