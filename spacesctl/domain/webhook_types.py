"""The types of webhook messages, apart from what makes them: the command line shows them, and must be quick."""

from __future__ import annotations

PING = "ping"
"""The type of a test message; it cannot be subscribed to."""
TYPES = (
    "spaces.create",
    "spaces.start",
    "spaces.end",
    "spaces.cancel",
    "spaces.missed",
    "hand.raised",
    "report.created",
    "act.taken",
)
