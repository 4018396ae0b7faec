"""Who looks after a report, what staff note on it, appeals, and what a rule is not to find again."""

import sqlalchemy as sa
from alembic import op

from spacesctl.store.tables import Utc

revision = "0021"
down_revision = "0020"


def upgrade() -> None:
    """Apply this version to the previous one."""
    with op.batch_alter_table("reports") as table:
        table.add_column(sa.Column("assignee_id", sa.String(20)))
        table.create_foreign_key("fk_reports_assignee_id", "accounts", ["assignee_id"], ["id"])
    with op.batch_alter_table("sanctions") as table:
        table.add_column(sa.Column("report_id", sa.String(20)))
    op.create_table(
        "report_notes",
        sa.Column("id", sa.String(20), primary_key=True),
        sa.Column("report_id", sa.String(20), sa.ForeignKey("reports.id"), nullable=False),
        sa.Column("author_id", sa.String(20), sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
    )
    op.create_index("ix_report_notes_report_id", "report_notes", ["report_id"])
    op.create_table(
        "appeals",
        sa.Column("id", sa.String(20), primary_key=True),
        sa.Column("sanction_id", sa.String(24), sa.ForeignKey("sanctions.id"), nullable=False, unique=True),
        sa.Column("space_id", sa.String(13), sa.ForeignKey("spaces.id")),
        sa.Column("host_id", sa.String(20), sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("target_id", sa.String(20), sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("state", sa.String(8), nullable=False),
        sa.Column("decided_by", sa.JSON(none_as_null=True)),
        sa.Column("decided_at", Utc()),
        sa.Column("reason", sa.Text()),
    )
    for column in ("space_id", "host_id", "target_id"):
        op.create_index(f"ix_appeals_{column}", "appeals", [column])
    op.create_table(
        "regressions",
        sa.Column("id", sa.String(100), primary_key=True),
        sa.Column("host_id", sa.String(20), sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("space_id", sa.String(13), sa.ForeignKey("spaces.id"), nullable=False),
        sa.Column("target_id", sa.String(20), sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("rule_id", sa.String(64), nullable=False),
        sa.Column("rule_hash", sa.String(64), nullable=False),
        sa.Column("words", sa.JSON(), nullable=False),
        sa.Column("at", Utc(), nullable=False),
    )
    for column in ("host_id", "target_id"):
        op.create_index(f"ix_regressions_{column}", "regressions", [column])
