"""`serve`: starts and stops everything, from the lock on the data folder to the last message to clients."""

from __future__ import annotations

import asyncio
import gc
import json
import signal
import socket
from collections.abc import Callable
from contextlib import AsyncExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import IO

import structlog
from starlette.types import ASGIApp

from spacesctl.api.captions import CaptionsStatus
from spacesctl.application import projections
from spacesctl.application.checkpoints import keep_all
from spacesctl.application.links import with_sign_in
from spacesctl.client.profile import profile_path, write_first_profile
from spacesctl.domain.errors import Invalid, is_final
from spacesctl.live.recording_keeper import RecordingKeeper
from spacesctl.live.registry import SpaceRegistry
from spacesctl.server.delivery.coop_sender import CoopSender
from spacesctl.server.delivery.coop_settings import Coop
from spacesctl.server.delivery.notification_sender import NotificationSender
from spacesctl.server.delivery.safe_http import SafeHttp
from spacesctl.server.delivery.webhook_sender import WebhookSender
from spacesctl.server.http.front.front import Front
from spacesctl.server.http.oidc import Provider
from spacesctl.server.http.rates import Rates
from spacesctl.server.http.readiness import BOTS
from spacesctl.server.http.services import Services
from spacesctl.server.process.alarm import Alarm
from spacesctl.server.process.assignments import Assignments
from spacesctl.server.process.bots_keeper import BotsKeeper
from spacesctl.server.process.chores import look_after
from spacesctl.server.process.disk_watch import DiskWatch
from spacesctl.server.process.engine_keeper import EngineKeeper
from spacesctl.server.process.first_start import (
    add_profile_token,
    ensure_accounts,
    is_time_doubtful,
    keep_owner_token,
    open_folder,
)
from spacesctl.server.process.http_server import (
    HttpServer,
    allow_connections,
    application,
    base_url,
    bind,
    check_exposure,
    front_of,
)
from spacesctl.server.process.keys import Keys
from spacesctl.server.process.settings import Settings
from spacesctl.server.process.systemd import Manager
from spacesctl.server.process.tls import Certificate
from spacesctl.server.webrtc.candidates import candidates, over_tcp
from spacesctl.server.webrtc.typed_voice import of_machine
from spacesctl.store import coop as coop_store
from spacesctl.store.checkpoints import Checkpoints
from spacesctl.store.sqlite.database import Database
from spacesctl.support.logs import configure, on_unhandled
from spacesctl.support.supervision import TaskSupervisor
from spacesctl.support.terminal import write_line

_log = structlog.get_logger()


@dataclass
class Running:
    """What a ready server announces: its addresses and its data folder; at the first start also the owner's profile, if it wrote one, and
    the file with the owner's token."""

    http: str
    udp: str
    data: str
    profile: Path | None = None
    token: Path | None = None

    def announced(self) -> dict[str, str]:
        """What programs are told."""
        return {"http": self.http, "udp": self.udp, "data": self.data}


async def run(
    settings: Settings, on_ready: Callable[[Running], None], on_stop: Callable[[], None] = lambda: None
) -> None:
    """Serve until SIGTERM or SIGINT; `on_stop` is called when it comes. Raises Refused, Unavailable or Invalid when it cannot start."""
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
        tasks = TaskSupervisor(is_final)
        stack.push_async_callback(tasks.close)
        if manager.is_watching:
            tasks.keep("service manager", manager.keep_alive)
        lock: IO[str] = await asyncio.to_thread(open_folder, settings.data)
        stack.callback(lock.close)
        # A little later than we end it ourselves, which is counted.
        http = bind(settings.http, settings.requests.answer_seconds + 5)
        stack.callback(http.close)

        def told(running: Running) -> None:
            manager.ready()
            on_ready(running)

        def stopping() -> None:
            manager.stopping()
            on_stop()

        await _serve(settings, stack, tasks, http, stop, told, stopping)


async def _serve(
    settings: Settings,
    stack: AsyncExitStack,
    tasks: TaskSupervisor,
    http: socket.socket,
    stop: asyncio.Event,
    on_ready: Callable[[Running], None],
    on_stop: Callable[[], None],
) -> None:
    db = await stack.enter_async_context(Database(settings.data / "spaces.db"))
    doubtful = await is_time_doubtful(db)
    owner_token, bot, bot_token = await ensure_accounts(db)
    certificate = await _certificate(settings, tasks)
    url = base_url(http, tls=certificate is not None)
    profile = kept = None
    if owner_token is not None:
        kept = await asyncio.to_thread(keep_owner_token, settings.data, owner_token)
        if settings.profile and not await asyncio.to_thread(profile_path().exists):
            token = await add_profile_token(db)
            profile = await asyncio.to_thread(write_first_profile, settings.public_url or url, token)
    engine = EngineKeeper(settings.udp, settings.audience_ptime_ms, tcp=settings.ice_tcp)
    await engine.start()
    stack.push_async_callback(engine.stop)
    public = (settings.public_url or url).rstrip("/")
    registry = SpaceRegistry(db, engine, projections.in_order(bot.id, f"{public}/s/{{}}".format), tasks=tasks)
    assignments = Assignments()
    udp = candidates(settings.udp, engine.ready.port, settings.announce)
    app = Services(
        db=db,
        registry=registry,
        data=settings.data,
        bot=bot,
        base_url=public,
        udp_candidates=udp,
        tcp_candidates=over_tcp(udp, engine.ready.tcp, settings.announce),
        assignments=assignments,
        listens_at=url,
        tls="certificate" if certificate is not None else "proxy" if settings.behind_proxy else "none",
        rates=Rates(settings.limits, registry.clock.monotonic),
        front=front_of(settings),
        turn=settings.turn,
        keys=await asyncio.to_thread(Keys.of_folder, settings.data),
        allow_private=settings.webhooks_allow_private,
        notify_schemes=frozenset(settings.notify_schemes),
        sign_up=settings.sign_up,
    )
    stack.push_async_callback(app.compiler.close)
    registry.subscribers.append(assignments.on_outcome)
    await registry.open()
    for actor in registry.live():
        assignments.see(actor.space)
    tasks.keep("engine", partial(engine.keep, registry))
    app.recordings = RecordingKeeper(
        registry, settings.data / "recordings", settings.keep_recordings, settings.recordings_leave_mib << 20
    )
    if doubtful:
        _log.warning("the last start was days ago, or is ahead of the clock: nothing is deleted for a day")
        app.recordings.hold_back()
    await app.recordings.open()
    alarm = app.alarm = Alarm(app)
    await alarm.start()
    stack.push_async_callback(alarm.stop)
    app.disk = disk = DiskWatch(settings.data, app.recordings, settings.disk_warning_mib << 20)
    await _open_checkpoints(app, settings.audit)
    await app.tokens.open(db)
    await app.suspensions.open(db)
    look_after(app, disk, bot.id, settings.retention.kept)
    await _send_outside(app, stack)
    await _send_to_coop(app, settings.coop, stack)
    if settings.oidc.issuer:
        app.provider = await asyncio.to_thread(Provider, settings.oidc, f"{public}/sign-in")
        stack.push_async_callback(app.provider.close)
    http_app = application(app, settings)
    server = HttpServer(http_app, app.front, certificate)
    serving = server.begin(http)
    listening = asyncio.ensure_future(server.listening.wait())
    await asyncio.wait({listening, serving}, return_when=asyncio.FIRST_COMPLETED)
    bots = None
    if settings.bots:
        inside = url if certificate is None else _door_inside(http_app, app.front, stack)
        bots = BotsKeeper(inside, bot_token, settings.model, settings.data, lambda: _bot_gone(app))
        app.bots_hang = lambda: bots.is_quiet
        stack.push_async_callback(bots.stop)
        tasks.keep(BOTS, bots.keep)
    else:
        app.bot_status = CaptionsStatus(ready=False, reason="the server runs without bots")
    await asyncio.to_thread(_settle)
    on_ready(Running(url, f"{engine.ready.host}:{engine.ready.port}", str(settings.data), profile, kept))
    await asyncio.wait({asyncio.ensure_future(stop.wait()), serving}, return_when=asyncio.FIRST_COMPLETED)
    app.stopping = True
    on_stop()
    await alarm.stop()
    assignments.close()
    await registry.close()
    await app.recordings.close()
    await _last_checkpoints(app)
    server.should_exit = True
    # In parallel: each may take its own grace time, and all together have 5 s.
    await asyncio.gather(serving, engine.stop(), *([bots.stop()] if bots else []))


async def _open_checkpoints(app: Services, folder: Path | None) -> None:
    """Without a place to keep them, a server still starts: rooms come first. It is told in the log and by `audit verify`."""
    if folder is not None:
        app.checkpoints = Checkpoints(folder)
    else:
        app.checkpoints = Checkpoints.beside(await asyncio.to_thread(app.data.resolve))
    try:
        await asyncio.to_thread(app.checkpoints.open)
    except Invalid as error:
        _log.warning("the audit log gets no checkpoints", reason=str(error))


async def _last_checkpoints(app: Services) -> None:
    try:
        await keep_all(app)
    except (OSError, Invalid) as error:
        _log.warning("the audit log got no last checkpoints", reason=str(error))


def _settle() -> None:
    """Leave what was loaded out of all later collections of cycles: each stops everything, for as long as it looks at all objects."""
    gc.collect()
    gc.freeze()


async def _send_outside(app: Services, stack: AsyncExitStack) -> None:
    """Start sending webhooks and notifications."""
    outside = await asyncio.to_thread(SafeHttp, allow_private=app.allow_private)
    stack.push_async_callback(outside.close)
    app.webhooks = WebhookSender(app.db, app.keys, outside, app.bot, app.link, app.sent, clock=app.clock)
    app.registry.subscribers.append(app.webhooks.on_outcome)
    app.registry.subscribers.append((await of_machine(app)).on_outcome)
    app.outlets = NotificationSender(
        app.db, app.keys, app.notify_schemes, app.sent, clock=app.clock, sign_in=partial(with_sign_in, app)
    )
    app.registry.tasks.keep("webhooks", app.webhooks.run)
    app.registry.tasks.keep("notifications", app.outlets.run)


async def _send_to_coop(app: Services, coop: Coop, stack: AsyncExitStack) -> None:
    """Start sending reports and appeals to Coop, if one is set; else drop what waited for one that was."""
    if not coop.url:
        async with app.db.begin() as db:
            await coop_store.disconnect(db)
        return
    outside = await asyncio.to_thread(SafeHttp, allow_private=coop.allow_private)
    stack.push_async_callback(outside.close)
    app.coop = CoopSender(app.db, outside, coop, app.bot, app.base_url, app.sent, clock=app.clock)
    await app.coop.connect()
    app.registry.tasks.keep("coop", app.coop.run)


async def _certificate(settings: Settings, tasks: TaskSupervisor) -> Certificate | None:
    """The certificate, if one is set. It is renewed when its files change or on SIGHUP. Raises Invalid."""
    nudged = asyncio.Event()
    # Even without a certificate, as SIGHUP would otherwise end the server.
    asyncio.get_running_loop().add_signal_handler(signal.SIGHUP, nudged.set)
    if settings.tls_cert is None or settings.tls_key is None:
        return None
    certificate = await asyncio.to_thread(Certificate, settings.tls_cert, settings.tls_key)
    tasks.keep("certificate", partial(certificate.keep, nudged))
    return certificate


def _door_inside(app: ASGIApp, front: Front, stack: AsyncExitStack) -> str:
    """Serve HTTP without TLS on a loopback port, for the bots: certificates do not cover loopback addresses. Returns its URL."""
    bound = bind("127.0.0.1:0")
    stack.callback(bound.close)
    server = HttpServer(app, front)
    serving = server.begin(bound)

    async def close() -> None:
        server.should_exit = True
        await serving

    stack.push_async_callback(close)
    return base_url(bound)


def _bot_gone(app: Services) -> None:
    app.bot_status = CaptionsStatus(ready=False, reason="the bot is restarting")


def announce_stop(*, as_json: bool) -> None:
    """Print for people that the end has begun: clients may take some seconds to go."""
    if not as_json:
        write_line("spacesctl stops: its clients are told", err=True)


def announce_ready(running: Running, *, as_json: bool) -> None:
    """Print one line: JSON to stdout for programs, or a sentence to stderr for people, who are told at the first start who they are."""
    if as_json:
        write_line(json.dumps(running.announced()))  # for the program that started it
    else:
        text = f"spacesctl serves {running.http} (sound on UDP {running.udp}, data in {running.data})"
        write_line(text, err=True)  # for the person who started it
        if running.profile is not None:
            write_line(
                f"you are its @owner, by {running.profile}; make an account for daily use: spacesctl account create @you",
                err=True,
            )
        elif running.token is not None:
            write_line(f"the token of its @owner is in {running.token}; your profile stays as it is", err=True)
