"""Turns utterances into captions and posts them."""

from __future__ import annotations

import asyncio
import logging
from collections import deque
from collections.abc import Iterable
from itertools import islice
from typing import Protocol

from bots.api import Api
from bots.hearing.messages import Utterance
from bots.retry import is_passing, name_of, new_backoff
from spacesctl.api.captions import NewCaption, Word
from spacesctl.domain.errors import SpacesError
from spacesctl.support.text import one_line

MAX_FINALS = 500
"""Final captions that may wait while the server does not answer; beyond that the oldest are dropped and counted."""
BATCH = 50
"""Final captions in one request."""

log = logging.getLogger("bots.transcriber")


def caption(utterance: Utterance) -> NewCaption:
    """An utterance in the form of the API; word times are seconds on the Space clock."""
    return NewCaption(
        lane=utterance.lane,
        utterance=utterance.utterance,
        text=one_line(utterance.text),
        final=utterance.final,
        start_tick=utterance.start_tick,
        end_tick=utterance.end_tick,
        words=words_of(utterance.words),
    )


class HeardWord(Protocol):
    """A word of the recogniser or of a rule's match."""

    @property
    def w(self) -> str: ...
    @property
    def start(self) -> float: ...
    @property
    def end(self) -> float: ...
    @property
    def conf(self) -> float: ...


def words_of(words: Iterable[HeardWord]) -> list[Word]:
    """Words in the form of the API. A model's vocabulary is somebody else's: one bad word in it must not cost a batch of captions."""
    return [Word(w=one_line(each.w), start=each.start, end=each.end, conf=each.conf) for each in words]


class Transcriber:
    """Posts one Space's captions in order. Final captions stay queued for as long as the server does not take them; of partial ones only
    the latest of each lane is kept."""

    def __init__(self, api: Api, space: str) -> None:
        self._api = api
        self._space = space
        self._finals: deque[NewCaption] = deque()
        self._partials: dict[int, NewCaption] = {}
        self._some = asyncio.Event()
        self.dropped = 0
        self._backoff = new_backoff()

    def on_utterance(self, utterance: Utterance) -> None:
        """Queue an utterance as a caption. Never waits."""
        made = caption(utterance)
        if utterance.final:
            self._partials.pop(utterance.lane, None)
            self._finals.append(made)
            if len(self._finals) > MAX_FINALS:
                self._finals.popleft()
                self.dropped += 1
        else:
            self._partials[utterance.lane] = made
        self._some.set()

    async def run(self) -> None:
        """Post until cancelled."""
        while True:
            await self._some.wait()
            self._some.clear()
            while self._finals or self._partials:
                await self._post(self._batch())

    def _batch(self) -> list[NewCaption]:
        partials, self._partials = list(self._partials.values()), {}
        return list(islice(self._finals, BATCH)) + partials

    async def _post(self, captions: list[NewCaption]) -> None:
        finals = [each for each in captions if each.final]
        try:
            await self._api.post_captions(self._space, captions)
            self._backoff.reset()
        except (SpacesError, OSError) as error:
            if finals and is_passing(error):
                self.dropped += len(captions) - len(finals)
                await self._wait(error)
                return  # they stay in the queue
            self.dropped += len(captions)
            if finals:
                log.warning("space %s: captions are lost: %s", self._space, name_of(error))
        posted = {id(each) for each in finals}  # while they were posted, the queue may have lost its oldest
        while self._finals and id(self._finals[0]) in posted:
            self._finals.popleft()

    async def _wait(self, error: BaseException) -> None:
        wait = self._backoff.next()
        log.warning("space %s: captions wait: %s", self._space, name_of(error))
        await asyncio.sleep(wait)
