"""Posts, voice clips, and descriptions of accounts."""

import sqlalchemy as sa
from alembic import op

from spacesctl.store import tables

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Apply this version to the previous one."""
    op.add_column("accounts", sa.Column("description", sa.String(length=160), nullable=False, server_default=""))
    op.create_index(op.f("ix_follows_followed_id"), "follows", ["followed_id"])
    op.create_table(
        "clips",
        sa.Column("id", sa.String(length=13), nullable=False),
        sa.Column("owner_id", sa.String(length=20), nullable=False),
        sa.Column("duration_ms", sa.Integer(), nullable=False),
        sa.Column("bytes", sa.Integer(), nullable=False),
        sa.Column("at", tables.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["owner_id"], ["accounts.id"], name=op.f("fk_clips_owner_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_clips")),
    )
    op.create_index(op.f("ix_clips_owner_id"), "clips", ["owner_id"])
    op.add_column("dms", sa.Column("clip_id", sa.String(length=13), nullable=True))
    op.create_index(op.f("ix_dms_clip_id"), "dms", ["clip_id"])
    op.create_table(
        "posts",
        sa.Column("id", sa.String(length=20), nullable=False),
        sa.Column("author_id", sa.String(length=20), nullable=False),
        sa.Column("text", sa.String(length=280), nullable=False),
        sa.Column("clip_id", sa.String(length=13), nullable=True),
        sa.Column("at", tables.Utc(), nullable=False),
        sa.ForeignKeyConstraint(["author_id"], ["accounts.id"], name=op.f("fk_posts_author_id")),
        sa.ForeignKeyConstraint(["clip_id"], ["clips.id"], name=op.f("fk_posts_clip_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_posts")),
        sa.UniqueConstraint("clip_id", name=op.f("uq_posts_clip_id")),
    )
    op.create_index("ix_posts_author_id_id", "posts", ["author_id", "id"])
