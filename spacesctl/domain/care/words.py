"""The words of customer care, as the field has them."""

from __future__ import annotations

from typing import Final, Literal

CallState = Literal["queued", "offered", "connected", "held", "wrapup"]
"""`offered`: for an agent who has not taken it, or a caller who has not opened the microphone. `held`: connected, and nobody hears the
caller. `wrapup`: the talk is over and the agent writes it up. A call that is over is in no state: it has an outcome."""

Outcome = Literal["handled", "abandoned", "timed_out", "declined", "caller_lost", "callback", "closed_hours"]
"""`abandoned`: left before anybody answered, or did not answer when it was their turn. `caller_lost`: while they talked.
`closed_hours`: the queue or the Space ended."""

AgentState = Literal["offline", "available", "offered", "on_call", "wrapup", "break"]

Strategy = Literal["pull", "longest-idle", "fewest-calls", "least-talk", "ring-all"]
"""Who is offered a call. `pull`: who asks for the next one."""

Place = Literal["private", "stage"]

OfferEnd = Literal["expired", "declined", "no_show", "withdrawn", "agent_lost"]
"""How an offer ended without a talk: the agent let it expire, declined it, or is gone; the caller did not answer; or somebody else took the
call, or it ended."""

Ended = Literal["agent", "caller", "lost", "closed"]
"""Who ended a talk; `lost`: the caller's connection."""

WAITING: Final = ("queued", "offered")
TALKING: Final = ("connected", "held")
PUSH: Final = ("longest-idle", "fewest-calls", "least-talk", "ring-all")
LEFT_TO_PEOPLE: Final = {
    "queued": "the caller leaves, staff declines, the queue closes; where a longest wait is set it ends by itself",
    "connected": "either hangs up, or the connection of one is lost",
    "held": "either hangs up, or the connection of one is lost",
    "offline": "the agent",
    "available": "the agent, or a caller",
    "on_call": "its call",
    "break": "the agent, or a supervisor",
}
"""The states of calls and agents that no timer ends, and what does. All others end by themselves."""
