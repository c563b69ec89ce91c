"""From the spool into the inbox, and from the inbox into holds and money: in batches, nothing lost, nothing twice."""

import threading
from dataclasses import dataclass, field, replace
from pathlib import Path

from isp_addons.domain.cause import Cause, Source
from isp_addons.services import inbox, vendor_users
from isp_addons.services.context import Context
from isp_addons.workers.spool import Spool

BATCH = 500
_MOST_BATCHES = 10_000


@dataclass(slots=True)
class Ingested:
    """What one pass did: events new to us, known already, handled; files refused, with reasons (at most 100)."""

    taken: int = 0
    known: int = 0
    handled: int = 0
    refused: int = 0
    reasons: list[str] = field(default_factory=list)


def ingest_all(context: Context, folder: Path, cause: Cause, *, stop: threading.Event | None = None) -> Ingested:
    """Take every spooled event in, then handle everything that waits in the inbox; between two batches *stop* ends it.

    A file is removed only after its event is committed: a crash in between means that the same file is met again, and its
    key is known. Raises `TryAgain` when the database stays busy; nothing is lost then.
    """
    result, stop = Ingested(), stop or threading.Event()
    take_in(context, Spool(folder), cause, result, stop)
    handle_waiting(context, cause, result, stop)
    return result


def take_in(context: Context, spool: Spool, cause: Cause, result: Ingested, stop: threading.Event) -> None:
    """Move whole events from the spool into the inbox and broken files out of the way."""
    if not spool.folder.exists():
        return
    for _ in range(_MOST_BATCHES):
        events, bad = spool.batch(BATCH, now=cause.at)
        if events:
            with context.store.write() as session:
                new = inbox.receive(session, cause, [each.event for each in events])
            spool.done([each.path for each in events])
            result.taken += new
            result.known += len(events) - new
        for each in bad:
            spool.refuse(each)
            result.refused += 1
            result.reasons = [*result.reasons, each.reason][:100]
        if stop.is_set() or not (events or bad):
            return


def handle_waiting(context: Context, cause: Cause, result: Ingested, stop: threading.Event) -> None:
    """Handle the inbox until nothing waits: what the billing said, and what vendors said."""
    told = replace(cause, source=Source.VENDOR, why="a vendor said so")
    for _ in range(_MOST_BATCHES):
        handled = len(inbox.handle(context, cause, limit=BATCH)) + vendor_users.handle(context, told, limit=BATCH)
        result.handled += handled
        if stop.is_set() or not handled:
            return
