"""Speaks what people on stage type, in a lane of their own, where the host has that on and the machine has espeak-ng.

It is as any program that speaks: its packets come each 20 ms, outside the engine's process. Who has a microphone session speaks by that.
"""

from __future__ import annotations

import asyncio
from collections import deque
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Final

from spacesctl.domain import events as e
from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.domain.errors import SpacesError
from spacesctl.domain.principals import Person
from spacesctl.engine.messages import Uplink
from spacesctl.live.audience import CHECKED
from spacesctl.live.handle import SpaceHandle
from spacesctl.live.outcome import Outcome
from spacesctl.live.sessions import Session, SessionKind
from spacesctl.server.http.services import Services
from spacesctl.server.webrtc.joining import Mic, open_feed
from spacesctl.server.webrtc.speech import is_there, spoken
from spacesctl.store import texts

MOST_WAITING: Final = 5
"""Texts of one person that wait to be spoken; of more the oldest is only read."""
STAYS: Final = 30.0
"""Seconds for which a voice keeps its lane after the end of what it said."""
MOST_VOICES: Final = 16
"""People whose typed speech is spoken at the same time on this server."""
HERE: Final = "127.0.0.1"
Speech = Callable[[str, str], Awaitable[list[bytes]]]
"""`speech(text, lang)`: the packets of a text."""


async def of_machine(app: Services) -> TypedVoice:
    """The voice of this machine, if it has espeak-ng."""
    return TypedVoice(app, spoken if await asyncio.to_thread(is_there) else None)


@dataclass
class _Voice:
    person: Person
    waiting: deque[tuple[int, str]] = field(default_factory=lambda: deque(maxlen=MOST_WAITING))
    some: asyncio.Event = field(default_factory=asyncio.Event)


class TypedVoice:
    """`on_outcome` never waits. `speech` makes the sound; None where the machine cannot."""

    def __init__(self, app: Services, speech: Speech | None) -> None:
        self._app = app
        self._speech = speech
        self._voices: dict[tuple[str, str], _Voice] = {}

    def on_outcome(self, outcome: Outcome) -> None:
        """Speak what was typed."""
        if self._speech is None or not outcome.after.typed_aloud or not isinstance(outcome.by, Person):
            return
        first = outcome.after.seq - len(outcome.events) + 1
        for at, event in enumerate(outcome.events):
            if isinstance(event, e.CaptionSpoken) and event.typed:
                self._say(outcome.after.id, outcome.by, first + at, event.text)

    def _say(self, space_id: str, person: Person, number: int, text: str) -> None:
        key = (space_id, person.account_id or "")
        voice = self._voices.get(key)
        if voice is None:
            if len(self._voices) >= MOST_VOICES:
                return
            voice = self._voices[key] = _Voice(person)
            self._app.registry.tasks.later("typed speech", partial(self._speak, space_id, voice))
        voice.waiting.append((number, text))
        voice.some.set()

    async def _speak(self, space_id: str, voice: _Voice) -> None:
        """Say what waits, until nothing has come for a while, or the lane is closed."""
        handle, session = await self._app.registry.handle(space_id), None
        try:
            handle, session = await self._lane(space_id, voice.person)
            while session is not None and (text := await self._next(voice)) is not None:
                if not await self._one(handle, session, *text):
                    return
        except SpacesError:
            return  # they may not speak any more, or want to be asked before they are recorded
        finally:
            self._voices.pop((space_id, voice.person.account_id or ""), None)
            if session is not None:
                await handle.disconnect(session.id)

    async def _lane(self, space_id: str, person: Person) -> tuple[SpaceHandle, Session | None]:
        handle = await self._app.registry.handle(space_id)
        member = handle.space.people.get(person.account_id or "")
        if member is not None and member.lane is not None:
            return handle, None
        handle.unrecognised.add(person.account_id or "")  # the words are known: nobody has to hear them
        try:
            return await open_feed(self._app, space_id, person, SessionKind.SPEAK, HERE, mic=Mic())
        except BaseException:
            handle.unrecognised.discard(person.account_id or "")
            raise

    async def _next(self, voice: _Voice) -> tuple[int, str] | None:
        try:
            async with asyncio.timeout(STAYS):
                while not voice.waiting:
                    voice.some.clear()
                    await voice.some.wait()
        except TimeoutError:
            return None
        return voice.waiting.popleft()

    async def _one(self, handle: SpaceHandle, session: Session, number: int, text: str) -> bool:
        """Speak one text, without what rules have masked; whether the lane is still there."""
        if self._speech is None or session.lane is None or session.feed is None:
            return False
        if handle.space.redacts:
            await asyncio.sleep(CHECKED * TICK_SECONDS)
        async with self._app.db.read() as db:
            mark = (await texts.marks(db, handle.space.id, [number])).get(number, texts.UNMARKED)
        words = [] if mark.erased else [word for at, word in enumerate(text.split()) if not mark.covers(at)]
        clock = asyncio.get_running_loop()
        packets = await self._speech(" ".join(words), handle.space.lang) if words else []
        begun, first = clock.time(), handle.now_tick()
        for at, packet in enumerate(packets):
            await asyncio.sleep(max(0.0, begun + at * TICK_SECONDS - clock.time()))
            if session.feed.closed or handle.session(session.id) is None:
                return False
            self._app.registry.engine.send(Uplink(handle.space.id, session.lane, (first + at) & 0xFFFFFFFF, packet))
        return not session.feed.closed
