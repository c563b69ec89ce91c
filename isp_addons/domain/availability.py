"""Who may pay how for what in which country: one table for every vendor, and every question has an answer in it."""

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import date
from enum import StrEnum

from isp_addons.domain.app_version import AppRule
from isp_addons.domain.country import parse_country
from isp_addons.domain.problem import BadInput, Refused
from isp_addons.domain.space import SpaceRole
from isp_addons.domain.text import parse_line

ANYWHERE = "any"
"""What stands for every country that is not named."""


class Path(StrEnum):
    """How it is paid: by card, at once; or by the distributor's invoice at the end of the month."""

    CARD = "card"
    DISTRIBUTOR = "distributor"

    @property
    def told(self) -> str:
        """The path as people read it."""
        return "payment by card" if self is Path.CARD else "payment through a distributor"


@dataclass(frozen=True, slots=True, kw_only=True)
class CountryRule:
    """In *country* (or `ANYWHERE` else) *roles* may pay by *path*; who is not named may not."""

    country: str
    path: Path
    roles: frozenset[SpaceRole]

    @property
    def key(self) -> tuple[str, Path]:
        """What there is one rule of."""
        return self.country, self.path


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What can be paid for. ``products``: the codes under which it is sold, beside its own.

    ``card_devices``: by card only for these kinds of devices; empty: no device is needed.
    """

    code: str
    card: bool = False
    card_devices: tuple[str, ...] = ()
    products: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        parse_line(self.code, name="service", most=64)
        for kind in self.card_devices:
            parse_line(kind, name="device kind", most=40)
        for product in self.products:
            parse_line(product, name="product", most=64)

    def check_devices(self, kinds: Iterable[str]) -> None:
        """Raise `Refused` (``device_not_supported``) for a kind of device for which it is not sold by card."""
        supported = {each.casefold() for each in self.card_devices}
        for kind in kinds:
            if kind.casefold() not in supported:
                raise Refused(
                    f"By card {self.code} is sold for {', '.join(self.card_devices)}, not for {kind}; choose another device, "
                    "or order it through your distributor.",
                    code="device_not_supported",
                )


@dataclass(frozen=True, slots=True, kw_only=True)
class VendorRules:
    """The table of one vendor. ``delegation_from``: the first day on which a PRO can delegate; None: it is off.

    Raises `Refused` (``duplicate_rule``) for two entries about the same thing, and (``card_is_an_alternative``) where PROs may
    pay by card and not through a distributor.
    """

    vendor: str
    countries: tuple[CountryRule, ...] = ()
    services: tuple[Service, ...] = ()
    apps: tuple[AppRule, ...] = ()
    delegation_from: date | None = None
    _allowed: dict[tuple[str, Path], frozenset[SpaceRole]] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        _once([f"{each.country} {each.path}" for each in self.countries])
        _once([code for each in self.services for code in {each.code, *each.products}])
        _once([f"{each.app} on {each.platform}" for each in self.apps])
        object.__setattr__(self, "_allowed", {each.key: each.roles for each in self.countries})
        for country in sorted({each.country for each in self.countries} | {ANYWHERE}):
            if self.allows(country, SpaceRole.PRO, Path.CARD) and not self.allows(country, SpaceRole.PRO, Path.DISTRIBUTOR):
                raise Refused(
                    f"The card is an alternative to the distributor: where PROs may pay by card ({country}) they must be able "
                    "to pay through a distributor; end the rule for the card first.",
                    code="card_is_an_alternative",
                )

    def allows(self, country: str, role: SpaceRole, path: Path) -> bool:
        """What the table says of *country*: its own rule, else that for any other country; without one the answer is no."""
        own = self._allowed.get((country, path))
        return role in (own if own is not None else self._allowed.get((ANYWHERE, path), frozenset()))

    def service(self, code: str) -> Service | None:
        """The service that *code* means: its own, or that of a product under which it is sold."""
        return next((each for each in self.services if code == each.code or code in each.products), None)


def parse_rule_country(text: str) -> str:
    """A country as a rule names it: a code of ISO 3166, or `ANYWHERE`. Raises `BadInput` (``bad_country``)."""
    return ANYWHERE if text.lower() == ANYWHERE else parse_country(text)


def check_country(rules: VendorRules, *, country: str, role: SpaceRole, path: Path) -> None:
    """Raise `Refused` (``country_role_not_available``) where *role* may not pay by *path*, telling what he can do instead."""
    if rules.allows(country, role, path):
        return
    if role is SpaceRole.END_USER:
        instead = "ask your installer to order it"
    else:
        others = [each.told for each in Path if rules.allows(country, role, each)]
        instead = f"there is {' and '.join(others)}" if others else "ask the ISP"
    raise Refused(f"In {country} {path.told} is not open to {role.told}; {instead}.", code="country_role_not_available")


def check_card(service: Service | None, *, code: str, kinds: Iterable[str] | None) -> None:
    """Whether *service* can be paid by card for devices of *kinds*; None: nobody asks about devices yet.

    Raises `Refused` (``service_not_card_payable``, ``device_not_supported``) and `BadInput` (``device_missing``).
    """
    if service is None or not service.card:
        raise Refused(f"{code} cannot be paid by card; order it through your distributor.", code="service_not_card_payable")
    if kinds is None or not service.card_devices:
        return
    chosen = list(kinds)
    if not chosen:
        named = ", ".join(service.card_devices)
        raise BadInput(f"Choose the devices that {code} is for, of these kinds: {named}.", code="device_missing")
    service.check_devices(chosen)


def _once(keys: list[str]) -> None:
    seen: set[str] = set()
    for key in keys:
        if key.casefold() in seen:
            raise Refused(f"There is a rule about {key} already.", code="duplicate_rule")
        seen.add(key.casefold())
