"""The stand-in vendors' command."""

import click

from isp_addons.cli.output import Session
from isp_addons.domain.problem import Refused


@click.command()
@click.argument("plugin")
@click.option("--port", type=click.IntRange(0, 65535), default=9080, show_default=True, help="On 127.0.0.1; 0 = any free one.")
@click.option("--login", default="isp", show_default=True)
@click.option("--password", default="sandbox", show_default=True)
@click.option("--latency", type=click.FloatRange(0, 60), default=0.0, show_default=True, help="Seconds before each answer.")
@click.pass_obj
def sandbox(session: Session, *, plugin: str, port: int, login: str, password: str, latency: float) -> None:  # noqa: ARG001
    """Run the stand-in server of PLUGIN (such as avdesk) until Ctrl-C. It keeps its state in memory and forgets it at the end.

    Point the vendor's url at what it prints. It can be told to misbehave; see docs/how-to/try-without-a-vendor.md
    """
    from isp_addons.cli.vendors import stop_on_signals
    from isp_addons.clock import SystemClock
    from isp_addons.host import Host

    found = Host((), clock=SystemClock()).plugin_class(plugin)
    try:
        server = found.sandbox(port=port, login=login, password=password, latency=latency)
    except NotImplementedError as error:
        raise Refused(f"The plugin {plugin} has no stand-in server.", code="no_sandbox") from error
    stop = stop_on_signals()
    try:
        server.start()
    except OSError as error:
        raise Refused(
            f"The port {port} of 127.0.0.1 cannot be used: {error.strerror}; take another --port.", code="port"
        ) from error
    click.echo(f"The stand-in of {plugin} answers at {server.url} (login {login}). Stop it with Ctrl-C.")
    stop.wait()
    server.stop()
    click.echo("Stopped.")
