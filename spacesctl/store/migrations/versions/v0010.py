"""Tokens expire, and say when and from where they were used; who was in a Space."""

import sqlalchemy as sa
from alembic import op

from spacesctl.store import tables

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Apply this version to the previous one."""
    op.add_column("tokens", sa.Column("expires_at", tables.Utc(), nullable=True))
    op.add_column("tokens", sa.Column("used_at", tables.Utc(), nullable=True))
    op.add_column("tokens", sa.Column("used_from", sa.String(length=45), nullable=True))
    op.create_index("ix_tokens_expires_at", "tokens", ["expires_at"])
    op.create_table(
        "attendance",
        sa.Column("space_id", sa.String(length=13), nullable=False),
        sa.Column("account_id", sa.String(length=20), nullable=False),
        sa.Column("at", tables.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.id"], name=op.f("fk_attendance_space_id")),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_attendance_account_id")),
        sa.PrimaryKeyConstraint("space_id", "account_id", name=op.f("pk_attendance")),
    )
    op.create_index("ix_attendance_at", "attendance", ["at"])
