"""Commands for who may pay how for what in which country."""

from pathlib import Path as File
from typing import Any

import click

from isp_addons.cli.numbers import NUMBER
from isp_addons.cli.output import Form, Session, json_option, list_options, say, show, when, write_file
from isp_addons.domain.availability import Path, parse_rule_country
from isp_addons.domain.space import PAYERS, SpaceRole

_FILE = click.Path(path_type=File, dir_okay=False)
_PATH = click.Choice([each.value for each in Path])
_ROLE = click.Choice([each.value for each in PAYERS])


@click.group()
def availability() -> None:
    """Who may pay how for what in which country: a table for each vendor, as data.

    A change counts at once, and what was said before stays to be seen (list --ended). A sample is written by:
    isp-addons availability sample
    """


@availability.command()
@click.argument("file", type=_FILE)
@json_option
def check(*, file: File, as_json: bool) -> None:
    """Check FILE as a whole and change nothing. Every problem is named with its line."""
    from isp_addons.services import availability_file

    found = [each.vendor for each in availability_file.read(file)]
    say(f"{file}: {', '.join(found) or 'no vendors'}: nothing wrong.", as_json=as_json, file=str(file), vendors=found)


@availability.command("import")
@click.argument("file", type=_FILE)
@json_option
@click.pass_obj
def take_in(session: Session, *, file: File, as_json: bool) -> None:
    """Take FILE in as a whole or not at all. What it says no more of a vendor ends; vendors it does not name are left alone."""
    from isp_addons.services import availability_file, availability_rules

    tables = availability_file.read(file)
    taken = availability_rules.take(session.app.store, session.cause(f"availability {file.name} taken in"), tables)
    told = "; ".join(f"{vendor}: {each.added} added, {each.ended} ended, {each.same} same" for vendor, each in taken.items())
    counts = {vendor: {"added": each.added, "ended": each.ended, "same": each.same} for vendor, each in taken.items()}
    say(f"{file}: {told or 'nothing in it'}.", as_json=as_json, vendors=counts)


@availability.command()
@click.option("--output", type=_FILE, help="Write this file instead of printing.")
@click.pass_obj
def export(session: Session, *, output: File | None) -> None:
    """Write the tables as the file that `import` takes in."""
    from isp_addons.services import availability_file, availability_rules

    with session.app.store.read() as database:
        text = availability_file.write(availability_rules.tables(database))
    _write(text, output)


@availability.command()
@click.option("--output", type=_FILE, help="Write this file instead of printing.")
def sample(*, output: File | None) -> None:
    """Write the file that comes with isp-addons: what is known of vendors that sell by card."""
    from isp_addons.services import availability_file

    _write(availability_file.sample(), output)


@availability.command("list")
@click.option("--vendor", help="Only this vendor's.")
@click.option("--ended", is_flag=True, help="Also what was said before.")
@list_options
@click.pass_obj
def list_rules(session: Session, *, vendor: str | None, ended: bool, limit: int, form: Form) -> None:
    """List what the tables say: countries, services, apps, delegation."""
    from isp_addons.services.availability_rules import rows

    with session.app.store.read() as database:
        found = rows(database, vendor=vendor, ended=ended, limit=limit)
    if not form:
        found = [{**each, **{name: when(each[name]) for name in ("valid_from", "ended_at")}} for each in found]
    columns = {"vendor": "Vendor", "kind": "Kind", "about": "About", "says": "Says", "valid_from": "From", "ended_at": "Ended"}
    show(found, form=form, columns=columns, empty="The tables are empty; see: isp-addons availability sample")


@availability.command("add")
@click.argument("vendor")
@click.argument("country")
@click.argument("path", type=_PATH)
@click.option("--role", "roles", type=_ROLE, multiple=True, help="Who may pay so there; without one nobody may.")
@json_option
@click.pass_obj
def add_country(session: Session, *, vendor: str, country: str, path: str, roles: tuple[str, ...], as_json: bool) -> None:
    """Say who may pay in COUNTRY (a code such as PL, or any) by PATH. To change a rule, remove it and add it again.

    Example: isp-addons availability add ajax PL card --role pro
    """
    from isp_addons.domain.availability import CountryRule
    from isp_addons.services.availability_rules import with_country

    rule = CountryRule(country=parse_rule_country(country), path=Path(path), roles=frozenset(map(SpaceRole, roles)))
    _change(session, vendor, with_country(rule))
    allowed = ", ".join(sorted(rule.roles)) or "nobody"
    facts = {"vendor": vendor, "country": rule.country, "path": path, "roles": sorted(rule.roles)}
    say(f"{vendor}: in {rule.country} {path} is open to {allowed}, from now on.", as_json=as_json, **facts)


@availability.command("remove")
@click.argument("vendor")
@click.argument("country")
@click.argument("path", type=_PATH)
@json_option
@click.pass_obj
def remove_country(session: Session, *, vendor: str, country: str, path: str, as_json: bool) -> None:
    """End the rule of COUNTRY and PATH; the one for any other country counts there from now on."""
    from isp_addons.services.availability_rules import without_country

    code = parse_rule_country(country)
    _change(session, vendor, without_country(code, Path(path)))
    say(f"{vendor}: the rule of {code} {path} has ended.", as_json=as_json, vendor=vendor, country=code, path=path)


@availability.command("service")
@click.argument("vendor")
@click.argument("code")
@click.option("--card/--no-card", default=False, show_default=True, help="Whether it can be paid by card.")
@click.option("--card-device", "devices", multiple=True, metavar="KIND", help="By card for this kind of device only.")
@click.option("--product", "products", multiple=True, metavar="CODE", help="A product that is this service.")
@json_option
@click.pass_obj
def set_service(
    session: Session,
    *,
    vendor: str,
    code: str,
    card: bool,
    devices: tuple[str, ...],
    products: tuple[str, ...],
    as_json: bool,
) -> None:
    """Say what the service CODE is, instead of what was said of it before."""
    from isp_addons.domain.availability import Service
    from isp_addons.services.availability_rules import with_service

    _change(session, vendor, with_service(Service(code=code, card=card, card_devices=devices, products=products)))
    text = "can" if card else "cannot"
    say(f"{vendor}: {code} {text} be paid by card.", as_json=as_json, vendor=vendor, service=code, card=card)


@availability.command("app")
@click.argument("vendor")
@click.argument("name")
@click.option("--platform", "platforms", multiple=True, required=True, metavar="NAME", help="Such as Android; can be repeated.")
@click.option("--role", type=_ROLE, required=True, help="Whose app it is.")
@click.option("--least", required=True, metavar="VERSION", help="From which version on it can be paid from it.")
@json_option
@click.pass_obj
def set_app(
    session: Session, *, vendor: str, name: str, platforms: tuple[str, ...], role: str, least: str, as_json: bool
) -> None:
    """Say whose app NAME is and from which version on, instead of what was said of it on these platforms.

    Example: isp-addons availability app ajax "Ajax PRO: Tool for Engineers" --platform iOS --role pro --least 2.34
    """
    from isp_addons.domain.app_version import AppRule, parse_version
    from isp_addons.services.availability_rules import with_apps

    version = parse_version(least)
    rules = [AppRule(app=name, platform=each, role=SpaceRole(role), least=version) for each in platforms]
    _change(session, vendor, with_apps(rules))
    facts = {"vendor": vendor, "app": name, "platforms": platforms, "role": role, "least": str(version)}
    say(f"{vendor}: {name} is for {role} from {version} on.", as_json=as_json, **facts)


@availability.command("delegation")
@click.argument("vendor")
@click.option("--from", "first_day", metavar="DAY", help="The first day on which PROs can delegate, such as 2026-12-31.")
@click.option("--off", is_flag=True, help="Nobody can, and no delegated right counts.")
@json_option
@click.pass_obj
def set_delegation(session: Session, *, vendor: str, first_day: str | None, off: bool, as_json: bool) -> None:
    """Say from which day on PROs can delegate the right to pay by card."""
    from isp_addons.services.availability_file import parse_day
    from isp_addons.services.availability_rules import with_delegation

    if (first_day is None) != off:
        raise click.UsageError("Give --from DAY or --off.")
    day = parse_day(first_day) if first_day is not None else None
    _change(session, vendor, with_delegation(day))
    text = "off" if day is None else f"open from {day.isoformat()} on"
    told = None if day is None else day.isoformat()
    say(f"{vendor}: delegation is {text}.", as_json=as_json, vendor=vendor, delegation_from=told)


@availability.command()
@click.option("--space", type=NUMBER, required=True, help="The number of the space.")
@click.option("--service", help="A service or product; without it: in general.")
@click.option("--path", type=_PATH, help="Only whether it can be paid so; exit code 1 if not.")
@click.option("--device", "devices", multiple=True, metavar="NUMBER", help="A device of the space that it is for.")
@click.option("--person", metavar="EMAIL", help="Who would pay, if not --as EMAIL.")
@click.option("--app", metavar="NAME", help="The vendor's app from which it would be paid.")
@click.option("--platform", metavar="NAME", help="What that app runs on.")
@click.option("--app-version", metavar="VERSION", help="That app's version.")
@json_option
@click.pass_obj
def options(
    session: Session,
    *,
    space: int,
    service: str | None,
    path: str | None,
    devices: tuple[str, ...],
    person: str | None,
    app: str | None,
    platform: str | None,
    app_version: str | None,
    as_json: bool,
) -> None:
    """How somebody may pay in a space, or why not. Changes nothing.

    Example: isp-addons --as anna@example.net availability options --space 7 --service ajax_sim
    """
    from isp_addons.domain.app_version import AppUse
    from isp_addons.services import availability as service_of_ours

    use = None
    if (app, platform, app_version) != (None, None, None):
        use = AppUse(app=app or "", platform=platform or "", version=app_version or "")
    cause = session.cause("how he may pay")
    with session.app.store.read() as database:
        payer = service_of_ours.payer(database, cause, person) if person is not None else None
        told: dict[str, Any] = {"space": space, "person": payer, "service": service, "app": use}
        found = service_of_ours.options(database, cause, devices=devices or None, **told)
    if path is not None and Path(path) in found.refused:
        raise found.refused[Path(path)]
    refused = {path.value: {"error": each.code, "message": each.message} for path, each in found.refused.items()}
    facts = {"paths": [each.value for each in found.paths], "refused": refused, "hint": found.hint}
    lines = [f"{each.value}: yes" for each in found.paths] + [
        f"{path}: no. {each['message']}" for path, each in refused.items()
    ]
    say("\n".join([*lines, *filter(None, [found.hint])]), as_json=as_json, space=space, service=service, **facts)


def _change(session: Session, vendor: str, edit: Any) -> None:
    from isp_addons.services import availability_rules

    availability_rules.change(session.app.context, session.cause("changed by hand"), vendor=vendor, edit=edit)


def _write(text: str, output: File | None) -> None:
    if output is None:
        click.echo(text, nl=False)
    else:
        write_file(output, text)
        click.echo(f"Written: {output}")
