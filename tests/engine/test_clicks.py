"""No edge of a lane clicks: what is mixed has next to nothing above 5 kHz where a 440 Hz tone begins or ends."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
import numpy.typing as npt
import pytest

from spacesctl.audio.fades import RAMP, cut_short
from spacesctl.audio.opus import FRAME, RATE
from spacesctl.audio.redactions import Stretch
from spacesctl.engine.clock import SpaceClock
from spacesctl.engine.messages import OpenSpace
from spacesctl.engine.metrics import Metrics
from spacesctl.engine.mixing import room as room_module
from spacesctl.engine.mixing.lane import Lane
from spacesctl.engine.mixing.room import Room
from spacesctl.engine.seam import SILENT, Taken
from spacesctl.engine.transport.ports import Ports
from tests.listening import Sound

TONE = 440
LOUD = 16_422
"""The peak of a sine at -6 dBFS."""
CUT, TICKS = 20, 60
BAR = -90.0


class Singer(Lane):
    """A lane whose packets hold a tone, as exactly as 16 bits do."""

    begins, ends = 0, TICKS

    def _next(self) -> Taken:
        number = self._tick or 0
        if not self.begins <= number < self.ends:
            return SILENT
        at = number * FRAME + np.arange(FRAME)
        return self._said(0, b"tone", np.rint(LOUD * np.sin(2 * np.pi * TONE * at / RATE)).astype(np.int16))


@pytest.fixture
def singing(monkeypatch: pytest.MonkeyPatch) -> Callable[..., Sound]:
    """The audience's mix of a Space with one singer, to whom `act` happens before a tick."""
    monkeypatch.setattr(room_module, "Lane", Singer)
    nowhere: Any = None

    def sing(act: Callable[[Room], object], delay: int = 0, heard: bool = True) -> Sound:
        room = Room(OpenSpace("space", 0.0, 0, 7, delay), SpaceClock(0), Metrics(), Ports(nowhere, nowhere))
        room.open_lane(1, heard)
        parts = []
        for tick in range(TICKS):
            if tick == CUT:
                act(room)
            room.run(tick, tick / 50)
            parts.append(room.delayed.mix.total.astype(np.int16))
        return np.concatenate(parts)

    return sing


def above_5_khz(sound: Sound, at: int) -> float:
    """dBFS above 5 kHz in the 20 ms around a sample."""
    spectrum = np.fft.rfft(np.concatenate((np.zeros(RATE), sound.astype(float), np.zeros(RATE))))
    spectrum[: int(5_000 * (len(sound) + 2 * RATE) / RATE)] = 0
    high: npt.NDArray[np.float64] = np.fft.irfft(spectrum)[RATE:]
    around = high[max(0, at - RATE // 100) : at + RATE // 100]
    return float(20 * np.log10(np.sqrt(np.mean(around**2)) / 32_768 + 1e-9))


def without_its_ends(sound: Sound) -> Sound:
    """The sound with its own beginning and end taken away slowly, so that they do not count."""
    fade = np.minimum(1, np.minimum(np.arange(len(sound)), np.arange(len(sound))[::-1]) / 4_800)
    faded: Sound = np.rint(sound * (1 - np.cos(np.pi * fade)) / 2).astype(np.int16)
    return faded


ACTS: dict[str, Callable[[Room], object]] = {
    "shut": lambda room: room.lanes[1].set_open(False),
    "close": lambda room: room.close_lane(1),
    "redact": lambda room: room.redact("r", Stretch(1, CUT, CUT + 5)),
}


@pytest.mark.parametrize("name", ACTS)
def test_the_end_of_a_lane_is_not_heard_as_a_click(name: str, singing: Callable[..., Sound]) -> None:
    heard = singing(ACTS[name])
    assert np.abs(heard[(CUT - 1) * FRAME : CUT * FRAME]).max() > LOUD / 2, "it sang until then"
    assert not heard[CUT * FRAME + RAMP : (CUT + 1) * FRAME].any(), "and ended within 5 ms"
    assert above_5_khz(without_its_ends(heard), CUT * FRAME) <= BAR


def test_a_lane_that_opens_in_the_middle_of_a_tone(singing: Callable[..., Sound]) -> None:
    heard = singing(lambda room: room.lanes[1].set_open(True), heard=False)
    assert not heard[: CUT * FRAME].any()
    assert np.abs(heard[CUT * FRAME : (CUT + 2) * FRAME]).max() > LOUD / 2
    assert above_5_khz(without_its_ends(heard), CUT * FRAME) <= BAR


def test_both_ends_of_a_redaction_in_a_delayed_audience(singing: Callable[..., Sound]) -> None:
    heard = without_its_ends(singing(lambda room: room.redact("r", Stretch(1, CUT, CUT + 4)), delay=10))
    first, last = (CUT + 10) * FRAME, (CUT + 15) * FRAME
    assert not heard[first:last].any()
    for at in (first, last):
        assert above_5_khz(heard, at) <= BAR


def test_talk_that_begins_and_ends(singing: Callable[..., Sound], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Singer, "begins", CUT)
    heard = singing(lambda _: None)
    assert above_5_khz(without_its_ends(heard), CUT * FRAME) <= BAR


def test_a_lane_that_is_shut_and_opened_between_two_ticks_goes_on(singing: Callable[..., Sound]) -> None:
    def blink(room: Room) -> None:
        room.lanes[1].set_open(False)
        room.lanes[1].set_open(True)

    heard = without_its_ends(singing(blink))
    assert all(above_5_khz(heard, tick * FRAME) <= BAR for tick in (CUT, CUT + 1))
    assert np.abs(heard[(CUT + 3) * FRAME : (CUT + 4) * FRAME]).max() > LOUD / 4


def test_those_on_stage_hear_no_click_either(singing: Callable[..., Sound], monkeypatch: pytest.MonkeyPatch) -> None:
    live: list[Sound] = []
    encode = Room._encode

    def note(room: Room, stamp: int) -> Any:
        live.append(room._live.total.astype(np.int16))
        return encode(room, stamp)

    monkeypatch.setattr(Room, "_encode", note)
    singing(ACTS["close"])
    assert above_5_khz(without_its_ends(np.concatenate(live)), CUT * FRAME) <= BAR


def test_what_is_cut_short_is_silent_after_5_ms() -> None:
    cut = cut_short(np.full(FRAME, 1000, np.int16))
    assert cut[[0, RAMP - 1]].tolist() == [1000, 0]
    assert not cut[RAMP:].any()


def test_a_room_is_not_idle_before_its_last_lane_has_faded(singing: Callable[..., Sound]) -> None:
    """Otherwise the end of it would be heard by who comes an hour later."""
    idle: list[bool] = []

    def close(room: Room) -> None:
        room.close_lane(1)
        idle.append(room.is_idle)
        room.run(CUT, CUT / 50)
        idle.append(room.is_idle)

    singing(close)
    assert idle == [False, True]
