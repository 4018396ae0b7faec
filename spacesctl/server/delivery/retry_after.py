"""How long a receiver asks to wait until the next attempt: the header `Retry-After` (RFC 9110, 10.2.3)."""

from __future__ import annotations

from datetime import UTC, datetime
from email.utils import parsedate_to_datetime
from typing import Final

from spacesctl.support.numbers import MOST_DIGITS, whole

MOST: Final = 86_400.0
"""Seconds that are waited at most: a day, however long a receiver wants to be left alone."""


def seconds(asked: str, now: datetime) -> float:
    """The seconds from `now` on, 0 to `MOST`: a number of seconds, or a date. What is neither is passed over."""
    text = asked.strip()
    if text.isascii() and text.isdigit():
        return min(float(whole(text) or 0), MOST) if len(text) <= MOST_DIGITS else MOST
    try:
        at = parsedate_to_datetime(text)
    except (ValueError, OverflowError):
        return 0.0
    at = at.replace(tzinfo=UTC) if at.tzinfo is None else at
    return min(max((at - now).total_seconds(), 0.0), MOST)
