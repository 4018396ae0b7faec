"""What happens to a server from outside HTTP: time, sound, an engine that goes away, programs that webhooks call.

Everything here that knows the inside of the server is used to bring about a situation, and never to say what is expected.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from typing import NoReturn

from spacesctl.application import people, reminders
from spacesctl.domain.errors import Unavailable
from spacesctl.engine.messages import Frames, Levels, Output
from spacesctl.live.conduct_watch import ConductWatch
from spacesctl.live.watch import Watch
from spacesctl.server.delivery.notification_sender import NotificationSender
from spacesctl.server.delivery.safe_http import SafeHttp
from spacesctl.server.delivery.webhook_sender import WebhookSender
from spacesctl.server.http.rates import NO_LIMITS, Limits, Rates
from tests.api.harness import NotingEngine, settled
from tests.wire.streams import WITHIN, rest
from tests.wire.wire import Wire

PACKET = b"\xf8\xff\xfe"
"""An Opus packet of silence."""


def id_of(space: str) -> str:
    return space.rsplit("/", 1)[-1]


def limited(wire: Wire, **limits: str | int) -> None:
    """Set these limits, or none."""
    chosen = Limits.model_validate({**NO_LIMITS.model_dump(), **limits}) if limits else NO_LIMITS
    wire.api.app.rates = Rates(chosen, wire.clock.monotonic)


async def seconds(wire: Wire, number: int) -> None:
    """Let so many seconds go by, with the look at all live Spaces that the server takes each second."""
    watch = Watch(wire.api.app.registry, wire.api.app.bot.id)
    for _ in range(number):
        wire.clock.advance(1.0)
        await watch.look()
    await rest()


async def look(wire: Wire) -> None:
    """One look at all live Spaces, as each second."""
    await Watch(wire.api.app.registry, wire.api.app.bot.id).look()
    await rest()


async def conduct(wire: Wire) -> None:
    """One look at what people do, as each second."""
    await ConductWatch(wire.api.app.registry, wire.api.app.bot.id).look()
    await rest()


async def expire(wire: Wire, space: str) -> None:
    await people.lift_expired(wire.api.app, id_of(space))
    await rest()


async def remind(wire: Wire, space: str) -> None:
    await reminders.send_reminders(wire.api.app, id_of(space), "soon")
    await rest()


async def miss(wire: Wire, space: str) -> None:
    await reminders.miss(wire.api.app, id_of(space))
    await rest()


async def sound(wire: Wire, space: str, ticks: int, lane: int | None = None) -> None:
    """The engine sends so much audio, up to the present tick of the Space."""
    registry, space_id = wire.api.app.registry, id_of(space)
    first = registry.actors[space_id].now_tick() - ticks + 1
    for tick in range(first, first + ticks):
        lanes = [(lane, 1, PACKET)] if lane is not None else []
        registry.on_engine(Frames(space_id, tick, lanes, [(Output.AUDIENCE, PACKET)], tick))
    await rest()


async def levels(wire: Wire, space: str, lane: int) -> None:
    registry, space_id = wire.api.app.registry, id_of(space)
    tick = registry.actors[space_id].now_tick()
    registry.on_engine(Levels(space_id, tick, [(lane, -23, True)], [(lane, 1, -61)]))
    await rest()


class NoEngine(NotingEngine):
    """An engine that is about to start."""

    def __init__(self) -> None:
        self.sent = []

    def __getattr__(self, name: str) -> NoReturn:
        raise Unavailable("the media engine is starting")


@contextmanager
def no_engine(wire: Wire) -> Iterator[None]:
    registry = wire.api.app.registry
    before, registry.engine = registry.engine, NoEngine()
    try:
        yield
    finally:
        registry.engine = before


@asynccontextmanager
async def sending(wire: Wire) -> AsyncIterator[None]:
    """Webhooks are sent from now on, also to this machine."""
    app = wire.api.app
    outside = await asyncio.to_thread(SafeHttp, allow_private=True)
    app.webhooks = WebhookSender(app.db, app.keys, outside, app.bot, app.link, app.sent, (60.0, 60.0), wire.clock)
    task = asyncio.create_task(app.webhooks.run())
    try:
        yield
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
        await outside.close()


def notifying(wire: Wire) -> None:
    """Notifications can be sent, to a service that accepts all."""
    app, schemes = wire.api.app, frozenset({"tgram"})

    def accept(url: str, allowed: Collection[str], title: str, body: str) -> bool:
        return True

    app.notify_schemes = schemes
    app.outlets = NotificationSender(app.db, app.keys, schemes, app.sent, accept)


async def until_done(wire: Wire, question: Callable[[], Awaitable[bool]]) -> None:
    """Wait until the answer to a question is yes."""
    async with asyncio.timeout(WITHIN):
        while not await question():
            await asyncio.sleep(0.01)
    await settled(wire.api)
