"""Postal addresses: of a company, and another one to which its invoices go where that is wanted."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from isp_addons.domain.problem import BadInput
from isp_addons.domain.text import parse_line
from isp_addons.domain.vat import same_country

_COUNTRIES = (
    "AD AE AF AG AI AL AM AO AQ AR AS AT AU AW AX AZ BA BB BD BE BF BG BH BI BJ BL BM BN BO BQ BR BS BT BV BW BY BZ "
    "CA CC CD CF CG CH CI CK CL CM CN CO CR CU CV CW CX CY CZ DE DJ DK DM DO DZ EC EE EG EH ER ES ET FI FJ FK FM FO "
    "FR GA GB GD GE GF GG GH GI GL GM GN GP GQ GR GS GT GU GW GY HK HM HN HR HT HU ID IE IL IM IN IO IQ IR IS IT JE "
    "JM JO JP KE KG KH KI KM KN KP KR KW KY KZ LA LB LC LI LK LR LS LT LU LV LY MA MC MD ME MF MG MH MK ML MM MN MO "
    "MP MQ MR MS MT MU MV MW MX MY MZ NA NC NE NF NG NI NL NO NP NR NU NZ OM PA PE PF PG PH PK PL PM PN PR PS PT PW "
    "PY QA RE RO RS RU RW SA SB SC SD SE SG SH SI SJ SK SL SM SN SO SR SS ST SV SX SY SZ TC TD TF TG TH TJ TK TL TM "
    "TN TO TR TT TV TW TZ UA UG UM US UY UZ VA VC VE VG VI VN VU WF WS YE YT ZA ZM ZW"
)
COUNTRIES = frozenset(_COUNTRIES.split())
"""ISO 3166-1, the codes of two letters."""


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


def parse_country(text: str) -> str:
    """Read ``de`` as DE; EL and UK mean GR and GB. Raises `BadInput` (``bad_country``)."""
    code = same_country(text)
    if code not in COUNTRIES:
        raise BadInput(f"{text[:20]!r} is no country; write its two letters, such as DE or UA (ISO 3166).", code="bad_country")
    return code


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
            f"A different billing address is wanted, but its {' and '.join(missing)} {'is' if len(missing) == 1 else 'are'} "
            "missing; fill it in, or let invoices go to the company's address.",
            code="billing_address_missing",
        )
    lines = {name: value for name, value in told.items() if value}
    parse_line(lines["name"], name="billing name", most=120)
    checked = check(Address(**{name: value for name, value in lines.items() if name != "name"}))
    return BillingAddress(name=lines["name"], **asdict(checked))
