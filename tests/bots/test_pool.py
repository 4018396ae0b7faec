"""The bot's side of hearing: a real worker, killed and back."""

import asyncio
import os
import signal
import time
from pathlib import Path

from bots import casts, models
from bots.hearing.messages import Arm, Armed, Close, Frames, Open, Rules, Utterance
from bots.hearing.pool import RecogniserPool, WorkerQueue
from bots.wer import word_errors
from spacesctl.rules.rulefile import compile_rules
from tests.bots.voices import frames_of, person, text_of, until


def test_audio_is_dropped_oldest_first_and_control_never() -> None:
    async def main() -> None:
        box = WorkerQueue(most=3)
        box.put(Open("s", 1))
        for tick in range(5):
            box.put(Frames("s", tick, []))
        box.put(Close("s", 1))
        got = [await box.get() for _ in range(5)]
        assert got == [Open("s", 1), *(Frames("s", tick, []) for tick in (2, 3, 4)), Close("s", 1)]
        assert box.dropped == 2

    asyncio.run(main())


def test_a_new_worker_gets_the_open_lanes_before_the_waiting_audio() -> None:
    async def main() -> None:
        box = WorkerQueue()
        for message in (Open("s", 1), Frames("s", 7, []), Close("s", 1), Open("s", 2)):
            box.put(message)
        box.restart([("s", 2)])
        assert [await box.get() for _ in range(2)] == [Open("s", 2), Frames("s", 7, [])]

    asyncio.run(main())


def test_a_new_worker_gets_the_rules_before_its_lanes() -> None:
    async def main() -> None:
        box = WorkerQueue()
        box.put(Frames("s", 7, []))
        box.restart([("s", 2)], [Rules("s", ())])
        assert [await box.get() for _ in range(3)] == [Rules("s", ()), Open("s", 2), Frames("s", 7, [])]

    asyncio.run(main())


def say(hearing: RecogniserPool, space: str, lane: int, clip: tuple[tuple[int, bytes], ...], first: int) -> None:
    for tick, (flags, packet) in enumerate(clip, first):
        hearing.frames(space, tick, [(lane, flags, packet)])


def test_a_killed_worker_is_back_within_five_seconds_with_its_lanes() -> None:
    found: list[Utterance] = []
    changes: list[bool] = []
    clip = frames_of("cast_b", "zed")[:400]

    async def main() -> None:
        async with RecogniserPool(models.SHIPPED, found.append, lambda: changes.append(hearing.ready)) as hearing:
            hearing.open("s", 1)
            await until(lambda: hearing.ready)
            assert hearing.pid is not None
            killed = hearing.pid
            os.kill(killed, signal.SIGKILL)
            began = time.monotonic()
            await until(lambda: hearing.ready and hearing.pid not in (None, killed), 5)
            assert time.monotonic() - began < 5
            say(hearing, "s", 1, clip, 100)
            await until(lambda: sum(each.final for each in found) >= 2)
            assert hearing.statistics()["restarts"] == 1

    asyncio.run(main())
    assert text_of(found).startswith("hey everyone this is a boring show nobody wants")
    assert True in changes
    assert False in changes


def test_a_worker_that_was_started_again_redacts_by_the_same_rules() -> None:
    cast = casts.load("cast_a")
    rules = compile_rules(cast.rules.replace('["', '["redact", "')).redacting()
    arms: list[Arm] = []
    clip = frames_of("cast_a", "rex")[:450]

    async def main() -> None:
        async with RecogniserPool(models.SHIPPED, lambda _: None, on_arm=arms.append) as hearing:
            hearing.rules("s", rules)
            hearing.open("s", 1)
            await until(lambda: hearing.ready)
            assert hearing.pid is not None
            os.kill(hearing.pid, signal.SIGKILL)
            await until(lambda: hearing.restarts == 1 and hearing.ready)
            say(hearing, "s", 1, clip, 100)
            await until(lambda: any(isinstance(each, Armed) and each.final for each in arms))

    asyncio.run(main())
    assert {each.rule_id for each in arms} == {"scam-pitch"}


def test_two_voices_at_once_in_one_worker_are_each_their_own() -> None:
    found: list[Utterance] = []
    clips = {("room1", 1): ("cast_a", "theo"), ("room2", 1): ("cast_b", "ines"), ("room1", 2): ("cast_a", "rex")}
    frames = {key: frames_of(*clip) for key, clip in clips.items()}

    async def main() -> None:
        async with RecogniserPool(models.SHIPPED, found.append) as hearing:
            for space, lane in clips:
                hearing.open(space, lane)
            await until(lambda: hearing.ready)
            for tick in range(max(map(len, frames.values()))):
                for (space, lane), clip in frames.items():
                    if tick < len(clip):
                        hearing.frames(space, tick, [(lane, *clip[tick])])
                if hearing.statistics()["ticks_waiting"] > 200:
                    await until(lambda: hearing.statistics()["ticks_waiting"] < 50)  # as fast as it can hear
            await until(lambda: sum(each.final for each in found) >= 20)
            assert hearing.statistics()["ticks_dropped"] == 0

    asyncio.run(main())
    for (space, lane), (cast, handle) in clips.items():
        own = [each for each in found if (each.space, each.lane) == (space, lane)]
        assert word_errors(person(cast, handle).text.split(), text_of(own).split()).rate <= 0.06


def test_leaving_ends_the_worker() -> None:
    async def main() -> int:
        async with RecogniserPool(models.SHIPPED, lambda _: None) as hearing:
            await until(lambda: hearing.ready)
            assert hearing.pid is not None
            return hearing.pid

    assert not os.path.exists(f"/proc/{asyncio.run(main())}")


def test_a_model_that_does_not_load_is_tried_again_later_and_later(tmp_path: Path) -> None:
    async def main() -> None:
        async with RecogniserPool(tmp_path, lambda _: None) as hearing:
            await until(lambda: hearing.failing)
            assert not hearing.ready
            restarts = hearing.restarts
            await asyncio.sleep(0.5)
            assert hearing.restarts <= restarts + 1

    asyncio.run(main())
