"""What the stand-ins behind the ISP's own code share: the licences, what they can do, their doors."""

import ssl
from abc import abstractmethod
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

from pydantic import ValidationError

from isp_addons.vendor_api.stand_in import Call, NotThere, Reply, StandIn, Standing
from isp_addons_gateway import wire
from isp_addons_gateway.declared import DeclaredOptions
from isp_addons_gateway.sandbox_licences import Licences, Refusal, Row, written
from isp_addons_gateway.wire import Verb

READ, LIST, CHECK = "read", "list", "check"

_DATES = ("paid_until", "suspended_from", "suspended_until")
_PLAIN = ("account", "product", "quantity", "ended")


@dataclass(frozen=True, slots=True)
class Asked:
    """What one call asks for, whatever carries it."""

    write: wire.Write | None = None
    cursor: str = ""
    limit: int = 500


class JsonStandIn(StandIn):
    """A stand-in that keeps licences and speaks the protocol's JSON; a subclass says how a request carries it.

    *can* are settings of `DeclaredOptions`: what the vendor behind it can do; unless told otherwise it can do all that it
    can. With *pending_seconds* every verb is accepted at once and done so much later.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        latency: float = 0.0,
        tls: ssl.SSLContext | None = None,
        pending_seconds: int | None = None,
        can: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(port=port, latency=latency, tls=tls)
        usual = dict.fromkeys(("can_schedule", "changes_quantity", "endless", "lists"), "yes")
        self._can = {**usual, **(can or {})}
        self._declared = DeclaredOptions.model_validate(self._can)
        pending = timedelta(seconds=pending_seconds) if pending_seconds is not None else None
        self._licences = Licences(longest=self._declared.longest_suspension, pending=pending)
        self._scripted: deque[dict[str, Any]] = deque()

    @abstractmethod
    def refusal(self, status: int, code: str, text: str) -> Reply:
        """How a call is turned away."""

    def declared(self) -> dict[str, str]:
        """The settings that say what it can do, as a configuration file has them."""
        return dict(self._can)

    def serve(self, call: Call) -> Reply:
        """Answer as told at the doors, else do it."""
        scripted = next((each for each in self._scripted if each.get("action") in (None, call.action)), None)
        if scripted is None:
            return self._done(call)
        self._scripted.remove(scripted)
        if scripted.get("done"):
            self._done(call)
        text = scripted.get("text")
        if text is not None:
            return Reply(scripted.get("status", 200), text.encode(), kind=scripted.get("kind", "text/plain"))
        return Reply.json(scripted.get("body"), status=scripted.get("status", 200))

    def licences(self, now: datetime) -> Iterator[Standing]:
        """See `StandIn.licences`."""
        return self._licences.standing(now)

    def clear(self) -> None:
        """See `StandIn.clear`."""
        self._licences.clear()
        self._scripted.clear()

    def control(self, method: str, path: list[str], query: Mapping[str, str], body: dict[str, Any], now: datetime) -> Any:
        """The doors of its own: ``rows`` to look at and edit licences, ``answers`` to put an answer into its mouth."""
        rows = self._licences.rows
        match method, path:
            case "POST", ["answers"]:
                self._scripted.append(body)
                return {"answers": list(self._scripted)}
            case "GET", ["rows"]:
                return {"rows": [_shown(row, now) for row in rows.values()]}
            case "POST", ["rows", key]:
                row = rows.get(key)
                if row is None:
                    row = rows[key] = Row(key, self._licences.new_reference(), account="", product="", quantity=1)
                _edit(row, body)
                return _shown(row, now)
            case (("GET" | "DELETE"), ["rows", key]):
                if key not in rows:
                    raise NotThere(f"there is no licence {key}")
                return _shown(rows.pop(key) if method == "DELETE" else rows[key], now)
        return super().control(method, path, query, body, now)

    def _done(self, call: Call) -> Reply:
        asked: Asked = call.told
        match call.action:
            case "list":
                page = self._licences.page(asked.cursor, asked.limit, call.now)
                half = page["licences"][: len(page["licences"]) // 2]
                return Reply.json(page, half=lambda: {**page, "licences": half})
            case "read":
                return Reply.json(self._licences.read(call.object, call.now))
            case "check":
                return Reply.json(self._capabilities())
        if asked.write is None or not self._able(Verb(call.action)):
            return self.refusal(404, "unsupported", f"this vendor cannot {call.action}")
        answer, outcome = self._licences.do(Verb(call.action), asked.write, call.now)
        return Reply.json(answer, outcome=outcome)

    def _able(self, verb: Verb) -> bool:
        if verb is Verb.CHANGE:
            return self._declared.changes_quantity
        return verb not in (Verb.SUSPEND, Verb.RESUME) or self._declared.suspends != "none"

    def _capabilities(self) -> dict[str, Any]:
        told = self._declared.model_dump(mode="json", exclude={"page_size"})
        return {"protocol": wire.PROTOCOL, "about": "a stand-in of isp-addons", **told}


def read_write(verb: str, body: bytes) -> wire.Write:
    """The body of a verb. Raises `Refusal` when it is not what the protocol has."""
    try:
        return wire.Write.model_validate_json(body)
    except ValidationError as error:
        problem = error.errors(include_url=False, include_input=False)[0]
        raise Refusal("bad_request", f"{verb}: {'.'.join(map(str, problem['loc']))}: {problem['msg']}") from None


def _shown(row: Row, now: datetime) -> dict[str, Any]:
    shown = {name: written(value) if isinstance(value, datetime) else value for name, value in asdict(row).items()}
    return {**shown, "state": row.state(now)}


def _edit(row: Row, body: Mapping[str, Any]) -> None:
    for name, value in body.items():
        if name in _DATES:
            moment = None if value is None else datetime.fromisoformat(value)
            if moment is not None and moment.tzinfo is None:
                raise ValueError(f"{name} must have a time zone")
            setattr(row, name, moment)
        elif name in _PLAIN:
            setattr(row, name, value)
        else:
            raise ValueError(f"{name} cannot be edited; what can is {', '.join((*_PLAIN, *_DATES))}")
