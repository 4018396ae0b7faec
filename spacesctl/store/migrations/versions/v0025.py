"""Accounts as a provider of OpenID Connect knows them."""

import sqlalchemy as sa
from alembic import op

from spacesctl.store.tables import Utc

revision = "0025"
down_revision = "0024"


def upgrade() -> None:
    """Apply this version to the previous one."""
    op.create_table(
        "identities",
        sa.Column("issuer", sa.String(300), primary_key=True),
        sa.Column("subject", sa.String(255), primary_key=True),
        sa.Column("account_id", sa.String(20), sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("created_at", Utc(), nullable=False),
    )
    op.create_index("ix_identities_account_id", "identities", ["account_id"])
