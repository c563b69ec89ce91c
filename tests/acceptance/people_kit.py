"""People as the command line sees them: they are invited by real mail, type passwords, and sign in."""

import io
import re
import sys
from unittest import mock

from acceptance.command import Result
from acceptance.kit import Isp
from servers.smtp import MailBox

PASSWORD = "correct battery staple"
LINK = "https://my.isp.example/invitation?token={token}"
IPS = """\
catalogue: 1
currency: EUR
products:
  ips:
    kind: quantity
    split: [internal, external]
    prices:
      - ranges:
          - {first: 1, last: 50, price: 2.00}
          - {first: 51, last: 250, price: 1.50}
          - {first: 251, last: 300, price: 1.00}
"""


def typed(isp: Isp, *words: str, lines: tuple[str, ...], exits: int = 0) -> Result:
    """Run a command that asks for *lines*."""
    with mock.patch.object(sys, "stdin", io.StringIO("".join(f"{line}\n" for line in lines))):
        return isp(*words, exits=exits)


def refused(isp: Isp, *words: str, lines: tuple[str, ...] = (), exits: int = 1) -> str:
    """The code with which a command is refused."""
    code: str = typed(isp, *words, lines=lines, exits=exits).row["error"]
    return code


def takes_in(isp: Isp, company: str, email: str, *options: str, contact: str = "Anna Muster") -> int:
    """A customer whose main user is registered already; its number."""
    added = isp("customers", "add", company, "--contact", contact, "--email", email, "--no-invitation", *options)
    number: int = added.row["customer"]
    return number


def invites(isp: Isp, company: str, email: str, *options: str, contact: str = "Anna Muster") -> int:
    """A customer whose main user is invited by mail; its number."""
    number: int = isp("customers", "add", company, "--contact", contact, "--email", email, *options).row["customer"]
    return number


def code_for(isp: Isp, mailbox: MailBox, email: str) -> str:
    """The code in the newest mail to *email*, after everything that waits was sent."""
    isp("mail", "send")
    found = re.search(r"token=(\S+)", mailbox.last(email))
    assert found, mailbox.last(email)
    return found[1]


def registers(isp: Isp, mailbox: MailBox, email: str, password: str = PASSWORD) -> None:
    """Whoever was invited accepts it."""
    typed(isp, "customers", "accept", lines=(code_for(isp, mailbox, email), password))


def signs_in(isp: Isp, email: str, password: str = PASSWORD) -> str:
    """The token of somebody who signed in."""
    token: str = typed(isp, "people", "sign-in", email, lines=(password,)).row["token"]
    return token


def listed(isp: Isp, *options: str) -> list[str]:
    """The companies in the list of customers."""
    return [row["company"] for row in isp("customers", "list", *options).rows]


def shown(isp: Isp, customer: int) -> dict[str, object]:
    """One customer in full."""
    return isp("customers", "show", str(customer)).row


def sells_ips(isp: Isp) -> None:
    """The ISP sells addresses, internal and external ones."""
    path = isp.folder / "ips.yaml"
    path.write_text(IPS, encoding="utf-8")
    isp("catalogue", "import", str(path))


def orders_ips(isp: Isp, account: str, total: int, internal: int) -> int:
    """An account with money orders addresses; the subscription's number."""
    isp.opens(account, "10000")
    return isp.orders(account, "ips", quantity=str(total), split=f"internal={internal}")
