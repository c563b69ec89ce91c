"""Who plays in the demo."""

from decimal import Decimal

from sqlalchemy import select

from isp_addons.sandbox import utm5_play as play
from isp_addons.sandbox.demo_scene import Scene


class Cast:
    """Who plays: accounts that are free, have a limit, and have at least one station, in the order of their numbers."""

    def __init__(self, scene: Scene) -> None:
        stations = {int(each.account) for each in scene.witness.stations().values()}
        own = play.accounts.c
        with scene.utm5.engine.connect() as connection:
            rows = connection.execute(select(own.id, own.balance, own.credit).where(own.unlimited == 0).order_by(own.id)).all()
        free = [row for row in rows if row.id in stations and row.balance + row.credit >= 0]
        self._has = {row.id: play.decimal(row.balance) + play.decimal(row.credit) for row in free}
        ids = list(self._has)
        self.callers, self.on_holiday, self.hasty = ids[:40], ids[40:70], ids[70:90]
        self.in_the_outage, self.during_the_outage = ids[90:130], ids[130:150]

    def bills(self) -> dict[int, Decimal]:
        """Telephone bills that lead 50.00 below the limit."""
        return {account: self._has[account] + 50 for account in self.callers}
