"""The composition root: puts settings, clock, store, billing and vendors together, each made when first needed."""

import dataclasses
import logging
import os
from collections.abc import Mapping
from datetime import timedelta
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from isp_addons.clock import Clock, ReplayClock, SystemClock
from isp_addons.domain.cause import Cause, Source
from isp_addons.domain.event import Event, parse_account, parse_word
from isp_addons.domain.problem import BadInput
from isp_addons.domain.text import parse_line

if TYPE_CHECKING:
    from datetime import datetime

    from isp_addons.billing.base import Billing
    from isp_addons.convergence.loop import Convergence
    from isp_addons.convergence.task_list import TaskList
    from isp_addons.host import Host
    from isp_addons.payments.sandbox import SandboxCards
    from isp_addons.services.context import Context, CustomerRules, MailRules, PaymentRules
    from isp_addons.services.taxes import Taxes
    from isp_addons.settings import Settings
    from isp_addons.store.engine import Store
    from isp_addons.vendor_api import Capabilities, VendorOptions, VendorPlugin
    from isp_addons.workers.mail_out import MailOut

log = logging.getLogger(__name__)

PLACES = ("isp-addons.ini", "/etc/isp-addons/isp-addons.ini")
"""Where the configuration is looked for, after ``--config`` and the environment variable ``ISP_ADDONS_CONFIG``."""


def configuration(path: Path | None = None) -> Path:
    """The configuration file to use: the given one, the environment's, or the first that exists of the usual places."""
    named = path or os.environ.get("ISP_ADDONS_CONFIG")
    if named:
        return Path(named)
    return next((Path(place) for place in PLACES if Path(place).exists()), Path(PLACES[0]))


class App:
    """One installation of isp-addons, as its configuration describes it."""

    def __init__(self, config: Path | None = None, *, at: "datetime | None" = None) -> None:
        self._config = config
        self.clock: Clock = ReplayClock(at) if at is not None else SystemClock()

    @cached_property
    def settings(self) -> "Settings":
        """The checked configuration. Raises `ConfigProblem` with every problem found."""
        from isp_addons.settings import load

        return load(configuration(self._config))

    @cached_property
    def store(self) -> "Store":
        """The database, which is of exactly this version."""
        from isp_addons.store.schema import check_version

        check_version(self.unchecked_store)
        return self.unchecked_store

    @cached_property
    def unchecked_store(self) -> "Store":
        """The database, of whatever version it is: for ``init``."""
        from isp_addons.store.engine import Store

        return Store(self.settings.database.url)

    @cached_property
    def host(self) -> "Host":
        """Every configured vendor. A wrong option stops here with file and line; a plugin that does not load is listed."""
        from isp_addons.host import Host, VendorSection

        finder = Host((), clock=self.clock, plugins_dir=self.settings.general.plugins_dir)
        checked = self._checked_options(finder)
        sections = [
            VendorSection(each.name, each.plugin, each.enabled, checked.get(each.name))
            for each in self.settings.vendors.values()
        ]
        return Host(
            sections,
            clock=self.clock,
            plugins_dir=self.settings.general.plugins_dir,
            language=self.settings.operator_tasks.language.value,
            load_errors=finder.load_errors,
        )

    def _checked_options(self, finder: "Host") -> "Mapping[str, VendorOptions]":
        from isp_addons.settings import check_vendor_options, vendor_warnings

        classes: dict[str, type[VendorPlugin[Any]]] = {}
        for name in {vendor.plugin for vendor in self.settings.vendors.values() if vendor.enabled}:
            found = finder.try_plugin_class(name)
            if found is not None:
                classes[name] = found
        loadable = {n: v for n, v in self.settings.vendors.items() if v.enabled and v.plugin in classes}
        for warning in vendor_warnings(self.settings, classes.get):
            log.warning("%s", warning)
        return check_vendor_options(dataclasses.replace(self.settings, vendors=loadable), classes.get)

    @cached_property
    def billing(self) -> "Billing":
        """Where the money lives."""
        from isp_addons.settings import Adapter

        if self.settings.billing.adapter is Adapter.LEDGER:
            from isp_addons.billing.ledger import Ledger

            return Ledger()
        from isp_addons.billing.remote import RemoteBilling
        from isp_addons.billing.utm5 import Utm5Reader

        return RemoteBilling(Utm5Reader(str(self.settings.billing.url), currency=self.settings.general.currency))

    @cached_property
    def context(self) -> "Context":
        """What services work with."""
        from isp_addons.domain.reseller import ResellerRules
        from isp_addons.services.context import Context, ForecastRules

        forecast = self.settings.forecast
        return Context(
            store=self.store,
            billing=self.billing,
            capabilities=self._capabilities,
            rules=ForecastRules(
                policy=forecast.policy,
                brake_share=forecast.brake_share,
                brake_minimum=forecast.brake_minimum,
                reminder_lead=timedelta(days=forecast.reminder_days),
                lead=timedelta(hours=forecast.lead_hours),
            ),
            currency=self.settings.general.currency,
            time_zone=str(self.settings.general.time_zone),
            mail=self._mail_rules,
            customers=self._customer_rules,
            payments=self._payments,
            taxes=self._taxes,
            resellers=ResellerRules(
                contact=self.settings.resellers.contact, with_admin=self.settings.resellers.discount_with_customer_admin
            ),
        )

    @property
    def _payments(self) -> "PaymentRules":
        from isp_addons.services.context import PaymentRules

        payments = self.settings.payments
        return PaymentRules(
            cards=self.card_sandbox,
            distributor_beside_card=payments.distributor_beside_card,
            purchase=timedelta(hours=payments.purchase_hours),
            transfer=timedelta(days=payments.transfer_days),
            reminder=timedelta(days=payments.reminder_days),
            renewal=timedelta(days=payments.renewal_days),
        )

    def card_sandbox(self) -> "SandboxCards":
        """Who takes cards, and no money. Raises `Refused` (``card_not_configured``), `ConfigProblem`."""
        from isp_addons.payments.sandbox import SandboxCards
        from isp_addons.settings import require_card_keys

        require_card_keys(self.settings)
        return SandboxCards(self.settings.payments.sandbox_file)

    @property
    def mail_out(self) -> "MailOut":
        """What sends the mail that waits. Raises `Refused` (``mail_not_configured``)."""
        from isp_addons.services.mail import require_configured
        from isp_addons.settings.values import resolve
        from isp_addons.workers.mail_out import MailOut
        from isp_addons.workers.smtp import MailServer

        require_configured(self.context)
        mail, folder = self.settings.mail, self.settings.path.parent
        server = MailServer(
            host=str(mail.host),
            port=mail.port,
            security=mail.security.value,
            sender=str(mail.sender),
            timeout=mail.timeout_seconds,
            ca_file=mail.ca_file,
            login=mail.login,
            password=lambda: resolve(mail.password or "", folder),
        )
        return MailOut(self.store, server)

    @property
    def _mail_rules(self) -> "MailRules | None":
        from isp_addons.services.context import MailRules

        mail = self.settings.mail
        if not mail.host:
            return None
        return MailRules(language=mail.language.value, link=mail.link or "", to_members=mail.to_members)

    @property
    def _taxes(self) -> "Taxes":
        from isp_addons.domain.vat import parse_rates
        from isp_addons.services.taxes import FixedTaxes, NoTaxes

        home, rates = self.settings.vat.home_country, parse_rates(self.settings.vat.rates)
        return FixedTaxes(home=home, rates=rates) if rates else NoTaxes(home=home)

    @property
    def _customer_rules(self) -> "CustomerRules":
        from isp_addons.services.context import CustomerRules

        customers = self.settings.customers
        return CustomerRules(
            registration=customers.registration,
            invitation=timedelta(days=customers.invitation_days),
            login=timedelta(hours=customers.login_hours),
        )

    @cached_property
    def convergence(self) -> "Convergence":
        """The loop that makes the vendors agree."""
        from isp_addons.convergence.loop import Convergence
        from isp_addons.convergence.vendor_state import Limits

        limits = {
            name: Limits(
                concurrency=vendor.concurrency,
                rate_per_second=vendor.rate_per_second,
                breaker_failures=vendor.breaker_failures,
                breaker_pause=timedelta(seconds=vendor.breaker_seconds),
            )
            for name, vendor in self.settings.vendors.items()
        }
        return Convergence(self.store, self.host, self.clock, limits, task_due=self._task_due)

    @property
    def tasks(self) -> "TaskList":
        """What waits for a person."""
        from isp_addons.convergence.task_list import TaskList

        return TaskList(store=self.store, language=self.settings.operator_tasks.language.value, due_in=self._task_due)

    def cause(self, why: str, *, actor: str, source: Source = Source.ADMIN, person: int | None = None) -> Cause:
        """Why something changes now."""
        return Cause(actor=actor, source=source, at=self.clock.now(), why=why, person=person)

    def close(self) -> None:
        """Let go of whatever was opened."""
        for name in ("host", "billing", "unchecked_store"):
            if name in self.__dict__:
                self.__dict__[name].close()

    @property
    def _task_due(self) -> timedelta:
        return timedelta(hours=self.settings.operator_tasks.due_hours)

    def _capabilities(self, vendor: str) -> "Capabilities":
        return self.host.vendor(vendor).capabilities


def receive(event: Mapping[str, str], *, config: Path | None = None) -> bool:
    """Store one event of a billing durably; the worker handles it. Returns False when its key was known already.

    *event* names ``word``, ``account`` and ``key`` (unique), and may name ``amount``, ``tariff`` and others. Raises `Problem`:
    `BadInput` for what cannot be meant, `TryAgain` when the database stays busy.
    """
    from isp_addons.services import inbox

    details = {name: str(value) for name, value in event.items() if name not in ("word", "account", "key")}
    missing = [name for name in ("word", "account", "key") if not event.get(name)]
    if missing:
        raise BadInput(f"The event does not say {', '.join(missing)}.", code="bad_event")
    checked = Event(
        key=f"key:{parse_line(event['key'], name='key', most=128)}",
        word=parse_word(event["word"]),
        account=parse_account(event["account"]),
        source="python",
        details=details,
    )
    app = App(config)
    try:
        return inbox.store_now(app.context, app.cause("an event", actor="python", source=Source.HOOK), checked)
    finally:
        app.close()
