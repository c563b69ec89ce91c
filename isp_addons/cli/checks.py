"""What ``doctor`` looks at."""

import os
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from isp_addons.domain.problem import Problem
from isp_addons.services.plugin_admin import writable_by_others
from isp_addons.settings import vendor_warnings
from isp_addons.vendor_api import VendorError

if TYPE_CHECKING:
    from isp_addons.bootstrap import App

Row = dict[str, str]


def all_checks(app: "App") -> list[Row]:
    """One row for each finding: ``result`` (works, warns, fails), ``what``, ``finding``."""
    rows = [_row("works", "configuration", str(app.settings.path))]
    exposed = (*app.settings.warnings, *vendor_warnings(app.settings, app.host.try_plugin_class))
    rows += [_row("warns", "configuration", warning) for warning in exposed]
    rows += _attempt("database", lambda: (app.store.url.render_as_string(hide_password=True),))
    rows += _attempt("billing", app.billing.check)
    rows += _attempt("spool", lambda: (_spool(app),))
    rows += _attempt("mail", lambda: (_mail(app),)) if app.settings.mail.host else []
    rows += _tasks(app)
    rows += [_row("warns", "plugins", warning) for warning in writable_by_others(app.settings.general.plugins_dir)]
    for status in app.host.statuses():
        what = f"vendor {status.name}"
        if status.error:
            rows.append(_row("fails", what, status.error))
        elif status.enabled:
            rows += _attempt(what, lambda name=status.name: app.host.vendor(name).check().findings)  # type: ignore[misc]
        else:
            rows.append(_row("works", what, "is disabled"))
    return rows + _missing(app) + _stock(app)


def _tasks(app: "App") -> list[Row]:
    """Overdue operator tasks; where the database cannot be asked, its own row has said so."""
    try:
        count, since = app.tasks.overdue(now=app.clock.now())
    except Problem:
        return []
    if since is None:
        return []
    told = f"{count} overdue, the oldest since {since:%Y-%m-%d %H:%M} UTC; see: isp-addons tasks list --overdue"
    return [_row("warns", "operator tasks", told)]


def _missing(app: "App") -> list[Row]:
    """Vendors that have licences or products, but no section; where the database cannot be asked, its own row has said so."""
    from isp_addons.services import vendor_overview

    try:
        with app.store.read() as session:
            gone = vendor_overview.missing(session, app.host)
    except Problem:
        return []
    return [_row("warns", f"vendor {name}", vendor_overview.add_section(name)) for name in gone]


def _stock(app: "App") -> list[Row]:
    """Codes that run short or expire soon; where the database cannot be asked, its own row has said so."""
    from isp_addons.cli.codes import levels, rules
    from isp_addons.domain.stock import warnings

    try:
        found = [(level, warnings(level, rules(app, level.vendor))) for level in levels(app)]
    except Problem:
        return []
    return [_row("warns", f"codes of {level.vendor}", warning) for level, told in found for warning in told]


def _attempt(what: str, look: Callable[[], Sequence[str]]) -> list[Row]:
    try:
        return [_row("works", what, finding) for finding in look()]
    except (Problem, VendorError) as error:
        return [_row("fails", what, str(error))]


def _mail(app: "App") -> str:
    from isp_addons.workers.smtp import ServerLost

    try:
        return app.mail_out.server.check()
    except ServerLost as lost:
        raise Problem(f"{lost}; see [mail] of the configuration") from None


def _spool(app: "App") -> str:
    folder = app.settings.general.spool
    if not folder.is_dir():
        raise Problem(f"The spool folder {folder} does not exist; make it, writable for the billing and for isp-addons.")
    if not os.access(folder, os.W_OK | os.X_OK):
        raise Problem(f"The spool folder {folder} is not writable for us; give us the right to take events out of it.")
    return f"{folder} is ready"


def _row(result: str, what: str, finding: str) -> Row:
    return {"result": result, "what": what, "finding": finding}
