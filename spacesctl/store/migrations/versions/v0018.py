"""What an act was asked to do and the ticks it is about: words that are recognised again give a similar act under another key."""

import sqlalchemy as sa
from alembic import op

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Apply this version to the previous one."""
    with op.batch_alter_table("acts") as table:
        table.add_column(sa.Column("rule_id", sa.String(64)))
        table.add_column(sa.Column("asked", sa.String(128)))
        table.add_column(sa.Column("lane", sa.Integer()))
        table.add_column(sa.Column("start_tick", sa.Integer()))
        table.add_column(sa.Column("end_tick", sa.Integer()))
        table.create_index("ix_acts_ticks", ["space_id", "lane", "end_tick"])
