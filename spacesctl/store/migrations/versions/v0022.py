"""When evidence was purged, and whose data is on legal hold."""

import sqlalchemy as sa
from alembic import op

from spacesctl.store.tables import Utc

revision = "0022"
down_revision = "0021"


def upgrade() -> None:
    """Apply this version to the previous one."""
    for name in ("reports", "acts"):
        op.add_column(name, sa.Column("purged_at", Utc()))
        op.create_index(f"ix_{name}_purged_at_at", name, ["purged_at", "at"])
    op.create_index("ix_reports_clip", "reports", ["clip"])
    op.create_index("ix_reports_target_id", "reports", ["target_id"])
    op.create_table(
        "holds",
        sa.Column("id", sa.String(20), primary_key=True),
        sa.Column("account_id", sa.String(20), sa.ForeignKey("accounts.id")),
        sa.Column("space_id", sa.String(13), sa.ForeignKey("spaces.id")),
        sa.Column("subject", sa.Text(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("by_id", sa.String(20), sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("told", sa.Boolean(), nullable=False, server_default="0"),
        sa.Column("released_at", Utc()),
        sa.Column("released_by_id", sa.String(20), sa.ForeignKey("accounts.id")),
    )
    for column in ("account_id", "space_id"):
        op.create_index(f"ix_holds_{column}", "holds", [column])
