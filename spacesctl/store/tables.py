"""The tables. `spaces.doc` is the whole Space as JSON, beside the columns that queries need; `events` is its history."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from sqlalchemy import (
    JSON,
    BigInteger,
    Boolean,
    Column,
    Dialect,
    Float,
    ForeignKey,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    String,
    Table,
    Text,
    TypeDecorator,
    UniqueConstraint,
    text,
)

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "fk": "fk_%(table_name)s_%(column_0_name)s",
        "pk": "pk_%(table_name)s",
    }
)


class Utc(TypeDecorator[datetime]):
    """An instant as whole milliseconds since 1970, which can be sorted and compared in every database."""

    impl = BigInteger
    cache_ok = True

    def process_bind_param(self, value: datetime | None, dialect: Dialect) -> int | None:
        """To milliseconds."""
        return None if value is None else round(value.timestamp() * 1000)

    def process_result_value(self, value: Any, dialect: Dialect) -> datetime | None:
        """To a datetime in UTC."""
        return None if value is None else datetime.fromtimestamp(value / 1000, UTC)


def _version() -> Column[int]:
    """Which shape the row's JSON has (`store.upcast`)."""
    return Column("version", Integer, nullable=False, server_default="1")


def _account(name: str, **kwargs: Any) -> Column[Any]:
    return Column(name, String(20), ForeignKey("accounts.id"), **kwargs)


accounts = Table(
    "accounts",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("handle", String(15), nullable=False, unique=True),
    Column("name", String(50), nullable=False),
    Column("kind", String(6), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("description", String(160), nullable=False, server_default=""),
    Column("suspended_at", Utc),
    Column("suspended_until", Utc, index=True),
    Column("suspended_why", String(280)),
    Column("deleted_at", Utc),
)

tokens = Table(
    "tokens",
    metadata,
    Column("hash", String(64), primary_key=True),
    _account("account_id", nullable=False, index=True),
    Column("scopes", JSON, nullable=False),
    Column("label", String(50), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc, index=True),
    Column("used_at", Utc),
    Column("used_from", String(45)),
    Column("kind", String(7), nullable=False, server_default="token"),
)
"""Tokens of the API, and sessions of browsers, which are listed and revoked in the same way."""

passwords = Table(
    "passwords",
    metadata,
    _account("account_id", primary_key=True),
    Column("hash", String(255), nullable=False),
    Column("changed_at", Utc, nullable=False),
)

links = Table(
    "links",
    metadata,
    Column("hash", String(64), primary_key=True),
    _account("account_id", index=True),
    Column("space_id", String(13)),
    Column("created_at", Utc, nullable=False),
    Column("expires_at", Utc, nullable=False, index=True),
)
"""Links that are good for one use: they sign the account in or, without one, allow to make an account."""

passkeys = Table(
    "passkeys",
    metadata,
    Column("id", String(1400), primary_key=True),
    _account("account_id", nullable=False, index=True),
    Column("public_key", LargeBinary, nullable=False),
    Column("sign_count", BigInteger, nullable=False),
    Column("label", String(50), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("used_at", Utc),
)
"""Public keys with which authenticators sign people in."""

identities = Table(
    "identities",
    metadata,
    Column("issuer", String(300), primary_key=True),
    Column("subject", String(255), primary_key=True),
    _account("account_id", nullable=False, index=True),
    Column("created_at", Utc, nullable=False),
)
"""Accounts as a provider of OpenID Connect knows them."""

follows = Table(
    "follows",
    metadata,
    _account("follower_id", primary_key=True),
    _account("followed_id", primary_key=True, index=True),
)

blocks = Table(
    "blocks",
    metadata,
    _account("blocker_id", primary_key=True),
    _account("blocked_id", primary_key=True, index=True),
    Column("by", String(50), nullable=False),
    Column("at", Utc, nullable=False),
)

dms = Table(
    "dms",
    metadata,
    Column("id", Integer, primary_key=True),
    _account("from_id", nullable=False),
    _account("to_id", nullable=False),
    Column("kind", String(10), nullable=False),
    Column("space_id", String(13)),
    Column("text", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("clip_id", String(13), index=True),
    Column("unread", Boolean, nullable=False, server_default="0"),
    Column("act_key", String(128), index=True),
    Column("quoted", Text),
    Index("ix_dms_to_id_id", "to_id", "id"),
    Index("ix_dms_from_id_id", "from_id", "id"),
)
"""`quoted`: the words in `text` that a rule heard, which go with those of its act, `act_key` in `space_id`."""

clips = Table(
    "clips",
    metadata,
    Column("id", String(13), primary_key=True),
    _account("owner_id", nullable=False, index=True),
    Column("duration_ms", Integer, nullable=False),
    Column("bytes", Integer, nullable=False),
    Column("at", Utc, nullable=False),
)

posts = Table(
    "posts",
    metadata,
    Column("id", String(20), primary_key=True),
    _account("author_id", nullable=False),
    Column("text", String(280), nullable=False),
    Column("clip_id", String(13), ForeignKey("clips.id"), unique=True),
    Column("at", Utc, nullable=False),
    Index("ix_posts_author_id_id", "author_id", "id"),
)

spaces = Table(
    "spaces",
    metadata,
    Column("id", String(13), primary_key=True),
    Column("state", String(9), nullable=False, index=True),
    _account("host_id", nullable=False, index=True),
    Column("creator_id", String(20), nullable=False, server_default="", index=True),
    Column("scheduled_start", Utc),
    Column("created_at", Utc, nullable=False),
    Column("last_tick", BigInteger, nullable=False, default=0),
    Column("peak", Integer, nullable=False, server_default="0"),
    Column("clock_boot", String(36)),
    Column("clock_zero", Float),
    Column("doc", Text, nullable=False),
    _version(),
)

events = Table(
    "events",
    metadata,
    Column("space_id", String(13), ForeignKey("spaces.id"), primary_key=True),
    Column("seq", Integer, primary_key=True),
    Column("type", String(20), nullable=False),
    Column("at", Utc, nullable=False),
    Column("tick", BigInteger, nullable=False),
    Column("body", JSON, nullable=False),
    _version(),
    Column("account_id", String(20)),
    Index("ix_events_space_id_type_seq", "space_id", "type", "seq"),
    Index(
        "ix_events_account_id_space_id_seq",
        "account_id",
        "space_id",
        "seq",
        sqlite_where=text("account_id IS NOT NULL"),
    ),
)
"""`account_id`: of captions and what was written, who it is of."""

text_marks = Table(
    "text_marks",
    metadata,
    Column("space_id", String(13), ForeignKey("spaces.id"), primary_key=True),
    Column("number", Integer, primary_key=True),
    Column("words", JSON, nullable=False),
    Column("erased", Boolean, nullable=False),
)
"""What of a text, the event of this `number`, is kept from the audience."""

series = Table(
    "series",
    metadata,
    Column("id", String(13), primary_key=True),
    _account("host_id", nullable=False, index=True),
    Column("state", String(7), nullable=False, index=True),
    Column("doc", Text, nullable=False),
    _version(),
)

reminders = Table(
    "reminders",
    metadata,
    Column("space_id", String(13), ForeignKey("spaces.id"), primary_key=True),
    _account("account_id", primary_key=True),
)

rulesets = Table(
    "rulesets",
    metadata,
    Column("hash", String(64), primary_key=True),
    Column("text", Text, nullable=False),
    Column("at", Utc, nullable=False),
)

acts = Table(
    "acts",
    metadata,
    Column("space_id", String(13), ForeignKey("spaces.id"), primary_key=True),
    Column("key", String(128), primary_key=True),
    Column("body", JSON, nullable=False),
    Column("at", Utc, nullable=False),
    Column("rule_id", String(64)),
    Column("asked", String(128)),
    Column("lane", Integer),
    Column("start_tick", Integer),
    Column("end_tick", Integer),
    Column("purged_at", Utc),
    Index("ix_acts_ticks", "space_id", "lane", "end_tick"),
    Index("ix_acts_purged_at_at", "purged_at", "at"),
)
"""`purged_at`: its words were deleted then."""

reports = Table(
    "reports",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("space_id", String(13), ForeignKey("spaces.id"), nullable=False, index=True),
    _account("reporter_id", nullable=False),
    _account("target_id", index=True),
    Column("category", String(40), nullable=False),
    Column("rule", String(64)),
    Column("body", JSON, nullable=False),
    Column("clip", String(64), index=True),
    Column("at", Utc, nullable=False),
    Column("state", String(10), nullable=False, server_default="open"),
    Column("decided_by", JSON(none_as_null=True)),
    Column("decided_at", Utc),
    Column("decision", Text),
    _account("assignee_id"),
    Column("purged_at", Utc),
    Index("ix_reports_reporter_id", "reporter_id"),
    Index("ix_reports_purged_at_at", "purged_at", "at"),
)
"""`purged_at`: its clip, its words and what was noted on it were deleted then."""

report_notes = Table(
    "report_notes",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("report_id", String(20), ForeignKey("reports.id"), nullable=False, index=True),
    _account("author_id", nullable=False),
    Column("text", Text, nullable=False),
    Column("at", Utc, nullable=False),
)

sanctions = Table(
    "sanctions",
    metadata,
    Column("id", String(24), primary_key=True),
    Column("space_id", String(13), ForeignKey("spaces.id"), index=True),
    _account("host_id", nullable=False),
    Column("action", String(10), nullable=False),
    _account("target_id", index=True),
    Column("principal", JSON, nullable=False),
    Column("reason", Text, nullable=False),
    Column("evidence", String(128), nullable=False),
    Column("since", Utc, nullable=False),
    Column("until", Utc),
    Column("lifted_at", Utc),
    Column("lifted_by", JSON(none_as_null=True)),
    Column("how", String(10)),
    Column("lift_reason", Text),
    Column("every", Integer),
    Column("erases", Boolean, nullable=False, server_default="0"),
    Column("mutes_dms", Boolean, nullable=False, server_default="0"),
    Column("report_id", String(20)),
    Index("ix_sanctions_since_id", "since", "id"),
)
"""`space_id` is None for a block, which holds everywhere; `target_id` for a measure, which is on the Space itself."""

appeals = Table(
    "appeals",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("sanction_id", String(24), ForeignKey("sanctions.id"), nullable=False, unique=True),
    Column("space_id", String(13), ForeignKey("spaces.id"), index=True),
    _account("host_id", nullable=False, index=True),
    _account("target_id", nullable=False, index=True),
    Column("text", Text, nullable=False),
    Column("at", Utc, nullable=False),
    Column("state", String(8), nullable=False),
    Column("decided_by", JSON(none_as_null=True)),
    Column("decided_at", Utc),
    Column("reason", Text),
)
"""One for a sanction at most. `space_id`, `host_id` and `target_id` are the sanction's."""

regressions = Table(
    "regressions",
    metadata,
    Column("id", String(100), primary_key=True),
    _account("host_id", nullable=False, index=True),
    Column("space_id", String(13), ForeignKey("spaces.id"), nullable=False),
    _account("target_id", nullable=False, index=True),
    Column("rule_id", String(64), nullable=False),
    Column("rule_hash", String(64), nullable=False),
    Column("words", JSON, nullable=False),
    Column("at", Utc, nullable=False),
)
"""What the account `target_id` said, and a rule of `host_id` is not to find again."""

holds = Table(
    "holds",
    metadata,
    Column("id", String(20), primary_key=True),
    _account("account_id", index=True),
    Column("space_id", String(13), ForeignKey("spaces.id"), index=True),
    Column("subject", Text, nullable=False),
    Column("reason", Text, nullable=False),
    _account("by_id", nullable=False),
    Column("at", Utc, nullable=False),
    Column("told", Boolean, nullable=False, server_default="0"),
    Column("released_at", Utc),
    _account("released_by_id"),
)
"""Legal holds: nothing of the account, or of the Space, is purged or erased until they are released. `subject` is its name at
that time, which deletions leave here; `told`: the account knows."""

erasures = Table(
    "erasures",
    metadata,
    _account("account_id", primary_key=True),
    _account("by_id", nullable=False),
    Column("at", Utc, nullable=False),
    Column("recordings", JSON, nullable=False),
    Column("gone", JSON, nullable=False),
    Column("waits", Boolean, nullable=False, server_default="0"),
)
"""Erasures whose account is deleted and whose words are not all erased yet."""

redactions = Table(
    "redactions",
    metadata,
    Column("id", String(32), primary_key=True),
    Column("space_id", String(13), ForeignKey("spaces.id"), index=True, nullable=False),
    Column("number", Integer, nullable=False),
    Column("lane", Integer, nullable=False),
    _account("account_id"),
    Column("first_tick", BigInteger, nullable=False),
    Column("last_tick", BigInteger, nullable=False),
    Column("mode", String(10), nullable=False),
    Column("cut", Boolean, nullable=False),
    Column("principal", JSON, nullable=False),
    Column("reason", Text, nullable=False),
    Column("missed_to", BigInteger),
    Column("withdrawn", Boolean, nullable=False),
    Column("is_number", Boolean, nullable=False, server_default="0"),
    Column("at", Utc, nullable=False),
    Index("ix_redactions_at_id", "at", "id"),
)
"""`lane` 0: all lanes. Ticks are both included; up to `missed_to` it had aired before."""

pins = Table(
    "pins",
    metadata,
    Column("space_id", String(13), ForeignKey("spaces.id"), primary_key=True),
    Column("pin_id", String(20), primary_key=True),
    Column("post_id", String(20), nullable=False, index=True),
)
"""The posts that are pinned in Spaces. The pins themselves are in the document of their Space."""

audit_entries = Table(
    "audit_entries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("chain", String(13), nullable=False),
    Column("seq", Integer, nullable=False),
    Column("at", Utc, nullable=False),
    Column("principal", JSON, nullable=False),
    Column("actor_id", String(20), index=True),
    Column("action", String(40), nullable=False),
    Column("target_id", String(20)),
    Column("body", JSON, nullable=False),
    Column("prev", String(64), nullable=False),
    Column("hash", String(64), nullable=False),
    UniqueConstraint("chain", "seq"),
    Index("ix_audit_entries_action_at", "action", "at"),
)

audit_heads = Table(
    "audit_heads",
    metadata,
    Column("chain", String(13), primary_key=True),
    Column("seq", Integer, nullable=False),
    Column("hash", String(64), nullable=False),
    Column("marked", Integer, nullable=False, server_default="0"),
    Column("is_due", Boolean, nullable=False, server_default="0"),
)
"""`marked`: the count at its last checkpoint. `is_due`: its Space has ended since."""

closed_audit = Table(
    "audit",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("at", Utc, nullable=False),
    Column("actor_id", String(20)),
    Column("action", String(40), nullable=False),
    Column("space_id", String(13), index=True),
    Column("target_id", String(20)),
    Column("body", JSON, nullable=False),
    Column("prev", String(64), nullable=False),
    Column("hash", String(64), nullable=False, unique=True),
)
"""The one chain of earlier versions. It is closed: nothing is added."""

idempotency = Table(
    "idempotency",
    metadata,
    _account("account_id", primary_key=True),
    Column("key", String(128), primary_key=True),
    Column("request", String(64), nullable=False),
    Column("status", Integer, nullable=False),
    Column("answer", JSON, nullable=False),
    Column("at", Utc, nullable=False),
)

webhooks = Table(
    "webhooks",
    metadata,
    Column("id", String(20), primary_key=True),
    _account("account_id", nullable=False, index=True),
    Column("url", String(500), nullable=False),
    Column("events", JSON, nullable=False),
    Column("all_spaces", Boolean, nullable=False),
    Column("state", String(8), nullable=False),
    Column("reason", String(200)),
    Column("failing_since", Utc),
    Column("dropped", Integer, nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("secret_number", Integer, nullable=False, server_default="0"),
    Column("kept_number", Integer),
    Column("kept_until", Utc),
)

deliveries = Table(
    "deliveries",
    metadata,
    Column("id", Integer, primary_key=True),
    Column("webhook_id", String(20), ForeignKey("webhooks.id"), nullable=False),
    Column("message", String(32), nullable=False),
    Column("type", String(32), nullable=False),
    Column("data", JSON, nullable=False),
    Column("at", Utc, nullable=False),
    Column("state", String(9), nullable=False),
    Column("attempts", Integer, nullable=False),
    Column("next_at", Utc),
    Column("status", Integer),
    Column("problem", String(200)),
    Index("ix_deliveries_webhook_id_id", "webhook_id", "id"),
    Index("ix_deliveries_state_next_at", "state", "next_at"),
)

outlets = Table(
    "outlets",
    metadata,
    Column("id", String(20), primary_key=True),
    _account("account_id", nullable=False, index=True),
    Column("sealed", Text, nullable=False),
    Column("shown", String(100), nullable=False),
    Column("created_at", Utc, nullable=False),
    Column("last_dm", Integer, nullable=False),
    Column("sent", Integer, nullable=False),
    Column("skipped", Integer, nullable=False),
    Column("failures", Integer, nullable=False),
    Column("retry_at", Utc),
)

recordings = Table(
    "recordings",
    metadata,
    Column("id", String(20), primary_key=True),
    Column("space_id", String(13), ForeignKey("spaces.id"), nullable=False),
    _account("host_id", nullable=False),
    Column("title", String(70), nullable=False),
    Column("kind", String(5), nullable=False),
    Column("first_tick", BigInteger, nullable=False),
    Column("started_at", Utc, nullable=False),
    Column("ended_at", Utc),
    Column("reason", String(20)),
    Column("files", JSON(none_as_null=True)),
    Index("ix_recordings_host_id_started_at", "host_id", "started_at"),
)

attendance = Table(
    "attendance",
    metadata,
    Column("space_id", String(13), ForeignKey("spaces.id"), primary_key=True),
    _account("account_id", primary_key=True, index=True),
    Column("at", Utc, nullable=False, index=True),
)
