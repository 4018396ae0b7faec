"""A sanction as far as its appeal is concerned."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime


@dataclass(frozen=True)
class Appealed:
    """What an appeal is about: a sanction on `target_id`, imposed by the person `by_id` (None: a rule, or the server). `how` it ended, None
    while it lasts; `act` is the key of the rule's act that led to it."""

    sanction_id: str
    action: str
    target_id: str
    by_id: str | None
    since: datetime
    how: str | None = None
    act: str = ""
