"""A security company's spaces as the ISP's staff note them: people, spaces, who is in them."""

from typing import Any

from acceptance.kit import Isp

PRO = "pro@guards.example"
OTHER_PRO = "other@guards.example"
USER = "anna@home.example"
NEIGHBOUR = "nina@home.example"
_INSTALLERS = (PRO, OTHER_PRO)


def opens_shop(isp: Isp) -> None:
    """An ISP that sells two Ajax services, and one more that no card pays for; an account, and four people."""
    isp.configure("vendor:ajax", plugin="ajax", company="Example Telecom")
    for code, service in (("ajax_sim", "sim"), ("ajax_cloud_storage", "cloud"), ("ajax_installation", "sim")):
        isp("products", "add", code, "--vendor", "ajax", "--price", "5.00", "--option", f"service={service}")
    isp.opens("42", "100.00")
    isp("customers", "add", "Guards", "--contact", "Petro", "--email", PRO, "--role", "pro", "--no-invitation")
    isp("customers", "add", "Home", "--contact", "Anna", "--email", USER, "--role", "end_user", "--no-invitation")
    isp("people", "add", OTHER_PRO, "--name", "Olha", "--role", "pro", "--customer", "1", "--no-invitation")
    isp("people", "add", NEIGHBOUR, "--name", "Nina", "--role", "end_user", "--customer", "2", "--no-invitation")


def space(isp: Isp, *members: str, country: str = "UA", without_rights: tuple[str, ...] = ()) -> str:
    """A space in *country* with *members* who have full rights, and others who have not; returns its number."""
    named = ["--country", country] if country else []
    made = str(isp("spaces", "add", "42", "--vendor", "ajax", *named).row["space"])
    for email in members:
        isp("spaces", "member", made, email)
    for email in without_rights:
        isp("spaces", "member", made, email, "--no-full-rights")
    return made


def asks(isp: Isp, email: str, made: str, *more: str) -> dict[str, Any]:
    """What he is told who asks how he may pay."""
    return isp("--as", email, "availability", "options", "--space", made, *more).row


def paths(isp: Isp, email: str, made: str, *more: str) -> list[str]:
    """How he may pay."""
    found: list[str] = asks(isp, email, made, *more)["paths"]
    return found


def why_no_card(isp: Isp, email: str, made: str, *more: str) -> str:
    """The code of the reason why he cannot pay by card; "": he can."""
    found: str = asks(isp, email, made, *more)["refused"].get("card", {"error": ""})["error"]
    return found


def refused(isp: Isp, email: str, *words: str, code: str, exits: int = 1, names: str = "") -> None:
    """A command as *email* is refused with *code* and a sentence with *names*, and changes nothing."""
    result = isp.refuses("--as", email, *words, exits=exits, names=names)
    assert result.row["error"] == code, result.row


def denied(isp: Isp, email: str, made: str, *more: str, code: str, exits: int = 1, names: str = "") -> None:
    """To pay by card is refused with *code*."""
    refused(
        isp, email, "availability", "options", "--space", made, "--path", "card", *more, code=code, exits=exits, names=names
    )
