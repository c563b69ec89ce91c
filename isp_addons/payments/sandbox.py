"""A card gateway that takes no money: to try everything out, and for tests. Its card decides what happens.

``card_ok`` pays. ``card_declined`` does not. ``card_action`` waits until somebody answers for the payer. ``card_lost_answer``
pays, but the answer is lost; ``card_lost_request`` does not, and nobody knows. ``card_unavailable`` meets a gateway that is
down. ``card_refund_fails`` pays, but the first try of each refund meets a gateway that is down; with ``card_refund_refused``
every refund is refused for good. Any other card is declined.
"""

import sqlite3
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

from isp_addons.payments.base import (
    ActionRequired,
    Declined,
    Outcome,
    OutcomeUnknown,
    Paid,
    Refunded,
    RefundOutcome,
    Unavailable,
)

PAYING = ("card_ok", "card_lost_answer", "card_refund_fails", "card_refund_refused")
_BUSY_SECONDS = 30.0
_TABLES = (
    "CREATE TABLE IF NOT EXISTS charge (key TEXT PRIMARY KEY, card TEXT, amount INTEGER, currency TEXT, state TEXT)",
    "CREATE TABLE IF NOT EXISTS refund (key TEXT PRIMARY KEY, charge TEXT, amount INTEGER, state TEXT)",
)


class SandboxCards:
    """See `isp_addons.payments.base.CardGateway`. Several processes agree by *file*, which is made when first needed."""

    def __init__(self, file: Path) -> None:
        self._file = file

    def charge(self, *, key: str, amount: int, currency: str, card: str) -> Outcome:
        """See `CardGateway.charge`."""
        if card == "card_unavailable":
            raise Unavailable("the sandbox is down for this card")
        if card == "card_lost_request":
            raise OutcomeUnknown("the request was lost")
        state = "paid" if card in PAYING else "waits" if card == "card_action" else "declined"
        with self._open() as database:
            row = (key, card, amount, currency, state)
            fresh = database.execute("INSERT OR IGNORE INTO charge VALUES (?, ?, ?, ?, ?)", row).rowcount
            outcome = _outcome(database, key)
        if card == "card_lost_answer" and fresh:
            raise OutcomeUnknown("the answer was lost")
        return outcome or Declined("The card was declined.")

    def find(self, *, key: str) -> Outcome | None:
        """See `CardGateway.find`."""
        with self._open() as database:
            return _outcome(database, key)

    def cancel(self, *, key: str) -> Outcome | None:
        """See `CardGateway.cancel`."""
        self.answer(key=key, approve=False)
        return self.find(key=key)

    def answer(self, *, key: str, approve: bool) -> bool:
        """Do what the payer does at his bank; False when nothing waits for it."""
        with self._open() as database:
            state = "paid" if approve else "declined"
            done = database.execute("UPDATE charge SET state = ? WHERE key = ? AND state = 'waits'", (state, key))
            return done.rowcount > 0

    def refund(self, *, key: str, reference: str, amount: int) -> RefundOutcome:
        """See `CardGateway.refund`. Never more than was taken."""
        with self._open() as database:
            found = database.execute(
                "SELECT card, amount FROM charge WHERE key = ? AND state = 'paid'", (reference,)
            ).fetchone()
            if found is None:
                return Declined("There is no such payment.")
            card, taken = found
            known = database.execute("SELECT state FROM refund WHERE key = ?", (key,)).fetchone()
            if known is None and card == "card_refund_fails":
                database.execute("INSERT INTO refund VALUES (?, ?, ?, 'failed')", (key, reference, amount))
            elif known is None or known[0] == "failed":
                query = "SELECT coalesce(sum(amount), 0) FROM refund WHERE charge = ? AND state = 'done'"
                (given,) = database.execute(query, (reference,)).fetchone()
                state = "refused" if given + amount > taken or card == "card_refund_refused" else "done"
                database.execute("INSERT OR REPLACE INTO refund VALUES (?, ?, ?, ?)", (key, reference, amount, state))
            outcome = _refund_outcome(database, key)
        if outcome is None:
            raise Unavailable("the sandbox is down for this refund")
        return outcome

    def find_refund(self, *, key: str, reference: str) -> RefundOutcome | None:  # noqa: ARG002 - the key suffices here
        """See `CardGateway.find_refund`."""
        with self._open() as database:
            return _refund_outcome(database, key)

    @contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        with closing(sqlite3.connect(self._file, timeout=_BUSY_SECONDS, isolation_level=None)) as database:
            database.execute("BEGIN IMMEDIATE")
            for table in _TABLES:
                database.execute(table)
            yield database
            database.execute("COMMIT")


def _outcome(database: sqlite3.Connection, key: str) -> Outcome | None:
    found = database.execute("SELECT state FROM charge WHERE key = ?", (key,)).fetchone()
    if found is None:
        return None
    if found[0] == "paid":
        return Paid(key)
    return ActionRequired(f"sandbox:{key}") if found[0] == "waits" else Declined("The card was declined.")


def _refund_outcome(database: sqlite3.Connection, key: str) -> RefundOutcome | None:
    found = database.execute("SELECT state FROM refund WHERE key = ?", (key,)).fetchone()
    if found is None or found[0] == "failed":
        return None
    return Refunded(key) if found[0] == "done" else Declined("The bank takes nothing back.")
