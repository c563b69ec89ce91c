"""Commands for periods: before they end, when they begin, and the reminders of terms that end."""

from typing import TYPE_CHECKING

import click

from isp_addons.cli.output import Form, Session, form_options, json_option, say, show, when
from isp_addons.domain.cause import Source
from isp_addons.domain.money import format_amount

if TYPE_CHECKING:
    from collections.abc import Sequence

    from isp_addons.services.forecast import AccountForecast


@click.command("before-period-end")
@click.option("--apply", "applies", is_flag=True, help="Act: put and lift holds. Without it nothing is changed.")
@click.option("--force", is_flag=True, help="With --apply: even if more would be suspended than brake_share allows.")
@form_options
@click.pass_obj
def before_period_end(session: Session, *, applies: bool, force: bool, form: Form) -> None:
    """Who cannot pay for all add-ons of the next period, and what would be suspended: a dry run unless --apply.

    With --json (or --csv) one object an account: account_id, period_end, available_minor, dues_minor, blocked, keep, suspend.
    """
    from isp_addons.services import period_end

    context = session.app.context
    if not applies:
        rows = period_end.plan(context, at=session.app.clock.now())
        if form:
            show((_machine_row(row) for row in rows), form=form, columns={}, empty="")
        else:
            _tell(list(rows))
        return
    if form is Form.CSV:
        raise click.UsageError("--csv is for the list of the dry run; with --apply use --json.")
    cause = session.cause("the next period cannot be paid", source=Source.TIMETABLE)
    result = period_end.apply(context, cause, force=force)
    say(
        f"Looked at {result.looked_at} subscriptions: {result.suspended} newly held, {result.freed} freed. "
        "Next: isp-addons plan, isp-addons converge.",
        as_json=form is Form.JSON,
        looked_at=result.looked_at,
        suspended=result.suspended,
        freed=result.freed,
    )


def _tell(every: "Sequence[AccountForecast]") -> None:
    """Who would lose something, and how many there are in all."""
    losing = [row for row in every if row.suspend]
    table = [
        {
            "account": row.account_id,
            "ends": when(row.period_end),
            "available": format_amount(row.available_minor, row.currency),
            "dues": format_amount(row.dues_minor, row.currency),
            "keep": " ".join(row.keep),
            "suspend": " ".join(row.suspend),
        }
        for row in losing
    ]
    columns = {
        "account": "Account",
        "ends": "Period ends",
        "available": "Available",
        "dues": "Dues",
        "keep": "Keep",
        "suspend": "Suspend",
    }
    show(table, columns=columns, right=("available", "dues"), empty="Everybody can pay for everything.")
    suspended = sum(len(row.suspend) for row in losing)
    total = sum(len(row.keep) + len(row.suspend) for row in every)
    click.echo(
        f"{suspended} of {total} subscriptions on {len(losing)} of {len(every)} accounts would be suspended. "
        "Nothing was changed; act with --apply."
    )


def _machine_row(row: "AccountForecast") -> dict[str, object]:
    return {
        "account_id": int(row.account_id) if row.account_id.isdecimal() else row.account_id,
        "period_end": int(row.period_end.timestamp()),
        "available_minor": row.available_minor,
        "dues_minor": row.dues_minor,
        "blocked": int(row.blocked),
        "keep": list(row.keep),
        "suspend": list(row.suspend),
    }


@click.command("period-begin")
@json_option
@click.pass_obj
def period_begin(session: Session, *, as_json: bool) -> None:
    """Begin every period that is due: the tariff's own fee, then each add-on that can be paid; the others are held."""
    from isp_addons.services import cancel
    from isp_addons.services import period_begin as service

    context = session.app.context
    cause = session.cause("a period began", source=Source.TIMETABLE)
    ended = cancel.finish(context, cause)
    result = service.apply(context, cause)
    short = f" {result.out_of_stock} of the held wait for codes." if result.out_of_stock else ""
    say(
        f"{result.accounts} accounts began a period: {result.charged} subscriptions paid, {result.held} held, {ended} ended."
        + short,
        as_json=as_json,
        accounts=result.accounts,
        charged=result.charged,
        held=result.held,
        out_of_stock=result.out_of_stock,
        ended=ended,
    )


@click.command()
@form_options
@click.pass_obj
def reminders(session: Session, *, form: Form) -> None:
    """Note and list the reminders that became due: one-off terms that end soon. Each is due once."""
    from isp_addons.services.reminder import due

    found = due(session.app.context, session.cause("the term ends soon", source=Source.TIMETABLE))
    columns = {"account": "Account", "product": "Product", "subscription_id": "Subscription", "paid_until": "Ends"}
    show(found, form=form, columns=columns, empty="No reminders became due.")
