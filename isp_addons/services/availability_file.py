"""The availability tables as one file: read and checked as a whole, and written."""

from collections.abc import Iterable
from datetime import date
from importlib import resources
from pathlib import Path as File
from typing import Any, TypeVar

from isp_addons.domain.app_version import AppRule, Version, parse_version
from isp_addons.domain.availability import CountryRule, Path, Service, VendorRules, parse_rule_country
from isp_addons.domain.problem import BadInput
from isp_addons.domain.space import PAYERS, SpaceRole
from isp_addons.domain.text import parse_line
from isp_addons.services.located_yaml import Reader, Value, read_file, read_text

VERSION = "1"
SAMPLE = "availability.sample.yaml"
_YES_NO = {"yes": True, "true": True, "no": False, "false": False}

MadeT = TypeVar("MadeT")


def read(path: File) -> list[VendorRules]:
    """Every vendor's table. Raises `BadInput` with all problems, each with its line; then nothing is to be taken."""
    return parse(read_file(path))


def sample() -> str:
    """The file that comes with the product: what it knows of vendors that sell by card."""
    return (resources.files("isp_addons") / SAMPLE).read_text(encoding="utf-8")


def defaults() -> list[VendorRules]:
    """The tables of that file."""
    return parse(read_text(sample(), name=SAMPLE))


def parse(root: Value) -> list[VendorRules]:
    """The same for a file that was read already."""
    file = Reader(root, what="the availability file")
    file.need("availability", _version, default="")
    found = file.need("vendors", lambda value: value.fields(), default={})
    tables = [_table(vendor, value) for vendor, value in found.items()]
    file.made(lambda: None)
    root.problems.check()
    return [each for each in tables if each is not None]


def write(tables: Iterable[VendorRules]) -> str:
    """The file that `read` reads as *tables*."""
    import yaml

    content = {"availability": VERSION, "vendors": {each.vendor: _plain(each) for each in tables}}
    text: str = yaml.safe_dump(content, allow_unicode=True, sort_keys=False, width=120)
    return text


def _table(vendor: str, value: Value) -> VendorRules | None:
    table = Reader(value, what=vendor)
    services = table.read("services", lambda each: [_service(*pair) for pair in each.fields().items()], default=[])
    countries = table.read("countries", lambda each: [_country(one, vendor) for one in each.items()], default=[])
    apps = table.read("apps", lambda each: [_app(one, vendor) for one in each.items()], default=[])
    first_day = table.read("delegation_from", _day, default=None)
    return table.made(
        lambda: VendorRules(
            vendor=parse_line(vendor, name="vendor", most=64),
            countries=_whole(countries),
            services=_whole(services),
            apps=tuple(one for several in apps for one in several or ()),
            delegation_from=first_day,
        )
    )


def _service(code: str, value: Value) -> Service | None:
    service = Reader(value, what=f"the service {code}")
    card = service.read("card", _yes_no, default=False)
    devices = service.read("card_devices", _names, default=())
    products = service.read("products", _names, default=())
    return service.made(lambda: Service(code=code, card=card, card_devices=devices, products=products))


def _country(value: Value, vendor: str) -> CountryRule | None:
    rule = Reader(value, what=f"a country of {vendor}")
    country = rule.need("country", lambda each: parse_rule_country(each.text()), default="")
    path = rule.need("path", lambda each: _word(each, Path), default=Path.CARD)
    roles = rule.need("roles", lambda each: [_word(one, PAYERS) for one in each.items()], default=[])
    return rule.made(lambda: CountryRule(country=country, path=path, roles=frozenset(roles)))


def _app(value: Value, vendor: str) -> list[AppRule] | None:
    """One app: a rule for each of its platforms."""
    rule = Reader(value, what=f"an app of {vendor}")
    name = rule.need("app", Value.text, default="")
    role = rule.need("role", lambda each: _word(each, PAYERS), default=SpaceRole.PRO)
    platforms = rule.need("platforms", _names, default=())
    least = rule.need("least", lambda each: parse_version(each.text()), default=Version((0,)))
    return rule.made(lambda: [AppRule(app=name, platform=each, role=role, least=least) for each in platforms])


def _version(value: Value) -> str:
    if value.text() != VERSION:
        raise BadInput(f"the version {value.text()!r} is not {VERSION}, which is what this isp-addons reads.", code="bad_file")
    return VERSION


def _word(value: Value, words: Iterable[MadeT]) -> MadeT:
    text = value.text()
    known = {str(each): each for each in words}
    if text not in known:
        raise BadInput(f"{text!r} is not one of {', '.join(known)}.", code="bad_file")
    return known[text]


def _names(value: Value) -> tuple[str, ...]:
    return tuple(each.text() for each in value.items())


def _yes_no(value: Value) -> bool:
    answer = _YES_NO.get(value.text().lower())
    if answer is None:
        raise BadInput(f"{value.text()!r} is not yes or no.", code="bad_file")
    return answer


def _day(value: Value) -> date:
    return parse_day(value.text())


def parse_day(text: str) -> date:
    """A day such as 2026-12-31. Raises `BadInput` (``bad_day``)."""
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise BadInput(f"{text[:40]!r} is not a day such as 2026-12-31.", code="bad_day") from error


def _whole(found: Iterable[MadeT | None]) -> tuple[MadeT, ...]:
    return tuple(each for each in found if each is not None)


def _plain(rules: VendorRules) -> dict[str, Any]:
    """One table as it is written; what is empty is left out."""
    said: dict[str, Any] = {
        "services": {each.code: _plain_service(each) for each in rules.services},
        "countries": [{"country": each.country, "path": each.path.value, "roles": _roles(each)} for each in rules.countries],
        "apps": _plain_apps(rules.apps),
    }
    if rules.delegation_from is not None:
        said["delegation_from"] = rules.delegation_from.isoformat()
    return {name: value for name, value in said.items() if value}


def _roles(rule: CountryRule) -> list[str]:
    return sorted(each.value for each in rule.roles)


def _plain_service(service: Service) -> dict[str, Any]:
    lists = {"card_devices": list(service.card_devices), "products": list(service.products)}
    return {"card": service.card, **{name: value for name, value in lists.items() if value}}


def _plain_apps(apps: Iterable[AppRule]) -> list[dict[str, Any]]:
    platforms: dict[tuple[str, str, str], list[str]] = {}
    for each in apps:
        platforms.setdefault((each.app, each.role.value, str(each.least)), []).append(each.platform)
    return [{"app": app, "role": role, "platforms": names, "least": least} for (app, role, least), names in platforms.items()]
