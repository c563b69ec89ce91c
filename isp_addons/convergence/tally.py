"""What a run of calls did so far, counted as its answers come in."""

from collections import Counter
from dataclasses import dataclass, field

from isp_addons.convergence.answers import Answer
from isp_addons.vendor_api import NeedsOperator, Pending


@dataclass(slots=True)
class Tally:
    """What a run did so far. ``waiting``: calls that a vendor accepted but has not finished, or that wait for a person."""

    done: int = 0
    failed: int = 0
    waiting: int = 0
    steps: Counter[str] = field(default_factory=Counter)
    paused: bool = False

    def count(self, answer: Answer) -> None:
        """Count one answer."""
        self.steps[answer.step.value] += 1
        if answer.failure is not None:
            self.failed += 1
        elif isinstance(answer.result, Pending | NeedsOperator):
            self.waiting += 1
        else:
            self.done += 1
