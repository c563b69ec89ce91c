"""The Web API of an AV-Desk server over HTTP: one method for each script that is used, every failure a `VendorError`."""

from collections.abc import Iterable, Mapping
from typing import NoReturn
from xml.etree.ElementTree import Element, ParseError

import requests
from defusedxml.ElementTree import fromstring

from isp_addons.vendor_api import Clock, OutcomeUnknown, Rejected, Unavailable
from isp_addons.vendor_api.http import VendorSession, star
from isp_addons_avdesk.options import AvDeskOptions, Generation
from isp_addons_avdesk.translate import Station, read_station

EVERYONE = "20e27d73-d21d-b211-a788-85419c46f0e6"
"""The group that holds every station."""

_ROOTS = ("drweb-avdesk-api", "drweb-es-api")
_PATHS = {Generation.V4: "/api/", Generation.V3: "/api/3.0/"}
_LIST_TRIES = 3
_TEXT_SHOWN = 300


class StationMissing(Rejected):
    """Code 17: the server knows no such station."""


class StationExists(Rejected):
    """Code 18: the id is taken, by a live or a deleted station."""


_CODES: Mapping[str, type[Rejected]] = {"17": StationMissing, "18": StationExists}


class AvDeskClient:
    """Speaks to one server. Safe to share between threads: each has its own connection."""

    def __init__(self, options: AvDeskOptions, *, clock: Clock) -> None:
        self._zone = options.zone
        self._generation = options.generation
        self._page_size = options.page_size
        self._secrets = (options.password.get_secret_value(),)
        self._session = VendorSession(
            options.url,
            clock=clock,
            timeout=options.timeout,
            auth=(options.login, self._secrets[0]),
            verify=options.verify,
            secrets=self._secrets,
            user_agent="avdesk",
        )

    def close(self) -> None:
        """Close the connections of all threads."""
        self._session.close()

    def add(self, station_id: str, parameters: Mapping[str, str]) -> Station:
        """Create a station (stations_add). Raises `StationExists` when the id is taken."""
        root = self._call("stations/add", {"id": station_id, **parameters}, about=station_id, changes=True)
        element = root.find(".//station")
        if element is None:
            return Station(id=station_id)
        station = self._station(element, action=f"stations/add {station_id}", changes=True)
        if station.id != station_id:
            raise Rejected(
                f"AV-Desk created the station {station.id} where {station_id} was asked for.",
                action=f"stations/add {station_id}",
                hint="Delete it in the Control Center and check whether the server lets ids be chosen.",
            )
        return station

    def change(self, station_id: str, parameters: Mapping[str, str]) -> None:
        """Change a station; what is not named stays (stations_change). Raises `StationMissing`."""
        self._call("stations/change", {"id": station_id, **parameters}, about=station_id, changes=True)

    def delete(self, station_id: str) -> None:
        """Delete a station; the server keeps its row (stations_delete). Raises `StationMissing`."""
        root = self._call("stations/delete", {"id": station_id}, about=station_id, changes=True)
        if station_id not in {element.get("id") for element in root.iter("station")}:
            raise OutcomeUnknown(
                f"AV-Desk does not name {station_id} among the deleted stations.", action=f"stations/delete {station_id}"
            )

    def restore(self, station_id: str, parameters: Mapping[str, str]) -> None:
        """Bring a deleted station back with its id, group and tariff (stations_restore; 4.x only)."""
        root = self._call("stations/restore", {"id": station_id, **parameters}, about=station_id, changes=True)
        if station_id not in {(element.text or "").strip() for element in root.iterfind("success/station")}:
            raise Rejected(
                f"AV-Desk has no deleted station {station_id} to restore.",
                action=f"stations/restore {station_id}",
                hint="Look for the station in the Control Center.",
            )

    def info(self, station_id: str) -> Station:
        """Read a station; 4.x answers for deleted ones too (stations_info). Raises `StationMissing`."""
        extra = {"extra-info": "yes"} if self._generation is Generation.V3 else {}
        root = self._call("stations/info", {"id": station_id, **extra}, about=station_id)
        action = f"stations/info {station_id}"
        for element in root.iter("station"):
            station = self._station(element, action=action, changes=False)
            if station.id == station_id:
                return station
        raise Unavailable(f"the answer says nothing about the station {station_id}.", action=action)

    def state(self, station_id: str) -> str:
        """One word for a station's state, such as ``blocked`` or ``online`` (station_state; 4.x only)."""
        root = self._call("stations/state", {"id": station_id}, about=station_id)
        words = {element.get("id"): (element.text or "").strip() for element in root.iter("state")}
        return words.get(station_id, "")

    def tariffs(self) -> Element:
        """The root answer of ``tariffs/list``, which needs no right but to log in."""
        return self._call("tariffs/list", {})

    def tariff(self, tariff_id: str) -> None:
        """Ask for one tariff (tariffs_info). Raises `Rejected` when there is none."""
        self._call("tariffs/info", {"id": tariff_id}, about=tariff_id)

    def server(self) -> Element:
        """The root answer of ``server/info``: version and capacity. Raises `Unauthorised` for a group's administrator."""
        return self._call("server/info", {})

    def everyone(self) -> list[str]:
        """The id of every station that is not deleted (groups_stations_list of Everyone; 4.x only)."""
        return self._whole_list("groups/stations-list", {"id": EVERYONE}, "stations")

    def blocked(self) -> list[str]:
        """The id of every station that is blocked now (station_state_list; 4.x only)."""
        return self._whole_list("stations/list-by-state", {"state": "blocked"}, "stations/blocked")

    def _whole_list(self, script: str, parameters: Mapping[str, str], holder: str) -> list[str]:
        """Read all pages. Raises `Unavailable` when fewer stations came than were announced: a cut-off list is no list."""
        announced = counted = 0
        for _ in range(_LIST_TRIES):
            ids, announced, complete = self._pages(script, parameters, holder)
            counted = len(ids)
            if complete:
                return ids
        raise Unavailable(
            f"the list of stations is cut off: {counted} came, {announced} were announced.",
            action=script,
            hint="It is taken as unknown, not as complete; the next reconciliation reads it again.",
        )

    def _pages(self, script: str, parameters: Mapping[str, str], holder: str) -> tuple[list[str], int, bool]:
        """Ids, the last announced total, and whether they agree. ``total`` counts the whole list, or (ES 13) one page."""
        ids: dict[str, None] = {}
        announced: list[int] = []
        sizes: list[int] = []
        while not sizes or sizes[-1] == self._page_size:
            page = {**parameters, "page": str(len(sizes) + 1), "per-page": str(self._page_size)}
            root = self._call(script, page)
            found = [station.get("id", "") for station in root.iter("station")]
            announced.append(self._total(root, holder, script))
            sizes.append(len(found))
            before = len(ids)
            ids.update(dict.fromkeys(found))
            if len(ids) == before or (announced[-1] == len(ids) and announced[-1] > sizes[-1]):
                break
        whole = len(set(announced)) == 1 and announced[-1] == len(ids)
        by_page = announced == sizes and sum(sizes) == len(ids)
        return list(ids), announced[-1], whole or by_page

    def _total(self, root: Element, holder: str, script: str) -> int:
        if root.find("stations") is None:
            raise Unavailable("the answer holds no list of stations.", action=script)
        element = root.find(holder)
        if element is None:  # no station is in that state
            return 0
        try:
            return int(element.get("total", ""))
        except ValueError as error:
            raise Unavailable("the list of stations does not say how many there are.", action=script) from error

    def _station(self, element: Element, *, action: str, changes: bool) -> Station:
        try:
            return read_station(element, self._zone)
        except ValueError as error:
            self._unreadable(str(error), action=action, changes=changes, cause=error)

    def _call(self, script: str, parameters: Mapping[str, str], *, about: str = "", changes: bool = False) -> Element:
        """Run one script and return the root of its answer. Parameters go in the query, as the manual's examples show."""
        action = f"{script} {about}".strip()
        path = f"{_PATHS[self._generation]}{script}.ds"
        try:
            response = self._session.send("GET", path, action=action, changes=changes, params=dict(parameters))
        except Rejected as error:
            if error.status == 404:
                error.hint = "The server has no such script: check url and generation in the vendor's section."
            raise
        return self._root(response, action=action, about=about, changes=changes)

    def _root(self, response: requests.Response, *, action: str, about: str, changes: bool) -> Element:
        """Judge an answer by what it says: HTTP 200 also carries refusals (AV-Desk 10.1 Web API 4.1.3, migration_general)."""
        try:
            root: Element = fromstring(response.content)
        except (ParseError, ValueError, LookupError) as error:
            self._unreadable(response.text, action=action, changes=changes, cause=error)
        status = root.get("status")
        header = response.headers.get("x-drweb-api-status", status)
        if root.tag not in _ROOTS or status not in ("true", "false") or header != status:
            self._unreadable(response.text, action=action, changes=changes)
        if status == "true":
            return root
        raise self._refusal(root, action=action, about=about)

    def _refusal(self, root: Element, *, action: str, about: str) -> Rejected:
        code = _first(root, ("error/errno", "error/code"))
        text = star(_first(root, ("error/message",)), self._secrets)[:_TEXT_SHOWN]
        subject = f"{about}: {text or 'no reason given'}" if about else text or "no reason given"
        kind = _CODES.get(code, Rejected)
        return kind(f"AV-Desk refuses {subject} (code {code or 'missing'}).", action=action, answer=text)

    def _unreadable(self, answer: str, *, action: str, changes: bool, cause: Exception | None = None) -> NoReturn:
        kind = OutcomeUnknown if changes else Unavailable
        shown = star(answer[:_TEXT_SHOWN], self._secrets)
        raise kind("the answer cannot be read.", action=action, answer=shown) from cause


def _first(root: Element, paths: Iterable[str]) -> str:
    """The text under the first of *paths* that has any: 3.x says ``code`` where 4.x says ``errno``."""
    for path in paths:
        if text := (root.findtext(path) or "").strip():
            return text
    return ""
