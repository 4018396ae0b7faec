"""Processes that break the protocol, hang, grow, are slow or die: the pool replaces them, and others go on."""

from __future__ import annotations

import asyncio
import errno
import logging
import os
import sys
import time
from collections.abc import Awaitable, Callable
from pathlib import Path
from typing import Any

import pytest

from bots.hearing import link, model_keeper
from bots.hearing.feed import MOST_WAITING
from bots.hearing.memory import Ceiling
from bots.hearing.messages import Beat, Ready, Utterance
from bots.hearing.pool import RecogniserPool
from spacesctl.audio.framing import FLAG_ACTIVE
from spacesctl.audio.ogg import SILENCE
from spacesctl.rules.ruleset import Rule
from spacesctl.support.backoff import Backoff
from spacesctl.support.messages import pack
from tests.bots.voices import until

READY = f"os.write(0, {pack(Ready())!r}); "
HANGS = "signal.pause()"


def run(program: str, script: Callable[[RecogniserPool], Awaitable[None]]) -> RecogniserPool:
    """A pool whose model process runs this Python program, while `script` runs."""
    return run_words([sys.executable, "-S", "-c", f"import os, signal, time; {program}"], script)


def run_words(words: list[str], script: Callable[[RecogniserPool], Awaitable[None]], **options: Any) -> RecogniserPool:
    async def main() -> RecogniserPool:
        hearing = RecogniserPool(Path("/nowhere"), options.pop("found", lambda _: None), words=words, **options)
        hearing._keeper._backoff = Backoff((0.0, 0.0, 60.0))  # a second at once, no third one after a failed start
        async with hearing:
            await script(hearing)
        return hearing

    return asyncio.run(main())


def odd(kind: str, script: Callable[[RecogniserPool], Awaitable[None]], **options: Any) -> RecogniserPool:
    """A pool whose recognisers are those of `odd_model`."""
    return run_words([sys.executable, "-m", "tests.bots.odd_model", kind], script, **options)


@pytest.mark.parametrize(
    ("program", "silent", "start", "why"),
    [
        (READY + r"os.write(0, b'\xff\xff\xff\xff'); " + HANGS, 60, 60, "ProtocolError"),
        (READY + HANGS, 0.05, 60, "it sends nothing"),
        (HANGS, 60, 0.05, "it sends nothing"),
    ],
    ids=["speaks nonsense", "sends no heartbeat", "is never ready"],
)
def test_a_model_process_that_is_broken_is_stopped_and_replaced(
    monkeypatch: pytest.MonkeyPatch,
    caplog: pytest.LogCaptureFixture,
    program: str,
    silent: float,
    start: float,
    why: str,
) -> None:
    monkeypatch.setattr(model_keeper, "SILENT_SECONDS", silent)
    monkeypatch.setattr(model_keeper, "START_SECONDS", start)
    monkeypatch.setattr(model_keeper, "END_SECONDS", 0.05)
    pids: list[int] = []

    async def script(hearing: RecogniserPool) -> None:
        await until(lambda: hearing.pid is not None)
        pids.append(hearing.pid or 0)
        await until(lambda: hearing.restarts > 1)  # its successor was as broken

    with caplog.at_level(logging.WARNING):
        run(program, script)
    assert f"model process is stopped: {why}" in caplog.text
    assert "code -9" in caplog.text, "it did not end when its socket was closed, and was killed"
    assert not os.path.exists(f"/proc/{pids[0]}")


def test_leaving_while_a_model_process_is_being_ended_still_ends_it(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(model_keeper, "START_SECONDS", 0.05)
    monkeypatch.setattr(model_keeper, "END_SECONDS", 0.3)
    pids: list[int] = []

    async def script(hearing: RecogniserPool) -> None:
        await until(lambda: hearing.pid is not None)
        pids.append(hearing.pid or 0)
        await until(lambda: "model process is stopped" in caplog.text)

    with caplog.at_level(logging.WARNING):
        run(HANGS, script)
    assert not os.path.exists(f"/proc/{pids[0]}")


@pytest.mark.parametrize("program", ["os._exit(3)", READY + "os._exit(3)"], ids=["before", "at once after"])
def test_those_that_end_before_they_are_ready_or_soon_after_are_started_ever_more_rarely(program: str) -> None:
    async def failing(hearing: RecogniserPool) -> None:
        await until(lambda: hearing.failing)
        await asyncio.sleep(0.2)

    failed = run(program, failing)
    assert (failed.ready, failed.restarts) == (False, 2)


def test_one_that_was_ready_for_a_while_is_replaced_at_once(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_keeper, "STEADY_SECONDS", 0.0)

    async def ending(hearing: RecogniserPool) -> None:
        await until(lambda: hearing.restarts >= 3)

    assert not run(READY + "os._exit(3)", ending).failing


def test_when_no_process_can_be_started_another_try_follows(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(model_keeper, "SPAWN_AGAIN", 0.01)
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


def say(hearing: RecogniserPool, lane: int, ticks: range, flags: int = FLAG_ACTIVE) -> None:
    for tick in ticks:
        hearing.frames("s", tick, [(lane, flags, SILENCE)])


def words(found: list[Utterance], lane: int = 1) -> int:
    return sum(len(each.words) for each in found if each.final and each.lane == lane)


@pytest.mark.parametrize("kind", ["dies", "stops"])
def test_a_recogniser_that_dies_or_stops_is_replaced_and_what_it_had_heard_is_heard_again(
    monkeypatch: pytest.MonkeyPatch, kind: str
) -> None:
    monkeypatch.setattr(link, "SILENT_SECONDS", 0.2)
    found: list[Utterance] = []

    async def script(hearing: RecogniserPool) -> None:
        await until(lambda: hearing.ready)
        hearing.open("s", 1)
        say(hearing, 1, range(95))
        await until(lambda: not hearing._lanes["s", 1].feed.unanswered)
        say(hearing, 1, range(95, 120))  # it dies in the tenth call
        await until(lambda: hearing.restarts >= 1)
        hearing._lanes["s", 1].failed_at = (-1, 0)
        hearing._lanes["s", 1].feed.skip()  # the second one would die of the same

    assert odd(kind, script, found=found.append).restarts >= 1
    assert found
    assert max(each.utterance for each in found) == min(each.utterance for each in found), "it goes on with the same"


def test_what_every_recogniser_dies_of_is_given_up_and_the_lane_goes_on(caplog: pytest.LogCaptureFixture) -> None:
    async def script(hearing: RecogniserPool) -> None:
        await until(lambda: hearing.ready)
        hearing.open("s", 1)
        say(hearing, 1, range(20))
        await until(lambda: "recognisers end of it" in caplog.text)
        assert hearing.restarts == 2
        assert hearing.statistics()["ticks_waiting"] == 0
        say(hearing, 1, range(500, 520))
        await until(lambda: hearing.restarts > 2)

    with caplog.at_level(logging.ERROR):
        assert odd("dies at once", script).statistics()["ticks_dropped"] >= 20


def test_a_recogniser_that_has_grown_is_replaced_and_nothing_is_lost() -> None:
    found: list[Utterance] = []

    async def script(hearing: RecogniserPool) -> None:
        await until(lambda: hearing.ready)
        hearing.open("s", 1)
        for second in range(60):
            say(hearing, 1, range(second * 50, second * 50 + 50))
            await until(lambda: not hearing._lanes["s", 1].feed.unanswered)
        hearing.close("s", 1)
        await until(lambda: not hearing._closing)
        assert hearing.moved >= 1
        assert hearing.restarts == 0

    odd("grows", script, found=found.append, ceiling=Ceiling(most=100 << 20))
    numbers = [each.utterance for each in found if each.final]
    assert numbers == sorted(set(numbers))
    assert words(found) > 300 * 0.9


def test_one_lanes_long_call_delays_no_other() -> None:
    lags: list[float] = []

    async def script(hearing: RecogniserPool) -> None:
        await until(lambda: hearing.ready)
        for lane in (1, 2):
            hearing.open("s", lane)
        began = time.monotonic()
        say(hearing, 1, range(60))  # its tenth call takes 0.6 s
        while time.monotonic() < began + 1.0:
            before = time.monotonic()
            tick = round((before - began) * 50)
            say(hearing, 2, range(tick, tick + 1), FLAG_ACTIVE)
            await asyncio.sleep(0.02)
            lags.append(next(one.lag for one in hearing.states() if one.lane == 2))

    odd("long calls", script)
    assert sorted(lags)[len(lags) // 2] < 0.2, "100 ms until a message is full, and as much again"


def test_a_busy_recogniser_does_not_hang(monkeypatch: pytest.MonkeyPatch) -> None:
    """Neither does one that the processor has no time for: it may run, but does not."""

    async def main() -> None:
        one, now = link.Link(1, Nobody()), time.monotonic()
        one.busy_since(now)
        assert not one.is_suspect(now + link.SILENT_SECONDS / 2)
        for state, cpu, hangs in (("R", 1, False), ("S", 2, False), ("S", 2, True), ("T", 9, True), ("?", 0, False)):
            monkeypatch.setattr(link, "_state_of", lambda _, told=(state, cpu): told)
            now += link.SILENT_SECONDS
            assert one.is_suspect(now)
            assert await one.judge(now) is hangs, (state, cpu)
        monkeypatch.setattr(link, "_state_of", lambda _: ("R", 99))
        assert await one.judge(now + link.BUSY_SECONDS)

    assert link._state_of(None) == ("?", 0)
    assert link._state_of(os.getpid())[0] == "R"
    asyncio.run(main())


class Nobody:
    def on_told(self, link: object, told: object) -> None:
        """Nothing."""


def test_without_a_model_process_sound_waits_up_to_a_bound() -> None:
    async def main() -> None:
        hearing = RecogniserPool(Path("/nowhere"), lambda _: None)
        assert hearing.pid is None
        for _ in range(2):
            hearing.open("s", 1)
        for tick in range(MOST_WAITING + 49):
            hearing.frames("s", tick, [(1, FLAG_ACTIVE, b"a"), (2, FLAG_ACTIVE, b"b")])
        assert hearing.statistics() == {
            "lanes": 1, "recognisers": 0, "restarts": 0, "ticks_waiting": MOST_WAITING, "ticks_dropped": 49, "resident_bytes": 0
        }  # fmt: skip
        for _ in range(2):
            hearing.close("s", 1)
        assert hearing.statistics()["lanes"] == 0

    asyncio.run(main())


def test_rules_are_kept_until_they_are_cleared() -> None:
    async def main() -> None:
        hearing = RecogniserPool(Path("/nowhere"), lambda _: None)
        hearing.rules("s", ())
        hearing.rules("s", (Rule("a", 1),))
        assert hearing._recognisers.redacts("s")
        hearing.rules("s", ())
        assert not hearing._recognisers.redacts("s")

    asyncio.run(main())


def test_its_memory_and_changes_are_told_once() -> None:
    changes: list[bool] = []

    async def main() -> None:
        hearing = RecogniserPool(Path("/nowhere"), lambda _: None, lambda: changes.append(hearing.ready))
        for message in (Ready(), Ready(), Beat(1 << 20)):
            hearing._keeper._take(message)
        assert hearing.statistics()["resident_bytes"] == 1 << 20

    asyncio.run(main())
    assert changes == [True], "the second time nothing changed"


class Shedding:
    """Gives up lane 1 and partial results."""

    is_pressed = True

    def __init__(self) -> None:
        self.lean, self.shed = False, set[tuple[str, int]]()

    def look(self, now: float, lanes: object, use: object) -> None:
        self.lean, self.shed = True, {("s", 1)}

    def forget(self) -> None:
        """Nothing was late."""


def test_a_lane_that_is_given_up_tells_what_it_has_heard_and_is_named_and_comes_back() -> None:
    found: list[Utterance] = []
    changes: list[int] = []

    async def script(hearing: RecogniserPool) -> None:
        hearing._on_change = lambda: changes.append(1)
        await until(lambda: hearing.ready)
        hearing.rules("s", (Rule("a", 1),))
        for lane in (1, 2):
            hearing.open("s", lane)
            say(hearing, lane, range(100))
        await until(lambda: not any(one.feed.unanswered for one in hearing._lanes.values()))
        hearing._shedder = Shedding()  # type: ignore[assignment]  # it has what is used of it
        await until(lambda: words(found) > 15)
        assert [(one.lane, one.shed, one.unprotected) for one in hearing.states()] == [
            (1, True, True),
            (2, False, False),
        ]
        partials = sum(not each.final for each in found)
        for lane in (1, 2):
            say(hearing, lane, range(100, 150))
        await until(lambda: not hearing._lanes["s", 2].feed.unanswered)
        assert hearing.statistics()["ticks_dropped"] == 50
        assert sum(not each.final for each in found) == partials, "partial results are kept back"
        told = len(changes)
        assert told >= 2
        hearing._shedder.look = lambda now, lanes, use=None: hearing._shedder.shed.clear()  # type: ignore[method-assign]
        await until(lambda: not any(one.shed for one in hearing.states()))
        before = words(found)
        say(hearing, 1, range(500, 550))
        hearing.close("s", 1)
        await until(lambda: words(found) > before)
        assert len(changes) > told

    odd("quick", script, found=found.append)
