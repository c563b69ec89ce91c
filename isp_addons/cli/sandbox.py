"""The stand-in vendors' command."""

import click

from isp_addons.cli.output import Session
from isp_addons.domain.problem import BadInput, Refused


@click.command()
@click.argument("plugin")
@click.option("--port", type=click.IntRange(0, 65535), default=9080, show_default=True, help="On 127.0.0.1; 0 = any free one.")
@click.option("--login", default="isp", show_default=True, help="For a stand-in with a login.")
@click.option("--password", default="sandbox", show_default=True, help="For a stand-in with a password.")
@click.option("--set", "others", multiple=True, metavar="NAME=VALUE", help="Another setting of the stand-in, such as secret=….")
@click.option("--latency", type=click.FloatRange(0, 60), default=0.0, show_default=True, help="Seconds before each answer.")
@click.pass_obj
def sandbox(
    session: Session,  # noqa: ARG001 - every command is given it
    *,
    plugin: str,
    port: int,
    login: str,
    password: str,
    others: tuple[str, ...],
    latency: float,
) -> None:
    """Run the stand-in server of PLUGIN (such as avdesk) until Ctrl-C. It keeps its state in memory and forgets it at the end.

    Point the vendor's url at what it prints. It can be told to misbehave; see docs/how-to/try-without-a-vendor.md
    """
    from isp_addons.cli.products import parse_option
    from isp_addons.cli.vendors import stop_on_signals
    from isp_addons.clock import SystemClock
    from isp_addons.host import Host

    found = Host((), clock=SystemClock()).plugin_class(plugin)
    known = {"login": login, "password": password}
    settings = {name: value for name, value in known.items() if name in found.Options.model_fields}
    settings.update(parse_option(each) for each in others)
    try:
        server = found.sandbox(port=port, latency=latency, **settings)
    except NotImplementedError as error:
        raise Refused(f"The plugin {plugin} has no stand-in server.", code="no_sandbox") from error
    except TypeError as error:
        raise BadInput(f"The stand-in of {plugin} has no such setting: {error}.", code="bad_option") from error
    stop = stop_on_signals()
    try:
        server.start()
    except OSError as error:
        raise Refused(
            f"The port {port} of 127.0.0.1 cannot be used: {error.strerror}; take another --port.", code="port"
        ) from error
    whom = f" (login {login})" if "login" in settings else ""
    click.echo(f"The stand-in of {plugin} answers at {server.url}{whom}. Stop it with Ctrl-C.")
    stop.wait()
    server.stop()
    click.echo("Stopped.")
