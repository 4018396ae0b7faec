"""Sanctions on a Space itself, which have no target, and the seconds of a slow one."""

import sqlalchemy as sa
from alembic import op

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Apply this version to the previous one."""
    with op.batch_alter_table("sanctions") as table:
        table.alter_column("target_id", existing_type=sa.String(20), nullable=True)
        table.add_column(sa.Column("every", sa.Integer()))
        table.add_column(sa.Column("erases", sa.Boolean(), nullable=False, server_default="0"))
        table.add_column(sa.Column("mutes_dms", sa.Boolean(), nullable=False, server_default="0"))
