"""Names, licences and states between isp-addons and ESET."""

from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from isp_addons.vendor_api import SeenState
from isp_addons_eset.translate import (
    Company,
    EsetLicence,
    State,
    company_name,
    lowered,
    pick,
    read_company,
    read_licence,
    read_state,
    read_time,
    seen,
)

ROW = {"publiclicensekey": "3AA-B", "customerid": "c", "productcode": 101, "quantity": 3, "state": 1}

keys = st.text("abcdefghijklmnopqrstuvwxyzABCXYZ0123456789-", min_size=1, max_size=40)
accounts = st.text(max_size=80)


def named(name: str) -> Company:
    return Company(id="c", name=name)


def licence(public_key: str = "A", product_code: str = "101", state: State = State.NORMAL, **more: Any) -> EsetLicence:
    return EsetLicence(public_key=public_key, customer_id="c", product_code=product_code, quantity=3, state=state, **more)


@given(key=keys, account=accounts, ended=st.booleans())
def test_a_companys_name_tells_key_account_and_end_whatever_the_account(key: str, account: str, ended: bool) -> None:
    company = named(company_name(key=key, account=account, ended=ended))
    assert (company.key, company.ended) == (key, ended)
    assert (company.account or "") == account.strip()[:60].strip()


@given(key=keys, account=accounts)
def test_the_mark_of_what_has_ended_is_put_and_taken_away_without_a_trace(key: str, account: str) -> None:
    company = named(company_name(key=key, account=account))
    ended = named(company.named(key, ended=True))
    assert ended.ended
    assert named(ended.named(key, ended=False)) == company
    assert ended.named(key, ended=True) == ended.name


@pytest.mark.parametrize("name", ["Bakery", "Bakery (Berlin)", "[L-1] Bakery", "Bakery [L 1]", "", "Bakery [L-1, over]"])
def test_a_company_that_is_not_ours_bears_no_key(name: str) -> None:
    assert (named(name).key, named(name).account, named(name).ended) == (None, None, False)


def test_a_company_that_was_renamed_keeps_its_new_name_in_front() -> None:
    assert named("Ivanov, flat 7").named("L-1", ended=True) == "Ivanov, flat 7 [L-1, ended]"


def test_names_of_fields_are_read_in_lower_case() -> None:
    assert lowered({"Search": [{"PublicLicenseKey": "A"}], "n": 1}) == {"search": [{"publiclicensekey": "A"}], "n": 1}


@pytest.mark.parametrize("name", ["publicid", "companyid", "id"])
def test_a_companys_id_is_taken_under_each_of_its_names(name: str) -> None:
    assert read_company({name: "c", "name": "n"}) == named("n")


@pytest.mark.parametrize("row", [{"name": "n"}, {"id": "c"}, {"id": "", "name": "n"}, {"id": "c", "name": 1}])
def test_a_company_without_id_or_name_is_an_error(row: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="without id or name"):
        read_company(row)


def test_a_licence_is_read_with_its_product_code_as_text() -> None:
    assert read_licence({**ROW, "trial": False, "trialexpiration": None}) == licence("3AA-B")


def test_a_trial_has_an_end() -> None:
    read = read_licence({**ROW, "trial": True, "trialexpiration": "2026-04-09T12:00:00Z"})
    assert (read.trial, read.expires) == (True, datetime(2026, 4, 9, 12, tzinfo=UTC))


@pytest.mark.parametrize("missing", list(ROW))
def test_a_licence_that_does_not_tell_all_is_an_error(missing: str) -> None:
    with pytest.raises(ValueError, match="without key"):
        read_licence({name: value for name, value in ROW.items() if name != missing})


@pytest.mark.parametrize(
    ("told", "state"), [(0, State.ERROR), ("1", State.NORMAL), ("Obsolete", State.OBSOLETE), ("SUSPENDED", State.SUSPENDED)]
)
def test_a_state_is_read_as_number_or_name(told: object, state: State) -> None:
    assert read_state(told) is state


@pytest.mark.parametrize("told", [5, -1, "Broken", None, [], ""])
def test_a_state_that_the_manual_does_not_know_is_an_error_and_not_active(told: object) -> None:
    with pytest.raises(ValueError, match="is no state of a licence"):
        read_state(told)


def test_a_date_without_a_zone_is_utc() -> None:
    assert read_time("2026-04-09T12:00:00") == read_time("2026-04-09T14:00:00+02:00") == datetime(2026, 4, 9, 12, tzinfo=UTC)
    assert read_time(None) is None
    with pytest.raises(ValueError, match="is no date"):
        read_time("soon")


@pytest.mark.parametrize(
    ("state", "ended", "expected"),
    [
        (State.NORMAL, False, SeenState.ACTIVE),
        (State.WARNING, False, SeenState.ACTIVE),
        (State.ERROR, False, SeenState.ACTIVE),
        (State.SUSPENDED, False, SeenState.SUSPENDED),
        (State.SUSPENDED, True, SeenState.ENDED),
        (State.NORMAL, True, SeenState.ACTIVE),
        (State.ERROR, True, SeenState.ACTIVE),
        (State.OBSOLETE, False, SeenState.ENDED),
    ],
)
def test_only_what_is_suspended_in_a_company_marked_as_ended_has_ended(state: State, ended: bool, expected: SeenState) -> None:
    assert seen(licence(state=state), key="L-1", ended=ended).state is expected


def test_a_full_licence_has_no_end_whatever_is_told() -> None:
    expires = datetime(2026, 4, 9, tzinfo=UTC)
    assert seen(licence(expires=expires), key="L-1", ended=False).paid_until is None
    assert seen(licence(expires=expires, trial=True), key="L-1", ended=False).paid_until == expires


def test_the_licence_that_is_meant_is_the_known_one_then_that_of_the_product_then_the_only_one() -> None:
    one, two = licence("A", "101"), licence("B", "102")
    assert pick([one, two], reference="B", product_code="101") == two
    assert pick([one, two], reference="gone", product_code="101") == one
    assert pick([one], reference=None, product_code="999") == one
    assert pick([], reference=None, product_code="101") is None
    assert pick([licence(state=State.OBSOLETE)], reference="A", product_code="101") is None


def test_an_order_takes_no_licence_of_another_product_for_its_own() -> None:
    assert pick([licence("A", "101")], reference=None, product_code="102", ordering=True) is None


def test_where_several_may_be_meant_none_is_chosen() -> None:
    with pytest.raises(LookupError, match="2 licences stand"):
        pick([licence("A", "101"), licence("B", "102")], reference=None, product_code="999")
