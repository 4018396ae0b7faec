"""Series of Spaces, and reminders."""

import sqlalchemy as sa
from alembic import op

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Apply this version to the previous one."""
    op.create_table(
        "series",
        sa.Column("id", sa.String(length=13), nullable=False),
        sa.Column("host_id", sa.String(length=20), nullable=False),
        sa.Column("state", sa.String(length=7), nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["host_id"], ["accounts.id"], name=op.f("fk_series_host_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_series")),
    )
    op.create_index(op.f("ix_series_host_id"), "series", ["host_id"])
    op.create_index(op.f("ix_series_state"), "series", ["state"])
    op.create_table(
        "reminders",
        sa.Column("space_id", sa.String(length=13), nullable=False),
        sa.Column("account_id", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_reminders_account_id")),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.id"], name=op.f("fk_reminders_space_id")),
        sa.PrimaryKeyConstraint("space_id", "account_id", name=op.f("pk_reminders")),
    )
