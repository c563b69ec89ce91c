"""Users and webhooks behind the host: whatever a plugin does, what comes out can be stored, or is a `VendorError`."""

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import pytest

from isp_addons.clock import SystemClock
from isp_addons.vendor import PluginFault, Vendor
from isp_addons.vendor_api import (
    Capabilities,
    Rejected,
    SuspendKind,
    Unauthorised,
    Unavailable,
    Unsupported,
    VendorContext,
    VendorEvent,
    VendorOptions,
    VendorPlugin,
    VendorUser,
    VendorWord,
    WebhookRequest,
    hookimpl,
)

ANNA = VendorUser(reference="7", account="42", email="anna@example.net", name="Anna")
REQUEST = WebhookRequest(headers={}, body=b"{}")


class Phones(VendorPlugin[VendorOptions]):
    """A vendor that says what it is told to say."""

    capabilities = Capabilities(suspends=SuspendKind.NONE, has_users=True)
    says: Callable[[], Any] = staticmethod(lambda: ())

    @hookimpl
    def list_users(self) -> Iterator[Sequence[VendorUser]]:
        answer: Iterator[Sequence[VendorUser]] = self.says()
        return answer

    @hookimpl
    def on_vendor_webhook(self, request: WebhookRequest) -> Sequence[VendorEvent]:  # noqa: ARG002 - the contract's name
        answer: Sequence[VendorEvent] = self.says()
        return answer


def _vendor(says: Callable[[], Any]) -> Vendor:
    plugin = Phones(VendorContext("phones", VendorOptions(), SystemClock()))
    plugin.says = says  # type: ignore[method-assign]
    return Vendor("phones", plugin, "1", secrets=["secret-word"])


def _listed(vendor: Vendor) -> list[VendorUser]:
    return [user for page in vendor.list_users() for user in page]


def _raising(error: BaseException) -> Callable[[], Any]:
    def say() -> Any:
        raise error

    return say


def _event(**changed: Any) -> VendorEvent:
    return VendorEvent(**{"key": "e1", "word": VendorWord.USER_CREATED, "user": ANNA, **changed})


def test_users_come_page_by_page() -> None:
    assert _listed(_vendor(lambda: iter([[ANNA], (ANNA, ANNA), []]))) == [ANNA] * 3


@pytest.mark.parametrize(
    "user",
    [
        "anna",
        VendorUser(reference="", account="42"),
        VendorUser(reference="7", account=""),
        VendorUser(reference="7" * 121, account="42"),
        VendorUser(reference="7", account="4" * 65),
        VendorUser(reference="7", account="42", email="a" * 255),
        VendorUser(reference="7", account="42", name="a" * 121),
        VendorUser(reference="7", account="42", name="a\x00"),
        VendorUser(reference="7", account="42", email="\ud800"),
        VendorUser(reference=7, account="42"),  # type: ignore[arg-type]
        VendorUser(reference="7", account="42", name=None),  # type: ignore[arg-type]
    ],
)
def test_a_user_that_cannot_be_stored_spoils_the_list_and_the_webhook(user: Any) -> None:
    with pytest.raises(PluginFault):
        _listed(_vendor(lambda: iter([[ANNA], [user]])))
    with pytest.raises(PluginFault):
        _vendor(lambda: [_event(user=user)]).webhook(REQUEST)


@pytest.mark.parametrize("answer", [None, [[ANNA]], iter([ANNA]), iter([iter([ANNA])])])
def test_what_is_no_list_of_pages_is_a_fault(answer: Any) -> None:
    with pytest.raises(PluginFault):
        _listed(_vendor(lambda: answer))


def test_a_list_that_breaks_off_raises() -> None:
    def pages() -> Iterator[list[VendorUser]]:
        yield [ANNA]
        raise Unavailable("the second page did not come")

    with pytest.raises(Unavailable):
        _listed(_vendor(pages))


def test_events_of_each_kind_pass() -> None:
    events = [_event(), _event(key="e" * 80, word=VendorWord.USER_DELETED)]
    events.append(VendorEvent(key="e3", word=VendorWord.LICENCE_CHANGED, licence_key="ia7-1-1"))

    assert list(_vendor(lambda: events).webhook(REQUEST)) == events


@pytest.mark.parametrize(
    "event",
    [
        "user_created",
        _event(key=""),
        _event(key="e" * 81),
        _event(key="e\x00"),
        _event(key=5),
        _event(word="user_created!"),
        _event(user=None),
        VendorEvent(key="e", word=VendorWord.LICENCE_CHANGED, user=ANNA),
        VendorEvent(key="e", word=VendorWord.LICENCE_CHANGED, licence_key="k" * 41),
    ],
)
def test_an_event_that_cannot_be_stored_is_a_fault(event: Any) -> None:
    with pytest.raises(PluginFault):
        _vendor(lambda: [event]).webhook(REQUEST)


@pytest.mark.parametrize("error", [Unauthorised("wrong token"), Rejected("no JSON"), Unsupported("no webhooks here")])
def test_what_a_plugin_says_of_a_call_passes_through(error: Exception) -> None:
    with pytest.raises(type(error)) as caught:
        _vendor(_raising(error)).webhook(REQUEST)

    assert caught.value is error


@pytest.mark.parametrize("error", [ZeroDivisionError("secret-word"), SystemExit(1), RecursionError()])
def test_a_defect_of_a_plugin_is_a_fault_without_its_secrets(error: BaseException) -> None:
    with pytest.raises(PluginFault) as caught:
        _vendor(_raising(error)).webhook(REQUEST)

    assert "secret-word" not in str(caught.value)


def test_a_plugin_without_the_hooks_does_not_support_them() -> None:
    class Bare(VendorPlugin[VendorOptions]):
        capabilities = Capabilities(suspends=SuspendKind.NONE)

    vendor = Vendor("bare", Bare(VendorContext("bare", VendorOptions(), SystemClock())), "1")
    with pytest.raises(Unsupported):
        vendor.webhook(REQUEST)
    with pytest.raises(Unsupported):
        _listed(vendor)
