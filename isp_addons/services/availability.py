"""What a person may pay for in a space, and how. Asked before each purchase, in the purchase's own transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from sqlalchemy import select
from sqlalchemy.orm import Session

from isp_addons.domain.app_version import AppUse, check_app
from isp_addons.domain.availability import Path, VendorRules, check_card, check_country
from isp_addons.domain.cause import Cause
from isp_addons.domain.delegation import is_open
from isp_addons.domain.period import time_zone
from isp_addons.domain.permission import Permission, Role
from isp_addons.domain.problem import BadInput, NotFound, Problem, Refused
from isp_addons.domain.space import SpaceRole, Standing, check_may_pay
from isp_addons.services import access, availability_rules, people
from isp_addons.store import space_members
from isp_addons.store.tables import Account, Product, Space, SpaceDevice

_INSTALLER_MAY = ("country_role_not_available", "service_not_card_payable", "device_not_supported")


@dataclass(frozen=True, slots=True, kw_only=True)
class Options:
    """How a person may pay, by preference; and of each other path why not. ``hint``: what to do where there is none."""

    paths: tuple[Path, ...]
    refused: Mapping[Path, Problem] = field(default_factory=dict)
    hint: str = ""


@dataclass(frozen=True, slots=True, kw_only=True)
class Allowed:
    """What was allowed: who pays, of which space (and thus account), for which service, for which of its devices."""

    space_id: int
    account_id: int
    vendor: str
    person_id: int
    service: str
    path: Path
    device_ids: tuple[int, ...] = ()


@dataclass(frozen=True, slots=True)
class _Case:
    """One person in one space, and the vendor's table."""

    space: Space
    person_id: int
    rules: VendorRules
    standing: Standing | None


def options(
    session: Session,
    cause: Cause,
    *,
    space: int,
    person: int | None = None,
    service: str | None = None,
    app: AppUse | None = None,
    devices: Sequence[str] | None = None,
) -> Options:
    """How *person* (None: who asks) may pay in *space*, for *service* or in general; *devices* None: none chosen yet.

    Raises `NotFound` (``unknown_space``, ``unknown_device``) and `BadInput` (``country_missing``, ``unknown_service``,
    ``unknown_app``, ``bad_version``, ``device_missing``, ``person_missing``); what a rule refuses is told in the answer.
    """
    case = _case(session, cause, space_id=space, person=person)
    kinds = None if devices is None else [each.kind for each in _devices(session, case.space, devices)]
    refused: dict[Path, Problem] = {}
    for path in Path:
        try:
            _check(session, case, service=service, path=path, app=app, kinds=kinds)
        except Refused as problem:
            refused[path] = problem
    paths = tuple(path for path in Path if path not in refused)
    return Options(paths=paths, refused=refused, hint="" if paths else _hint(case, refused))


def require(
    session: Session,
    cause: Cause,
    *,
    space: int,
    service: str,
    path: Path,
    person: int | None = None,
    app: AppUse | None = None,
    devices: Sequence[str] = (),
) -> Allowed:
    """Refuse unless *person* (None: who asks) may pay for *service* by *path*; nobody joins or leaves before the commit.

    *service*: its own code, or that of a product; *app*: where he pays from, None: not from a vendor's app; *devices*: the
    vendor's numbers of those that it is for. Raises what `options` raises, and `Refused` (``country_role_not_available``,
    ``no_system_access``, ``pro_in_space``, ``service_not_card_payable``, ``device_not_supported``, ``wrong_app_for_role``,
    ``platform_not_supported``, ``app_too_old``, ``not_permitted``). Lock the account first if you lock both.
    """
    session.execute(select(Space.id).where(Space.id == space).with_for_update())
    case = _case(session, cause, space_id=space, person=person)
    chosen = _devices(session, case.space, devices)
    _check(session, case, service=service, path=path, app=app, kinds=[each.kind for each in chosen])
    return Allowed(
        space_id=space,
        account_id=case.space.account_id,
        vendor=case.space.vendor,
        person_id=case.person_id,
        service=service_of(session, case.rules, service),
        path=path,
        device_ids=tuple(each.id for each in chosen),
    )


def service_of(session: Session, rules: VendorRules, code: str) -> str:
    """The service that *code* means: listed, or sold under that product, or the vendor's product of that code itself.

    Raises `BadInput` (``unknown_service``).
    """
    listed = rules.service(code)
    if listed is not None:
        return listed.code
    sold = select(Product.id).where(Product.code == code, Product.vendor == rules.vendor)
    if session.scalar(sold) is None:
        known = ", ".join(each.code for each in rules.services) or "none yet"
        raise BadInput(
            f"{code[:64]!r} is not a service of {rules.vendor} (known: {known}); see: isp-addons availability list",
            code="unknown_service",
        )
    return code


def space_of(session: Session, space_id: int) -> Space:
    """The space. Raises `NotFound` (``unknown_space``)."""
    found = session.get(Space, space_id, populate_existing=True)
    if found is None:
        raise NotFound(f"There is no space {space_id}; see: isp-addons spaces list", code="unknown_space")
    return found


def payer(session: Session, cause: Cause, email: str) -> int:
    """The number of the person *email*, who would pay: only staff ask for others. Raises `NotFound`, `Refused`."""
    asking = access.require(session, cause, Permission.BUY) if cause.person is not None else None
    if asking is not None and asking.role != Role.STAFF and asking.email != email.lower():
        raise _for_yourself()
    return people.named(session, email).id


def _for_yourself() -> Refused:
    return Refused("You can pay for yourself alone; let the other person ask.", code="not_permitted")


def _case(session: Session, cause: Cause, *, space_id: int, person: int | None) -> _Case:
    person_id = person if person is not None else cause.person
    if person_id is None:
        raise BadInput("Say who pays: isp-addons --as EMAIL", code="person_missing")
    if cause.person is not None:
        asking = access.require(session, cause, Permission.BUY)
        if asking.role != Role.STAFF and asking.id != person_id:
            raise _for_yourself()
    space = space_of(session, space_id)
    if not space.country:
        raise BadInput(
            f"The country of space {space_id} is not known; set it with: isp-addons spaces country {space_id} CODE",
            code="country_missing",
        )
    rules = availability_rules.of_vendor(session, space.vendor, at=cause.at)
    zone = time_zone(session.get_one(Account, space.account_id).time_zone)
    delegations = is_open(rules.delegation_from, at=cause.at, zone=zone)
    standing = space_members.standing(session, space_id=space_id, person_id=person_id, delegations=delegations)
    return _Case(space, person_id, rules, standing)


def _check(
    session: Session, case: _Case, *, service: str | None, path: Path, app: AppUse | None, kinds: Sequence[str] | None
) -> None:
    """Every rule, from the country's to the device's: the first that says no is raised."""
    code = None if service is None else service_of(session, case.rules, service)
    if case.standing is None:
        check_may_pay(None)
        return
    role = case.standing.role
    check_country(case.rules, country=case.space.country, role=role, path=path)
    check_may_pay(case.standing if path is Path.CARD else replace(case.standing, delegated=False))
    if app is not None:
        check_app(case.rules.apps, app, role=role)
    if code is not None and path is Path.CARD:
        check_card(case.rules.service(code), code=code, kinds=kinds)


def _devices(session: Session, space: Space, refs: Sequence[str]) -> list[SpaceDevice]:
    found: list[SpaceDevice] = []
    for ref in dict.fromkeys(refs):
        query = select(SpaceDevice).where(
            SpaceDevice.space_id == space.id, SpaceDevice.ref == ref, SpaceDevice.removed_at.is_(None)
        )
        device = session.scalar(query)
        if device is None:
            raise NotFound(
                f"There is no device {ref[:64]!r} in space {space.id}; see: isp-addons spaces show {space.id}",
                code="unknown_device",
            )
        found.append(device)
    return found


def _hint(case: _Case, refused: Mapping[Path, Problem]) -> str:
    """What to do where nothing is open: an end user asks his installer."""
    first = refused[Path.CARD]
    is_user = case.standing is not None and case.standing.role is SpaceRole.END_USER
    return "Ask your installer." if is_user and first.code in _INSTALLER_MAY else first.message
