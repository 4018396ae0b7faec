"""How many people were in each Space at once, at most. Of earlier Spaces it is not known."""

import sqlalchemy as sa
from alembic import op

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Apply this version to the previous one."""
    op.add_column("spaces", sa.Column("peak", sa.Integer(), nullable=False, server_default="0"))
