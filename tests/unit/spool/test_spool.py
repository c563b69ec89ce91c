"""The worker's side of the spool folder."""

import os
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isp_addons.domain.event import Event, Word
from isp_addons.domain.problem import ConfigProblem
from isp_addons.workers.spool import BadSpoolFile, Spool

NOW = datetime(2026, 5, 4, 12, 0, tzinfo=UTC)
WHOLE = b"isp-addons-event 1\nword=payment\naccount=7\namount=60.00\nend\n"
Put = Callable[..., Path]


@pytest.fixture
def spool(tmp_path: Path) -> Spool:
    spool = Spool(tmp_path / "var" / "spool")
    spool.prepare()
    return spool


@pytest.fixture
def put(spool: Spool) -> Put:
    """Put a file into the spool, last written so many seconds before `NOW`."""

    def _put(name: str, content: bytes = WHOLE, *, age: float = 300) -> Path:
        path = spool.folder / name
        path.write_bytes(content)
        moment = int((NOW - timedelta(seconds=age)).timestamp() * 1000) * 10**6
        os.utime(path, ns=(moment, moment))
        return path

    return _put


def test_a_whole_file_is_an_event_at_the_time_it_was_written(spool, put):
    path = put("10-0.event", age=90)
    ((found,), bad) = spool.batch(10, now=NOW)
    written = datetime(2026, 5, 4, 11, 58, 30, tzinfo=UTC)
    assert (found.path, found.at, bad) == (path, written, [])
    assert found.event == Event(
        key=f"file:10-0.event:{int(written.timestamp())}000000000",
        word=Word.PAID,
        account="7",
        source="hook",
        details={"amount": "60.00"},
    )


def test_a_whole_file_is_taken_at_once_and_also_when_the_clock_was_wrong(spool, put):
    put("10-0.event", age=0)
    put("11-0.event", age=-86400)
    whole, bad = spool.batch(10, now=NOW)
    assert (len(whole), bad) == (2, [])


def test_the_key_of_the_billing_makes_the_event_unique(spool, put):
    put("10-0.event", b"isp-addons-event 1\nword=paid\naccount=7\nkey=pay 1\nend\n")
    ((found,), _) = spool.batch(10, now=NOW)
    assert (found.event.key, found.event.details) == ("key:pay 1", {})


def test_a_replay_of_the_same_file_has_the_same_key_and_another_event_under_its_name_has_not(spool, put):
    path = put("10-0.event", age=90)
    first, again = spool.batch(10, now=NOW)[0], Spool(spool.folder).batch(10, now=NOW)[0]
    assert first == again
    spool.done([path])
    put("10-0.event", age=89.999)
    ((later,), _) = spool.batch(10, now=NOW)
    assert later.event.key != first[0].event.key


def test_events_come_oldest_first_and_no_more_than_asked_for(spool, put):
    put("1-0.event", age=100)
    put("2-0.event", age=300)
    put("3-10.event", age=200)
    put("3-9.event", age=200)
    put("4-0.event", b"not an event\nend\n", age=250)
    whole, bad = spool.batch(4, now=NOW)
    assert [found.path.name for found in whole] == ["2-0.event", "3-9.event", "3-10.event"]
    assert [found.path.name for found in bad] == ["4-0.event"]


def test_a_line_breaks_nowhere_but_at_a_line_break(spool, put):
    put("10-0.event", "isp-addons-event 1\nword=paid\naccount=7\nnote=a\x85b\u2028c\nend\n".encode())
    ((found,), _) = spool.batch(10, now=NOW)
    assert found.event.details == {"note": "a\x85b\u2028c"}


def test_a_file_without_its_end_mark_is_left_alone_while_it_may_be_in_the_middle_of_being_written(spool, put):
    put("10-0.event", WHOLE[:-4], age=59)
    assert spool.batch(10, now=NOW) == ([], [])
    assert spool.depth() == 1


@pytest.mark.parametrize("age", [60, 86400, -60])
def test_an_older_file_without_its_end_mark_is_cut_in_half(age, spool, put):
    path = put("10-0.event", WHOLE[:-4], age=age)
    _, (bad,) = spool.batch(10, now=NOW)
    assert bad == BadSpoolFile(
        path=path,
        reason=f"The spool file {path} is cut in half: it has no end mark. Its hook script never reported it as stored.",
    )


VALUES = st.text(alphabet=st.characters(exclude_categories=["Cc", "Cs"]), max_size=12) | st.sampled_from(
    ["end", "=", "end=end"]
)


@given(details=st.dictionaries(st.from_regex(r"[a-z]{1,6}", fullmatch=True), VALUES, max_size=4))
def test_no_part_of_a_file_is_ever_taken_for_the_whole(details, tmp_path_factory):
    details = {name: value for name, value in details.items() if name not in {"word", "account", "key"}}
    spool = Spool(tmp_path_factory.mktemp("spool"))
    lines = ["isp-addons-event 1", "word=paid", "account=7", *(f"{name}={value}" for name, value in details.items()), "end", ""]
    content = "\n".join(lines).encode()
    for length in range(len(content) + 1):
        path = spool.folder / f"{length}.event"
        path.write_bytes(content[:length])
        os.utime(path, (0, 0))
    whole, bad = spool.batch(len(content) + 1, now=NOW)
    assert [(found.path.name, found.event.details) for found in whole] == [(f"{len(content)}.event", details)]
    assert len(bad) == len(content)
    assert all("cut in half" in found.reason for found in bad)


@pytest.mark.parametrize(
    ("content", "reason"),
    [
        (b"isp-addons-event 2\nword=paid\naccount=7\nend\n", "its first line is not 'isp-addons-event 1'; is this isp-addons"),
        (b"\nend\n", "its first line is not"),
        (b"isp-addons-event 1\nend\n", "its second and third line are not word=... and account=..."),
        (b"isp-addons-event 1\naccount=7\nword=paid\nend\n", "its second and third line are not word=... and account=..."),
        (b"isp-addons-event 1\nword=eaten\naccount=7\nend\n", "'eaten' is not an event; known are before_period_end, "),
        (b"isp-addons-event 1\nword=paid\naccount=a/b\nend\n", "'a/b' is not an account: letters, digits and"),
        (b"isp-addons-event 1\nword=paid\naccount=UID\nend\n", "The account is literally 'UID': the billing did not replace"),
        (b"isp-addons-event 1\nword=paid\naccount=7\nend\nend\n", "its line 'end' is not name=value"),
        (b"isp-addons-event 1\nword=paid\naccount=7\naccount=8\nend\n", "its line 'account=8' is not name=value, or its name"),
        (b"isp-addons-event 1\nword=paid\naccount=7\nkey=\nend\n", "its key must have 1 to 128 characters"),
        (b"isp-addons-event 1\nword=paid\naccount=7\nnote=\x00\x00\nend\n", "it holds control characters."),
        (b"isp-addons-event 1\nword=paid\naccount=7\nnote=" + 5000 * b"x" + b"\nend\n", "it is longer than 4096 bytes."),
    ],
)
def test_a_file_that_is_no_event_is_named_with_what_is_wrong(content, reason, spool, put):
    path = put("10-0.event", content)
    whole, (bad,) = spool.batch(10, now=NOW)
    assert whole == []
    assert bad.path == path
    assert bad.reason.startswith(f"The spool file {path} is not an event: {reason}")


def test_what_is_no_plain_file_is_bad_and_hurts_nobody(spool, put):
    (spool.folder / "link.event").symlink_to("/etc/passwd")
    (spool.folder / "folder.event").mkdir()
    put("10-0.event")
    whole, bad = spool.batch(10, now=NOW)
    assert len(whole) == 1
    assert {found.path.name: "cannot be read" in found.reason for found in bad} == {"link.event": True, "folder.event": True}
    for found in bad:
        spool.refuse(found)
    assert sorted(path.name for path in spool.folder.iterdir()) == ["10-0.event", "refused"]


def test_other_files_are_no_events(spool, put):
    put("refused.log", b"")
    put("10-0.tmp")
    (spool.folder / "refused").mkdir()
    assert (spool.batch(10, now=NOW), spool.depth()) == (([], []), 0)


def test_done_removes_the_files_and_forgives_one_that_is_gone(spool, put):
    paths = [put("1-0.event"), put("2-0.event"), put("3-0.event")]
    paths[0].unlink()
    spool.done(paths[:2])
    assert (paths[1].exists(), paths[2].exists(), spool.depth()) == (False, True, 1)


def test_a_refused_file_is_kept_with_its_reason_beside_it(spool, put):
    put("10-0.event", b"half")
    _, (bad,) = spool.batch(10, now=NOW)
    kept = spool.refuse(bad)
    assert kept == spool.folder / "refused" / "10-0.event"
    assert kept.read_bytes() == b"half"
    assert (spool.folder / "refused" / "10-0.reason").read_text() == bad.reason + "\n"
    assert spool.depth() == 0


def test_a_refused_file_never_overwrites_another_of_its_name(spool, put):
    for content in (b"one", b"two", b"three"):
        put("10-0.event", content)
        _, (bad,) = spool.batch(10, now=NOW)
        spool.refuse(bad)
    kept = {path.name: path.read_bytes() for path in spool.refused.glob("*.event")}
    assert kept == {"10-0.event": b"one", "10-0.1.event": b"two", "10-0.2.event": b"three"}
    assert len(list(spool.refused.glob("*.reason"))) == 3


def test_a_refused_file_that_is_gone_is_fine(spool):
    assert spool.refuse(BadSpoolFile(path=spool.folder / "10-0.event", reason="Gone.")) is None
    assert list(spool.refused.iterdir()) == []


def test_the_folder_is_made_for_the_group_and_an_existing_one_is_left_as_it_is(spool):
    assert spool.folder.stat().st_mode & 0o7777 == 0o2770
    spool.folder.chmod(0o700)
    spool.prepare()
    assert spool.folder.stat().st_mode & 0o7777 == 0o700


@pytest.mark.parametrize("ask", [Spool.depth, lambda spool: spool.batch(10, now=NOW)], ids=["depth", "batch"])
def test_a_missing_folder_is_named(ask, tmp_path):
    with pytest.raises(ConfigProblem, match=r"spool folder .*/no cannot be read: No such file or directory\. Create it"):
        ask(Spool(tmp_path / "no"))
