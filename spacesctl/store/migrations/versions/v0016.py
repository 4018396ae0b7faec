"""Whether a redaction is of a spoken number: evidence has none of those."""

import sqlalchemy as sa
from alembic import op

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Apply this version to the previous one."""
    op.add_column("redactions", sa.Column("is_number", sa.Boolean(), nullable=False, server_default="0"))
