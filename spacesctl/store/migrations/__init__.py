"""The Alembic environment: `env.py` and one module per schema version. Run by `spacesctl.store.schema`, never by hand."""
