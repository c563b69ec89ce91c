"""One enabled vendor: its plugin's hooks, called one by one, whatever the plugin does."""

import logging
import traceback
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import fields
from datetime import datetime, timedelta
from typing import Any, TypeVar

import pluggy

from isp_addons import hookspecs
from isp_addons.domain.licence import Step
from isp_addons.domain.split import MOST_PARTS, is_name
from isp_addons.vendor_api import (
    Capabilities,
    CheckReport,
    Done,
    LicenceView,
    NeedsOperator,
    Outcome,
    OutcomeUnknown,
    Pending,
    RateLimited,
    SeenLicence,
    SeenState,
    Unsupported,
    VendorError,
    VendorEvent,
    VendorPlugin,
    VendorUser,
    VendorWord,
    WebhookRequest,
)
from isp_addons.vendor_api.http import star

log = logging.getLogger(__name__)

_LONGEST_REFERENCE = 120
_MOST = 2**31
_LONGEST_WAIT = timedelta(days=3650)
_LONGEST_KEY = 40
_END = object()
_READ_MANY = "read_licences"

LONGEST_EVENT_KEY = 80
"""A vendor's own key of an event may have so many characters."""

_USER = {"reference": _LONGEST_REFERENCE, "account": 64, "email": 254, "name": 120}
_NEEDED = ("reference", "account")

RowT = TypeVar("RowT")


def tell_fault(what: str, error: BaseException, *, secrets: Sequence[str] = ()) -> None:
    """Log an exception of a plugin: one line as an error, and where it happened at debug; *secrets* are starred in both."""
    said = " ".join(star(f"{type(error).__name__}: {error}", secrets).split())
    log.error("%s: %s", what, said)
    log.debug("%s: %s", what, star("".join(traceback.format_exception(error)), secrets))


class PluginFault(OutcomeUnknown):
    """The plugin itself failed: nothing is known of what was done, and it says nothing about how the vendor fares."""


class Vendor:
    """One enabled vendor. Its own plugin manager: a hook called here reaches this plugin and no other.

    Raises on creation what makes a plugin unusable: a misspelt hook, a wrong argument, no capabilities. *secrets* are starred
    in everything that the plugin says.
    """

    def __init__(self, name: str, plugin: VendorPlugin[Any], version: str, *, secrets: Sequence[str] = ()) -> None:
        self.name = name
        self.version = version
        self.plugin = plugin
        self._secrets = tuple(secrets)
        self._manager = pluggy.PluginManager("isp_addons")
        self._manager.add_hookspecs(hookspecs)
        self._manager.register(plugin, name)
        self._manager.check_pending()  # a misspelt hook would else be silent
        self.hooks = tuple(sorted(caller.name for caller in self._manager.get_hookcallers(plugin) or ()))
        self.capabilities = plugin.capabilities
        if not isinstance(self.capabilities, Capabilities):
            raise TypeError(f"its capabilities are not Capabilities but {type(self.capabilities).__name__}")

    @property
    def reads(self) -> bool:
        """Whether it can be asked what it has; where not, people serve it, and a lost answer of its plugin did nothing."""
        return Step.READ.value in self.hooks

    def do(self, step: Step, licence: LicenceView, *, old_quantity: int = 1) -> Outcome | SeenLicence:
        """Make the vendor call of *step*. Raises a `VendorError` and nothing else: what escapes a plugin is a `PluginFault`."""
        if step is Step.BEFORE_PERIOD_END and step.value not in self.hooks:
            step = Step.BLOCK
        arguments: dict[str, Any] = {"licence": licence}
        if step is Step.CHANGE:
            arguments["old_quantity"] = old_quantity
        answer = self._call(step.value, **arguments)
        expected = SeenLicence if step is Step.READ else (Done, Pending, NeedsOperator)
        if not isinstance(answer, expected):
            raise self._unfit(step.value, type(answer).__name__)
        self._check(step.value, answer)
        return answer

    def read(self, licence: LicenceView) -> SeenLicence:
        """What the vendor has under the licence's key."""
        answer = self.do(Step.READ, licence)
        assert isinstance(answer, SeenLicence)  # noqa: S101 - `do` has made sure of it
        return answer

    @property
    def reconciles(self) -> bool:
        """Whether what it has can be compared with ours: by its list, or by reading many licences at once."""
        return self.capabilities.lists or _READ_MANY in self.hooks

    def read_all(self, licences: Sequence[LicenceView]) -> dict[str, SeenLicence]:
        """What the vendor has of *licences*, by key; raises when one of them is not told."""
        found: dict[str, SeenLicence] = {}
        for start in range(0, len(licences), max(self.capabilities.batch, 1)):
            part = licences[start : start + max(self.capabilities.batch, 1)]
            answer = self._call(_READ_MANY, licences=part)
            if not isinstance(answer, Sequence) or not all(isinstance(each, SeenLicence) for each in answer):
                raise self._unfit(_READ_MANY, f"{type(answer).__name__}, not what it has of each licence")
            for each in answer:
                self._check(_READ_MANY, each)
            told = {each.key: each for each in answer}
            if len(answer) != len(part) or told.keys() != {each.key for each in part}:
                raise self._unfit(_READ_MANY, f"{len(told)} licences where {len(part)} were asked for")
            found |= told
        return found

    def list_licences(self) -> Iterator[Sequence[SeenLicence]]:
        """Page through all that the vendor has; raises when a page fails, so that a cut-off list is never taken for all."""
        return self._pages("list_licences", SeenLicence, self._check)

    def list_users(self) -> Iterator[Sequence[VendorUser]]:
        """Page through all users that the vendor has; raises when a page fails, as `list_licences` does."""
        return self._pages("list_users", VendorUser, self._check_user)

    def webhook(self, request: WebhookRequest) -> Sequence[VendorEvent]:
        """What a call of the vendor to us tells; the plugin has verified it. Raises a `VendorError` and nothing else."""
        events = self._call("on_vendor_webhook", request=request)
        if not isinstance(events, Sequence) or not all(isinstance(each, VendorEvent) for each in events):
            raise self._unfit("on_vendor_webhook", type(events).__name__)
        for event in events:
            self._check_event("on_vendor_webhook", event)
        return events

    def check(self) -> CheckReport:
        """Prove the settings with a harmless call."""
        report = self._call("check_vendor")
        if not isinstance(report, CheckReport):
            raise self._unfit("check_vendor", type(report).__name__)
        return report

    def close(self) -> None:
        """Let the plugin go of its connections. Whatever it raises is logged and stops nobody."""
        try:
            self.plugin.close()
        except Exception as error:  # noqa: BLE001 - a plugin may raise anything
            tell_fault(f"the plugin of vendor {self.name} does not close", error, secrets=self._secrets)

    def _pages(self, hook: str, kind: type[RowT], check: Callable[[str, RowT], None]) -> Iterator[Sequence[RowT]]:
        pages = self._call(hook)
        if not isinstance(pages, Iterator):
            raise self._unfit(hook, type(pages).__name__)
        while (page := self._guarded(hook, lambda: next(pages, _END))) is not _END:
            if not isinstance(page, Sequence):
                raise self._unfit(hook, f"a page of type {type(page).__name__}")
            for each in page:
                if not isinstance(each, kind):
                    raise self._unfit(hook, f"a page with {type(each).__name__}")
                check(hook, each)
            yield page

    def _call(self, hook: str, **arguments: Any) -> Any:
        if hook not in self.hooks:
            raise Unsupported(f"The plugin of vendor {self.name} has no {hook}.", action=hook)
        return self._guarded(hook, lambda: getattr(self._manager.hook, hook)(**arguments))

    def _guarded(self, hook: str, call: Callable[[], Any]) -> Any:
        try:
            return call()
        except VendorError as error:
            self._tidy(error)
            raise
        except KeyboardInterrupt:
            raise
        except BaseException as error:  # noqa: BLE001 - a plugin may raise anything, SystemExit too: everybody else goes on
            tell_fault(f"the plugin of vendor {self.name} raised in {hook}", error, secrets=self._secrets)
            message = star(f"The plugin of vendor {self.name} raised {type(error).__name__}: {error}", self._secrets)
            raise PluginFault(message, action=hook) from None

    def _tidy(self, error: VendorError) -> None:
        """Star what the plugin may have put into its error, and drop a date that cannot be worked with."""
        for name in ("message", "action", "answer", "hint"):
            setattr(error, name, star(str(getattr(error, name)), self._secrets))
        if isinstance(error, RateLimited) and not _aware(error.until):
            error.until = None

    def _check(self, hook: str, answer: Done | Pending | NeedsOperator | SeenLicence) -> None:
        for field in fields(answer):
            fits = _FITS.get(field.name)
            if fits is not None and not fits(getattr(answer, field.name)):
                told = f"{field.name}={getattr(answer, field.name)!r}" if field.repr else f"a value of {field.name}"
                raise self._unfit(hook, f"{type(answer).__name__} with {told}")

    def _check_user(self, hook: str, user: VendorUser) -> None:
        for name, most in _USER.items():
            value = getattr(user, name)
            if not _storable(value, most) or (name in _NEEDED and not value):
                raise self._unfit(hook, f"a user with {name}={value!r}")

    def _check_event(self, hook: str, event: VendorEvent) -> None:
        if not isinstance(event.word, VendorWord):
            raise self._unfit(hook, f"an event with word={event.word!r}")
        if not (event.key and _storable(event.key, LONGEST_EVENT_KEY)):
            raise self._unfit(hook, f"an event with key={event.key!r}")
        if event.word is VendorWord.LICENCE_CHANGED:
            if not (event.licence_key and _storable(event.licence_key, _LONGEST_KEY)):
                raise self._unfit(hook, f"an event about a licence with licence_key={event.licence_key!r}")
        elif not isinstance(event.user, VendorUser):
            raise self._unfit(hook, f"an event about a user with user={event.user!r}")
        else:
            self._check_user(hook, event.user)

    def _unfit(self, hook: str, what: str) -> PluginFault:
        said = star(what, self._secrets)
        return PluginFault(f"The plugin of vendor {self.name} answered {said}, which the contract does not know.", action=hook)


def _storable(value: object, most: int) -> bool:
    """Whether every database takes it as a text of at most *most* characters."""
    if not isinstance(value, str) or len(value) > most or "\x00" in value:
        return False
    return value.encode("utf-8", "replace").decode() == value


def _aware(value: object) -> bool:
    return value is None or (isinstance(value, datetime) and value.tzinfo is not None)


def _named(value: object) -> bool:
    return value is None or _storable(value, _LONGEST_REFERENCE)


def _is_split(value: object) -> bool:
    if not isinstance(value, Mapping) or len(value) > MOST_PARTS:
        return False
    return all(isinstance(name, str) and is_name(name) and type(n) is int and 0 <= n < _MOST for name, n in value.items())


def _soon(value: object) -> bool:
    return isinstance(value, timedelta) and timedelta(0) <= value <= _LONGEST_WAIT


_FITS: Mapping[str, Callable[[Any], bool]] = {
    "reference": _named,
    "account": _named,
    "state": lambda value: isinstance(value, SeenState),
    "quantity": lambda value: type(value) is int and 0 <= value < _MOST,
    "split": lambda value: value is None or _is_split(value),
    "paid_until": _aware,
    "suspended_from": _aware,
    "suspended_until": _aware,
    "poll_after": _soon,
    "instructions": lambda value: isinstance(value, str) and bool(value.strip()),
    "due_in": lambda value: value is None or _soon(value),
    "show": lambda value: isinstance(value, Mapping) and all(isinstance(each, str) for pair in value.items() for each in pair),
}
"""What is stored of an answer must be storable: checked here, since one bad answer would else spoil its whole batch."""
