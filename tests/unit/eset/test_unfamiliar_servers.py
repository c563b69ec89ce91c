"""Answers whose layout differs from the stand-in's: they are understood, or nothing is taken for granted."""

import json
import traceback
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
import responses

from isp_addons.vendor_api import (
    Done,
    LicenceView,
    OutcomeUnknown,
    Rejected,
    ReplayClock,
    SeenState,
    Unauthorised,
    Unavailable,
    VendorContext,
)
from isp_addons_eset import Eset, EsetOptions

API = "https://mspapi.eset.com/api/"
LICENCE = LicenceView(key="L-1", reference=None, account="7", product="AV", options={}, quantity=3, paid_until=None)
TOKEN = {"AccessToken": "t0ken", "RefreshToken": "r3fresh", "ExpiresIn": 3600}
OURS = {"publicId": "c", "name": "7 [L-1]"}
ROW = {"PublicLicenseKey": "3AA-B", "CustomerId": "c", "ProductCode": "101", "Quantity": 3, "State": 1}


@pytest.fixture
def plugin() -> Iterator[Eset]:
    address = {"address_street": "s", "address_city": "c", "address_zip": "z"}
    given = {"login": "billing", "password": "s3cret", "product_code": "101", **address}
    made = Eset(VendorContext("eset", EsetOptions.model_validate(given), ReplayClock(datetime(2026, 3, 10, tzinfo=UTC))))
    yield made
    made.close()


@pytest.fixture
def server() -> Iterator[responses.RequestsMock]:
    with responses.RequestsMock() as mock:
        mock.post(f"{API}Token/Get", json=TOKEN)
        yield mock


def answers(server: responses.RequestsMock, call: str, *values: Any, status: int = 200) -> None:
    for value in values:
        server.post(f"{API}{call}", json=value, status=status)


def sent(server: responses.RequestsMock, call: str) -> list[Any]:
    return [json.loads(each.request.body) for each in server.calls if each.request.url == f"{API}{call}"]


def test_the_login_goes_as_json_and_the_token_as_bearer(plugin: Eset, server: responses.RequestsMock) -> None:
    answers(server, "Search/Companies", {"Search": []})
    assert plugin.read_licence(LICENCE).state is SeenState.ABSENT
    assert sent(server, "Token/Get") == [{"username": "billing", "password": "s3cret"}]
    assert server.calls[1].request.headers["Authorization"] == "Bearer t0ken"
    assert sent(server, "Search/Companies") == [{"search": {"L-1": [0, 5]}, "skip": 0, "take": 100}]


@pytest.mark.parametrize("body", ["", "{}", "null"])
def test_an_empty_answer_to_a_change_is_success(plugin: Eset, server: responses.RequestsMock, body: str) -> None:
    server.post(f"{API}License/Suspend", body=body)
    assert plugin.on_block(_known()) == Done()


def test_a_refusal_with_http_200_is_a_refusal(plugin: Eset, server: responses.RequestsMock) -> None:
    answers(server, "License/UpdateQuantity", {"code": 8, "subCode": 30})
    with pytest.raises(Rejected, match="the quantity is out of range"):
        plugin.on_change(_known(), old_quantity=1)


def test_already_suspended_with_http_200_is_success_too(plugin: Eset, server: responses.RequestsMock) -> None:
    answers(server, "License/Suspend", {"code": 8, "subCode": 21})
    assert plugin.on_block(_known()) == Done()


@pytest.mark.parametrize("created", [{}, {"ok": True}, None, {"operationId": "x"}])
def test_a_new_company_whose_id_is_not_told_is_looked_up(plugin: Eset, server: responses.RequestsMock, created: Any) -> None:
    answers(server, "Search/Companies", {"search": []})
    answers(server, "Company/Create/customer", created)
    answers(server, "Search/Companies", {"search": [OURS]}, {"search": []})
    answers(server, "License/Order", "3AA-B")
    assert plugin.on_order(LICENCE).reference == "3AA-B"
    assert sent(server, "License/Order")[0]["customerId"] == "c"


@pytest.mark.parametrize("created", ["c", {"publicId": "c"}, {"Id": "c"}, {"company": {"companyId": "c"}}])
def test_a_new_company_is_understood_in_every_layout(plugin: Eset, server: responses.RequestsMock, created: Any) -> None:
    answers(server, "Search/Companies", {"search": []})
    answers(server, "Company/Create/customer", created)
    answers(server, "License/Order", {"PublicLicenseKey": "3AA-B"})
    assert plugin.on_order(LICENCE).reference == "3AA-B"


def test_a_new_company_that_cannot_be_found_leaves_the_outcome_unknown(plugin: Eset, server: responses.RequestsMock) -> None:
    answers(server, "Search/Companies", {"search": []})
    answers(server, "Company/Create/customer", {})
    with pytest.raises(OutcomeUnknown, match="Company/Create/customer L-1"):
        plugin.on_order(LICENCE)


def test_a_name_that_another_order_took_meanwhile_is_that_company(plugin: Eset, server: responses.RequestsMock) -> None:
    answers(server, "Search/Companies", {"search": []})
    answers(server, "Company/Create/customer", {"message": "name exists"}, status=400)
    answers(server, "Search/Companies", {"search": [OURS]}, {"search": []})
    answers(server, "License/Order", {"code": 8, "subCode": 20}, status=400)
    answers(server, "Search/Licenses", {"search": [ROW]}, {"search": []})
    assert plugin.on_order(LICENCE).reference == "3AA-B"


def test_a_company_that_cannot_be_made_is_rejected_in_esets_words(plugin: Eset, server: responses.RequestsMock) -> None:
    answers(server, "Search/Companies", {"search": []})
    answers(server, "Company/Create/customer", {"address": ["The State field is required."]}, status=400)
    with pytest.raises(Rejected, match="refuses L-1: address: The State field is required"):
        plugin.on_order(LICENCE)


def test_ordered_already_but_not_to_be_found_is_rejected_and_not_ordered_again(
    plugin: Eset, server: responses.RequestsMock
) -> None:
    answers(server, "Search/Companies", {"search": [OURS]}, {"search": []})
    answers(server, "Search/Licenses", {"search": []})
    answers(server, "License/Order", {"code": 8, "subCode": 20}, status=400)
    with pytest.raises(Rejected, match="it is ordered already"):
        plugin.on_order(LICENCE)
    assert len(sent(server, "License/Order")) == 1


@pytest.mark.parametrize("ordered", [{}, {"key": "3AA-B"}, None, 7])
def test_an_order_without_a_key_in_its_answer_leaves_the_outcome_unknown(
    plugin: Eset, server: responses.RequestsMock, ordered: Any
) -> None:
    answers(server, "Search/Companies", {"search": []})
    answers(server, "Company/Create/customer", "c")
    answers(server, "License/Order", ordered)
    with pytest.raises(OutcomeUnknown, match="License/Order L-1"):
        plugin.on_order(LICENCE)


@pytest.mark.parametrize("answer", [{}, {"companies": None}, {"search": [1]}, {"search": [{"quantity": 1}]}, "x", None])
def test_a_list_that_is_none_is_never_an_empty_one(plugin: Eset, server: responses.RequestsMock, answer: Any) -> None:
    answers(server, "Search/Companies", answer)
    with pytest.raises(Unavailable, match="Search/Companies L-1: the answer cannot be read"):
        plugin.read_licence(LICENCE)


def test_a_licence_in_an_unknown_state_is_neither_active_nor_gone(plugin: Eset, server: responses.RequestsMock) -> None:
    answers(server, "License/Detail", {**ROW, "State": 9})
    with pytest.raises(Unavailable, match="License/Detail L-1"):
        plugin.read_licence(_known())


@pytest.mark.parametrize("status", [403, 404])
def test_a_licence_that_eset_does_not_have_is_looked_for_by_our_key(
    plugin: Eset, server: responses.RequestsMock, status: int
) -> None:
    answers(server, "License/Detail", {"message": "Forbidden"}, status=status)
    answers(server, "Search/Companies", {"search": []})
    assert plugin.read_licence(_known()).state is SeenState.ABSENT


def test_a_login_that_is_a_bad_request_pauses_the_vendor(plugin: Eset) -> None:
    with responses.RequestsMock() as mock:
        mock.post(f"{API}Token/Get", json={"message": "invalid s3cret"}, status=400)
        with pytest.raises(Unauthorised, match=r"ESET does not take the login\. .*Check login and password") as caught:
            plugin.read_licence(LICENCE)
    assert "s3cret" not in f"{caught.value} {caught.value.answer}"


@pytest.mark.parametrize(
    "body", ['{"accessToken": "t0ken', "[]", '{"expiresIn": 1}', '{"accessToken": "t0ken", "expiresIn": "x"}']
)
def test_a_token_that_cannot_be_read_is_asked_for_later_and_told_nobody(plugin: Eset, body: str) -> None:
    with responses.RequestsMock() as mock:
        mock.post(f"{API}Token/Get", body=body)
        with pytest.raises(Unavailable, match="Token/Get: the answer cannot be read") as caught:
            plugin.read_licence(LICENCE)
    assert "t0ken" not in caught.value.answer + "".join(traceback.format_exception(caught.value))


def test_a_server_that_echoes_the_token_has_it_starred(plugin: Eset, server: responses.RequestsMock) -> None:
    answers(server, "License/Suspend", {"message": "Bearer t0ken and r3fresh and s3cret are wrong"}, status=400)
    with pytest.raises(Rejected, match=r"Bearer \* and \* and \* are wrong") as caught:
        plugin.on_block(_known())
    assert "t0ken" not in caught.value.answer


def test_what_is_told_of_an_outage_holds_no_token_either(plugin: Eset, server: responses.RequestsMock) -> None:
    answers(server, "License/Suspend", {"message": "Bearer t0ken"}, status=500)
    with pytest.raises(OutcomeUnknown) as caught:
        plugin.on_block(_known())
    assert caught.value.answer == '{"message": "Bearer *"}'


def test_a_list_that_moved_while_it_was_read_is_read_again(plugin: Eset, server: responses.RequestsMock) -> None:
    other = {**ROW, "PublicLicenseKey": "3AA-C", "ProductCode": "102"}
    paging = {"Paging": {"TotalCount": 2}}
    answers(server, "Search/Companies", {"search": [OURS]}, {"search": []})
    moved = [{"Search": [other], **paging}, {"Search": [other], **paging}]
    answers(server, "Search/Licenses", *moved, {"Search": [other, ROW], **paging})
    assert plugin.read_licence(LICENCE).reference == "3AA-B"


def test_a_list_that_ignores_skip_comes_to_an_end(plugin: Eset, server: responses.RequestsMock) -> None:
    server.get(f"{API}User/Current", json={"company": {"companyID": "own"}})
    answers(server, "Search/Licenses", {"search": [ROW]})
    answers(server, "Company/Children", {"companies": [OURS]})
    found = [each for page in plugin.list_licences() for each in page]
    assert [(each.key, each.reference) for each in found] == [("L-1", "3AA-B")]


def _fields(**changed: Any) -> dict[str, Any]:
    fields = {name: getattr(LICENCE, name) for name in LICENCE.__slots__}
    return {**fields, **changed}


def _known() -> LicenceView:
    return LicenceView(**_fields(reference="3AA-B"))
