"""An agent: who answers calls."""

from __future__ import annotations

from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from spacesctl.domain.care.words import AgentState

ZERO = timedelta(0)


@dataclass(frozen=True)
class Agent:
    """An agent of a queue. `topics` empty: all. `reason` is that of a break.

    `call_id` is the call that is offered, talked or written up. `then` is what the agent becomes after it, if not available, with
    `then_reason`. `idle_since`: since when without a call, for who has been idle the longest. `unanswered`: offers in a row that were let
    expire.
    """

    id: str
    since: datetime
    topics: frozenset[str] = frozenset()
    state: AgentState = "offline"
    reason: str = ""
    call_id: str | None = None
    then: AgentState = "available"
    then_reason: str = ""
    idle_since: datetime | None = None
    unanswered: int = 0
    calls: int = 0
    talked: timedelta = ZERO

    @property
    def works(self) -> bool:
        """Whether they take calls now or after the present one."""
        return self.state in ("available", "offered", "on_call", "wrapup")

    def knows(self, topic: str) -> bool:
        """Whether calls of this topic are theirs."""
        return not self.topics or not topic or topic in self.topics

    def into(self, state: AgentState, now: datetime, *, call_id: str | None = None, reason: str = "") -> Agent:
        """The agent in another state."""
        return replace(self, state=state, since=now, call_id=call_id, reason=reason)

    def after_call(self, now: datetime) -> Agent:
        """The agent when a call has left them."""
        free = replace(self, idle_since=now, then="available", then_reason="")
        return free.into(self.then, now, reason=self.then_reason)
