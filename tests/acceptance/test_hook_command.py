"""The billing calls ``isp-addons hook`` and acts on its exit code and on one JSON object; hook scripts reach the same."""

import json
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager

import pytest
from sqlalchemy import create_engine

import isp_addons
from acceptance.kit import MARCH_31, Isp
from isp_addons.domain.problem import BadInput


@contextmanager
def busy(isp: Isp) -> Iterator[None]:
    """Another program writes and does not finish."""
    engine = create_engine(isp.database_url, isolation_level="AUTOCOMMIT")
    begin = "BEGIN IMMEDIATE" if engine.dialect.name == "sqlite" else "BEGIN; LOCK TABLE event IN ACCESS EXCLUSIVE MODE"
    try:
        with engine.connect() as connection:
            for statement in begin.split(";"):
                connection.exec_driver_sql(statement)
            yield
            connection.exec_driver_sql("ROLLBACK")
    finally:
        engine.dispose()


@pytest.mark.acceptance("F21")
def test_a_handled_hook_exits_0_and_prints_one_json_object(isp: Isp) -> None:
    isp.sells("av", "150")
    (subscription,) = isp.subscriber("42", "av", left="0")
    done = isp.process("hook", "on_block", "--account", "42")
    assert (done.code, done.err) == (0, "")
    assert json.loads(done.out) == {"account": "42", "event": "blocked", "outcome": "looked again (1 held)"}
    assert isp.held_by(subscription) == "billing"

    done = isp.process("hook", "on_unblock", "--account", "42")
    assert (done.code, done.row["outcome"]) == (0, "looked again (1 released)")


@pytest.mark.acceptance("F21")
def test_what_cannot_be_meant_exits_2_names_it_and_stores_nothing(isp: Isp) -> None:
    isp.opens("42", "100")
    before = isp.dump()
    for words, error, names in (
        (("on_block", "--account", "4711"), "unknown_account", "4711"),
        (("on_block", "--account", "ACCOUNT_ID"), "placeholder", "ACCOUNT_ID"),
        (("on_block", "--account", "4 2"), "bad_account", "4 2"),
        (("on_fire", "--account", "42"), "unknown_event", "on_fire"),
        (("paid", "--account", "42", "--amount", "1.234"), "bad_amount", "1.234"),
        (("paid", "--account", "42", "--amount", "0"), "bad_amount", "'0'"),
        (("tariff_changed", "--account", "42"), "bad_event", "tariff"),
    ):
        done = isp("hook", *words, exits=2)
        assert done.row["error"] == error
        assert names in done.row["message"]
        assert names in done.err
    assert isp.dump() == before


@pytest.mark.acceptance("F21")
def test_an_unknown_account_exits_2_as_a_process_too(isp: Isp) -> None:
    done = isp.process("hook", "on_block", "--account", "4711")
    assert (done.code, done.row["error"]) == (2, "unknown_account")
    assert done.err == "isp-addons: There is no account '4711' in the billing.\n"


@pytest.mark.acceptance("F21")
def test_a_refused_event_may_be_repeated_under_the_same_key(isp: Isp) -> None:
    isp("hook", "paid", "--account", "42", "--amount", "10", "--key", "bank-1", exits=2)
    isp.opens("42")
    isp("hook", "paid", "--account", "42", "--amount", "10", "--key", "bank-1")
    assert isp.balance("42") == "10.00"


@pytest.mark.acceptance("F21")
def test_without_an_account_the_usage_is_shown(isp: Isp) -> None:
    done = isp.process("hook", "on_block")
    assert (done.code, "--account" in done.err) == (2, True)


@pytest.mark.acceptance("F21")
def test_a_busy_database_is_waited_for_then_exit_75(isp: Isp) -> None:
    isp.sells("av", "150")
    (subscription,) = isp.subscriber("42", "av", left="0")
    before = isp.dump()
    with busy(isp):
        started = time.monotonic()
        done = isp.process("hook", "on_block", "--account", "42")
        waited = time.monotonic() - started
    assert done.code == 75
    assert (done.row["error"], "try again" in done.err) == ("busy", True)
    assert 4.5 < waited < 20
    assert isp.dump() == before

    assert isp.process("hook", "on_block", "--account", "42").code == 0
    assert isp.held_by(subscription) == "billing"


@pytest.mark.acceptance("F21")
def test_a_database_that_is_busy_for_a_moment_is_no_error(isp: Isp) -> None:
    isp.opens("42")
    free = threading.Event()

    def hold() -> None:
        with busy(isp):
            locked.set()
            free.wait(timeout=30)

    locked = threading.Event()
    other = threading.Thread(target=hold)
    other.start()
    assert locked.wait(timeout=10)
    running = isp.started("hook", "paid", "--account", "42", "--amount", "5")
    threading.Timer(1.5, free.set).start()
    out, err = running.communicate(timeout=30)
    other.join(timeout=10)
    assert (running.returncode, err) == (0, ""), out
    assert isp.balance("42") == "5.00"


@pytest.mark.acceptance("F21")
def test_every_hook_is_callable_by_its_name(isp: Isp) -> None:
    isp.sells("av", "150")
    (subscription,) = isp.subscriber("42", "av", left="20")
    for word in ("on_block", "on_unblock", "on_charge", "inet_on", "inet_off", "block_changed", "low_balance"):
        assert isp("hook", word, "--account", "42").row["account"] == "42"
    isp.at = MARCH_31
    isp("hook", "before_period_end", "--account", "42")
    assert isp.held_by(subscription) == "forecast"


@pytest.mark.acceptance("F21")
def test_python_code_may_tell_an_event_too(isp: Isp) -> None:
    isp.opens("42")
    told = {"word": "paid", "account": "42", "key": "crm-1", "amount": "12.50"}
    assert isp_addons.receive(told, config=isp.file) is True
    assert isp_addons.receive(told, config=isp.file) is False
    assert isp.balance("42") == "0.00", "the worker handles it"
    isp("worker", "--once")
    assert isp.balance("42") == "12.50"
    with pytest.raises(BadInput):
        isp_addons.receive({**told, "account": "ACCOUNT_ID"}, config=isp.file)


@pytest.mark.acceptance("F21")
@pytest.mark.parametrize(("billing", "word"), [("generic", "on_block"), ("utm5", "on_block")])
def test_the_hook_script_stores_the_event_and_the_worker_does_the_rest(isp: Isp, billing: str, word: str) -> None:
    isp.sells("av", "150")
    (subscription,) = isp.subscriber("42", "av", left="0")
    isp("converge")
    assert isp.script(word, "42", billing=billing).code == 0
    assert isp("spool", "status").row["waiting"] == 1
    isp("worker", "--once")
    assert isp("spool", "status").row["waiting"] == 0
    assert (isp.held_by(subscription), isp.vendor.station("42")["state"]) == ("billing", "blocked")


@pytest.mark.acceptance("F21")
@pytest.mark.parametrize("word", ["on_unblock", "on_block"])
def test_events_of_an_account_are_handled_in_their_order(isp: Isp, word: str) -> None:
    """What waits in the inbox from the scripts comes before what the command says now."""
    isp.sells("av", "150")
    (subscription,) = isp.subscriber("42", "av", left="0")
    isp("hook", word, "--account", "42")
    for each in ("on_block", "on_unblock", word):
        assert isp.script(each, "42").code == 0
    isp("spool", "ingest")
    assert isp.held_by(subscription) == ("billing" if word == "on_block" else "")


@pytest.mark.acceptance("F21")
def test_a_script_for_an_unknown_account_is_closed_with_the_reason_and_others_go_on(isp: Isp) -> None:
    isp.sells("av", "150")
    (subscription,) = isp.subscriber("42", "av", left="0")
    assert isp.script("on_block", "4711").code == 0
    assert isp.script("on_block", "42").code == 0
    assert isp("spool", "ingest").row["handled"] == 2
    assert isp.held_by(subscription) == "billing"
    outcomes = [row[-1] for row in isp.dump("event")["event"]]
    assert "There is no account '4711' in the billing." in outcomes
