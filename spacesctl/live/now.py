"""The wall clock, with the resolution of the store."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """The present time in UTC, in whole milliseconds, so that the stored time equals the one used to decide."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
