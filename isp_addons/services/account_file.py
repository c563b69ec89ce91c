"""Files about all accounts for a vendor that takes them: how each account stands, the file on disk, whether it was uploaded.

Beside each file lies a note of the same name that ends in ``.accounts``: what the file says of each account, and when it was
uploaded. What a vendor has is what the newest uploaded file says, whatever was written since.
"""

import json
import os
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from decimal import Decimal
from itertools import groupby
from pathlib import Path
from typing import Any

from sqlalchemy import Select, and_, case, func, select

from isp_addons.domain.licence import WantedState
from isp_addons.domain.money import exponent
from isp_addons.domain.period import time_zone
from isp_addons.domain.problem import BadInput, NotFound, Problem, Refused, TryAgain
from isp_addons.domain.subscription import Status
from isp_addons.services.context import Context
from isp_addons.store import scratch
from isp_addons.store.tables import Account, Device, Licence, Subscription
from isp_addons.vendor_api.account_file import AccountFile, AccountStanding

_NOTE = ".accounts"
_USED = (Status.RUNNING.value, Status.ENDING.value)


@dataclass(frozen=True, slots=True, kw_only=True)
class Written:
    """A file on disk, what it says of each account, and when it was uploaded (None: not yet)."""

    path: Path
    vendor: str
    blocked: Mapping[str, bool]
    uploaded_at: datetime | None = None


def standings(context: Context, *, vendor: str, at: datetime) -> list[AccountStanding]:
    """Every account with a running subscription at *vendor*: blocked while any of its licences there is wanted suspended."""
    with context.store.read() as session:
        query = select(Account.ref).join(Subscription, Subscription.account_id == Account.id)
        query = query.join(Licence, Licence.subscription_id == Subscription.id).distinct()
        refs = list(session.scalars(query.where(Licence.vendor == vendor, Subscription.status.in_(_USED))))
    if not refs:
        return []
    gathered = context.billing.gather(refs, at=at)
    with context.store.read() as session:
        context.billing.fill(session, gathered)
        rows = session.execute(_query(vendor)).all()
    return [_standing(list(members), at) for _, members in groupby(rows, key=lambda row: row.ref)]


def store(folder: Path, file: AccountFile, *, vendor: str) -> Written:
    """Write *file* and its note into *folder*, whole or not at all. Raises `TryAgain` when one of that name is there."""
    path = folder / file.name
    written = Written(path=path, vendor=vendor, blocked=file.blocked)
    try:
        folder.mkdir(parents=True, exist_ok=True)
        _write_note(written)
        fresh = _fresh(folder, file.content)
        try:
            os.link(fresh, path)  # unlike a rename it never replaces a file that is there
        finally:
            fresh.unlink()
    except FileExistsError as error:
        raise TryAgain(f"There is a file {path} already; run the command again in a second.") from error
    except OSError as error:
        raise _no_folder(folder, error) from error
    return written


def find(folder: Path, name: str | None, *, vendor: str) -> Written:
    """The file called *name* in *folder*, or without a name the only one of *vendor* since the last that was uploaded.

    Raises `NotFound`, `BadInput` where several wait, and `Refused` (``file_over``) for one that a newer one has replaced.
    """
    notes = _since_last_upload(folder, vendor)
    if name is None:
        waiting = [note for note in notes if note.uploaded_at is None] or notes[-1:]
        if len(waiting) > 1:
            names = ", ".join(note.path.name for note in waiting[:5])
            raise BadInput(f"Several files wait ({names}); name the one that was uploaded.", code="unknown_file")
        if not waiting:
            raise NotFound(f"There is no file of the vendor {vendor} in {folder} yet.", code="unknown_file")
        return waiting[0]
    for note in notes:
        if note.path.name == name:
            return note
    if notes and notes[-1].path.name > name and _note_of(folder / name).exists():
        what = f"{notes[-1].path.name}, which is newer, was uploaded already"
        raise Refused(f"{what}; what {name} says is over.", code="file_over")
    raise NotFound(f"There is no file {name} of the vendor {vendor} in {folder}.", code="unknown_file")


def mark_uploaded(written: Written, *, at: datetime) -> None:
    """Note that the vendor has the file."""
    _write_note(written, uploaded_at=at)


def _since_last_upload(folder: Path, vendor: str) -> list[Written]:
    """The newest files of *vendor*, newest first, down to the last that was uploaded. Older ones are not even read."""
    try:
        names = sorted((each.name for each in folder.iterdir() if each.name.endswith(_NOTE)), reverse=True)
    except OSError as error:
        raise _no_folder(folder, error) from error
    found: list[Written] = []
    for note in (_read_note(folder / each) for each in names):
        if note.vendor == vendor and note.path.is_file():
            found.append(note)
            if note.uploaded_at is not None:
                break
    return found


def _query(vendor: str) -> Select[Any]:
    """One row for each device of each account, or one without a device."""
    held = func.max(case((Licence.wanted_state == WantedState.SUSPENDED.value, 1), else_=0)).label("held")
    licences = (
        select(Licence.subscription_id, held).where(Licence.vendor == vendor).group_by(Licence.subscription_id).subquery()
    )
    bought = (
        select(
            Subscription.account_id,
            func.sum(Subscription.price).label("fee"),
            func.max(licences.c.held).label("held"),
            func.min(Subscription.paid_until).label("paid_until"),
        )
        .join(licences, licences.c.subscription_id == Subscription.id)
        .where(Subscription.status.in_(_USED))
        .group_by(Subscription.account_id)
        .subquery()
    )
    device = and_(Device.account_id == Account.id, Device.vendor == vendor, Device.removed_at.is_(None))
    funds = scratch.funds.c
    return (
        select(
            Account.ref,
            Account.currency,
            Account.time_zone,
            bought.c.fee,
            bought.c.held,
            bought.c.paid_until,
            funds.balance,
            funds.period_end,
            Device.ref.label("device"),
        )
        .select_from(bought)
        .join(Account, Account.id == bought.c.account_id)
        .outerjoin(scratch.funds, funds.account_id == Account.id)
        .outerjoin(Device, device)
        .order_by(Account.ref, Device.ref)
    )


def _standing(rows: list[Any], at: datetime) -> AccountStanding:
    first = rows[0]
    due: datetime = first.paid_until or first.period_end or at
    return AccountStanding(
        account=first.ref,
        devices=tuple(row.device for row in rows if row.device is not None),
        fee=_whole(int(first.fee), first.currency),
        balance=None if first.balance is None else _whole(first.balance, first.currency),
        currency=first.currency,
        blocked=bool(first.held),
        paid_until=due.astimezone(time_zone(first.time_zone)).date(),
    )


def _whole(minor: int, currency: str) -> Decimal:
    return Decimal(minor).scaleb(-exponent(currency))


def _note_of(path: Path) -> Path:
    return path.with_name(path.stem + _NOTE)


def _write_note(written: Written, *, uploaded_at: datetime | None = None) -> None:
    told = {
        "file": written.path.name,
        "vendor": written.vendor,
        "blocked": dict(written.blocked),
        "uploaded_at": None if uploaded_at is None else uploaded_at.isoformat(),
    }
    note = _note_of(written.path)
    if uploaded_at is None and note.exists():
        raise FileExistsError(note)
    _fresh(written.path.parent, json.dumps(told, ensure_ascii=False, indent=1).encode()).replace(note)


def _read_note(note: Path) -> Written:
    try:
        told = json.loads(note.read_text(encoding="utf-8"))
        moment = told["uploaded_at"]
        return Written(
            path=note.with_name(told["file"]),
            vendor=told["vendor"],
            blocked={str(account): bool(blocked) for account, blocked in told["blocked"].items()},
            uploaded_at=None if moment is None else datetime.fromisoformat(moment),
        )
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise BadInput(
            f"The note {note} cannot be read ({error}); write a new file and upload that.", code="unknown_file"
        ) from error


def _fresh(folder: Path, content: bytes) -> Path:
    """A file of its own with *content*, on disk."""
    handle, name = tempfile.mkstemp(dir=folder, prefix=".new-")
    with os.fdopen(handle, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    return Path(name)


def _no_folder(folder: Path, error: OSError) -> Problem:
    return Problem(f"The folder {folder} cannot be used: {error.strerror}.", code="bad_folder")
