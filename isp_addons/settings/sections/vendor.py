"""One vendor, whatever its plugin."""

from collections.abc import Mapping
from typing import Annotated

from pydantic import BeforeValidator, Field

from isp_addons.settings import values
from isp_addons.settings.sections.base import Section, YesNo

VENDOR = "vendor:"
"""What the name of a vendor's section begins with."""


class VendorSettings(Section):
    """One ``[vendor:NAME]``. ``options`` are the plugin's own, as written: references are not resolved yet."""

    name: str
    plugin: str = Field(description="The installed plugin that speaks to this vendor.")
    enabled: YesNo = Field(default=True, description="no: the vendor is not called, nothing new can be ordered from it.")
    concurrency: Annotated[int, BeforeValidator(values.whole(1, 64))] = Field(
        default=8, description="How many calls may be under way at the same time."
    )
    rate_per_second: Annotated[float | None, BeforeValidator(values.rate)] = Field(
        default=None,
        description="How many calls a second the vendor takes at most; without it there is no limit.",
        examples=["5"],
    )
    breaker_failures: Annotated[int, BeforeValidator(values.whole(1, 1000))] = Field(
        default=5, description="After so many failures in a row the vendor is left alone for a while."
    )
    breaker_seconds: Annotated[int, BeforeValidator(values.whole(1, 86_400))] = Field(
        default=30, description="For how many seconds it is left alone."
    )
    options: Mapping[str, str] = Field(default_factory=dict, repr=False)


VENDOR_OPTIONS = tuple(name for name in VendorSettings.model_fields if name not in ("name", "options"))
"""What a ``[vendor:NAME]`` may hold beside the plugin's own options."""
