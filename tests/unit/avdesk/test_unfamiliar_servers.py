"""Servers whose words differ from those we know: the plugin asks once more, rather than take silence for consent."""

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
import responses
from responses.matchers import query_param_matcher

from isp_addons.vendor_api import LicenceView, OutcomeUnknown, Rejected, ReplayClock, SeenState, VendorContext
from isp_addons_avdesk import AvDesk, AvDeskOptions
from isp_addons_avdesk.translate import NEVER

API = "http://avdesk.example.net:9080/api/"
OK = '<drweb-avdesk-api status="true">{}</drweb-avdesk-api>'
NO = '<drweb-avdesk-api status="false"><error><errno>{}</errno><message>no</message></error></drweb-avdesk-api>'
SILENT = OK.format('<stations total="1"><station id="a" user-id="7"/></stations>')
LICENCE = LicenceView(key="a", reference=None, account="7", product="AV", options={}, quantity=1, paid_until=None)


@pytest.fixture
def plugin() -> Iterator[AvDesk]:
    options = AvDeskOptions.model_validate({"url": "http://avdesk.example.net:9080", "login": "b", "password": "s3cret"})
    made = AvDesk(VendorContext("drweb", options, ReplayClock(datetime(2026, 3, 10, tzinfo=UTC))))
    yield made
    made.close()


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        yield mock


@pytest.mark.parametrize(
    ("word", "state"),
    [("blocked", SeenState.SUSPENDED), ("deleted", SeenState.ENDED), ("online", SeenState.ACTIVE)],
)
def test_an_info_that_is_silent_about_windows_is_followed_by_a_look_at_the_state(
    plugin: AvDesk, server: responses.RequestsMock, word: str, state: SeenState
) -> None:
    server.get(f"{API}stations/info.ds", body=SILENT)
    server.get(f"{API}stations/state.ds", body=OK.format(f'<states><state id="a">{word}</state></states>'))
    assert plugin.read_licence(LICENCE).state is state


def test_a_station_gone_between_the_two_looks_is_absent(plugin: AvDesk, server: responses.RequestsMock) -> None:
    server.get(f"{API}stations/info.ds", body=SILENT)
    server.get(f"{API}stations/state.ds", body=NO.format(17))
    assert plugin.read_licence(LICENCE).state is SeenState.ABSENT


def test_a_blocked_station_is_listed_even_where_everyone_leaves_it_out(plugin: AvDesk, server: responses.RequestsMock) -> None:
    server.get(
        f"{API}stations/list-by-state.ds",
        body=OK.format('<stations><blocked total="1"><station id="a"/></blocked></stations>'),
    )
    server.get(f"{API}groups/stations-list.ds", body=OK.format('<stations total="0"/>'))
    assert [(licence.key, licence.state) for page in plugin.list_licences() for licence in page] == [("a", SeenState.SUSPENDED)]


def test_a_taken_id_that_cannot_be_changed_is_restored(plugin: AvDesk, server: responses.RequestsMock) -> None:
    server.get(f"{API}stations/add.ds", body=NO.format(18))
    server.get(f"{API}stations/info.ds", body=SILENT)
    server.get(f"{API}stations/change.ds", body=NO.format(17))
    server.get(f"{API}stations/restore.ds", body=OK.format('<success total="1"><station>a</station></success>'))
    wanted = {"id": "a", "user-id": "7", "expires": NEVER, "block-begin": NEVER, "block-end": NEVER}
    server.get(f"{API}stations/change.ds", body=OK.format(""), match=[query_param_matcher(wanted)])
    assert plugin.on_order(LICENCE).reference == "a"


def test_a_restore_that_fails_is_shown_to_a_person(plugin: AvDesk, server: responses.RequestsMock) -> None:
    deleted = '<stations total="1"><station id="a" user-id="7" deleted="1770000000"/></stations>'
    server.get(f"{API}stations/add.ds", body=NO.format(18))
    server.get(f"{API}stations/info.ds", body=OK.format(deleted))
    server.get(f"{API}stations/restore.ds", body=OK.format('<fail total="1"><station>a</station></fail>'))
    with pytest.raises(Rejected, match="no deleted station a to restore"):
        plugin.on_order(LICENCE)


def test_an_id_that_is_taken_and_not_there_is_shown_to_a_person(plugin: AvDesk, server: responses.RequestsMock) -> None:
    server.get(f"{API}stations/add.ds", body=NO.format(18))
    server.get(f"{API}stations/info.ds", body=NO.format(17))
    with pytest.raises(Rejected, match="says that the id a is taken"):
        plugin.on_order(LICENCE)


def test_a_lost_answer_while_taking_over_leaves_the_outcome_unknown(plugin: AvDesk, server: responses.RequestsMock) -> None:
    server.get(f"{API}stations/add.ds", body=NO.format(18))
    server.get(f"{API}stations/info.ds", body=SILENT)
    server.get(f"{API}stations/change.ds", body="<html>")
    with pytest.raises(OutcomeUnknown):
        plugin.on_order(LICENCE)


def test_a_check_does_without_the_capacity_where_it_may_not_be_read(plugin: AvDesk, server: responses.RequestsMock) -> None:
    server.get(f"{API}tariffs/list.ds", body=OK.format('<groups total="0"/>'))
    server.get(f"{API}server/info.ds", status=401)
    assert plugin.check_vendor().findings[:3] == (
        "AV-Desk of unknown version, Web API of unknown version, knows 0 tariffs at its root.",
        "The server does not tell its time.",
        "This administrator may not read the server's capacity.",
    )
