"""Up to which entry a chain of the audit log has a checkpoint."""

import sqlalchemy as sa
from alembic import op

revision = "0020"
down_revision = "0019"


def upgrade() -> None:
    """Apply this version to the previous one."""
    op.add_column("audit_heads", sa.Column("marked", sa.Integer(), nullable=False, server_default="0"))
    op.add_column("audit_heads", sa.Column("is_due", sa.Boolean(), nullable=False, server_default="0"))
