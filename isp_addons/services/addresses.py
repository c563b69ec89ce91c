"""A customer's name, address and VAT id. Invoices copy them when they are made: what is corrected counts for later ones."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from sqlalchemy.orm import Session

from isp_addons.domain.address import Address, check, check_billing
from isp_addons.domain.cause import Cause
from isp_addons.domain.customer import Action
from isp_addons.domain.permission import Permission
from isp_addons.domain.text import parse_line
from isp_addons.domain.vat import parse_vat_id
from isp_addons.services import access, customers
from isp_addons.services.context import Context
from isp_addons.services.idempotency import once
from isp_addons.store.tables import Customer


@dataclass(frozen=True, slots=True, kw_only=True)
class Wanted:
    """A customer's data as they are to be. ``billing``: the lines of another billing address; None: the company's own.

    ``company`` None: as it is.
    """

    address: Address
    vat_id: str = ""
    company: str | None = None
    billing: Mapping[str, str | None] | None = None


def change(context: Context, cause: Cause, wanted: Wanted, *, customer_id: int, key: str | None = None) -> bool:
    """Replace name, address and VAT id; False: no change. Who looks after a managed customer may, and the customer himself.

    Raises `BadInput` (``vat_id_required``, ``bad_vat_id``, ``vat_country_mismatch``, ``billing_address_missing``, …) and
    `Refused` (``self_service``).
    """
    address = check(wanted.address)
    billing = asdict(check_billing(wanted.billing)) if wanted.billing is not None else {}
    vat_id = parse_vat_id(wanted.vat_id, country=address.country, home=context.taxes.home)
    if wanted.company is not None:
        parse_line(wanted.company, name="company", most=120)
    lines = asdict(address)
    country = lines.pop("country")
    values = {"country": country, "vat_id": vat_id, "address": lines, "billing_address": billing}
    if wanted.company is not None:
        values["company"] = wanted.company
    with context.store.write() as session:
        return once(
            session,
            cause,
            key=key,
            what="address",
            arguments={"customer": customer_id, **values},
            do=lambda: _replace(session, cause, customer_id, values),
            write=lambda changed: {"changed": changed},
            read=lambda said: bool(said["changed"]),
        )


def _replace(session: Session, cause: Cause, customer_id: int, values: Mapping[str, object]) -> bool:
    customer = _customer(session, cause, customer_id)
    changed = {name: value for name, value in values.items() if getattr(customer, name) != value}
    for name, value in changed.items():
        customers.record(session, cause, customer_id, field=name, before=_told(getattr(customer, name)), after=_told(value))
        setattr(customer, name, value)
    return bool(changed)


def _customer(session: Session, cause: Cause, customer_id: int) -> Customer:
    """The customer, locked: his own people may, and who looks after a managed one."""
    access.require_customer(session, cause, Permission.EDIT_ADDRESS, customer_id=customer_id)
    if access.own_customer(session, cause) != customer_id:
        return customers.for_action(session, cause, Action.ADDRESS, customer_id=customer_id)
    return access.customer(session, customer_id, lock=True)


def _told(value: object) -> str:
    return ", ".join(map(str, value.values())) if isinstance(value, dict) else str(value)
