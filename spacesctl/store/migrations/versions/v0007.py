"""A chain of audit entries for each Space and one for the server, each with a head; the creator of a Space and its pins as columns."""

import json

import sqlalchemy as sa
from alembic import op

from spacesctl.store import tables

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Apply this version to the previous one. Earlier audit entries stay as they are, in their table."""
    op.create_table(
        "audit_entries",
        sa.Column("id", sa.Integer(), nullable=False),
        sa.Column("chain", sa.String(length=13), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("at", tables.Utc(), nullable=False),
        sa.Column("principal", sa.JSON(), nullable=False),
        sa.Column("actor_id", sa.String(length=20), nullable=True),
        sa.Column("action", sa.String(length=40), nullable=False),
        sa.Column("target_id", sa.String(length=20), nullable=True),
        sa.Column("body", sa.JSON(), nullable=False),
        sa.Column("prev", sa.String(length=64), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_audit_entries")),
        sa.UniqueConstraint("chain", "seq", name=op.f("uq_audit_entries_chain_seq")),
        sqlite_autoincrement=True,
    )
    op.create_index("ix_audit_entries_actor_id", "audit_entries", ["actor_id"])
    op.create_table(
        "audit_heads",
        sa.Column("chain", sa.String(length=13), nullable=False),
        sa.Column("seq", sa.Integer(), nullable=False),
        sa.Column("hash", sa.String(length=64), nullable=False),
        sa.PrimaryKeyConstraint("chain", name=op.f("pk_audit_heads")),
    )
    op.create_table(
        "pins",
        sa.Column("space_id", sa.String(length=13), nullable=False),
        sa.Column("pin_id", sa.String(length=20), nullable=False),
        sa.Column("post_id", sa.String(length=20), nullable=False),
        sa.ForeignKeyConstraint(["space_id"], ["spaces.id"], name=op.f("fk_pins_space_id")),
        sa.PrimaryKeyConstraint("space_id", "pin_id", name=op.f("pk_pins")),
    )
    op.create_index("ix_pins_post_id", "pins", ["post_id"])
    op.add_column("spaces", sa.Column("creator_id", sa.String(length=20), nullable=False, server_default=""))
    op.create_index("ix_spaces_creator_id", "spaces", ["creator_id"])
    _fill(op.get_bind())


def _fill(db: sa.Connection) -> None:
    spaces = sa.table("spaces", sa.column("id"), sa.column("doc"), sa.column("creator_id"))
    pins = sa.table("pins", sa.column("space_id"), sa.column("pin_id"), sa.column("post_id"))
    for space_id, doc in db.execute(sa.select(spaces.c.id, spaces.c.doc)).fetchall():
        space = json.loads(doc)
        db.execute(spaces.update().where(spaces.c.id == space_id).values(creator_id=space["creator_id"]))
        pinned = [pin for pin in space.get("pinned", []) if pin["kind"] == "post"]
        if pinned:
            rows = [{"space_id": space_id, "pin_id": pin["id"], "post_id": pin["ref"]} for pin in pinned]
            db.execute(pins.insert(), rows)
