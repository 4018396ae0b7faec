"""What is known of the sound of a Space's lanes, from the levels that the engine tells four times a second. Pure, and bounded in memory.

A level is that of the loudest 20 ms of a quarter of a second: root mean square in dBFS, where a square wave at full scale is 0 (dBov of
RFC 6464). It is the microphone's, before loudness is evened out. Ticks are of 20 ms on the Space clock.
"""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Final, NamedTuple

from spacesctl.domain.clock import TICKS_PER_SECOND

LONGEST_STEP: Final = 13
"""Ticks that one message speaks for. What came before, nobody has told of: it was silence, or it was lost."""
KEPT: Final = 120 * TICKS_PER_SECOND
"""Ticks of talk that are kept of a lane."""
PAUSE: Final = 2 * TICKS_PER_SECOND
"""Ticks without talk after which somebody has paused. The engine takes the first half second of a pause for talk."""
OF_LEVEL, OF_CLIPPING, OF_CROSSTALK = (seconds * TICKS_PER_SECOND for seconds in (3, 5, 30))
LEAST_TALK: Final = TICKS_PER_SECOND
"""Ticks of talk before its level, and how much of it clips or is crosstalk, are known."""
VOICED: Final = 9
"""dB above its noise floor that a voice has in each quarter of a second. Hum, a fan and a tone hardly rise above theirs."""
LEAST_OTHERS: Final = 5 * TICKS_PER_SECOND
"""Ticks of talk of others before anybody's share is known: who talks while nobody else wants to takes nothing from anybody."""
LEAST_SHARED: Final = 30 * TICKS_PER_SECOND
"""Ticks of talk of all before anybody's share in it is known."""


class LaneLevel(NamedTuple):
    """A lane in one message: its level and noise floor in dBFS, whether somebody talks, and frames of 20 ms that reached full scale. The
    noise is None where it is not told."""

    lane: int
    level: int
    active: bool
    clipped: int = 0
    noise: int | None = None


class Talk(NamedTuple):
    """`ticks` of talk up to `tick`: `voiced`, or a steady noise; `over` a voice that was talking already."""

    tick: int
    ticks: int
    level: int
    clipped: int
    voiced: bool
    over: bool


@dataclass
class _Lane:
    talk: deque[Talk] = field(default_factory=deque)
    began: int = -1
    """The first tick of the present talk, without a pause."""
    last: int = -1
    """The last tick of talk."""
    voice_began: int = -1
    voice_last: int = -1
    """The same of talk that is voiced."""
    noise: int | None = None

    def since(self, first: int) -> Iterator[Talk]:
        """What was said from a tick on, the newest first."""
        for one in reversed(self.talk):
            if one.tick < first:
                return
            yield one


class RoomSound:
    """`take` takes each message, and the others ask. What is not known is None."""

    def __init__(self) -> None:
        self.tick = -1
        """That of the newest message."""
        self._lanes: dict[int, _Lane] = {}

    def take(self, tick: int, levels: Iterable[LaneLevel]) -> bool:
        """Take a message; False if it is no newer than the last one, and says nothing."""
        if tick <= self.tick:
            return False
        step = min(tick - self.tick, LONGEST_STEP)
        self.tick = tick
        found = list(levels)
        for one in found:
            lane = self._lanes.setdefault(one.lane, _Lane())
            lane.noise = one.noise
            if one.active:
                lane.began = tick - step + 1 if tick - step - lane.last >= PAUSE or lane.last < 0 else lane.began
                lane.last = tick
            if _is_voiced(one):
                began = tick - step - lane.voice_last >= PAUSE or lane.voice_last < 0
                lane.voice_began = tick - step + 1 if began else lane.voice_began
                lane.voice_last = tick
        self._add_talk(step, found)
        self._forget({one.lane for one in found})
        return True

    def _add_talk(self, step: int, found: Iterable[LaneLevel]) -> None:
        """Who began later talks over who began before. A noise talks over nobody, and nobody over it."""
        talking = [one for one in found if one.active]
        first = min((self._lanes[one.lane].voice_began for one in talking if _is_voiced(one)), default=0)
        for one in talking:
            lane, voiced = self._lanes[one.lane], _is_voiced(one)
            over = voiced and lane.voice_began > first
            lane.talk.append(Talk(self.tick, step, one.level, min(one.clipped, step), voiced, over))

    def _forget(self, told: set[int]) -> None:
        for number, lane in list(self._lanes.items()):
            while lane.talk and lane.talk[0].tick <= self.tick - KEPT:
                lane.talk.popleft()
            if number not in told and not lane.talk:
                del self._lanes[number]

    def lanes(self) -> list[int]:
        """Those that are open, or talked lately."""
        return list(self._lanes)

    def level(self, lane: int, first: int, last: int) -> float | None:
        """The level of what was said in a lane within these ticks, in dBFS."""
        return _mean([one for one in self._talk(lane, first) if one.tick - one.ticks < last])

    def talks(self, lane: int, first: int, last: int) -> bool:
        """Whether somebody talked in a lane within these ticks."""
        return any(one.tick - one.ticks < last for one in self._talk(lane, first))

    def level_lately(self, lane: int) -> float | None:
        """The level of the talk in the last 3 s."""
        talk = list(self._talk(lane, self.tick - OF_LEVEL + 1))
        return _mean(talk) if _ticks(talk) >= LEAST_TALK else None

    def clipping(self, lane: int) -> float | None:
        """The share of the talk in the last 5 s that reaches full scale."""
        talk = list(self._talk(lane, self.tick - OF_CLIPPING + 1))
        return sum(one.clipped for one in talk) / _ticks(talk) if _ticks(talk) >= LEAST_TALK else None

    def noise(self, lane: int) -> float | None:
        """The noise floor in dBFS, while the microphone is open."""
        found = self._lanes.get(lane)
        return found.noise if found is not None else None

    def continuous_talk(self, lane: int, tick: int) -> float:
        """Seconds of talk without a pause, at a tick; 0 in a pause."""
        found = self._lanes.get(lane)
        if found is None or found.last < 0 or tick - found.last >= PAUSE:
            return 0.0
        return (found.last - found.began + 1) / TICKS_PER_SECOND

    def crosstalk(self, lane: int) -> float | None:
        """The share of the talk in the last 30 s that is over somebody who was talking."""
        talk = [one for one in self._talk(lane, self.tick - OF_CROSSTALK + 1) if one.voiced]
        return sum(one.ticks for one in talk if one.over) / _ticks(talk) if _ticks(talk) >= LEAST_TALK else None

    def talk_share(self, lane: int) -> float | None:
        """The lane's share of all voiced talk in the last 2 minutes. It is not known while hardly anybody else talks."""
        all_talk = {number: _ticks(one for one in found.talk if one.voiced) for number, found in self._lanes.items()}
        total = sum(all_talk.values())
        if total < LEAST_SHARED or lane not in all_talk or total - all_talk[lane] < LEAST_OTHERS:
            return None
        return all_talk[lane] / total

    def _talk(self, lane: int, first: int) -> Iterator[Talk]:
        found = self._lanes.get(lane)
        return found.since(first) if found is not None else iter(())


def _is_voiced(one: LaneLevel) -> bool:
    """Whether it is louder than the noise of the same microphone; where that is not told, whether somebody talks."""
    return one.active and (one.noise is None or one.level - one.noise >= VOICED)


def _ticks(talk: Iterable[Talk]) -> int:
    return sum(one.ticks for one in talk)


def _mean(talk: list[Talk]) -> float | None:
    """The mean level by energy."""
    if not talk:
        return None
    energy = sum(one.ticks * 10 ** (one.level / 10) for one in talk) / _ticks(talk)
    return 10 * math.log10(energy)
