"""The demo in a terminal: the view, the keys, the signals, and the browser."""

from __future__ import annotations

import asyncio
import contextlib
import io
import os
import pty
import re
import signal
import subprocess
import sys
import termios
import webbrowser
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest
from rich.console import Console

from bots import casts
from spacesctl.api.captions import CaptionsStatus
from spacesctl.demo import run
from spacesctl.demo.show import Performance
from spacesctl.demo.stage import Stage
from spacesctl.demo.view import FRAMES_A_SECOND
from tests.demo.events import Followed, muted, person, room
from tests.running import spacesctl

ENDINGS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


class FakeShow:
    """A show that is this script."""

    def __init__(self, script: Callable[[asyncio.Event], Awaitable[None]]) -> None:
        self.script = script

    async def run(self, stop: asyncio.Event) -> Performance:
        await self.script(stop)
        return Performance(seconds=7.0)


def performed(
    state: Followed,
    script: Callable[[asyncio.Event], Awaitable[None]],
    *,
    terminal: bool = False,
) -> tuple[Performance, str]:
    out = Console(file=io.StringIO(), force_terminal=terminal, width=100, height=30)
    done = asyncio.run(run._perform(FakeShow(script), state, out))  # type: ignore[arg-type]  # it has what is used
    assert isinstance(out.file, io.StringIO)
    return done, out.file.getvalue()


def test_in_a_terminal_the_view_is_drawn_anew_while_the_show_runs(state: Followed) -> None:
    async def script(_stop: asyncio.Event) -> None:
        await asyncio.sleep(0.05)
        state.on_event(muted())
        await asyncio.sleep(2 / FRAMES_A_SECOND)

    done, out = performed(state, script, terminal=True)
    assert done.seconds == 7.0
    first, last = out.index("microphone closed"), out.rindex("muted, not heard")
    assert first < last
    assert "\x1b[" in out
    assert state.lines == [], "lines are for what is no terminal"


def test_elsewhere_each_event_is_a_line_that_is_not_broken(state: Followed) -> None:
    async def script(_stop: asyncio.Event) -> None:
        state.moderated(500, "@rex", "long " * 40)

    _, out = performed(state, script)
    link, whose_view, line = out.splitlines()
    assert (link, line) == (f"listen at {state.link}", f"00:10  * {'long ' * 40}")
    assert "what the host sees" in whose_view


@pytest.mark.parametrize("number", ENDINGS)
def test_the_first_signal_ends_the_show_in_order_and_the_second_at_once(
    state: Followed,
    number: signal.Signals,
) -> None:
    async def waits(stop: asyncio.Event) -> None:
        os.kill(os.getpid(), number)
        await asyncio.wait_for(stop.wait(), 5)

    async def hangs(stop: asyncio.Event) -> None:
        await waits(stop)
        os.kill(os.getpid(), number)
        await asyncio.sleep(5)
        raise AssertionError("the second signal was not taken")

    done, _ = performed(state, waits)
    assert done.seconds == 7.0
    with pytest.raises(KeyboardInterrupt):
        performed(state, hangs)


@pytest.mark.parametrize("number", ENDINGS)
def test_before_and_after_the_show_a_signal_interrupts_and_handlers_are_put_back(number: signal.Signals) -> None:
    before = {each: signal.getsignal(each) for each in ENDINGS}
    with pytest.raises(KeyboardInterrupt), run._interruptible():
        os.kill(os.getpid(), number)
        signal.pause()
    assert {each: signal.getsignal(each) for each in ENDINGS} == before


def test_keys_have_no_echo_while_the_view_is_drawn(monkeypatch: pytest.MonkeyPatch) -> None:
    leader, follower = pty.openpty()

    def echoes() -> bool:
        return bool(termios.tcgetattr(follower)[3] & termios.ECHO)

    with open(leader, "wb", buffering=0), open(follower) as keys:
        monkeypatch.setattr(sys, "stdin", keys)
        assert echoes()
        with pytest.raises(KeyboardInterrupt), run._quiet_keys():
            assert not echoes()
            raise KeyboardInterrupt
        assert echoes()


def test_without_a_keyboard_nothing_is_changed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "stdin", io.StringIO())
    entered = []
    with run._quiet_keys():
        entered.append(True)
    assert entered == [True]


@pytest.mark.parametrize(
    ("platform", "screen", "opened"),
    [
        ("linux", {}, False),
        ("linux", {"DISPLAY": ":0"}, True),
        ("linux", {"WAYLAND_DISPLAY": "wayland-0"}, True),
        ("darwin", {}, True),
    ],
)
def test_a_page_is_opened_where_there_is_a_screen(
    monkeypatch: pytest.MonkeyPatch, platform: str, screen: dict[str, str], opened: bool
) -> None:
    links: list[str] = []
    monkeypatch.setattr(webbrowser, "open", links.append)
    monkeypatch.setattr(sys, "platform", platform)
    for name in ("DISPLAY", "WAYLAND_DISPLAY"):
        monkeypatch.delenv(name, raising=False)
    for name, value in screen.items():
        monkeypatch.setenv(name, value)
    run._open_page("http://127.0.0.1:1/s/x")
    assert links == (["http://127.0.0.1:1/s/x"] if opened else [])


@pytest.mark.parametrize(
    ("captions", "notice"),
    [
        (CaptionsStatus(ready=True, notice="a small model"), "a small model"),
        (CaptionsStatus(ready=True), ""),
        (CaptionsStatus(ready=False, reason="no model"), "no captions: no model"),
    ],
)
def test_the_view_says_what_captions_are_worth(captions: CaptionsStatus, notice: str) -> None:
    cast = casts.load("cast_a")
    ids = {one.handle: f"id-{one.handle}" for one in cast.people}
    here = room(*(person(ids[one.handle], one.handle) for one in cast.people))
    stage = Stage("http://x", here, "http://x/s/s", "acme", ids, {}, captions)
    made = run._state(cast, stage, 30.0)
    assert made.notice == notice
    assert (made.host, made.seconds, list(made.seats)) == ("acme", 30.0, list(ids.values()))


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_a_whole_demo_in_a_terminal_opens_the_page_draws_its_view_and_ends_with_the_summary(tmp_path: Path) -> None:
    browser, opened = tmp_path / "browser", tmp_path / "opened"
    browser.write_text(f'#!/bin/sh\necho "$1" > {opened}\n')
    browser.chmod(0o755)
    leader, follower = pty.openpty()
    termios.tcsetwinsize(follower, (40, 100))
    screen = {"DISPLAY": ":99", "BROWSER": f"{browser} %s", "TERM": "xterm"}
    environment = {**os.environ, "TMPDIR": str(tmp_path), **screen}
    with subprocess.Popen(
        [*spacesctl("demo"), "--seconds", "5"], stdin=follower, stdout=follower, stderr=follower, env=environment
    ) as process:
        os.close(follower)
        shown = b""
        with contextlib.suppress(OSError):  # the terminal closes with its last program
            while part := os.read(leader, 65536):
                shown += part
        os.close(leader)
        assert process.wait(10) == 0
    text = shown.decode()
    assert "Acme customer care hour hosted by @acme" in re.sub(r"\x1b\[[0-9;?]*[A-Za-z]", "", text)
    assert "speaking" in text
    assert text.rindex("SPEAKER") > text.rindex("microphone closed"), "the summary is below the view"
    assert "likeness 1 is the unchanged voice" in text
    assert re.fullmatch(r"http://127\.0\.0\.1:\d+/s/\w+\n", opened.read_text())
    assert list(tmp_path.glob("spacesctl-demo-*")) == []
