"""A call: one person's one wait and its handling."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta

from spacesctl.domain.care.words import TALKING, WAITING, CallState

ZERO = timedelta(0)


@dataclass(frozen=True)
class Call:
    """A call that is open. `number` counts the calls of the queue. `enqueued_at` is when it first waited, whatever happens later.

    `agent` is who talks to the caller or has taken the call; `offers` are the agents whom it is offered, and until when. `answer_by`: until
    then the caller of a call that was taken opens the microphone. `skips`: agents who let it go, and until when they are not offered it.
    `spent` is the time in earlier states, so that it and the time since `since` are the life of the call.
    """

    id: str
    number: int
    caller_id: str
    topic: str
    enqueued_at: datetime
    since: datetime
    note: str = ""
    voice: str | None = None
    lang: str = ""
    priority: int = 0
    state: CallState = "queued"
    agent_id: str | None = None
    offers: Mapping[str, datetime] = field(default_factory=dict)
    answer_by: datetime | None = None
    wrapup_until: datetime | None = None
    skips: Mapping[str, datetime] = field(default_factory=dict)
    no_shows: int = 0
    lost_at: datetime | None = None
    breached: bool = False
    spent: Mapping[CallState, timedelta] = field(default_factory=dict)
    lost_caller: bool = False
    """Whether the talk ended because the caller was lost."""

    @property
    def order(self) -> tuple[int, datetime, int]:
        """The place in line: the highest priority first, then who waited first."""
        return -self.priority, self.enqueued_at, self.number

    @property
    def waits(self) -> bool:
        """Whether nobody has answered it."""
        return self.state in WAITING

    @property
    def talks(self) -> bool:
        """Whether an agent and the caller are connected."""
        return self.state in TALKING

    @property
    def was_answered(self) -> bool:
        """Whether it waits again, after a talk."""
        return "connected" in self.spent

    def into(self, state: CallState, now: datetime) -> Call:
        """The call in another state."""
        spent = {**self.spent, self.state: self.spent.get(self.state, ZERO) + (now - self.since)}
        return replace(self, state=state, since=now, spent=spent)
