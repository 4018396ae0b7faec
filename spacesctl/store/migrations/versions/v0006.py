"""The version of the shape that documents and events were written in. What is there already is of the first one."""

import sqlalchemy as sa
from alembic import op

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    for table in ("spaces", "series", "events"):
        op.add_column(table, sa.Column("version", sa.Integer(), nullable=False, server_default="1"))
