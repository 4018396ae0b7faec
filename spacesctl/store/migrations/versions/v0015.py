"""Redactions: what the audience of a Space with a delay was not to hear."""

import sqlalchemy as sa
from alembic import op

from spacesctl.store.tables import Utc

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Apply this version to the previous one."""
    op.create_table(
        "redactions",
        sa.Column("id", sa.String(32), primary_key=True),
        sa.Column("space_id", sa.String(13), sa.ForeignKey("spaces.id"), nullable=False),
        sa.Column("number", sa.Integer(), nullable=False),
        sa.Column("lane", sa.Integer(), nullable=False),
        sa.Column("account_id", sa.String(20), sa.ForeignKey("accounts.id")),
        sa.Column("first_tick", sa.BigInteger(), nullable=False),
        sa.Column("last_tick", sa.BigInteger(), nullable=False),
        sa.Column("mode", sa.String(10), nullable=False),
        sa.Column("cut", sa.Boolean(), nullable=False),
        sa.Column("principal", sa.JSON(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("missed_to", sa.BigInteger()),
        sa.Column("withdrawn", sa.Boolean(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
    )
    op.create_index("ix_redactions_space_id", "redactions", ["space_id"])
