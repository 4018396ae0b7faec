"""The signing secrets of webhooks can be renewed."""

import sqlalchemy as sa
from alembic import op

from spacesctl.store import tables

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Apply this version to the previous one."""
    op.add_column("webhooks", sa.Column("secret_number", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("webhooks", sa.Column("kept_number", sa.Integer(), nullable=True))
    op.add_column("webhooks", sa.Column("kept_until", tables.Utc(), nullable=True))
