"""Runs a demo: server, preparation, show, report. Everything that it started is stopped in the end, also after an error."""

from __future__ import annotations

import asyncio
import logging
import os
import signal
import sys
import termios
import webbrowser
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

from rich.console import Console
from rich.live import Live

from bots import casts
from spacesctl.demo.report import DemoReport, report
from spacesctl.demo.script import turns
from spacesctl.demo.show import Performance, Show
from spacesctl.demo.stage import Stage, prepare
from spacesctl.demo.state import Seat, State
from spacesctl.demo.view import FRAMES_A_SECOND, render
from spacesctl.probe.server_process import serving
from spacesctl.support.consoles import SafeConsole

_ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


def run(cast_name: str, seconds: float | None, *, browser: bool, console: bool = False) -> DemoReport:
    """Run the demo; its report, see `report`. `console`: the host's console has the terminal meanwhile, and ends it. Raises SpacesError,
    and KeyboardInterrupt when it is interrupted before the show."""
    cast = casts.load(cast_name)
    out = SafeConsole(stderr=True)
    for name in ("aiortc", "aioice"):
        logging.getLogger(name).setLevel(logging.CRITICAL)  # failures there show in the measured sound
    with _interruptible(), serving() as server:
        out.print(f"starting a server with a Space for this demo ({cast.title})", style="dim")
        parts = turns(cast, seconds)
        server.wait()
        stage = prepare(server.url, server.owner_token, cast, lambda text: out.print(text, style="dim"))
        state = _state(cast, stage, seconds)
        if browser and out.is_terminal:
            _open_page(stage.link)
        done = asyncio.run(_perform(Show(server, stage, parts, state), state, out, stage if console else None))
        out.print("measuring what the listeners decoded", style="dim")
        return report(cast, stage, state, done)


def _state(cast: casts.Cast, stage: Stage, seconds: float | None) -> State:
    accounts = [stage.ids[one.handle] for one in cast.people]
    seats = {account_id: Seat(stage.room.people[account_id]) for account_id in accounts}
    captions = stage.captions
    notice = captions.notice or ("" if captions.ready else f"no captions: {captions.reason}")
    return State(stage.room, stage.link, stage.host, notice, seats, seconds=seconds)


async def _perform(show: Show, state: State, out: Console, seat: Stage | None = None) -> Performance:
    """Run the show, with a console of the host's of the Space `seat`, if any. The first Ctrl-C ends it, and its sound is measured; a second
    one ends everything at once."""
    stop, loop, me = asyncio.Event(), asyncio.get_running_loop(), asyncio.current_task()
    assert me is not None

    def on_signal() -> None:
        if stop.is_set():
            me.cancel()
        stop.set()

    for number in _ENDINGS:
        loop.add_signal_handler(number, on_signal)
    with ExitStack() as stack:
        if seat is not None:
            sitting = asyncio.create_task(_sit(seat, stop))
            try:
                return await show.run(stop)
            except asyncio.CancelledError:
                raise KeyboardInterrupt from None
            finally:
                await asyncio.shield(sitting)  # the terminal is its own until somebody leaves it
        if out.is_terminal:
            stack.enter_context(_quiet_keys())
            live = stack.enter_context(Live(console=out, auto_refresh=False))
            drawing = asyncio.create_task(_draw(live, state, out))
            stack.callback(drawing.cancel)
        else:
            out.print(f"listen at {state.link}")
            out.print("what the host sees and reads, as it happens, at the times of the words:", style="dim")
            state.say = lambda line: out.print(line, soft_wrap=True)
        try:
            return await show.run(stop)
        except asyncio.CancelledError:
            raise KeyboardInterrupt from None


async def _sit(seat: Stage, stop: asyncio.Event) -> None:
    """Let the host's console have the terminal. It is a program of its own, so that drawing delays no voice; with it the show ends."""
    host = seat.tokens[seat.host.removeprefix("@")]
    known = {"SPACESCTL_URL": seat.url, "SPACESCTL_TOKEN": host}
    command = (sys.executable, "-m", "spacesctl", "console", seat.space_id)
    child = await asyncio.create_subprocess_exec(*command, env={**os.environ, **known})
    await child.wait()
    stop.set()


async def _draw(live: Live, state: State, out: Console) -> None:
    while True:
        live.update(render(state, out.height), refresh=True)
        await asyncio.sleep(1 / FRAMES_A_SECOND)


@contextmanager
def _interruptible() -> Iterator[None]:
    """Make SIGTERM and SIGHUP raise KeyboardInterrupt too, so that everything is stopped in order."""

    def interrupt(*_: object) -> None:
        raise KeyboardInterrupt

    before = {number: signal.signal(number, interrupt) for number in _ENDINGS}
    try:
        yield
    finally:
        for number, handler in before.items():
            signal.signal(number, handler)


@contextmanager
def _quiet_keys() -> Iterator[None]:
    """Switch off the echo of keys while the view is drawn: a ^C in the middle would disturb it."""
    if not sys.stdin.isatty():
        yield
        return
    before = termios.tcgetattr(sys.stdin)
    quiet = [*before]
    quiet[3] &= ~termios.ECHO
    termios.tcsetattr(sys.stdin, termios.TCSADRAIN, quiet)
    try:
        yield
    finally:
        termios.tcsetattr(sys.stdin, termios.TCSADRAIN, before)


def _open_page(link: str) -> None:
    """Open the page in a graphical browser. A text browser would take over this terminal."""
    if sys.platform != "linux" or os.environ.get("DISPLAY") or os.environ.get("WAYLAND_DISPLAY"):
        webbrowser.open(link)
