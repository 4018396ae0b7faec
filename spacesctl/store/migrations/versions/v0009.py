"""When tick 0 of a live Space was, in a boot of the machine."""

import sqlalchemy as sa
from alembic import op

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Apply this version to the previous one."""
    op.add_column("spaces", sa.Column("clock_boot", sa.String(length=36), nullable=True))
    op.add_column("spaces", sa.Column("clock_zero", sa.Float(), nullable=True))
