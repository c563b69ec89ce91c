"""The stand-in server itself, spoken to without the plugin: what it shares with ESET's."""

from datetime import timedelta
from typing import Any

import pytest

from isp_addons.clock import ReplayClock
from isp_addons_eset import Eset
from isp_addons_eset.sandbox import EsetSandbox

LOGIN = {"username": "billing@isp", "password": "pa55-of-eset"}
ADDRESS = {"city": "Exampleton"}


def test_a_token_tells_how_long_it_lives_and_is_refused_afterwards(wire: Any, clock: ReplayClock) -> None:
    assert wire.log_in().value["expiresIn"] == 3600
    clock.moment += timedelta(seconds=3599)
    assert wire("User/Current", "GET").status == 200
    clock.moment += timedelta(seconds=1)
    assert wire("User/Current", "GET").status == 401


def test_the_life_of_a_token_can_be_set(clock: ReplayClock, make_wire: Any) -> None:
    with Eset.sandbox(token_seconds=60, **{"login": LOGIN["username"], "password": LOGIN["password"]}) as server:
        wire = make_wire(server)
        assert wire.log_in().value["expiresIn"] == 60
        clock.moment += timedelta(seconds=60)
        assert wire("User/Current", "GET").status == 401


def test_a_refresh_token_gives_a_new_pair_once_until_the_session_is_over(wire: Any, clock: ReplayClock) -> None:
    first = wire.log_in().value
    second = wire("Token/Renew", refreshToken=first["refreshToken"])
    assert second.value["accessToken"] != first["accessToken"]
    assert wire("Token/Renew", refreshToken=first["refreshToken"]).status == 401
    clock.moment += timedelta(seconds=7200)
    assert wire("Token/Renew", refreshToken=second.value["refreshToken"]).status == 401


def test_without_a_token_or_with_a_wrong_login_it_is_401(wire: Any) -> None:
    wire.token = "made-up"
    assert wire("User/Current", "GET").status == 401
    assert wire("Token/Get", username="billing@isp", password="wrong").status == 401


@pytest.mark.parametrize(
    ("call", "method"), [("License/Delete", "POST"), ("User/Current", "POST"), ("License/Detail", "GET"), ("", "GET")]
)
def test_an_unknown_page_is_403_with_99_and_1(wire: Any, call: str, method: str) -> None:
    assert wire(call, method).codes == (403, 99, 1)


def test_maintenance_is_503_with_99_and_2_for_everything(wire: Any, control: Any) -> None:
    control("POST", "maintenance", {"on": True})
    assert wire("Token/Get", **LOGIN).codes == (503, 99, 2)
    assert wire("User/Current", "GET").codes == (503, 99, 2)
    control("POST", "maintenance", {"on": False})
    assert wire("User/Current", "GET").status == 200


def test_names_are_unique_among_siblings_and_an_address_is_a_must(wire: Any) -> None:
    wire.customer("Bakery")
    assert wire("Company/Create/customer", name="bakery", address=ADDRESS).status == 400
    assert wire("Company/Create/customer", name="", address=ADDRESS).value == {"name": ["The input was not valid."]}
    assert wire("Company/Create/customer", name="Mill").value == {"address": ["The input was not valid."]}


def test_an_update_keeps_what_is_left_out_and_erases_what_is_empty(wire: Any) -> None:
    customer = wire.customer("Bakery", customIdentifier="K", comment="old")
    other = wire.customer("Mill")
    assert wire("Company/Update/customer", companyId=customer, name="Baker", comment="").value == {}
    detail = wire("Company/Detail", companyId=customer).value
    assert (detail["name"], detail["customIdentifier"], detail["comment"]) == ("Baker", "K", "")
    assert detail["address"] == ADDRESS
    assert wire("Company/Update/customer", companyId=other, name="Bakery").status == 200  # the old name is free again
    assert wire("Company/Update/customer", companyId=other, name="Baker").status == 400


def test_companies_are_found_by_parts_of_name_or_identifier(wire: Any) -> None:
    wire.customer("1042 [L-1]", customIdentifier="L-1")
    wire.customer("1043 [L-10]", customIdentifier="L-10")
    wire.customer("Bakery", customIdentifier="L-2")

    def found(**search: list[int]) -> list[str]:
        rows = wire("Search/Companies", search=search, skip=0, take=10).value["search"]
        return [row["name"] for row in rows]

    assert found(**{"L-1": [0]}) == ["1042 [L-1]", "1043 [L-10]"]
    assert found(**{"L-2": [0]}) == []
    assert found(**{"L-2": [0, 5]}) == ["Bakery"]
    assert found(**{"L-1": [0], "1043": [0]}) == ["1043 [L-10]"]


def test_lists_come_in_pages_with_the_number_of_all_rows(wire: Any) -> None:
    own = wire("User/Current", "GET").value["company"]["companyId"]
    for number in range(5):
        wire.order(wire.customer(f"C{number}"))
    page = wire("Company/Children", companyId=own, skip=3, take=100).value
    assert ([row["name"] for row in page["companies"]], page["paging"]) == (["C3", "C4"], {"totalCount": 5})
    assert {"publicId", "type", "email", "status"} <= page["companies"][0].keys()
    page = wire("Search/Licenses", keyword="", skip=0, take=2).value
    assert (len(page["search"]), page["paging"]) == (2, {"totalCount": 5})
    assert wire("Search/Licenses", keyword="endpoint", skip=9, take=2).value["search"] == []
    assert wire("Search/Licenses", keyword="no such", skip=0, take=2).value["paging"] == {"totalCount": 0}


@pytest.mark.parametrize("take", [0, 101, -1, "10", None])
@pytest.mark.parametrize("call", ["Company/Children", "Search/Licenses", "Search/Companies"])
def test_a_page_has_1_to_100_rows(wire: Any, call: str, take: Any) -> None:
    own = wire("User/Current", "GET").value["company"]["companyId"]
    answered = wire(call, companyId=own, keyword="", search={"x": [0]}, skip=0, take=take)
    assert (answered.status, answered.value) == (400, {"take": ["The input was not valid."]})


def test_an_order_is_refused_with_the_codes_of_the_guide(wire: Any, sandbox: EsetSandbox) -> None:
    customer = wire.customer()
    assert wire.order(customer, kind=2).codes == (400, 8, 17)
    assert wire.order(customer, quantity=0).codes == (400, 8, 18)
    assert wire.order(customer, quantity=100_001).codes == (400, 8, 30)
    assert wire.order(customer, quantity="3").value == {"quantity": ["The input was not valid."]}
    assert wire.order(customer, product="999").codes == (400, 8, 27)
    assert wire.order(sandbox.server.msp.own.id).codes == (400, 8, 47)
    assert wire.order(customer).status == 200
    assert wire.order(customer).codes == (400, 8, 20)
    assert wire.order(customer, product="102").status == 200


def test_the_state_machine_of_a_full_licence(wire: Any) -> None:
    key = wire.ordered()
    state = lambda: wire("License/Detail", publicLicenseKey=key).value["state"]  # noqa: E731
    assert state() == 1
    assert wire("License/Unsuspend", publicLicenseKey=key).codes == (400, 8, 36)
    assert wire("License/Suspend", publicLicenseKey=key).value == {}
    assert state() == 3
    assert wire("License/Suspend", publicLicenseKey=key).codes == (400, 8, 21)
    assert wire("License/UpdateQuantity", publicLicenseKey=key, quantity=5).codes == (400, 8, 23)
    assert wire("License/Unsuspend", publicLicenseKey=key).value == {}
    assert wire("License/Unsuspend", publicLicenseKey=key).codes == (400, 8, 22)
    assert wire("License/UpdateQuantity", publicLicenseKey=key, quantity=3).codes == (400, 8, 48)
    assert wire("License/UpdateQuantity", publicLicenseKey=key, quantity=5).value == {}
    for call in ("License/Remove", "License/ExtendTrial"):
        assert wire(call, publicLicenseKey=key).codes == (400, 8, 24)
    assert wire("License/ConvertToFull", publicLicenseKey=key, quantity=1).codes == (400, 8, 19)
    assert wire("License/GetPossibleProductChanges", publicLicenseKey=key).value == {"codes": ["102"]}
    assert wire("License/ChangeProduct", publicLicenseKey=key, productCode="103").codes == (400, 8, 45)
    assert wire("License/ChangeProduct", publicLicenseKey=key, productCode="102").value == {}
    history = wire("License/GetHistory", publicLicenseKey=key).value["history"]
    assert [each["type"] for each in history] == ["Order", "Suspend", "Unsuspend", "UpdateQuantity", "ChangeProduct"]


def test_the_state_machine_of_a_trial(wire: Any, clock: ReplayClock) -> None:
    key = wire.ordered(kind=4)
    detail = wire("License/Detail", publicLicenseKey=key).value
    assert (detail["trial"], detail["trialExpiration"]) == (True, "2026-04-09T12:00:00Z")
    assert [wire("License/ExtendTrial", publicLicenseKey=key).status for _ in range(2)] == [200, 200]
    assert wire("License/ExtendTrial", publicLicenseKey=key).codes == (400, 8, 31)
    clock.moment += timedelta(days=90)
    wire.log_in()
    assert wire("License/Detail", publicLicenseKey=key).value["state"] == 0
    assert wire("License/ExtendTrial", publicLicenseKey=key).codes == (400, 8, 37)
    assert wire("License/UpdateQuantity", publicLicenseKey=key, quantity=9).codes == (400, 8, 37)
    assert wire("License/Remove", publicLicenseKey=key).value == {}
    assert wire("License/Detail", publicLicenseKey=key).status == 403


def test_what_is_not_a_direct_child_is_forbidden(wire: Any, control: Any) -> None:
    theirs = control("POST", "companies", {"name": "Theirs", "somebody_else": True})["id"]
    key = wire.ordered()
    control("POST", f"companies/{wire('License/Detail', publicLicenseKey=key).value['customerId']}", {"somebody_else": True})
    for call in ("License/Detail", "License/Suspend", "License/Unsuspend"):
        assert wire(call, publicLicenseKey=key).status == 403
        assert wire(call, publicLicenseKey="3AA-000-000").status == 403
    for call in ("Company/Detail", "Company/Suspend", "Company/Children"):
        assert wire(call, companyId=theirs, skip=0, take=1).status == 403
    assert wire.order(theirs).status == 403
    assert wire("Search/Licenses", keyword="", skip=0, take=1).value["search"] == []


def finished(wire: Any, call: str, customer: str) -> list[str]:
    """The states that an operation goes through."""
    operation = wire(call, companyId=customer).value["operationId"]
    return [wire(f"Operation/{operation}", "GET").value["state"] for _ in range(3)]


@pytest.mark.parametrize(("all_of_them", "states"), [(True, [1, 1]), (False, [1, 3])])
def test_a_company_is_suspended_and_resumed_by_an_operation_that_takes_its_time(
    make_wire: Any, all_of_them: bool, states: list[int]
) -> None:
    with EsetSandbox(login=LOGIN["username"], password=LOGIN["password"], unsuspends_all=all_of_them) as server:
        wire = make_wire(server)
        wire.log_in()
        customer = wire.customer()
        keys = [wire.order(customer, product).value["publicLicenseKey"] for product in ("101", "103")]
        wire("License/Suspend", publicLicenseKey=keys[1])
        assert finished(wire, "Company/Suspend", customer) == ["Pending", "Finished", "Finished"]
        assert wire("Company/Detail", companyId=customer).value["status"] == "suspended"
        assert wire("License/Detail", publicLicenseKey=keys[0]).value["state"] == 3
        assert wire("License/Unsuspend", publicLicenseKey=keys[0]).codes == (400, 8, 33)
        assert wire("Company/Suspend", companyId=customer).status == 400
        assert finished(wire, "Company/Unsuspend", customer) == ["Pending", "Finished", "Finished"]
        assert [wire("License/Detail", publicLicenseKey=key).value["state"] for key in keys] == states
        assert wire("Operation/none", "GET").status == 404


def test_the_enumeration_of_states_is_the_guides(wire: Any) -> None:
    listed = wire("Enum/LicenseStates", "GET").value
    assert [each["name"] for each in listed] == ["Error", "Normal", "Obsolete", "Suspended", "Warning"]


def test_what_is_no_json_is_a_bad_request(wire: Any) -> None:
    wire.connection.request("POST", "/api/License/Detail", "{", {"Authorization": f"Bearer {wire.token}"})
    assert wire.connection.getresponse().status == 400
