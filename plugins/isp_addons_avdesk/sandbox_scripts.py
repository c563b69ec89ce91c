"""The scripts of the stand-in's Web API: parameters in, an answer's tree out."""

from collections import Counter
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import NamedTuple

from isp_addons_avdesk.sandbox_answers import SERVER_VERSION, UUID, Node
from isp_addons_avdesk.sandbox_stations import BAD_ARGUMENT, Refusal, Row, Stations

EVERYONE = "20e27d73-d21d-b211-a788-85419c46f0e6"
TARIFFS = "994992e8-be71-4d31-a1f5-5b7786262611"

_STATES = (
    *("online", "offline", "activated", "unactivated", "deinstalled", "expired", "blocked"),
    *("new", "newbies", "with_update_errors", "deleted"),
)
_SYSTEMS = ("windows", "android", "macosx")


class ScriptCall(NamedTuple):
    """One call of a script: its parameters as they came (names may repeat), the moment, and the API's generation."""

    parameters: Sequence[tuple[str, str]]
    now: int
    generation: str
    base_url: str

    def all(self, name: str) -> list[str]:
        """Every value of one parameter."""
        return [value for key, value in self.parameters if key == name]

    def one(self, name: str, default: str = "") -> str:
        """The first value of one parameter."""
        return next((value for key, value in self.parameters if key == name), default)

    def needed(self, name: str) -> str:
        """The same, refused when it is missing."""
        value = self.one(name)
        if not value:
            raise Refusal(BAD_ARGUMENT, f"Parameter '{name}' is missing")
        return value


Script = Callable[[Stations, ScriptCall], Sequence[Node]]


def add(stations: Stations, call: ScriptCall) -> Sequence[Node]:
    """4.x answers with the id alone, 3.x with the whole station and its links (station_add, app_f_stations_add)."""
    row = stations.add(call.one("id"), dict(reversed(call.parameters)), call.all("group"), call.now)
    if call.generation == "3":
        return [Node("stations", {"total": "1"}, [_full(stations, row, call)])]
    return [Node("station", {"id": row.id})]


def change(stations: Stations, call: ScriptCall) -> Sequence[Node]:
    """One station at a time (station_change)."""
    station_id = call.needed("id")
    stations.change(station_id, dict(reversed(call.parameters)), call.now)
    return [Node("station", {"id": station_id})]


def delete(stations: Stations, call: ScriptCall) -> Sequence[Node]:
    """Any number at once (station_delete)."""
    call.needed("id")
    deleted = stations.delete(call.all("id"), call.now)
    return [_list("stations", (Node("station", {"id": station_id}) for station_id in deleted))]


def restore(stations: Stations, call: ScriptCall) -> Sequence[Node]:
    """Any number at once, each ending in one of two lists (station_restore)."""
    call.needed("id")
    success, fail = stations.restore(call.all("id"), call.one("tariff"), call.now)
    named = {"success": success, "fail": fail}
    return [_list(tag, (Node("station", {}, text=station_id) for station_id in ids)) for tag, ids in named.items()]


def info(stations: Stations, call: ScriptCall) -> Sequence[Node]:
    """One station with everything; 4.x knows deleted ones too (station_info, migration_stations)."""
    row = stations.get(call.needed("id"), deleted=call.generation == "4")
    return [Node("stations", {"total": "1"}, [_full(stations, row, call)])]


def state(stations: Stations, call: ScriptCall) -> Sequence[Node]:
    """A word for each id (station_state)."""
    call.needed("id")
    rows = [stations.get(station_id, deleted=True) for station_id in call.all("id")]
    return [Node("states", {}, [Node("state", {"id": row.id}, text=row.state(call.now)) for row in rows])]


def states(stations: Stations, call: ScriptCall) -> Sequence[Node]:
    """How many stations are in each state (station_states)."""
    group = call.one("group-id")
    rows = [row for row in stations.rows.values() if not group or _member(row, group)]
    counted = Counter(word for row in rows for word in row.states(call.now))
    live = sum(1 for row in rows if not row.deleted)
    return [Node("stations", {"total": str(live)}, [Node(word, {"total": str(counted[word])}) for word in _STATES])]


def list_by_state(stations: Stations, call: ScriptCall) -> Sequence[Node]:
    """The stations in one state, by pages (station_state_list)."""
    word = call.needed("state")
    if word not in _STATES:
        raise Refusal(BAD_ARGUMENT, f"Parameter 'state' has the unknown value '{word}'")
    group = call.one("group-id")
    rows = [row for row in stations.rows.values() if word in row.states(call.now) and (not group or _member(row, group))]
    page, _ = _paged(rows, call)
    return [Node("stations", {}, [Node(word, {"total": str(len(rows))}, page)])]


def list_by_user_id(stations: Stations, call: ScriptCall) -> Sequence[Node]:
    """The stations of one of the billing's users, by pages (station_list-by-user-id)."""
    user = call.needed("user-id")
    rows = [row for row in stations.live() if row.user_id == user]
    page, pages = _paged(rows, call, user_id=True)
    return [Node("stations", {"total": str(len(rows))}, page), pages]


def group_stations(stations: Stations, call: ScriptCall) -> Sequence[Node]:
    """The stations of a group or of all, by pages (groups_stations_list); deleted ones are left out."""
    group = call.needed("id")
    rows = [row for row in stations.live() if _member(row, group)]
    page, _ = _paged(rows, call)
    return [Node("stations", {"total": str(len(rows))}, page)]


def tariffs(stations: Stations, call: ScriptCall) -> Sequence[Node]:
    """The tariffs at the root (tariffs_list)."""
    if call.one("parent-group") not in ("", TARIFFS):
        return [_list("groups", ())]
    used = Counter(row.rate for row in stations.live())
    names = {TARIFFS: "Tariffs", **stations.tariffs} if call.generation == "4" else stations.tariffs
    groups = (Node("group", _tariff(guid, name, used[guid])) for guid, name in names.items())
    return [_list("groups", groups)]


def tariff(stations: Stations, call: ScriptCall) -> Sequence[Node]:
    """One tariff (tariffs_info)."""
    guid = call.needed("id")
    name = stations.tariffs.get(guid)
    if name is None:
        raise Refusal(BAD_ARGUMENT, f"Tariff group '{guid}' does not exist")
    used = sum(1 for row in stations.live() if row.rate == guid)
    return [_list("groups", [Node("group", {**_tariff(guid, name, used), "grace_period": "0"})])]


def server(stations: Stations, _: ScriptCall) -> Sequence[Node]:
    """Version and capacity; -1 = no limit (server_info)."""
    numbers = {"licensed": -1 if stations.licensed is None else stations.licensed, "available": stations.available()}
    children = [Node(tag, {}, text=str(number)) for tag, number in numbers.items()]
    named = {"host": "127.0.0.1", "uuid": UUID, "os": "stand-in", "version": SERVER_VERSION}
    nodes = [Node(tag, {}, text=text) for tag, text in named.items()]
    total = sum(1 for _ in stations.live())
    return [Node("server-info", {}, [*nodes, Node("stations", {"total": str(total)}, children)])]


BOTH: Mapping[str, Script] = {
    "stations/add": add,
    "stations/change": change,
    "stations/delete": delete,
    "stations/info": info,
    "tariffs/list": tariffs,
    "tariffs/info": tariff,
    "server/info": server,
}
ONLY_4: Mapping[str, Script] = {
    "stations/restore": restore,
    "stations/state": state,
    "stations/states": states,
    "stations/list-by-state": list_by_state,
    "stations/list-by-user-id": list_by_user_id,
    "groups/stations-list": group_stations,
    "tariffs/stations-list": group_stations,
}
"""Scripts that came with the Web API 4 (AV-Desk 10.1 Web API 4.1.3, migration_stations, _groups, _tariffs)."""

SCRIPTS: Mapping[str, Mapping[str, Script]] = {"4": {**BOTH, **ONLY_4}, "3": BOTH}


def _full(stations: Stations, row: Row, call: ScriptCall) -> Node:
    """The manual's samples name id, name, created, modified, grace_period, packages and user-id; the rest is an assumption."""
    attributes = {"id": row.id, "name": row.name, "created": str(row.created), "modified": str(row.modified)}
    attributes |= {"grace_period": "0", "expires": str(row.expires), "state": "1" if row.online else "0"}
    children = [Node("block", {"begin": str(row.block_begin), "end": str(row.block_end)})]
    if row.rate:
        children.append(Node("rate", {"id": row.rate, "name": stations.tariffs.get(row.rate, "")}))
    if call.generation == "4":
        children.append(Node("user-id", {}, text=row.user_id))
    if row.deleted:
        return Node("station", {**attributes, "deleted": str(row.deleted)}, children)
    link = f"{call.base_url}/download/download.ds?id={row.id}"
    if call.generation == "3":
        children.append(Node("config", {}, text=link))
    packages = [
        Node("package", {"arch": "all", "os": name, "url": link + (f"&os={name}" if name != "windows" else "")})
        for name in _SYSTEMS
    ]
    return Node("station", attributes, [*children, Node("packages", {}, packages)])


def _paged(rows: Sequence[Row], call: ScriptCall, *, user_id: bool = False) -> tuple[list[Node], Node]:
    try:
        page, size = int(call.one("page", "1")), int(call.one("per-page", "100"))
    except ValueError:
        page = size = 0
    if page < 1 or size < 1:
        raise Refusal(BAD_ARGUMENT, "Parameters 'page' and 'per-page' must be numbers from 1")
    found = []
    for row in rows[(page - 1) * size : page * size]:
        attributes = {"id": row.id, "name": row.name, "last_seen_time": "0", "last_seen_addr": ""}
        attributes["state"] = "1" if row.online else "0"
        found.append(Node("station", {**attributes, "user_id": row.user_id} if user_id else attributes))
    total = max(1, -(-len(rows) // size))
    return found, Node("pages", {"total": str(total), "current": str(page), "objects-per-page": str(size)})


def _list(tag: str, nodes: Iterable[Node]) -> Node:
    children = list(nodes)
    return Node(tag, {"total": str(len(children))}, children)


def _tariff(guid: str, name: str, used: int) -> dict[str, str]:
    return {"id": guid, "name": name, "child-groups": "0", "stations": str(used)}


def _member(row: Row, group: str) -> bool:
    return group in (EVERYONE, row.rate) or group in row.groups
