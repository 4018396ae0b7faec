"""Workers that break the protocol, hang, or do not end: the pool stops them and starts others."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import sys
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bots.hearing import pool
from bots.hearing.messages import Beat, Ready, Rules, Utterance
from bots.hearing.pool import RecogniserPool
from bots.hearing.worker import EXIT_MEMORY
from spacesctl.rules.ruleset import Rule
from spacesctl.support.backoff import Backoff
from spacesctl.support.messages import pack
from tests.bots.voices import until

READY = f"os.write(1, {pack(Ready())!r}); "
HANGS = "signal.pause()"
BEATS = f"[(os.write(1, {pack(Beat(1))!r}), time.sleep(0.02)) for _ in range(1000)]"
BEATS_BUSY = f"[(os.write(1, {pack(Beat(1, 61.0))!r}), time.sleep(0.02)) for _ in range(1000)]"


def run(program: str, script: Callable[[RecogniserPool], Awaitable[None]]) -> RecogniserPool:
    """A pool whose workers run this Python program, while `script` runs."""

    async def main() -> RecogniserPool:
        hearing = RecogniserPool(Path("/nowhere"), lambda _: None)
        hearing._command = [sys.executable, "-S", "-c", f"import os, signal, time; {program}"]
        hearing._backoff = Backoff((0.0, 0.0, 60.0))  # a second worker at once, no third one after a failed start
        async with hearing:
            await script(hearing)
        return hearing

    return asyncio.run(main())


@pytest.mark.parametrize(
    ("program", "silent", "start", "why"),
    [
        (READY + r"os.write(1, b'\xff\xff\xff\xff'); " + HANGS, 60, 60, "ProtocolError"),
        (READY + HANGS, 0.05, 60, "it sends nothing, or is too busy"),
        (READY + BEATS_BUSY, 0.2, 60, "it sends nothing, or is too busy"),
        (BEATS, 60, 0.05, "it sends nothing, or is too busy"),
    ],
    ids=["speaks nonsense", "sends no heartbeat", "is at one message for ever", "is never ready"],
)
def test_a_worker_that_is_broken_is_stopped_and_replaced(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    program: str,
    silent: float,
    start: float,
    why: str,
) -> None:
    monkeypatch.setattr(pool, "SILENT_SECONDS", silent)
    monkeypatch.setattr(pool, "START_SECONDS", start)
    monkeypatch.setattr(pool, "END_SECONDS", 0.05)
    pids: list[int] = []

    async def script(hearing: RecogniserPool) -> None:
        await until(lambda: hearing.pid is not None)
        pids.append(hearing.pid or 0)
        await until(lambda: hearing.restarts > 1)  # its successor was as broken

    with caplog.at_level(logging.WARNING):
        run(program, script)
    assert f"recogniser worker is stopped: {why}" in caplog.text
    assert "code -9" in caplog.text, "it did not end when its input was closed, and was killed"
    assert not os.path.exists(f"/proc/{pids[0]}")


def test_leaving_while_a_worker_is_being_ended_still_ends_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(pool, "START_SECONDS", 0.05)
    monkeypatch.setattr(pool, "END_SECONDS", 0.3)
    pids: list[int] = []

    async def script(hearing: RecogniserPool) -> None:
        await until(lambda: hearing.pid is not None)
        pids.append(hearing.pid or 0)
        await until(lambda: "recogniser worker is stopped" in caplog.text)

    with caplog.at_level(logging.WARNING):
        run(HANGS, script)
    assert not os.path.exists(f"/proc/{pids[0]}")


@pytest.mark.parametrize("program", ["os._exit(3)", READY + "os._exit(3)"], ids=["before", "at once after"])
def test_workers_that_end_before_they_are_ready_or_soon_after_are_started_ever_more_rarely(program: str) -> None:
    async def failing(hearing: RecogniserPool) -> None:
        hearing._backoff = Backoff((0.0, 0.0, 60.0))
        await until(lambda: hearing.failing)
        await asyncio.sleep(0.2)

    failed = run(program, failing)
    assert (failed.ready, failed.restarts) == (False, 2)


@pytest.mark.parametrize(
    ("steady", "code"), [(0.0, 3), (60.0, EXIT_MEMORY)], ids=["after a while", "at its memory ceiling"]
)
def test_a_worker_that_was_ready_for_a_while_or_took_too_much_memory_is_replaced_at_once(
    monkeypatch: pytest.MonkeyPatch, steady: float, code: int
) -> None:
    monkeypatch.setattr(pool, "STEADY_SECONDS", steady)

    async def ending(hearing: RecogniserPool) -> None:
        hearing._backoff = Backoff((0.0, 60.0))
        await until(lambda: hearing.restarts >= 3)

    assert not run(READY + f"os._exit({code})", ending).failing


@pytest.mark.slow
def test_a_worker_that_is_busy_for_long_is_not_taken_for_one_that_hangs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "SILENT_SECONDS", 0.2)
    busy = f"[(os.write(1, {pack(Beat(1, 40.0))!r}), time.sleep(0.02)) for _ in range(1000)]"

    async def script(hearing: RecogniserPool) -> None:
        await until(lambda: hearing.ready)
        await asyncio.sleep(0.6)

    assert run(READY + busy, script).restarts == 0


def test_when_no_process_can_be_started_another_try_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "SPAWN_AGAIN", 0.01)
    start, tries = asyncio.create_subprocess_exec, list[int]()

    async def short_of_descriptors(*words: Any, **options: Any) -> asyncio.subprocess.Process:
        tries.append(1)
        if len(tries) < 4:
            raise OSError(errno.EMFILE, "too many open files")
        return await start(*words, **options)

    monkeypatch.setattr(asyncio, "create_subprocess_exec", short_of_descriptors)

    async def script(hearing: RecogniserPool) -> None:
        await until(lambda: hearing.ready)

    run(READY + HANGS, script)
    assert len(tries) == 4


def test_what_is_opened_twice_or_was_never_open_is_passed_on_once_or_not_at_all() -> None:
    async def main() -> None:
        hearing = RecogniserPool(Path("/nowhere"), lambda _: None)
        assert hearing.pid is None
        for _ in range(2):
            hearing.open("s", 1)
        hearing.frames("s", 7, [(1, 1, b"a"), (2, 1, b"b")])
        hearing.frames("s", 8, [(2, 1, b"b")])
        assert hearing.statistics() == {
            "lanes": 1, "restarts": 0, "ticks_waiting": 1, "ticks_dropped": 0, "resident_bytes": 0
        }  # fmt: skip
        for _ in range(2):
            hearing.close("s", 1)
        assert hearing.statistics()["lanes"] == 0
        kinds = [type(await hearing._queue.get()).__name__ for _ in range(3)]
        assert kinds == ["Open", "Frames", "Close"]
        assert not hearing._queue._waiting

    asyncio.run(main())


def test_rules_are_kept_until_they_are_cleared_and_passed_on_once() -> None:
    async def main() -> None:
        hearing = RecogniserPool(Path("/nowhere"), lambda _: None)
        hearing.rules("s", ())
        hearing.rules("s", (Rule("a", 1),))
        assert list(hearing._rules) == ["s"]
        hearing.rules("s", ())
        assert not hearing._rules
        assert [await hearing._queue.get() for _ in range(2)] == [Rules("s", (Rule("a", 1),)), Rules("s", ())]
        assert not hearing._queue._waiting, "a Space without rules is not told that it has none"

    asyncio.run(main())


def test_its_memory_its_utterances_and_changes_are_told() -> None:
    said = Utterance("s", 1, 77, "hi", (), False, 5, 14)
    found: list[Utterance] = []
    changes: list[bool] = []

    async def main() -> None:
        hearing = RecogniserPool(Path("/nowhere"), found.append, lambda: changes.append(hearing.ready))
        for message in (Ready(), Ready(), Beat(1 << 20), said):
            hearing._take(message)
        assert hearing.statistics()["resident_bytes"] == 1 << 20

    asyncio.run(main())
    assert found == [said]
    assert changes == [True], "the second time nothing changed"
