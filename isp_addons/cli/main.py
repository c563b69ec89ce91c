"""The entry point: global options, the list of commands, and how problems are told."""

import json
import sys
from importlib import import_module
from pathlib import Path

import click

from isp_addons import __version__
from isp_addons.domain.problem import Problem

COMMANDS = {
    "Set up": {
        "init": ("setup", "Create or upgrade the database."),
        "doctor": ("setup", "Prove configuration, database, billing, spool and vendors."),
        "config": ("setup", "Check, show or write a sample of the configuration."),
        "demo": ("demo", "Play one month of a small ISP in under a minute, no network."),
        "sandbox": ("sandbox", "Run a vendor's stand-in server."),
    },
    "What is sold": {
        "catalogue": ("catalogue", "What is sold, as one file: check, import, export."),
        "products": ("products", "Add and list products; include them in tariffs."),
        "accounts": ("accounts", "Open, pay into and look at accounts."),
        "devices": ("devices", "Which devices, such as alarm hubs, belong to which account."),
        "order": ("ordering", "Order a product for an account."),
        "orders": ("orders", "Import many existing orders from a CSV file."),
        "codes": ("codes", "Keep a stock of activation codes: import, list, void, how much is left."),
        "keys": ("keys", "Project keys: import, list, show, let one pay for a customer."),
        "renew": ("ordering", "Renew a one-off term."),
        "cancel": ("subscriptions", "Cancel a subscription at the end of what is paid."),
        "hold": ("subscriptions", "Suspend a subscription by hand."),
        "release": ("subscriptions", "Lift a hold that was put by hand."),
        "subscriptions": ("subscriptions", "List and explain subscriptions; change their quantity."),
        "seats": ("seats", "Give users seats of a subscription, take them back, swap, import and list them."),
        "may": ("may", "Say whether a user may use a feature, and why."),
        "bundles": ("bundles", "Which devices a subscription is used for; they change at any time."),
        "availability": ("availability", "Who may pay how for what in which country."),
        "spaces": ("spaces", "Spaces that a vendor guards: who and what is in them."),
        "delegations": ("spaces", "Let a user of a space pay in a PRO's stead."),
    },
    "Who buys": {
        "customers": ("customers", "Take in customers, give them accounts, lock and delete them."),
        "people": ("people", "Who logs in, and what each may do."),
        "mail": ("mail", "Mail to people: what waits, what was refused; send it now."),
        "resellers": ("resellers", "Those who sell to customers of their own, and what is in their care."),
    },
    "What is paid": {
        "purchases": ("purchases", "Buy by card, bank transfer or through a distributor."),
        "payments": ("payments", "Which payment methods are offered; refunds to cards."),
        "statements": ("statements", "What each account owes for a month."),
    },
    "What the billing says": {
        "event": ("events", "Handle one event now and wait for the result."),
        "hook": ("events", "The same under the hooks' own names: on_block, on_unblock, …"),
        "spool": ("events", "Take in what the hook scripts stored; say how much waits."),
        "before-period-end": ("periods", "Show (or --apply) who cannot pay for the next period."),
        "period-begin": ("periods", "Begin the periods that are due: charge and hold."),
        "reminders": ("periods", "Note and list the reminders that became due."),
    },
    "What the vendors are told": {
        "plan": ("vendors", "Show the vendor calls that would be made."),
        "converge": ("vendors", "Make them, once or with --watch."),
        "reconcile": ("vendors", "Compare a vendor's list with ours."),
        "tasks": ("tasks", "What people must do at vendors: list, confirm, could not, ask again."),
        "ajax": ("ajax", "Write the Ajax billing file; say that it was uploaded."),
        "failed": ("failed", "List and retry what was given up."),
        "vendors": ("vendors", "List, check, pause and resume vendors."),
        "users": ("users", "List the users of vendors, or take in a vendor's list."),
        "plugins": ("plugins", "List, check, enable, disable and write plugins."),
        "worker": ("worker", "Run everything: spool, vendors and timetable."),
        "serve": ("serve", "Answer over HTTP: the door for vendors' webhooks."),
        "audit": ("audit", "Who changed what, when and why."),
        "report": ("report", "Income, purchases and margin by month, with a forecast."),
    },
}


_LOOK_AT_RIGHTS = frozenset(
    (
        *("order", "renew", "cancel", "subscriptions", "seats", "may", "bundles", "availability", "spaces", "delegations"),
        *("products", "catalogue"),  # what is on sale; the rest of them asks for staff itself
        *("keys", "customers", "people", "mail", "resellers", "purchases", "payments", "statements", "report"),
    )
)
"""The commands that ask what a person may do. With ``--as`` all others are for the ISP's staff alone."""


class Commands(click.Group):
    """Lists all commands without importing any of them, and tells problems as sentences."""

    def list_commands(self, ctx: click.Context) -> list[str]:  # noqa: ARG002 - click's signature
        """Every command's name."""
        return [name for group in COMMANDS.values() for name in group]

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:  # noqa: ARG002 - click's signature
        """Import the one command that is wanted."""
        for group in COMMANDS.values():
            if cmd_name in group:
                module = import_module(f"isp_addons.cli.{group[cmd_name][0]}")
                command: click.Command = getattr(module, cmd_name.replace("-", "_"))
                return command
        return None

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:  # noqa: ARG002 - click's signature
        """The commands in the groups in which they are used."""
        for title, group in COMMANDS.items():
            with formatter.section(title):
                formatter.write_dl([(name, text) for name, (_, text) in group.items()])


@click.group(cls=Commands, context_settings={"help_option_names": ["-h", "--help"]})
@click.option("--config", type=click.Path(path_type=Path), metavar="FILE", help="The configuration file.")
@click.option("--at", metavar="TIME", help="Act as if it were TIME, such as 2026-12-31T21:00+03:00.")
@click.option("--as", "person", metavar="EMAIL", help="Act as that person, with his rights and no more.")
@click.version_option(__version__, prog_name="isp-addons")
@click.pass_context
def cli(ctx: click.Context, config: Path | None, at: str | None, person: str | None) -> None:
    """Suspends and resumes resold services at their vendors as the billing says, and deletes nothing.

    Every list takes --json (one JSON object a line) and --csv. The configuration is the file of --config, else of
    $ISP_ADDONS_CONFIG, else ./isp-addons.ini, else /etc/isp-addons/isp-addons.ini. Start with: isp-addons demo
    """
    from isp_addons.cli.output import Session

    ctx.obj = Session(config, at, person)
    ctx.call_on_close(ctx.obj.close)
    if person is not None and ctx.invoked_subcommand not in _LOOK_AT_RIGHTS:
        ctx.obj.require_staff()


def main() -> None:
    """Run the command line; a problem becomes one sentence on stderr and its exit code."""
    try:
        cli(standalone_mode=False)
    except click.exceptions.Abort:
        click.echo("Stopped.", err=True)
        sys.exit(130)
    except click.ClickException as error:
        _below_zero(error).show()
        sys.exit(error.exit_code)
    except Problem as problem:
        _tell(problem)
        sys.exit(problem.exit_code)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)


def _below_zero(error: click.ClickException) -> click.ClickException:
    """A negative number looks like an option: then say what is meant, else the error as it is."""
    if isinstance(error, click.NoSuchOption) and error.option_name[1:2].isdigit():
        return click.UsageError("A number or an amount here cannot be below zero.", error.ctx)
    return error


def _tell(problem: Problem) -> None:
    """The sentence for people on stderr; with --json the same for machines on stdout."""
    if "--json" in sys.argv or any(word in sys.argv for word in ("hook", "event")):
        click.echo(json.dumps({"error": problem.code, "message": problem.message}, ensure_ascii=False))
    click.echo(f"isp-addons: {problem.message}", err=True)
