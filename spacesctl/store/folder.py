"""What lies in a data folder, besides the lock."""

from __future__ import annotations

from typing import Final

DATABASE: Final = "spaces.db"
KEY: Final = "secret.key"
"""Webhook signing secrets and stored addresses are derived from it or sealed with it."""
EVIDENCE: Final = "evidence"
CLIPS: Final = "clips"
RECORDINGS: Final = "recordings"
