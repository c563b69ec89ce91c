"""Commands for vendors: what would be called, calling it, comparing, and each vendor's health."""

import signal
import threading
from typing import TYPE_CHECKING

import click

from isp_addons.cli.output import Form, Session, form_options, json_option, list_options, say, show
from isp_addons.domain.cause import Source
from isp_addons.domain.problem import Problem
from isp_addons.domain.text import parse_line

if TYPE_CHECKING:
    from isp_addons.convergence.tally import Tally


@click.command()
@list_options
@click.pass_obj
def plan(session: Session, *, limit: int, form: Form) -> None:
    """Show the vendor calls that would be made now, without making them."""
    from isp_addons.convergence.plan import plan as planned

    app = session.app
    columns = {
        "vendor": "Vendor",
        "step": "Call",
        "account": "Account",
        "product": "Product",
        "licence": "Licence",
        "seen": "Is",
        "wanted": "Wanted",
        "tries": "Tries",
    }
    usable = [vendor.name for vendor in app.host.usable()]
    calls = planned(app.store, now=app.clock.now(), vendors=usable, limit=limit)
    show(calls, form=form, columns=columns, empty=_why_no_calls(session))
    _tell_left_out(session, form=form)


@click.command()
@click.option("--watch", is_flag=True, help="Go on for ever; stop with Ctrl-C or SIGTERM.")
@form_options
@click.pass_obj
def converge(session: Session, *, watch: bool, form: Form) -> None:
    """Make the vendor calls that are due, until the vendors have what is wanted.

    Failed calls are tried again later by themselves; refused ones are listed by: isp-addons failed list
    """
    from isp_addons.cli.progress import progress_of
    from isp_addons.services.refund import reverse_refused

    app = session.app
    stop = stop_on_signals()
    if watch:
        click.echo("Watching; stop with Ctrl-C.", err=True)
        app.convergence.watch(stop=stop)
        return
    with progress_of(app.convergence.due(), quiet=bool(form)) as progress:
        tallies = app.convergence.once(stop=stop, progress=progress)
    reversed_ = reverse_refused(app.context, session.cause("the vendor refused it", source=Source.VENDOR))
    rows = [_tally_row(name, tally) for name, tally in tallies.items()]
    columns = {"vendor": "Vendor", "done": "Done", "failed": "Failed", "calls": "Calls", "paused": "Paused"}
    show(rows, form=form, columns=columns, right=("done", "failed"), empty=_why_no_calls(session))
    _tell_left_out(session, form=form)
    if reversed_ and not form:
        click.echo(f"{reversed_} charges were reversed because the vendor refused what was ordered.")


@click.command()
@click.argument("vendor", required=False)
@click.option("--apply", "applies", is_flag=True, help="Write down what the vendor has, so that the loop repairs it.")
@form_options
@click.pass_obj
def reconcile(session: Session, *, vendor: str | None, applies: bool, form: Form) -> None:
    """List all that VENDOR (default: every vendor that can list) has, and report where it differs from ours."""
    from isp_addons.convergence.reconcile import reconcile as compare

    app = session.app
    chosen = [app.host.vendor(vendor)] if vendor else [each for each in app.host.usable() if each.reconciles]
    cause = session.cause("reconciled with the vendor's list", source=Source.VENDOR)
    found = [drift for each in chosen for drift in compare(app.store, each, cause, apply=applies)]
    columns = {
        "vendor": "Vendor",
        "kind": "Difference",
        "licence": "Licence",
        "account": "Account",
        "ours": "Wanted",
        "theirs": "The vendor has",
    }
    show(found, form=form, columns=columns, empty="No differences.")
    if found and not form:
        advice = (
            "Written down; the next converge repairs what the rule allows." if applies else "Nothing was changed; use --apply."
        )
        click.echo(f"{len(found)} differences. {advice}")


@click.group()
def vendors() -> None:
    """List, check, pause and resume vendors."""


@vendors.command("list")
@form_options
@click.pass_obj
def list_vendors(session: Session, *, form: Form) -> None:
    """Every vendor: its plugin, whether it works, whether it is paused, what waits for it. missing: it has no section."""
    from isp_addons.services.vendor_overview import vendor_rows

    app = session.app
    rows = vendor_rows(app.store, app.host, now=app.clock.now())
    columns = {
        "vendor": "Vendor",
        "plugin": "Plugin",
        "version": "Version",
        "state": "State",
        "waiting": "Waiting",
        "given_up": "Given up",
        "note": "",
    }
    show(
        rows,
        form=form,
        columns=columns,
        right=("waiting", "given_up"),
        empty="No vendor is configured; add a section [vendor:NAME].",
    )


@vendors.command()
@click.argument("vendor")
@json_option
@click.pass_obj
def check(session: Session, *, vendor: str, as_json: bool) -> None:
    """Prove the settings of VENDOR with a harmless call."""
    from isp_addons.vendor_api import VendorError

    try:
        report = session.app.host.vendor(vendor).check()
    except VendorError as error:
        raise Problem(f"The vendor {vendor} does not work: {error}", code=error.kind.value) from error
    say(f"The vendor {vendor} works: {' '.join(report.findings)}", as_json=as_json, vendor=vendor, findings=report.findings)


@vendors.command()
@click.argument("vendor")
@click.option("--note", required=True, help="Why; shown until it is resumed.")
@json_option
@click.pass_obj
def pause(session: Session, *, vendor: str, note: str, as_json: bool) -> None:
    """Make no calls to VENDOR until it is resumed. What is wanted is kept and delivered then."""
    from isp_addons.convergence import vendor_state

    require_known(session, vendor)
    with session.app.store.write() as database:
        vendor_state.pause(database, session.cause(parse_line(note, name="note", most=200)), vendor)
    say(f"The vendor {vendor} is paused.", as_json=as_json, vendor=vendor, paused=True)


@vendors.command()
@click.argument("vendor")
@json_option
@click.pass_obj
def resume(session: Session, *, vendor: str, as_json: bool) -> None:
    """Call VENDOR again, after a pause by hand or by the breaker."""
    from isp_addons.convergence import vendor_state

    require_known(session, vendor)
    with session.app.store.write() as database:
        vendor_state.resume(database, session.cause("resumed by hand"), vendor)
    say(f"The vendor {vendor} is called again.", as_json=as_json, vendor=vendor, paused=False)


def stop_on_signals() -> threading.Event:
    """An event that Ctrl-C and SIGTERM set: calls in flight are finished, then the command ends."""
    stop = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda _number, _frame: stop.set())
    return stop


def _why_no_calls(session: Session) -> str:
    from isp_addons.services.vendor_overview import unsettled

    usable = {vendor.name for vendor in session.app.host.usable()}
    with session.app.store.read() as database:
        everywhere = unsettled(database)
    waiting = {name: count for name, count in everywhere.items() if name in usable}
    if not waiting:
        return "No call is due now." if everywhere else "The vendors have what is wanted: no calls."
    told = ", ".join(f"{count} of {name}" for name, count in sorted(waiting.items()))
    return (
        f"No call is due now, but licences wait ({told}): for their next try, or for their vendor. See: isp-addons vendors list"
    )


def _tell_left_out(session: Session, *, form: Form) -> None:
    """Licences that differ from what is wanted, but whose vendor is not called at all: one line for people."""
    from isp_addons.services.vendor_overview import left_out

    found = [] if form else left_out(session.app.store, session.app.host)
    if found:
        count = sum(each.licences for each in found)
        told = ", ".join(f"{each.licences} of {each.vendor} ({each.why})" for each in found)
        licences = "1 licence is" if count == 1 else f"{count} licences are"
        click.echo(f"{licences} not called about: {told}. See: isp-addons vendors list")


def require_known(session: Session, vendor: str) -> None:
    """Raises `NotFound`, with the known names, for a vendor that is not configured."""
    if vendor not in session.app.host.names():
        session.app.host.vendor(vendor)  # raises with the known names


def _tally_row(name: str, tally: "Tally") -> dict[str, object]:
    calls = [f"{step} {count}" for step, count in sorted(tally.steps.items())]
    return {"vendor": name, "done": tally.done, "failed": tally.failed, "calls": calls, "paused": tally.paused}
