"""Stands for the ISP's own script that has UTM5 charge add-ons: each once for each period, where isp-addons says it is on."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from typing import Any

from sqlalchemy import select

from isp_addons.sandbox import utm5_play as play
from isp_addons.sandbox.utm5_play import Utm5Play, decimal, move_balances
from isp_addons.sandbox.utm5_rollover import RolledOver


@dataclass(slots=True)
class AddOnCharges:
    """What was charged so far. ``left``: what each charged account still had, credit included, right after its last charge.

    The first, running period of each account was paid before; only those that began since are charged.
    """

    utm5: Utm5Play
    charged: dict[tuple[int, int], Decimal] = field(default_factory=dict)
    left: dict[int, Decimal] = field(default_factory=dict)
    _period_of: dict[int, int] = field(default_factory=dict)

    def begin(self, rolled_over: RolledOver) -> None:
        """A new period began for its accounts."""
        self._period_of.update(dict.fromkeys(rolled_over.accounts, rolled_over.period))

    def charge(self, subscriptions: Iterable[Mapping[str, Any]]) -> int:
        """Charge those of *subscriptions* (as ``subscriptions list --json`` tells them) that are on; returns how many.

        UTM5 is not asked whether the money reaches: that is what isp-addons has looked at.
        """
        due: dict[tuple[int, int], Decimal] = {}
        sums: dict[int, Decimal] = {}
        for row in subscriptions:
            account = int(row["account"])
            mark = (int(row["id"]), self._period_of.get(account, 0))
            if row["status"] == "running" and not row["holds"] and mark[1] and mark not in self.charged:
                due[mark] = Decimal(row["price"])
                sums[account] = sums.get(account, Decimal(0)) + due[mark]
        with self.utm5.engine.begin() as connection:
            move_balances(connection, sums)
            own = play.accounts.c
            rows = connection.execute(select(own.id, own.balance, own.credit).where(own.id.in_(list(sums))))
            self.left.update({row.id: decimal(row.balance) + decimal(row.credit) for row in rows})
        self.charged.update(due)
        return len(due)
