"""What an answer container of the Kaspersky Subscription Service says, item by item. Pure: no network.

Source: Kaspersky Subscription Service, UPI 2.0 (WSDL): either a TransactionError and nothing was done, or items that were
done beside items that were refused, each with the UnitId of what was asked. Partial success is normal.
"""

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from isp_addons.vendor_api import Rejected, Unauthorised, VendorError
from isp_addons_kaspersky.items import Item
from isp_addons_kaspersky.translate import read_number

UNKNOWN_SUBSCRIBER = 5
"""There is no such subscriber. Known from a public client."""
WRONG_STATE = 202
"""The command is not allowed in the present state. Known from a public client, of Renew."""

Hidden = Callable[[str], str]
"""Stars in a text what nobody may read."""

_TEXT_SHOWN = 300
_CODE = re.compile(r'(ActivationCode\s*=\s*["\'])[^"\']*')
_LINK = re.compile(r'(\bUrl\s*=\s*["\'])[^"\']*')
_OF_THE_REQUEST = re.compile(r"transaction\s?id|unit\s?id|timestamp|xml|schema|container|duplicate|too many", re.IGNORECASE)


class Unreadable(ValueError):
    """An answer that says nothing that can be relied on; the text says why."""


class Refused(Rejected):
    """The service refused one item; nothing was done. ``code`` as the service gave it."""

    def __init__(self, message: str, *, code: int, action: str = "", hint: str = "") -> None:
        super().__init__(message, action=action, hint=hint)
        self.code = code


@dataclass(frozen=True, slots=True)
class ItemError:
    """Why one item was refused."""

    code: int
    text: str

    def __str__(self) -> str:
        return f"error {self.code}{f': {self.text}' if self.text else ''}"


@dataclass(frozen=True, slots=True)
class Answer:
    """What came of each item, in the order in which they were asked; an item is in one of the two."""

    done: Mapping[int, Any]
    refused: Mapping[int, ItemError]


def hide(text: str) -> str:
    """*text* with the activation codes and download links in it replaced by stars."""
    return _LINK.sub(r"\1*", _CODE.sub(r"\1*", text))


def read_answer(container: Any, items: Sequence[Item], *, hidden: Hidden = hide) -> Answer:
    """Pair an answer with what was asked; *hidden* stars what no text may tell.

    Raises `Unreadable` unless each item has exactly one answer, which is about its subscriber.
    """
    done: dict[int, Any] = {}
    refused: dict[int, ItemError] = {}
    seen: list[int] = []
    for name, told in _rows(container.SubscriptionResponse):
        unit = _unit(told, name, items, suffix="")
        seen.append(unit)
        done[unit] = told
    for name, told in _rows(container.SubscriptionError):
        unit = _unit(told, name, items, suffix="Error")
        seen.append(unit)
        refused[unit] = _error(told, hidden)
    if sorted(seen) != list(range(len(items))):
        raise Unreadable(f"it answers {len(seen)} items where {len(items)} were asked, or one twice")
    return Answer(done, refused)


def transaction_error(container: Any, *, action: str, hidden: Hidden = hide) -> VendorError | None:
    """The error of the whole container, if it has one: nothing was done.

    Its codes are not public. Assumption: one whose words speak of the request itself is `Rejected`; any other is about our
    access, so the vendor is paused and tried again later, and the admin reads the code and the words.
    """
    told = container.TransactionError
    if told is None:
        return None
    error = _error(told, hidden)
    if _OF_THE_REQUEST.search(error.text):
        hint = "Nothing was done. Report it with the plugin's version."
        return Rejected(f"Kaspersky does not take the request ({error}).", action=action, hint=hint)
    hint = "Check user_name, password and the client certificate in the vendor's section, then resume the vendor."
    return Unauthorised(f"Kaspersky refused the whole request ({error}).", action=action, hint=hint)


def refusal(item: Item, error: ItemError, *, action: str) -> Refused:
    """The refusal of one item as an error; the codes that are known say what they mean."""
    meaning = {
        UNKNOWN_SUBSCRIBER: "there is no such subscriber",
        WRONG_STATE: "not allowed in its present state",
    }.get(error.code, "")
    said = f"{error}{f' ({meaning})' if meaning and not error.text else ''}"
    return Refused(f"Kaspersky refuses {item.kind} for {item.subscriber_id} ({said}).", code=error.code, action=action)


def _rows(collection: Any) -> Iterable[tuple[str, Any]]:
    """The items of a collection by name; an empty or absent one has none."""
    for row in getattr(collection, "_value_1", None) or ():
        yield from row.items()


def _unit(told: Any, name: str, items: Sequence[Item], *, suffix: str) -> int:
    """Which of *items* is answered, from 0: they are sent with the UnitIds from 1."""
    unit = _number(told.UnitId, "UnitId") - 1
    if not 0 <= unit < len(items):
        raise Unreadable("it answers an item that was not asked")
    asked = items[unit]
    of_another = told.SubscriberId != asked.subscriber_id and not (suffix and told.SubscriberId is None)
    if name != f"{asked.kind}{suffix}" or of_another:
        raise Unreadable(f"it answers {name} where {asked.kind} of {asked.subscriber_id} was asked, or for another subscriber")
    return unit


def _number(told: str | None, name: str) -> int:
    try:
        return read_number(told, name=name)
    except ValueError as error:
        raise Unreadable(str(error)) from None


def _error(told: Any, hidden: Hidden) -> ItemError:
    words = " ".join((told.ErrorMessage or "").split())
    return ItemError(_number(told.ErrorCode, "ErrorCode"), hidden(words)[:_TEXT_SHOWN])
