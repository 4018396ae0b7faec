"""What is said in `bench hearing`: talkers who pause between sentences, spoken by espeak-ng in a language that the model has."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from bots.clips.espeak import Voice
from bots.clips.make import CASTS
from spacesctl.audio.activity import Activity, Meter
from spacesctl.audio.opus import FRAME, Decoder, Encoder, Pcm
from spacesctl.bench.redaction_speech import BITRATE, HEARD_RATE, VOICES, Studio
from spacesctl.domain.clock import TICKS_PER_SECOND

PAUSES: Final = (0.1, 0.2, 0.3, 0.5, 1.0, 1.5)
"""Seconds between two sentences."""
KOREAN: Final = (
    "안녕하세요 여러분 오늘도 이 방에 와 주셔서 정말 고맙습니다",
    "오늘은 우리 동네에 새로 생긴 도서관 이야기를 해 볼까 합니다",
    "지난 주말에 친구들과 함께 바다에 가서 사진을 많이 찍었어요",
    "저는 아침마다 일찍 일어나서 공원에서 한 시간쯤 걷습니다",
    "요즘 날씨가 많이 추워졌으니까 따뜻하게 입고 다니세요",
    "그 영화는 처음에는 조금 지루했지만 끝이 아주 좋았습니다",
    "제 생각에는 우리가 먼저 시장에 가 보는 것이 좋겠습니다",
    "다음 질문은 처음 오신 분께 부탁드리고 싶습니다",
    "어제 저녁에 먹은 김치찌개가 정말 맛있었어요",
    "기차가 늦게 도착해서 회의 시간을 오후로 바꾸었습니다",
    "음악을 배우려면 매일 조금씩 연습하는 것이 중요합니다",
    "잘 들리시나요 들리시면 손을 한번 들어 주세요",
    "우리 학교에는 학생이 오백 명쯤 있고 선생님은 서른 분입니다",
    "컴퓨터가 갑자기 꺼져서 처음부터 다시 써야 했습니다",
    "할머니께서는 시골에서 작은 밭을 가꾸고 계십니다",
    "이 문제는 어렵지만 함께 생각하면 답을 찾을 수 있습니다",
)
"""Sentences of everyday talk."""
KOREAN_VOICES: Final = tuple(
    Voice(name, wpm, pitch)
    for name, wpm, pitch in (("ko", 150, 45), ("ko+f2", 160, 60), ("ko+m3", 140, 35), ("ko+f4", 165, 55))
)


@dataclass(frozen=True)
class Talk:
    """One voice. `frames` are (flags, Opus packet) of each tick, flagged as by the engine; `heard` is their sound (`int16[n]`, 16 kHz)."""

    frames: list[tuple[int, bytes]]
    heard: Pcm


def talks(count: int, seconds: float, *, korean: bool, seed: int = 1) -> list[Talk]:
    """So many voices that each talk for so long. Raises OSError without espeak-ng."""
    studio = Studio()
    return [_talk(studio, index, seconds, korean, random.Random(seed * 1000 + index)) for index in range(count)]


def _talk(studio: Studio, index: int, seconds: float, korean: bool, choice: random.Random) -> Talk:
    voices, sentences = (KOREAN_VOICES, KOREAN) if korean else (VOICES, _english())
    voice, packets = voices[index % len(voices)], list[bytes]()
    while len(packets) < seconds * TICKS_PER_SECOND:
        packets += studio.say(choice.choice(sentences), voice)[0]
        packets += _silence(choice.choice(PAUSES))
    return _flagged(packets)


def _english() -> Sequence[str]:
    return [sentence for _, people in CASTS.values() for person in people for sentence in person["sentences"]]


def _silence(seconds: float) -> Iterator[bytes]:
    encoder = Encoder(bitrate=BITRATE)
    for _ in range(round(seconds * TICKS_PER_SECOND)):
        yield encoder.encode(np.zeros(FRAME, np.int16))


def _flagged(packets: Sequence[bytes]) -> Talk:
    decoder, meter, activity = Decoder(HEARD_RATE), Meter(), Activity()
    sounds = [decoder.decode(packet) for packet in packets]
    flags = [int(activity.update(meter.level(sound))) for sound in sounds]
    return Talk(list(zip(flags, packets, strict=True)), np.concatenate(sounds))
