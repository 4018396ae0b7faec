"""The bot's side of hearing: a real model process and real recognisers, killed and back."""

import asyncio
import os
import signal
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

import pytest

from bots import casts, models
from bots.hearing.messages import Arm, Armed, Utterance
from bots.hearing.pool import RecogniserPool
from bots.hearing.recognisers import MOST_RECOGNISERS
from bots.wer import word_errors
from spacesctl.audio.framing import FLAG_ACTIVE
from spacesctl.rules.rulefile import compile_rules
from tests.bots.voices import frames_of, person, text_of, until

Frame = tuple[int, bytes]


def pooled(
    script: Callable[[RecogniserPool, list[Utterance]], Awaitable[None]], most: int = MOST_RECOGNISERS
) -> list[Utterance]:
    """What a pool with the shipped model hears while `script` runs."""
    found: list[Utterance] = []

    async def main() -> None:
        async with RecogniserPool(models.SHIPPED, found.append, most=most) as hearing:
            await until(lambda: hearing.ready)
            await script(hearing, found)

    asyncio.run(main())
    return found


async def say(hearing: RecogniserPool, space: str, lane: int, clip: tuple[Frame, ...], first: int) -> None:
    """As fast as it is heard."""
    for tick, (flags, packet) in enumerate(clip, first):
        hearing.frames(space, tick, [(lane, flags, packet)])
        if tick % 50 == 0:
            await until(lambda: hearing.statistics()["ticks_waiting"] < 100)


def test_a_killed_model_process_is_back_within_five_seconds_and_nothing_under_way_is_lost() -> None:
    changes: list[bool] = []
    clip = frames_of("cast_b", "zed")[:400]

    async def script(hearing: RecogniserPool, found: list[Utterance]) -> None:
        hearing._on_change = lambda: changes.append(hearing.ready)
        hearing.open("s", 1)
        await say(hearing, "s", 1, clip[:130], 100)
        await until(lambda: bool(found))
        assert hearing.pid is not None
        os.kill(hearing.pid, signal.SIGKILL)
        began = time.monotonic()
        await until(lambda: hearing.restarts == 1 and hearing.ready, 5)
        assert time.monotonic() - began < 5
        await say(hearing, "s", 1, clip[130:], 230)
        hearing.close("s", 1)
        await until(lambda: not hearing._closing)

    found = pooled(script)
    assert text_of(found).startswith("hey everyone this is a boring show nobody wants")
    assert list(dict.fromkeys(changes)) == [False, True]
    numbers = [each.utterance for each in found if each.final]
    assert numbers == sorted(set(numbers))


def test_a_recogniser_that_is_killed_in_the_middle_of_an_utterance_loses_nothing() -> None:
    clip = frames_of("cast_b", "ines")

    async def script(hearing: RecogniserPool, found: list[Utterance]) -> None:
        hearing.open("s", 1)
        for number, at in enumerate(range(0, len(clip), 170)):
            await say(hearing, "s", 1, clip[at : at + 170], at)
            await until(lambda: bool(hearing.pids()))
            os.kill(hearing.pids()[0], signal.SIGKILL)
            await until(lambda number=number: hearing.restarts == number + 1)  # type: ignore[misc]  # it is bound
        hearing.close("s", 1)
        await until(lambda: not hearing._closing)
        assert hearing.statistics()["ticks_dropped"] == 0

    found = pooled(script)
    assert word_errors(person("cast_b", "ines").text.split(), text_of(found).split()).rate <= 0.08


def test_a_model_process_that_was_started_again_redacts_by_the_same_rules() -> None:
    cast = casts.load("cast_a")
    rules = compile_rules(cast.rules.replace('["', '["redact", "')).redacting()
    arms: list[Arm] = []
    clip = frames_of("cast_a", "rex")[:450]

    async def script(hearing: RecogniserPool, found: list[Utterance]) -> None:
        hearing._on_arm = arms.append
        hearing.rules("s", rules)
        hearing.open("s", 1)
        assert hearing.pid is not None
        os.kill(hearing.pid, signal.SIGKILL)
        await until(lambda: hearing.restarts == 1 and hearing.ready)
        await say(hearing, "s", 1, clip, 100)
        await until(lambda: any(isinstance(each, Armed) and each.final for each in arms))

    pooled(script)
    assert {each.rule_id for each in arms} == {"scam-pitch"}


@pytest.mark.alone  # on a busy machine lanes are given up, as they should be
def test_voices_at_once_are_each_their_own() -> None:
    clips = {("room1", 1): ("cast_a", "theo"), ("room2", 1): ("cast_b", "ines"), ("room1", 2): ("cast_a", "rex")}

    frames = {key: frames_of(*who) for key, who in clips.items()}

    async def script(hearing: RecogniserPool, found: list[Utterance]) -> None:
        for space, lane in clips:
            hearing.open(space, lane)
        await asyncio.gather(*(say(hearing, *key, clip, 0) for key, clip in frames.items()))
        assert hearing.statistics()["recognisers"] == 3
        for space, lane in clips:
            hearing.close(space, lane)
        await until(lambda: not hearing._closing)
        assert hearing.statistics()["ticks_dropped"] == 0

    found = pooled(script)
    for (space, lane), (cast, handle) in clips.items():
        own = [each for each in found if (each.space, each.lane) == (space, lane)]
        assert word_errors(person(cast, handle).text.split(), text_of(own).split()).rate <= 0.06


def test_who_is_silent_has_no_recogniser_and_who_was_silent_for_longest_makes_room() -> None:
    clip = frames_of("cast_b", "zed")[:120]
    quiet = tuple((0, packet) for _, packet in clip)

    async def script(hearing: RecogniserPool, found: list[Utterance]) -> None:
        for lane in (1, 2, 3):
            hearing.open("s", lane)
            await say(hearing, "s", lane, quiet, 0)
        assert hearing.statistics()["recognisers"] == 0
        for lane in (1, 2, 3):
            await say(hearing, "s", lane, clip + quiet, 500)
            await until(lambda: all(one.feed.silent for one in hearing._lanes.values()))
        assert hearing.statistics()["recognisers"] == 2
        assert [lane for _, lane in sorted(hearing.private())] == [2, 3]

    found = pooled(script, most=2)
    assert {each.lane for each in found if each.final} == {1, 2, 3}


def test_leaving_ends_all_processes() -> None:
    pids: list[int] = []
    clip = frames_of("cast_b", "zed")[:200]

    async def script(hearing: RecogniserPool, found: list[Utterance]) -> None:
        hearing.open("s", 1)
        await say(hearing, "s", 1, clip, 0)
        await until(lambda: bool(hearing.pids()))
        pids.extend((hearing.pid or 0, *hearing.pids()))

    pooled(script)
    assert not os.path.exists(f"/proc/{pids[0]}")
    limit = time.monotonic() + 5
    while os.path.exists(f"/proc/{pids[1]}"):
        assert time.monotonic() < limit
        time.sleep(0.02)


def test_a_model_that_does_not_load_is_tried_again_later_and_later(tmp_path: Path) -> None:
    async def main() -> None:
        async with RecogniserPool(tmp_path, lambda _: None) as hearing:
            await until(lambda: hearing.failing)
            assert not hearing.ready
            restarts = hearing.restarts
            await asyncio.sleep(0.5)
            assert hearing.restarts <= restarts + 1

    asyncio.run(main())


def test_frames_before_the_model_is_loaded_wait_for_it() -> None:
    found: list[Utterance] = []
    clip = frames_of("cast_b", "zed")[:120]

    async def main() -> None:
        async with RecogniserPool(models.SHIPPED, found.append) as hearing:
            hearing.open("s", 1)
            for tick, (_, packet) in enumerate(clip):
                hearing.frames("s", tick, [(1, FLAG_ACTIVE, packet), (2, FLAG_ACTIVE, packet)])
            assert hearing.statistics()["ticks_waiting"] > 100
            hearing.close("s", 1)
            await until(lambda: not hearing._closing)

    asyncio.run(main())
    assert text_of(found).startswith("hey everyone")
