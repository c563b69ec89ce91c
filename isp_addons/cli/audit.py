"""The audit, for reading."""

import click

from isp_addons.cli.output import Form, Session, list_options, show


@click.command()
@click.option("--account", help="Only what concerns this account.")
@list_options
@click.pass_obj
def audit(session: Session, *, account: str | None, limit: int, form: Form) -> None:
    """Who changed what, when and why, newest first."""
    from isp_addons.services import find, history

    if account is not None:
        find.known_to_us_or_the_billing(session.app.context, account, at=session.app.clock.now())
    with session.app.store.read() as database:
        rows = history.of_account(database, account, limit=limit) if account else history.newest(database, limit=limit)
    if not form:
        rows = [{**row, "at": row["at"][:19].replace("T", " ")} for row in rows]
    columns = {
        "at": "When",
        "subject": "What",
        "field": "Changed",
        "before": "From",
        "after": "To",
        "actor": "By",
        "source": "Door",
        "why": "Why",
    }
    show(rows, form=form, columns=columns, empty="Nothing has changed yet.")
