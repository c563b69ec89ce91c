"""The worker's command."""

import click

from isp_addons.cli.output import Session


@click.command()
@click.option("--once", is_flag=True, help="One pass of everything and end: for cron instead of a daemon.")
@click.pass_obj
def worker(session: Session, *, once: bool) -> None:
    """Run everything: take events in, keep the timetable, make the vendors agree. Stop with Ctrl-C or SIGTERM."""
    from datetime import timedelta

    from isp_addons.cli.vendors import stop_on_signals
    from isp_addons.workers.timetable import Timetable
    from isp_addons.workers.worker import Worker

    app = session.app
    timetable = Timetable(app.context, lead=timedelta(hours=app.settings.forecast.lead_hours))
    mail = app.mail_out if app.context.mail is not None else None
    running = Worker(app.context, app.convergence, timetable, app.settings.general.spool, app.clock, app.tasks, mail)
    if once:
        result = running.once()
        click.echo(f"{result.taken} events taken in, {result.handled} handled, {result.refused} refused.")
        return
    click.echo("The worker runs; stop with Ctrl-C.", err=True)
    running.run(stop_on_signals())
    click.echo("The worker stopped; nothing is left half done.", err=True)
