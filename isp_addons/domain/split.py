"""A split: how a quantity is distributed over its parts, such as 60 internal and 40 external addresses of 100."""

import re
from collections.abc import Iterable, Mapping, Sequence

from isp_addons.domain.problem import BadInput

MOST_PARTS = 5
"""How many parts a quantity can have at most."""

_NAME = re.compile(r"[a-z][a-z0-9_-]{0,19}")
_NUMBER = re.compile(r"0|[1-9][0-9]{0,8}")


def is_name(name: str) -> bool:
    """Whether a part can be called *name*: up to 20 small letters, digits, ``_`` and ``-``, a letter first."""
    return _NAME.fullmatch(name) is not None


def parse(pairs: Iterable[str]) -> dict[str, int]:
    """Read ``internal=60`` and others. Raises `BadInput` (``bad_split``) for what is no whole number, or named twice."""
    told: dict[str, int] = {}
    for pair in pairs:
        name, equals, number = pair.partition("=")
        if not equals or not _NUMBER.fullmatch(number):
            raise bad(f"{pair!r} is no part with a whole number from 0 on, such as internal=60.")
        if name in told:
            raise bad(f"The part {name} is named twice.")
        told[name] = int(number)
    return told


def distribute(total: int, told: Mapping[str, int], *, parts: Sequence[str], product: str) -> dict[str, int]:
    """*total* units over all *parts*: as *told*, where all are named or all but one, which gets the rest.

    Raises `BadInput` (``bad_split``) for other sums and unknown parts, for too few of them, and where nothing can be split.
    """
    if not parts:
        if told:
            raise bad(f"{product} is not split into parts.")
        return {}
    unknown = [name for name in told if name not in parts]
    missing = [name for name in parts if name not in told]
    if unknown or len(missing) > 1:
        wrong = f"has no part {unknown[0]!r}" if unknown else "is split"
        raise bad(
            f"{product} {wrong}: say how many of the {total} are {' and '.join(parts)}; of one of them it can be left out."
        )
    rest = total - sum(told.values())
    if min((*told.values(), rest)) < 0 or (rest and not missing):
        raise bad(f"{_said(told)} does not make the {total} of {product}.")
    return {name: told.get(name, rest) for name in parts}


def as_text(split: Mapping[str, int]) -> str:
    """``external=40,internal=60``, by name, so that equal splits are equal texts; nothing for nothing."""
    return ",".join(f"{name}={number}" for name, number in sorted(split.items()))


def as_dict(text: str) -> dict[str, int]:
    """What `as_text` wrote."""
    return parse(text.split(",")) if text else {}


def bad(message: str) -> BadInput:
    """Such a split cannot be meant."""
    return BadInput(message, code="bad_split")


def _said(told: Mapping[str, int]) -> str:
    return " + ".join(f"{number} {name}" for name, number in told.items())
