"""An ISP that is paid from outside: what it buys and sells, as its admin types it."""

from typing import Any

from acceptance.kit import Isp


def opens_till(isp: Isp) -> None:
    """Take cards (of the sandbox) and bank transfers."""
    isp.configure("payments", card="sandbox", secret_key="sk_test_secret", public_key="pk_test_public")
    isp("payments", "activate", "card")
    isp("payments", "activate", "bank_transfer")


def buys(isp: Isp, *words: str, by: str = "card", account: str = "42", product: str = "av") -> dict[str, Any]:
    return isp("purchases", "create", account, product, "--by", by, *words).row


def shown(isp: Isp, purchase: int = 1) -> dict[str, Any]:
    return isp("purchases", "show", str(purchase)).row


def pays(isp: Isp, card: str, purchase: int = 1) -> str:
    status: str = isp("purchases", "pay", str(purchase), "--card", card).row["status"]
    return status


def history(isp: Isp) -> list[str]:
    """Which states the purchases went through, oldest first."""
    rows = isp("audit", "--limit", "1000").rows
    return [row["after"] for row in reversed(rows) if row["subject"].startswith("purchase") and row["field"] == "status"]


def money(isp: Isp) -> list[tuple[str, int]]:
    """Every movement of money: its kind and amount in cents."""
    return [(row[3], row[2]) for row in isp.dump("ledger_entry")["ledger_entry"]]
