"""A shift of calls with given arrivals and talks, through the queue and through an independent simulation."""

from __future__ import annotations

import heapq
import random
from collections.abc import Callable, Generator, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

import simpy

from spacesctl.domain.care import commands as c
from spacesctl.domain.care import events as e
from spacesctl.domain.care.decide import decide_all
from spacesctl.domain.care.queue import CareQueue
from spacesctl.domain.care.settings import CareSettings
from spacesctl.domain.care.timers import next_at
from spacesctl.domain.event import Event
from spacesctl.domain.principals import Person
from tests.domain.care.desk import HOST, SERVER, START


@dataclass(frozen=True)
class Arrival:
    """A caller, when they come and how long they talk, in milliseconds."""

    at: int
    talk: int


@dataclass(frozen=True)
class Answer:
    """Which call was answered when, by whom."""

    call: int
    agent: str
    at: int


def poisson(count: int, between: float, talk: float, seed: int) -> list[Arrival]:
    """Calls that come at random, every `between` seconds on average, and talk `talk` seconds on average."""
    dice, now, made = random.Random(seed), 0.0, []
    for _ in range(count):
        now += dice.expovariate(1 / between)
        made.append(Arrival(round(now * 1_000), max(1, round(dice.expovariate(1 / talk) * 1_000))))
    return made


def independent(arrivals: Sequence[Arrival], agents: Sequence[str], wrapup: int) -> list[Answer]:
    """The same in simpy: agents wait in a store, who has been idle the longest goes first; callers wait in line for it."""
    world = simpy.Environment()
    idle = simpy.Store(world)
    for name in agents:
        idle.put(name)
    answers: list[Answer] = []

    def call(number: int, one: Arrival) -> Generator[simpy.Event, str, None]:
        yield world.timeout(one.at)
        agent = yield idle.get()
        answers.append(Answer(number, agent, int(world.now)))
        yield world.timeout(one.talk)
        yield world.timeout(wrapup)
        idle.put(agent)

    for number, one in enumerate(arrivals):
        world.process(call(number, one))
    world.run()
    return answers


class Shift:
    """Plays a shift through the queue: agents take what they are offered, callers answer, at once."""

    def __init__(
        self, agents: Sequence[str], wrapup: int, look: Callable[[CareQueue, Shift], None] | None = None
    ) -> None:
        settings = CareSettings(strategy="longest-idle", wrapup=timedelta(milliseconds=wrapup), max_queue=10_000)
        self.queue, self.now, self.look = CareQueue(), START, look
        self.answers: list[Answer] = []
        self.events: list[tuple[datetime, Event]] = []
        self._do(c.OpenCare(HOST, True, settings, tuple((one, ()) for one in agents)))
        for one in agents:
            self._do(c.Ready(Person(one, f"a{one}"), False))

    def play(self, arrivals: Sequence[Arrival]) -> list[Answer]:
        """All of them, to the end."""
        ends: list[tuple[int, str]] = []
        coming = list(enumerate(arrivals))[::-1]
        while coming or self.queue.calls:
            timer = next_at(self.queue)
            moments = [*([coming[-1][1].at] if coming else []), *([ends[0][0]] if ends else [])]
            if timer is not None and (not moments or self._ms(timer) <= min(moments)):
                self.now = timer
                self._do(c.Elapse(SERVER, False))
            elif ends and ends[0][0] == min(moments):
                at, caller = heapq.heappop(ends)
                self.now = START + timedelta(milliseconds=at)
                self._do(c.Leave(Person(caller, f"c{caller}"), False))
            else:
                number, one = coming.pop()
                self.now = START + timedelta(milliseconds=one.at)
                caller = str(1_000 + number)
                self._do(c.Queue(Person(caller, f"c{caller}"), False, caller))
                if self.look is not None:
                    self.look(self.queue, self)
            for call in [one for one in self.queue.calls.values() if one.offers]:
                [agent] = call.offers
                self._do(c.Take(Person(agent, f"a{agent}"), False, call.id))
                self._do(c.Answered(SERVER, False, call.caller_id))
                number, at = int(call.id) - 1_000, self._ms(self.now)
                self.answers.append(Answer(number, agent, at))
                heapq.heappush(ends, (at + arrivals[number].talk, call.caller_id))
        return self.answers

    def _do(self, command: c.CareCommand) -> None:
        made, self.queue = decide_all(self.queue, [command], self.now)
        self.events += [(self.now, one) for one in made if not isinstance(one, e.SlaBreached)]

    @staticmethod
    def _ms(at: datetime) -> int:
        return round((at - START).total_seconds() * 1_000)
