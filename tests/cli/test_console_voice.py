"""The sound of the console: programs beside it that are begun, told of and ended."""

from __future__ import annotations

import time
from collections.abc import Callable

from spacesctl.cli.seat.voice import Voice


def until(true: Callable[[], bool]) -> None:
    began = time.monotonic()
    while not true():
        assert time.monotonic() - began < 10
        time.sleep(0.02)


def voice(script: str, told: list[str]) -> Voice:
    return Voice("http://server.test", "spx_x", "s", told.append, ("/bin/sh", "-c", script))


def test_a_microphone_is_opened_and_closed_by_the_same_key() -> None:
    told: list[str] = []
    one = voice("exec sleep 60", told)
    assert (one.toggle(), one.is_open) == ("your microphone opens", True)
    assert (one.toggle(), one.is_open) == ("your microphone is closed", False)
    one.toggle()
    one.close()
    assert (one.is_open, told) == (False, [])


def test_why_it_ended_by_itself_is_told() -> None:
    told: list[str] = []
    one = voice("echo first >&2; echo there is no microphone >&2; exit 1", told)
    one.toggle()
    until(lambda: bool(told))
    assert told == ["there is no microphone"]
    assert not one.is_open
