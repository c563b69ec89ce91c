"""Commands for customers: the parties that own accounts, and whose people log in."""

from collections.abc import Callable
from typing import TYPE_CHECKING

import click

from isp_addons.cli.customer_changes import CUSTOMER, address, convert, delete, lock, main_user, unlock
from isp_addons.cli.output import Form, Session, json_option, limit_option, list_options, say, show, show_array
from isp_addons.cli.people import LANGUAGE, ROLE, confirm_option
from isp_addons.cli.secrets import ask
from isp_addons.domain.customer import Mode, PaymentMethod, State
from isp_addons.domain.permission import Role

if TYPE_CHECKING:
    from isp_addons.services.customer_list import CustomerRow

_FILTERS = {
    "payment-method": f"Only who pays so: {', '.join(PaymentMethod)}.",
    "mode": f"Only who is served so: {', '.join(Mode)}.",
    "state": f"Only who is {', '.join(State)}.",
}


@click.group()
def customers() -> None:
    """Customers own accounts, and have people who log in. CUSTOMER is the number that the list shows."""


for command in (convert, lock, unlock, main_user, address, delete):
    customers.add_command(command)


@customers.command("add")
@click.argument("company")
@click.option("--contact", required=True, metavar="NAME", help="First and last name of the main user.")
@click.option("--email", required=True, help="His e-mail address, which becomes his login name.")
@click.option(
    "--mode",
    type=click.Choice([mode.value for mode in Mode]),
    default=Mode.SELF_SERVICE.value,
    show_default=True,
    help="managed: you order for him. self_service: he does himself.",
)
@click.option(
    "--payment-method",
    type=click.Choice([method.value for method in PaymentMethod]),
    default=PaymentMethod.BALANCE.value,
    show_default=True,
    help="How he pays.",
)
@click.option("--role", type=ROLE, default=Role.OWNER.value, show_default=True, help="What the main user may do.")
@click.option("--account", "accounts", multiple=True, metavar="REF", help="An account of the billing that is his; repeat it.")
@click.option("--reseller", type=CUSTOMER, help="The reseller who looks after him.")
@click.option("--no-invitation", is_flag=True, help="No mail: he comes in through your own cabinet, and is registered at once.")
@click.option("--language", type=LANGUAGE, help="In which language he is written to.")
@click.option("--key", help="Your own key of this customer: the same twice is one customer.")
@confirm_option
@json_option
@click.pass_obj
def add_customer(
    session: Session,
    *,
    company: str,
    contact: str,
    email: str,
    mode: str,
    payment_method: str,
    role: str,
    accounts: tuple[str, ...],
    reseller: int | None,
    no_invitation: bool,
    language: str | None,
    key: str | None,
    confirm: bool,
    as_json: bool,
) -> None:
    """Take COMPANY in as a customer, and invite its main user by mail to choose a password."""
    from isp_addons.services import customers as service
    from isp_addons.services.people import NewPerson

    new = service.NewCustomer(
        company=company,
        main=NewPerson(email=email, name=contact, role=Role(role), invite=not no_invitation, language=language),
        mode=Mode(mode),
        payment_method=PaymentMethod(payment_method),
        accounts=accounts,
        reseller_id=reseller,
    )
    made = service.create(session.app.context, session.cause("taken in by hand"), new, key=key, confirmed=confirm)
    said = "registered" if no_invitation else "invited"
    say(
        f"{company} is customer {made.customer}; {email} is {said}.",
        as_json=as_json,
        customer=made.customer,
        person=made.person,
        email=email.lower(),
        state=said,
    )


@customers.command()
@click.argument("customer", type=CUSTOMER)
@click.argument("account")
@json_option
@click.pass_obj
def attach(session: Session, *, customer: int, account: str, as_json: bool) -> None:
    """The billing's ACCOUNT is this customer's: his people see it and order for it."""
    from isp_addons.services import customers as service

    new = service.attach(session.app.context, session.cause("attached by hand"), customer_id=customer, ref=account)
    said = "is now" if new else "was already"
    say(
        f"The account {account} {said} of customer {customer}.",
        as_json=as_json,
        customer=customer,
        account=account,
        changed=new,
    )


def _filtered(command: Callable[..., None]) -> Callable[..., None]:
    """Which customers: the same for the list and for its export."""
    for name, text in reversed(_FILTERS.items()):
        command = click.option(f"--{name}", help=text)(command)
    return command


@customers.command("list")
@_filtered
@list_options
@click.pass_obj
def list_customers(
    session: Session, *, payment_method: str | None, mode: str | None, state: str | None, limit: int, form: Form
) -> None:
    """The customers with what they use of what is split, such as addresses, and what one unit costs them on average."""
    from isp_addons.cli.output import as_dict
    from isp_addons.services import customer_list

    filters = customer_list.parse_filters(payment_method=payment_method, mode=mode, state=state)
    found = customer_list.listing(session.app.context, session.cause("looked"), filters, limit=limit)
    columns = {
        "customer": "",
        "company": "Company",
        "email": "Contact",
        "mode": "Served",
        "state": "State",
        "parts": "Units",
        "payment_method": "Pays by",
        "average": "Average price",
        "note": "",
    }
    rows = ({**as_dict(each), **({} if form else _for_people(each))} for each in found)
    asked = any((payment_method, mode, state))
    empty = "No customer is like that; leave a filter out." if asked else "No customers; add: isp-addons customers add"
    show(rows, form=form, columns=columns, right=("customer", "average"), empty=empty)


@customers.command()
@_filtered
@limit_option
@click.pass_obj
def export(session: Session, *, payment_method: str | None, mode: str | None, state: str | None, limit: int) -> None:
    """The same rows as one JSON array, [] where nobody is listed: for a file."""
    from isp_addons.services import customer_list

    filters = customer_list.parse_filters(payment_method=payment_method, mode=mode, state=state)
    show_array(customer_list.listing(session.app.context, session.cause("looked"), filters, limit=limit))


@customers.command("show")
@click.argument("customer", type=CUSTOMER)
@json_option
@click.pass_obj
def show_customer(session: Session, *, customer: int, as_json: bool) -> None:
    """One customer in full: data, people, all subscriptions of past and present, and what may be done with him."""
    from isp_addons.services import customer_list

    facts = customer_list.details(session.app.context, session.cause("looked"), customer_id=customer)
    if as_json:
        say("", as_json=True, **facts)
        return
    subscriptions = facts.pop("subscriptions")
    rows = [{"what": name.replace("_", " "), "value": _told(value)} for name, value in facts.items()]
    show(rows, columns={"what": "What", "value": "Value"}, empty="")
    columns = {
        "subscription": "",
        "account": "Account",
        "product": "Product",
        "status": "Status",
        "quantity": "Units",
        "split": "Split",
        "price": "Price",
        "paid_until": "Paid until",
    }
    show(subscriptions, columns=columns, right=("subscription", "quantity", "price"), empty="It has ordered nothing.")


@customers.command()
@click.argument("customer", type=CUSTOMER)
@click.argument("email")
@click.option("--name", required=True, help="First and last name.")
@click.option("--language", type=LANGUAGE, help="In which language he is written to.")
@confirm_option
@json_option
@click.pass_obj
def invite(
    session: Session, *, customer: int, email: str, name: str, language: str | None, confirm: bool, as_json: bool
) -> None:
    """Invite EMAIL into the team of CUSTOMER: he may do what the main user may. The price does not change."""
    from isp_addons.services import people

    cause = session.cause("invited into the team")
    person = people.invite_member(
        session.app.context, cause, customer_id=customer, email=email, name=name, language=language, confirmed=confirm
    )
    say(f"{email} is invited.", as_json=as_json, customer=customer, person=person, email=email.lower(), state="invited")


@customers.command()
@click.argument("email")
@json_option
@click.pass_obj
def resend(session: Session, *, email: str, as_json: bool) -> None:
    """Invite EMAIL again, who has not registered yet; the link sent before is void."""
    from isp_addons.services import invitations

    invitations.resend(session.app.context, session.cause("invited again"), email=email)
    say(f"{email} is invited again.", as_json=as_json, email=email.lower(), state="invited")


@customers.command()
@json_option
@click.pass_obj
def accept(session: Session, *, as_json: bool) -> None:
    """Accept an invitation: its code is asked for, and a password for signing in. Piped in: one a line."""
    from isp_addons.services import invitations

    token, password = ask("Code"), ask("Password", twice=True)
    email = invitations.accept(session.app.context, session.cause("accepted"), token=token, password=password)
    say(f"{email} is registered; sign in with it and the password.", as_json=as_json, email=email, state="registered")


@customers.command()
@click.argument("company")
@click.option("--contact", required=True, metavar="NAME", help="First and last name.")
@click.option("--email", required=True, help="The e-mail address, which becomes the login name.")
@click.option("--language", type=LANGUAGE, help="In which language mail is written.")
@json_option
@click.pass_obj
def register(session: Session, *, company: str, contact: str, email: str, language: str | None, as_json: bool) -> None:
    """What somebody does who registers himself, where the configuration lets him ([customers] registration)."""
    from isp_addons.services import customers as service

    made = service.register(
        session.app.context, session.cause("registered"), company=company, contact=contact, email=email, language=language
    )
    told = f"{company} is customer {made.customer} as soon as {email} is confirmed."
    say(told, as_json=as_json, customer=made.customer, person=made.person, email=email.lower(), state="invited")


def _for_people(row: "CustomerRow") -> dict[str, object]:
    note = "to be deleted" if row.marked else f"mail: {row.mail_failure}" if row.mail_failure else ""
    average = f"{row.average} {row.currency}" if row.average else "–"
    return {"parts": _told(row.parts), "average": average, "note": note}


def _told(value: object) -> object:
    if isinstance(value, dict):
        return ", ".join(f"{name} {each}" for name, each in value.items() if each != "")
    return value
