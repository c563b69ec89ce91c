"""The stand-in's companies and licences: what is stored, and what each call makes of it. Times are Unix seconds, 0 = none."""

import uuid
from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import NamedTuple

FULL, TRIAL = 1, 4
TRIAL_SECONDS = EXTENSION_SECONDS = 30 * 24 * 3600
MOST_EXTENSIONS = 2
MOST_SEATS = 100_000

PRODUCTS = {"101": "ESET Endpoint Antivirus", "102": "ESET Endpoint Security", "103": "ESET Server Security"}
"""Made-up codes; ESET's own are told by its portal."""
UPGRADES = {"101": "102"}
"""From one product to another and back, which is what License/ChangeProduct can do here."""

NAME_TAKEN, NOT_ACTIVE_COMPANY, NOT_SUSPENDED_COMPANY = 9001, 9002, 9003
"""Codes of company calls: the manual lists none, so these are made up."""


class Refusal(Exception):
    """The server says no: an HTTP status, codes and a text, or the complaints of a form."""

    def __init__(
        self,
        sub_code: int = 0,
        message: str = "",
        *,
        status: int = 400,
        code: int = 8,
        form: dict[str, list[str]] | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.sub_code = sub_code
        self.message = message
        self.form = form

    @classmethod
    def invalid(cls, name: str) -> "Refusal":
        """A form that was not filled in as it must be."""
        return cls(form={name: ["The input was not valid."]})

    @classmethod
    def forbidden(cls) -> "Refusal":
        """Somebody else's, or nobody's: ESET answers alike (license_suspend)."""
        return cls(code=0, status=403, message="Forbidden")


@dataclass(slots=True)
class Company:
    """One company. ``status``: active or suspended."""

    id: str
    parent: str
    name: str
    custom_identifier: str = ""
    comment: str = ""
    description: str = ""
    email: str = ""
    address: dict[str, str] = field(default_factory=dict)
    status: str = "active"


class Change(NamedTuple):
    """What a licence was from a moment on: how many seats would be billed if a day ended."""

    at: int
    seats: int
    type: str


@dataclass(slots=True)
class Row:
    """One licence as stored. ``obsolete``: replaced by another; ``removed``: a trial that is gone."""

    key: str
    customer: str
    product: str
    quantity: int
    trial: bool
    ordered: int
    usage: int = 0
    suspended: bool = False
    resumed: bool = False
    obsolete: bool = False
    removed: bool = False
    expires: int = 0
    extensions: int = 0
    history: list[Change] = field(default_factory=list)

    def expired(self, now: int) -> bool:
        """Whether it is a trial that has run out."""
        return self.trial and 0 < self.expires <= now

    def state(self, now: int) -> int:
        """Its number in Enum/LicenseStates. Assumed: an expired trial is in error; nine tenths of the seats are nearly all."""
        if self.obsolete:
            return 2
        if self.suspended:
            return 3
        if self.usage > self.quantity or self.expired(now):
            return 0
        return 4 if self.usage and self.usage * 10 >= self.quantity * 9 else 1

    def note(self, now: int, what: str) -> None:
        """Write what has changed into the history, from which the bill is worked out. Trials are not billed."""
        billed = 0 if self.trial or self.suspended or self.obsolete or self.removed else self.quantity
        self.history.append(Change(now, billed, what))


class Msp:
    """One MSP company, its customers, and their licences."""

    def __init__(self, *, trials: bool, new_key_on_convert: bool) -> None:
        self._trials = trials
        self._new_key_on_convert = new_key_on_convert
        self.clear()

    def clear(self) -> None:
        """Forget all but the MSP itself. Keys go on, so that no two licences ever share one."""
        self.own = Company(id=_guid("msp"), parent="", name="Stand-in MSP")
        self.companies: dict[str, Company] = {}
        self.licences: dict[str, Row] = {}
        self.by_customer: dict[str, list[Row]] = {}
        self._names: dict[tuple[str, str], str] = {}

    def add_company(self, company: Company) -> Company:
        """Create/customer. Names are unique among siblings."""
        self._claim(company)
        self.companies[company.id] = company
        return company

    def new_company(self, parent: str, name: str) -> Company:
        """A company not yet added, with an id of its own."""
        return Company(id=_guid(f"{parent}/{len(self.companies)}/{name}"), parent=parent, name=name)

    def rename(self, company: Company, name: str) -> None:
        """Update/customer. Raises when a sibling bears the name."""
        self._claim(replace(company, name=name))
        if name.casefold() != company.name.casefold():
            del self._names[company.parent, company.name.casefold()]
        company.name = name

    def _claim(self, company: Company) -> None:
        taken = self._names.setdefault((company.parent, company.name.casefold()), company.id)
        if taken != company.id:
            raise Refusal(NAME_TAKEN, "A company of this name exists already.", code=NAME_TAKEN)

    def company(self, company_id: object) -> Company:
        """A company that exists; somebody else's or none is forbidden."""
        found = self.own if company_id == self.own.id else self.companies.get(str(company_id))
        if found is None or found.parent not in ("", self.own.id):
            raise Refusal.forbidden()
        return found

    def children(self, parent: str) -> list[Company]:
        """Its direct children."""
        return [each for each in self.companies.values() if each.parent == parent]

    def mine(self) -> Iterator[Row]:
        """The licences of direct customers, without removed ones."""
        for row in self.licences.values():
            if not row.removed and self.companies[row.customer].parent == self.own.id:
                yield row

    def of(self, company: Company) -> list[Row]:
        """The licences of one customer, without removed ones."""
        return [row for row in self.by_customer.get(company.id, []) if not row.removed]

    def row(self, key: object) -> Row:
        """A licence of a direct customer; any other is forbidden."""
        row = self.licences.get(str(key))
        if row is None or row.removed:
            raise Refusal.forbidden()
        self.company(row.customer)
        return row

    def order(self, company: Company, product: object, quantity: object, kind: object, *, now: int) -> Row:
        """License/Order. Assumption: one licence of a product in each company, which is what code 20 guards."""
        if kind not in (FULL, TRIAL):
            raise Refusal(17, "InvalidLicenseType")
        if product not in PRODUCTS:
            raise Refusal(27, "ProductIsNotAvailable")
        seats = _seats(quantity)
        if kind == TRIAL and not self._trials:
            raise Refusal(32, "TrialLicenseIsNotAllowed")
        if any(row.product == product and not row.obsolete for row in self.of(company)):
            raise Refusal(20, "LicenseIsAlreadyOrdered")
        trial = kind == TRIAL
        row = Row(self._new_key(), company.id, str(product), seats, trial, now, expires=now + TRIAL_SECONDS if trial else 0)
        return self._add(row, now)

    def _add(self, row: Row, now: int) -> Row:
        row.note(now, "Order")
        self.licences[row.key] = row
        self.by_customer.setdefault(row.customer, []).append(row)
        return row

    def update_quantity(self, row: Row, quantity: object, *, now: int) -> None:
        """License/UpdateQuantity."""
        seats = _seats(quantity)
        if row.suspended or row.obsolete:
            raise Refusal(23, "LicenseIsNotActive")
        if row.expired(now):
            raise Refusal(37, "LicenseIsExpired")
        if seats == row.quantity:
            raise Refusal(48, "LicenseQuantityIsEqualToPrevious")
        row.quantity = seats
        row.note(now, "UpdateQuantity")

    def suspend(self, row: Row, *, now: int) -> None:
        """License/Suspend."""
        if row.suspended:
            raise Refusal(21, "LicenseIsAlreadySuspended")
        if row.obsolete:
            raise Refusal(23, "LicenseIsInactive")
        row.suspended = True
        row.note(now, "Suspend")

    def resume(self, row: Row, *, now: int) -> None:
        """License/Unsuspend. Assumed: 22 for one that was resumed, 36 for one never suspended, 33 in a suspended company."""
        if not row.suspended:
            raise Refusal(22, "LicenseIsAlreadyUnsuspended") if row.resumed else Refusal(36, "LicenseIsNotSuspended")
        if self.companies[row.customer].status == "suspended":
            raise Refusal(33, "UpdateLicenseStateError")
        row.suspended, row.resumed = False, True
        row.note(now, "Unsuspend")

    def extend(self, row: Row, *, now: int) -> None:
        """License/ExtendTrial: 30 days, twice."""
        self._must_be_trial(row)
        if row.expired(now):
            raise Refusal(37, "LicenseIsExpired")
        if row.extensions >= MOST_EXTENSIONS:
            raise Refusal(31, "TimesToExtendTrialLicenseIsExceeded")
        row.expires += EXTENSION_SECONDS
        row.extensions += 1
        row.note(now, "ExtendTrial")

    def convert(self, row: Row, quantity: object, *, now: int) -> Row:
        """License/ConvertToFull: the same licence, or by setting one with a new key (the manual allows both)."""
        if not row.trial:
            raise Refusal(19, "LicenseIsAlreadyConvertedToFull")
        seats = _seats(quantity)
        if not self._new_key_on_convert:
            row.trial, row.expires, row.quantity = False, 0, seats
            row.note(now, "ConvertToFull")
            return row
        row.obsolete = True
        row.note(now, "ConvertToFull")
        return self._add(Row(self._new_key(), row.customer, row.product, seats, False, now, usage=row.usage), now)

    def remove(self, row: Row, *, now: int) -> None:
        """License/Remove: trials only."""
        self._must_be_trial(row)
        row.removed = True
        row.note(now, "Remove")

    def change_product(self, row: Row, product: object, *, now: int) -> None:
        """License/ChangeProduct."""
        if product not in possible_products(row):
            raise Refusal(45, "ChangeOfProductIsUnavailable")
        row.product = str(product)
        row.note(now, "ChangeProduct")

    def _must_be_trial(self, row: Row) -> None:
        if not row.trial:
            raise Refusal(24, "LicenseIsNotTrial")

    def _new_key(self) -> str:
        number = uuid.uuid4().hex.upper()[:6]
        key = f"3AA-{number[:3]}-{number[3:]}"
        return key if key not in self.licences else self._new_key()


def possible_products(row: Row) -> list[str]:
    """What a licence can be changed to."""
    return [there for here, there in [*UPGRADES.items(), *((b, a) for a, b in UPGRADES.items())] if here == row.product]


def _seats(quantity: object) -> int:
    if isinstance(quantity, bool) or not isinstance(quantity, int):
        raise Refusal.invalid("quantity")
    if quantity < 1:
        raise Refusal(18, "InvalidQuantity")
    if quantity > MOST_SEATS:
        raise Refusal(30, "QuantityIsOutOfRange")
    return quantity


def _guid(name: str) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, name))
