"""NetUP UTM5 as the place where the subscriber's money lives: its own database, read and never written."""

from isp_addons.billing.utm5.reader import Utm5Reader

__all__ = ["Utm5Reader"]
