"""Between the words of isp-addons and those of AV-Desk: times, stations, states. Pure: no network, no clock."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from xml.etree.ElementTree import Element
from zoneinfo import ZoneInfo

from isp_addons.vendor_api import SeenLicence, SeenState

NEVER = "0"
"""As ``expires``: without end (stations_add). As a bound of a block window: cleared (see `AvDesk.on_unblock`)."""

_DIGITS = re.compile(r"\d+", re.ASCII)
_LOCAL_FORMATS = {8: "%Y%m%d", 14: "%Y%m%d%H%M%S"}
_DELETION = ("deleted", "deleted_time", "deletion_time")


def local_text(moment: datetime, zone: ZoneInfo) -> str:
    """Write *moment* as the server takes dates: ``YYYYMMDDhhmmss`` in its local time, whole seconds.

    In the hour that a zone lives through twice, both passes get the same text, and the server decides which one it means:
    once a year a date inside that hour may be one hour off. Reading back tells, because answers carry Unix time.
    """
    return moment.astimezone(zone).strftime("%Y%m%d%H%M%S")


def expires_text(paid_until: datetime | None, zone: ZoneInfo) -> str:
    """Write an end date; None = without end."""
    return NEVER if paid_until is None else local_text(paid_until, zone)


def read_time(text: str | None, zone: ZoneInfo) -> datetime | None:
    """Read a date of an answer as aware UTC; None for a missing or zero date. Raises `ValueError` for anything else.

    4.x answers carry Unix time (AV-Desk 10.1 Web API 4.1.3, general_structure_xml). Older ones also carry local
    ``YYYYMMDDhhmmssmmm``; of the hour that comes twice, the first pass is meant.
    """
    text = (text or "").strip()
    if not text.strip("0"):
        return None
    if not _DIGITS.fullmatch(text):
        raise ValueError(f"{text!r} is no date")
    local = text[:14] if len(text) == 17 else text
    try:
        if form := _LOCAL_FORMATS.get(len(local)):
            return datetime.strptime(local, form).replace(tzinfo=zone).astimezone(UTC)
        return datetime.fromtimestamp(int(text), UTC)
    except (ValueError, OverflowError, OSError) as error:
        raise ValueError(f"{text!r} is no date") from error


@dataclass(frozen=True, slots=True, kw_only=True)
class Station:
    """One station as an answer tells it. ``window_told``: the answer named the block window, if only to say there is none."""

    id: str
    user_id: str | None = None
    rate: str | None = None
    expires: datetime | None = None
    block_begin: datetime | None = None
    block_end: datetime | None = None
    window_told: bool = False
    deleted: bool = False
    links: Mapping[str, str] = field(default_factory=dict, repr=False)

    def window_stands(self, now: datetime) -> bool:
        """Whether the block window lies around *now* or ahead of it. Bounds are inclusive; a missing one is open."""
        if self.block_begin is None and self.block_end is None:
            return False
        return self.block_end is None or self.block_end >= now


def read_station(element: Element, zone: ZoneInfo) -> Station:
    """Read a ``station`` element of ``stations/info`` or of a 3.x ``stations/add``. Raises `ValueError` when it makes no sense.

    The manual's pages show attributes and child elements, with ``-`` in one generation and ``_`` in another: all are taken.
    """
    told = _fields(element)
    if not told.get("id"):
        raise ValueError("a station without id")
    return Station(
        id=told["id"],
        user_id=told.get("user_id"),
        rate=told.get("rate"),
        expires=read_time(told.get("expires"), zone),
        block_begin=read_time(told.get("block_begin"), zone),
        block_end=read_time(told.get("block_end"), zone),
        window_told="block_begin" in told or "block_end" in told,
        deleted=any(read_time(told.get(name), zone) for name in _DELETION),
        links=_links(element),
    )


def seen(station: Station, *, key: str, now: datetime, blocked: bool = False) -> SeenLicence:
    """What the product calls the station's state. *blocked*: the server lists it as blocked, whatever the window says.

    A window ahead of *now* counts as suspended, with the date. An expired station is active with a paid-until in the past:
    a later date revives it. A deleted one has ended.
    """
    suspended = blocked or station.window_stands(now)
    state = SeenState.SUSPENDED if suspended else SeenState.ACTIVE
    if station.deleted:
        state, suspended = SeenState.ENDED, False
    begins_later = suspended and not blocked and station.block_begin is not None and station.block_begin > now
    return SeenLicence(
        key=key,
        state=state,
        reference=station.id,
        account=station.user_id or None,
        paid_until=station.expires,
        suspended_from=station.block_begin if begins_later else None,
        suspended_until=station.block_end if suspended else None,
    )


def window(begin: datetime, days: int, zone: ZoneInfo) -> tuple[Mapping[str, str], datetime]:
    """The parameters of a block window of *days* from *begin*, and its end. Never an endless date: those get forgotten."""
    end = (begin + timedelta(days=days)).replace(microsecond=0)
    return {"block-begin": local_text(begin, zone), "block-end": local_text(end, zone)}, end


def _fields(element: Element) -> dict[str, str]:
    told = {_plain(name): value for name, value in element.attrib.items()}
    for child in element:
        name = _plain(child.tag)
        if name == "block":
            told |= {f"block_{_plain(bound)}": value for bound, value in child.attrib.items()}
        elif name == "rate" and child.get("id"):
            told[name] = child.get("id", "")
        elif not len(child):
            told.setdefault(name, (child.text or "").strip())
    return told


def _plain(name: str) -> str:
    return name.replace("-", "_").lower()


def _links(element: Element) -> dict[str, str]:
    """Download links by system, such as ``download_windows``. They work without a login, so they are as secret as a key."""
    links = {}
    for package in element.iter("package"):
        if url := package.get("url"):
            parts = ("download", package.get("os", ""), package.get("arch", ""))
            links["_".join(part for part in parts if part and part != "all")] = url
    return links
