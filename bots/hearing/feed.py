"""The sound of one lane on its way to a recogniser: what is worth sending, what waits, and what would have to be sent again.

It does no I/O; `now` is in seconds of any clock. Silence is not sent: only what the engine marked active, and a little before and after
it. What was sent is kept until its utterance has ended, so that a new recogniser can take over in the middle of one.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable
from dataclasses import dataclass, field
from itertools import takewhile
from typing import Final

from bots.hearing.lane import AFTER, BEFORE, CHUNK, LONG_CHUNK
from bots.hearing.messages import Sound
from spacesctl.audio.framing import FLAG_ACTIVE

WARM_UP: Final = 5
"""Frames before those that are heard: a decoder that has missed some needs so many until its sound is right again."""
SOON: Final = CHUNK
"""Ticks of sound in a message where each result counts: 100 ms."""
LATER: Final = LONG_CHUNK
"""The same where only captions are made, of which five a second are shown: a message costs as much as decoding what is in it."""
WINDOW: Final = 3
"""`Sound` messages that may be unanswered: 0.3 to 0.6 s of sound. More of it in a pipe could not be taken back."""
MOST_WAITING: Final = 500
"""Ticks of sound that wait at most: ten seconds. A longer queue would only make captions later."""
MOST_KEPT: Final = 1000
"""Ticks of sound that are kept to be heard again at most: twice the longest utterance."""
STALLED: Final = 0.25
"""Seconds after which a message goes though it is not full: the lane has stopped sending."""
HALF_LIFE: Final = 30.0
"""Seconds after which what was said counts half as much as what is said now."""

Frame = tuple[int, int, bytes]
"""Tick, flags, Opus payload."""


@dataclass
class Batch:
    """Frames that are sent at once. `arrived` is when the first came."""

    number: int
    arrived: float
    frames: list[Frame] = field(default_factory=list)

    def message(self) -> Sound:
        """What the recogniser gets."""
        return Sound(self.number, self.frames)


class Feed:
    """`frame` takes each frame of a lane; `next` gives what can be sent, and `told` is called for each answer. `phase` (0 to 4) says at
    which ticks messages end, so that not all lanes send at once."""

    def __init__(self, phase: int = 0) -> None:
        self.phase = phase
        self.step = SOON
        """Ticks of sound in a message: `SOON` or `LATER`."""
        self._before: deque[Frame] = deque(maxlen=BEFORE + WARM_UP)
        self._quiet = AFTER
        self._filling: Batch | None = None
        self._waiting: deque[Batch] = deque()
        self._sent: deque[Batch] = deque()
        self._kept = 0
        self._unanswered = 0
        """Messages that were sent to it since."""
        self._number = 0
        self.answered = 0
        """The newest message that the present recogniser has answered."""
        self.heard = 0
        """The newest that any has answered."""
        self.under_way: tuple[int, int] | None = None
        """The first tick and the number of the utterance that has not ended."""
        self.last = -1
        """The highest number of an utterance so far."""
        self.dropped = 0
        """Ticks that nobody has heard, for want of time."""
        self._activity = 0.0
        self._active_at = 0.0

    def frame(self, tick: int, flags: int, payload: bytes, now: float) -> None:
        """Take the next frame."""
        active = bool(flags & FLAG_ACTIVE)
        self._note(active, now)
        if not active and self._quiet >= AFTER:
            self._before.append((tick, flags, payload))
            return
        if self._filling is None:
            self._number += 1
            self._filling = Batch(self._number, now)
        self._filling.frames += [*self._before, (tick, flags, payload)]
        self._before.clear()
        self._quiet = 0 if active else self._quiet + 1
        if (tick + self.phase) % self.step == self.step - 1 or self._quiet >= AFTER:
            self._fill()

    def pass_over(self, flags: int, now: float) -> None:
        """Take a frame that nobody will hear: it only counts as speech."""
        active = bool(flags & FLAG_ACTIVE)
        self._note(active, now)
        self.dropped += active

    def flush(self, now: float) -> None:
        """Let a message go that is not full, if no more frames come."""
        if self._filling is not None and now - self._filling.arrived >= STALLED:
            self._fill()

    def close(self) -> None:
        """No more frames come."""
        if self._filling is not None:
            self._fill()

    def next(self) -> Sound | None:
        """What is to be sent now, if anything."""
        if not self._waiting or self._unanswered >= WINDOW:
            return None
        batch = self._waiting.popleft()
        self._sent.append(batch)
        self._unanswered += 1
        self._kept += len(batch.frames)
        while self._kept > MOST_KEPT and len(self._sent) > WINDOW:
            self._forget_oldest()
        return batch.message()

    def told(self, number: int, under_way: tuple[int, int] | None) -> None:
        """The recogniser has heard everything up to this message, and this utterance is under way."""
        if number > self.answered:
            self.answered = number
            self._unanswered = sum(1 for _ in takewhile(lambda batch: batch.number > number, reversed(self._sent)))
        self.heard = max(self.heard, number)
        self.under_way = under_way
        if under_way is not None:
            self.last = max(self.last, under_way[1])
        while self._sent and self._sent[0].number <= self.answered and self._is_over(self._sent[0]):
            self._forget_oldest()

    def successor(self) -> Feed:
        """A feed for what comes later, if this one gets no more sound."""
        made = Feed(self.phase)
        made.step = self.step
        made.last, made.dropped, self.dropped = self.last, self.dropped, 0
        made._activity, made._active_at = self._activity, self._active_at
        return made

    def begin_again(self) -> int:
        """A new recogniser takes over, and is sent again what is under way; the number above which its utterances are to be."""
        self._waiting.extendleft(reversed(self._sent))
        self._sent.clear()
        self._kept = 0
        self.answered = self._waiting[0].number - 1 if self._waiting else self._number
        self._unanswered = 0
        after = self.under_way[1] - 1 if self.under_way is not None else self.last
        self.under_way = None
        return after

    def skip(self) -> None:
        """Forget what is under way: recognisers have ended twice of it."""
        self._drop([*self._sent, *self._waiting])
        self._sent.clear()
        self._waiting.clear()
        self._kept, self._unanswered, self.under_way = 0, 0, None

    def forget_waiting(self) -> None:
        """Nobody will hear what waits."""
        self._drop(self._waiting)
        self._waiting.clear()
        if self._filling is not None:
            self._drop([self._filling])
        self._filling, self._quiet = None, AFTER
        self._before.clear()

    @property
    def again(self) -> bool:
        """Whether a recogniser hears what another one has heard before."""
        return self.answered < self.heard

    @property
    def kept(self) -> int:
        """Ticks that a new recogniser would have to hear again."""
        return self._kept

    @property
    def unanswered(self) -> bool:
        """Whether the recogniser has something to do."""
        return self._unanswered > 0

    @property
    def waits(self) -> bool:
        """Whether sound waits to be sent."""
        return bool(self._waiting)

    @property
    def silent(self) -> bool:
        """Whether nothing is under way, and nothing waits."""
        return not (self._waiting or self._sent or self._filling or self.under_way)

    @property
    def ticks(self) -> int:
        """Ticks of sound that wait."""
        return sum(len(batch.frames) for batch in self._waiting)

    def lag(self, now: float) -> float:
        """Seconds since the oldest sound came that no recogniser has heard; 0 when there is none."""
        for queue in (self._sent, self._waiting):
            for batch in queue:
                if batch.number > self.heard:
                    return max(0.0, now - batch.arrived)
        return max(0.0, now - self._filling.arrived) if self._filling is not None else 0.0

    def activity(self, now: float) -> float:
        """Ticks of speech, of which those of `HALF_LIFE` ago count half."""
        return self._activity * float(0.5 ** ((now - self._active_at) / HALF_LIFE))

    def _note(self, active: bool, now: float) -> None:
        if active:
            self._activity, self._active_at = self.activity(now) + 1, now

    def _fill(self) -> None:
        assert self._filling is not None
        self._waiting.append(self._filling)
        self._filling = None
        while self.ticks > MOST_WAITING:
            self._drop([self._waiting.popleft()])

    def _is_over(self, batch: Batch) -> bool:
        return self.under_way is None or batch.frames[-1][0] < self.under_way[0]

    def _forget_oldest(self) -> None:
        self._kept -= len(self._sent.popleft().frames)

    def _drop(self, batches: Iterable[Batch]) -> None:
        self.dropped += sum(flags & FLAG_ACTIVE != 0 for batch in batches for _, flags, _ in batch.frames)
