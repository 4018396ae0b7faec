"""Passwords, links that are good for one use, and sessions of browsers beside tokens."""

import sqlalchemy as sa
from alembic import op

from spacesctl.store.tables import Utc

revision = "0023"
down_revision = "0022"


def upgrade() -> None:
    """Apply this version to the previous one."""
    op.add_column("tokens", sa.Column("kind", sa.String(7), nullable=False, server_default="token"))
    op.create_table(
        "passwords",
        sa.Column("account_id", sa.String(20), sa.ForeignKey("accounts.id"), primary_key=True),
        sa.Column("hash", sa.String(255), nullable=False),
        sa.Column("changed_at", Utc(), nullable=False),
    )
    op.create_table(
        "links",
        sa.Column("hash", sa.String(64), primary_key=True),
        sa.Column("account_id", sa.String(20), sa.ForeignKey("accounts.id")),
        sa.Column("space_id", sa.String(13)),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("expires_at", Utc(), nullable=False),
    )
    for column in ("account_id", "expires_at"):
        op.create_index(f"ix_links_{column}", "links", [column])
