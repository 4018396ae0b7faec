"""The types of webhook messages, apart from what makes them: the command line shows them, and must be quick."""

from __future__ import annotations

from typing import get_args

from spacesctl.domain.words import WebhookType

PING = "ping"
"""The type of a test message; it cannot be subscribed to."""
TYPES: tuple[WebhookType, ...] = get_args(WebhookType)
