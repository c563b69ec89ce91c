"""Commands for spaces: whose they are, who and what is in them, and who may pay there in a PRO's stead."""

from typing import Any

import click

from isp_addons.cli.numbers import NUMBER
from isp_addons.cli.output import Form, Session, json_option, list_options, say, show, when
from isp_addons.domain.problem import BadInput

SPACE = NUMBER
"""What a command takes for the number of a space."""


@click.group()
def spaces() -> None:
    """Spaces: places that a vendor guards, who and what is in them."""


@spaces.command()
@click.argument("account")
@click.option("--vendor", required=True, help="The [vendor:NAME] whose space it is.")
@click.option("--country", default="", metavar="CODE", help="Where it is, such as UA; without it nobody can pay yet.")
@click.option("--name", default="", help="What people call it.")
@json_option
@click.pass_obj
def add(session: Session, *, account: str, vendor: str, country: str, name: str, as_json: bool) -> None:
    """Note a space for which ACCOUNT pays.

    Example: isp-addons spaces add 1042 --vendor ajax --country UA --name Office
    """
    from isp_addons.services.spaces import create

    cause = session.cause("a space was added by hand")
    made = create(session.app.context, cause, account=account, vendor=vendor, country=country, name=name)
    say(f"Space {made} of {account} is noted.", as_json=as_json, space=made, account=account, vendor=vendor)


@spaces.command()
@click.argument("space", type=SPACE)
@click.argument("code")
@json_option
@click.pass_obj
def country(session: Session, *, space: int, code: str, as_json: bool) -> None:
    """Say that SPACE is in the country CODE, such as UA. It decides how can be paid there, not the country of the card."""
    from isp_addons.services.spaces import set_country

    changed = set_country(session.app.context, session.cause("changed by hand"), space_id=space, country=code)
    say(f"Space {space} is in {code.upper()}.", as_json=as_json, space=space, changed=changed)


@spaces.command()
@click.argument("space", type=SPACE)
@click.argument("email", required=False)
@click.option("--company", metavar="NAME", help="A company instead of a person.")
@click.option("--full-rights/--no-full-rights", default=True, show_default=True, help="With full rights to the space, or not.")
@json_option
@click.pass_obj
def member(session: Session, *, space: int, email: str | None, company: str | None, full_rights: bool, as_json: bool) -> None:
    """Note that the person EMAIL, or a company, is in SPACE. Again, with other rights: they change."""
    from isp_addons.services import spaces as service

    cause, named = session.cause("noted by hand"), _one_of(email, company)
    if company is not None:
        changed = service.join_company(session.app.context, cause, space_id=space, company=company)
    else:
        changed = service.join(session.app.context, cause, space_id=space, email=named, full_rights=full_rights)
    text = "is" if changed else "was already"
    say(f"{named} {text} in space {space}.", as_json=as_json, space=space, member=named, changed=changed)


@spaces.command()
@click.argument("space", type=SPACE)
@click.argument("email", required=False)
@click.option("--company", metavar="NAME", help="A company instead of a person.")
@json_option
@click.pass_obj
def leave(session: Session, *, space: int, email: str | None, company: str | None, as_json: bool) -> None:
    """Note that a person or a company is in SPACE no more. What was delegated by or to him ends; running services go on."""
    from isp_addons.services import spaces as service

    cause, named = session.cause("noted by hand"), _one_of(email, company)
    if company is not None:
        changed = service.leave_company(session.app.context, cause, space_id=space, company=company)
    else:
        changed = service.leave(session.app.context, cause, space_id=space, email=named)
    text = "left" if changed else "was not in"
    say(f"{named} {text} space {space}.", as_json=as_json, space=space, member=named, changed=changed)


@spaces.command("add-device")
@click.argument("space", type=SPACE)
@click.argument("number")
@click.option("--kind", required=True, help="What it is, as the vendor calls it, such as IndoorCam.")
@click.option("--name", default="", help="What people call it.")
@json_option
@click.pass_obj
def add_device(session: Session, *, space: int, number: str, kind: str, name: str, as_json: bool) -> None:
    """Note that the device with the vendor's NUMBER is in SPACE."""
    from isp_addons.services.device_bundle import add_to_space

    cause = session.cause("noted by hand")
    changed = add_to_space(session.app.context, cause, space_id=space, ref=number, kind=kind, name=name)
    text = "is" if changed else "was already"
    say(f"The device {number} {text} in space {space}.", as_json=as_json, space=space, device=number, changed=changed)


@spaces.command("remove-device")
@click.argument("space", type=SPACE)
@click.argument("number")
@json_option
@click.pass_obj
def remove_device(session: Session, *, space: int, number: str, as_json: bool) -> None:
    """Note that the device NUMBER is in SPACE no more, nor in a bundle."""
    from isp_addons.services.device_bundle import remove_from_space

    changed = remove_from_space(session.app.context, session.cause("noted by hand"), space_id=space, ref=number)
    text = "is removed" if changed else "was removed before"
    say(f"The device {number} {text}.", as_json=as_json, space=space, device=number, changed=changed)


@spaces.command("list")
@click.option("--account", help="Only this account's.")
@list_options
@click.pass_obj
def list_spaces(session: Session, *, account: str | None, limit: int, form: Form) -> None:
    """List the spaces."""
    from isp_addons.services.spaces import rows

    cause = session.cause("looked at")
    with session.app.store.read() as database:
        found = rows(database, cause, account=account, limit=limit)
    columns = {"id": "Space", "account": "Account", "vendor": "Vendor", "name": "Name", "country": "Country"}
    show(found, form=form, columns=columns, right=("id",), empty="No spaces; add one with: isp-addons spaces add")


@spaces.command("show")
@click.argument("space", type=SPACE)
@json_option
@click.pass_obj
def show_space(session: Session, *, space: int, as_json: bool) -> None:
    """Show SPACE with its members and devices."""
    from isp_addons.services.spaces import shown

    cause = session.cause("looked at")
    with session.app.store.read() as database:
        found = shown(database, cause, space_id=space)
    said = (
        f"Space {space} {found['name']} of {found['account']} at {found['vendor']}, {found['country'] or 'country not known'}"
    )
    say(f"{said}:", as_json=as_json, **found)
    if not as_json:
        _table(found["members"], {"member": "Who", "role": "Role", "rights": "Rights"}, "Nobody is in it.")
        _table(found["devices"], {"device": "Device", "kind": "Kind", "name": "Name"}, "No device is in it.")


@click.group()
def delegations() -> None:
    """A PRO lets a user of the same space pay by card, and takes it back."""


@delegations.command()
@click.argument("space", type=SPACE)
@click.argument("email")
@json_option
@click.pass_obj
def grant(session: Session, *, space: int, email: str, as_json: bool) -> None:
    """Let the user EMAIL pay by card in SPACE, as the PRO of --as.

    Example: isp-addons --as pro@example.net delegations grant 7 anna@example.net
    """
    from isp_addons.services import delegation

    changed = delegation.grant(session.app.context, session.cause("delegated"), space_id=space, to=email)
    text = "may" if changed else "could already"
    say(f"{email} {text} pay by card in space {space}.", as_json=as_json, space=space, to=email, changed=changed)


@delegations.command()
@click.argument("space", type=SPACE)
@click.argument("email")
@json_option
@click.pass_obj
def revoke(session: Session, *, space: int, email: str, as_json: bool) -> None:
    """Take back from EMAIL what the PRO of --as delegated in SPACE; the ISP's staff take back all. What runs goes on."""
    from isp_addons.services import delegation

    changed = delegation.revoke(session.app.context, session.cause("revoked"), space_id=space, to=email)
    text = "may not pay any more" if changed else "had no such right"
    say(f"{email} {text} in space {space}.", as_json=as_json, space=space, to=email, changed=changed)


@delegations.command("list")
@click.option("--space", type=SPACE, help="Only in this space.")
@click.option("--ended", is_flag=True, help="Also those that have ended.")
@list_options
@click.pass_obj
def list_delegations(session: Session, *, space: int | None, ended: bool, limit: int, form: Form) -> None:
    """List who lets whom pay."""
    from isp_addons.cli.output import as_dict
    from isp_addons.services import delegation

    cause = session.cause("looked at")
    found = delegation.rows(session.app.context, cause, space_id=space, ended=ended, limit=limit)
    rows: list[dict[str, Any]] = [as_dict(each) for each in found]
    if not form:
        times = [{"granted_at": when(each.granted_at), "ended_at": when(each.ended_at)} for each in found]
        rows = [{**row, **time} for row, time in zip(rows, times, strict=True)]
    columns = {"space": "Space", "by": "By", "to": "To", "granted_at": "Since", "ended_at": "Ended"}
    show(rows, form=form, columns=columns, right=("space",), empty="Nobody pays in a PRO's stead.")


def _one_of(email: str | None, company: str | None) -> str:
    if (email is None) == (company is None):
        raise BadInput("Name a person by his e-mail address, or a company with --company.", code="person_missing")
    return email or company or ""


def _table(rows: list[dict[str, Any]], columns: dict[str, str], empty: str) -> None:
    show(rows, form=Form.TABLE, columns=columns, empty=empty)
