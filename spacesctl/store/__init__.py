"""The truth that must survive: SQLAlchemy tables, repositories and migrations."""
