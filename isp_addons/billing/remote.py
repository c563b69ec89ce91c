"""A billing that lives elsewhere: what its reader says, written down for the rules."""

from collections.abc import Iterable, Sequence
from dataclasses import asdict
from datetime import datetime
from itertools import islice

from sqlalchemy import insert, select
from sqlalchemy.orm import Session

from isp_addons.billing.base import BillingReader, Funds, Gathered
from isp_addons.store import scratch
from isp_addons.store.tables import Account

_ROWS = 500


class RemoteBilling:
    """Reads the truth from a `BillingReader`; the add-ons' money is taken over there."""

    takes_money = False

    def __init__(self, reader: BillingReader) -> None:
        self._reader = reader

    def gather(self, refs: Sequence[str] | None, *, at: datetime) -> Gathered:
        """See `isp_addons.billing.base.Billing.gather`."""
        return Gathered(None if refs is None else tuple(refs), at, list(self._reader.funds(refs, at=at)))

    def fill(self, session: Session, gathered: Gathered) -> None:
        """See `isp_addons.billing.base.Billing.fill`."""
        fill_from(session, gathered.funds)

    def never_existed(self, session: Session, refs: Sequence[str]) -> list[str]:  # noqa: ARG002 - the billing's own database
        """See `isp_addons.billing.base.Billing.never_existed`."""
        return self._reader.never_existed(refs) if refs else []

    def check(self) -> tuple[str, ...]:
        """See `isp_addons.billing.base.Billing.check`."""
        return self._reader.check()

    def close(self) -> None:
        """See `isp_addons.billing.base.Billing.close`."""
        self._reader.close()


def fill_from(session: Session, funds: Iterable[Funds]) -> None:
    """Write *funds* into the scratch table, each under the account that we know it by; below 0 where we know none."""
    scratch.empty(session, scratch.funds)
    rows = iter(funds)
    unknown = 0
    while part := list(islice(rows, _ROWS)):
        known = dict(session.execute(select(Account.ref, Account.id).where(Account.ref.in_([each.ref for each in part]))).all())
        values = []
        for each in part:
            unknown -= each.ref not in known
            values.append({**asdict(each), "account_id": known.get(each.ref, unknown)})
        session.execute(insert(scratch.funds), values)
    scratch.know(session, scratch.funds)
