"""Commands for vendor calls that were given up."""

import click

from isp_addons.cli.output import Form, Session, json_option, list_options, say, show


@click.group()
def failed() -> None:
    """List and retry what was given up."""


@failed.command("list")
@list_options
@click.pass_obj
def list_failed(session: Session, *, limit: int, form: Form) -> None:
    """Licences whose vendor refused for good: what was wanted, and what the vendor said."""
    from isp_addons.convergence.given_up import given_up

    columns = {
        "licence": "Licence",
        "vendor": "Vendor",
        "account": "Account",
        "product": "Product",
        "seen": "Is",
        "wanted": "Wanted",
        "failure": "Failure",
        "text": "What was said",
    }
    show(given_up(session.app.store, limit=limit), form=form, columns=columns, empty="Nothing was given up.")


@failed.command()
@click.argument("licences", nargs=-1)
@click.option("--vendor", help="All that this vendor refused.")
@json_option
@click.pass_obj
def retry(session: Session, *, licences: tuple[str, ...], vendor: str | None, as_json: bool) -> None:
    """Give LICENCES (their keys) a new chance, or all of --vendor; the next converge tries them."""
    from isp_addons.convergence.given_up import retry as try_again

    count = try_again(session.app.store, session.cause("retried by hand"), keys=licences, vendor=vendor)
    say(f"{count} licences will be tried again.", as_json=as_json, count=count)
