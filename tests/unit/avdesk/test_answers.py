"""How the client judges what a server answers, whatever its HTTP status says."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import responses

from isp_addons.vendor_api import OutcomeUnknown, Rejected, ReplayClock, Unavailable
from isp_addons_avdesk import AvDeskOptions
from isp_addons_avdesk.client import AvDeskClient, StationExists, StationMissing

URL = "http://avdesk.example.net:9080"
CHANGE = f"{URL}/api/stations/change.ds"
INFO = f"{URL}/api/stations/info.ds"
OK = '<drweb-avdesk-api api_version="4.1.3" timestamp="1" server="s" srv_version="10" status="true">{}</drweb-avdesk-api>'
NO = '<drweb-avdesk-api status="false"><error>{}</error></drweb-avdesk-api>'


@pytest.fixture
def client() -> Iterator[AvDeskClient]:
    options = AvDeskOptions.model_validate({"url": URL, "login": "billing", "password": "s3cret", "page_size": 2})
    made = AvDeskClient(options, clock=ReplayClock(datetime(2026, 3, 10, tzinfo=UTC)))
    yield made
    made.close()


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


def test_the_credentials_go_with_the_first_call(client: AvDeskClient, server: responses.RequestsMock) -> None:
    server.get(CHANGE, body=OK.format(""))
    client.change("a", {"expires": "0"})
    assert server.calls[0].request.headers["Authorization"] == "Basic YmlsbGluZzpzM2NyZXQ="


@pytest.mark.parametrize("word", ["errno", "code"])
@pytest.mark.parametrize(("code", "kind"), [("17", StationMissing), ("18", StationExists), ("36", Rejected)])
def test_a_refusal_is_read_in_both_generations(
    client: AvDeskClient, server: responses.RequestsMock, word: str, code: str, kind: type[Rejected]
) -> None:
    server.get(CHANGE, body=NO.format(f"<{word}>{code}</{word}><message>\nNot like this\n</message>"))
    with pytest.raises(kind, match=rf"stations/change a: AV-Desk refuses a: Not like this \(code {code}\)") as caught:
        client.change("a", {})
    assert type(caught.value) is kind


def test_a_refusal_without_a_code_is_still_a_refusal(client: AvDeskClient, server: responses.RequestsMock) -> None:
    server.get(CHANGE, body='<drweb-avdesk-api status="false"/>')
    with pytest.raises(Rejected, match=r"no reason given \(code missing\)"):
        client.change("a", {})


def test_the_enterprise_suites_root_is_taken_too(client: AvDeskClient, server: responses.RequestsMock) -> None:
    server.get(INFO, body='<drweb-es-api status="true"><stations total="1"><station id="a"/></stations></drweb-es-api>')
    assert client.info("a").id == "a"


UNREADABLE = [
    "",
    "<html><body>Gateway",
    "<html/>",
    '<drweb-avdesk-api status="true"><station id=',
    "<drweb-avdesk-api/>",
    '<drweb-avdesk-api status="perhaps"/>',
    '<!DOCTYPE x [<!ENTITY a "b">]><drweb-avdesk-api status="true">&a;</drweb-avdesk-api>',
    '<?xml version="1.0" encoding="no-such"?><drweb-avdesk-api status="true"/>',
]


@pytest.mark.parametrize("body", UNREADABLE)
def test_an_unreadable_answer_to_a_change_leaves_the_outcome_unknown(
    client: AvDeskClient, server: responses.RequestsMock, body: str
) -> None:
    server.get(CHANGE, body=body)
    with pytest.raises(OutcomeUnknown, match="stations/change a: the answer cannot be read"):
        client.change("a", {})


@pytest.mark.parametrize("body", UNREADABLE)
def test_an_unreadable_answer_to_a_question_is_asked_again_later(
    client: AvDeskClient, server: responses.RequestsMock, body: str
) -> None:
    server.get(INFO, body=body)
    with pytest.raises(Unavailable, match="stations/info a: the answer cannot be read"):
        client.info("a")


def test_a_header_that_contradicts_the_body_is_believed_by_nobody(client: AvDeskClient, server: responses.RequestsMock) -> None:
    server.get(CHANGE, body=OK.format(""), headers={"x-drweb-api-status": "false"})
    with pytest.raises(OutcomeUnknown):
        client.change("a", {})


def test_a_station_with_a_senseless_date_is_not_read_as_one_without_end(
    client: AvDeskClient, server: responses.RequestsMock
) -> None:
    server.get(INFO, body=OK.format('<stations total="1"><station id="a" expires="soon"/></stations>'))
    with pytest.raises(Unavailable):
        client.info("a")


def test_an_answer_about_another_station_is_no_answer(client: AvDeskClient, server: responses.RequestsMock) -> None:
    server.get(INFO, body=OK.format('<stations total="1"><station id="b"/></stations>'))
    with pytest.raises(Unavailable, match="says nothing about the station a"):
        client.info("a")


def test_a_station_created_under_another_id_is_shown_to_a_person(client: AvDeskClient, server: responses.RequestsMock) -> None:
    server.get(f"{URL}/api/stations/add.ds", body=OK.format('<station id="b"/>'))
    with pytest.raises(Rejected, match="created the station b where a was asked for"):
        client.add("a", {})


def test_a_delete_that_does_not_name_the_station_is_not_believed(client: AvDeskClient, server: responses.RequestsMock) -> None:
    server.get(f"{URL}/api/stations/delete.ds", body=OK.format('<stations total="0"/>'))
    with pytest.raises(OutcomeUnknown, match="does not name a among the deleted"):
        client.delete("a")


def test_a_wrong_path_says_which_settings_to_look_at(client: AvDeskClient, server: responses.RequestsMock) -> None:
    server.get(CHANGE, status=404)
    with pytest.raises(Rejected, match="check url and generation"):
        client.change("a", {})


def test_a_servers_text_that_holds_the_password_is_starred(client: AvDeskClient, server: responses.RequestsMock) -> None:
    server.get(CHANGE, body=NO.format("<errno>99</errno><message>billing:s3cret may not do this</message>"))
    with pytest.raises(Rejected, match=r"billing:\* may not do this") as caught:
        client.change("a", {})
    assert "s3cret" not in f"{caught.value} {caught.value.answer}"


LIST = f"{URL}/api/groups/stations-list.ds"


def pages(server: responses.RequestsMock, *bodies: str) -> None:
    for body in bodies:
        server.get(LIST, body=OK.format(body))


def listed(total: int, *ids: str) -> str:
    return f'<stations total="{total}">' + "".join(f'<station id="{name}"/>' for name in ids) + "</stations>"


def test_pages_are_read_until_the_announced_total(client: AvDeskClient, server: responses.RequestsMock) -> None:
    pages(server, listed(3, "a", "b"), listed(3, "c"))
    assert client.everyone() == ["a", "b", "c"]


def test_a_total_of_each_page_alone_is_understood_too(client: AvDeskClient, server: responses.RequestsMock) -> None:
    pages(server, listed(2, "a", "b"), listed(2, "c", "d"), listed(0))
    assert client.everyone() == ["a", "b", "c", "d"]


def test_no_station_at_all_is_a_complete_list(client: AvDeskClient, server: responses.RequestsMock) -> None:
    pages(server, listed(0))
    assert client.everyone() == []


def test_a_list_that_stays_short_of_its_total_is_no_list(client: AvDeskClient, server: responses.RequestsMock) -> None:
    pages(server, *[listed(5, "a")] * 3)
    with pytest.raises(Unavailable, match="cut off: 1 came, 5 were announced"):
        client.everyone()


def test_a_list_that_changed_while_it_was_read_is_read_once_more(client: AvDeskClient, server: responses.RequestsMock) -> None:
    pages(server, listed(3, "a", "b"), listed(4, "c", "d"), listed(4, "a", "b"), listed(4, "c", "d"))
    assert client.everyone() == ["a", "b", "c", "d"]


def test_a_server_that_repeats_its_first_page_is_found_out(client: AvDeskClient, server: responses.RequestsMock) -> None:
    pages(server, *[listed(4, "a", "b")] * 6)
    with pytest.raises(Unavailable, match="cut off: 2 came, 4 were announced"):
        client.everyone()


@pytest.mark.parametrize("body", ["", '<stations><station id="a"/></stations>', '<stations total="many"/>'])
def test_a_list_without_a_total_is_no_list(client: AvDeskClient, server: responses.RequestsMock, body: str) -> None:
    pages(server, body)
    with pytest.raises(Unavailable):
        client.everyone()


def test_no_blocked_station_may_be_told_by_leaving_the_word_out(client: AvDeskClient, server: responses.RequestsMock) -> None:
    server.get(f"{URL}/api/stations/list-by-state.ds", body=OK.format("<stations/>"))
    assert client.blocked() == []
