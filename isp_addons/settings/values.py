"""What an option's text may be, and what it is read as. Each refusal says what the value should be."""

import os
import re
from collections.abc import Callable, Mapping
from decimal import Decimal
from email.utils import formataddr, parseaddr
from pathlib import Path
from zoneinfo import ZoneInfo

from pydantic import ValidationInfo

from isp_addons.domain.country import parse_country
from isp_addons.domain.customer import parse_email
from isp_addons.domain.period import time_zone
from isp_addons.domain.problem import BadInput, ConfigProblem
from isp_addons.domain.vat import parse_rates

# ISO 4217, the currencies in circulation.
_CURRENCIES = (
    "AED AFN ALL AMD ANG AOA ARS AUD AWG AZN BAM BBD BDT BGN BHD BIF BMD BND BOB BRL BSD BTN BWP BYN BZD CAD CDF CHF CLP CNY "
    "COP CRC CUP CVE CZK DJF DKK DOP DZD EGP ERN ETB EUR FJD FKP GBP GEL GHS GIP GMD GNF GTQ GYD HKD HNL HTG HUF IDR ILS INR "
    "IQD IRR ISK JMD JOD JPY KES KGS KHR KMF KPW KRW KWD KYD KZT LAK LBP LKR LRD LSL LYD MAD MDL MGA MKD MMK MNT MOP MRU MUR "
    "MVR MWK MXN MYR MZN NAD NGN NIO NOK NPR NZD OMR PAB PEN PGK PHP PKR PLN PYG QAR RON RSD RUB RWF SAR SBD SCR SDG SEK SGD "
    "SHP SLE SOS SRD SSP STN SVC SYP SZL THB TJS TMT TND TOP TRY TTD TWD TZS UAH UGX USD UYU UZS VED VES VND VUV WST XAF XCD "
    "XCG XOF XPF YER ZAR ZMW ZWG"
)
_YES_NO = {"yes": True, "true": True, "on": True, "1": True, "no": False, "false": False, "off": False, "0": False}
_WHOLE = re.compile(r"[0-9]{1,9}")
_PLAIN = re.compile(r"[0-9]{1,6}(\.[0-9]{1,6})?")
_PERCENT = re.compile(r"([0-9]{1,3}(?:\.[0-9]{1,4})?) ?%")
_LONGEST_SECRET = 65_536

_PASSWORD = re.compile(r"(?P<before>[\w+.-]+://[^:/@?]*:)(?P<password>.+)(?=@)")
_PASSWORD_PARAMETER = re.compile(r"(?P<before>[?&](?:password|passwd|sslpassword)=)(?P<password>[^&]+)", re.IGNORECASE)
_DATABASE_NAME = re.compile(r"[^/?]*/[^/?]+(\?.*)?")

OUR_DRIVERS = {
    "sqlite": "sqlite",
    "postgresql": "postgresql+psycopg",
    "postgresql+psycopg": "postgresql+psycopg",
}
"""Where isp-addons keeps its own tables: how a URL begins, and the SQLAlchemy driver that it means."""

BILLING_DRIVERS = OUR_DRIVERS | {
    "mysql": "mysql+pymysql",
    "mysql+pymysql": "mysql+pymysql",
    "mariadb": "mysql+pymysql",
    "mariadb+pymysql": "mysql+pymysql",
}
"""Where a billing keeps its tables."""


def whole(low: int, high: int) -> Callable[[object], int]:
    """A plain whole number from *low* to *high*."""

    def check(value: object) -> int:
        text = str(value)
        if not _WHOLE.fullmatch(text) or not low <= int(text) <= high:
            raise ValueError(f"should be a whole number from {low} to {high}")
        return int(text)

    return check


def yes_no(value: object) -> bool:
    """``yes`` or ``no``, and the other words of INI files for them."""
    if isinstance(value, bool):
        return value
    answer = _YES_NO.get(str(value).lower())
    if answer is None:
        raise ValueError("should be yes or no")
    return answer


def share(value: object) -> float:
    """A share of a whole: ``0.30`` or ``30 %``."""
    text = str(value)
    percent = _PERCENT.fullmatch(text)
    plain = percent[1] if percent else text
    part = Decimal(plain) / (100 if percent else 1) if _PLAIN.fullmatch(plain) else Decimal(-1)
    if not 0 <= part <= 1:
        raise ValueError("should be a share such as 0.30 or 30 %")
    return float(part)


def rate(value: object) -> float | None:
    """Calls in a second: a positive plain number; None = no limit."""
    if value is None:
        return None
    text = str(value)
    if not _PLAIN.fullmatch(text) or not 0 < Decimal(text) <= 10_000:
        raise ValueError("should be a number above 0, at most 10000, such as 5 or 0.5")
    return float(text)


def currency(value: object) -> str:
    """A currency's code."""
    code = str(value).upper()
    if code not in _CURRENCIES.split():
        raise ValueError("should be a currency's code of ISO 4217, such as EUR or UAH")
    return code


def zone(value: object) -> ZoneInfo:
    """A time zone's IANA name."""
    if isinstance(value, ZoneInfo):
        return value
    try:
        return time_zone(str(value))
    except BadInput:
        raise ValueError("should be a time zone's IANA name such as Europe/Kyiv") from None


def country(value: object) -> str:
    """A country's code."""
    try:
        return parse_country(str(value))
    except BadInput:
        raise ValueError("should be a country's code of ISO 3166, such as DE") from None


def vat_rates(value: str) -> str:
    """VAT rates by country; see `isp_addons.domain.vat.parse_rates`."""
    try:
        parse_rates(value)
    except BadInput as problem:
        raise ValueError(f"should be countries and their VAT rates, such as DE 19, FR 20: {problem.message}") from None
    return value


def mailbox(value: str) -> str:
    """From whom mail comes: an address, or a name and an address in angle brackets."""
    name, address = parseaddr(value)
    try:
        parse_email(address)
    except BadInput:
        raise ValueError("should be an address such as My ISP <no-reply@isp.example>") from None
    return formataddr((name, address))


def folder(value: Path, info: ValidationInfo) -> Path:
    """A folder; a relative one starts from the configuration file's own."""
    return folder_of(info) / value


def folder_of(info: ValidationInfo) -> Path:
    """The configuration file's folder, given to the models as context."""
    context = info.context
    return Path(context["folder"]) if isinstance(context, Mapping) else Path()


def database_url(raw: str, drivers: Mapping[str, str], base: Path) -> str:
    """The SQLAlchemy URL that *raw* (perhaps a reference) means; a relative SQLite file starts from *base*."""
    try:
        kind, separator, rest = resolve(raw, base).partition("://")
    except ConfigProblem as problem:
        raise ValueError(problem.message) from None
    driver = drivers.get(kind)
    if not separator or driver is None:
        begins = " or ".join(f"{name}://" for name in dict.fromkeys(value.partition("+")[0] for value in drivers.values()))
        raise ValueError(f"should be a database's URL that begins with {begins}")
    if driver == "sqlite":
        return f"sqlite:///{_sqlite_file(rest, base)}"
    if not _DATABASE_NAME.fullmatch(rest.rpartition("@")[2]):
        raise ValueError(f"should end with the database's name: {kind}://USER:PASSWORD@HOST/NAME")
    return f"{driver}://{rest}"


def _sqlite_file(rest: str, base: Path) -> str:
    file = rest.removeprefix("/")
    if not rest.startswith("/") or not file.partition("?")[0] or file.startswith(":memory:"):
        raise ValueError("should name a file: sqlite:///NAME.db beside the configuration, or sqlite:////FOLDER/NAME.db")
    return file if file.startswith(("/", "file:")) else f"{base}/{file}"


def has_password(url: str) -> bool:
    """Whether a URL written out holds a password."""
    return starred(url) != url


def starred(url: str) -> str:
    """A URL with a star for its password."""
    return _PASSWORD_PARAMETER.sub(r"\g<before>*", _PASSWORD.sub(r"\g<before>*", url))


def written(value: object) -> str:
    """How a value is written in the file; nothing for None."""
    if isinstance(value, bool):
        return "yes" if value else "no"
    return "" if value is None else str(value)


def is_reference(raw: str) -> bool:
    """Whether *raw* names where a value is kept, instead of the value."""
    return raw.startswith(("env:", "file:"))


def resolve(raw: str, base: Path) -> str:
    """The value that *raw* stands for: ``env:NAME`` an environment variable, ``file:PATH`` a file's text, else itself.

    A relative PATH starts from *base*, the folder of the configuration; a newline at the file's end is not part of the value.
    Raises `ConfigProblem` that names the variable or the file when there is nothing.
    """
    kind, _, name = raw.partition(":")
    if kind == "env":
        value = os.environ.get(name, "")
        if not value:
            raise ConfigProblem(f"the environment variable {name} is not set or empty")
        return value
    if kind == "file":
        return _from_file(base / name)
    return raw


def _from_file(path: Path) -> str:
    try:
        with path.open(encoding="utf-8") as file:
            value = file.read(_LONGEST_SECRET + 1).rstrip("\r\n")
    except UnicodeDecodeError:
        raise ConfigProblem(f"the file {path} is not UTF-8") from None
    except OSError as error:
        raise ConfigProblem(f"the file {path} cannot be read: {error.strerror}") from None
    if not value or len(value) > _LONGEST_SECRET:
        raise ConfigProblem(f"the file {path} should hold one value, of at most {_LONGEST_SECRET} characters")
    return value
