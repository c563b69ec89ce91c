"""The availability tables of the vendors: read, changed and taken in as a whole. An entry is ended, never changed.

What an entry holds, by its kind: ``country``: roles; ``service``: card, card_devices, products; ``app``: role, least;
``delegation``: from.
"""

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, date, datetime
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from isp_addons.domain.app_version import AppRule, parse_version
from isp_addons.domain.availability import CountryRule, Path, Service, VendorRules
from isp_addons.domain.cause import Cause
from isp_addons.domain.problem import NotFound
from isp_addons.domain.space import SpaceRole
from isp_addons.domain.text import parse_line
from isp_addons.services import access
from isp_addons.services.context import Context
from isp_addons.store import audit
from isp_addons.store.engine import Store
from isp_addons.store.tables import AvailabilityRule

ALWAYS = datetime(1970, 1, 1, tzinfo=UTC)
"""From when the defaults count that come with the product."""

Edit = Callable[[VendorRules], VendorRules]
_Entries = dict[tuple[str, str], dict[str, Any]]
_ON = " on "


@dataclass(frozen=True, slots=True, kw_only=True)
class Changes:
    """How many entries of a vendor's table are new, were ended, and stay as they were."""

    added: int
    ended: int
    same: int


def of_vendor(session: Session, vendor: str, *, at: datetime) -> VendorRules:
    """The table of *vendor* as it counts at *at*; empty where none was ever told."""
    counts = (AvailabilityRule.ended_at.is_(None)) | (AvailabilityRule.ended_at > at)
    query = select(AvailabilityRule).where(AvailabilityRule.vendor == vendor, AvailabilityRule.valid_from <= at, counts)
    return _rules(vendor, _read(session.scalars(query)))


def change(context: Context, cause: Cause, *, vendor: str, edit: Edit) -> Changes:
    """Let the table of *vendor* become what *edit* makes of it, at once. Raises what *edit* and `VendorRules` raise.

    Raises `NotFound` (``unknown_vendor``) for a vendor that has no table and is not configured.
    """
    parse_line(vendor, name="vendor", most=64)
    with context.store.write() as session:
        access.require_staff(session, cause)
        if session.scalar(select(AvailabilityRule.id).where(AvailabilityRule.vendor == vendor).limit(1)) is None:
            context.capabilities(vendor)
        standing = _locked(session, vendor)
        return _write(session, cause, edit(_rules(vendor, _read(standing))), standing)


def take(store: Store, cause: Cause, tables: Sequence[VendorRules]) -> dict[str, Changes]:
    """Make each vendor's table exactly what *tables* say; other vendors' are left alone. Twice: no second effect."""
    with store.write() as session:
        access.require_staff(session, cause)
        return {each.vendor: _write(session, cause, each, _locked(session, each.vendor)) for each in tables}


def take_defaults(store: Store, tables: Sequence[VendorRules]) -> list[str]:
    """Give each vendor of *tables* that never had one its table, as if it had always counted; returns which.

    Nobody changed anything, so that the audit says nothing of it.
    """
    with store.write() as session:
        known = set(session.scalars(select(AvailabilityRule.vendor).distinct()))
        fresh = [each for each in tables if each.vendor not in known]
        for each in fresh:
            session.add_all(_row(each.vendor, *entry, valid_from=ALWAYS) for entry in _entries(each).items())
        return [each.vendor for each in fresh]


def tables(session: Session) -> list[VendorRules]:
    """Every vendor's table as it stands."""
    known = session.scalars(select(AvailabilityRule.vendor).distinct().order_by(AvailabilityRule.vendor))
    return [_standing(session, vendor) for vendor in known.all()]


def rows(session: Session, *, vendor: str | None, ended: bool, limit: int) -> list[dict[str, Any]]:
    """The entries, those that were *ended* too if wished, by vendor, kind, key and time."""
    kind = AvailabilityRule
    query = select(kind).order_by(kind.vendor, kind.kind, kind.key, kind.valid_from, kind.id).limit(limit)
    if vendor is not None:
        query = query.where(kind.vendor == vendor)
    if not ended:
        query = query.where(kind.ended_at.is_(None))
    return [
        {
            "vendor": each.vendor,
            "kind": each.kind,
            "about": each.key,
            "says": _told(each.kind, each.value),
            "valid_from": each.valid_from,
            "ended_at": each.ended_at,
        }
        for each in session.scalars(query)
    ]


# What a person changes: each makes an edit for `change`


def with_country(rule: CountryRule) -> Edit:
    """Add *rule*; `VendorRules` refuses a second one about the same (``duplicate_rule``)."""
    return lambda rules: replace(rules, countries=(*rules.countries, rule))


def without_country(country: str, path: Path) -> Edit:
    """End the rule about *country* and *path*. Raises `NotFound` (``unknown_rule``)."""

    def edit(rules: VendorRules) -> VendorRules:
        left = tuple(each for each in rules.countries if each.key != (country, path))
        if len(left) == len(rules.countries):
            raise NotFound(
                f"There is no rule of {rules.vendor} about {country} {path}; see: isp-addons availability list",
                code="unknown_rule",
            )
        return replace(rules, countries=left)

    return edit


def with_service(service: Service) -> Edit:
    """Say what *service* is, instead of what was said before."""
    return lambda rules: replace(rules, services=(*(each for each in rules.services if each.code != service.code), service))


def with_apps(apps: Sequence[AppRule]) -> Edit:
    """Say the same of apps."""
    named = {(each.app.casefold(), each.platform.casefold()) for each in apps}
    return lambda rules: replace(
        rules,
        apps=(*(each for each in rules.apps if (each.app.casefold(), each.platform.casefold()) not in named), *apps),
    )


def with_delegation(first_day: date | None) -> Edit:
    """Let PROs delegate from *first_day* on, or (None) not at all."""
    return lambda rules: replace(rules, delegation_from=first_day)


def _standing(session: Session, vendor: str) -> VendorRules:
    query = select(AvailabilityRule).where(AvailabilityRule.vendor == vendor, AvailabilityRule.ended_at.is_(None))
    return _rules(vendor, _read(session.scalars(query)))


def _locked(session: Session, vendor: str) -> Sequence[AvailabilityRule]:
    """The entries that stand; others who would change them wait. Locked first and read then, with what the last one added."""
    standing = (AvailabilityRule.vendor == vendor) & AvailabilityRule.ended_at.is_(None)
    session.execute(select(AvailabilityRule.id).where(standing).order_by(AvailabilityRule.id).with_for_update())
    return session.scalars(select(AvailabilityRule).where(standing)).all()


def _write(session: Session, cause: Cause, rules: VendorRules, before: Sequence[AvailabilityRule]) -> Changes:
    standing = {(each.kind, each.key): each for each in before}
    wanted = _entries(rules)
    over = {key: each for key, each in standing.items() if wanted.get(key) != each.value}
    fresh = {key: value for key, value in wanted.items() if key not in standing or key in over}
    for row in over.values():
        row.ended_at = cause.at
    session.flush()
    rows = {each: _row(rules.vendor, each, value, valid_from=cause.at) for each, value in fresh.items()}
    session.add_all(rows.values())
    session.flush()
    for each in sorted(over.keys() | rows.keys()):
        _record(session, cause, before=over.get(each), after=rows.get(each))
    return Changes(added=len(fresh), ended=len(over), same=len(wanted) - len(fresh))


def _row(vendor: str, about: tuple[str, str], value: dict[str, Any], *, valid_from: datetime) -> AvailabilityRule:
    kind, key = about
    return AvailabilityRule(vendor=vendor, kind=kind, key=key, value=value, valid_from=valid_from, ended_at=None)


def _record(session: Session, cause: Cause, *, before: AvailabilityRule | None, after: AvailabilityRule | None) -> None:
    row = after or before
    assert row is not None  # noqa: S101 - one of them is
    was, new = (f"{row.key}: {_told(each.kind, each.value)}" if each else None for each in (before, after))
    audit.record(session, cause, subject="availability", subject_id=row.id, field=row.kind, before=was, after=new)


def _read(rows: Iterable[AvailabilityRule]) -> _Entries:
    return {(each.kind, each.key): each.value for each in rows}


def _entries(rules: VendorRules) -> _Entries:
    found: _Entries = {
        ("country", f"{each.country} {each.path}"): {"roles": sorted(role.value for role in each.roles)}
        for each in rules.countries
    }
    for service in rules.services:
        devices, products = list(service.card_devices), list(service.products)
        found["service", service.code] = {"card": service.card, "card_devices": devices, "products": products}
    for app in rules.apps:
        found["app", f"{app.app}{_ON}{app.platform}"] = {"role": app.role.value, "least": str(app.least)}
    if rules.delegation_from is not None:
        found["delegation", "delegation"] = {"from": rules.delegation_from.isoformat()}
    return found


def _rules(vendor: str, entries: _Entries) -> VendorRules:
    begin = entries.get(("delegation", "delegation"))
    return VendorRules(
        vendor=vendor,
        countries=tuple(_country(key, value) for (kind, key), value in sorted(entries.items()) if kind == "country"),
        services=tuple(_service(key, value) for (kind, key), value in sorted(entries.items()) if kind == "service"),
        apps=tuple(_app(key, value) for (kind, key), value in sorted(entries.items()) if kind == "app"),
        delegation_from=date.fromisoformat(begin["from"]) if begin is not None else None,
    )


def _country(key: str, value: Mapping[str, Any]) -> CountryRule:
    country, _, path = key.partition(" ")
    return CountryRule(country=country, path=Path(path), roles=frozenset(map(SpaceRole, value["roles"])))


def _service(key: str, value: Mapping[str, Any]) -> Service:
    return Service(code=key, card=value["card"], card_devices=tuple(value["card_devices"]), products=tuple(value["products"]))


def _app(key: str, value: Mapping[str, Any]) -> AppRule:
    app, _, platform = key.rpartition(_ON)
    return AppRule(app=app, platform=platform, role=SpaceRole(value["role"]), least=parse_version(value["least"]))


def _told(kind: str, value: Mapping[str, Any]) -> str:
    """What an entry says, for people."""
    if kind == "country":
        return ", ".join(value["roles"]) or "nobody"
    if kind == "app":
        return f"{value['role']}, {value['least']} or later"
    if kind == "delegation":
        return f"from {value['from']} on"
    parts = [
        "by card or distributor" if value["card"] else "by distributor",
        f"by card for {', '.join(value['card_devices'])}" if value["card_devices"] else "",
        f"sold as {', '.join(value['products'])}" if value["products"] else "",
    ]
    return "; ".join(filter(None, parts))
