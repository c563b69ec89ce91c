"""A stand-in Aircall: real HTTP on 127.0.0.1, one company, its users, teams, number and webhooks, at the moment a call names.

From Aircall's public API: the paths, Basic authentication, paging with ``meta`` and at most 50 a page, the error codes, the
headers ``X-AircallApi-…`` and what a webhook holds. Assumed: the words of error messages, and that ``meta`` names the next page
by ``next_page_link``. Add-ons are not there, as they are not in the API.
"""

import json
import ssl
from base64 import b64encode
from collections.abc import Iterable, Mapping
from dataclasses import asdict, replace
from datetime import datetime
from typing import Any
from urllib.parse import unquote

from isp_addons.vendor_api.stand_in import Call, NotThere, Reply, Request, StandIn, Standing
from isp_addons_aircall.sandbox_company import Company, Invalid, User
from isp_addons_aircall.sandbox_sender import Sender, loopback

_MOST_ON_PAGE, _USUAL_ON_PAGE = 50, 20
_TEXTS = {400: "Validation error", 401: "Unauthorized", 404: "Not Found", 422: "Unprocessable Entity", 429: "Rate limited"}


class AircallSandbox(StandIn):
    """The stand-in. *api_id*, *api_token*: its key; *webhook_token*: what its webhooks bear; *per_minute*: calls allowed.

    *account* is what `options` names as the account of the company *company*.
    """

    def __init__(
        self,
        *,
        port: int = 0,
        latency: float = 0.0,
        tls: ssl.SSLContext | None = None,
        api_id: str = "api-id",
        api_token: str = "token-of-the-stand-in",  # noqa: S107 - of a stand-in on loopback
        webhook_token: str = "webhook-of-the-stand-in",  # noqa: S107 - the same
        account: str = "1042",
        company: str = "Bakery Ltd",
        per_minute: int | str = 60,
    ) -> None:
        super().__init__(port=port, latency=latency, tls=tls)
        self._key = (api_id, api_token)
        self._webhook_token = webhook_token
        self._account = account
        self._per_minute = int(per_minute)
        self._counted: tuple[int, int] = (0, 0)
        self._at_once = False
        self.company = Company(company)
        self.sender = Sender()

    def options(self) -> dict[str, str]:
        """See `StandIn.options`."""
        return {
            "url": self.url,
            "account": self._account,
            "company": self.company.name,
            "api_id": self._key[0],
            "api_token": self._key[1],
            "webhook_token": self._webhook_token,
        }

    def stop(self) -> None:
        """See `StandIn.stop`; webhooks are sent no more either."""
        super().stop()
        self.sender.stop()

    def licences(self, now: datetime) -> Iterable[Standing]:  # noqa: ARG002 - the base class names it
        """None: Aircall's API knows no licences."""
        return ()

    def clear(self) -> None:
        """See `StandIn.clear`."""
        self.company.clear()
        self.sender.clear()
        self._counted, self._at_once = (0, 0), False

    def route(self, request: Request, now: datetime) -> Call:
        """The path's words; the key first, then the limit."""
        version, _, path = request.path.strip("/").partition("/")
        words = [unquote(each) for each in path.split("/")]
        told = f"v2/{words[0]}" if version == "v2" else words[0]
        page = dict(request.query).get("page", "1")
        of = "/".join(words[1:]) if len(words) > 1 or request.method != "GET" else f"page {page}"
        call = Call(request, now, f"{request.method} {told}", of, told=(version, words))
        basic = b64encode(":".join(self._key).encode()).decode()
        if request.headers.get("authorization") != f"Basic {basic}":
            call.refused = self.failure(call, 401)
        elif self._spent(now) > self._per_minute:
            call.refused = self.failure(call, 429)
        return call

    def serve(self, call: Call) -> Reply:
        """Do it; every answer tells how many calls are left this minute."""
        version, words = call.told
        try:
            reply = self._serve(call, version, words)
        except Invalid as error:
            reply = self._error(call, 422, str(error))
        except (ValueError, TypeError) as error:
            reply = self._error(call, 400, str(error))
        return replace(reply, headers={**self._limits(call.now), **reply.headers})

    def failure(self, call: Call, status: int) -> Reply:
        """See `StandIn.failure`. A fault ``rate_limit`` tells its seconds in Aircall's own header."""
        headers = self._limits(call.now)
        if status == 429 and call.fault is not None:
            headers["X-AircallApi-Reset"] = str(int(call.now.timestamp() + (call.fault.seconds or 0)))
        return replace(self._error(call, status), headers=headers)

    def control(self, method: str, path: list[str], query: Mapping[str, str], body: dict[str, Any], now: datetime) -> Any:
        """Doors of its own: users as an admin of the company changes them, and the sender of webhooks."""
        match method, path:
            case "GET", ["users"]:
                return {"users": [asdict(each) for each in self.company.users.values()]}
            case "POST", ["users"]:
                return asdict(self._created(body, now))
            case "DELETE", ["users", named]:
                return asdict(self._deleted(named, now))
            case "POST", ["receiver"]:
                webhook = self.company.add_webhook({**body, "url": loopback(body.get("url"))}, token=self._webhook_token)
                self._at_once = bool(body.get("at_once", False))
                return {"id": webhook.id}
            case "GET", ["deliveries"]:
                return self.sender.state()
            case "POST", ["deliveries"]:
                known = {name: value for name, value in body.items() if name in ("copies", "tries", "backwards")}
                return {"on_their_way": self.sender.send(**known)}
        return super().control(method, path, query, body, now)

    def _serve(self, call: Call, version: str, words: list[str]) -> Reply:
        company, body = self.company, call.request.json
        match version, call.request.method, words:
            case "v1", "GET", ["ping"]:
                return Reply.json({"ping": "pong"})
            case "v1", "GET", ["company"]:
                return Reply.json({"company": company.about()})
            case "v1", "GET", ["numbers"]:
                return self._page(call, "numbers", company.numbers())
            case "v2", "GET", ["users"]:
                return self._page(call, "users", [asdict(each) for each in company.users.values()])
            case "v2", "POST", ["users"]:
                return Reply.json({"user": asdict(self._created(body(), call.now))}, status=201)
            case "v2", ("GET" | "PUT"), ["users", named] if (user := company.find_user(named)) is not None:
                if call.request.method == "PUT":
                    company.change_user(user, body())
                return Reply.json({"user": asdict(user)})
            case "v1", "DELETE", ["users", named] if company.find_user(named) is not None:
                self._deleted(named, call.now)
                return Reply(204, b"")
            case "v1", _, ["teams", *rest]:
                return self._teams(call, rest)
            case "v1", _, ["webhooks", *rest]:
                return self._webhooks(call, rest)
        return self.failure(call, 404)

    def _teams(self, call: Call, rest: list[str]) -> Reply:
        company = self.company
        match call.request.method, rest:
            case "GET", []:
                return self._page(call, "teams", [company.team(each) for each in company.teams.values()])
            case "POST", []:
                return Reply.json({"team": company.team(company.add_team(call.request.json()))}, status=201)
        team = company.teams.get(int(rest[0])) if rest and rest[0].isdecimal() else None
        if team is None:
            return self.failure(call, 404)
        match call.request.method, rest[1:]:
            case "GET", []:
                return Reply.json({"team": company.team(team)})
            case "DELETE", []:
                del company.teams[team.id]
                return Reply(204, b"")
            case (("POST" | "DELETE"), ["users", named]) if (user := company.find_user(named)) is not None:
                others = [each for each in team.users if each != user.id]
                team.users = [*others, user.id] if call.request.method == "POST" else others
                return Reply.json({"team": company.team(team)})
        return self.failure(call, 404)

    def _webhooks(self, call: Call, rest: list[str]) -> Reply:
        company = self.company
        match call.request.method, rest:
            case "GET", []:
                return self._page(call, "webhooks", [asdict(each) for each in company.webhooks.values()])
            case "POST", []:
                made = company.add_webhook(call.request.json(), token=self._webhook_token)
                return Reply.json({"webhook": asdict(made)}, status=201)
        webhook = company.webhooks.get(rest[0]) if len(rest) == 1 else None
        match call.request.method:
            case "GET" | "PUT" if webhook is not None:
                if call.request.method == "PUT":
                    company.change_webhook(webhook, call.request.json())
                return Reply.json({"webhook": asdict(webhook)})
            case "DELETE" if webhook is not None:
                del company.webhooks[webhook.id]
                return Reply(204, b"")
        return self.failure(call, 404)

    def _page(self, call: Call, name: str, rows: list[dict[str, Any]]) -> Reply:
        query = dict(call.request.query)
        number, size = int(query.get("page", "1")), int(query.get("per_page", str(_USUAL_ON_PAGE)))
        if number < 1 or not 1 <= size <= _MOST_ON_PAGE:
            raise ValueError(f"page is from 1, per_page from 1 to {_MOST_ON_PAGE}")
        shown = rows[(number - 1) * size : number * size]
        more = f"{self.url}{call.request.path}?page={number + 1}&per_page={size}" if number * size < len(rows) else None
        meta = {
            "count": len(shown),
            "total": len(rows),
            "current_page": number,
            "per_page": size,
            "next_page_link": more,
            "previous_page_link": None,
        }
        return Reply.json({"meta": meta, name: shown}, half=lambda: {"meta": meta, name: shown[: len(shown) // 2]})

    def _created(self, told: Mapping[str, Any], now: datetime) -> User:
        user = self.company.add_user(told)
        self._tell("user.created.v2", user, now)
        return user

    def _deleted(self, named: str, now: datetime) -> User:
        user = self.company.find_user(named)
        if user is None:
            raise NotThere(f"there is no user {named}")
        self.company.remove_user(user)
        self._tell("user.deleted.v2", user, now)
        return user

    def _tell(self, event: str, user: User, now: datetime) -> None:
        """Keep a delivery for each webhook that wants it; nothing is sent while the lock is held."""
        for webhook in self.company.webhooks.values():
            if webhook.active and event in webhook.events and webhook.url.startswith("http:"):
                body = {"resource": "user", "event": event, "timestamp": int(now.timestamp()), "token": webhook.token}
                self.sender.add(webhook.url, {**body, "data": asdict(user)})
        if self._at_once:
            self.sender.send()

    def _spent(self, now: datetime) -> int:
        """How many calls came in this minute, this one included."""
        minute = int(now.timestamp()) // 60
        self._counted = (minute, self._counted[1] + 1 if self._counted[0] == minute else 1)
        return self._counted[1]

    def _limits(self, now: datetime) -> dict[str, str]:
        minute = int(now.timestamp()) // 60
        left = max(self._per_minute - self._counted[1], 0)
        return {
            "X-AircallApi-Limit": str(self._per_minute),
            "X-AircallApi-Remaining": str(left),
            "X-AircallApi-Reset": str((minute + 1) * 60),
        }

    def _error(self, call: Call, status: int, trouble: str = "") -> Reply:  # noqa: ARG002 - as `failure` has it
        body = {"error": _TEXTS.get(status, "Error"), "troubleshoot": trouble}
        return Reply(status, json.dumps(body).encode())
