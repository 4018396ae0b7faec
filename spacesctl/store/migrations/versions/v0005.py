"""Recordings."""

import sqlalchemy as sa
from alembic import op

from spacesctl.store import tables

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Apply this version to the previous one."""
    op.create_table(
        "recordings",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("space_id", sa.String(length=13), nullable=False),
        sa.Column("host_id", sa.String(length=20), nullable=False),
        sa.Column("title", sa.String(length=70), nullable=False),
        sa.Column("kind", sa.String(length=5), nullable=False),
        sa.Column("first_tick", sa.BigInteger(), nullable=False),
        sa.Column("started_at", tables.Utc(), nullable=False),
        sa.Column("ended_at", tables.Utc(), nullable=True),
        sa.Column("reason", sa.String(length=20), nullable=True),
        sa.Column("files", sa.JSON(none_as_null=True), nullable=True),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.id"], name=op.f("fk_recordings_space_id")),
        sa.ForeignKeyConstraint(["host_id"], ["accounts.id"], name=op.f("fk_recordings_host_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_recordings")),
    )
    op.create_index("ix_recordings_host_id_started_at", "recordings", ["host_id", "started_at"])
