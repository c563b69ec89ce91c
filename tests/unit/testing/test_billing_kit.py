"""The kit for billings: a reader that keeps the contract passes, and one that breaks it fails the proof of just that."""

import pytest

from unit.testing import sample_billing as sample
from unit.testing.running import Run, failed

pytest_plugins = ["pytester"]

BODY = """
import pytest
from isp_addons.testing import BillingReaderConformance
from unit.testing.sample_billing import PASSWORD, Billing, {name} as Reader

class TestIt(BillingReaderConformance):
    accounts = ["1", "2", "3"]
    blocked = {{"3"}}
    deleted = ["4"]
    secret = PASSWORD

    @pytest.fixture
    def real(self):
        return Billing()

    @pytest.fixture
    def reader(self, real):
        return Reader(real)

    @pytest.fixture
    def give(self, real):
        def pay(ref, amount):
            real.balances[ref] += amount
        return pay

    @pytest.fixture
    def unreachable(self):
        gone = Billing()
        gone.up = False
        return Reader(gone)
"""

BROKEN = [
    (sample.KeepsWhatItRead, {"money_that_came_is_told_the_next_time"}),
    (sample.TakesFailureForNothing, {"a_billing_that_is_not_there_is_a_problem_told_in_a_sentence"}),
    (sample.TellsItsPassword, {"a_billing_that_is_not_there_is_a_problem_told_in_a_sentence"}),
    (sample.ReadsAnythingAsANumber, {"what_is_no_live_account_is_left_out"}),
    (
        sample.TellsTheDeletedToo,
        {
            "accounts_come_in_their_order_and_one_by_one",
            "every_live_account_is_told_and_no_other",
            "what_is_no_live_account_is_left_out",
        },
    ),
    (
        sample.TakesTheDeletedForUnknown,
        {"what_never_existed_is_told_from_what_was_deleted", "what_exists_is_not_said_never_to_have_existed"},
    ),
    (sample.CountsInUnits, {"money_that_came_is_told_the_next_time"}),
    (sample.BlocksNobody, {"the_blocked_are_told_blocked_and_nobody_else"}),
    (sample.TellsInTheOrderOfAsking, {"accounts_come_in_their_order_and_one_by_one"}),
    (sample.ReadsAllAtOnce, {"accounts_come_in_their_order_and_one_by_one"}),
]


def test_a_reader_that_keeps_the_contract_passes(run: Run) -> None:
    result = run(BODY.format(name="SampleReader"))
    result.assert_outcomes(passed=15)


@pytest.mark.parametrize(("reader", "proofs"), BROKEN, ids=lambda value: getattr(value, "__name__", ""))
def test_a_reader_that_breaks_the_contract_fails_that_proof(
    run: Run, reader: type[sample.SampleReader], proofs: set[str]
) -> None:
    assert failed(run(BODY.format(name=reader.__name__))) == proofs


def test_a_period_without_a_zone_is_seen(run: Run) -> None:
    result = run(BODY.format(name=sample.LivesNowhere.__name__), "zone or sense")
    assert "periods_are_told_with_their_zone" in failed(result)
