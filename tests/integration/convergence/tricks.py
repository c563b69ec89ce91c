"""How a vendor's answer can be bent: what to give to `Fake.bend`."""

import threading
from collections.abc import Callable
from typing import Any

from isp_addons.vendor_api import LicenceView


def raising(error: BaseException) -> Callable[[LicenceView], Any]:
    """The call fails with *error*."""

    def trick(_licence: LicenceView) -> Any:
        raise error

    return trick


def answering(answer: Any) -> Callable[[LicenceView], Any]:
    """The call answers *answer* and changes nothing."""
    return lambda _licence: answer


class Gate:
    """A call that does not come to its end until it is let through."""

    def __init__(self) -> None:
        self.reached = threading.Event()
        self._open = threading.Event()

    def __call__(self, _licence: LicenceView) -> None:
        self.reached.set()
        assert self._open.wait(30), "nobody opened the gate"

    def open(self) -> None:
        self._open.set()
