"""Persistent state: SQLAlchemy tables, repositories and migrations."""
