"""The licences of a stand-in behind the ISP's own code: what each verb does, and how a repeat is told from a new wish."""

from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from typing import Any

from isp_addons.vendor_api import SeenState
from isp_addons.vendor_api.stand_in import Standing
from isp_addons_gateway import wire
from isp_addons_gateway.wire import Verb

REMEMBERED = timedelta(hours=1)
"""How long a repeat is known: much shorter than any suspension, which must be renewed by the same request."""

Answer = dict[str, Any]


class Refusal(Exception):
    """A verb that is understood and refused, with its code."""

    def __init__(self, code: str, text: str) -> None:
        super().__init__(text)
        self.code = code


@dataclass(slots=True)
class Row:
    """One licence. ``busy_until``: until then a verb is under way; ``done``: how many verbs took effect."""

    key: str
    reference: str
    account: str
    product: str
    quantity: int
    options: Mapping[str, str] = field(default_factory=dict)
    paid_until: datetime | None = None
    suspended_from: datetime | None = None
    suspended_until: datetime | None = None
    ended: bool = False
    busy_until: datetime | None = None
    done: int = 0

    def suspended(self, now: datetime) -> bool:
        """Whether it is suspended at *now*."""
        began = self.suspended_from is not None and self.suspended_from <= now
        return began and not self._over(now)

    def state(self, now: datetime) -> SeenState:
        """What stands at the vendor at *now*; a suspension that is still to come does not show."""
        if self.ended:
            return SeenState.ENDED
        return SeenState.SUSPENDED if self.suspended(now) else SeenState.ACTIVE

    def told(self, now: datetime) -> Answer:
        """The licence as the protocol tells it: a suspension that is still to come counts."""
        scheduled = self.suspended_from is not None and not self._over(now)
        state = SeenState.SUSPENDED if scheduled and not self.ended else self.state(now)
        busy = self.busy_until is not None and now < self.busy_until
        begin = self.suspended_from if scheduled and self.suspended_from and self.suspended_from > now else None
        return {
            "key": self.key,
            "state": SeenState.PENDING if busy else state,
            "quantity": self.quantity,
            "reference": self.reference,
            "account": self.account,
            "paid_until": written(self.paid_until),
            "suspended_from": written(begin),
            "suspended_until": written(self.suspended_until if scheduled else None),
        }

    def _over(self, now: datetime) -> bool:
        return self.suspended_until is not None and self.suspended_until <= now


@dataclass(frozen=True, slots=True)
class _Last:
    """The last verb that took effect on a licence; it is what a repeat is compared with."""

    key: str
    answer: Answer
    at: datetime
    after: Row


class Licences:
    """All licences. *longest* ends suspensions by themselves; with *pending* every verb is accepted first and done later."""

    def __init__(self, *, longest: timedelta | None = None, pending: timedelta | None = None) -> None:
        self.rows: dict[str, Row] = {}
        self._longest = longest
        self._pending = pending
        self._last: dict[str, _Last] = {}
        self._made = 0

    def clear(self) -> None:
        """Forget all; references go on."""
        self.rows.clear()
        self._last.clear()

    def do(self, verb: Verb, write: wire.Write, now: datetime) -> tuple[Answer, str]:
        """Have a verb done: the outcome, and what the log says of it.

        A repeat of the last verb is answered as before, as long as nothing else has changed the licence since.
        """
        key = write.licence.key
        last, row = self._last.get(key), self.rows.get(key)
        if last is not None and last.key == write.idempotency_key and now - last.at <= REMEMBERED and last.after == row:
            return last.answer, "replayed"
        try:
            answer = _VERBS[verb](self, write.licence, now)
        except Refusal as refusal:
            return {"outcome": "rejected", "code": refusal.code, "text": str(refusal)}, refusal.code
        self._remember(write, answer, now)
        return answer, ""

    def read(self, key: str, now: datetime) -> Answer:
        """One licence, ended ones too."""
        row = self.rows.get(key)
        return row.told(now) if row else {"key": key, "state": SeenState.ABSENT, "quantity": 0}

    def page(self, cursor: str, limit: int, now: datetime) -> Answer:
        """A part of the list of what has not ended; the cursor is the last key of the part before."""
        live = sorted(key for key, row in self.rows.items() if not row.ended)
        after = [key for key in live if key > cursor]
        keys = after[:limit]
        more = len(after) > len(keys)
        rows = [self.rows[key].told(now) for key in keys]
        return {"licences": rows, "total": len(live), "complete": not more, "next": keys[-1] if more else None}

    def standing(self, now: datetime) -> Iterator[Standing]:
        """All rows as the conformance kit counts them."""
        for row in self.rows.values():
            yield Standing(row.reference, row.state(now), key=row.key, quantity=row.quantity, paid_until=row.paid_until)

    def new_reference(self) -> str:
        """A reference that was never given."""
        self._made += 1
        return f"V-{self._made}"

    def _remember(self, write: wire.Write, answer: Answer, now: datetime) -> None:
        row = self.rows.get(write.licence.key)
        if row is None:  # cancelled without ever having been there
            return
        row.done += 1
        if self._pending is not None:
            row.busy_until = now + self._pending
            answer.update(outcome="pending", poll_after_seconds=max(1, int(self._pending.total_seconds())))
        self._last[row.key] = _Last(write.idempotency_key, answer, now, replace(row))

    def _order(self, licence: wire.Licence, _now: datetime) -> Answer:
        row = self.rows.get(licence.key)
        if row is not None and row.account != licence.account:
            raise Refusal("taken", f"{licence.key} belongs to another account")
        if row is None:
            row = Row(licence.key, self.new_reference(), licence.account, licence.product, licence.quantity)
            self.rows[licence.key] = row
        row.ended, row.suspended_from, row.suspended_until = False, None, None
        row.quantity, row.paid_until, row.options = licence.quantity, licence.paid_until, licence.options
        return {"outcome": "done", "reference": row.reference}

    def _charge(self, licence: wire.Licence, _now: datetime) -> Answer:
        self._live(licence).paid_until = licence.paid_until
        return {"outcome": "done"}

    def _suspend(self, licence: wire.Licence, now: datetime) -> Answer:
        row = self._live(licence)
        begin = licence.suspend_from if licence.suspend_from and licence.suspend_from > now else now
        row.suspended_from = min(row.suspended_from, begin) if row.suspended(now) and row.suspended_from else begin
        row.suspended_until = begin + self._longest if self._longest is not None else None
        told = written(begin) if begin > now else None
        return {"outcome": "done", "suspended_from": told, "suspended_until": written(row.suspended_until)}

    def _resume(self, licence: wire.Licence, _now: datetime) -> Answer:
        row = self._live(licence)
        row.suspended_from = row.suspended_until = None
        row.paid_until = licence.paid_until
        return {"outcome": "done"}

    def _change(self, licence: wire.Licence, _now: datetime) -> Answer:
        self._live(licence).quantity = licence.quantity
        return {"outcome": "done"}

    def _cancel(self, licence: wire.Licence, _now: datetime) -> Answer:
        row = self.rows.get(licence.key)
        if row is not None:
            row.ended = True
        return {"outcome": "done"}

    def _live(self, licence: wire.Licence) -> Row:
        row = self.rows.get(licence.key)
        if row is None or row.ended:
            raise Refusal("not_found", f"there is no licence {licence.key}")
        return row


def written(moment: datetime | None) -> str | None:
    """A time as the protocol has it."""
    return None if moment is None else moment.isoformat()


_VERBS: Mapping[Verb, Callable[[Licences, wire.Licence, datetime], Answer]] = {
    Verb.ORDER: Licences._order,
    Verb.CHARGE: Licences._charge,
    Verb.SUSPEND: Licences._suspend,
    Verb.RESUME: Licences._resume,
    Verb.CHANGE: Licences._change,
    Verb.CANCEL: Licences._cancel,
}
