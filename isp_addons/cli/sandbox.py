"""The stand-in vendors' command."""

from collections.abc import Iterable, Iterator, Mapping
from contextlib import ExitStack, contextmanager
from typing import Any

import click

from isp_addons.cli.numbers import Whole
from isp_addons.cli.output import Session, show
from isp_addons.domain.problem import BadInput, Problem, Refused

_ALL = "all"


@click.command()
@click.argument("plugin")
@click.option("--port", type=Whole(0, 65535), default=9080, show_default=True, help="On 127.0.0.1; 0 = any free one.")
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

    It prints the settings of a vendor section that reaches it. PLUGIN all: those of all plugins that have one, each on a port
    of its own from --port upwards, shown as a table. It can be told to misbehave; see docs/how-to/try-without-a-vendor.md
    """
    from isp_addons.cli.products import parse_option
    from isp_addons.cli.vendors import stop_on_signals

    known = {"login": login, "password": password}
    stop = stop_on_signals()
    with ExitStack() as running:
        if plugin == _ALL:
            if others:
                raise BadInput("--set is for one stand-in; name its plugin instead of all.", code="bad_option")
            _show(_start_all(running, port=port, latency=latency, known=known))
        else:
            server = _made(plugin, port=port, latency=latency, known=known, told=dict(map(parse_option, others)))
            running.enter_context(_running(server, port))
            _show_one(plugin, server)
        stop.wait()
    click.echo("Stopped.")


def _start_all(running: ExitStack, *, port: int, latency: float, known: Mapping[str, str]) -> Iterator[tuple[str, Any]]:
    """Start one after another; a plugin without a stand-in is left out, and so is a broken one, with a warning."""
    from isp_addons.clock import SystemClock
    from isp_addons.host import Host

    for name in sorted(Host((), clock=SystemClock()).plugins()):
        try:
            server = _made(name, port=port, latency=latency, known=known, told={})
        except Problem as problem:
            if problem.code != "no_sandbox":
                click.echo(f"warning: {name} is left out: {problem.message}", err=True)
            continue
        running.enter_context(_running(server, port))
        yield name, server
        port += 1 if port else 0


def _show_one(plugin: str, server: Any) -> None:
    """One sentence with the address, then all that a vendor section needs, to be pasted as it stands."""
    options = server.options()
    whom = f" (login {options['login']})" if "login" in options else ""
    click.echo(f"The stand-in of {plugin} answers at {_address(server)}{whom}. Stop it with Ctrl-C.")
    click.echo(f"\n[vendor:{plugin}]\nplugin = {plugin}")
    for name, value in options.items():
        click.echo(f"{name} = {value}")
    click.echo(f"\nIts doors: {server.url}/sandbox/")


def _address(server: Any) -> str:
    """What a vendor's url is set to, path and all; where it listens when the plugin has no such option."""
    return str(server.options().get("url", server.url))


def _show(servers: Iterable[tuple[str, Any]]) -> None:
    """A table of what runs, with the settings of a vendor section that reaches it."""
    rows = []
    for name, server in servers:
        options = server.options()
        login = [f"{option} = {options[option]}" for option in options if option != "url"]
        rows.append({"plugin": name, "url": _address(server), "login": login})
    columns = {"plugin": "Plugin", "url": "URL", "login": "Login and other settings"}
    show(rows, as_json=False, columns=columns, empty="No plugin that is installed has a stand-in server.")
    if not rows:
        raise Refused("There is nothing to run.", code="no_sandbox")
    click.echo("Stop them with Ctrl-C.")


def _made(name: str, *, port: int, latency: float, known: Mapping[str, str], told: Mapping[str, str]) -> Any:
    """The stand-in of a plugin, not started. Of *known* it is given what the plugin has an option for; all that is *told*.

    Raises `Problem`: with the code ``no_sandbox`` when the plugin has none.
    """
    from isp_addons.clock import SystemClock
    from isp_addons.host import Host
    from isp_addons.services.plugin_admin import look_at

    clock = SystemClock()
    found = look_at(Host((), clock=clock), name, clock=clock)
    if found.plugin is None:
        raise Refused(f"The plugin {name} does not load: {found.error}", code="vendor_broken")
    settings = {each: known[each] for each in known if each in found.plugin.Options.model_fields}
    try:
        return found.plugin.sandbox(port=port, latency=latency, **{**settings, **told})
    except NotImplementedError as error:
        raise Refused(f"The plugin {name} has no stand-in server.", code="no_sandbox") from error
    except TypeError as error:
        raise BadInput(f"The stand-in of {name} has no such setting: {error}.", code="bad_option") from error
    except Exception as error:
        text = f"The stand-in of {name} cannot be made: {type(error).__name__}: {error}"
        raise Refused(text, code="sandbox") from error


@contextmanager
def _running(server: Any, port: int) -> Iterator[None]:
    try:
        server.start()
    except OSError as error:
        text = f"The port {port} of 127.0.0.1 cannot be used: {error.strerror}; take another --port."
        raise Refused(text, code="port") from error
    try:
        yield
    finally:
        server.stop()
