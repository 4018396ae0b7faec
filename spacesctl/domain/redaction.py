"""A redaction: a stretch of a lane that the audience is not to hear, by whom and why."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from spacesctl.domain.words import RedactionMode, RedactionState

MAX_DELAY: Final = 10.0
"""Seconds that the audience hears behind the stage at most."""
RULES_DELAY: Final = 4.0
"""Seconds by default when a rule redacts: so long that 99 % of what partial results show is redacted before it airs."""
MAX_PENDING: Final = 512
"""Redactions of a Space whose stretches have not aired."""
MAX_STRETCH: Final = 3_000
"""Ticks of one redaction: a minute."""
MAX_AHEAD: Final = 500
"""Ticks ahead of the stage to which a redaction may reach: ten seconds. So none waits for ever."""
MAX_OWN: Final = 16
"""Redactions of their own words that one speaker has waiting."""
ALL_LANES: Final = 0
"""Stands for all lanes."""
TEXT_LANE: Final = 0xFFFF
"""Stands for what is written: the chat, and typed speech. No microphone session has this number."""


@dataclass(frozen=True)
class Stretch:
    """Ticks `first` to `last` of a lane (or `ALL_LANES`), both included."""

    lane: int
    first: int
    last: int

    def meets(self, other: Stretch) -> bool:
        """Whether both have a tick of one lane."""
        return self.lane == other.lane and self.first <= other.last and other.first <= self.last


@dataclass(frozen=True)
class Redaction:
    """A redaction of ticks `first` to `last` of a lane. `account_id` is the lane's (None: all lanes); `by` the principal as JSON values
    (`principals.described`). In a `cut` the audience jumps over the stretch. What is up to `missed_to` had aired before. A spoken `number`
    is kept from evidence, too.
    """

    id: str
    lane: int
    account_id: str | None
    first: int
    last: int
    mode: RedactionMode
    by: Mapping[str, str | None]
    reason: str = ""
    cut: bool = False
    missed_to: int | None = None
    number: bool = False

    @property
    def is_own(self) -> bool:
        """Whether somebody took back their own words."""
        return self.account_id is not None and self.by.get("kind") == "person" and self.by.get("id") == self.account_id

    @property
    def state(self) -> RedactionState:
        """What became of it, if it was not withdrawn."""
        return "missed" if self.missed_to is not None and self.missed_to >= self.last else "in_force"
