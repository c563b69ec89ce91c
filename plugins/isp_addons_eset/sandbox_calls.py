"""The calls of the stand-in: one function each, from the JSON that came to the JSON that is answered."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

from isp_addons_eset import sandbox_msp as msp
from isp_addons_eset.sandbox_msp import Company, Msp, Refusal, Row

Json = Any
Body = Mapping[str, Any]

_MOST_TAKEN = 100
_CUSTOMER = 1007
_STATES = ("Error", "Normal", "Obsolete", "Suspended", "Warning")


@dataclass(slots=True)
class Operation:
    """A company's suspension or resumption on its way: done when it has been asked about often enough."""

    company: str
    suspend: bool
    polls_left: int


@dataclass(slots=True)
class Server:
    """The state and the switches that calls see. Without ``totals`` lists announce no number of rows, without ``full_rows`` a
    row of Search/Licenses holds the key alone: the manual shows neither."""

    msp: Msp
    polls: int
    totals: bool
    full_rows: bool
    unsuspends_all: bool
    operations: dict[str, Operation] = field(default_factory=dict)


@dataclass(slots=True)
class Page:
    """An answer that is a list: ``half`` renders it with half of its rows and the same announced number."""

    holder: str
    rows: list[Json]
    total: int | None

    def whole(self) -> Json:
        """All rows of the page."""
        paging = {} if self.total is None else {"paging": {"totalCount": self.total}}
        return {self.holder: self.rows, **paging}

    def half(self) -> Json:
        """The first half of them."""
        return Page(self.holder, self.rows[: len(self.rows) // 2], self.total).whole()


def _current(server: Server, _body: Body, _now: int) -> Json:
    own = server.msp.own
    return {"userId": own.id, "company": {"companyId": own.id, "name": own.name, "type": 1005}}


def _create(server: Server, body: Body, _now: int) -> Json:
    parent = server.msp.company(body["parentCompanyId"]).id if body.get("parentCompanyId") else server.msp.own.id
    if not isinstance(body.get("name"), str) or not body["name"].strip():
        raise Refusal.invalid("name")
    if not isinstance(body.get("address"), dict) or not body["address"].get("city"):
        raise Refusal.invalid("address")
    company = server.msp.new_company(parent, body["name"].strip())
    _fill(company, body)
    return {"companyId": server.msp.add_company(company).id}


def _fill(company: Company, body: Body) -> None:
    """What is left out stays, what is empty is erased (company_update)."""
    company.custom_identifier = str(body.get("customIdentifier", company.custom_identifier) or "")
    company.comment = str(body.get("comment", company.comment) or "")
    company.description = str(body.get("description", company.description) or "")
    company.email = str(body.get("email", company.email) or "")
    company.address = dict(body.get("address", company.address) or {})


def _update(server: Server, body: Body, _now: int) -> Json:
    company = server.msp.company(body.get("companyId"))
    if "name" in body:
        if not str(body["name"]).strip():
            raise Refusal.invalid("name")
        server.msp.rename(company, str(body["name"]).strip())
    _fill(company, body)
    return {}


def _company_row(company: Company) -> Json:
    """The main data fields, as children and descendants name them."""
    fields = {"name": company.name, "publicId": company.id, "type": _CUSTOMER}
    return {**fields, "email": company.email, "status": company.status}


def _children(server: Server, body: Body, _now: int) -> Page:
    parent = server.msp.company(body.get("companyId"))
    return _page(server, body, "companies", server.msp.children(parent.id), _company_row)


def _company_detail(server: Server, body: Body, _now: int) -> Json:
    company = server.msp.company(body.get("companyId"))
    told = {"comment": company.comment, "description": company.description, "address": company.address}
    return {"id": company.id, **_company_row(company), "customIdentifier": company.custom_identifier, **told}


def _suspend_company(server: Server, body: Body, _now: int) -> Json:
    return _begin(server, body, suspend=True)


def _unsuspend_company(server: Server, body: Body, _now: int) -> Json:
    return _begin(server, body, suspend=False)


def _begin(server: Server, body: Body, *, suspend: bool) -> Json:
    company = server.msp.company(body.get("companyId"))
    if company is server.msp.own:
        raise Refusal.forbidden()
    if suspend == (company.status == "suspended"):
        code = msp.NOT_ACTIVE_COMPANY if suspend else msp.NOT_SUSPENDED_COMPANY
        raise Refusal(code, "The company is not in the state for it.", code=code)
    operation_id = f"{company.id[:-4]}{len(server.operations):04x}"
    server.operations[operation_id] = Operation(company.id, suspend, server.polls)
    return {"operationId": operation_id}


def operation(server: Server, operation_id: str, now: int) -> Json:
    """GET Operation/ID (operation). Assumptions: it takes some polls, and its states are called Pending and Finished."""
    found = server.operations.get(operation_id)
    if found is None:
        raise Refusal(code=0, status=404, message="Not found")
    if found.polls_left > 0:
        found.polls_left -= 1
        if found.polls_left == 0:
            _finish(server, found, now)
    return {"operationId": operation_id, "state": "Pending" if found.polls_left else "Finished"}


def _finish(server: Server, done: Operation, now: int) -> None:
    """All licences of the company follow it; whether those suspended before come back too is a switch (unknown)."""
    company = server.msp.companies[done.company]
    company.status = "suspended" if done.suspend else "active"
    for row in server.msp.of(company):
        if done.suspend and not row.suspended and not row.obsolete:
            row.suspended = True
            row.note(now, "CompanySuspend")
        elif not done.suspend and row.suspended and (server.unsuspends_all or row.history[-1].type == "CompanySuspend"):
            row.suspended, row.resumed = False, True
            row.note(now, "CompanyUnsuspend")


def _search_companies(server: Server, body: Body, _now: int) -> Page:
    """Column 0 is the name, 1 the id, 5 the custom identifier; parts of a text are found (search_companies)."""
    search = body.get("search")
    if not isinstance(search, dict):
        raise Refusal.invalid("search")
    wanted = [(str(word).casefold(), columns) for word, columns in search.items()]
    found = [
        each
        for each in server.msp.children(server.msp.own.id)
        if all(any(word in _column(each, column) for column in columns) for word, columns in wanted)
    ]
    return _page(server, body, "search", found, _company_row)


def _column(company: Company, number: int) -> str:
    return {0: company.name, 1: company.id, 5: company.custom_identifier}.get(number, "").casefold()


def _search_licences(server: Server, body: Body, now: int) -> Page:
    """The keyword is looked for in product code, product name and key (search_licenses)."""
    customer = body.get("customerId")
    found = server.msp.of(server.msp.company(customer)) if customer else list(server.msp.mine())
    word = str(body.get("keyword") or "").casefold()
    if word:
        found = [row for row in found if word in f"{row.product} {msp.PRODUCTS[row.product]} {row.key}".casefold()]

    def render(row: Row) -> Json:
        return licence_row(row, now) if server.full_rows else {"publicLicenseKey": row.key}

    return _page(server, body, "search", found, render)


def _page(server: Server, body: Body, holder: str, found: list[Any], render: Callable[[Any], Json]) -> Page:
    skip, take = body.get("skip", 0), body.get("take")
    if not isinstance(take, int) or not 1 <= take <= _MOST_TAKEN:
        raise Refusal.invalid("take")
    if not isinstance(skip, int) or skip < 0:
        raise Refusal.invalid("skip")
    return Page(holder, [render(each) for each in found[skip : skip + take]], len(found) if server.totals else None)


def licence_row(row: Row, now: int) -> Json:
    """A licence as License/Detail tells it (license_detail)."""
    return {
        "publicLicenseKey": row.key,
        "customerId": row.customer,
        "productCode": row.product,
        "productName": msp.PRODUCTS[row.product],
        "quantity": row.quantity,
        "usage": row.usage,
        "state": row.state(now),
        "trial": row.trial,
        "trialExpiration": _iso(row.expires) if row.trial else None,
        "trialExtensions": row.extensions if row.trial else None,
        "lastUpdate": _iso(row.history[-1].at),
    }


def _order(server: Server, body: Body, now: int) -> Json:
    customer = server.msp.company(body.get("customerId"))
    if customer is server.msp.own:
        raise Refusal(47, "Entity is not a Customer")
    row = server.msp.order(customer, body.get("productCode"), body.get("quantity"), body.get("licenseType"), now=now)
    return {"publicLicenseKey": row.key}


def _on_licence(act: Callable[[Msp, Row, Body, int], object]) -> Callable[[Server, Body, int], Json]:
    """A call about one licence; where *act* returns none, a success is an empty JSON (license_suspend, license_update)."""

    def call(server: Server, body: Body, now: int) -> Json:
        answer = act(server.msp, server.msp.row(body.get("publicLicenseKey")), body, now)
        return {"publicLicenseKey": answer.key} if isinstance(answer, Row) else answer or {}

    return call


def _history(_msp: Msp, row: Row, _body: Body, _now: int) -> Json:
    return {"history": [{"date": _iso(change.at), "type": change.type} for change in row.history]}


def _iso(seconds: int) -> str | None:
    return datetime.fromtimestamp(seconds, UTC).isoformat().replace("+00:00", "Z") if seconds else None


GETS: dict[str, Callable[[Server, Body, int], Json]] = {
    "User/Current": _current,
    "Enum/LicenseStates": lambda _server, _body, _now: [{"code": code, "name": name} for code, name in enumerate(_STATES)],
}
POSTS: dict[str, Callable[[Server, Body, int], Json]] = {
    "Company/Create/customer": _create,
    "Company/Update/customer": _update,
    "Company/Children": _children,
    "Company/Detail": _company_detail,
    "Company/Suspend": _suspend_company,
    "Company/Unsuspend": _unsuspend_company,
    "Search/Companies": _search_companies,
    "Search/Licenses": _search_licences,
    "License/Order": _order,
    "License/Detail": _on_licence(lambda _msp, row, _body, now: licence_row(row, now)),
    "License/GetHistory": _on_licence(_history),
    "License/UpdateQuantity": _on_licence(lambda at, row, body, now: at.update_quantity(row, body.get("quantity"), now=now)),
    "License/Suspend": _on_licence(lambda at, row, _body, now: at.suspend(row, now=now)),
    "License/Unsuspend": _on_licence(lambda at, row, _body, now: at.resume(row, now=now)),
    "License/ExtendTrial": _on_licence(lambda at, row, _body, now: at.extend(row, now=now)),
    "License/ConvertToFull": _on_licence(lambda at, row, body, now: at.convert(row, body.get("quantity"), now=now)),
    "License/Remove": _on_licence(lambda at, row, _body, now: at.remove(row, now=now)),
    "License/GetPossibleProductChanges": _on_licence(lambda _msp, row, _body, _now: {"codes": msp.possible_products(row)}),
    "License/ChangeProduct": _on_licence(lambda at, row, body, now: at.change_product(row, body.get("productCode"), now=now)),
}
