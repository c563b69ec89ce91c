"""The Kaspersky Subscription Service over HTTP: containers of items, every failure a `VendorError`.

Source: Kaspersky Subscription Service, UPI 2.0 (WSDL). What each item means is told in `items`; answers in `answers`.
"""

import logging
import uuid
from collections.abc import Mapping, Sequence
from typing import Any
from xml.sax.saxutils import escape

from isp_addons.vendor_api import Clock, OutcomeUnknown, Unauthorised, Unavailable, VendorError
from isp_addons.vendor_api.http import VendorSession, star
from isp_addons_kaspersky import items
from isp_addons_kaspersky.answers import (
    UNKNOWN_SUBSCRIBER,
    Answer,
    Unreadable,
    hide,
    read_answer,
    refusal,
    transaction_error,
)
from isp_addons_kaspersky.certificate import certificate_refused
from isp_addons_kaspersky.items import Item, Kind, Platform
from isp_addons_kaspersky.options import KasperskyOptions
from isp_addons_kaspersky.soap import HEADERS, Soap
from isp_addons_kaspersky.translate import Subscription, read_subscription

log = logging.getLogger(__name__)

_TEXT_SHOWN = 300


class KasperskyClient:
    """Speaks to one account. Safe to share between threads: each has its own connection."""

    def __init__(self, options: KasperskyOptions, *, clock: Clock) -> None:
        self._options = options
        self._clock = clock
        password = options.password.get_secret_value()
        self._secrets = (password, escape(password), escape(password, {'"': "&quot;", "'": "&apos;"}))
        self._soap = Soap(user_name=options.user_name, password=password)
        self._session = VendorSession(
            options.url,
            certificate=options.certificate,
            clock=clock,
            timeout=options.timeout,
            verify=options.verify,
            secrets=self._secrets,
            user_agent="kaspersky",
        )

    def close(self) -> None:
        """Close the connections of all threads."""
        self._session.close()

    def change(self, *asked: Item) -> Answer:
        """Have items done, all of one subscriber, in one container.

        Assumption: they are worked on in their order, as a public client relies on. Raises `Refused` when the first was refused
        and nothing was done; `OutcomeUnknown` when only a part was done, since the subscription must be read then.
        """
        action = _action(asked)
        answer = self._ask(asked, changes=True)
        if not answer.refused:
            return answer
        first = min(answer.refused)
        refused = refusal(asked[first], answer.refused[first], action=action)
        if not answer.done:
            raise refused
        did = " and ".join(asked[unit].kind for unit in sorted(answer.done))
        raise OutcomeUnknown(
            f"Kaspersky did {did}, but refuses {asked[first].kind} ({answer.refused[first]}).",
            action=action,
            hint="The subscription is read, then brought to what is wanted.",
        ) from refused

    def activate(self, item: Item, *, before: tuple[Item, ...] = ()) -> str:
        """Have a subscription made, after other items of it; returns the activation code. Raises as `change`."""
        code = self.change(*before, item).done[len(before)].ActivationCode
        if not code:
            raise self._unreadable("it has no activation code", "", action=_action((*before, item)), changes=True)
        return str(code)

    def look(self, subscriber_id: str, *, links: bool = False) -> Subscription | None:
        """What a subscription is, with its download links if the settings ask for them; None for one that is unknown."""
        asked = (items.get_info(subscriber_id), *(self._links_of(subscriber_id) if links else ()))
        action = _action(asked)
        answer = self._ask(asked, changes=False)
        if (error := answer.refused.get(0)) is not None:
            if error.code == UNKNOWN_SUBSCRIBER:
                return None
            raise refusal(asked[0], error, action=action)
        found = self._found_links(asked, answer, subscriber_id)
        try:
            return read_subscription(answer.done[0].Subscription, subscriber=subscriber_id, links=found)
        except (ValueError, OverflowError) as error_of_it:
            raise self._unreadable(str(error_of_it), "", action=action, changes=False) from None

    def look_at_all(self, subscriber_ids: Sequence[str]) -> dict[str, Subscription | None]:
        """What many subscriptions are, in one container; None for those that are unknown. Each item succeeds or fails alone."""
        asked = tuple(items.get_info(each) for each in subscriber_ids)
        action = f"GetInfo of {len(asked)} subscribers"
        answer = self._ask(asked, changes=False)
        found: dict[str, Subscription | None] = {}
        for unit, item in enumerate(asked):
            error = answer.refused.get(unit)
            if error is not None and error.code != UNKNOWN_SUBSCRIBER:
                raise refusal(item, error, action=action)
            try:
                told = None if error is not None else answer.done[unit].Subscription
                found[item.subscriber_id] = (
                    None if error is not None else read_subscription(told, subscriber=item.subscriber_id)
                )
            except (ValueError, OverflowError) as error_of_it:
                raise self._unreadable(str(error_of_it), "", action=action, changes=False) from None
        return found

    def download_links(self, subscriber_id: str) -> Mapping[str, str]:
        """The download links that the settings ask for. What comes of it, a subscription that was just ordered stands."""
        asked = self._links_of(subscriber_id)
        if not asked:
            return {}
        try:
            answer = self._ask(asked, changes=False)
        except VendorError as error:
            log.warning("the download links of %s could not be read: %s", subscriber_id, error)
            return {}
        return self._found_links(asked, answer, subscriber_id)

    def _links_of(self, subscriber_id: str) -> tuple[Item, ...]:
        language = self._options.language
        platforms = self._options.shown_platforms
        return tuple(items.get_download_links(subscriber_id, language=language, platform=each) for each in platforms)

    def _found_links(self, asked: tuple[Item, ...], answer: Answer, subscriber_id: str) -> Mapping[str, str]:
        """The links in an answer, such as ``download_windows``: the first of each platform. They are secret like a code."""
        for unit, error in answer.refused.items():
            if asked[unit].kind is Kind.GET_DOWNLOAD_LINKS:
                log.warning("no %s download link of %s: %s", asked[unit].details["Platform"], subscriber_id, error)
        told = {
            Platform(asked[unit].details["Platform"]): getattr(row.DownloadLinks, "DownloadLink", None) or ()
            for unit, row in answer.done.items()
            if asked[unit].kind is Kind.GET_DOWNLOAD_LINKS
        }
        return {f"download_{platform.lower()}": str(rows[0].Url) for platform, rows in told.items() if rows and rows[0].Url}

    def _ask(self, asked: tuple[Item, ...], *, changes: bool) -> Answer:
        """Send one container and read its answer; each has a TransactionId of its own."""
        action = _action(asked)
        body = self._soap.request(asked, transaction_id=str(uuid.uuid4()), at=self._clock.now())
        try:
            response = self._session.send("POST", "", action=action, changes=changes, data=body, headers=HEADERS)
        except VendorError as error:
            error.answer = hide(error.answer)
            if certificate_refused(error):
                raise self._no_certificate(action) from None
            raise
        try:
            container: Any = self._soap.read(response)
            problem = transaction_error(container, action=action, hidden=self._hidden)
            if problem is None:
                return read_answer(container, asked, hidden=self._hidden)
        except Unreadable as error:
            raise self._unreadable(str(error), response.text, action=action, changes=changes) from None
        raise problem

    def _unreadable(self, why: str, text: str, *, action: str, changes: bool) -> VendorError:
        kind = OutcomeUnknown if changes else Unavailable
        message = f"the answer of {self._options.url} cannot be read: {self._hidden(why)[:_TEXT_SHOWN]}."
        return kind(message, action=action, answer=self._hidden(text)[:_TEXT_SHOWN])

    def _hidden(self, text: str) -> str:
        """*text* with the password, activation codes and download links in it starred."""
        return star(hide(text), self._secrets)

    def _no_certificate(self, action: str) -> Unauthorised:
        ours = "the client certificate in cert_file" if self._options.cert_file else "us without a client certificate"
        hint = "Set cert_file and key_file to those that Kaspersky issued, then resume the vendor."
        return Unauthorised(f"{self._options.url} does not take {ours}.", action=action, hint=hint)


def _action(asked: tuple[Item, ...]) -> str:
    """How a container is named in messages, such as ``HardCancel+Activate ia7f3a-12-1``."""
    return f"{'+'.join(dict.fromkeys(item.kind.value for item in asked))} {asked[0].subscriber_id}"
