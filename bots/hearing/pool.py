"""The recogniser pool: a process for each lane in which somebody speaks, all forked from one that has loaded the model.

Nothing waits for a recogniser: sound is queued for each lane, up to a bound, and when recognisers are too slow for all who talk, `shedding`
decides what is given up. A lane gets its recogniser when it first speaks. It moves to a new one at a silence, when the old one has grown;
one that has died or hangs is replaced in the middle of an utterance, and its successor hears that again.
"""

from __future__ import annotations

import asyncio
import logging
import signal
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from types import TracebackType
from typing import Final, Self

from bots.hearing.confirmer import Confirmer
from bots.hearing.feed import LATER, SOON, WARM_UP, Feed
from bots.hearing.lane import CHUNK
from bots.hearing.link import Link
from bots.hearing.memory import Ceiling
from bots.hearing.messages import Arm, Confirmed, Rules, Told, Utterance
from bots.hearing.model_keeper import ModelKeeper, command
from bots.hearing.processors import Processors, Use
from bots.hearing.recognisers import MOST_RECOGNISERS, Key, Lane, Recognisers
from bots.hearing.rings import Rings
from bots.hearing.second_pass import MARGIN
from bots.hearing.shedding import LOOK_SECONDS, Load, Shedder
from spacesctl.rules.ruleset import Phrase, Rule
from spacesctl.support.messages import pack

MOST_CLOSING: Final = 64
"""Lanes that have closed and whose rest is still being recognised."""
IDLE_SECONDS: Final = 300.0
"""A recogniser whose lane was silent for so long ends: its memory is worth more than what it learned of the voice."""
MOST_FAILURES: Final = 2
"""Recognisers that end in the same place of a lane's sound before that is given up."""
MOST_KILLS: Final = 5
"""The same, if somebody else kills them, which is hardly the sound's fault."""
MEMORY: Final = Ceiling()
CALM_SECONDS: Final = 1.0
"""Between two looks at the processors while no lane is late: they cost as much as all else that is looked at."""
AT_REST_SECONDS: Final = 30.0
"""Between two looks when nobody speaks."""

log = logging.getLogger("bots.hearing")


@dataclass(frozen=True)
class LaneState:
    """How a lane is: seconds that it is late, whether people are told so, and whether nobody hears it (`unprotected`: though rules redact
    in its Space)."""

    space: str
    lane: int
    lag: float
    behind: bool
    shed: bool
    unprotected: bool


class RecogniserPool:
    """`async with RecogniserPool(model, on_utterance, on_change)`: then `open`, `frames`, `close` and `rules`, which never wait.

    `on_utterance` is called in the event loop for each utterance and `on_arm` for each phrase that is redacted, before its utterance;
    neither may block. `on_change` is called when `ready` changes, and when a lane is behind, is given up, or no longer. `words` is the
    command of the model process, `ceiling` how much memory a recogniser may have.
    """

    def __init__(
        self,
        model: Path,
        on_utterance: Callable[[Utterance], None],
        on_change: Callable[[], None] = lambda: None,
        *,
        on_arm: Callable[[Arm], None] = lambda _: None,
        words: Sequence[str] = (),
        ceiling: Ceiling = MEMORY,
        most: int = MOST_RECOGNISERS,
    ) -> None:
        self._keeper = ModelKeeper(words or command(model), self)
        self._on_utterance = on_utterance
        self._on_change = on_change
        self._on_arm = on_arm
        self._ceiling = ceiling
        self._recognisers = Recognisers(self._keeper, self, self._keep, most)
        self._rings = Rings()
        self._confirmer = Confirmer(self._keeper, self._keep)
        self._lanes: dict[Key, Lane] = {}
        self._closing: list[Lane] = []
        self._opened = 0
        self._shedder = Shedder[Key]()
        self._processors = Processors()
        self._shown: frozenset[tuple[Key, bool, bool]] = frozenset()
        self._tasks: set[asyncio.Task[object]] = set()
        self._spoken = asyncio.Event()
        self.ready = False
        self._told_failing = False
        """Whether it was told that the model process keeps failing."""
        self._failed = 0
        self.moved = 0
        """Recognisers that were replaced at their memory ceiling."""
        self._dropped = 0

    # -- what is known

    @property
    def pid(self) -> int | None:
        """The model process's id; None while it is not running."""
        return self._keeper.pid

    @property
    def failing(self) -> bool:
        """Whether the model process keeps failing."""
        return self._keeper.failing

    @property
    def restarts(self) -> int:
        """How often a process had to be replaced because it ended or hung."""
        return self._keeper.restarts + self._failed

    def statistics(self) -> dict[str, int]:
        """Counters and gauges: lanes, recognisers, restarts, ticks that wait and were dropped, memory of all processes in bytes."""
        feeds = [lane.feed for lane in self._lanes.values()]
        return {
            "lanes": len(self._lanes),
            "recognisers": len(self._recognisers),
            "restarts": self.restarts,
            "ticks_waiting": sum(feed.ticks for feed in feeds),
            "ticks_dropped": self._dropped + sum(feed.dropped for feed in feeds),
            "resident_bytes": self._keeper.resident + sum(self.private().values()),
        }

    def private(self) -> dict[Key, int]:
        """Bytes of memory that each lane's recogniser has for itself, when it last told."""
        return self._recognisers.private()

    def spent(self) -> tuple[float, float]:
        """Seconds of CPU time that recognisers have told of so far, and those of them in the speech engine."""
        return self._recognisers.spent()

    def pids(self) -> list[int]:
        """The process ids of the recognisers."""
        return self._recognisers.pids()

    def states(self) -> list[LaneState]:
        """How each open lane is, the latest first."""
        now = time.monotonic()
        found = [self._state(lane, now) for lane in self._lanes.values()]
        return sorted(found, key=lambda one: (not one.shed, -one.lag))

    # -- what Spaces ask for

    async def __aenter__(self) -> Self:
        for work in (self._keeper.run(), self._watch()):
            self._keep(asyncio.create_task(work, name="recogniser pool"))
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None
    ) -> None:
        for task in list(self._tasks):
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        for link, _ in self._recognisers:
            link.end()
        self._confirmer.end()
        await asyncio.sleep(0)  # in which their sockets are closed

    def open(self, space: str, lane: int) -> None:
        """Start recognising a lane."""
        if (space, lane) not in self._lanes:
            self._opened += 1
            feed = Feed(self._opened % CHUNK)
            feed.step = SOON if self._recognisers.redacts(space) else LATER
            self._lanes[space, lane] = Lane((space, lane), feed)

    def frames(self, space: str, tick: int, frames: Sequence[tuple[int, int, bytes]]) -> None:
        """The sound of one tick, as (lane, flags, Opus payload). Frames of lanes that are not open are ignored."""
        now = time.monotonic()
        for number, flags, payload in frames:
            lane = self._lanes.get((space, number))
            if lane is None:
                continue
            self._rings.frame(space, number, (tick, flags, bytes(payload)))
            if lane.key in self._shedder.shed:
                lane.feed.pass_over(flags, now)
                continue
            lane.feed.frame(tick, flags, bytes(payload), now)
            if lane.feed.waits:
                self._pump(lane, now)

    def close(self, space: str, lane: int) -> None:
        """Stop recognising a lane. What was said before is still recognised."""
        found = self._lanes.pop((space, lane), None)
        if found is not None:
            found.feed.close()
            self._leave(found)

    def rules(
        self, space: str, rules: Sequence[Rule], exceptions: Sequence[Phrase] = (), *, confirms: bool = False
    ) -> None:
        """Redact by these rules from now on, but for their exceptions, also in recognisers that begin later; none: redact nothing. If some
        rule of the Space `confirms`, its sound is kept for a while."""
        self._rings.keep(space, on=confirms)
        self._second()
        if not rules and not self._recognisers.redacts(space):
            return
        self._recognisers.rule(space, pack(Rules(space, tuple(rules), tuple(exceptions))), redacts=bool(rules))
        for lane in self._lanes.values():
            if lane.key[0] == space:
                lane.feed.step = SOON if rules else LATER

    async def confirm(
        self, space: str, lane: int, first_tick: int, last_tick: int, phrases: Sequence[str], written: str
    ) -> bool | None:
        """Whether a second recognition of these ticks of a lane hears one of the phrases (normalised), where the first has `written` so.
        None: nobody can tell, or not in time."""
        first, last = max(0, first_tick - MARGIN), last_tick + MARGIN
        frames = self._rings.cut(space, lane, first, last, WARM_UP)
        if not frames or self._shedder.shed:  # without the time for all who talk there is none for this
            return None
        return await self._confirmer.ask(frames, first, phrases, written)

    def _second(self) -> None:
        """Have a process for second recognitions as long as somebody needs one."""
        if self._rings:
            self._confirmer.prepare()
        else:
            self._confirmer.end()

    # -- what processes say

    def on_ready(self, ready: bool) -> None:
        """The model process can fork recognisers now, or has ended, and they with it."""
        self._shedder.forget()
        if not ready:
            for _, lane in self._recognisers:
                self._recognisers.detach(lane)
            self._confirmer.end()
        elif self._rings:
            self._confirmer.prepare()
        before, self.ready = (self.ready, self._told_failing), ready
        self._told_failing = self.failing
        if before != (ready, self._told_failing):
            self._on_change()
        self._spoken.set()

    def on_forked(self, number: int, pid: int) -> None:
        """A recogniser runs."""
        self._confirmer.on_forked(number, pid)
        if (found := self._recognisers.of(number)) is not None:
            found[0].pid = pid

    def on_ended(self, number: int, code: int) -> None:
        """A recogniser has ended. If nobody asked for it, what was under way is heard again, but not for ever."""
        self._confirmer.on_ended(number)
        found = self._recognisers.of(number)
        if found is None:
            return
        link, lane = found
        self._failed += 1
        log.warning("recogniser ended: code %d, broken: %s", code, link.broken)
        outside = code in (0, -signal.SIGKILL) and not link.broken
        if link.pid is not None and lane.count_failure() >= (MOST_KILLS if outside else MOST_FAILURES):
            log.error("what a lane has said is not recognised: recognisers end of it")
            lane.feed.skip()
        self._recognisers.detach(lane)
        self._spoken.set()

    def on_told(self, link: Link, told: Told | Confirmed) -> None:
        """Pass on what was heard, and send more."""
        found, now = self._recognisers.of(link.number), time.monotonic()
        if found is None or isinstance(told, Confirmed):
            return
        lane = found[1]
        for heard in told.heard:
            if isinstance(heard, Utterance):
                self._on_utterance(heard)
            else:
                self._on_arm(heard)
        lane.feed.told(told.number, told.under_way)
        lane.used_at = now
        if told.closed:
            self._let_go(lane)
        elif not lane.closing and self._ceiling.is_reached(link.figures.private, lane.feed.kept):
            self._move(lane, now)
        else:
            self._pump(lane, now)

    # -- recognisers of lanes

    def _pump(self, lane: Lane, now: float) -> None:
        """Send what may be sent."""
        self._spoken.set()
        link = lane.link or self._recognisers.begin(lane, now)
        if link is None:
            return
        if not lane.feed.unanswered:
            link.busy_since(now)
        while (sound := lane.feed.next()) is not None:
            link.say(sound)
        if lane.closing and not lane.feed.waits and not lane.asked:
            lane.asked = True
            link.busy_since(now)
            link.finish()

    def _move(self, lane: Lane, now: float) -> None:
        """Let go of a recogniser that has grown. What is under way, another one hears again."""
        self.moved += 1
        self._recognisers.detach(lane)
        if not lane.feed.silent:
            self._pump(lane, now)

    def _leave(self, lane: Lane) -> None:
        """Have the rest of a lane recognised that gets no more sound."""
        lane.closing = True
        self._closing.append(lane)
        if lane.link is None and lane.feed.silent:
            self._let_go(lane)
        else:
            self._pump(lane, time.monotonic())
        if len(self._closing) > MOST_CLOSING:
            self._let_go(self._closing[0])

    def _let_go(self, lane: Lane) -> None:
        self._dropped += lane.feed.dropped
        self._recognisers.detach(lane)
        with suppress(ValueError):
            self._closing.remove(lane)

    # -- now and then

    async def _watch(self) -> None:
        """Look at all lanes four times a second while somebody speaks, until cancelled."""
        looked, use = float("-inf"), None
        while True:
            self._spoken.clear()
            busy = True
            try:
                now = time.monotonic()
                if self._shedder.is_pressed or now - looked >= CALM_SECONDS:
                    use = await asyncio.to_thread(self._processors.look, now, self.pids())
                    looked = now = time.monotonic()
                busy = self._look(now, use)
                await self._recognisers.end_hung(now)
            except Exception as error:  # a bug: without this task nothing would be replaced or given up any more
                log.error("a look at the lanes failed: %s", type(error).__name__)
            if busy:
                await asyncio.sleep(LOOK_SECONDS)
            else:
                with suppress(TimeoutError):
                    async with asyncio.timeout(AT_REST_SECONDS):
                        await self._spoken.wait()

    def _look(self, now: float, use: Use | None) -> bool:
        """Whether anything is going on."""
        lanes = [*self._lanes.values(), *self._closing]
        for lane in lanes:
            lane.feed.flush(now)
            if lane.feed.silent and not lane.closing and now - lane.used_at >= IDLE_SECONDS:
                self._recognisers.detach(lane)
            if lane.feed.waits or (lane.link is None and not lane.feed.silent):
                self._pump(lane, now)
            elif lane.closing and lane.link is None:
                self._let_go(lane)
        if self.ready:
            self._shed(now, use)
        self._tell(now)
        return any(not lane.feed.silent for lane in lanes) or bool(self._shedder.shed) or self._shedder.lean

    def _shed(self, now: float, use: Use | None) -> None:
        """Give up what there is no time for, or take it back."""
        shed = set(self._shedder.shed)
        feeds = {key: lane.feed for key, lane in self._lanes.items()}
        loads = [
            Load(key, feed.lag(now), feed.activity(now), not feed.silent, feed.again) for key, feed in feeds.items()
        ]
        self._shedder.look(now, loads, use)
        self._recognisers.lean(self._shedder.lean)
        for key in self._shedder.shed - shed:
            self._give_up(self._lanes[key])

    def _give_up(self, lane: Lane) -> None:
        """What its recogniser has got already is still told."""
        log.warning("space %s: lane %d is not recognised: there is no time for it", *lane.key)
        lane.feed.forget_waiting()
        if lane.link is not None:
            rest = Lane(lane.key, lane.feed)
            self._recognisers.hand_over(lane.link, rest, lane.used_at)
            lane.link, lane.feed = None, lane.feed.successor()
            self._leave(rest)

    def _tell(self, now: float) -> None:
        states = [self._state(lane, now) for lane in self._lanes.values()]
        shown = frozenset(((one.space, one.lane), one.behind, one.shed) for one in states if one.behind or one.shed)
        if shown != self._shown:
            self._shown = shown
            self._on_change()

    def _state(self, lane: Lane, now: float) -> LaneState:
        lag, shed = lane.feed.lag(now), lane.key in self._shedder.shed
        behind = lane.lateness.look(now, lag)
        return LaneState(*lane.key, lag, behind, shed, shed and self._recognisers.redacts(lane.key[0]))

    def _keep(self, task: asyncio.Task[object]) -> None:
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)
