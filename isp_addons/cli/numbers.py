"""What commands take for a number: plain digits only, and a plain sentence where it is something else."""

import re
from typing import Any

import click


class Whole(click.IntRange):
    """A whole number as people write it. What Python reads besides, such as ``５``, ``1_000`` or `` 5 ``, is refused."""

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """The number. Fails (exit code 2) with a sentence that repeats what was given."""
        if isinstance(value, str) and not re.fullmatch(r"-?[0-9]{1,30}", value, re.ASCII):
            self.fail(f"{value!r} is not a whole number such as {max(self.min or 0, 1)}.", param, ctx)
        number: int = super().convert(value, param, ctx)
        return number


NUMBER = Whole(1, 2**63 - 1)
"""The number of something that is stored, such as a subscription or a customer."""
