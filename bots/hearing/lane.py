"""The speech pipeline of one lane: Opus packets in, utterances and redacted phrases out, all with ticks of the Space clock.

The recogniser is fed the frames that the engine marked active, with a little silence before and after. Longer silence is skipped, so a
quiet lane costs nothing. An utterance ends where the recogniser says so, at a pause, or after eight seconds of speech. In the last case
a word may be cut, so the next utterance hears the last moments again, and the words are divided between the two (`overlap`).
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import replace

from bots.hearing.arming import Arming, Watch
from bots.hearing.clockmap import ClockMap
from bots.hearing.messages import Heard, Utterance
from bots.hearing.overlap import AGAIN, Overlap
from bots.hearing.recogniser import HeardWord, Recogniser, Result
from spacesctl.audio.framing import FLAG_ACTIVE, FLAG_LOST
from spacesctl.audio.opus import Decoder, OpusError
from spacesctl.domain.clock import TICK_SECONDS, TICKS_PER_SECOND
from spacesctl.rules.rule_engine import Word

RATE = 16_000
FRAME_BYTES = 2 * RATE // TICKS_PER_SECOND
SILENT = bytes(FRAME_BYTES)

BEFORE = 15
"""Ticks before the first active frame that are fed too: the soft onset of a word is not marked active."""
AFTER = 30
"""Ticks of silence that are fed when no more frames come: the recogniser looks ahead and needs them to finish the last word."""
DIP = 10
"""Inactive ticks that end an utterance if the recogniser has not. The engine marks frames active for a while after the voice stops;
that time has passed already."""
SOFT_CAP, HARD_CAP = 7 * TICKS_PER_SECOND, 8 * TICKS_PER_SECOND
"""Ticks of speech after which the next short pause ends an utterance, and after which it ends in any case."""
CAP_APART = 15
"""Ticks by which utterances are shorter with each `phase`: a cut takes up to a second of work, so not all lanes should have one at once."""
SHORT_DIP = 4
"""Inactive ticks of a short pause."""
CHUNK = 5
"""Frames fed in one call of the recogniser: 100 ms where each result counts. They end at the same ticks as what the pool sends at once."""
LONG_CHUNK = 2 * CHUNK
"""The same where nothing is redacted: each call of the engine leaves cold caches behind, which costs as much as a tenth of its work."""
PARTIAL_EVERY = 10
"""Ticks between partial results: at most five a second."""


def decoded(decoder: Decoder, flags: int, payload: bytes) -> bytes:
    """A frame as 16-bit sound at 16 kHz. A packet that is not valid Opus is silence."""
    try:
        lost = flags & FLAG_LOST or not payload
        pcm = decoder.conceal(RATE // TICKS_PER_SECOND) if lost else decoder.decode(payload)
    except OpusError:
        return SILENT
    sound = pcm.tobytes()
    return sound if len(sound) == FRAME_BYTES else sound[:FRAME_BYTES].ljust(FRAME_BYTES, b"\0")


class LanePipeline:
    """Takes every frame of one lane in the order of ticks, and yields utterances as they are recognised. The phrases that
    `watch` redacts come before the utterance that has them. The numbers of its utterances are above `after`. `phase` (0 to 4) says when
    the recogniser is called, so that lanes need not be all at once."""

    def __init__(
        self,
        space: str,
        lane: int,
        recogniser: Recogniser,
        watch: Watch | None = None,
        *,
        after: int = -1,
        phase: int = 0,
    ) -> None:
        self.space = space
        self.lane = lane
        self._recogniser = recogniser
        self._arming = Arming(space, lane, watch)
        self._decoder = Decoder(RATE)
        self._map = ClockMap()
        self._before: deque[tuple[int, bytes]] = deque(maxlen=BEFORE)
        self._chunk = bytearray()
        self._next_tick = -1
        self._quiet = 0
        self._begun: int | None = None
        self._number = after
        self._phase = phase
        self._cap = HARD_CAP - phase * CAP_APART
        self._heard_from = 0
        self.lean = False
        """Whether only what matters most is yielded: final results, and phrases that are redacted, without their times in between."""
        self._fed_at_begin = 0
        self._fed_tick = -1
        self._again_from = 0.0
        """Seconds of fed audio at which what was heard before begins again: no word of an utterance begins earlier."""
        self._overlap = Overlap()
        self._shown = ""
        self._asked_at = 0

    @property
    def silent(self) -> bool:
        """Whether no utterance has begun that has not ended."""
        return self._begun is None

    @property
    def under_way(self) -> tuple[int, int] | None:
        """The first tick that the present utterance has heard, and its number. None: there is none."""
        return (self._heard_from, self._begun) if self._begun is not None else None

    def watch(self, watch: Watch | None) -> None:
        """Redact by other rules from now on."""
        self._arming.watch(watch)

    def frame(self, tick: int, flags: int, payload: bytes) -> Iterator[Heard]:
        """Take the next frame. A packet that is not valid Opus is replaced by silence."""
        missing = tick - self._next_tick if self._next_tick >= 0 else 0
        if missing > 0:
            yield from self._gap(missing)
        self._next_tick = tick + 1
        pcm = self._decode(flags, payload)
        if flags & FLAG_ACTIVE:
            self._quiet = 0
            yield from self._talk(tick, pcm)
        else:
            yield from self._hush(tick, pcm)

    def rest(self) -> Iterator[Heard]:
        """End the current utterance: no frame has come for a while, or the lane is closed."""
        if not self.silent:
            yield from self._gap(AFTER)
        yield from self._end()

    def _decode(self, flags: int, payload: bytes) -> bytes:
        return decoded(self._decoder, flags, payload)

    def _gap(self, ticks: int) -> Iterator[Heard]:
        """Feed silence for ticks without a frame, but no more than the recogniser needs."""
        first = self._next_tick
        for tick in range(first, first + min(ticks, AFTER)):
            yield from self._hush(tick, SILENT)
        if ticks > BEFORE:
            self._before.clear()

    def _talk(self, tick: int, pcm: bytes) -> Iterator[Heard]:
        if self._begun is None:
            self._begin(self._before[0][0] if self._before else tick)
            for earlier, quiet in self._before:
                yield from self._feed(earlier, quiet)
            self._before.clear()
        yield from self._feed(tick, pcm)
        if self._length() >= self._cap:
            yield from self._cut()

    def _hush(self, tick: int, pcm: bytes) -> Iterator[Heard]:
        self._quiet += 1
        if self._begun is None:
            self._before.append((tick, pcm))
            return
        yield from self._feed(tick, pcm)
        if self._quiet >= DIP or (self._quiet >= SHORT_DIP and self._length() >= SOFT_CAP):
            yield from self._end()

    def _length(self) -> int:
        return self._map.frames - self._fed_at_begin if self._begun is not None else 0

    def _begin(self, tick: int) -> None:
        self._begun = self._number = max(tick, self._number + 1)
        self._heard_from = tick
        if tick < self._begun:  # another recogniser has heard the end of the utterance before, and cut there
            self._overlap.begin(self._begun, ())
        self._fed_at_begin = self._map.frames
        self._shown, self._asked_at = "", self._map.frames
        self._map.forget_before((self._map.frames - TICKS_PER_SECOND) * TICK_SECONDS)

    def _feed(self, tick: int, pcm: bytes) -> Iterator[Heard]:
        self._overlap.fed(tick, pcm)
        yield from self._hear(tick, pcm)

    def _hear(self, tick: int, pcm: bytes) -> Iterator[Heard]:
        self._map.add(tick)
        self._fed_tick = max(tick, self._fed_tick)
        self._chunk += pcm
        step = CHUNK if self._arming.watches else LONG_CHUNK
        if (tick + self._phase) % step == step - 1:
            yield from self._flush()

    def _flush(self) -> Iterator[Heard]:
        shows = not self.lean and self._map.frames - self._asked_at >= PARTIAL_EVERY
        if shows:
            self._asked_at = self._map.frames
        result = self._recogniser.feed(bytes(self._chunk), partial=shows or self._arming.watches)
        self._chunk.clear()
        if result.final:
            yield from self._final(result)
            return
        result = replace(result, text=self._overlap.without_earlier(result.text))
        if self._begun is not None:
            yield from self._arming.partial(result.text, self._begun, self._fed_tick)
            if not self.lean and self._arming.wants_times(self._fed_tick):
                yield from self._arming.timed(self._own(self._recogniser.timed()), self._begun)
        if shows and result.text and result.text != self._shown:
            self._shown = result.text
            yield self._utterance(result)

    def _end(self) -> Iterator[Heard]:
        if self._chunk:
            yield from self._flush()
        if self._begun is not None:
            yield from self._final(self._recogniser.finish())

    def _cut(self) -> Iterator[Heard]:
        """End the utterance in the middle of speech."""
        if self._chunk:
            yield from self._flush()
        if self._length() < self._cap:
            return  # the recogniser has ended it by itself
        border = self._next_tick - AGAIN // 2
        utterance = self._utterance(self._recogniser.finish(), border)
        yield from self._ended(utterance, border)
        self._begin(border)
        again = self._overlap.begin(border, utterance.words)
        self._heard_from = again[0][0]
        self._again_from = self._map.frames * TICK_SECONDS
        self._fed_at_begin = self._asked_at = self._map.frames + len(again)
        for tick, pcm in again:
            yield from self._hear(tick, pcm)

    def _final(self, result: Result) -> Iterator[Heard]:
        """End the utterance. When speech goes on without a pause, the next one begins at once."""
        if self._begun is not None:
            yield from self._ended(self._utterance(result))
        self._overlap.end()
        self._begun = None
        if not self._quiet:
            self._begin(self._next_tick)

    def _ended(self, utterance: Utterance, border: int | None = None) -> Iterator[Heard]:
        yield from self._arming.final(utterance.words, utterance.utterance, border)
        if utterance.text:
            yield utterance

    def _utterance(self, result: Result, border: int | None = None) -> Utterance:
        """Its words are those up to `border`, the tick at which the next utterance's begin."""
        assert self._begun is not None
        words = self._own(result.words, border)
        text = result.text if len(words) == len(result.words) else " ".join(word.w for word in words)
        start = words[0].start_tick if words else self._begun
        end = words[-1].end_tick if words else max(self._begun, self._next_tick - 1)
        return Utterance(self.space, self.lane, self._begun, text, words, result.final, start, end)

    def _own(self, words: Iterable[HeardWord], border: int | None = None) -> tuple[Word, ...]:
        return self._overlap.own((self._word(word) for word in words), border)

    def _word(self, word: HeardWord) -> Word:
        start = self._map.start(max(word.start, self._again_from))
        end = max(start, self._map.end(word.end))
        first = math.floor(start / TICK_SECONDS + 1e-6)
        last = max(first, math.ceil(end / TICK_SECONDS - 1e-6) - 1)
        return Word(word.text, round(start, 3), round(end, 3), round(word.confidence, 4), first, last)
