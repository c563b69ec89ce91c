"""Every write can bear a key of the caller's own: the same key again gives the same answer, and does nothing.

The answer is written in the transaction of what it tells about, so that both are there or neither is.
"""

import hashlib
import json
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from sqlalchemy import select, update
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.orm import Session

from isp_addons.domain.cause import Cause
from isp_addons.domain.problem import BadInput, Refused
from isp_addons.domain.text import parse_line
from isp_addons.store.tables import Reply

LONGEST_KEY = 128
_OWN = ("price:", "project-key:", "purchase:", "renewal:", "trial:")
"""How the product's own keys begin: nobody else may use such a key, and so none is taken when the product comes to it."""

DoneT = TypeVar("DoneT")


def once(
    session: Session,
    cause: Cause,
    *,
    key: str | None,
    what: str,
    arguments: Mapping[str, Any],
    do: Callable[[], DoneT],
    write: Callable[[DoneT], dict[str, Any]],
    read: Callable[[dict[str, Any]], DoneT],
    own: bool = False,
) -> DoneT:
    """What *do* returns; where the same was done under *key* before, what it returned then. Without a key, *do* alone.

    The first thing to be called in the transaction of *do*, before any lock is taken: of two that come with one key at the
    same time, the second waits here until the first is over. *what* names the command; *arguments* are what makes a request
    another one (JSON values; no quote, no dry run); *write* and *read* turn the answer into JSON and back. A key belongs to
    the person who used it; *own*: it is the product's. Raises `BadInput` (``bad_key``), `Refused` (``key_used``: it was that
    of another request).
    """
    if key is None:
        return do()
    parse_line(key, name="key", most=LONGEST_KEY)
    if not own:
        refuse_own(key)
    mine, asked = (Reply.person == (cause.person or 0), Reply.key == key), _fingerprint(what, arguments)
    values = {"person": cause.person or 0, "key": key, "what": what, "fingerprint": asked, "answer": {}, "at": cause.at}
    dialect = postgresql if session.get_bind().dialect.name == "postgresql" else sqlite
    claim = dialect.insert(Reply).values(values).on_conflict_do_nothing(index_elements=["person", "key"])
    if session.scalar(claim.returning(Reply.id)) is None:
        known = session.scalars(select(Reply).where(*mine)).one()
        if known.fingerprint != asked:
            raise Refused(
                f"The key {key} was that of another request ({known.what}, {known.at:%Y-%m-%d %H:%M} UTC); use a new key.",
                code="key_used",
            )
        return read(known.answer)
    done = do()
    session.execute(update(Reply).where(*mine).values(answer=write(done)))
    return done


def refuse_own(key: str) -> None:
    """Raise `BadInput` (``bad_key``) for a key that somebody chose and that looks like one of the product's own."""
    taken = next((each for each in _OWN if key.startswith(each)), None)
    if taken is not None:
        raise BadInput(f"The key {key} begins with {taken}, as the product's own keys do; choose another.", code="bad_key")


def _fingerprint(what: str, arguments: Mapping[str, Any]) -> str:
    text = json.dumps([what, dict(arguments)], sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(text.encode()).hexdigest()
