"""`serve`: one process that holds everything together, from the data folder's lock to the last goodbye."""

from __future__ import annotations

import asyncio
import contextlib
import json
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import AsyncExitStack, contextmanager
from dataclasses import dataclass
from typing import IO

import structlog
import uvicorn

from spacesctl.client.profile import write_first_profile
from spacesctl.domain.errors import Refused, SpacesError, Unavailable
from spacesctl.domain.space import State
from spacesctl.server.addresses import candidates
from spacesctl.server.alarm import Alarm
from spacesctl.server.app import create_app
from spacesctl.server.assignments import Assignments
from spacesctl.server.bots_process import BotsKeeper
from spacesctl.server.engine_link import EngineKeeper
from spacesctl.server.first_start import ensure_accounts, keep_owner_token, open_folder
from spacesctl.server.logs import configure
from spacesctl.server.rates import Rates
from spacesctl.server.services import Services
from spacesctl.server.settings import Settings, split_host_port
from spacesctl.server.sockets import LaneSocket
from spacesctl.spaces.house import House
from spacesctl.store import spaces as space_store
from spacesctl.store.database import Database

TICK_KEPT_EVERY = 10.0
COUNT_EVERY = 1.0
GRACE = 2
"""Seconds that requests under way may take to end after SIGTERM."""
_log = structlog.get_logger()


class _Uvicorn(uvicorn.Server):
    """Uvicorn without its signal handlers: open streams must be ended first, or it waits for them."""

    def __init__(self, config: uvicorn.Config) -> None:
        super().__init__(config)
        self.listening = asyncio.Event()

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        await super().startup(sockets=sockets)
        self.listening.set()

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        yield


@dataclass
class Running:
    """What a ready server says of itself."""

    http: str
    udp: str
    data: str


async def run(settings: Settings, on_ready: Callable[[Running], None]) -> None:
    """Serve until SIGTERM or SIGINT. Raises Refused, Unavailable or Invalid when it cannot start."""
    _check_exposure(settings)
    configure(settings.log_level)
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGTERM, signal.SIGINT):
        loop.add_signal_handler(number, stop.set)
    async with AsyncExitStack() as stack:
        lock: IO[str] = await asyncio.to_thread(open_folder, settings.data)
        stack.callback(lock.close)
        http = _bind(settings.http)
        stack.callback(http.close)
        await _serve(settings, stack, http, stop, on_ready)


async def _serve(
    settings: Settings,
    stack: AsyncExitStack,
    http: socket.socket,
    stop: asyncio.Event,
    on_ready: Callable[[Running], None],
) -> None:
    db = await stack.enter_async_context(Database(settings.data / "spaces.db"))
    owner_token, bot, bot_token = await ensure_accounts(db)
    base_url = _base_url(http)
    if owner_token is not None:
        await asyncio.to_thread(keep_owner_token, settings.data, owner_token)
        if settings.profile:
            await asyncio.to_thread(write_first_profile, base_url, owner_token)
    engine = EngineKeeper(settings.udp)
    await engine.start()
    stack.push_async_callback(engine.stop)
    house = House(db, engine)
    assignments = Assignments()
    here = Services(
        db=db,
        house=house,
        data=settings.data,
        bot=bot,
        base_url=(settings.public_url or base_url).rstrip("/"),
        udp_candidates=candidates(settings.udp, engine.ready.port, settings.announce),
        assignments=assignments,
        rates=Rates(settings.limits),
    )
    house.watchers.append(assignments.on_outcome)
    await house.open()
    for actor in house.actors.values():
        if actor.space is not None:
            assignments.see(actor.space)
    engine.keep(house)
    alarm = here.alarm = Alarm(house, bot, here.link)
    await alarm.start()
    stack.callback(alarm.stop)
    ticking = asyncio.create_task(_keep_time(here))
    stack.push_async_callback(_cancel, ticking)
    server = _Uvicorn(_uvicorn_config(here, settings))
    serving = asyncio.create_task(server.serve([http]))
    listening = asyncio.ensure_future(server.listening.wait())
    await asyncio.wait({listening, serving}, return_when=asyncio.FIRST_COMPLETED)
    bots = None
    if settings.bots:
        bots = BotsKeeper(base_url, bot_token, settings.model, settings.data, lambda: _bot_gone(here))
        bots.start()
        stack.push_async_callback(bots.stop)
    else:
        here.bot_status = {"ready": False, "reason": "the server runs without bots"}
    on_ready(Running(base_url, f"{engine.ready.host}:{engine.ready.port}", str(settings.data)))
    await asyncio.wait({asyncio.ensure_future(stop.wait()), serving}, return_when=asyncio.FIRST_COMPLETED)
    here.stopping = True
    alarm.stop()
    assignments.close()
    await house.close()
    server.should_exit = True
    # All at once: each of them may take its own grace, and together they have 5 s.
    await asyncio.gather(serving, engine.stop(), *([bots.stop()] if bots else []))


def _uvicorn_config(here: Services, settings: Settings) -> uvicorn.Config:
    return uvicorn.Config(
        create_app(here),
        lifespan="off",
        ws=LaneSocket,
        ws_max_size=64 * 1024,
        ws_per_message_deflate=False,
        timeout_graceful_shutdown=GRACE,
        log_config=None,
        access_log=False,
        server_header=False,
        proxy_headers=False,
    )


async def _keep_time(here: Services) -> None:
    """Once a second, tell how many people are there where that changed; every ten, remember how far the clocks have come."""
    told: dict[str, int] = {}
    for second in range(sys.maxsize):
        await asyncio.sleep(COUNT_EVERY)
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


def _check_exposure(settings: Settings) -> None:
    if not settings.binds_loopback_only and not settings.insecure:
        raise Refused(
            "not_private",
            f"{settings.http} is open to others without TLS, and browsers give no microphone there",
            hint="bind 127.0.0.1 behind a proxy that does TLS, or say --insecure",
        )


def _bind(address: str) -> socket.socket:
    host, port = split_host_port(address)
    try:
        family, kind, proto, _, place = socket.getaddrinfo(
            host, port, type=socket.SOCK_STREAM, flags=socket.AI_PASSIVE
        )[0]
        bound = socket.socket(family, kind, proto)
        bound.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        bound.bind(place)
    except OSError as error:
        raise Unavailable(f"cannot listen on {address}: {error.strerror or error}") from error
    return bound


def _base_url(bound: socket.socket) -> str:
    host, port = bound.getsockname()[:2]
    if host in ("0.0.0.0", "::"):  # noqa: S104  # compared, not bound
        host = "127.0.0.1"
    return f"http://[{host}]:{port}" if ":" in host else f"http://{host}:{port}"


def announce_ready(running: Running, *, as_json: bool) -> None:
    """One line: JSON on stdout for programs, a sentence on stderr for people."""
    if as_json:
        print(json.dumps(vars(running)), flush=True)  # noqa: T201
    else:
        text = f"spacesctl serves {running.http} (sound on UDP {running.udp}, data in {running.data})"
        print(text, file=sys.stderr, flush=True)  # noqa: T201
