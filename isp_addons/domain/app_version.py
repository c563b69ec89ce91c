"""Versions of a vendor's apps: which app is for whom, on which platforms, and from which version on it can be used to pay."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from isp_addons.domain.problem import BadInput, Refused
from isp_addons.domain.space import SpaceRole
from isp_addons.domain.text import parse_line

_VERSION = re.compile(r"([0-9]{1,6}(?:\.[0-9]{1,6}){0,3})(?:-([0-9A-Za-z.-]{1,40}))?", re.ASCII)


@dataclass(frozen=True, slots=True, order=True)
class Version:
    """A version as a number of parts: 3.9 < 3.34 < 3.100, and 3 = 3.0. A pre-release comes before its release.

    Not PEP 440: apps are numbered by their stores, where ``1!2``, ``v3`` and ``3.34.post1`` mean nothing.
    """

    numbers: tuple[int, ...]
    is_release: bool = True

    def __str__(self) -> str:
        shown = (*self.numbers, *(0,) * (2 - len(self.numbers)))
        return ".".join(map(str, shown))


def parse_version(text: str) -> Version:
    """Read ``3.34`` or ``3.34-beta``. Raises `BadInput` (``bad_version``)."""
    found = _VERSION.fullmatch(text)
    if found is None:
        raise BadInput(f"{text[:60]!r} is not a version such as 3.34; update the app, or name its version.", code="bad_version")
    numbers = [int(each) for each in found[1].split(".")]
    while numbers and not numbers[-1]:
        numbers.pop()
    return Version(tuple(numbers), found[2] is None)


@dataclass(frozen=True, slots=True, kw_only=True)
class AppRule:
    """*app* on *platform* is for *role*, from the version *least* on."""

    app: str
    platform: str
    role: SpaceRole
    least: Version

    def __post_init__(self) -> None:
        parse_line(self.app, name="app", most=64)
        parse_line(self.platform, name="platform", most=40)
        if not self.least.is_release:
            raise BadInput(f"The least version of {self.app} must be a release such as 3.34.", code="bad_version")


@dataclass(frozen=True, slots=True, kw_only=True)
class AppUse:
    """The app that somebody pays from, as it names itself; the version is read when it is checked."""

    app: str
    platform: str
    version: str


def check_app(rules: Iterable[AppRule], use: AppUse, *, role: SpaceRole) -> None:
    """Whether *role* may pay from that app.

    Raises `BadInput` (``unknown_app``, ``bad_version``) and `Refused` (``platform_not_supported``, ``wrong_app_for_role``,
    ``app_too_old``, which names the least version).
    """
    rules = list(rules)
    ours = [each for each in rules if _same(each.app, use.app)]
    if not ours:
        known = ", ".join(sorted({each.app for each in rules})) or "none"
        raise BadInput(f"{use.app[:60]!r} is not an app that is known here (known: {known}).", code="unknown_app")
    version = parse_version(use.version)
    name = ours[0].app
    here = next((each for each in ours if _same(each.platform, use.platform)), None)
    if here is None:
        on = ", ".join(each.platform for each in ours)
        raise Refused(f"From {name} it can be paid on {on}, not on {use.platform[:40]!r}.", code="platform_not_supported")
    if here.role is not role:
        theirs = ", ".join(sorted({each.app for each in rules if each.role is role})) or "none yet"
        raise Refused(
            f"{name} is for {here.role.told}, and you are one of the {role.told} here; pay from: {theirs}.",
            code="wrong_app_for_role",
        )
    if version < here.least:
        raise Refused(f"{name} {use.version} is too old to pay from; update it to {here.least} or later.", code="app_too_old")


def _same(one: str, other: str) -> bool:
    return one.casefold() == other.strip().casefold()
