"""Postal addresses: of a company, and another one to which its invoices go where that is wanted."""

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass

from isp_addons.domain.country import parse_country
from isp_addons.domain.problem import BadInput
from isp_addons.domain.text import parse_line


@dataclass(frozen=True, slots=True, kw_only=True)
class Address:
    """Where somebody is. ``country``: a code of two letters; ``postcode`` may be empty, since not every country has them."""

    street: str
    city: str
    country: str
    postcode: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class BillingAddress(Address):
    """To whom invoices go, where it is not the company at its own address."""

    name: str


def check(address: Address) -> Address:
    """*address* with its country in capital letters. Raises `BadInput` naming the line that is wrong."""
    parse_line(address.street, name="street", most=120)
    parse_line(address.city, name="city", most=80)
    if address.postcode:
        parse_line(address.postcode, name="postcode", most=20)
    return Address(street=address.street, city=address.city, country=parse_country(address.country), postcode=address.postcode)


def check_billing(told: Mapping[str, str | None]) -> BillingAddress:
    """A billing address of its own, from its lines by name. Raises `BadInput` (``billing_address_missing``), and as `check`."""
    missing = [name for name in ("name", "street", "city", "country") if not told.get(name)]
    if missing:
        raise BadInput(
            f"A different billing address is wanted, but its {_listed(missing)} {'is' if len(missing) == 1 else 'are'} "
            "missing; fill it in, or let invoices go to the company's address.",
            code="billing_address_missing",
        )
    lines = {name: value for name, value in told.items() if value}
    parse_line(lines["name"], name="billing name", most=120)
    checked = check(Address(**{name: value for name, value in lines.items() if name != "name"}))
    return BillingAddress(name=lines["name"], **asdict(checked))


def _listed(names: Sequence[str]) -> str:
    """Names as a sentence lists them: street, city and country."""
    return " and ".join(each for each in (", ".join(names[:-1]), names[-1]) if each)
