"""The stand-in Aircall behaves as Aircall's public API is described."""

import http.server
import json
import threading
import time
from collections.abc import Callable, Iterator
from typing import Any

import pytest

from integration.aircall.conftest import Api
from servers.doors import Doors


class Receiver:
    """Takes webhooks on loopback and answers each with the next of *statuses*, else 200."""

    def __init__(self) -> None:
        self.bodies: list[dict[str, Any]] = []
        self.statuses: list[int] = []
        receiver = self

        class Handler(http.server.BaseHTTPRequestHandler):
            def do_POST(self) -> None:
                receiver.bodies.append(json.loads(self.rfile.read(int(self.headers["Content-Length"]))))
                self.send_response(receiver.statuses.pop(0) if receiver.statuses else 200)
                self.send_header("Content-Length", "0")
                self.end_headers()

            def log_message(self, *_: object) -> None:
                """Say nothing."""

        self.server = http.server.HTTPServer(("127.0.0.1", 0), Handler)
        self.url = f"http://127.0.0.1:{self.server.server_port}/webhooks/aircall"
        self._thread = threading.Thread(target=self.server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    def close(self) -> None:
        self.server.shutdown()
        self._thread.join()
        self.server.server_close()


@pytest.fixture
def receiver() -> Iterator[Receiver]:
    made = Receiver()
    yield made
    made.close()


def _until(holds: Callable[[], bool]) -> None:
    deadline = time.monotonic() + 10
    while not holds():
        assert time.monotonic() < deadline
        time.sleep(0.01)


def _arrived(doors: Doors) -> list[dict[str, Any]]:
    _until(lambda: doors("GET", "deliveries")["on_their_way"] == 0)
    sent: list[dict[str, Any]] = doors("GET", "deliveries")["sent"]
    return sent


def test_users_live_under_v2_and_are_deleted_under_v1(api: Api) -> None:
    status, made = api("POST", "/v2/users", {"email": "anna@example.net", "name": "Anna"})
    assert status == 201
    anna = made["user"]["id"]
    assert api("GET", f"/v2/users/{anna}")[1]["user"]["email"] == "anna@example.net"
    assert api("GET", "/v2/users/anna@example.net")[1]["user"]["id"] == anna
    assert api("PUT", f"/v2/users/{anna}", {"name": "Anna B."})[1]["user"]["name"] == "Anna B."
    assert api("DELETE", f"/v2/users/{anna}")[0] == 404
    assert api("DELETE", f"/v1/users/{anna}") == (204, None)
    assert api("GET", f"/v2/users/{anna}")[0] == 404


def test_what_makes_no_sense_is_422_and_too_large_a_page_400(api: Api) -> None:
    assert api("POST", "/v2/users", {"email": "anna"})[0] == 422
    assert api("POST", "/v2/users", {"email": "owner@example.net"})[0] == 422
    assert api("GET", "/v2/users?per_page=51")[0] == 400
    assert api("GET", "/v2/users?page=0")[0] == 400


def test_pages_tell_what_comes(api: Api) -> None:
    api("POST", "/v2/users", {"email": "anna@example.net"})

    first = api("GET", "/v2/users?per_page=1")[1]
    last = api("GET", "/v2/users?per_page=1&page=2")[1]

    assert (first["meta"]["count"], first["meta"]["total"], first["meta"]["current_page"]) == (1, 2, 1)
    assert first["meta"]["next_page_link"].endswith("/v2/users?page=2&per_page=1")
    assert last["meta"]["next_page_link"] is None


def test_every_answer_tells_how_many_calls_are_left(api: Api) -> None:
    api("GET", "/v1/ping")
    before = int(api.headers["x-aircallapi-remaining"])
    api("GET", "/v1/ping")

    assert int(api.headers["x-aircallapi-remaining"]) == before - 1
    assert api.headers["x-aircallapi-limit"] == "60"
    assert api.headers["x-aircallapi-reset"] == "1773144060"  # the next full minute


def test_without_the_key_nothing_is_told(api: Api) -> None:
    assert api("GET", "/v1/company", basic="d3Jvbmc6d3Jvbmc=")[0] == 401
    assert api("GET", "/v1/company")[1] == {"company": {"name": "Bakery Ltd", "users_count": 1, "numbers_count": 1}}
    assert api("GET", "/v1/licences")[0] == 404


def test_teams_have_unique_short_names_and_users(api: Api) -> None:
    owner = api("GET", "/v2/users")[1]["users"][0]["id"]
    team = api("POST", "/v1/teams", {"name": "Sales"})[1]["team"]["id"]

    assert api("POST", "/v1/teams", {"name": "Sales"})[0] == 422
    assert api("POST", "/v1/teams", {"name": "x" * 65})[0] == 422
    assert [each["id"] for each in api("POST", f"/v1/teams/{team}/users/{owner}")[1]["team"]["users"]] == [owner]
    assert api("DELETE", f"/v1/teams/{team}/users/{owner}")[1]["team"]["users"] == []
    assert api("GET", f"/v1/teams/{team}")[1]["team"]["name"] == "Sales"
    assert api("GET", "/v1/teams")[1]["meta"]["total"] == 1
    assert api("DELETE", f"/v1/teams/{team}")[0] == 204
    assert api("GET", f"/v1/teams/{team}")[0] == 404
    assert api("GET", "/v1/numbers")[1]["meta"]["total"] == 1


def test_a_webhook_without_events_is_for_all_on_an_update_too(api: Api) -> None:
    made = api("POST", "/v1/webhooks", {"url": "https://isp.example.net/x", "events": ["user.created.v2"]})[1]["webhook"]
    assert made["token"] == "webhook-of-the-stand-in"
    assert made["events"] == ["user.created.v2"]

    changed = api("PUT", f"/v1/webhooks/{made['id']}", {"active": False})[1]["webhook"]
    assert len(changed["events"]) > 2
    assert changed["active"] is False
    assert api("POST", "/v1/webhooks", {"url": "http://isp.example.net/x"})[0] == 422
    assert api("GET", f"/v1/webhooks/{made['id']}")[0] == 200
    assert api("DELETE", f"/v1/webhooks/{made['id']}")[0] == 204
    assert api("GET", "/v1/webhooks")[1]["webhooks"] == []


def test_webhooks_are_sent_again_until_they_are_taken(api: Api, doors: Doors, receiver: Receiver) -> None:
    receiver.statuses = [500, 503]
    doors("POST", "receiver", {"url": receiver.url})
    api("POST", "/v2/users", {"email": "anna@example.net", "name": "Anna"})
    assert receiver.bodies == []
    assert doors("POST", "deliveries", {"tries": 5}) == {"on_their_way": 1}

    (sent,) = _arrived(doors)

    assert (sent["tries"], sent["done"]) == ([500, 503, 200], True)
    assert "token" not in sent["body"]
    body = receiver.bodies[-1]
    assert (body["resource"], body["event"], body["timestamp"]) == ("user", "user.created.v2", 1773144030)
    assert body["token"] == "webhook-of-the-stand-in"
    assert body["data"]["email"] == "anna@example.net"


def test_a_webhook_that_is_never_taken_is_given_up(doors: Doors, receiver: Receiver) -> None:
    receiver.statuses = [500] * 10
    doors("POST", "receiver", {"url": receiver.url})
    doors("POST", "users", {"email": "anna@example.net"})
    doors("POST", "deliveries", {"tries": 2})

    (sent,) = _arrived(doors)

    assert (sent["tries"], sent["done"]) == ([500, 500], False)


def test_webhooks_come_twice_and_backwards_when_told(doors: Doors, receiver: Receiver) -> None:
    doors("POST", "receiver", {"url": receiver.url})
    anna = doors("POST", "users", {"email": "anna@example.net"})["id"]
    doors("DELETE", f"users/{anna}")
    doors("POST", "deliveries", {"copies": 2, "backwards": True})

    _arrived(doors)

    came = [each["event"].split(".")[1] for each in receiver.bodies]
    assert came == ["deleted", "created", "deleted", "created"]


def test_at_once_needs_no_second_knock(doors: Doors, receiver: Receiver) -> None:
    doors("POST", "receiver", {"url": receiver.url, "at_once": True})
    doors("POST", "users", {"email": "anna@example.net"})

    _until(lambda: len(receiver.bodies) == 1)


def test_nobody_but_this_machine_is_called(doors: Doors) -> None:
    for url in ("http://example.net/x", "https://127.0.0.1/x", "ftp://127.0.0.1", "", 5, None):
        assert "127.0.0.1 only" in doors("POST", "receiver", {"url": url}, status=400)["error"]
    doors("POST", "deliveries", {"copies": 0}, status=400)
    doors("DELETE", "users/nobody", status=404)
