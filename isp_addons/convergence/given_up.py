"""Vendor calls that were given up: shown to an admin, who may let them be tried again."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, select, update
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.problem import BadInput, NotFound
from isp_addons.store import audit, leases
from isp_addons.store.engine import Store
from isp_addons.store.tables import Licence


@dataclass(frozen=True, slots=True, kw_only=True)
class GivenUp:
    """One licence that nobody calls about any more, and why."""

    licence: str
    vendor: str
    account: str
    product: str
    seen: str
    wanted: str
    failure: str
    text: str


def given_up(store: Store, *, limit: int) -> list[GivenUp]:
    """What was given up, newest first."""
    query = leases.details(Licence.given_up_at.is_not(None)).order_by(Licence.given_up_at.desc(), Licence.id).limit(limit)
    with store.read() as session:
        return [
            GivenUp(
                licence=row.key,
                vendor=row.vendor,
                account=row.account,
                product=row.product,
                seen=row.seen_state,
                wanted=row.wanted_state,
                failure=row.failure or "",
                text=row.failure_text,
            )
            for row in session.execute(query)
        ]


def retry(store: Store, cause: Cause, *, keys: Sequence[str], vendor: str | None) -> int:
    """Let the licences of *keys*, or all that *vendor* refused, be tried again; returns how many.

    Raises `BadInput` unless one of the two is named, `NotFound` for a key or a vendor that no licence has.
    """
    if bool(keys) == (vendor is not None):
        raise BadInput("Say which licences, or --vendor NAME for all of a vendor.", code="nothing_named")
    chosen: ColumnElement[bool] = Licence.key.in_(keys) if keys else Licence.vendor == vendor
    with store.write() as session:
        known = set(session.scalars(select(Licence.key).where(Licence.key.in_(keys))))
        unknown = [key for key in keys if key not in known]
        if unknown:
            raise NotFound(f"There is no licence {', '.join(unknown)}.", code="unknown_licence")
        if vendor is not None and session.scalar(select(Licence.id).where(Licence.vendor == vendor).limit(1)) is None:
            raise NotFound(f"There is no licence of a vendor {vendor!r}; see: isp-addons vendors list", code="unknown_vendor")
        return try_again(session, cause, chosen)


def try_again(session: Session, cause: Cause, chosen: ColumnElement[bool]) -> int:
    """Give those of *chosen* that were given up a new chance; returns how many."""
    waiting = select(Licence.id).where(chosen, Licence.given_up_at.is_not(None))
    audit.record_all(
        session,
        cause,
        subject="licence",
        subject_id=Licence.id,
        field="given_up",
        before=Licence.failure,
        after=None,
        where=waiting,
    )
    result = session.execute(
        update(Licence)
        .where(chosen, Licence.given_up_at.is_not(None))
        .values(given_up_at=None, tries=0, failure=None, failure_text="", next_try_at=cause.at)
        .execution_options(synchronize_session=False)
    )
    return int(result.rowcount)  # type: ignore[attr-defined]
