"""A house for the tests of convergence: a database, vendors that can be bent, a clock to turn, a loop to run."""

import secrets
import sqlite3
import threading
from collections.abc import Iterator, Mapping
from contextlib import closing, contextmanager
from copy import copy
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import insert, make_url, select, text, update

from isp_addons.clock import Clock, ReplayClock
from isp_addons.convergence import task_answers
from isp_addons.convergence.given_up import GivenUp, given_up
from isp_addons.convergence.loop import Convergence
from isp_addons.convergence.tally import Tally
from isp_addons.convergence.task_list import Task, TaskList
from isp_addons.convergence.vendor_state import Limits
from isp_addons.domain.cause import Cause, Source
from isp_addons.domain.hold import HoldOwner
from isp_addons.host import Host, VendorSection
from isp_addons.store import holds, schema, scratch, wants
from isp_addons.store.engine import Store
from isp_addons.store.leases import seconds
from isp_addons.store.tables import Account, Audit, Licence, Product, Subscription, VendorState
from isp_addons.vendor_api import SeenLicence, SeenState

PLUGINS = Path(__file__).with_name("plugins")
NOW = datetime(2026, 3, 10, 12, 0, tzinfo=UTC)
APRIL = datetime(2026, 4, 1, tzinfo=UTC)
ISP = "ib0b0"


class House:
    """One installation. ``vendors``: the vendors that are configured, with their options; a plugin bears its vendor's name."""

    def __init__(
        self,
        store: Store,
        *,
        vendors: Mapping[str, Mapping[str, Any]],
        clock: Clock | None = None,
        limits: Mapping[str, Limits] | None = None,
        plugins: Mapping[str, str] | None = None,
        plugins_dir: Path = PLUGINS,
    ) -> None:
        self.store = store
        self.clock: Any = clock or ReplayClock(NOW)
        finder = Host((), clock=self.clock, plugins_dir=plugins_dir)
        self._sections = [_section(finder, name, (plugins or {}).get(name, name), options) for name, options in vendors.items()]
        self._plugins_dir = plugins_dir
        self.host = Host(self._sections, clock=self.clock, plugins_dir=plugins_dir)
        self.convergence = Convergence(store, self.host, self.clock, limits or {})

    @property
    def fake(self) -> Any:
        """The plugin of the vendor ``fake``."""
        return self.host.vendor("fake").plugin

    def twin(self) -> "House":
        """A second worker of the same installation, with plugins of its own."""
        other = copy(self)
        other.host = Host(self._sections, clock=self.clock, plugins_dir=self._plugins_dir)
        other.convergence = replace(self.convergence, host=other.host)
        return other

    def close(self) -> None:
        self.host.close()

    def licence(self, name: str, *, vendor: str = "fake", wanted: str = "active", seen: str = "active", **columns: Any) -> str:
        """One licence behind one subscription of one account, all of that *name*; returns its key."""
        return self.licences([name], vendor=vendor, wanted=wanted, seen=seen, **columns)[0]

    def licences(
        self, names: list[str], *, vendor: str = "fake", wanted: str = "active", seen: str = "active", **columns: Any
    ) -> list[str]:
        """The same for many."""
        now = self.clock.now()
        keys = [f"{ISP}-{name}" for name in names]
        with self.store.write() as session:
            product = session.scalar(select(Product.id).where(Product.code == vendor))
            if product is None:
                values = {"code": vendor, "name": vendor, "vendor": vendor, "currency": "EUR", "options": {}}
                product = session.scalar(insert(Product).values(**values).returning(Product.id))
            accounts = [{"ref": name, "currency": "EUR", "time_zone": "UTC", "created_at": now} for name in names]
            session.execute(insert(Account), accounts)
            ids = dict(session.execute(select(Account.ref, Account.id)).all())
            common = {
                "product_id": product,
                "plan": "recurring",
                "status": "running",
                "quantity": 1,
                "price": 100,
                "priority": 1,
            }
            rows = [{**common, "account_id": ids[name], "key": name, "ordered_at": now} for name in names]
            session.execute(insert(Subscription), rows)
            subscriptions = dict(session.execute(select(Subscription.key, Subscription.id)).all())
            about = {"vendor": vendor, "wanted_state": wanted, "seen_state": seen, "next_try_at": now, **columns}
            session.execute(
                insert(Licence),
                [{**about, "key": key, "subscription_id": subscriptions[name]} for key, name in zip(keys, names, strict=True)],
            )
        there = getattr(self.host.vendor(vendor).plugin, "has", {}) if seen in ("active", "suspended") else {}
        there |= {key: SeenLicence(key=key, state=SeenState(seen)) for key in keys}
        return keys

    def want(self, key: str, **columns: Any) -> None:
        """Want something else of one licence, as a service does."""
        if "end" in columns:
            columns["wanted_end"] = seconds(columns.pop("end"))
        fresh = {"next_try_at": self.clock.now(), "tries": 0, "failure": None, "failure_text": "", "given_up_at": None}
        with self.store.write() as session:
            session.execute(update(Licence).where(Licence.key == key).values(**columns, **fresh))

    def block(self, *keys: str, owner: HoldOwner = HoldOwner.BILLING, since: datetime | None = None) -> None:
        """Put a hold; *since* in the future is how the forecast does it."""
        with self.store.write() as session:
            holds.choose(session, self._subscriptions(session, keys))
            session.execute(update(scratch.chosen).values(since=since))
            holds.put(session, self.cause("blocked"), owner=owner)

    def free(self, *keys: str, owner: HoldOwner = HoldOwner.BILLING) -> None:
        """Lift a hold."""
        with self.store.write() as session:
            holds.choose(session, self._subscriptions(session, keys))
            holds.lift(session, self.cause("paid"), owner=owner)

    def end(self, key: str) -> None:
        """The subscription is over."""
        with self.store.write() as session:
            scratch.empty(session, scratch.touched)
            (subscription,) = self._subscriptions(session, (key,))
            session.execute(insert(scratch.touched).values(subscription_id=subscription))
            session.execute(update(Subscription).where(Subscription.id == subscription).values(status="ended"))
            wants.rework(session, self.cause("cancelled"))

    def renew(self, key: str, until: datetime) -> None:
        """The next period was paid."""
        with self.store.write() as session:
            (subscription,) = self._subscriptions(session, (key,))
            session.execute(update(Subscription).where(Subscription.id == subscription).values(paid_until=until))
            scratch.empty(session, scratch.renewing)
            session.execute(insert(scratch.renewing).values(subscription_id=subscription, account_id=1, price=0))
            wants.follow_paid_until(session, self.cause("paid"))

    def converge(self, **options: Any) -> dict[str, Tally]:
        return self.convergence.once(**options)

    def later(self, **passed: float) -> None:
        """Turn the clock."""
        self.clock.moment += timedelta(**passed)

    def row(self, key: str) -> Any:
        """The licence as it is stored."""
        with self.store.read() as session:
            return session.scalars(select(Licence).where(Licence.key == key)).one()

    def states(self, *keys: str) -> list[tuple[str, str]]:
        """What is wanted and what was seen of licences."""
        return [(row.wanted_state, row.seen_state) for row in map(self.row, keys)]

    def given_up(self) -> list[GivenUp]:
        return given_up(self.store, limit=1000)

    @property
    def tasks(self) -> TaskList:
        return TaskList(store=self.store, language="en", due_in=timedelta(days=1))

    def waiting(self, **filters: Any) -> list[Task]:
        """What waits for a person."""
        return self.tasks.waiting(now=self.clock.now(), limit=1000, **filters)

    def confirm(self, key: str, **told: Any) -> bool:
        """A person did it at the vendor."""
        return task_answers.confirm(self.store, self.cause("did it"), licence=key, **told)

    def could_not(self, key: str, note: str = "no such customer") -> bool:
        return task_answers.could_not(self.store, self.cause("could not"), licence=key, note=note)

    def ask_again(self, key: str) -> None:
        task_answers.ask_again(self.store, self.cause("asked again"), licence=key)

    def leases(self) -> list[str]:
        """Who holds leases."""
        with self.store.read() as session:
            return list(session.scalars(select(Licence.lease_owner).where(Licence.lease_owner.is_not(None))))

    def vendor_row(self, name: str = "fake") -> Any:
        with self.store.read() as session:
            return session.scalars(select(VendorState).where(VendorState.name == name)).one_or_none()

    def audit(self, key: str) -> list[tuple[str, str | None, str | None]]:
        """The changes of one licence, oldest first: field, before, after."""
        about = self.row(key).id
        query = select(Audit.field, Audit.before, Audit.after).where(Audit.subject == "licence", Audit.subject_id == about)
        with self.store.read() as session:
            return [(row.field, row.before, row.after) for row in session.execute(query.order_by(Audit.id))]

    def cause(self, why: str) -> Cause:
        return Cause(actor="tester", source=Source.ADMIN, at=self.clock.now(), why=why)

    def _subscriptions(self, session: Any, keys: tuple[str, ...]) -> list[int]:
        return list(session.scalars(select(Licence.subscription_id).where(Licence.key.in_(keys))))


def _section(finder: Host, name: str, plugin: str, options: Mapping[str, Any]) -> VendorSection:
    found = finder.try_plugin_class(plugin)
    return VendorSection(name, plugin, True, found.Options.model_validate(options) if found else None)


def in_thread(work: Any) -> threading.Thread:
    """Run *work* beside the test."""
    thread = threading.Thread(target=work, daemon=True)
    thread.start()
    return thread


@contextmanager
def written_by_somebody(store: Store) -> Iterator[None]:
    """Somebody else writes and does not come to an end."""
    with store.write() as session:
        session.execute(
            text("UPDATE vendor_state SET reason = reason" if store.is_sqlite else "LOCK TABLE licence, vendor_state")
        )
        yield


class Databases:
    """Databases that are ready for use, each a copy of one that was made the long way."""

    def __init__(self, request: pytest.FixtureRequest, folder: Path) -> None:
        self._request = request
        self._folder = folder
        self._originals: dict[str, str] = {}
        self._copies: list[str] = []

    def fresh(self, kind: str) -> str:
        """The address of a new one; *kind* is sqlite or postgresql."""
        return self.copy(self._original(kind))

    def copy(self, original: str) -> str:
        """The address of a copy of *original*, which nobody uses now."""
        if original.startswith("sqlite"):
            copy = self._folder / f"{secrets.token_hex(6)}.db"
            source, target = sqlite3.connect(str(make_url(original).database)), sqlite3.connect(copy)
            with closing(source), closing(target):
                source.backup(target)
            return f"sqlite:///{copy}"
        url: str = self._request.getfixturevalue("postgresql_server").new_database(template=make_url(original).database)
        self._copies.append(url)
        return url

    def drop(self, *urls: str) -> None:
        """Drop those copies that lie on a server, or all of them."""
        for url in [each for each in self._copies if each in urls or not urls]:
            self._request.getfixturevalue("postgresql_server").drop_database(url)
            self._copies.remove(url)

    def _original(self, kind: str) -> str:
        if kind not in self._originals:
            empty = f"sqlite:///{self._folder / 'original.db'}"
            url = empty if kind == "sqlite" else self._request.getfixturevalue("postgresql_server").new_database()
            store = Store(url)
            schema.upgrade(store)
            store.close()
            self._originals[kind] = url
        return self._originals[kind]
