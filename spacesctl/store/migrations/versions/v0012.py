"""Which direct messages were not read yet. Earlier ones count as read."""

import sqlalchemy as sa
from alembic import op

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Apply this version to the previous one."""
    op.add_column("dms", sa.Column("unread", sa.Boolean(), nullable=False, server_default="0"))
