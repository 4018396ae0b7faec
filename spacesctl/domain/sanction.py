"""A sanction: what was done to somebody, by whom, why, until when, and who undid it."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime

EVERYBODY = ""
"""The target of a measure: a sanction on the Space itself, which concerns all who are in it or come."""


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
    every: int | None = None
    """Of `slow`: seconds between two requests or reactions of one account."""
    came_with: str = ""
    """The action of the measure that it came with, and ends with: `mute`, `demote` or `hold`."""
    erases: bool = False
    """The audience reads nothing of what the person said or shared while it lasts."""
    mutes_dms: bool = False
    """The person sends the staff no direct messages while it lasts."""
    report_id: str = ""
    """The report that led staff to it."""

    @property
    def is_measure(self) -> bool:
        """Whether it is on the Space, and not on a person."""
        return self.target == EVERYBODY
