"""Between the product's types and the JSON on the wire."""

import hashlib
import json
from collections.abc import Iterable
from datetime import timedelta

from isp_addons.vendor_api import Done, LicenceView, NeedsOperator, Outcome, Pending, Rejected, SeenLicence, SeenState
from isp_addons.vendor_api.http import star
from isp_addons_gateway import wire
from isp_addons_gateway.wire import Verb

_WANTED: dict[Verb, tuple[str, ...]] = {
    Verb.ORDER: ("account", "product", "options", "quantity", "paid_until"),
    Verb.CHARGE: ("paid_until",),
    Verb.SUSPEND: ("suspend_from",),
    Verb.RESUME: ("paid_until",),
    Verb.CHANGE: ("quantity",),
    Verb.CANCEL: (),
}
"""Which values of a licence each verb sets; they and nothing else make its idempotency key."""


def wanted(licence: LicenceView, *, suspends: bool = False) -> wire.Licence:
    """A licence as it goes onto the wire; only a suspension names a date to suspend from."""
    return wire.Licence(
        key=licence.key,
        reference=licence.reference,
        account=licence.account,
        product=licence.product,
        options=dict(licence.options),
        quantity=licence.quantity,
        paid_until=licence.paid_until,
        suspend_from=licence.suspend_from if suspends else None,
    )


def write(verb: Verb, licence: LicenceView, *, old_quantity: int | None = None) -> wire.Write:
    """What is sent to have *verb* done."""
    sent = wanted(licence, suspends=verb is Verb.SUSPEND)
    return wire.Write(idempotency_key=idempotency_key(verb, sent), licence=sent, old_quantity=old_quantity)


def idempotency_key(verb: Verb, licence: wire.Licence) -> str:
    """The same for every repeat of the same want: made of the licence's key, the verb, and the values that the verb sets."""
    values = licence.model_dump(mode="json", include=set(_WANTED[verb]))
    digest = hashlib.sha256(json.dumps(values, sort_keys=True).encode()).hexdigest()
    return f"{licence.key}.{verb}.{digest[:16]}"


def outcome(told: wire.Outcome, *, teller: str, action: str, secrets: Iterable[str]) -> Outcome:
    """What a verb came to. Raises `Rejected` with the code and the text that were told, secrets starred."""
    match told:
        case wire.Done():
            return Done(
                reference=told.reference,
                suspended_from=told.suspended_from,
                suspended_until=told.suspended_until,
                show=told.show,
            )
        case wire.Pending():
            return Pending(poll_after=timedelta(seconds=told.poll_after_seconds), reference=told.reference)
        case wire.NeedsOperator():
            return NeedsOperator(instructions=star(told.instructions, secrets))
        case wire.Rejected():
            text, code = star(told.text, secrets), star(told.code, secrets)
            raise Rejected(f"{teller} rejects it: {text or 'no reason given'} (code {code}).", action=action, answer=text)


def seen(told: wire.Standing) -> SeenLicence:
    """What the vendor has of one licence."""
    return SeenLicence(
        key=told.key,
        state=SeenState(told.state),
        reference=told.reference,
        account=told.account,
        quantity=told.quantity,
        paid_until=told.paid_until,
        suspended_from=told.suspended_from,
        suspended_until=told.suspended_until,
    )
