"""What of a text is kept from the audience."""

import sqlalchemy as sa
from alembic import op

revision = "0029"
down_revision = "0028"


def upgrade() -> None:
    """Apply this version to the previous one."""
    op.create_table(
        "text_marks",
        sa.Column("space_id", sa.String(13), sa.ForeignKey("spaces.id"), primary_key=True),
        sa.Column("number", sa.Integer(), primary_key=True),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("erased", sa.Boolean(), nullable=False),
    )
