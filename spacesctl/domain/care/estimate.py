"""How long a caller will wait: (ahead + 0.5) x AHT / agents, as a range. Measured beside others: see docs/care.md."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from spacesctl.domain.care.call import Call
from spacesctl.domain.care.queue import CareQueue

LAST: Final = 200
WITHIN: Final = timedelta(hours=1)
FEWEST: Final = 5
LOW, HIGH = 0.7, 1.5


@dataclass(frozen=True)
class Handled:
    """A call that was handled, when, and how long it took an agent."""

    at: datetime
    took: timedelta


@dataclass(frozen=True)
class Estimate:
    """What a caller is told: whole minutes, at least one."""

    low: int
    high: int


def seconds(queue: CareQueue, call: Call, handled: Sequence[Handled], now: datetime) -> float | None:
    """The expected wait from now. None with fewer than five calls handled in the last hour, or without an agent for the topic. `handled`:
    the newest last."""
    recent = [one for one in handled[-LAST:] if now - one.at <= WITHIN]
    agents = sum(one.works and one.knows(call.topic) for one in queue.agents.values())
    if len(recent) < FEWEST or not agents:
        return None
    aht = sum((one.took for one in recent), timedelta(0)).total_seconds() / len(recent)
    return (queue.place(call) - 0.5) * aht / agents


def shown(wait: float | None) -> Estimate | None:
    """The range that is told."""
    if wait is None:
        return None
    low, high = round(wait * LOW / 60), round(wait * HIGH / 60)
    return Estimate(max(1, low), max(1, low, high))
