"""How a queue works."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final

from spacesctl.domain.care.words import PUSH, Place, Strategy
from spacesctl.domain.errors import Invalid

MAX_TOPICS: Final = 50
MAX_TOPIC: Final = 40
MOST_WAITING: Final = 10_000
LONGEST: Final = timedelta(days=1)


@dataclass(frozen=True)
class CareSettings:
    """The settings of a queue. Without `topics` a call needs none, and each agent takes all.

    `sla`: the share of calls that is to be answered within `sla_within`. `offer`: how long an agent is offered a call; `answer_within`: how
    long the caller then has to open the microphone. `reject_delay`: an agent who let a call go is not offered it again so soon.
    `most_unanswered`: offers in a row that an agent may let expire. `grace_*`: how long the place of a caller whose connection is lost is
    kept. `short_abandon`: who leaves within it is counted apart. `widen_after`: then agents with other topics are offered the call, too.
    """

    topics: tuple[str, ...] = ()
    strategy: Strategy = "pull"
    place: Place = "private"
    sla: float = 0.8
    sla_within: timedelta = timedelta(seconds=20)
    offer: timedelta = timedelta(seconds=20)
    answer_within: timedelta = timedelta(seconds=20)
    wrapup: timedelta = timedelta(seconds=30)
    reject_delay: timedelta = timedelta(seconds=10)
    most_unanswered: int = 3
    grace_waiting: timedelta = timedelta(seconds=120)
    grace_talking: timedelta = timedelta(seconds=60)
    short_abandon: timedelta = timedelta(seconds=10)
    widen_after: timedelta = timedelta(seconds=60)
    max_wait: timedelta | None = None
    max_queue: int = 1_000
    dispositions: tuple[str, ...] = ()
    """Codes that a wrap-up may have; without any, it has what the agent writes."""

    @property
    def pushes(self) -> bool:
        """Whether calls are offered without an agent asking for one."""
        return self.strategy in PUSH

    def require(self) -> None:
        """Check the settings. Raises Invalid."""
        if not 0 < self.sla <= 1:
            raise Invalid("sla", "is a share of calls: 80/20s")
        if not 1 <= self.max_queue <= MOST_WAITING:
            raise Invalid("max_queue", f"is 1 to {MOST_WAITING}")
        if self.most_unanswered < 1:
            raise Invalid("most_unanswered", "is 1 or more")
        for name in ("offer", "answer_within", "sla_within"):
            if not timedelta(seconds=1) <= getattr(self, name) <= LONGEST:
                raise Invalid(name, "is a second to a day")
        for name in ("wrapup", "reject_delay", "grace_waiting", "grace_talking", "short_abandon", "widen_after"):
            if not timedelta(0) <= getattr(self, name) <= LONGEST:
                raise Invalid(name, "is at most a day")
        if self.max_wait is not None and not timedelta(seconds=1) <= self.max_wait <= LONGEST:
            raise Invalid("max_wait", "is a second to a day")
        if len(self.topics) > MAX_TOPICS or len(set(self.topics)) != len(self.topics):
            raise Invalid("topics", f"are at most {MAX_TOPICS} different ones")
        if any(not one.strip() or len(one) > MAX_TOPIC for one in self.topics):
            raise Invalid("topics", f"have 1 to {MAX_TOPIC} characters")


USUAL: Final = CareSettings()
