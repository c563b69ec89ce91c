"""What goes wrong in a way that a person, or a billing system, must be told."""

from collections.abc import Sequence


class Problem(Exception):
    """A sentence that names the thing and the next step, with a code for machines and an exit code for scripts."""

    code = "problem"
    exit_code = 1

    def __init__(self, message: str, *, code: str | None = None) -> None:
        super().__init__(message)
        self.message = message
        if code is not None:
            self.code = code


class BadInput(Problem):
    """What was given cannot be meant; nothing was changed."""

    code = "bad_input"
    exit_code = 2


def refuse_file(problems: Sequence[str], *, most: int, before: str = "") -> None:
    """Raise `BadInput` (``bad_file``) with at most *most* of *problems*, below the line *before*; without any, do nothing."""
    if problems:
        more = [f"… and {len(problems) - most} more."] if len(problems) > most else []
        raise BadInput("\n".join([*filter(None, [before]), *problems[:most], *more]), code="bad_file")


class NotFound(Problem):
    """The named thing does not exist here."""

    code = "not_found"
    exit_code = 2


class Refused(Problem):
    """Understood, but a rule says no; nothing was changed."""

    code = "refused"


class TryAgain(Problem):
    """Nothing is wrong with the request; something it needs is busy. Repeating it is safe."""

    code = "try_again"
    exit_code = 75


class ConfigProblem(Problem):
    """The configuration is wrong; every problem found, one a line."""

    code = "configuration"
    exit_code = 78
