"""The pool's side of the second recognition: one process for all lanes, which is asked for one stretch after the other.

It is forked like the recognisers of lanes and stands back behind them. What it cannot answer in time is not answered.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Final

from bots.hearing.link import Link, connect
from bots.hearing.memory import CEILING
from bots.hearing.messages import Confirm, Confirmed, Told
from bots.hearing.model_keeper import ModelKeeper
from bots.hearing.rings import Frame
from spacesctl.support.messages import pack

MOST_WAITING: Final = 8
"""Questions that wait. A rule that has more to confirm in a few seconds is too broad."""
IN_TIME: Final = 6.0
"""Seconds from the question to its answer. Later a sanction would come when everybody talks about something else."""


@dataclass
class _Question:
    message: Confirm
    answer: asyncio.Future[bool | None]
    timer: asyncio.TimerHandle | None = None


class Confirmer:
    """`ask` never waits; what it returns does. Its processes are called by numbers below 0."""

    def __init__(
        self, keeper: ModelKeeper, keep: Callable[[asyncio.Task[object]], None], seconds: float = IN_TIME
    ) -> None:
        self._keeper = keeper
        self._keep = keep
        self._seconds = seconds
        self._waiting: deque[_Question] = deque()
        self._asked: _Question | None = None
        self._link: Link | None = None
        self._links = 0
        self._questions = 0

    @property
    def pid(self) -> int | None:
        """The id of its process; None while there is none."""
        return self._link.pid if self._link is not None else None

    def ask(
        self, frames: Sequence[Frame], first: int, phrases: Sequence[str], written: str
    ) -> asyncio.Future[bool | None]:
        """Whether one of the phrases is in this sound; None when that cannot be told in time."""
        loop = asyncio.get_running_loop()
        answer: asyncio.Future[bool | None] = loop.create_future()
        if len(self._waiting) >= MOST_WAITING:
            answer.set_result(None)
            return answer
        self._questions += 1
        question = _Question(Confirm(self._questions, list(frames), first, list(phrases), written), answer)
        question.timer = loop.call_later(self._seconds, self._too_late, question)
        self._waiting.append(question)
        self._go_on()
        return answer

    def prepare(self) -> None:
        """Have a process ready: it knows the model's words by their sounds only after a while."""
        if self._link is None and self._keeper.ready:
            self._begin()
        self._go_on()

    def end(self) -> None:
        """Let its process go: nobody needs it, or the model process has ended. What is asked still has its time."""
        link, self._link = self._link, None
        if link is not None:
            link.end()
        if self._asked is not None:
            self._waiting.appendleft(self._asked)
            self._asked = None

    def on_forked(self, number: int, pid: int) -> None:
        """Its process runs."""
        if self._link is not None and self._link.number == number:
            self._link.pid = pid

    def on_ended(self, number: int) -> None:
        """Its process has ended, mostly of what it was asked: that is not asked again."""
        if self._link is not None and self._link.number == number:
            if self._asked is not None:
                self._settle(self._asked, None)
            self.end()
            self._go_on()

    def on_told(self, link: Link, told: Told | Confirmed) -> None:
        """It has answered. One that has grown is replaced."""
        if link is not self._link or not isinstance(told, Confirmed):
            return
        if self._asked is not None and self._asked.message.number == told.number:
            self._settle(self._asked, told.heard)
        if told.private >= CEILING:
            self.end()
        self._go_on()

    def _go_on(self) -> None:
        if self._asked is not None or not self._waiting:
            return
        if self._link is None and self._keeper.ready:
            self._begin()
        if self._link is not None:
            self._asked = self._waiting.popleft()
            self._link.send(pack(self._asked.message))

    def _begin(self) -> None:
        self._links -= 1
        try:
            link, theirs = connect(self._links, self, self._keep)
        except OSError:
            return
        with theirs:
            if self._keeper.fork(link.number, theirs, second=True):
                self._link = link
            else:
                link.end()

    def _too_late(self, question: _Question) -> None:
        """Nobody waits for it any more. A process that is at it is ended: the next question would find it deaf."""
        if question is self._asked and self._link is not None:
            self._keeper.kill(self._link.number)
            self._settle(question, None)
            self.end()
        else:
            self._settle(question, None)
        self._go_on()

    def _settle(self, question: _Question, heard: bool | None) -> None:
        if question.timer is not None:
            question.timer.cancel()
        if not question.answer.done():
            question.answer.set_result(heard)
        if question is self._asked:
            self._asked = None
        elif question in self._waiting:
            self._waiting.remove(question)
