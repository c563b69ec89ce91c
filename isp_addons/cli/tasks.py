"""Commands for what waits for a person."""

import click

from isp_addons.cli.output import Form, Session, as_dict, json_option, list_options, say, show, when
from isp_addons.domain.problem import BadInput
from isp_addons.domain.text import parse_line


@click.group()
def tasks() -> None:
    """What people must do at vendors: list it, and say that it was done.

    A vendor without an interface is told by a person; a call that a vendor refused needs one. Until somebody answers, the
    licence is pending and never pretends to be done. LICENCE is our key, as the list shows it.
    """


@tasks.command("list")
@click.option("--overdue", is_flag=True, help="Only what should have been done by now.")
@click.option("--vendor", help="Only this vendor's.")
@click.option("--account", help="Only this account's.")
@list_options
@click.pass_obj
def list_tasks(session: Session, *, overdue: bool, vendor: str | None, account: str | None, limit: int, form: Form) -> None:
    """What waits for a person, the most urgent first."""
    from isp_addons.cli.vendors import require_known

    app = session.app
    if vendor is not None:
        require_known(session, vendor)
    found = app.tasks.waiting(now=app.clock.now(), limit=limit, vendor=vendor, account=account, overdue=overdue)
    columns = {
        "licence": "Licence",
        "vendor": "Vendor",
        "account": "Account",
        "title": "What to do",
        "status": "Status",
        "due": "Due (UTC)",
    }
    rows = ({**as_dict(each), **({} if form else {"due": _due(each.overdue, when(each.due_at))})} for each in found)
    show(rows, form=form, columns=columns, empty="Nothing waits for a person.")
    if found and not form:
        click.echo("How to do one, with what to enter: isp-addons tasks show LICENCE")


@tasks.command("show")
@click.argument("licence")
@json_option
@click.pass_obj
def show_task(session: Session, *, licence: str, as_json: bool) -> None:
    """How to do the task of LICENCE: step by step, with the exact values to enter."""
    app = session.app
    task = app.tasks.one(licence, now=app.clock.now())
    say(
        f"{task.instructions}\n\nLicence {task.licence}, {task.status}, due {_due(task.overdue, when(task.due_at))} UTC.",
        as_json=as_json,
        **as_dict(task),
    )


@tasks.command()
@click.argument("licences", nargs=-1, required=True)
@click.option("--reference", help="The vendor's own number of it, if there is one; for one licence.")
@click.option("--show", "shown", multiple=True, metavar="NAME=VALUE", help="What the subscriber may see, such as link=….")
@json_option
@click.pass_obj
def confirm(
    session: Session, *, licences: tuple[str, ...], reference: str | None, shown: tuple[str, ...], as_json: bool
) -> None:
    """Say that what was asked for LICENCES was done at the vendor. Only then does it count."""
    from isp_addons.cli.products import parse_option
    from isp_addons.convergence import task_answers

    if len(licences) > 1 and (reference is not None or shown):
        raise BadInput("--reference and --show are for one licence at a time.", code="one_at_a_time")
    if reference is not None:
        reference = parse_line(reference, name="reference", most=120)
    show_to_subscriber = dict(parse_option(each) for each in shown)
    store, cause = session.app.store, session.cause("confirmed by hand")
    for licence in licences:
        new = task_answers.confirm(store, cause, licence=licence, reference=reference, show=show_to_subscriber)
        say(_answered(licence, "is confirmed", new), as_json=as_json, licence=licence, outcome="confirmed", changed=new)


@tasks.command("could-not")
@click.argument("licence")
@click.option("--note", required=True, help="Why; shown with the licence.")
@json_option
@click.pass_obj
def could_not(session: Session, *, licence: str, note: str, as_json: bool) -> None:
    """Say that what was asked for LICENCE was not done and will not be. An order that cannot be filled is paid back."""
    from isp_addons.convergence import task_answers
    from isp_addons.domain.cause import Source
    from isp_addons.services.refund import reverse_refused

    app = session.app
    note = parse_line(note, name="note", most=200)
    new = task_answers.could_not(app.store, session.cause(note), licence=licence, note=note)
    reverse_refused(app.context, session.cause("the vendor refused it", source=Source.VENDOR))
    say(_answered(licence, "could not be done", new), as_json=as_json, licence=licence, outcome="could_not", changed=new)


@tasks.command("ask-again")
@click.argument("licence")
@json_option
@click.pass_obj
def ask_again(session: Session, *, licence: str, as_json: bool) -> None:
    """Look at LICENCE anew: a refused call is tried again, a task comes back with what is wanted now."""
    from isp_addons.convergence import task_answers

    task_answers.ask_again(session.app.store, session.cause("asked again by hand"), licence=licence)
    say(f"{licence} is asked about again by the next converge.", as_json=as_json, licence=licence, outcome="asked_again")


def _due(overdue: bool, moment: str) -> str:
    return f"{moment} overdue" if overdue else moment


def _answered(licence: str, what: str, new: bool) -> str:
    return f"{licence} {what}." if new else f"{licence} {what}; that had been said before."
