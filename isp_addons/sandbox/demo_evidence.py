"""Collects at the demo's end what the checks look at: from the stand-in vendors, the product's database, UTM5's tables."""

from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.orm import Session

from isp_addons.bootstrap import App
from isp_addons.sandbox import utm5_play as play
from isp_addons.sandbox.demo_findings import Evidence, Licence, Said
from isp_addons.sandbox.demo_operator import VENDOR as BY_HAND
from isp_addons.sandbox.demo_scene import Scene
from isp_addons.sandbox.demo_screen import ALL
from isp_addons.store.tables import Audit, OperatorTask
from isp_addons.store.tables import Licence as Row


def collect(scene: Scene, at: datetime) -> Evidence:
    """Everything as it is at *at*."""
    scene.witness.look(at)
    scene.eset.look(at)
    licences, tasks, said = _ours(scene, at)
    below, unlimited = _limits(scene)
    [spool] = scene.commands.rows("spool", "status", at=at)
    return Evidence(
        at=at,
        stations=scene.witness.stations(),
        ordered=frozenset(scene.witness.ordered),
        calls=scene.witness.counts(),
        passes=scene.witness.passes,
        licences=licences,
        eset=scene.eset.licences(),
        eset_orders=scene.eset.orders,
        tasks=tasks,
        said=said,
        left=scene.charges.left,
        below=below,
        unlimited=unlimited,
        hooks_fired=scene.hooks.fired,
        events_handled=scene.handled,
        spooled=int(spool["waiting"]),
        drift=scene.commands.rows("reconcile", at=at),
        given_up=scene.commands.rows("failed", "list", *ALL, at=at),
        forecast=scene.forecast,
        changed_their_minds=scene.changed_their_minds,
    )


def _ours(scene: Scene, at: datetime) -> tuple[list[Licence], dict[str | None, int], list[Said]]:
    """What the product's database has: the licences, the answers to tasks, what was seen where tasks are done by hand."""
    app = App(scene.folder.config, at=at)
    try:
        with app.store.read() as session:
            rows = session.execute(select(Row.vendor, Row.key, Row.wanted_state, Row.seen_state).order_by(Row.id)).all()
            answers = session.execute(select(OperatorTask.outcome, func.count()).group_by(OperatorTask.outcome)).all()
            return [Licence(*row) for row in rows], {row[0]: row[1] for row in answers}, _said(session)
    finally:
        app.close()


def _said(session: Session) -> list[Said]:
    query = (
        select(Row.key, Audit.after, Audit.source)
        .join(Row, Row.id == Audit.subject_id)
        .where(Audit.subject == "licence", Audit.field == "seen_state", Row.vendor == BY_HAND)
        .order_by(Audit.id)
    )
    return [Said(row.key, row.after or "", row.source) for row in session.execute(query)]


def _limits(scene: Scene) -> tuple[frozenset[int], frozenset[int]]:
    """The live accounts below their limit, and those without one."""
    own = play.accounts.c
    with scene.utm5.engine.connect() as connection:
        rows = connection.execute(select(own.id, own.balance, own.credit, own.unlimited).where(own.is_deleted == 0)).all()
    below = frozenset(row.id for row in rows if not row.unlimited and row.balance + row.credit < -0.005)
    return below, frozenset(row.id for row in rows if row.unlimited)
