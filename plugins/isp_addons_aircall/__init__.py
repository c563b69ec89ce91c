"""Aircall: users are read through its API, add-ons are bought and given in its dashboard by a person.

Source: Aircall public API v1 and v2: none of its calls knows licences or add-ons. So every step of a licence is an operator
task, and nothing can be read of one.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from typing import TYPE_CHECKING, Any, ClassVar

from isp_addons.vendor_api import (
    Capabilities,
    CheckReport,
    Done,
    Instructions,
    LicenceView,
    Outcome,
    Rejected,
    SuspendKind,
    VendorContext,
    VendorEvent,
    VendorOptions,
    VendorPlugin,
    VendorUser,
    WebhookRequest,
    hookimpl,
)
from isp_addons_aircall import webhooks
from isp_addons_aircall.client import AircallClient
from isp_addons_aircall.options import AircallOptions

if TYPE_CHECKING:
    from isp_addons_aircall.sandbox import AircallSandbox

__all__ = ["Aircall", "AircallOptions"]

_SCOPES = ("seat", "account")
_SHOWN = 2500


class Aircall(VendorPlugin[AircallOptions]):
    """One company. Products may name two options: ``add_on`` (its name in the dashboard) and ``scope`` (seat or account)."""

    Options: ClassVar[type[VendorOptions]] = AircallOptions
    capabilities = Capabilities(
        suspends=SuspendKind.STATE, changes_quantity=True, endless=True, has_users=True, ends_by_itself=False
    )

    def __init__(self, context: VendorContext[AircallOptions]) -> None:
        super().__init__(context)
        self._options = context.options
        self._client = AircallClient(context.options, clock=context.clock)
        self._instructions = Instructions(__name__)

    def close(self) -> None:
        """See `VendorPlugin.close`."""
        self._client.close()

    @classmethod
    def sandbox(cls, **settings: Any) -> AircallSandbox:
        """Make the stand-in; *settings* as `AircallSandbox` takes them: port, latency, api_token and more."""
        from isp_addons_aircall.sandbox import AircallSandbox

        return AircallSandbox(**settings)

    @hookimpl
    def on_order(self, licence: LicenceView) -> Outcome:
        """A person buys the add-on and switches it on for those who have a seat."""
        return self._tell("order", licence)

    @hookimpl
    def on_charge(self, licence: LicenceView) -> Outcome:
        """Nothing is to be done: Aircall's add-ons have no end of their own."""
        self._ours(licence)
        return Done()

    @hookimpl
    def on_block(self, licence: LicenceView) -> Outcome:
        """A person switches it off for those who have a seat; what was bought stays bought, seats stay reserved."""
        return self._tell("block", licence)

    @hookimpl
    def on_unblock(self, licence: LicenceView) -> Outcome:
        """A person switches it on again for those who have a seat."""
        return self._tell("unblock", licence)

    @hookimpl
    def on_change(self, licence: LicenceView, old_quantity: int) -> Outcome:
        """A person buys more or gives licences back; what is for the whole company has no quantity there."""
        if licence.options.get("scope") == "account":
            self._ours(licence)
            return Done()
        return self._tell("change", licence, old_quantity=old_quantity)

    @hookimpl
    def on_cancel(self, licence: LicenceView) -> Outcome:
        """A person removes the add-on from the plan."""
        return self._tell("cancel", licence)

    @hookimpl
    def list_users(self) -> Iterator[Sequence[VendorUser]]:
        """All users of the company; they belong to its account. Raises `Rejected` when the key belongs to another company."""
        self._company()
        return self._client.users()

    @hookimpl
    def check_vendor(self) -> CheckReport:
        """Ask for a pong and for the company. Raises `Rejected` when the key belongs to another company."""
        self._client.ping()
        company = self._company()
        found = [
            f"The API key belongs to {company['name']}: {company.get('users_count')} users, "
            f"{company.get('numbers_count')} numbers.",
            f"Its users belong to the account {self._options.account}.",
        ]
        if self._options.webhook_token is None:
            found.append("No webhook_token is set, so users are known from the daily list alone.")
        if self._options.url.startswith("http:"):
            found.append("The API token crosses the network unencrypted: use https.")
        elif not self._options.verify_tls:
            found.append("The server's certificate is not checked: set verify_tls = yes.")
        return CheckReport(tuple(found))

    @hookimpl
    def on_vendor_webhook(self, request: WebhookRequest) -> Sequence[VendorEvent]:
        """Users who came and went. Everything else that Aircall tells is no event."""
        token = self._options.webhook_token
        told = token.get_secret_value() if token is not None else None
        return webhooks.read(request.body, token=told, account=self._options.account)

    def _company(self) -> Mapping[str, Any]:
        company = self._client.company()
        if company["name"] != self._options.company:
            raise Rejected(
                f"the API key belongs to the company {company['name']!r}, not to {self._options.company!r}.",
                action="company",
                hint="Make the key in the dashboard of the right company, or correct company in the vendor's section.",
            )
        return company

    def _tell(self, task: str, licence: LicenceView, *, old_quantity: int | None = None) -> Outcome:
        """What a person is to do, in the language of the installation."""
        self._ours(licence)
        scope = licence.options.get("scope", "seat")
        if scope not in _SCOPES:
            raise Rejected(
                f"the product {licence.product} has scope = {scope}; it is one of {', '.join(_SCOPES)}.",
                action=f"{task} {licence.key}",
            )
        return self._instructions.tell(
            f"{task}_{scope}",
            language=self.context.language,
            company=self._options.company,
            account=licence.account,
            add_on=licence.options.get("add_on") or licence.product,
            quantity=licence.quantity,
            users=_joined(licence.users),
            free=max(licence.quantity - len(licence.users), 0),
            licence=licence.key,
            old_quantity=old_quantity,
        )

    def _ours(self, licence: LicenceView) -> None:
        if licence.account != self._options.account:
            raise Rejected(
                f"the vendor {self.context.name} is the company of account {self._options.account}, not of {licence.account}.",
                action=licence.key,
                hint="Sell the account a product of its own company's vendor.",
            )


def _joined(users: Sequence[str]) -> str:
    """The addresses in one line; of very many the first ones and how many more there are. A dash for nobody."""
    shown: list[str] = []
    for user in users:
        if sum(map(len, shown)) + 2 * len(shown) + len(user) > _SHOWN:
            return f"{', '.join(shown)} … (+{len(users) - len(shown)})"
        shown.append(user)
    return ", ".join(shown) or "-"
