"""Sanctions, and the state of a report."""

import sqlalchemy as sa
from alembic import op

from spacesctl.store import tables

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Apply this version to the previous one."""
    op.create_table(
        "sanctions",
        sa.Column("id", sa.String(length=24), nullable=False),
        sa.Column("space_id", sa.String(length=13), nullable=True),
        sa.Column("host_id", sa.String(length=20), nullable=False),
        sa.Column("action", sa.String(length=10), nullable=False),
        sa.Column("target_id", sa.String(length=20), nullable=False),
        sa.Column("principal", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("evidence", sa.String(length=128), nullable=False),
        sa.Column("since", tables.Utc(), nullable=False),
        sa.Column("until", tables.Utc(), nullable=True),
        sa.Column("lifted_at", tables.Utc(), nullable=True),
        sa.Column("lifted_by", sa.JSON(none_as_null=True), nullable=True),
        sa.Column("how", sa.String(length=10), nullable=True),
        sa.Column("lift_reason", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.id"], name=op.f("fk_sanctions_space_id")),
        sa.ForeignKeyConstraint(["host_id"], ["accounts.id"], name=op.f("fk_sanctions_host_id")),
        sa.ForeignKeyConstraint(["target_id"], ["accounts.id"], name=op.f("fk_sanctions_target_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_sanctions")),
    )
    op.create_index("ix_sanctions_space_id", "sanctions", ["space_id"])
    op.create_index("ix_sanctions_target_id", "sanctions", ["target_id"])
    op.add_column("reports", sa.Column("state", sa.String(length=10), nullable=False, server_default="open"))
    op.add_column("reports", sa.Column("decided_by", sa.JSON(none_as_null=True), nullable=True))
    op.add_column("reports", sa.Column("decided_at", tables.Utc(), nullable=True))
    op.add_column("reports", sa.Column("decision", sa.Text(), nullable=True))
