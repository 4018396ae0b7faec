"""How long what is about people is kept, by its class. Pure."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta


@dataclass(frozen=True)
class Retention:
    """How long each class is kept; None: until somebody deletes it. `evidence` counts from the report or the act, and from the decision if
    staff upheld the report; `dismissed` from the dismissal; `captions` from the words; `cases` from the reversal."""

    evidence: timedelta | None = timedelta(days=30)
    dismissed: timedelta | None = timedelta(days=7)
    captions: timedelta | None = timedelta(days=365)
    cases: timedelta | None = timedelta(days=365)


def before(now: datetime, kept: timedelta | None) -> datetime | None:
    """What is older than this goes; None: nothing does."""
    return None if kept is None else now - kept
