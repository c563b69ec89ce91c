"""Setting up: the database, the configuration, and proving that everything works together."""

from pathlib import Path

import click

from isp_addons.cli.output import Form, Session, form_options, json_option, say, show
from isp_addons.domain.problem import Problem


@click.command()
@json_option
@click.pass_obj
def init(session: Session, *, as_json: bool) -> None:
    """Create or upgrade the database. Run it after each upgrade of isp-addons; a second time it changes nothing."""
    from isp_addons.services import availability_file, availability_rules
    from isp_addons.store import schema

    store = session.app.unchecked_store
    changed = schema.upgrade(store)
    availability_rules.take_defaults(store, availability_file.defaults())
    shown = store.url.render_as_string(hide_password=True)
    text = "is ready" if changed else "was ready already"
    say(
        f"The database {shown} {text} (version {schema.HEAD}).",
        as_json=as_json,
        database=shown,
        version=schema.HEAD,
        changed=changed,
    )


@click.command()
@form_options
@click.pass_obj
def doctor(session: Session, *, form: Form) -> None:
    """Prove configuration, database, billing, spool and every vendor with harmless calls. Exit code 1 if anything fails."""
    from isp_addons.cli.checks import all_checks

    rows = all_checks(session.app)
    columns = {"result": "", "what": "What", "finding": "Finding"}
    show(rows, form=form, columns=columns, empty="Nothing to check.")
    if any(row["result"] == "fails" for row in rows):
        raise Problem("Some checks failed; see the table above.", code="doctor")


@click.group()
def config() -> None:
    """Check, show or write a sample of the configuration."""


@config.command()
@click.pass_obj
def check(session: Session) -> None:
    """Check the whole configuration, the plugins' options too. All problems at once; exit code 78."""
    from isp_addons.settings import card_keys, check_vendor_options

    app = session.app
    check_vendor_options(app.settings, app.host.plugin_class)
    card_keys(app.settings)
    click.echo(f"{app.settings.path} is right: {len(app.settings.vendors)} vendors.")


@config.command("show")
@form_options
@click.pass_obj
def show_config(session: Session, *, form: Form) -> None:
    """Every option with its value and where that comes from, secrets starred."""
    app = session.app
    columns = {"section": "Section", "option": "Option", "value": "Value", "origin": "From"}
    show(app.settings.shown(app.host.try_plugin_class), form=form, columns=columns, empty="Nothing is set.")


@config.command()
def sample() -> None:
    """Write a sample with every option, its default and its meaning to stdout."""
    from isp_addons.clock import SystemClock
    from isp_addons.host import Host
    from isp_addons.settings import sample as text

    host = Host((), clock=SystemClock(), plugins_dir=Path())
    click.echo(text({name: host.plugin_class(name) for name in sorted(host.plugins())}), nl=False)
