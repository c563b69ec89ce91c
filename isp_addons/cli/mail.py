"""Commands for the mail that goes to people."""

import click

from isp_addons.cli.output import Form, Session, as_dict, json_option, list_options, say, show, when


@click.group()
def mail() -> None:
    """Mail to people, such as invitations: what waits, what was sent, what the mail server refused."""


@mail.command("list")
@click.option("--waiting", is_flag=True, help="Only what is not sent yet.")
@list_options
@click.pass_obj
def list_mail(session: Session, *, waiting: bool, limit: int, form: Form) -> None:
    """The newest messages first, without their text."""
    from isp_addons.services import mail as service

    found = service.listing(session.app.context, session.cause("looked"), waiting=waiting, limit=limit)
    columns = {
        "to": "To",
        "subject": "Subject",
        "state": "State",
        "tries": "Tries",
        "moment": "When (UTC)",
        "failure": "Failure",
    }
    rows = ({**as_dict(each), **({} if form else {"moment": when(each.sent_at or each.next_try_at)})} for each in found)
    show(rows, form=form, columns=columns, right=("tries",), empty="No mail.")


@mail.command()
@json_option
@click.pass_obj
def send(session: Session, *, as_json: bool) -> None:
    """Send what waits, now. The worker does it every few seconds."""
    from isp_addons.services import mail as service

    app = session.app
    service.require_staff(app.context, session.cause("sent by hand"))
    done = app.mail_out.run(app.clock.now())
    said = f" The mail server said: {done.said}" if done.said else ""
    say(
        f"{done.sent} {'message' if done.sent == 1 else 'messages'} sent, {done.waiting} wait, {done.given_up} given up.{said}",
        as_json=as_json,
        **as_dict(done),
    )
