"""Commands for the users of vendors."""

import click

from isp_addons.cli.output import Form, Session, json_option, list_options, say, show, when
from isp_addons.domain.cause import Source


@click.group()
def users() -> None:
    """The users that vendors have: list them, and take in a vendor's own list."""


@users.command("list")
@click.option("--vendor", help="Only this vendor's.")
@click.option("--account", help="Only this account's.")
@click.option("--gone", is_flag=True, help="Those too whom the vendor has no more.")
@list_options
@click.pass_obj
def list_users(session: Session, *, vendor: str | None, account: str | None, gone: bool, limit: int, form: Form) -> None:
    """Every user that a vendor told us about, with the seats that he was given."""
    from isp_addons.cli.output import as_dict
    from isp_addons.services.vendor_users import listing

    found = listing(session.app.context, vendor=vendor, account=account, gone=gone, limit=limit)
    columns = {
        "vendor": "Vendor",
        "account": "Account",
        "reference": "Id",
        "email": "E-mail",
        "name": "Name",
        "role": "Role",
        "seats": "Seats",
        "since": "Gone since",
    }
    rows = ({**as_dict(each), **({} if form else {"since": when(each.gone_at)})} for each in found)
    show(rows, form=form, columns=columns, right=("seats",), empty="No user is known; run: isp-addons users sync VENDOR")


@users.command()
@click.argument("vendor")
@click.option("--force", is_flag=True, help="Take the list in although more than half of the users would be gone.")
@json_option
@click.pass_obj
def sync(session: Session, *, vendor: str, force: bool, as_json: bool) -> None:
    """Take in the whole list of VENDOR's users: who is new comes, who is not in it is gone. The worker does it every day."""
    from isp_addons.cli.output import as_dict
    from isp_addons.workers.user_sync import UserSync

    app = session.app
    cause = session.cause("the vendor's list of users", source=Source.VENDOR)
    done = UserSync(app.context, app.convergence).now(vendor, cause, force=force)
    say(
        f"The vendor {vendor} has {done.users} users: {done.came} came, {done.left} are gone, "
        f"{done.seats_returned} seats were returned.",
        as_json=as_json,
        **as_dict(done),
    )
    if done.skipped and not as_json:
        click.echo(f"{done.skipped} users were left out: the billing does not have their accounts.", err=True)


@users.command()
@click.argument("vendor")
@click.argument("user")
@click.argument("role")
@json_option
@click.pass_obj
def role(session: Session, *, vendor: str, user: str, role: str, as_json: bool) -> None:
    """Say that USER is an owner, admin, supervisor or agent (ROLE) at VENDOR: some features are for some roles only."""
    from isp_addons.services import entitlement

    new = entitlement.set_role(session.app.context, session.cause("role told"), vendor=vendor, user=user, role=role)
    said = "is" if new else "was already"
    say(f"{user} {said} {role} at {vendor}.", as_json=as_json, vendor=vendor, user=user, role=role, changed=new)


@users.command()
@click.argument("vendor")
@click.argument("user")
@json_option
@click.pass_obj
def activated(session: Session, *, vendor: str, user: str, as_json: bool) -> None:
    """Say that USER, who was invited by e-mail, has activated his account at VENDOR."""
    from isp_addons.services import entitlement

    new = entitlement.activate(session.app.context, session.cause("account activated"), vendor=vendor, user=user)
    said = "is active now" if new else "was active already"
    say(f"{user} {said} at {vendor}.", as_json=as_json, vendor=vendor, user=user, changed=new)
