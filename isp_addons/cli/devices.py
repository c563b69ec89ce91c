"""Commands for devices of accounts that a vendor names by its own numbers, such as alarm hubs."""

import click

from isp_addons.cli.output import Form, Session, json_option, list_options, say, show


@click.group()
def devices() -> None:
    """Which devices of a vendor, such as alarm hubs, belong to which account."""


@devices.command("add")
@click.argument("account")
@click.argument("ref")
@click.option("--vendor", required=True, help="The [vendor:NAME] whose device it is.")
@click.option("--name", default="", help="What people call it.")
@json_option
@click.pass_obj
def add_device(session: Session, *, account: str, ref: str, vendor: str, name: str, as_json: bool) -> None:
    """Note that the device with the vendor's number REF belongs to ACCOUNT.

    Example: isp-addons devices add 1042 00AF49C1 --vendor ajax --name "Front door"
    """
    from isp_addons.services.devices import add

    cause = session.cause("a device was added by hand")
    new = add(session.app.context, cause, account=account, ref=ref, vendor=vendor, name=name)
    text = "belongs to" if new else "belonged already to"
    say(f"The device {ref} {text} {account}.", as_json=as_json, account=account, device=ref, vendor=vendor, changed=new)


@devices.command("remove")
@click.argument("ref")
@click.option("--vendor", required=True, help="The [vendor:NAME] whose device it is.")
@json_option
@click.pass_obj
def remove_device(session: Session, *, ref: str, vendor: str, as_json: bool) -> None:
    """Note that the device REF belongs to no account any more. Nothing is told to the vendor."""
    from isp_addons.services.devices import remove

    removed = remove(session.app.context, session.cause("a device was removed by hand"), ref=ref, vendor=vendor)
    text = "is removed" if removed else "was removed before"
    say(f"The device {ref} {text}.", as_json=as_json, device=ref, vendor=vendor, changed=removed)


@devices.command("list")
@click.option("--account", help="Only this account's.")
@click.option("--vendor", help="Only this vendor's.")
@list_options
@click.pass_obj
def list_devices(session: Session, *, account: str | None, vendor: str | None, limit: int, form: Form) -> None:
    """List the devices that accounts have."""
    from isp_addons.services.devices import rows

    with session.app.store.read() as database:
        found = rows(database, account=account, vendor=vendor, limit=limit)
    columns = {"account": "Account", "vendor": "Vendor", "ref": "Device", "name": "Name", "added_at": "Since"}
    show(found, form=form, columns=columns, empty="No devices; add one with: isp-addons devices add")
