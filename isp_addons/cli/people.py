"""Commands for the people who log in."""

import click

from isp_addons.cli.numbers import NUMBER
from isp_addons.cli.output import Form, Session, json_option, list_options, say, show
from isp_addons.cli.secrets import ask
from isp_addons.domain.permission import Role

ROLE = click.Choice([role.value for role in Role])
LANGUAGE = click.Choice(["en", "de", "ru", "uk", "fr"])
confirm_option = click.option("--confirm", is_flag=True, help="Although an admin costs a reseller's customer its discount.")
"""What every command takes that may make somebody an admin."""


@click.group()
def people() -> None:
    """Who logs in, and what each may do. Everybody is named by his e-mail address, which is his login name."""


@people.command("add")
@click.argument("email")
@click.option("--name", required=True, help="First and last name.")
@click.option("--role", type=ROLE, default=Role.MEMBER.value, show_default=True, help="What he may do.")
@click.option("--customer", type=NUMBER, help="For which customer; without it he is the ISP's own staff.")
@click.option("--no-invitation", is_flag=True, help="No mail: he comes in through your own cabinet, and is registered at once.")
@click.option("--language", type=LANGUAGE, help="In which language he is written to.")
@confirm_option
@json_option
@click.pass_obj
def add_person(
    session: Session,
    *,
    email: str,
    name: str,
    role: str,
    customer: int | None,
    no_invitation: bool,
    language: str | None,
    confirm: bool,
    as_json: bool,
) -> None:
    """Let EMAIL log in, and invite him by mail to choose a password."""
    from isp_addons.services import people as service

    new = service.NewPerson(email=email, name=name, role=Role(role), invite=not no_invitation, language=language)
    person = service.add(session.app.context, session.cause("added by hand"), new, customer_id=customer, confirmed=confirm)
    said = "registered" if no_invitation else "invited"
    say(f"{email} is {said}, as {role}.", as_json=as_json, person=person, email=email.lower(), role=role, state=said)


@people.command("list")
@click.option("--customer", type=NUMBER, help="Only this customer's.")
@list_options
@click.pass_obj
def list_people(session: Session, *, customer: int | None, limit: int, form: Form) -> None:
    """Everybody who logs in, with his role."""
    from isp_addons.services import people as service

    rows = service.listing(session.app.context, session.cause("looked"), customer_id=customer, limit=limit)
    columns = {
        "email": "E-mail",
        "name": "Name",
        "role": "Role",
        "main": "Main user",
        "state": "State",
        "customer": "Customer",
        "company": "Company",
    }
    show(rows, form=form, columns=columns, right=("customer",), empty="Nobody logs in yet; add: isp-addons customers add")


@people.command("role")
@click.argument("email")
@click.argument("role", type=ROLE)
@confirm_option
@json_option
@click.pass_obj
def set_role(session: Session, *, email: str, role: str, confirm: bool, as_json: bool) -> None:
    """Give EMAIL another ROLE. Nobody gives more than he has himself."""
    from isp_addons.services import people as service

    context, cause = session.app.context, session.cause("role given by hand")
    new = service.set_role(context, cause, email=email, role=Role(role), confirmed=confirm)
    say(f"{email} is {role}." if new else f"{email} is {role} already.", as_json=as_json, email=email, role=role, changed=new)


@people.command()
@click.argument("email")
@json_option
@click.pass_obj
def deactivate(session: Session, *, email: str, as_json: bool) -> None:
    """EMAIL cannot log in any more, and is logged out. Nothing of his is lost."""
    from isp_addons.services import people as service

    new = service.deactivate(session.app.context, session.cause("deactivated by hand"), email=email)
    say(f"{email} cannot log in any more.", as_json=as_json, email=email, state="deactivated", changed=new)


@people.command()
@click.argument("email")
@confirm_option
@json_option
@click.pass_obj
def activate(session: Session, *, email: str, confirm: bool, as_json: bool) -> None:
    """EMAIL can log in again."""
    from isp_addons.services import people as service

    new = service.activate(session.app.context, session.cause("activated by hand"), email=email, confirmed=confirm)
    say(f"{email} can log in again.", as_json=as_json, email=email, state="active", changed=new)


@people.command("change-email")
@click.argument("email")
@click.argument("new")
@json_option
@click.pass_obj
def change_email(session: Session, *, email: str, new: str, as_json: bool) -> None:
    """NEW becomes the e-mail address, and so the login name, of EMAIL, once the mail sent there has confirmed it."""
    from isp_addons.services import invitations

    now = invitations.change_email(session.app.context, session.cause("changed by hand"), email=email, new=new)
    told = f"{new} is the login name now." if now else f"{email} stays the login name until {new} is confirmed."
    say(told, as_json=as_json, email=email, new=new.lower(), confirmed=now)


@people.command("confirm-email")
@json_option
@click.pass_obj
def confirm_email(session: Session, *, as_json: bool) -> None:
    """Confirm a new e-mail address with the code of the mail, which is asked for."""
    from isp_addons.services import invitations

    token = ask("Code")
    email = invitations.confirm_email(session.app.context, session.cause("confirmed by mail"), token=token)
    say(f"{email} is the login name now.", as_json=as_json, email=email)


@people.command("sign-in")
@click.argument("email")
@json_option
@click.pass_obj
def sign_in(session: Session, *, email: str, as_json: bool) -> None:
    """Sign in as EMAIL; the password is asked for. Answers with a token that stands for it until it ends."""
    from isp_addons.services import sign_in as service

    app = session.app
    done = service.sign_in(app.context, session.cause("signed in"), email=email, password=ask("Password"))
    say(
        f"{done.email} is signed in until {done.expires_at.isoformat()}: {done.token}",
        as_json=as_json,
        person=done.person,
        email=done.email,
        token=done.token,
        expires_at=done.expires_at,
    )


@people.command("signed-in")
@json_option
@click.pass_obj
def signed_in(session: Session, *, as_json: bool) -> None:
    """Who is signed in with a token, which is asked for."""
    from isp_addons.services import sign_in as service

    found = service.signed_in(session.app.context, session.cause("looked"), token=ask("Token"))
    say(f"{found.email} is signed in, as {found.role}.", as_json=as_json, email=found.email, role=found.role)


@people.command("sign-out")
@json_option
@click.pass_obj
def sign_out(session: Session, *, as_json: bool) -> None:
    """End the login of a token, which is asked for."""
    from isp_addons.services import sign_in as service

    ended = service.sign_out(session.app.context, session.cause("signed out"), token=ask("Token"))
    say("Signed out." if ended else "Nobody was signed in with this.", as_json=as_json, changed=ended)
