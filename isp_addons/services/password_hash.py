"""Passwords are kept as Argon2id alone. Both functions take about 40 ms of a processor: never call them in a transaction."""

from functools import lru_cache
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from argon2 import PasswordHasher

_NOBODYS = "$argon2id$v=19$m=19456,t=2,p=1$E/9WWSIgGsp9BDF4XGD8gA$2172oSmWNji1hRwOqA5WVxB/WsUjW4SMhWgGBFzPeBw"
"""Of a password that nobody has, written down: to make it here first would take twice as long, and tell who is not known."""


def hashed(password: str) -> str:
    """What is kept of *password*."""
    return _hasher().hash(password)


def fits(password: str, kept: str) -> bool:
    """Whether *password* is the one that *kept* came from. An empty *kept* fits nothing, and takes as long to say so."""
    from argon2.exceptions import InvalidHashError, VerifyMismatchError

    try:
        return _hasher().verify(kept or _NOBODYS, password) and kept != ""
    except (VerifyMismatchError, InvalidHashError):
        return False


@lru_cache(maxsize=1)
def _hasher() -> "PasswordHasher":
    """The second of the parameter sets that the OWASP password storage cheat sheet recommends: 19 MiB, two passes."""
    from argon2 import PasswordHasher

    return PasswordHasher(time_cost=2, memory_cost=19_456, parallelism=1)
