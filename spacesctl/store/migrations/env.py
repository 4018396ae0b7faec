"""Run by Alembic: migrates over the connection that `schema.upgrade` passes in."""

from alembic import context

from spacesctl.store.tables import metadata

connection = context.config.attributes["connection"]
# render_as_batch: SQLite cannot alter a column in place, so Alembic copies the table.
context.configure(connection=connection, target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
