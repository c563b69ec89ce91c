"""A space with a PRO, a user, six cameras and a bundle for four, on SQLite and on PostgreSQL."""

from dataclasses import dataclass
from datetime import UTC, date, datetime

import pytest

from isp_addons.billing.ledger import Ledger
from isp_addons.domain.catalogue import DatedPrices, Kind, ProductTerms
from isp_addons.domain.cause import Cause, Source
from isp_addons.domain.permission import Role
from isp_addons.domain.price_list import flat
from isp_addons.domain.subscription import Plan
from isp_addons.services import accounts, availability_file, availability_rules, catalogue, device_bundle, order, people, spaces
from isp_addons.services.context import Context
from isp_addons.services.customers import NewCustomer, create
from isp_addons.store.engine import Store
from isp_addons.vendor_api import Capabilities, SuspendKind

START = datetime(2026, 3, 1, tzinfo=UTC)
CAMERAS = tuple(f"CAM-{number}" for number in range(6))


@dataclass(frozen=True)
class Home:
    """One space, by its numbers; ``pro`` and ``user`` are people."""

    context: Context
    space: int
    bundle: int
    pro: int
    user: int

    def cause(self, person: int | None = None) -> Cause:
        return Cause(actor="test", source=Source.ADMIN, at=START, why="tested", person=person)


@pytest.fixture
def home(store: Store) -> Home:
    can = Capabilities(suspends=SuspendKind.STATE, endless=True, changes_quantity=True)
    context = Context(store=store, billing=Ledger(), capabilities={"ajax": can}.__getitem__)
    cause = Cause(actor="test", source=Source.ADMIN, at=START, why="opened")
    availability_rules.take_defaults(store, availability_file.defaults())
    availability_rules.change(context, cause, vendor="ajax", edit=availability_rules.with_delegation(date(2026, 1, 1)))
    accounts.open_account(context, cause, ref="42", balance=10_000)
    prices = (DatedPrices(date(1970, 1, 1), flat(600)),)
    sold = ProductTerms(code="cloud-4", name="Cloud", kind=Kind.DEVICE, vendor="ajax", prices=prices, most=4)
    catalogue.take(context, cause, [sold])
    wanted = order.Order(account="42", product="cloud-4", plan=Plan.RECURRING, key="first")
    bundle = order.place(context, cause, wanted)
    people_of = [
        create(
            context, cause, NewCustomer(company=name, main=people.NewPerson(email=email, name=name, role=role, invite=False))
        )
        for name, email, role in (("Guards", "pro@guards.example", Role.PRO), ("Home", "anna@home.example", Role.END_USER))
    ]
    space = spaces.create(context, cause, account="42", vendor="ajax", country="UA")
    for email in ("pro@guards.example", "anna@home.example"):
        spaces.join(context, cause, space_id=space, email=email, full_rights=True)
    for camera in CAMERAS:
        device_bundle.add_to_space(context, cause, space_id=space, ref=camera, kind="IndoorCam")
    pro, user = (each.person for each in people_of)
    return Home(context=context, space=space, bundle=bundle, pro=pro, user=user)
