"""Runs the migrations on the connection that `isp_addons.store.schema` opened."""

from alembic import context

from isp_addons.store.tables import Base

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=Base.metadata,
    render_as_batch=True,
    compare_type=True,
)
with context.begin_transaction():
    context.run_migrations()
