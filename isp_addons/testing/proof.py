"""How the kit speaks: what must hold, and the sentence that a plugin's author reads when it does not."""

from typing import NoReturn

import pytest

from isp_addons.vendor import PluginFault
from isp_addons.vendor_api import VendorError


def prove(holds: object, otherwise: str) -> None:
    """Fail the test with the sentence *otherwise* unless *holds*."""
    __tracebackhide__ = True
    if not holds:
        pytest.fail(otherwise)


def fail(sentence: str) -> NoReturn:
    """Fail the test with *sentence*."""
    __tracebackhide__ = True
    pytest.fail(sentence)


def prove_told(error: VendorError, allowed: tuple[type[VendorError], ...], *, of: str) -> None:
    """Prove that *error* is of the contract and one of *allowed*: no exception that escaped, no other decision."""
    __tracebackhide__ = True
    prove(not isinstance(error, PluginFault), f"{of}: an exception escaped the plugin instead of a VendorError: {error}")
    names = " or ".join(kind.__name__ for kind in allowed)
    prove(isinstance(error, allowed), f"{of}: this is {names}, but the plugin raised {type(error).__name__}: {error}")
