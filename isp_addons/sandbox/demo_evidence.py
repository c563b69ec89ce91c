"""Collects at the demo's end what the checks look at: from the stand-in vendor, the product's database, UTM5's tables."""

from datetime import datetime

from sqlalchemy import select

from isp_addons.bootstrap import App
from isp_addons.sandbox import utm5_play as play
from isp_addons.sandbox.demo_checks import Evidence, Licence
from isp_addons.sandbox.demo_scene import ALL, Scene
from isp_addons.store.tables import Licence as Row


def collect(scene: Scene, at: datetime) -> Evidence:
    """Everything as it is at *at*."""
    scene.witness.look(at)
    below, unlimited = _limits(scene)
    [spool] = scene.commands.rows("spool", "status", at=at)
    return Evidence(
        at=at,
        stations=scene.witness.stations(),
        ordered=frozenset(scene.witness.ordered),
        calls=scene.witness.counts(),
        passes=scene.witness.passes,
        licences=_licences(scene, at),
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


def _licences(scene: Scene, at: datetime) -> list[Licence]:
    app = App(scene.folder.config, at=at)
    try:
        with app.store.read() as session:
            rows = session.execute(select(Row.key, Row.wanted_state, Row.seen_state).order_by(Row.id))
            return [Licence(*row) for row in rows]
    finally:
        app.close()


def _limits(scene: Scene) -> tuple[frozenset[int], frozenset[int]]:
    """The live accounts below their limit, and those without one."""
    own = play.accounts.c
    with scene.utm5.engine.connect() as connection:
        rows = connection.execute(select(own.id, own.balance, own.credit, own.unlimited).where(own.is_deleted == 0)).all()
    below = frozenset(row.id for row in rows if not row.unlimited and row.balance + row.credit < -0.005)
    return below, frozenset(row.id for row in rows if row.unlimited)
