"""Accounts can be suspended and deleted."""

import sqlalchemy as sa
from alembic import op

from spacesctl.store import tables

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Apply this version to the previous one."""
    op.add_column("accounts", sa.Column("suspended_at", tables.Utc(), nullable=True))
    op.add_column("accounts", sa.Column("suspended_until", tables.Utc(), nullable=True))
    op.add_column("accounts", sa.Column("suspended_why", sa.String(length=280), nullable=True))
    op.add_column("accounts", sa.Column("deleted_at", tables.Utc(), nullable=True))
    op.create_index("ix_accounts_suspended_until", "accounts", ["suspended_until"])
