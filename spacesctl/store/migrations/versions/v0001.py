"""The first schema."""

import sqlalchemy as sa
from alembic import op

from spacesctl.store import tables

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Create the first tables."""
    op.create_table(
        "accounts",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("handle", sa.String(length=15), nullable=False),
        sa.Column("name", sa.String(length=50), nullable=False),
        sa.Column("kind", sa.String(length=6), nullable=False),
        sa.Column("created_at", tables.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_accounts")),
        sa.UniqueConstraint("handle", name=op.f("uq_accounts_handle")),
    )
    op.create_table(
        "audit",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("at", tables.Utc(), nullable=False),
        sa.Column("actor_id", sa.String(length=20), nullable=True),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("space_id", sa.String(length=13), nullable=True),
        sa.Column("target_id", sa.String(length=20), nullable=True),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("prev", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit")),
        sa.UniqueConstraint("hash", name=op.f("uq_audit_hash")),
        sqlite_autoincrement=True,
    )
    op.create_index(op.f("ix_audit_space_id"), "audit", ["space_id"], unique=False)
    op.create_table(
        "rulesets",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", tables.Utc(), nullable=False),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_rulesets")),
    )
    op.create_table(
        "blocks",
        sa.Column("blocker_id", sa.String(length=20), nullable=False),
        sa.Column("blocked_id", sa.String(length=20), nullable=False),
        sa.Column("by", sa.String(length=50), nullable=False),
        sa.Column("at", tables.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["blocked_id"], ["accounts.id"], name=op.f("fk_blocks_blocked_id")),
        sa.ForeignKeyConstraint(["blocker_id"], ["accounts.id"], name=op.f("fk_blocks_blocker_id")),
        sa.PrimaryKeyConstraint("blocker_id", "blocked_id", name=op.f("pk_blocks")),
    )
    op.create_index(op.f("ix_blocks_blocked_id"), "blocks", ["blocked_id"], unique=False)
    op.create_table(
        "dms",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("from_id", sa.String(length=20), nullable=False),
        sa.Column("to_id", sa.String(length=20), nullable=False),
        sa.Column("kind", sa.String(length=10), nullable=False),
        sa.Column("space_id", sa.String(length=13), nullable=True),
        sa.Column("text", sa.Text(), nullable=False),
        sa.Column("at", tables.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["from_id"], ["accounts.id"], name=op.f("fk_dms_from_id")),
        sa.ForeignKeyConstraint(["to_id"], ["accounts.id"], name=op.f("fk_dms_to_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_dms")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_dms_to_id_id", "dms", ["to_id", "id"], unique=False)
    op.create_table(
        "follows",
        sa.Column("follower_id", sa.String(length=20), nullable=False),
        sa.Column("followed_id", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["followed_id"], ["accounts.id"], name=op.f("fk_follows_followed_id")),
        sa.ForeignKeyConstraint(["follower_id"], ["accounts.id"], name=op.f("fk_follows_follower_id")),
        sa.PrimaryKeyConstraint("follower_id", "followed_id", name=op.f("pk_follows")),
    )
    op.create_table(
        "idempotency",
        sa.Column("account_id", sa.String(length=20), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("request", sa.String(length=64), nullable=False),
        sa.Column("status", sa.Integer(), nullable=False),
        sa.Column("answer", sa.JSON(), nullable=False),
        sa.Column("at", tables.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_idempotency_account_id")),
        sa.PrimaryKeyConstraint("account_id", "key", name=op.f("pk_idempotency")),
    )
    op.create_table(
        "spaces",
        sa.Column("id", sa.String(length=13), nullable=False),
        sa.Column("state", sa.String(length=9), nullable=False),
        sa.Column("host_id", sa.String(length=20), nullable=False),
        sa.Column("scheduled_start", tables.Utc(), nullable=True),
        sa.Column("created_at", tables.Utc(), nullable=False),
        sa.Column("last_tick", sa.BigInteger(), nullable=False),
        sa.Column("doc", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["host_id"], ["accounts.id"], name=op.f("fk_spaces_host_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_spaces")),
    )
    op.create_index(op.f("ix_spaces_host_id"), "spaces", ["host_id"], unique=False)
    op.create_index(op.f("ix_spaces_state"), "spaces", ["state"], unique=False)
    op.create_table(
        "tokens",
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.Column("account_id", sa.String(length=20), nullable=False),
        sa.Column("scopes", sa.JSON(), nullable=False),
        sa.Column("label", sa.String(length=50), nullable=False),
        sa.Column("created_at", tables.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["account_id"], ["accounts.id"], name=op.f("fk_tokens_account_id")),
        sa.PrimaryKeyConstraint("hash", name=op.f("pk_tokens")),
    )
    op.create_index(op.f("ix_tokens_account_id"), "tokens", ["account_id"], unique=False)
    op.create_table(
        "acts",
        sa.Column("space_id", sa.String(length=13), nullable=False),
        sa.Column("key", sa.String(length=128), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("at", tables.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.id"], name=op.f("fk_acts_space_id")),
        sa.PrimaryKeyConstraint("space_id", "key", name=op.f("pk_acts")),
    )
    op.create_table(
        "events",
        sa.Column("space_id", sa.String(length=13), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("type", sa.String(length=20), nullable=False),
        sa.Column("at", tables.Utc(), nullable=False),
        sa.Column("tick", sa.BigInteger(), nullable=False),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.id"], name=op.f("fk_events_space_id")),
        sa.PrimaryKeyConstraint("space_id", "seq", name=op.f("pk_events")),
    )
    op.create_index("ix_events_space_id_type_seq", "events", ["space_id", "type", "seq"], unique=False)
    op.create_table(
        "reports",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("space_id", sa.String(length=13), nullable=False),
        sa.Column("reporter_id", sa.String(length=20), nullable=False),
        sa.Column("target_id", sa.String(length=20), nullable=True),
        sa.Column("category", sa.String(length=40), nullable=False),
        sa.Column("rule", sa.String(length=64), nullable=True),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("clip", sa.String(length=64), nullable=True),
        sa.Column("at", tables.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["reporter_id"], ["accounts.id"], name=op.f("fk_reports_reporter_id")),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.id"], name=op.f("fk_reports_space_id")),
        sa.ForeignKeyConstraint(["target_id"], ["accounts.id"], name=op.f("fk_reports_target_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_reports")),
    )
    op.create_index(op.f("ix_reports_space_id"), "reports", ["space_id"], unique=False)
