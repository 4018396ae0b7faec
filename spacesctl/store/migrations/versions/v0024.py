"""Passkeys."""

import sqlalchemy as sa
from alembic import op

from spacesctl.store.tables import Utc

revision = "0024"
down_revision = "0023"


def upgrade() -> None:
    """Apply this version to the previous one."""
    op.create_table(
        "passkeys",
        sa.Column("id", sa.String(1400), primary_key=True),
        sa.Column("account_id", sa.String(20), sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("public_key", sa.LargeBinary(), nullable=False),
        sa.Column("sign_count", sa.BigInteger(), nullable=False),
        sa.Column("label", sa.String(50), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
        sa.Column("used_at", Utc()),
    )
    op.create_index("ix_passkeys_account_id", "passkeys", ["account_id"])
