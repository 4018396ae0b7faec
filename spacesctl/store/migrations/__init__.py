"""Alembic's place: `env.py` and one file a schema version. Run by `spacesctl.store.schema`, never by hand."""
