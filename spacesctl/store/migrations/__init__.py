"""The Alembic environment: `env.py` and one module per schema version. Run by `spacesctl.store.sqlite.schema`, never by hand."""
