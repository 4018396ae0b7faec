"""What the audience of a Space is told, when it hears it: events, captions, reactions and levels wait for the audience's clock."""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Collection, Iterable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import Final

from spacesctl.api import events as wire
from spacesctl.api.wire import Answer
from spacesctl.audio.audience_clock import PATIENCE
from spacesctl.domain.clock import TICK_SECONDS, TICKS_PER_SECOND
from spacesctl.domain.redaction import Redaction
from spacesctl.domain.space import Erasure
from spacesctl.engine.messages import Aired
from spacesctl.live.event_views import View
from spacesctl.live.hub import Hub
from spacesctl.live.masks import KEPT, Masks
from spacesctl.store.spaces import StoredEvent

SILENT_DB: Final = -127
MOST_DRAFTS: Final = 64
MOST_WAITING: Final = 4_096
"""Messages that may wait. Beyond that those that are not stored are dropped; the others are released early, which no Space with less than
400 events a second reaches."""


CHECKED: Final = TICKS_PER_SECOND
"""Ticks within which a rule has masked the words of a text: where rules redact, the audience reads none before."""


@dataclass(frozen=True)
class _Waiting:
    tick: int
    act: Callable[[], None]


class Audience:
    """The audience of one Space. `now_tick` is the Space clock."""

    def __init__(self, hub: Hub, now_tick: Callable[[], int]) -> None:
        self.masks = Masks(most=KEPT)
        self.seq = 0
        """The number of the newest event that the audience was told."""
        self.behind = 0
        """Ticks that the audience hears behind the stage."""
        self.target = 0
        self.held = False
        """It hears a silence, by which the delay grows."""
        self._hub = hub
        self._now_tick = now_tick
        self._waiting: deque[_Waiting] = deque()
        self._hidden_drafts: deque[int] = deque(maxlen=MOST_DRAFTS)
        """Typed speech under way in which a rule found something, by utterance."""
        self._asked = 0

    def knows(self, seq: int, redactions: Iterable[Redaction], erased: Mapping[str, Erasure]) -> None:
        """The Space is loaded: the audience was told all up to `seq`, and captions of what was redacted or erased just before may still
        come."""
        self.seq = seq
        self.masks = Masks(redactions, most=KEPT, erased=erased)

    @property
    def is_waiting(self) -> bool:
        """Whether the audience is to be told something later."""
        return bool(self._waiting)

    @property
    def heard(self) -> int:
        """The last tick of the stage that the audience has heard."""
        return self._now_tick() - self.behind

    @property
    def safe_in(self) -> float:
        """Seconds until the delay is reached, at the latest."""
        missing = self.target - self.behind
        if missing <= 0:
            return 0.0
        return (max(0, self._asked + PATIENCE - self._now_tick()) + missing) * TICK_SECONDS

    def opens(self, delay: int) -> None:
        """A new engine begins, with a whole delay."""
        self.behind = self.target = delay
        self.held = False

    def aims(self, delay: int, *, now: bool) -> None:
        """The delay is to be another one."""
        if delay != self.target or now:
            self._asked = self._now_tick() - (PATIENCE if now else 0)
        self.target = delay

    def jumps(self, first: int, last: int) -> None:
        """Ticks `first` to `last` were cut: the delay grows anew."""
        self._asked = self._now_tick()
        if first <= max(0, self.heard + 1):  # it jumps now; the engine will tell how far it came
            self.behind = max(0, self._now_tick() - last - 1)

    def aired(self, message: Aired) -> None:
        """The engine tells what the audience hears."""
        self.behind = message.tick - message.source
        self.held = message.held
        self.release()

    def at(self, tick: int, act: Callable[[], None], *, stored: bool = True) -> None:
        """Do something when the audience hears a tick of the stage; what was to be done before is done before."""
        if not self._waiting and tick <= self.heard:
            act()
            return
        if len(self._waiting) >= MOST_WAITING:
            if not stored:
                return
            self._waiting.popleft().act()
        newest = self._waiting[-1].tick if self._waiting else tick
        self._waiting.append(_Waiting(max(tick, newest), act))

    def release(self) -> None:
        """Do what is due. Called regularly."""
        heard = self.heard
        while self._waiting and self._waiting[0].tick <= heard:
            self._waiting.popleft().act()

    def flush(self) -> None:
        """Do everything now: the sound that it waited for is lost."""
        while self._waiting:
            self._waiting.popleft().act()

    async def reaches(self, tick: int) -> None:
        """Wait until the audience has heard a tick."""
        done = asyncio.get_running_loop().create_future()

        def reached() -> None:
            if not done.done():
                done.set_result(None)

        self.at(tick, reached)
        await done

    # -- what it is told

    def publish(self, stored: list[StoredEvent], staff: Collection[str], *, redacts: bool = False) -> None:
        """Tell staff now, and the audience when it hears it: of a caption the end of its words, of anything else the moment. Where rules
        redact, what is written is never told before they have looked at it.
        """
        self._hub.publish(stored, staff, View.STAFF)
        for event in stored:
            written = event.type == "chat.said" or (event.type == "caption" and event.body.get("typed", False))
            later = max(0, CHECKED - self.behind) if redacts and written else 0
            self.at(self._told_at(event) + later, partial(self._tell, event, staff))

    def tell_own(self, places: Iterable[wire.You]) -> None:
        """Tell people at once that their own place changed."""
        for one in places:
            self._hub.tell_own(one.account_id, one)

    def _told_at(self, event: StoredEvent) -> int:
        if event.type == "space.started":
            return self.heard  # nothing was said yet
        # Nothing is said later than it is written, whatever a recogniser thinks.
        return min(event.tick, event.body["end_tick"]) if event.type == "caption" else event.tick

    def _tell(self, event: StoredEvent, staff: Collection[str]) -> None:
        self.seq = event.seq
        self._hub.publish([event], staff, View.AUDIENCE, self.masks)

    def tell(self, data: Answer, tick: int) -> None:
        """Send a message that is not stored: to staff now, to the audience when it hears `tick`."""
        self._hub.publish_ephemeral(data, (View.STAFF,))
        self.at(tick, lambda: self._hub.publish_ephemeral(self._masked(data), (View.AUDIENCE,)), stored=False)

    def tell_partial(self, data: wire.PartialCaption, *, redacts: bool) -> None:
        """Send a caption that may still change. The audience gets none that a redaction touches and, where rules redact at no delay,
        none at all: it would read the word before anything could be done."""
        self._hub.publish_ephemeral(data, (View.STAFF,))
        if redacts and not self.behind:
            return
        self.at(min(self._now_tick(), data.end_tick), lambda: self._show(data), stored=False)

    def hide_draft(self, utterance: int) -> None:
        """Show the audience no more characters of typed speech that is under way: a rule found words in it that it redacts."""
        self._hidden_drafts.append(utterance)

    def _show(self, data: wire.PartialCaption) -> None:
        if self.masks.silences(data.account_id):
            return
        if data.typed:
            if data.utterance not in self._hidden_drafts:
                self._hub.publish_ephemeral(data, (View.AUDIENCE,))
            return
        # Its times are guesses: a second is left for words that are recognised late.
        if not self.masks.touches(data.lane, data.start_tick, data.end_tick + TICKS_PER_SECOND):
            self._hub.publish_ephemeral(data, (View.AUDIENCE,))

    def _masked(self, data: Answer) -> Answer:
        if not isinstance(data, wire.Levels):
            return data
        levels = [
            wire.Level(lane=one.lane, account_id=one.account_id, db=SILENT_DB, active=False)
            if self.masks.touches(one.lane, data.tick, data.tick)
            else one
            for one in data.levels
        ]
        return wire.Levels(tick=data.tick, levels=levels)
