"""One voice in several lanes: words that a quieter microphone picked up belong to the louder lane. Pure; the caller passes the time in.

Results come in any order, a lane's seconds before another's. But levels come at once. So who was the loudest while the words were said is
judged at once, and a hit in a quieter lane waits until the louder lane's words are known, for a few seconds at most.

Words of somebody to whom the rule does not apply take a hit away only from a lane that is much quieter, as one is that hears a loudspeaker:
or an accomplice would speak along, and shield whom it does apply to.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from itertools import accumulate
from typing import Final, NamedTuple

from spacesctl.rules import normalise
from spacesctl.rules.room_facts import Subject
from spacesctl.rules.room_sound import RoomSound
from spacesctl.rules.rule_engine import Decision, HeardUtterance

APART: Final = 15
"""Ticks (300 ms) between the same word in two lanes: the sound's way, the network's, and what the recogniser is off by."""
WAIT: Final = 5.0
"""Seconds for which a hit may wait."""
IN_ALL: Final = 9.0
"""Seconds after the words at which none waits any longer: after ten, sanctions are only suggested."""
CLOSE: Final = 3
"""dB between two lanes that may each be the louder one, as the recogniser's times of the same words differ."""
CLEAR: Final = 12
"""dB by which the words of somebody must be louder to whom the rule does not apply. What a microphone hears of a loudspeaker is 15 to 30 dB
below who speaks into one; two people who speak along are closer."""
MOST_WORDS, MOST_LANES, MOST_WAITING, MOST_SETTLED = 400, 64, 200, 200
SILENT: Final = -127
"""dBFS of a lane of which no level was told."""


class _Said(NamedTuple):
    word: str
    first: int
    last: int


class _Settled(NamedTuple):
    """What was found in a lane: whether it `stands`, or is another lane's."""

    lane: int
    first: int
    last: int
    stands: bool


@dataclass
class _Lane:
    who: Subject
    said: deque[_Said] = field(default_factory=lambda: deque(maxlen=MOST_WORDS))
    to: int = -1
    """The last tick of its words."""


@dataclass
class _Waiting:
    decision: Decision
    until: float


class BleedGuard:
    """`heard` takes the words of all lanes, also of people to whom no rule applies; `take` and `due` return the decisions that stand.
    `applies` says whether the rule of a decision could be about somebody else who says the same.
    """

    def __init__(self, sound: RoomSound, applies: Callable[[Decision, Subject], bool] = lambda *_: True) -> None:
        self._sound = sound
        self._applies = applies
        self._lanes: dict[int, _Lane] = {}
        self._waiting: list[_Waiting] = []
        self._settled: deque[_Settled] = deque(maxlen=MOST_SETTLED)
        self.bled: list[tuple[str, int, int]] = []
        """Rule, lane and louder lane of what was dropped since it was looked at."""

    @property
    def waits(self) -> bool:
        """Whether a decision waits."""
        return bool(self._waiting)

    def heard(self, heard: HeardUtterance) -> None:
        """Remember the words of a final utterance, before it is judged."""
        lane, who = self._lanes.get(heard.lane), Subject(heard.account_id, heard.lane, heard.role, heard.kind)
        if lane is None or lane.who.account_id != heard.account_id:
            self._lanes.pop(heard.lane, None)
            lane = self._lanes[heard.lane] = _Lane(who)
            while len(self._lanes) > MOST_LANES:
                del self._lanes[next(iter(self._lanes))]
        lane.who = who
        for word in heard.words:
            lane.said.extend(_Said(part, word.start_tick, word.end_tick) for part in normalise.heard(word.w))
            lane.to = max(lane.to, word.end_tick)

    def forget(self, lane: int) -> None:
        """Drop the words of a lane whose session is over."""
        self._lanes.pop(lane, None)

    def take(self, decision: Decision, now: float, age: float = 0.0) -> list[Decision]:
        """A decision at `now` (seconds of any steady clock), `age` seconds after its words: it, if it stands, or nothing."""
        if not decision.words:
            return [decision]
        self._waiting.append(_Waiting(decision, now + max(0.0, min(WAIT, IN_ALL - age))))
        return self.due(now)

    def due(self, now: float) -> list[Decision]:
        """Those that wait no longer and stand, in their order. Called after each utterance, and as time passes."""
        stand, still = list[Decision](), list[_Waiting]()
        excess = len(self._waiting) - MOST_WAITING
        for number, one in enumerate(self._waiting):
            found = one.decision
            owner, unknown = self._judged(found)
            if owner is None and unknown and now < one.until and number >= excess:
                still.append(one)
                continue
            self._settled.append(_Settled(found.lane, found.start_tick, found.end_tick, stands=owner is None))
            if owner is None:
                stand.append(found)
            else:
                self.bled.append((found.rule_id, found.lane, owner))
        self._waiting = still
        return stand

    def _judged(self, decision: Decision) -> tuple[int | None, bool]:
        """The louder lane that has the same words, if any; and whether one may still have them."""
        first, last = decision.start_tick, decision.end_tick
        mine, unknown = self._rank(decision.lane, first, last), False
        for number in {*self._lanes, *self._sound.lanes()} - {decision.lane}:
            settled, rank = self._settled_in(number, first, last), self._rank(number, first, last)
            has_them = settled is True and mine[0] - rank[0] < CLOSE
            if settled is False or (rank < mine and not has_them):
                continue
            lane = self._lanes.get(number)
            if lane is not None and lane.who.account_id == decision.account_id:
                continue
            if lane is not None and rank[0] - mine[0] < CLEAR and not self._applies(decision, lane.who):
                continue
            if lane is not None and _has(lane, decision):
                return number, False
            is_known = lane is not None and lane.to >= last - APART
            unknown = unknown or (not is_known and self._sound.talks(number, first, last))
        return None, unknown

    def _settled_in(self, lane: int, first: int, last: int) -> bool | None:
        """Whether what was found in a lane at that time stands there; None if nothing was. What is another lane's is not this one's, and
        what stands there is not reported twice."""
        near = [
            one for one in self._settled
            if one.lane == lane and abs(one.first - first) <= APART and abs(one.last - last) <= APART
        ]  # fmt: skip
        return any(one.stands for one in near) if near else None

    def _rank(self, lane: int, first: int, last: int) -> tuple[int, int]:
        """How loud it was while the words were said, in whole dB. Of equally loud lanes the first one has them."""
        level = self._sound.level(lane, first, last)
        return (SILENT if level is None else round(level), -lane)


def _has(lane: _Lane, decision: Decision) -> bool:
    """Whether the words of a hit were said in a lane at the same time; also divided otherwise, as `give away`."""
    own = [one for one in _parts(decision) if one.word != normalise.UNKNOWN]
    near = [one for one in lane.said if decision.start_tick - APART <= one.first <= decision.end_tick + APART]
    if not own:
        return False
    if all(any(one.word == word.word and abs(one.first - word.first) <= APART for one in near) for word in own):
        return True
    letters = "".join(one.word for one in own)
    begins = (at for at, one in enumerate(near) if abs(one.first - own[0].first) <= APART)
    return any(letters in accumulate(one.word for one in near[at:]) for at in begins)


def _parts(decision: Decision) -> Iterator[_Said]:
    for word in decision.words:
        for part in normalise.heard(word.w):
            yield _Said(part, word.start_tick, word.end_tick)
