"""One Space: who hears what, at which tick."""

from __future__ import annotations

import weakref
from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any

import numpy as np
import pytest

from spacesctl.audio.opus import FRAME, Decoder, Encoder
from spacesctl.audio.redactions import Stretch
from spacesctl.engine.clock import SpaceClock, timestamp
from spacesctl.engine.messages import FLAG_ACTIVE, Frames, OpenSpace, Output
from spacesctl.engine.metrics import Metrics
from spacesctl.engine.mixing.mix_encoder import MixEncoder
from spacesctl.engine.mixing.room import Room
from spacesctl.engine.seam import Frame
from spacesctl.engine.transport.ports import Ports
from tests.listening import Sound, likeness, loudness, voice
from tests.typed import sure

SECONDS = 3
VOICES = {lane: voice(lane, SECONDS) for lane in (1, 2, 3)}


def encoded(pcm: Sound) -> list[bytes]:
    encoder = Encoder()
    return [encoder.encode(frame) for frame in pcm.reshape(-1, FRAME)]


PACKETS = {lane: encoded(said) for lane, said in VOICES.items()}


class Ear:
    """A sink that decodes what it is sent, and goes on by itself through silence that is not sent, as receivers do."""

    def __init__(self) -> None:
        self.loss = 0
        self.decoder = Decoder()
        self.parts: list[Sound] = []
        self.stamps: list[int] = []

    def losses(self) -> Iterator[int]:
        yield self.loss

    def send(self, frame: Frame, now: float) -> None:
        if frame.withheld:
            return
        payload, stamp = frame.payload, frame.timestamp
        self.wait_until(stamp)
        self.parts.append(self.decoder.decode(payload))
        self.stamps.append(stamp)

    def wait_until(self, stamp: int) -> None:
        """Up to a moment of RTP time nothing came: at a skipped tick, or in DTX."""
        for _ in range((stamp - self.stamps[0]) // FRAME - len(self.parts) if self.stamps else 0):
            self.parts.append(self.decoder.conceal())

    def heard(self, first: int = 0, last: int | None = None) -> Sound:
        return np.concatenate(self.parts[first:last])


def room_of(delay: int = 0, lanes: Iterable[int] = VOICES) -> Room:
    nowhere: Any = None  # nothing is sent by a socket
    room = Room(OpenSpace("space", 0.0, 0, 7, delay), SpaceClock(1000), Metrics(), Ports(nowhere, nowhere))
    for lane in lanes:
        room.open_lane(lane, True)
    return room


def run(
    room: Room, ticks: int = SECONDS * 50, first: int = 0, at: Mapping[int, Callable[[], object]] | None = None
) -> list[Frames | None]:
    """Tick with everybody talking; `at` is {tick: action}."""
    frames = []
    for number in range(first, first + ticks):
        if at and number in at:
            at[number]()
        for lane in room.lanes:
            if number < len(PACKETS.get(lane, ())):
                room.lanes[lane].push(number & 0xFFFF, number * FRAME, PACKETS[lane][number], None, 0.0)
        frames.append(room.run(number, 0.0))
    for ear in EARS.get(room, ()):
        ear.wait_until(timestamp(room.clock.tick(first + ticks)))
    return frames


EARS: weakref.WeakKeyDictionary[Room, list[Ear]] = weakref.WeakKeyDictionary()


def listening(room: Room, *groups: int) -> list[Ear]:
    ears = []
    for number, group in enumerate(groups):
        ears.append(Ear())
        room.attach(f"{group}-{number}", group, ears[-1])
    EARS[room] = ears
    return ears


def test_each_group_hears_its_mix() -> None:
    room = room_of()
    audience, stage, *own = listening(room, Output.AUDIENCE, Output.STAGE, 1, 2, 3)
    run(room)
    for ear in (audience, stage):
        assert all(likeness(ear.heard(), said) > 0.33 for said in VOICES.values())
    for lane, ear in zip((1, 2, 3), own, strict=True):
        assert likeness(ear.heard(), VOICES[lane]) < 0.2
        assert all(likeness(ear.heard(), VOICES[other]) > 0.45 for other in VOICES if other != lane)


def test_rtp_time_is_the_spaces_tick() -> None:
    room = room_of()
    (ear,) = listening(room, Output.AUDIENCE)
    run(room, 5)
    run(room, 5, first=8)
    assert ear.stamps == [timestamp(1000 + number) for number in (*range(5), *range(8, 13))]


def test_frames_carry_the_packets_as_received() -> None:
    room = room_of(lanes=(1,))
    frames = run(room, 50)
    told = [(one.tick, *one.lanes[0]) for one in frames if one]
    assert told[0][:2] == (1002, 1)
    assert [payload for _, _, _, payload in told] == PACKETS[1][:48]
    assert all(flags == FLAG_ACTIVE for _, _, flags, _ in told[3:])


def test_a_shut_lane_is_in_no_mix_no_tap_and_no_frame_from_the_next_tick() -> None:
    room = room_of(lanes=(1,))
    (ear,) = listening(room, Output.AUDIENCE)
    room.tap([Output.AUDIENCE])
    frames = run(room, 100, at={60: lambda: room.lanes[1].set_open(False)})
    assert all(not sure(one).lanes for one in frames[60:])
    assert sure(frames[59]).lanes
    assert loudness(ear.heard(40, 60)) > 0.02
    assert loudness(ear.heard(62)) < 0.002


def test_a_shut_lane_that_opens_is_heard_again() -> None:
    room = room_of(lanes=(1,))
    (ear,) = listening(room, Output.AUDIENCE)
    run(room, 150, at={30: lambda: room.lanes[1].set_open(False), 60: lambda: room.lanes[1].set_open(True)})
    assert loudness(ear.heard(35, 60)) < 0.002
    assert likeness(ear.heard(65), VOICES[1][70 * FRAME : 140 * FRAME]) > 0.7


def test_the_audience_hears_later_and_the_stage_now() -> None:
    room = room_of(delay=50, lanes=(1,))
    audience, stage = listening(room, Output.AUDIENCE, Output.STAGE)
    run(room)
    assert loudness(audience.heard(0, 50)) < 0.001
    now, later = stage.heard(10, 60).astype(float), audience.heard(60, 110).astype(float)
    assert np.corrcoef(now, later)[0, 1] > 0.9


@pytest.mark.parametrize("delay", [0, 25])
def test_a_redaction_silences_its_ticks_for_the_audience(delay: int) -> None:
    room = room_of(delay, lanes=(1,))
    audience, own = listening(room, Output.AUDIENCE, 2)
    first, last = 1060, 1079
    run(room, at={55: lambda: room.redact("r", Stretch(1, first, last))})
    begin, end = first - 1000 + delay, last - 1000 + delay
    assert loudness(audience.heard(begin + 1, end)) < 0.002
    assert loudness(audience.heard(begin - 10, begin - 1)) > 0.02
    assert loudness(audience.heard(end + 2, end + 12)) > 0.02
    assert loudness(own.heard(61, 79)) > 0.02, "a redaction never silences the stage"


def test_the_tail_of_a_closed_lane_is_aired_and_then_forgotten() -> None:
    room = room_of(delay=50, lanes=(1,))
    audience, stage = listening(room, Output.AUDIENCE, Output.STAGE)
    run(room, 150, at={60: lambda: room.close_lane(1)})
    assert loudness(stage.heard(63)) < 0.002
    assert loudness(audience.heard(70, 109)) > 0.02
    assert loudness(audience.heard(112)) < 0.002
    assert room.delayed._lines == {}


def test_a_redaction_reaches_the_tail_of_a_closed_lane() -> None:
    room = room_of(delay=50, lanes=(1,))
    (audience,) = listening(room, Output.AUDIENCE)
    actions = {60: lambda: room.close_lane(1), 70: lambda: room.redact("r", Stretch(1, 0, 2000))}
    run(room, 130, at=actions)
    assert loudness(audience.heard(60, 69)) > 0.02
    assert loudness(audience.heard(72)) < 0.002


def test_the_own_mix_of_a_lane_that_is_not_open_is_the_stage() -> None:
    room = room_of(delay=10, lanes=(1,))
    (ear,) = listening(room, 9)
    run(room, 50)
    assert likeness(ear.heard(), VOICES[1][5 * FRAME : 40 * FRAME]) > 0.65
    assert set(room._encoders) == {Output.STAGE}


def test_at_no_delay_stage_and_audience_share_an_encoder() -> None:
    room = room_of()
    one, two = listening(room, Output.AUDIENCE, Output.STAGE)
    run(room, 20)
    assert len(set(room._encoders._coders.values())) == 1
    assert (one.heard() == two.heard()).all()


def test_a_listener_that_moves_keeps_its_time_and_hears_the_other_mix() -> None:
    room = room_of()
    (ear,) = listening(room, Output.AUDIENCE)
    run(room, 150, at={75: lambda: room.attach("0-0", 1, ear)})
    assert len(ear.parts) == 150
    assert likeness(ear.heard(0, 75), VOICES[1][: 70 * FRAME]) > 0.4
    assert likeness(ear.heard(78), VOICES[1][80 * FRAME :]) < 0.2


def test_taps_get_the_same_packets_and_only_what_is_asked_for_is_encoded() -> None:
    room = room_of()
    room.tap([Output.AUDIENCE, 2, Output.STAGE])
    frames = run(room, 10)
    assert [group for group, _ in sure(frames[-1]).mixes] == [Output.AUDIENCE, 2, Output.STAGE]
    assert sure(frames[-1]).mixes[0][1] == sure(frames[-1]).mixes[2][1]
    coders = room._encoders._coders
    assert (set(coders), len(set(coders.values()))) == ({Output.AUDIENCE, Output.STAGE, 2}, 2)
    room.tap([])
    assert sure(run(room, 5, first=10)[-1]).mixes == []


def test_a_room_is_idle_without_lanes_listeners_and_taps() -> None:
    room = room_of(lanes=())
    assert room.is_idle
    room.tap([Output.AUDIENCE])
    assert not room.is_idle
    room.tap([])  # type: ignore[unreachable]  # it takes the property for a constant
    listening(room, Output.AUDIENCE)
    assert not room.is_idle
    room.leave("0-0")
    room.open_lane(1, True)
    assert not room.is_idle
    room.close()
    assert room.is_idle


def test_listeners_are_sent_little_while_nobody_talks() -> None:
    room = room_of(lanes=())
    (ear,) = listening(room, Output.AUDIENCE)
    for number in range(1000):
        assert room.run(number, 0.0) is None
    assert 50 <= len(ear.stamps) <= 80
    assert max(np.diff(ear.stamps)) <= 20 * FRAME
    assert loudness(ear.heard()) < 0.001


def test_a_voice_after_a_long_silence_is_heard_from_its_first_frame() -> None:
    room = room_of(lanes=())
    (ear,) = listening(room, Output.AUDIENCE)
    run(room, 500)
    room.open_lane(1, True)
    for number in range(500, 600):
        room.lanes[1].push(number, number * FRAME, PACKETS[1][number - 500], None, 0.0)
        room.run(number, 0.0)
    assert ear.stamps[-90:] == [timestamp(1000 + number) for number in range(510, 600)]
    assert likeness(ear.heard(503), VOICES[1][: 95 * FRAME]) > 0.6


def test_nothing_is_encoded_while_nobody_talks(monkeypatch: pytest.MonkeyPatch) -> None:
    room = room_of(lanes=())
    listening(room, Output.AUDIENCE)
    run(room, 200)
    calls = []
    encode = Encoder.encode

    def counted(self: Encoder, pcm: Sound) -> bytes:
        calls.append(1)
        return encode(self, pcm)

    monkeypatch.setattr(Encoder, "encode", counted)
    run(room, 400, first=200)
    assert 20 <= len(calls) <= 45


def test_a_tap_gets_every_tick_through_silence() -> None:
    room = room_of(lanes=())
    room.tap([Output.AUDIENCE])
    frames = run(room, 200)
    assert [sure(one).tick for one in frames] == [1000 + number for number in range(200)]
    decoder = Decoder()
    assert loudness(np.concatenate([decoder.decode(sure(one).mixes[0][1]) for one in frames])) < 0.001


def test_levels_tell_who_talks_and_nothing_of_who_is_shut() -> None:
    room = room_of(lanes=(1, 2))
    room.lanes[2].set_open(False)
    run(room, 25)
    levels = sure(room.levels(25))
    assert levels.tick == 1025
    (one, loud, active), two = levels.levels
    assert (one, active, two) == (1, True, (2, -127, False))
    assert -30 < loud < -5
    assert room_of(lanes=()).levels(1) is None


def test_levels_of_a_calm_stage_are_told_once() -> None:
    room = room_of(lanes=(1,))
    assert sure(room.levels(0)).levels == [(1, -127, False)]
    assert room.levels(13) is None
    run(room, 25)
    assert [sure(room.levels(25)).levels[0][2], sure(room.levels(38)).levels[0][2]] == [True, True]
    room.lanes[1].set_open(False)
    assert sure(room.levels(50)).levels == [(1, -127, False)]
    assert room.levels(63) is None


def test_ten_loud_voices_reach_a_listener_whole() -> None:
    said = {lane: voice(100 + lane, 2, peak=30_000) for lane in range(1, 11)}
    packets = {lane: encoded(one) for lane, one in said.items()}
    room = room_of(lanes=said)
    (ear,) = listening(room, Output.AUDIENCE)
    for number in range(100):
        for lane, lane_room in room.lanes.items():
            lane_room.push(number, number * FRAME, packets[lane][number], None, 0.0)
        room.run(number, 0.0)
    assert all(likeness(ear.heard(), one) > 0.2 for one in said.values())
    assert np.mean(np.abs(ear.heard().astype(int)) >= 32_767) < 0.001  # what the codec itself overshoots


@pytest.fixture
def told(monkeypatch: pytest.MonkeyPatch) -> list[int]:
    """How many voices there were in each mix that was encoded."""
    told, encode = [], MixEncoder.encode

    def telling(self: MixEncoder, mixed: Sound, voices: int, *rest: int) -> Frame:
        told.append(voices)
        return encode(self, mixed, voices, *rest)

    monkeypatch.setattr(MixEncoder, "encode", telling)
    return told


@pytest.mark.parametrize("delay", [0, 5])
def test_each_coder_knows_how_many_voices_it_has(told: list[int], delay: int) -> None:
    room = room_of(delay)
    listening(room, Output.AUDIENCE, Output.STAGE, 1)
    run(room, 30)
    assert told[-3:] == [3, 3, 2] if delay else told[-2:] == [3, 2]


@pytest.mark.parametrize(("delay", "voices"), [(0, [2, 2, 2, 3]), (5, [2, 2, 2, 3, 3])])
def test_microphones_that_say_nothing_share_an_encoder(told: list[int], delay: int, voices: list[int]) -> None:
    room = room_of(delay, lanes=range(1, 11))
    listening(room, Output.AUDIENCE, *range(1, 11))
    run(room, 60)
    assert sorted(told[-len(voices) :]) == voices
    assert len(told) <= 60 * len(voices)


def test_the_audience_is_encoded_as_well_as_ever_when_own_mixes_are_not(monkeypatch: pytest.MonkeyPatch) -> None:
    levels, encode = {}, MixEncoder.encode

    def telling(self: MixEncoder, mixed: Sound, voices: int, stamp: int, level: int) -> Frame:
        levels[self] = level
        return encode(self, mixed, voices, stamp, level)

    monkeypatch.setattr(MixEncoder, "encode", telling)
    room = room_of()
    listening(room, Output.AUDIENCE, 1, 2, 9)
    room._complexity.level = 2
    run(room, 30)
    assert sorted(levels.values()) == [0, 3, 3]
    assert levels[room._encoders._coders[Output.AUDIENCE]] == 0


def test_a_redaction_at_no_delay_silences_nothing_for_who_has_a_microphone() -> None:
    room = room_of(lanes=(1, 9))
    audience, own = listening(room, Output.AUDIENCE, 9)
    run(room, 100, at={40: lambda: room.redact("r", Stretch(1, 1050, 1070))})
    assert loudness(audience.heard(52, 70)) < 0.002
    assert loudness(own.heard(52, 70)) > 0.02
    assert (audience.parts[45] == own.parts[45]).all()


def test_encoders_prepare_for_what_listeners_lose(monkeypatch: pytest.MonkeyPatch) -> None:
    told = []
    monkeypatch.setattr(Encoder, "expect_loss", lambda self, percent: told.append(percent))
    room = room_of()
    ears = listening(room, Output.AUDIENCE, Output.AUDIENCE, Output.AUDIENCE)
    run(room, 5)
    for ear in ears:
        ear.loss = 50
    room.adapt_to_losses()
    run(room, 1, first=5)
    assert told == [20], "one encoder for all of them, and never told to expect more than a fifth"
    ears[0].loss = ears[1].loss = 3
    ears[2].loss = 12
    room.adapt_to_losses()
    run(room, 1, first=6)
    assert told[1:] == [12], "what the worst quarter loses"


def test_a_lane_that_fails_costs_itself_alone(monkeypatch: pytest.MonkeyPatch) -> None:
    room = room_of(lanes=(1, 2))
    heard: list[int] = []

    def broken(tick: int, now: float) -> Any:
        raise ValueError("a bug")

    monkeypatch.setattr(room.lanes[1], "take", broken)
    take = room.lanes[2].take

    def noted(tick: int, now: float) -> Any:
        heard.append(tick)
        return take(tick, now)

    monkeypatch.setattr(room.lanes[2], "take", noted)
    for number in range(3):
        room.run(number, number / 50)
    assert len(heard) == 3
    assert room._metrics.counters["lane_ticks_failed"] == 3
