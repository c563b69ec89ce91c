"""What `check_vendor` looks at: the login, the tariff, the server's clock and zone, its capacity, how safe the way there is."""

from datetime import UTC, datetime, timedelta
from xml.etree.ElementTree import Element

from isp_addons.vendor_api import Rejected, Unauthorised
from isp_addons_avdesk.client import AvDeskClient
from isp_addons_avdesk.options import AvDeskOptions

_UNLIMITED = (-1, 4_294_967_295)
"""How servers write an unlimited number of stations: the second is the first, read as an unsigned number."""

_CLOCK_SLACK = timedelta(seconds=60)


def findings(client: AvDeskClient, options: AvDeskOptions, *, now: datetime) -> tuple[str, ...]:
    """One sentence for each thing found in order, or worth knowing. Raises a `VendorError` for what cannot work."""
    root = client.tariffs()
    version, api = root.get("srv_version", "of unknown version"), root.get("api_version", "of unknown version")
    count = sum(1 for _ in root.iter("group"))
    found = [f"AV-Desk {version}, Web API {api}, knows {count} tariffs at its root."]
    if options.tariff:
        client.tariff(options.tariff)
        found.append(f"The tariff {options.tariff} exists.")
    found += _clock(root, options, now)
    found.append(_capacity(client))
    if options.url.startswith("http:"):
        found.append("The password crosses the network unencrypted: use https (port 9081).")
    elif not options.verify_tls:
        found.append("The server's certificate is not checked: set verify_tls = yes, and ca_file for an authority of your own.")
    return tuple(found)


def _clock(root: Element, options: AvDeskOptions, now: datetime) -> list[str]:
    """Compare the server's clock with ours and, where it tells its local time, its zone with the setting."""
    utc, local = _number(root.get("timestamp")), _number(root.get("local_timestamp"))
    if utc is None:
        return ["The server does not tell its time."]
    found = []
    drift = datetime.fromtimestamp(utc, UTC) - now
    if abs(drift) > _CLOCK_SLACK:
        found.append(f"The server's clock differs from ours by {int(drift.total_seconds())} s: set both by NTP.")
    if local is None:
        return [*found, f"The server does not tell its zone: make sure that it is {options.time_zone}."]
    expected = datetime.fromtimestamp(utc, options.zone).utcoffset() or timedelta()
    told = timedelta(seconds=local - utc)
    if told != expected:
        raise Rejected(
            f"The server's local time is {_offset(told)}, but {options.time_zone} is {_offset(expected)}.",
            action="check_vendor",
            hint="Set time_zone in the vendor's section to the server's zone, or every date will be wrong by the difference.",
        )
    return [*found, f"The server's zone agrees with {options.time_zone}."]


def _capacity(client: AvDeskClient) -> str:
    try:
        stations = client.server().find(".//stations")
    except Unauthorised:
        return "This administrator may not read the server's capacity."
    except Rejected:  # not every server has the script, and nothing depends on it
        return "The server does not tell its capacity."
    licensed = _number(stations.findtext("licensed")) if stations is not None else None
    available = _number(stations.findtext("available")) if stations is not None else None
    if licensed is None or available is None:
        return "The server does not tell its capacity."
    if licensed in _UNLIMITED:
        return "The server's key sets no limit on stations."
    return f"The server's key allows {licensed} stations; {available} are free."


def _number(text: str | None) -> int | None:
    try:
        return int(text or "")
    except ValueError:
        return None


def _offset(offset: timedelta) -> str:
    minutes = int(offset.total_seconds()) // 60
    return f"UTC{'-' if minutes < 0 else '+'}{abs(minutes) // 60:02}:{abs(minutes) % 60:02}"
