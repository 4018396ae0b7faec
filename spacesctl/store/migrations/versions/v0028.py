"""What notices quote, erasures that are not done yet, and who spoke which caption; indexes for exports and reports."""

import re

import sqlalchemy as sa
from alembic import op

from spacesctl.store.tables import Utc

revision = "0028"
down_revision = "0025"

_QUOTE = re.compile(r"[Rr]ule (?P<rule>\S+) heard “(?P<words>[^”]*)”")
_AT_ONCE = 1000
_KNOWN = 100
"""Rules in Spaces whose acts are remembered."""


def upgrade() -> None:
    """Apply this version to the previous one."""
    op.add_column("dms", sa.Column("act_key", sa.String(128)))
    op.add_column("dms", sa.Column("quoted", sa.Text()))
    op.create_index("ix_dms_act_key", "dms", ["act_key"])
    op.create_index("ix_dms_from_id_id", "dms", ["from_id", "id"])
    op.add_column("events", sa.Column("account_id", sa.String(20)))
    op.execute("UPDATE events SET account_id = json_extract(body, '$.account_id') WHERE type = 'caption'")
    op.create_index(
        "ix_events_account_id_space_id_seq",
        "events",
        ["account_id", "space_id", "seq"],
        sqlite_where=sa.text("account_id IS NOT NULL"),
    )
    op.create_index("ix_sanctions_since_id", "sanctions", ["since", "id"])
    op.create_index("ix_redactions_at_id", "redactions", ["at", "id"])
    op.create_index("ix_audit_entries_action_at", "audit_entries", ["action", "at"])
    op.create_table(
        "erasures",
        sa.Column("account_id", sa.String(20), sa.ForeignKey("accounts.id"), primary_key=True),
        sa.Column("by_id", sa.String(20), sa.ForeignKey("accounts.id"), nullable=False),
        sa.Column("at", Utc(), nullable=False),
        sa.Column("recordings", sa.JSON(), nullable=False),
        sa.Column("gone", sa.JSON(), nullable=False),
        sa.Column("waits", sa.Boolean(), nullable=False, server_default="0"),
    )
    _find_quotes()


def _find_quotes() -> None:
    """What notices of earlier versions quote, with the newest act that has these words; of one whose words went, the quote goes, too."""
    connection, last = op.get_bind(), 0
    known = dict[tuple[str, str], dict[str, str]]()
    query = sa.text(
        "SELECT id, space_id, text FROM dms WHERE id > :last AND kind = 'notice' AND space_id IS NOT NULL"
        " AND text LIKE '% heard “%' ORDER BY id LIMIT :most"
    )
    while rows := connection.execute(query, {"last": last, "most": _AT_ONCE}).all():
        last = rows[-1].id
        for row in rows:
            if (found := _QUOTE.search(row.text)) is None:
                continue
            about = row.space_id, found["rule"]
            if about not in known:
                if len(known) == _KNOWN:
                    known.clear()
                known[about] = _acts_of(connection, *about)
            values = {"id": row.id, "key": known[about].get(found["words"]), "quoted": found["words"]}
            if values["key"] is not None:
                change = "UPDATE dms SET act_key = :key, quoted = :quoted WHERE id = :id"
            else:
                change = (
                    "UPDATE dms SET text = replace(text, 'heard “' || :quoted || '”', 'heard words that are deleted by now')"
                    " WHERE id = :id AND NOT EXISTS (SELECT 1 FROM holds WHERE released_at IS NULL"
                    " AND (space_id = dms.space_id OR account_id IN (dms.to_id, dms.from_id)))"
                )
            connection.execute(sa.text(change), values)


def _acts_of(connection: sa.Connection, space_id: str, rule: str) -> dict[str, str]:
    """The keys of a rule's acts by the words that they have, of equal words the newest."""
    query = sa.text(
        "SELECT key, body FROM acts WHERE space_id = :space AND purged_at IS NULL"
        " AND json_extract(body, '$.rule_id') = :rule ORDER BY at"
    ).columns(body=sa.JSON())
    rows = connection.execute(query, {"space": space_id, "rule": rule})
    return {" ".join(word["w"] for word in row.body.get("words", ())): str(row.key) for row in rows}
