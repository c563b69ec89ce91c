"""The base class of every vendor plugin."""

from dataclasses import dataclass
from typing import Any, ClassVar, Generic, TypeVar

import pluggy

from isp_addons.clock import Clock
from isp_addons.vendor_api.options import VendorOptions
from isp_addons.vendor_api.types import Capabilities

hookimpl = pluggy.HookimplMarker("isp_addons")

OptionsT = TypeVar("OptionsT", bound=VendorOptions)


@dataclass(frozen=True, slots=True)
class VendorContext(Generic[OptionsT]):
    """What a plugin instance is given: the name of its section, its checked options, and the product's clock.

    ``language``: in which operators are told what to do, a code of ISO 639-1.
    """

    name: str
    options: OptionsT
    clock: Clock
    language: str = "en"


class VendorPlugin(Generic[OptionsT]):
    """One configured vendor. Subclass it, name the options model, implement the hooks of `isp_addons.hookspecs`.

    An instance is shared by the threads that call this vendor: keep state in the session, not on the instance.
    """

    Options: ClassVar[type[VendorOptions]] = VendorOptions

    def __init__(self, context: VendorContext[OptionsT]) -> None:
        self.context = context

    @property
    def capabilities(self) -> Capabilities:
        """What this vendor can do, as data."""
        raise NotImplementedError

    def close(self) -> None:
        """Let go of connections; called once when the product stops."""

    @classmethod
    def sandbox(cls, **settings: Any) -> Any:
        """Make the vendor's stand-in server, if there is one (see `isp_addons.sandbox`)."""
        raise NotImplementedError(f"{cls.__name__} has no stand-in server")
