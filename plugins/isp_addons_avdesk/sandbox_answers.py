"""How the stand-in writes its answers: XML or JSON, with the envelope of each generation of the Web API."""

import json
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from html import escape
from typing import Any
from zoneinfo import ZoneInfo

from isp_addons_avdesk.sandbox_stations import Refusal

SERVER_VERSION = "10.01.0.201707130"
UUID = "f014c311-66f1-4157-be32-4b0545f77c92"

_API = {"4": "4.1.3", "3": "3.2.0"}
_API_NUMBER = {"4": 40103, "3": 30200}


@dataclass(slots=True)
class Node:
    """An element of an answer."""

    tag: str
    attributes: dict[str, str]
    children: Sequence["Node"] = field(default_factory=list)
    text: str = ""


@dataclass(frozen=True, slots=True)
class Envelope:
    """What surrounds every answer. ``local``: the answer also tells the server's local time."""

    generation: str
    script: str
    now: int
    zone: ZoneInfo
    local: bool

    def xml(self, answer: Sequence[Node] | Refusal) -> bytes:
        """The XML document (general_structure_xml; app_f_* for 3.x)."""
        failed = isinstance(answer, Refusal)
        attributes = {"api_version": _API[self.generation], "timestamp": str(self.now)}
        if self.generation == "3" or self.local:
            offset = datetime.fromtimestamp(self.now, UTC).astimezone(self.zone).utcoffset()
            attributes["local_timestamp"] = str(self.now + int(offset.total_seconds() if offset else 0))
        if self.generation == "3":
            operation = self.script.replace("/", "-")
            attributes |= {"api_build": "201305131", "operation": operation, "srv_branch": "REL-1000-AV"}
        attributes |= {"server": "127.0.0.1", "srv_version": SERVER_VERSION, "status": "false" if failed else "true"}
        children = [self._error(answer)] if isinstance(answer, Refusal) else answer
        return b'<?xml version="1.0" encoding="UTF-8"?>\n' + _xml(Node("drweb-avdesk-api", attributes, children)).encode()

    def json(self, answer: Sequence[Node] | Refusal) -> bytes:
        """The JSON document (general_structure_json)."""
        failed = isinstance(answer, Refusal)
        server = {"name": "127.0.0.1", "version": SERVER_VERSION, "uuid": UUID}
        head = {"status": not failed, "timestamp": self.now, "api": {"version": _API_NUMBER[self.generation]}, "server": server}
        if isinstance(answer, Refusal):
            return json.dumps({"head": head, "error": {"errno": answer.code, "message": answer.message}}).encode()
        data: dict[str, Any] = {}
        for node in answer:
            found = _json(node)
            data |= found if node.tag == "station" else {node.tag: found}
        return json.dumps({"head": head, "data": data}).encode()

    def headers(self, answer: Sequence[Node] | Refusal) -> dict[str, str]:
        """The headers of every 4.x answer (migration_general)."""
        if self.generation == "3":
            return {}
        return {
            "x-drweb-srv-type": "AVDesk",
            "x-drweb-srv-version": "100100201707130",
            "x-drweb-api-version": "040103",
            "x-drweb-srv": UUID,
            "x-drweb-api-status": "false" if isinstance(answer, Refusal) else "true",
        }

    def _error(self, refusal: Refusal) -> Node:
        code = Node("errno" if self.generation == "4" else "code", {}, text=str(refusal.code))
        return Node("error", {}, [code, Node("message", {}, text=refusal.message)])


def halved(answer: Sequence[Node]) -> list[Node]:
    """The same lists with half of their stations, the announced totals unchanged: a list that was cut off."""
    return [
        Node(node.tag, node.attributes, node.children[: len(node.children) // 2], node.text)
        if any(child.tag == "station" for child in node.children)
        else Node(node.tag, node.attributes, halved(node.children), node.text)
        for node in answer
    ]


def _xml(node: Node) -> str:
    attributes = "".join(f' {name}="{escape(value)}"' for name, value in node.attributes.items())
    if node.children:
        return f"<{node.tag}{attributes}>{''.join(map(_xml, node.children))}</{node.tag}>"
    if node.text:
        return f"<{node.tag}{attributes}>{escape(node.text)}</{node.tag}>"
    return f"<{node.tag}{attributes}/>"


def _json(node: Node) -> Any:
    if node.tag == "states":
        return {state.attributes["id"]: state.text for state in node.children}
    if "total" in node.attributes and all(child.tag in ("station", "group") for child in node.children):
        return {"total": int(node.attributes["total"]), "list": [_json(child) for child in node.children]}
    if not node.attributes and not node.children:
        return node.text
    return {**node.attributes, **{child.tag: _json(child) for child in node.children}}
