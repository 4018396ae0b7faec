"""A sanction: what was done to somebody, by whom, why, until when, and who undid it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Sanction:
    """One sanction that is in effect. `by` is the principal as JSON values (`principals.described`); `evidence` is the key of a rule's
    act, if one led to it; `until` None: until the Space ends.
    """

    id: str
    action: str
    target: str
    by: Mapping[str, str | None]
    reason: str
    since: datetime
    until: datetime | None = None
    evidence: str = ""
