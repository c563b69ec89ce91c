"""What an executable is asked, and what its exit code and its answer mean for the product."""

import json
import logging
import traceback
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from isp_addons.domain.licence import Step
from isp_addons.vendor import Vendor
from isp_addons.vendor_api import (
    Done,
    LicenceView,
    NeedsOperator,
    OutcomeUnknown,
    Pending,
    RateLimited,
    Rejected,
    SeenLicence,
    SeenState,
    Unauthorised,
    Unavailable,
    Unsupported,
    VendorError,
)

NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
APRIL = datetime(2026, 4, 1, tzinfo=UTC)

DONE = """echo '{"outcome": "done"}'"""
KEEP = "cat >request; env | grep ^ISP_ADDONS_ | sort >environment"


def test_a_verb_arrives_as_one_line_of_json(make_vendor: Any, licence: LicenceView, tmp_path: Path) -> None:
    make_vendor(f"{KEEP}; {DONE}").do(Step.CHANGE, replace(licence, reference="V-1"), old_quantity=2)
    text = (tmp_path / "request").read_text()
    assert text.count("\n") == 1
    assert json.loads(text) == {
        "protocol": 1,
        "action": "change",
        "vendor": "office",
        "now": "2026-03-10T12:00:00Z",
        "idempotency_key": "L-1.change.90431eaf3b90afb7",
        "licence": {
            "key": "L-1",
            "reference": "V-1",
            "account": "1042",
            "product": 'Office "Plus" für alle',
            "options": {"plan": "business"},
            "quantity": 3,
            "paid_until": "2026-04-01T00:00:00Z",
            "suspend_from": None,
        },
        "old_quantity": 2,
    }


def test_the_same_stands_in_the_environment(make_vendor: Any, licence: LicenceView, tmp_path: Path) -> None:
    vendor = make_vendor(f"{KEEP}; {DONE}")
    vendor.do(Step.BEFORE_PERIOD_END, replace(licence, suspend_from=APRIL))
    told = dict(line.split("=", 1) for line in (tmp_path / "environment").read_text().splitlines())
    key = told.pop("ISP_ADDONS_IDEMPOTENCY_KEY")
    assert key.startswith("L-1.suspend.")
    assert told == {
        "ISP_ADDONS_ACTION": "suspend",
        "ISP_ADDONS_VENDOR": "office",
        "ISP_ADDONS_NOW": "2026-03-10T12:00:00Z",
        "ISP_ADDONS_KEY": "L-1",
        "ISP_ADDONS_REFERENCE": "",
        "ISP_ADDONS_ACCOUNT": "1042",
        "ISP_ADDONS_PRODUCT": 'Office "Plus" für alle',
        "ISP_ADDONS_QUANTITY": "3",
        "ISP_ADDONS_OLD_QUANTITY": "",
        "ISP_ADDONS_PAID_UNTIL": "2026-04-01T00:00:00Z",
        "ISP_ADDONS_SUSPEND_FROM": "2026-04-01T00:00:00Z",
        "ISP_ADDONS_CURSOR": "",
        "ISP_ADDONS_LIMIT": "",
    }


def test_what_is_set_reaches_the_executable_and_nothing_else_does(
    make_vendor: Any, licence: LicenceView, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("DATABASE_PASSWORD", "s3cret")
    monkeypatch.setenv("LANG", "C.UTF-8")
    vendor = make_vendor(f"env >environment; {DONE}", environment="TOKEN='a b'", inherit="PATH LANG MISSING")
    vendor.do(Step.ORDER, licence)
    told = dict(line.split("=", 1) for line in (tmp_path / "environment").read_text().splitlines())
    assert (told["TOKEN"], told["LANG"]) == ("a b", "C.UTF-8")
    assert not {"DATABASE_PASSWORD", "MISSING", "HOME"} & told.keys()


@pytest.mark.parametrize(
    ("answer", "means"),
    [
        ('{"outcome": "done", "reference": "V-1", "show": {"code": "A"}}', Done(reference="V-1", show={"code": "A"})),
        ('{"outcome": "pending", "poll_after_seconds": 60}', Pending(poll_after=timedelta(seconds=60))),
        ('{"outcome": "needs_operator", "instructions": "Add 3."}', NeedsOperator(instructions="Add 3.")),
    ],
)
def test_an_answer_means_what_it_means_from_a_gateway(
    make_vendor: Any, licence: LicenceView, answer: str, means: object
) -> None:
    assert make_vendor(f"echo '{answer}'").do(Step.ORDER, licence) == means


def test_a_refusal_is_told_in_the_executables_words(make_vendor: Any, licence: LicenceView) -> None:
    vendor = make_vendor("""echo '{"outcome": "rejected", "code": "no_stock", "text": "None is left."}'""")
    with pytest.raises(Rejected, match=r"^order L-1: the executable vendor rejects it: None is left\. \(code no_stock\)\.$"):
        vendor.do(Step.ORDER, licence)


def test_a_licence_is_read(make_vendor: Any, licence: LicenceView, tmp_path: Path) -> None:
    vendor = make_vendor(f"""{KEEP}; echo '{{"key": "L-1", "state": "suspended", "quantity": 3}}'""")
    assert vendor.read(licence) == SeenLicence(key="L-1", state=SeenState.SUSPENDED, quantity=3)
    asked = json.loads((tmp_path / "request").read_text())
    assert (asked["action"], asked["licence"]["key"], asked["licence"]["account"]) == ("read", "L-1", "1042")


def test_a_list_may_come_whole_with_or_without_a_total(make_vendor: Any) -> None:
    rows = '[{"key": "a", "state": "active", "quantity": 1}, {"key": "b", "state": "active", "quantity": 1}]'
    for total in ("", ', "total": 2'):
        vendor = make_vendor(f"""echo '{{"licences": {rows}, "complete": true{total}}}'""")
        assert [[each.key for each in page] for page in vendor.list_licences()] == [["a", "b"]]
    with pytest.raises(Unavailable, match="2 licences came, 3 were announced"):
        list(make_vendor(f"""echo '{{"licences": {rows}, "complete": true, "total": 3}}'""").list_licences())
    with pytest.raises(Unavailable, match="complete: Field required"):
        list(make_vendor(f"""echo '{{"licences": {rows}}}'""").list_licences())


def test_a_list_may_come_in_parts(make_vendor: Any) -> None:
    lines = """
    row() { printf '{"licences": [{"key": "%s", "state": "active", "quantity": 1}], ' "$1"; }
    case $ISP_ADDONS_CURSOR in
    "") row "a-$ISP_ADDONS_LIMIT"; echo '"complete": false, "next": "two"}' ;;
    two) row b; echo '"complete": true}' ;;
    esac"""
    assert [[each.key for each in page] for page in make_vendor(lines, page_size="7").list_licences()] == [["a-7"], ["b"]]


def test_a_list_without_end_is_given_up(make_vendor: Any) -> None:
    lines = """echo '{"licences": [{"key": "a", "state": "active", "quantity": 1}], "complete": false, "next": "a"}'"""
    with pytest.raises(Unavailable, match="names a licence twice"):
        list(make_vendor(lines).list_licences())


EXITS = [
    (1, OutcomeUnknown, Unavailable, "ended with exit code 1"),
    (64, Unsupported, Unsupported, r"does not know this action \(exit code 64\)"),
    (65, Rejected, Rejected, r"rejects it \(exit code 65\)"),
    (69, Unavailable, Unavailable, r"cannot reach the vendor \(exit code 69\)"),
    (75, Unavailable, Unavailable, r"asks to be tried again later \(exit code 75\)"),
    (77, Unauthorised, Unauthorised, r"wrong credentials \(exit code 77\)"),
    (127, OutcomeUnknown, Unavailable, "ended with exit code 127"),
]


@pytest.mark.parametrize(("code", "verb", "question", "says"), EXITS)
def test_an_exit_code_says_what_is_known(
    make_vendor: Any,
    licence: LicenceView,
    code: int,
    verb: type[VendorError],
    question: type[VendorError],
    says: str,
) -> None:
    vendor = make_vendor(f"{DONE}; echo 'it went\nwrong' >&2; exit {code}")
    for step, kind in ((Step.BLOCK, verb), (Step.READ, question)):
        with pytest.raises(VendorError, match=rf"the executable vendor .*{says}.* It said: it went wrong\.") as caught:
            vendor.do(step, licence)
        assert type(caught.value) is kind
        assert ("resume the vendor" in caught.value.hint) == (code == 77)
        assert caught.value.answer == "it went wrong"


def test_an_executable_may_say_when_to_come_back(make_vendor: Any, licence: LicenceView) -> None:
    with pytest.raises(RateLimited, match=r"asks us to slow down\. It said: busy\.") as caught:
        make_vendor("""echo '{"retry_after_seconds": 90}'; echo busy >&2; exit 75""").do(Step.ORDER, licence)
    assert caught.value.until == NOW + timedelta(seconds=90)


def test_an_executable_that_is_killed_leaves_a_verb_unknown(make_vendor: Any, licence: LicenceView) -> None:
    with pytest.raises(OutcomeUnknown, match="was ended by SIGSEGV"):
        make_vendor("kill -SEGV $$").do(Step.ORDER, licence)


def ask_in_vain(vendor: Vendor, licence: LicenceView, says: str) -> None:
    """A verb is left unknown, a question is asked again later."""
    with pytest.raises(OutcomeUnknown, match=f"^suspend L-1: the executable vendor {says}"):
        vendor.do(Step.BLOCK, licence)
    for ask in (lambda: vendor.read(licence), lambda: list(vendor.list_licences()), vendor.check):
        with pytest.raises(Unavailable, match=f"the executable vendor {says}"):
            ask()


def test_an_executable_that_hangs_is_given_up(make_vendor: Any, licence: LicenceView) -> None:
    vendor = make_vendor("echo waiting >&2; sleep 600", time_limit="0.3")
    ask_in_vain(vendor, licence, r"did not end within 0\.3 s and was stopped\. It said: waiting")


@pytest.mark.parametrize(
    ("lines", "says"),
    [
        ("echo nonsense", r"answered with something that is no JSON \(text, 9 bytes\)"),
        (":", "answered with nothing at all"),
        ("echo '<html></html>'", "answered with a web page or XML instead of JSON"),
        ("""echo '{"ok": true}'""", "answered with JSON of another shape"),
        ("""echo '{"outcome": "done"} {"outcome": "done"}'""", "answered with something that is no JSON"),
        ("yes", "wrote more than 1000000 bytes to its standard output and was stopped"),
    ],
)
def test_an_executable_that_prints_something_else_has_not_answered(
    make_vendor: Any, licence: LicenceView, lines: str, says: str
) -> None:
    ask_in_vain(make_vendor(lines), licence, says)


@pytest.mark.parametrize("step", [Step.ORDER, Step.BLOCK, Step.CANCEL, Step.READ])
def test_an_executable_that_cannot_be_run_has_done_nothing(
    make_vendor: Any, script: Any, licence: LicenceView, step: Step
) -> None:
    path = script(DONE, mode=0o644)
    with pytest.raises(
        Unavailable, match=r"may not be executed by us \(run: chmod \+x [^ ]*\)\. Check command in the vendor's section"
    ):
        make_vendor(command=str(path)).do(step, licence)
    with pytest.raises(Unavailable, match="There is no executable /no/such/vendor"):
        make_vendor(command="/no/such/vendor").do(step, licence)


def test_the_check_shows_what_answers_and_what_it_can_do(make_vendor: Any, tmp_path: Path) -> None:
    vendor = make_vendor(f"""{KEEP}; echo '{{"protocol": 1, "about": "two\nlines", "lists": true}}'""", lists="no")
    with pytest.raises(Unavailable, match="no JSON"):  # a line feed within a text is none
        vendor.check()
    vendor = make_vendor(f"""{KEEP}; echo '{{"protocol": 1, "about": "our vendor", "lists": true}}'""", lists="no")
    assert vendor.check().findings == (
        "the executable vendor answers (our vendor).",
        "It can also list its licences (lists = yes).",
    )
    assert json.loads((tmp_path / "request").read_text())["action"] == "check"


def test_no_secret_reaches_a_log_or_an_error(make_vendor: Any, licence: LicenceView, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    secret = "s3cret-of-the-vendor"
    told = []
    for lines in (
        'echo "$TOKEN" >&2; echo "$TOKEN"',
        'echo "$TOKEN" >&2; exit 1',
        'echo "$TOKEN" >&2; exit 65',
        'echo "$TOKEN" >&2; exit 77',
        'echo "{\\"outcome\\": \\"$TOKEN\\"}"',
        'echo "{\\"outcome\\": \\"rejected\\", \\"code\\": \\"$TOKEN\\", \\"text\\": \\"$TOKEN\\"}"',
        'echo "{\\"outcome\\": \\"needs_operator\\", \\"instructions\\": \\"$TOKEN\\"}"',
        'head -c 65530 /dev/zero | tr "\\000" x >&2; echo "$TOKEN" >&2; exit 1',
        'head -c 295 /dev/zero | tr "\\000" x; echo "$TOKEN"',
        'echo "$TOKEN" >&2; sleep 600',
    ):
        vendor = make_vendor(lines, environment=f"TOKEN={secret}", time_limit="1")
        told.append(repr(vendor.plugin.context))
        try:
            told.append(repr(vendor.do(Step.ORDER, licence)))
        except VendorError as error:
            told += [str(error), repr(error), error.answer, error.hint, *traceback.format_exception(error)]
    everything = "\n".join([*told, caplog.text])
    assert "It said: *" in everything, "what was said is told"
    assert secret[:6] not in everything


def test_of_long_errors_the_end_is_shown(make_vendor: Any, licence: LicenceView) -> None:
    with pytest.raises(OutcomeUnknown, match=r"It said: … 9+ the real reason\.$") as caught:
        make_vendor("printf 'first %0400d' 0 | tr 0 9 >&2; echo ' the real reason' >&2; exit 1").do(Step.ORDER, licence)
    assert len(caught.value.answer) < 310
