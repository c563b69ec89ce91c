"""What the subscriber may see of a licence: an activation code, a download link."""

from collections.abc import Mapping

from sqlalchemy import select, update
from sqlalchemy.orm import Session

from isp_addons.store.tables import Licence


def keep(session: Session, *, licence_id: int, show: Mapping[str, str]) -> None:
    """Keep *show* with the licence; what it does not name anew stays."""
    before = session.scalar(select(Licence.show).where(Licence.id == licence_id)) or {}
    if before != {**before, **show}:
        session.execute(
            update(Licence)
            .where(Licence.id == licence_id)
            .values(show={**before, **show})
            .execution_options(synchronize_session=False)
        )
