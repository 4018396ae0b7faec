"""Where somebody was before, and what became of somebody's reports, are found by their account."""

from alembic import op

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Apply this version to the previous one."""
    op.create_index("ix_attendance_account_id", "attendance", ["account_id"])
    op.create_index("ix_reports_reporter_id", "reports", ["reporter_id"])
