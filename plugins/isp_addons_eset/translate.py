"""Between the words of isp-addons and those of ESET: company names, licences, states. Pure: no network, no clock."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from enum import IntEnum
from typing import Any

from isp_addons.vendor_api import SeenLicence, SeenState

_ENDED = ", ended"
_NAME = re.compile(r"^(?P<account>.*?) ?\[(?P<key>[A-Za-z0-9-]{1,40})(?P<ended>, ended)?\]$", re.DOTALL)
_LONGEST_ACCOUNT = 60


class State(IntEnum):
    """The states of a licence (Enum/LicenseStates). Error: more activations than seats. Warning: nearly so."""

    ERROR = 0
    NORMAL = 1
    OBSOLETE = 2
    SUSPENDED = 3
    WARNING = 4


_SEEN = {
    State.ERROR: SeenState.ACTIVE,
    State.NORMAL: SeenState.ACTIVE,
    State.WARNING: SeenState.ACTIVE,
    State.SUSPENDED: SeenState.SUSPENDED,
    State.OBSOLETE: SeenState.ENDED,
}


def company_name(*, key: str, account: str, ended: bool = False) -> str:
    """The name of the company of one licence, such as ``1042 [ia7f3a-12-1]``; ``1042 [ia7f3a-12-1, ended]`` once it is over."""
    return f"{account.strip()[:_LONGEST_ACCOUNT]} [{key}{_ENDED if ended else ''}]".strip()


@dataclass(frozen=True, slots=True, kw_only=True)
class Company:
    """A customer company. ``custom_identifier`` is told by Company/Detail only (None: not told)."""

    id: str
    name: str
    custom_identifier: str | None = None

    @property
    def key(self) -> str | None:
        """Our licence's key, which the name ends with; None for a company that is not ours, or was renamed."""
        found = _NAME.match(self.name)
        return found["key"] if found else None

    @property
    def account(self) -> str | None:
        """Whose it is, from the name."""
        found = _NAME.match(self.name)
        return (found["account"] or None) if found else None

    @property
    def ended(self) -> bool:
        """Whether its licence was cancelled here: the name says so."""
        found = _NAME.match(self.name)
        return found is not None and found["ended"] is not None

    def named(self, key: str, *, ended: bool) -> str:
        """The name it is to have, with the mark of what has ended or without; one given by hand is kept in front."""
        return company_name(key=key, account=self.name if self.key is None else self.account or "", ended=ended)


@dataclass(frozen=True, slots=True, kw_only=True)
class EsetLicence:
    """A licence at ESET. ``public_key`` is ESET's own id, ``XXX-XXX-XXX``. ``expires``: a trial's end."""

    public_key: str
    customer_id: str
    product_code: str
    quantity: int
    state: State
    trial: bool = False
    expires: datetime | None = None

    @property
    def seen(self) -> SeenState:
        """The product's word for its state: an overused or obsolete licence is active or over, never suspended."""
        return _SEEN[self.state]


def lowered(value: Any) -> Any:
    """A JSON value with every name in lower case: clients in the field read ``accessToken`` as well as ``AccessToken``."""
    if isinstance(value, dict):
        return {str(name).lower(): lowered(each) for name, each in value.items()}
    return [lowered(each) for each in value] if isinstance(value, list) else value


def read_company(row: Mapping[str, Any]) -> Company:
    """Read a row of Company/Children or Search/Companies, or an answer of Company/Detail. Raises `ValueError`."""
    found = next((row[name] for name in ("publicid", "companyid", "id") if row.get(name)), None)
    if found is None or not isinstance(row.get("name"), str):
        raise ValueError("a company without id or name")
    identifier = row.get("customidentifier")
    return Company(id=str(found), name=row["name"], custom_identifier=None if identifier is None else str(identifier))


def is_whole(row: Mapping[str, Any]) -> bool:
    """Whether a row of Search/Licenses tells all that matters. The manual shows no example of one, so it may not."""
    return all(row.get(name) is not None for name in ("customerid", "productcode", "quantity", "state"))


def read_licence(row: Mapping[str, Any]) -> EsetLicence:
    """Read an answer of License/Detail or a whole row of Search/Licenses. Raises `ValueError` when it makes no sense."""
    public_key = row.get("publiclicensekey")
    if not public_key or not is_whole(row):
        raise ValueError("a licence without key, customer, product, quantity or state")
    return EsetLicence(
        public_key=str(public_key),
        customer_id=str(row["customerid"]),
        product_code=str(row["productcode"]),
        quantity=int(row["quantity"]),
        state=read_state(row["state"]),
        trial=row.get("trial") is True,
        expires=read_time(row.get("trialexpiration")),
    )


def read_state(told: Any) -> State:
    """Read a state: its number, or its name. Raises `ValueError` for one that the manual does not list."""
    try:
        return State[told.upper()] if isinstance(told, str) and not told.isdecimal() else State(int(told))
    except (KeyError, ValueError, TypeError) as error:
        raise ValueError(f"{told!r} is no state of a licence") from error


def read_time(told: Any) -> datetime | None:
    """Read a date of an answer as aware UTC; None when there is none. Assumption: ISO 8601, and UTC where no zone is told."""
    if told in (None, ""):
        return None
    try:
        moment = datetime.fromisoformat(str(told))
    except ValueError as error:
        raise ValueError(f"{told!r} is no date") from error
    return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)).astimezone(UTC)


def pick(
    licences: Iterable[EsetLicence], *, reference: str | None, product_code: str | None, ordering: bool = False
) -> EsetLicence | None:
    """The licence that is meant among those of one company; obsolete ones do not count. Raises `LookupError` if several may be.

    The one that bears *reference*, else the one of *product_code*, else the only one there is; but an order (*ordering*) does
    not take one of another product for its own.
    """
    standing = [each for each in licences if each.state is not State.OBSOLETE]
    for fits in (
        [each for each in standing if each.public_key == reference],
        [each for each in standing if each.product_code == product_code],
        [] if ordering else standing,
    ):
        if len(fits) > 1:
            raise LookupError(f"{len(fits)} licences stand in one company")
        if fits:
            return fits[0]
    return None


def seen(licence: EsetLicence, *, key: str, ended: bool, account: str | None = None) -> SeenLicence:
    """What the product calls the licence's state. *ended*: its company bears the mark, so a suspended licence is over."""
    state = SeenState.ENDED if ended and licence.seen is SeenState.SUSPENDED else licence.seen
    return SeenLicence(
        key=key,
        state=state,
        reference=licence.public_key,
        account=account,
        quantity=licence.quantity,
        paid_until=licence.expires if licence.trial else None,
    )
