"""Commands for bundles: the devices for which a subscription is used."""

import click

from isp_addons.cli.output import SUBSCRIPTION, Form, Session, json_option, list_options, say, show, when


@click.group()
def bundles() -> None:
    """Which devices a subscription is used for; they change at any time, for no charge."""


@bundles.command()
@click.argument("subscription", type=SUBSCRIPTION)
@click.argument("device")
@click.option("--instead-of", metavar="NUMBER", help="A device for which it is used no more.")
@json_option
@click.pass_obj
def use(session: Session, *, subscription: int, device: str, instead_of: str | None, as_json: bool) -> None:
    """Use SUBSCRIPTION for the device with the vendor's number DEVICE."""
    from isp_addons.services import device_bundle

    cause = session.cause("chosen")
    changed = device_bundle.use_for(
        session.app.context, cause, subscription_id=subscription, device=device, instead_of=instead_of
    )
    text = "is" if changed else "was already"
    facts = {"subscription": subscription, "device": device, "changed": changed}
    say(f"Subscription {subscription} {text} used for {device}.", as_json=as_json, **facts)


@bundles.command()
@click.argument("subscription", type=SUBSCRIPTION)
@click.argument("device")
@json_option
@click.pass_obj
def stop(session: Session, *, subscription: int, device: str, as_json: bool) -> None:
    """Use SUBSCRIPTION for DEVICE no more. Without a device it is idle, and goes on to be paid for."""
    from isp_addons.services import device_bundle

    cause = session.cause("chosen")
    changed = device_bundle.stop_using(session.app.context, cause, subscription_id=subscription, device=device)
    text = "is used no more" if changed else "was not used"
    facts = {"subscription": subscription, "device": device, "changed": changed}
    say(f"Subscription {subscription} {text} for {device}.", as_json=as_json, **facts)


@bundles.command("list")
@click.argument("subscription", type=SUBSCRIPTION)
@list_options
@click.pass_obj
def list_devices(session: Session, *, subscription: int, limit: int, form: Form) -> None:
    """The devices for which SUBSCRIPTION is used."""
    from isp_addons.cli.output import as_dict
    from isp_addons.services import device_bundle

    found = device_bundle.state(session.app.context, session.cause("looked at"), subscription_id=subscription)
    rows = [{**as_dict(each), **({} if form else {"since": when(each.since)})} for each in found.devices[:limit]]
    columns = {"device": "Device", "kind": "Kind", "name": "Name", "space": "Space", "since": "Since (UTC)"}
    show(rows, form=form, columns=columns, empty="It is idle: no device uses it.")
    if not form:
        click.echo(f"{found.bundle.active} of {found.bundle.size} devices.")


@bundles.command("show")
@click.argument("subscription", type=SUBSCRIPTION)
@json_option
@click.pass_obj
def show_bundle(session: Session, *, subscription: int, as_json: bool) -> None:
    """For how many devices SUBSCRIPTION is, and how many use it."""
    from isp_addons.services import device_bundle

    found = device_bundle.state(session.app.context, session.cause("looked at"), subscription_id=subscription).bundle
    facts = {"subscription": subscription, "size": found.size, "active": found.active, "idle": found.is_idle}
    idle = "; it is idle" if found.is_idle else ""
    say(f"Subscription {subscription}: {found.active} of {found.size} devices{idle}.", as_json=as_json, **facts)
