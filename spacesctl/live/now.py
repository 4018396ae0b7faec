"""The wall clock, in the resolution that the store keeps."""

from __future__ import annotations

from datetime import UTC, datetime


def utc_now() -> datetime:
    """UTC, whole milliseconds: what is stored is what was decided with."""
    now = datetime.now(UTC)
    return now.replace(microsecond=now.microsecond // 1000 * 1000)
