"""Commands for plugins: what is installed, whether it is right, taking it into use and out of it, writing a new one."""

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from isp_addons.cli.output import Form, Session, form_options, json_option, say, show
from isp_addons.domain.problem import ConfigProblem, NotFound, Problem, Refused

if TYPE_CHECKING:
    from isp_addons.bootstrap import App
    from isp_addons.services.plugin_admin import Installed, Row

_RESTART = "Restart the worker: it reads the configuration when it starts."
_FINDINGS = {"result": "", "what": "What", "finding": "Finding"}


@click.group()
def plugins() -> None:
    """List, check, enable, disable and write plugins."""


@plugins.command("list")
@form_options
@click.pass_obj
def list_plugins(session: Session, *, form: Form) -> None:
    """Every installed plugin: what it can do, which vendors it serves and how they fare. A broken one with its error."""
    from isp_addons.clock import SystemClock
    from isp_addons.host import Host
    from isp_addons.services.plugin_admin import installed, writable_by_others

    app = _app(session)
    folder = app.settings.general.plugins_dir if app else None
    if folder is not None and not folder.is_dir():
        click.echo(f"warning: [isp-addons] plugins_dir: there is no folder {folder}", err=True)
    for warning in writable_by_others(folder):
        click.echo(f"warning: {warning}", err=True)
    clock = app.clock if app else SystemClock()
    fares = _health(app) if app else {}
    found = installed(Host((), clock=clock, plugins_dir=folder), clock=clock, plugins_dir=folder)
    rows = [_listed(each, fares, form=form) for each in found]
    columns = {
        "plugin": "Plugin",
        "version": "Version",
        "source": "From",
        "capabilities": "Can",
        "hooks": "Hooks",
        "vendors": "Vendors",
        "error": "",
    }
    show(rows, form=form, columns=columns, empty="No plugin is installed.")


@plugins.command()
@click.argument("name", metavar="PLUGIN-OR-VENDOR")
@form_options
@click.pass_obj
def check(session: Session, *, name: str, form: Form) -> None:
    """Import a plugin and check its hooks, options and capabilities; for a vendor prove its settings with a harmless call."""
    rows = _findings(session, name)
    show(rows, form=form, columns=_FINDINGS, empty="Nothing to check.")
    if _fails(rows):
        raise Problem(f"{name} is not fit for use; see what fails above.", code="check_failed")


@plugins.command()
@click.argument("vendor")
@click.option("--force", is_flag=True, help="Enable it although the check fails, for instance while the vendor is down.")
@json_option
@click.pass_obj
def enable(session: Session, *, vendor: str, force: bool, as_json: bool) -> None:
    """Prove the settings of VENDOR, then write enabled = yes into its section. Everything else in the file is kept.

    One that is enabled already is proved all the same; it stays enabled, whatever the proof says.
    """
    from isp_addons.services.plugin_admin import examine_vendor

    app = session.app
    already = _configured(app, vendor).enabled
    failed = _fails(list(examine_vendor(app.settings, vendor, clock=app.clock)))
    if failed and not force:
        stays = f"The vendor {vendor} is enabled already, but" if already else f"The vendor {vendor} stays disabled,"
        mend = "Mend it." if already else "Mend it, or use --force."
        raise Refused(f"{stays} its check fails: {'; '.join(failed)}. {mend}", code="check_failed")
    for each in failed:
        click.echo(f"warning: enabled although its check fails: {each}", err=True)
    if already:
        proved = "" if failed else " Its settings are proved."
        _say(vendor, f"The vendor {vendor} is enabled already.{proved}", enabled=True, changed=False, as_json=as_json)
        return
    _write(session, vendor, enabled=True)
    _say(vendor, f"The vendor {vendor} is enabled. {_RESTART}", enabled=True, changed=True, as_json=as_json)


@plugins.command()
@click.argument("vendor")
@json_option
@click.pass_obj
def disable(session: Session, *, vendor: str, as_json: bool) -> None:
    """Write enabled = no into the section of VENDOR: no calls, no new orders. What runs stays visible."""
    if not _configured(session.app, vendor).enabled:
        _say(vendor, f"The vendor {vendor} is disabled already.", enabled=False, changed=False, as_json=as_json)
        return
    _write(session, vendor, enabled=False)
    _say(vendor, f"The vendor {vendor} is disabled. {_RESTART}", enabled=False, changed=True, as_json=as_json)


@plugins.command()
@click.argument("name")
@click.option(
    "--directory",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path(),
    help="Where to write it; the present folder if not given.",
)
@json_option
@click.pass_obj
def new(session: Session, *, name: str, directory: Path, as_json: bool) -> None:  # noqa: ARG001 - every command is given it
    """Write a package with a new plugin NAME that works as it stands: client, stand-in, conformance test, README."""
    from isp_addons.clock import SystemClock
    from isp_addons.host import Host
    from isp_addons.services.new_plugin import write_plugin

    made = write_plugin(name, folder=directory, taken=Host((), clock=SystemClock()).plugins().keys())
    text = f"Wrote {made}. Install it with: pip install -e {made}; prove it with: pytest {made}; then read its README.md"
    say(text, as_json=as_json, plugin=name, folder=str(made))


def _app(session: Session) -> "App | None":
    """The installation; None where there is no configuration yet, which a developer of plugins does not need."""
    try:
        return session.app
    except ConfigProblem as problem:
        named = click.get_current_context().find_root().params.get("config")
        if named or problem.code != "no_configuration":
            raise
        return None


def _health(app: "App") -> dict[str, list[dict[str, str]]]:
    """How the vendors of each plugin fare; without a database only what the configuration tells."""
    from isp_addons.services.vendor_overview import vendor_rows

    try:
        rows = vendor_rows(app.store, app.host, now=app.clock.now())
    except Problem as problem:
        if app.settings.vendors:
            click.echo(f"warning: how the vendors fare is not known: {problem.message}", err=True)
        rows = [
            {"vendor": each.name, "plugin": each.plugin, "state": "unknown" if each.enabled else "disabled", "note": ""}
            for each in app.settings.vendors.values()
        ]
    fares: dict[str, list[dict[str, str]]] = {}
    for row in rows:
        fares.setdefault(row["plugin"], []).append({name: row[name] for name in ("vendor", "state", "note")})
    return fares


def _listed(plugin: "Installed", fares: dict[str, list[dict[str, str]]], *, form: Form) -> dict[str, Any]:
    from isp_addons.services.plugin_admin import HOOKS, as_facts, words

    vendors = fares.get(plugin.name, [])
    row = {"plugin": plugin.name, "version": plugin.version, "source": plugin.source, "error": plugin.error}
    if form:
        return {**row, "hooks": plugin.hooks, "capabilities": as_facts(plugin.capabilities), "vendors": vendors}
    row["source"] = Path(plugin.source).name
    shown = [f"{each['vendor']} ({each['state']})" for each in vendors]
    if plugin.plugin is None:
        return {**row, "vendors": shown}
    lacks = [hook for hook in HOOKS if hook not in plugin.hooks]
    hooks = f"all but {', '.join(lacks)}" if lacks else "all"
    return {**row, "vendors": shown, "hooks": hooks, "capabilities": words(plugin.capabilities)}


def _findings(session: Session, name: str) -> list["Row"]:
    from isp_addons.clock import SystemClock
    from isp_addons.host import Host
    from isp_addons.services.plugin_admin import examine, examine_vendor, look_at

    app = _app(session)
    if app is not None and name in app.settings.vendors:
        return list(examine_vendor(app.settings, name, clock=app.clock))
    folder = app.settings.general.plugins_dir if app else None
    clock = app.clock if app else SystemClock()
    return list(examine(look_at(Host((), clock=clock, plugins_dir=folder), name, clock=clock, plugins_dir=folder)))


def _fails(rows: list["Row"]) -> list[str]:
    return [f"{row['what']}: {row['finding'].rstrip('.')}" for row in rows if row["result"] == "fails"]


def _configured(app: "App", vendor: str) -> Any:
    found = app.settings.vendors.get(vendor)
    if found is None:
        known = ", ".join(app.settings.vendors) or "none is configured"
        text = f"There is no vendor {vendor!r} in {app.settings.path}; add a section [vendor:{vendor}] (known: {known})."
        raise NotFound(text, code="unknown_vendor")
    return found


def _write(session: Session, vendor: str, *, enabled: bool) -> None:
    """Change the file, and note it in the audit where there is one: both, or neither."""
    from isp_addons.convergence import vendor_state
    from isp_addons.settings.edit import set_option
    from isp_addons.store import audit

    app = session.app
    before, after = ("no", "yes") if enabled else ("yes", "no")
    try:
        store = app.store
    except Problem as problem:
        set_option(app.settings.path, section=f"vendor:{vendor}", option="enabled", value=after, after="plugin")
        click.echo(f"warning: this is not in the audit: {problem.message}", err=True)
        return
    cause = session.cause(f"vendor {vendor} {'enabled' if enabled else 'disabled'} in {app.settings.path}")
    with store.write() as database:
        number = vendor_state.of(database, vendor).id
        audit.record(database, cause, subject="vendor", subject_id=number, field="enabled", before=before, after=after)
        set_option(app.settings.path, section=f"vendor:{vendor}", option="enabled", value=after, after="plugin")


def _say(vendor: str, text: str, *, enabled: bool, changed: bool, as_json: bool) -> None:
    say(text, as_json=as_json, vendor=vendor, enabled=enabled, changed=changed)
