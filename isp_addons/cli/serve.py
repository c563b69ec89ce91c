"""The command of what answers over HTTP."""

import click

from isp_addons.cli.numbers import Whole
from isp_addons.cli.output import Session
from isp_addons.domain.problem import Refused


@click.command()
@click.option("--host", default="127.0.0.1", show_default=True, help="The address to listen on.")
@click.option("--port", type=Whole(0, 65535), default=8080, show_default=True, help="0 = any free one.")
@click.pass_obj
def serve(session: Session, *, host: str, port: int) -> None:
    """Answer over HTTP: POST /webhooks/VENDOR takes what vendors tell, and the worker handles it. Stop with Ctrl-C.

    Plain HTTP, made to stand behind a web server with TLS. Needs the extra web: pip install 'isp-addons[web]'
    """
    from isp_addons.cli.vendors import stop_on_signals

    try:
        from isp_addons.web.app import make_app
        from isp_addons.web.server import Listener
    except ModuleNotFoundError as error:
        raise Refused(
            f"To answer over HTTP, isp-addons needs {error.name}; install it with: pip install 'isp-addons[web]'",
            code="no_web",
        ) from error
    web = make_app(session.app)
    stop = stop_on_signals()
    with Listener(web, host=host, port=port) as listener:
        click.echo(f"isp-addons answers at {listener.url}; stop with Ctrl-C.")
        listener.wait(stop)
    click.echo("Stopped.", err=True)
