"""Listing users by the timetable: once a day, by one worker, and with patience after a failure."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from pathlib import Path

import pytest

from integration.convergence.house import House, in_thread
from integration.users.conftest import NOW, Office, side_by_side
from isp_addons.convergence import vendor_state
from isp_addons.convergence.reconcile import ListingFailed
from isp_addons.domain.problem import Refused, TryAgain
from isp_addons.store.tables import VendorState
from isp_addons.vendor_api import OutcomeUnknown, RateLimited, Rejected, Unauthorised, Unavailable, VendorError, VendorUser
from isp_addons.workers import user_sync
from isp_addons.workers.user_sync import UserSync

PHONES = '''
"""A vendor with users; what it answers is set from outside."""

from isp_addons.vendor_api import Capabilities, SuspendKind, VendorPlugin, hookimpl


class Phones(VendorPlugin):
    capabilities = Capabilities(suspends=SuspendKind.STATE, has_users=True)

    def __init__(self, context):
        super().__init__(context)
        self.pages, self.error, self.listings, self.done = [], None, 0, []

    @hookimpl
    def list_users(self):
        self.listings += 1
        yield from self.pages
        if self.error is not None:
            raise self.error
        self.done.append(self.listings)
'''


class Desk:
    """The office, with its vendor's plugin behind the product's own loop."""

    def __init__(self, office: Office, folder: Path) -> None:
        (folder / "phones.py").write_text(PHONES, encoding="utf-8")
        self.office = office
        self.house = House(office.store, vendors={"phones": {}}, plugins_dir=folder)
        self.plugin = self.house.host.vendor("phones").plugin
        self.plugin.pages = [[VendorUser(reference=name, account="42")] for name in ("anna", "bo", "cleo")]
        self.sync = UserSync(office.context, self.house.convergence)

    def runs(self, **later: float) -> int:
        """The timetable comes by, so much later; returns how often it listed."""
        self.office.later(**later)
        before = self.plugin.listings
        self.sync.run(self.office.now)
        listed: int = self.plugin.listings - before
        return listed

    def state(self) -> VendorState | None:
        found: VendorState | None = self.house.vendor_row("phones")
        return found


@pytest.fixture
def desk(office: Office, tmp_path: Path) -> Iterator[Desk]:
    made = Desk(office, tmp_path)
    yield made
    made.house.close()


def test_users_are_listed_once_a_day(desk: Desk) -> None:
    desk.plugin.pages.append([VendorUser(reference="dan", account="42")])

    assert [desk.runs(), desk.runs(minutes=1), desk.runs(hours=23), desk.runs(hours=1)] == [1, 0, 0, 1]
    assert {reference for reference, _, _ in desk.office.users()} == {"anna", "bo", "cleo", "dan"}


def test_of_many_workers_one_lists(desk: Desk) -> None:
    twins = [UserSync(desk.office.context, desk.house.convergence) for _ in range(4)]

    side_by_side([lambda twin=twin: twin.run(NOW) for twin in twins])  # type: ignore[misc]

    assert desk.plugin.listings == 1


@pytest.mark.parametrize(
    ("error", "minutes"),
    [
        (Unavailable("down"), 1),
        (OutcomeUnknown("strange"), 1),
        (Rejected("no"), 24 * 60),
        (Unauthorised("wrong token"), 24 * 60),
        (RateLimited("slow down", until=NOW + timedelta(minutes=7)), 7),
    ],
    ids=lambda value: type(value).__name__,
)
def test_a_list_that_breaks_off_changes_nothing_and_is_asked_for_again(desk: Desk, error: VendorError, minutes: int) -> None:
    desk.plugin.pages, desk.plugin.error = desk.plugin.pages[:1], error

    assert desk.runs() == 1
    assert len(desk.office.users()) == 3
    assert desk.runs(minutes=minutes - 0.99) == 0
    assert desk.runs(minutes=1) == 1


def test_wrong_credentials_mark_the_vendor_and_success_clears_the_mark(desk: Desk) -> None:
    desk.plugin.error = Unauthorised("wrong token")
    desk.runs()
    state = desk.state()
    assert state is not None
    assert state.reason == "wrong token"
    assert state.paused_until is not None

    desk.plugin.error = None
    desk.sync.now("phones", desk.office.cause())

    state = desk.state()
    assert state is not None
    assert (state.reason, state.paused_until) == ("", None)
    assert desk.runs(hours=23) == 0


def test_asked_for_by_hand_a_failure_is_told(desk: Desk) -> None:
    desk.plugin.error = Unavailable("down")

    with pytest.raises(ListingFailed, match="did not come whole"):
        desk.sync.now("phones", desk.office.cause())
    assert len(desk.office.users()) == 3


def test_a_vendor_that_an_admin_paused_is_not_called(desk: Desk) -> None:
    with desk.office.store.write() as session:
        vendor_state.pause(session, desk.office.cause("maintenance"), "phones")

    assert desk.runs() == 0
    with pytest.raises(Refused) as caught:
        desk.sync.now("phones", desk.office.cause())
    assert caught.value.code == "vendor_paused"


def test_a_worker_that_died_while_listing_is_succeeded(desk: Desk) -> None:
    desk.plugin.error = KeyboardInterrupt()  # as good as a kill: nothing is written after it

    with pytest.raises(KeyboardInterrupt):
        desk.runs()
    desk.plugin.error = None

    assert [desk.runs(minutes=9), desk.runs(minutes=2)] == [0, 1]


def test_it_watches_until_it_is_stopped(desk: Desk) -> None:
    stop = threading.Event()
    watching = in_thread(lambda: desk.sync.watch(desk.house.clock, stop=stop))
    for _ in range(1000):
        if len(desk.plugin.done) == 1:
            break
        stop.wait(0.01)

    stop.set()
    watching.join(timeout=10)

    assert (desk.plugin.listings, watching.is_alive()) == (1, False)


def test_trouble_with_the_database_disturbs_nobody(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    def away(*_: object, **__: object) -> None:
        raise TryAgain("The database is away.", code="database")

    monkeypatch.setattr(user_sync.vendor_users, "sync", away)

    assert desk.sync.run(desk.office.now) == {}
    monkeypatch.undo()
    assert desk.runs(minutes=11) == 1


def test_a_list_that_would_drop_most_users_waits_for_an_admin(desk: Desk) -> None:
    desk.plugin.pages = [[VendorUser(reference=f"u{number}", account="42") for number in range(20)]]
    assert desk.runs() == 1
    desk.plugin.pages = [desk.plugin.pages[0][:5]]

    assert [desk.runs(days=1), desk.runs(minutes=11), desk.runs(days=1)] == [1, 0, 1], "not again before the next day"
    assert len(desk.office.users()) == 20
    with pytest.raises(Refused, match=r"--force"):
        desk.sync.now("phones", desk.office.cause())
    assert desk.sync.now("phones", desk.office.cause(), force=True).left == 15
