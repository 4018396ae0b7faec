"""A running recording: what each tick had lands in files, redacted stretches do not, and a full disk ends it."""

from __future__ import annotations

import asyncio
from dataclasses import replace
from pathlib import Path

import pytest

from spacesctl.audio.ogg import SILENCE, read_packets
from spacesctl.domain.events import RedactionMade
from spacesctl.domain.redaction import Redaction
from spacesctl.engine.messages import Frames, Output
from spacesctl.live import recorder as module
from spacesctl.live.masks import Masks
from spacesctl.live.recorder import Recorder, close_files, lane_name
from spacesctl.live.tracks import LONG_SILENCE
from tests.live.test_tracks import SOUND

pytestmark = pytest.mark.anyio
FIRST = 1_000


def frames(tick: int, *, lanes: bool = True, behind: int = 0) -> Frames:
    payload = SOUND[tick % 50]
    heard = [(7, 1, payload)] if lanes else []
    mixes: list[tuple[int, bytes]] = [(Output.AUDIENCE, payload), (Output.STAGE, b"\xf8other")]
    return Frames("space", FIRST + tick, heard, mixes, FIRST + tick - behind)


def redaction(first: int, last: int, missed_to: int | None = None) -> Redaction:
    late = None if missed_to is None else FIRST + missed_to
    return Redaction("r1", 7, "ann", FIRST + first, FIRST + last, "silence", {}, missed_to=late)


def ticks_of(path: Path) -> list[bytes]:
    """A packet for each tick."""
    found = []
    for packet in read_packets(path.read_bytes()):
        found += [SILENCE] * 6 if packet == LONG_SILENCE else [packet]
    return found


async def test_the_mix_and_each_lane_are_kept_as_they_were_sent(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "r", FIRST, lanes=True, failed=pytest.fail)
    for tick in range(100):
        recorder.add(frames(tick, lanes=40 <= tick < 60))
    await recorder.stop(FIRST + 100)
    made = await asyncio.to_thread(close_files, tmp_path / "r")
    assert {one.name: one.duration_ms for one in made} == {"mix.ogg": 2_000, lane_name(7): 2_000}
    mix, lane = ticks_of(tmp_path / "r" / "mix.ogg"), ticks_of(tmp_path / "r" / lane_name(7))
    assert mix == [SOUND[n % 50] for n in range(100)]
    assert lane == [SILENCE] * 40 + [SOUND[n % 50] for n in range(40, 60)] + [SILENCE] * 40


async def test_a_redaction_blanks_one_packet_more_on_both_sides(tmp_path: Path) -> None:
    masks = Masks()
    recorder = Recorder(tmp_path / "r", FIRST, lanes=True, failed=pytest.fail, masks=masks)
    for tick in range(120):
        recorder.add(frames(tick, behind=50))
        if tick == 60:
            masks.take(RedactionMade(redaction(30, 32), FIRST + 10))
    await recorder.stop(FIRST + 120)
    await asyncio.to_thread(close_files, tmp_path / "r")
    lane = ticks_of(tmp_path / "r" / lane_name(7))
    assert [n for n, packet in enumerate(lane) if packet == SILENCE] == [29, 30, 31, 32, 33]


async def test_what_the_audience_hears_later_stands_where_it_was_said(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "r", FIRST, lanes=False, failed=pytest.fail)
    for tick in range(150):
        recorder.add(frames(tick, behind=50))
    await recorder.stop(FIRST + 100)
    await asyncio.to_thread(close_files, tmp_path / "r")
    mix = ticks_of(tmp_path / "r" / "mix.ogg")
    assert mix[:100] == [SOUND[(n + 50) % 50] for n in range(100)]
    assert not (tmp_path / "r" / lane_name(7)).exists()


async def test_a_redaction_that_came_too_late_is_in_no_file_of_a_space_whose_rules_redact(tmp_path: Path) -> None:
    masks = Masks()
    recorder = Recorder(tmp_path / "r", FIRST, lanes=True, failed=pytest.fail, masks=masks, protected=lambda: True)
    for tick in range(700):
        recorder.add(frames(tick))
        if tick == 400:
            masks.take(RedactionMade(redaction(100, 119, missed_to=119), FIRST + 400))
    await recorder.stop(FIRST + 700)
    await asyncio.to_thread(close_files, tmp_path / "r")
    mix, lane = ticks_of(tmp_path / "r" / "mix.ogg"), ticks_of(tmp_path / "r" / lane_name(7))
    assert [n for n, packet in enumerate(mix) if packet == SILENCE] == list(range(100, 120))
    assert [n for n, packet in enumerate(lane) if packet == SILENCE] == list(range(99, 121))


async def test_who_takes_back_their_own_words_takes_nobody_else_s_along(tmp_path: Path) -> None:
    masks = Masks()
    recorder = Recorder(tmp_path / "r", FIRST, lanes=False, failed=pytest.fail, masks=masks, protected=lambda: True)
    for tick in range(700):
        recorder.add(frames(tick))
        if tick == 400:
            own = replace(redaction(100, 119, missed_to=119), by={"kind": "person", "id": "ann"})
            masks.take(RedactionMade(own, FIRST + 400))
    await recorder.stop(FIRST + 700)
    await asyncio.to_thread(close_files, tmp_path / "r")
    assert SILENCE not in ticks_of(tmp_path / "r" / "mix.ogg")


async def test_a_silence_that_fills_up_the_delay_is_not_recorded(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "r", FIRST, lanes=False, failed=pytest.fail)
    for tick in range(50):
        recorder.add(frames(tick))
    for tick in range(50, 60):
        recorder.add(Frames("space", FIRST + tick, [], [(Output.AUDIENCE, SOUND[0])], None))
    for tick in range(60, 110):
        recorder.add(frames(tick, behind=10))
    await recorder.stop(FIRST + 100)
    await asyncio.to_thread(close_files, tmp_path / "r")
    mix = ticks_of(tmp_path / "r" / "mix.ogg")
    assert mix == [SOUND[n % 50] for n in [*range(50), *range(60, 110)]]


async def test_ticks_that_never_came_are_silence(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "r", FIRST, lanes=False, failed=pytest.fail)
    for tick in [*range(30), *range(90, 130)]:
        recorder.add(frames(tick))
    await recorder.stop(FIRST + 130)
    await asyncio.to_thread(close_files, tmp_path / "r")
    mix = ticks_of(tmp_path / "r" / "mix.ogg")
    assert (len(mix), mix[30:90]) == (130, [SILENCE] * 60)


async def test_at_most_half_a_second_waits_to_be_written(tmp_path: Path) -> None:
    recorder = Recorder(tmp_path / "r", FIRST, lanes=False, failed=pytest.fail)
    for tick in range(240):
        recorder.add(frames(tick))
    async with asyncio.timeout(5):
        while len(ticks_of(tmp_path / "r" / "mix.ogg") if (tmp_path / "r" / "mix.ogg").exists() else []) < 225:
            await asyncio.sleep(0.01)
    await recorder.stop(FIRST + 240)


async def test_a_disk_that_takes_nothing_ends_the_recording_once(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    failures: list[int] = []
    monkeypatch.setattr(module, "_write_batch", _full)
    recorder = Recorder(tmp_path / "r", FIRST, lanes=False, failed=lambda: failures.append(1))
    for tick in range(200):
        recorder.add(frames(tick))
        if tick % 50 == 0:
            await asyncio.sleep(0.05)
    await recorder.stop(FIRST + 200)
    assert failures == [1]


def _full(*_: object) -> None:
    raise OSError(28, "No space left on device")
