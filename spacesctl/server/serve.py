"""`serve`: one process that holds everything together, from the data folder's lock to the last goodbye."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import sys
import time
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from typing import IO

import structlog
from starlette.types import ASGIApp

from spacesctl.client.profile import write_first_profile
from spacesctl.domain.errors import SpacesError
from spacesctl.domain.space import State
from spacesctl.logs import configure, on_unhandled
from spacesctl.server.addresses import candidates, over_tcp
from spacesctl.server.alarm import Alarm
from spacesctl.server.assignments import Assignments
from spacesctl.server.bots_process import BotsKeeper
from spacesctl.server.engine_link import EngineKeeper
from spacesctl.server.first_start import ensure_accounts, keep_owner_token, open_folder
from spacesctl.server.keys import Keys
from spacesctl.server.listening import HttpServer, allow_connections, application, base_url, bind, check_exposure
from spacesctl.server.outlets import OutletSender
from spacesctl.server.outside import Outside
from spacesctl.server.rates import Rates
from spacesctl.server.services import Services
from spacesctl.server.settings import Settings
from spacesctl.server.systemd import Manager
from spacesctl.server.tls import Certificate
from spacesctl.server.webhooks import WebhookSender
from spacesctl.spaces.house import House
from spacesctl.spaces.recordings import Recordings
from spacesctl.store import spaces as space_store
from spacesctl.store.database import Database

TICK_KEPT_EVERY = 10.0
COUNT_EVERY = 1.0
_log = structlog.get_logger()


@dataclass
class Running:
    """What a ready server says of itself."""

    http: str
    udp: str
    data: str


async def run(settings: Settings, on_ready: Callable[[Running], None]) -> None:
    """Serve until SIGTERM or SIGINT. Raises Refused, Unavailable or Invalid when it cannot start."""
    check_exposure(settings)
    configure(settings.log_level)
    allow_connections()
    stop = asyncio.Event()
    manager = Manager()
    loop = asyncio.get_running_loop()
    loop.set_exception_handler(on_unhandled)
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(_cancel, asyncio.create_task(manager.keep_alive()))
        lock: IO[str] = await asyncio.to_thread(open_folder, settings.data)
        stack.callback(lock.close)
        http = bind(settings.http)
        stack.callback(http.close)

        def told(running: Running) -> None:
            manager.ready()
            on_ready(running)

        await _serve(settings, stack, http, stop, told, manager.stopping)


async def _serve(
    settings: Settings,
    stack: AsyncExitStack,
    http: socket.socket,
    stop: asyncio.Event,
    on_ready: Callable[[Running], None],
    on_stop: Callable[[], None],
) -> None:
    db = await stack.enter_async_context(Database(settings.data / "spaces.db"))
    owner_token, bot, bot_token = await ensure_accounts(db)
    certificate = await _certificate(settings, stack)
    url = base_url(http, tls=certificate is not None)
    if owner_token is not None:
        await asyncio.to_thread(keep_owner_token, settings.data, owner_token)
        if settings.profile:
            await asyncio.to_thread(write_first_profile, settings.public_url or url, owner_token)
    engine = EngineKeeper(settings.udp, settings.packet_ms, tcp=settings.ice_tcp)
    await engine.start()
    stack.push_async_callback(engine.stop)
    house = House(db, engine)
    assignments = Assignments()
    udp = candidates(settings.udp, engine.ready.port, settings.announce)
    here = Services(
        db=db,
        house=house,
        data=settings.data,
        bot=bot,
        base_url=(settings.public_url or url).rstrip("/"),
        udp_candidates=udp,
        tcp_candidates=over_tcp(udp, engine.ready.tcp, settings.announce),
        assignments=assignments,
        rates=Rates(settings.limits),
        turn=settings.turn,
        keys=await asyncio.to_thread(Keys.of_folder, settings.data),
        allow_private=settings.webhooks_allow_private,
        notify_schemes=frozenset(settings.notify_schemes),
    )
    house.watchers.append(assignments.on_outcome)
    await house.open()
    for actor in house.actors.values():
        if actor.space is not None:
            assignments.see(actor.space)
    engine.keep(house)
    here.recordings = Recordings(house, settings.data / "recordings", settings.keep_recordings)
    await here.recordings.open()
    stack.push_async_callback(_cancel, asyncio.create_task(here.recordings.keep_tidy()))
    alarm = here.alarm = Alarm(house, bot, here.link)
    await alarm.start()
    stack.push_async_callback(alarm.stop)
    ticking = asyncio.create_task(_keep_time(here))
    stack.push_async_callback(_cancel, ticking)
    stack.push_async_callback(_cancel, asyncio.create_task(here.voices.keep_tidy(db)))
    await _send_outside(here, stack)
    app = application(here, settings)
    server = HttpServer(app, certificate)
    serving = server.begin(http)
    listening = asyncio.ensure_future(server.listening.wait())
    await asyncio.wait({listening, serving}, return_when=asyncio.FIRST_COMPLETED)
    bots = None
    if settings.bots:
        inside = url if certificate is None else _door_inside(app, stack)
        bots = BotsKeeper(inside, bot_token, settings.model, settings.data, lambda: _bot_gone(here))
        bots.start()
        stack.push_async_callback(bots.stop)
    else:
        here.bot_status = {"ready": False, "reason": "the server runs without bots"}
    on_ready(Running(url, f"{engine.ready.host}:{engine.ready.port}", str(settings.data)))
    await asyncio.wait({asyncio.ensure_future(stop.wait()), serving}, return_when=asyncio.FIRST_COMPLETED)
    here.stopping = True
    on_stop()
    await alarm.stop()
    assignments.close()
    await house.close()
    await here.recordings.close()
    server.should_exit = True
    # All at once: each of them may take its own grace, and together they have 5 s.
    await asyncio.gather(serving, engine.stop(), *([bots.stop()] if bots else []))


async def _send_outside(here: Services, stack: AsyncExitStack) -> None:
    """Webhooks and notifications, from now on."""
    outside = await asyncio.to_thread(Outside, allow_private=here.allow_private)
    stack.push_async_callback(outside.close)
    here.webhooks = WebhookSender(here.db, here.keys, outside, here.bot, here.link, here.sent)
    here.house.watchers.append(here.webhooks.on_outcome)
    here.outlets = OutletSender(here.db, here.keys, here.notify_schemes, here.sent)
    for sender in (here.webhooks.run(), here.outlets.run()):
        stack.push_async_callback(_cancel, asyncio.create_task(sender))


async def _certificate(settings: Settings, stack: AsyncExitStack) -> Certificate | None:
    """The certificate, if there is one, renewed from now on when its files change or on SIGHUP. Raises Invalid."""
    nudged = asyncio.Event()
    # Without a certificate too: a reload of nothing must not end the server.
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, nudged.set)
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    certificate = await asyncio.to_thread(Certificate, settings.tls_cert, settings.tls_key)
    stack.push_async_callback(_cancel, asyncio.create_task(certificate.keep(nudged)))
    return certificate


def _door_inside(app: ASGIApp, stack: AsyncExitStack) -> str:
    """HTTP without TLS on a port of this machine alone, for the bots: no certificate names a loopback address."""
    bound = bind("127.0.0.1:0")
    stack.callback(bound.close)
    server = HttpServer(app)
    serving = server.begin(bound)

    async def close() -> None:
        server.should_exit = True
        await serving

    stack.push_async_callback(close)
    return base_url(bound)


async def _keep_time(here: Services) -> None:
    """Once a second, tell how many people are there where that changed; every ten, remember how far the clocks have come."""
    told: dict[str, int] = {}
    for second in range(sys.maxsize):
        await asyncio.sleep(COUNT_EVERY)
        here.alarm.mind_the_clock(time.time(), time.monotonic())
        live = [a for a in here.house.actors.values() if a.space is not None and a.space.state is State.LIVE]
        for actor in live:
            space_id = actor.space.id if actor.space else ""
            actor.tell_reactions()
            with contextlib.suppress(SpacesError):  # it ended meanwhile
                await actor.look_around(time.monotonic(), here.bot.id)
            count = actor.participant_count
            if told.get(space_id, 0) != count:
                told[space_id] = count
                actor.hub.publish_ephemeral("presence", {"participant_count": count})
        if live and second % int(TICK_KEPT_EVERY / COUNT_EVERY) == 0:
            async with here.db.begin() as db:
                for actor in live:
                    tick = actor.now_tick()
                    actor.ring.forget(tick)
                    await space_store.keep_tick(db, actor.space.id if actor.space else "", tick)


def _bot_gone(here: Services) -> None:
    here.bot_status = {"ready": False, "reason": "the bot is starting again"}


async def _cancel(task: asyncio.Task[None]) -> None:
    task.cancel()
    await asyncio.gather(task, return_exceptions=True)


def announce_ready(running: Running, *, as_json: bool) -> None:
    """One line: JSON on stdout for programs, a sentence on stderr for people."""
    if as_json:
        print(json.dumps(vars(running)), flush=True)  # noqa: T201
    else:
        text = f"spacesctl serves {running.http} (sound on UDP {running.udp}, data in {running.data})"
        print(text, file=sys.stderr, flush=True)  # noqa: T201
