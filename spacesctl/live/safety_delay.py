"""The safety delay of one Space as its actor follows it: what redactions do to its audience, what is told of the delay, and what a
restart loses."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Final

from spacesctl.api import events as wire
from spacesctl.domain import commands as c
from spacesctl.domain import events as e
from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.domain.principals import System
from spacesctl.domain.redaction import ALL_LANES, Stretch
from spacesctl.domain.space import Space
from spacesctl.live.audience import Audience
from spacesctl.live.effects import ticks

MOST_UNKNOWN: Final = 600
"""Ticks that a Space went on at most after its clock was stored: it is stored every ten seconds."""


class SafetyDelay:
    """Owned by the Space's actor. `audience` is what it delays."""

    def __init__(self, audience: Audience) -> None:
        self._audience = audience
        self._told = (0, 0, False)

    def follow(self, after: Space, events: Iterable[e.Event]) -> None:
        """After events: the audience's masks and its clock are as the Space now wants them."""
        masks = self._audience.masks
        for event in events:
            masks.take(event)
            match event:
                case e.RedactionChanged(redaction_id) if redaction_id in after.redactions:
                    masks.changed(after.redactions[redaction_id])
                case e.RedactionMade(redaction) if redaction.cut:
                    self._audience.jumps(redaction.first, redaction.last)
                case e.DelayChanged(_, now):
                    self._audience.aims(ticks(after.delay), now=now)
                case e.RulesSet():
                    self._audience.aims(ticks(after.delay), now=False)
                case _:
                    pass

    def news(self) -> wire.Delay | None:
        """How far behind the audience hears, if that is other than it was the last time."""
        one = self._audience
        now = (one.behind, one.target, one.held)
        if now == self._told:
            return None
        self._told = now
        return wire.Delay(
            now=round(one.behind * TICK_SECONDS, 2),
            target=round(one.target * TICK_SECONDS, 2),
            safe_in=round(one.safe_in, 1),
            held=one.held,
        )

    def lost(self, space: Space, now: int, known_to: int | None) -> c.Redact | None:
        """What the audience has not heard is lost with the engine, and is not to be read either. None: it has heard everything.

        `now` is the tick of the Space clock; `known_to` is given when the server starts: the tick that it stored last before its end.
        """
        late = ticks(space.delay)
        if known_to is None:
            first, last = self._audience.heard + 1, now
        else:
            first, last = known_to - late + 1, min(now, known_to + MOST_UNKNOWN)
        first = max(0, first)
        if not late or first > last:
            return None
        return c.Redact(System("restarted"), Stretch(ALL_LANES, first, last), reason="restarted", aired=first - 1)
