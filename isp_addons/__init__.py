"""isp-addons: the layer between an ISP's billing and the vendors whose services it resells."""

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from isp_addons.bootstrap import receive as receive

__version__ = "0.1.0"


def __getattr__(name: str) -> object:
    """Load ``receive`` on first use, so that ``isp-addons --help`` does not pay for the database."""
    if name == "receive":
        from isp_addons.bootstrap import receive

        return receive
    raise AttributeError(f"module 'isp_addons' has no attribute {name!r}")
