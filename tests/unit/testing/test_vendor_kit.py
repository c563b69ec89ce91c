"""The kit itself: a plugin that keeps the contract passes, and one that breaks it fails the proof of just that."""

import pytest

from isp_addons.testing import VendorConformance
from unit.testing import broken_vendors as broken
from unit.testing.honest_vendors import CannotSuspendChangeOrList, TakesItsTime, WithOperator
from unit.testing.running import Run, failed
from unit.testing.sample_vendor import Sample

pytest_plugins = ["pytester"]

BODY = """
from isp_addons.testing import VendorConformance
from {module} import {name}

class TestIt(VendorConformance):
    plugin = {name}
    {more}
"""

GOES_WRONG = "a_call_that_goes_wrong_is_told_as_what_is_known_of_it"
LOST = "what_was_done_and_not_answered_is_found_again_and_not_repeated"
NO_SECRET = "no_secret_is_told_by_any_log_line_error_or_answer"
GIVEN_UP = "a_vendor_that_never_answers_is_given_up"
CREDENTIALS = "wrong_credentials_pause_the_vendor"
QUICK = " and ".join(f"not {name}" for name in (GOES_WRONG, NO_SECRET, GIVEN_UP))


class TestSample(VendorConformance):
    plugin = Sample


class TestOneThatCannotSuspendChangeOrList(VendorConformance):
    plugin = CannotSuspendChangeOrList


class TestOneThatTakesItsTime(VendorConformance):
    plugin = TakesItsTime


class TestOneWithAnOperator(VendorConformance):
    plugin = WithOperator


def put_to_proof(run: Run, plugin: type[Sample], *, chosen: str = QUICK, more: str = "") -> pytest.RunResult:
    return run(BODY.format(module=plugin.__module__, name=plugin.__name__, more=more), chosen)


BROKEN = [
    (broken.DeletesToSuspend, "only_cancelling_ends_a_licence"),
    (broken.RepeatsAfterTimeout, LOST),
    (broken.LiesAboutQuantity, "the_quantity_changes_where_that_is_declared_and_nowhere_else"),
    (broken.LiesAboutListing, "the_list_tells_all_that_stands_where_that_is_declared"),
    (broken.LiesAboutSuspending, "blocking_suspends_and_keeps_the_reference"),
    (broken.LiesAboutScheduling, "a_period_that_cannot_be_paid_does_not_start"),
    (broken.LiesAboutEndlessLicences, "a_licence_without_end_is_possible_where_that_is_declared"),
    (broken.TakesHalfAList, "half_a_list_is_no_list"),
    (broken.CallsALostAnswerUnavailable, LOST),
    (broken.OrdersAnotherOne, "ordering_twice_makes_one_licence"),
    (broken.ForgetsTheQuantity, "unblocking_restores_what_was_suspended"),
    (broken.FindsByReferenceOnly, "a_licence_is_found_by_our_key_alone"),
    (broken.TakesFailureForAbsence, "a_vendor_that_is_down_has_done_nothing"),
    (broken.RefusesWhatIsDoneAlready, "cancelling_twice_is_cancelling_once"),
    (broken.SuspendsEverybody, "nobody_elses_licence_is_touched"),
    (broken.LivesAtItsOwnTime, "the_vendor_is_asked_at_the_products_moment"),
    (broken.TakesWrongCredentialsForARefusal, CREDENTIALS),
    (broken.ShowsItsPassword, "its_settings_are_described_and_its_secrets_are_secret"),
    (broken.TakesAnyWebhook, "a_webhook_that_proves_nothing_is_unauthorised"),
    (broken.CannotCharge, "it_has_the_hooks_that_no_vendor_can_do_without"),
]


@pytest.mark.parametrize(("plugin", "proof"), BROKEN, ids=lambda value: getattr(value, "__name__", ""))
def test_a_vendor_that_breaks_the_contract_fails_that_proof(run: Run, plugin: type[Sample], proof: str) -> None:
    result = put_to_proof(run, plugin)
    assert proof in failed(result)
    assert result.parseoutcomes()["passed"] >= 25


@pytest.mark.parametrize(
    ("plugin", "verb", "kind"),
    [
        (broken.RaisesWhatItLikes, "on_order", "garbage"),
        (broken.ForgetsWhenToComeBack, "on_order", "rate_limit"),
        (broken.CallsALostAnswerUnavailable, "on_order", "error_500"),
        (broken.TakesFailureForAbsence, "read_licence", "unavailable_503"),
        (broken.TakesHalfAList, "list_licences", "partial"),
        (broken.TakesWrongCredentialsForARefusal, "list_licences", "unauthorised_401"),
    ],
    ids=lambda value: getattr(value, "__name__", ""),
)
def test_a_failure_that_is_told_wrongly_is_seen(run: Run, plugin: type[Sample], verb: str, kind: str) -> None:
    result = put_to_proof(run, plugin, chosen=f"{GOES_WRONG} and {verb}")
    wrong = [line for line in result.outlines if line.startswith("FAILED")]
    assert any(f"[{verb}-{kind}]" in line for line in wrong), wrong
    assert result.parseoutcomes()["passed"] >= 1


@pytest.mark.parametrize("plugin", [broken.LogsItsPassword, broken.TellsItsPasswordInErrors])
def test_a_secret_that_is_told_is_seen_and_not_told_again(run: Run, plugin: type[Sample]) -> None:
    result = put_to_proof(run, plugin, chosen=NO_SECRET)
    assert failed(result) == {NO_SECRET}
    [sentence] = [line for line in result.outlines if line.startswith("E ") and "a secret is told" in line]
    assert "*" in sentence
    assert "7fZq" not in sentence


def test_a_plugin_that_asks_for_ever_is_seen(run: Run) -> None:
    assert failed(put_to_proof(run, broken.NeverGivesUp, chosen=GIVEN_UP, more="patience = 1.2")) == {GIVEN_UP}


def test_a_plugin_without_a_stand_in_is_told_what_to_do(run: Run) -> None:
    module = """
    from isp_addons.testing import VendorConformance
    from unit.testing.operator_vendors import ByHand

    class TestIt(VendorConformance):
        plugin = ByHand
    """
    result = run(module, "makes_one_active")
    result.stdout.fnmatch_lines(["*ByHand has no stand-in server*"])
