"""Commands for the Ajax billing file, the one thing that Ajax takes from a company's program."""

from pathlib import Path
from typing import TYPE_CHECKING

import click

from isp_addons.cli.output import Session, as_dict, json_option, say
from isp_addons.domain.problem import BadInput, Problem

if TYPE_CHECKING:
    from isp_addons.services.account_file import Written
    from isp_addons.vendor_api.account_file import RefusedRow, TakesAccountFile

vendor_option = click.option("--vendor", help="The [vendor:NAME] at Ajax; needed where there are several.")


@click.group()
def ajax() -> None:
    """The Ajax billing file: balances for the Ajax apps, and the one way to lock and unlock hubs."""


@ajax.command("billing-file")
@vendor_option
@click.option("--out", type=click.Path(path_type=Path), metavar="DIR", help="Folder for the file, instead of billing_file_dir.")
@json_option
@click.pass_obj
def billing_file(session: Session, *, vendor: str | None, out: Path | None, as_json: bool) -> None:
    """Write the file: a row for each hub of every account with a running Ajax subscription, locked while a hold stands.

    A row that Ajax would not take is left out with a warning. With upload_command the file is uploaded, and every task that it
    answers is confirmed; else upload it and run: isp-addons ajax uploaded
    """
    from isp_addons.services import account_file

    app, (name, plugin) = session.app, _chosen(session, vendor)
    folder = _folder(plugin, out)
    file = plugin.account_file(account_file.standings(app.context, vendor=name, at=app.clock.now()), at=app.clock.now())
    for row in file.refused:
        click.echo(f"warning: {_named(row)}: {row.reason}", err=True)
    facts = {"rows": file.rows, "blocked": sum(file.blocked.values()), "refused": [as_dict(row) for row in file.refused]}
    if not file.rows:
        say("No hub can be told about; no file was written.", as_json=as_json, file=None, uploaded=False, confirmed=0, **facts)
        return
    written = account_file.store(folder, file, vendor=name)
    confirmed = _settled(session, written) if _upload(plugin, written) else None
    told = f"Wrote {written.path}: {file.rows} hubs, {len(file.refused)} left out."
    after = f"Uploaded; {confirmed} tasks are answered." if confirmed is not None else _next(written, name)
    uploaded = confirmed is not None
    say(f"{told} {after}", as_json=as_json, file=str(written.path), uploaded=uploaded, confirmed=confirmed or 0, **facts)


@ajax.command()
@click.argument("file", required=False, type=click.Path(path_type=Path))
@vendor_option
@json_option
@click.pass_obj
def uploaded(session: Session, *, file: Path | None, vendor: str | None, as_json: bool) -> None:
    """Say that FILE was uploaded to Ajax: every task that it answers is confirmed.

    Without FILE: the only one that was written since the last upload.
    """
    from isp_addons.services import account_file

    name, plugin = _chosen(session, vendor)
    folder = _folder(plugin, file.parent if file is not None and file.name != str(file) else None)
    written = account_file.find(folder, file.name if file is not None else None, vendor=name)
    confirmed = _settled(session, written)
    text = f"{written.path.name} counts as uploaded; {confirmed} tasks are answered."
    say(text, as_json=as_json, file=str(written.path), confirmed=confirmed)


def _chosen(session: Session, vendor: str | None) -> "tuple[str, TakesAccountFile]":
    """The vendor that takes such files."""
    from isp_addons.vendor_api.account_file import TakesAccountFile

    host = session.app.host
    if vendor is not None:
        plugin = host.vendor(vendor).plugin
        if not isinstance(plugin, TakesAccountFile):
            raise BadInput(f"The vendor {vendor} takes no billing file.", code="no_billing_file")
        return vendor, plugin
    found = [(each.name, each.plugin) for each in host.usable() if isinstance(each.plugin, TakesAccountFile)]
    if len(found) != 1:
        names = ", ".join(name for name, _ in found)
        problem = f"Several vendors take a billing file ({names}); name one with --vendor." if found else "No vendor takes one."
        raise BadInput(problem, code="no_billing_file")
    return found[0]


def _folder(plugin: "TakesAccountFile", given: Path | None) -> Path:
    folder = given or plugin.file_folder()
    if folder is None:
        raise BadInput("No folder is set for billing files; set billing_file_dir in the vendor's section.", code="bad_folder")
    return folder


def _upload(plugin: "TakesAccountFile", written: "Written") -> bool:
    from isp_addons.vendor_api import VendorError

    try:
        return plugin.upload(written.path)
    except VendorError as error:
        next_step = "It is not taken for uploaded; nothing was confirmed. Upload it by hand, or run the command again."
        raise Problem(f"Wrote {written.path}, but: {error} {next_step}", code="upload_failed") from error


def _settled(session: Session, written: "Written") -> int:
    """Note that the vendor has the file, and answer the tasks that it answers."""
    from isp_addons.convergence import file_tasks
    from isp_addons.services import account_file

    app = session.app
    account_file.mark_uploaded(written, at=app.clock.now())
    cause = session.cause(f"{written.path.name} was uploaded")
    return file_tasks.settle(app.tasks, cause, vendor=written.vendor, blocked=written.blocked)


def _named(row: "RefusedRow") -> str:
    return f"account {row.account}, hub {row.device}" if row.device else f"account {row.account}"


def _next(written: "Written", vendor: str) -> str:
    return f"Upload it to Ajax, then run: isp-addons ajax uploaded {written.path} --vendor {vendor}"
