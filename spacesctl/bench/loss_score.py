"""The quality and the delay of a voice that one listener received over a bad network."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from statistics import fmean
from typing import Final

import numpy as np

from spacesctl.audio.opus import RATE, Pcm
from spacesctl.probe import quality
from spacesctl.probe.impair import Relay
from spacesctl.probe.rtc_peer import RtcPeer, decoded

LEAD: Final = 3.0
"""Seconds of talk before the scored part, in which a jitter buffer can learn the network."""


@dataclass(frozen=True)
class Score:
    """The quality of one server over one network in the round `seed`: mean PESQ and the `worst` of a voice. `lost` is the share of packets
    that the relay dropped; `resent` is how many packets were sent again; `fec` whether the speaker sent FEC; `delay_ms` the time from the
    speaker's encoder to the listener's socket, in milliseconds."""

    network: str
    server: str
    seed: int
    pesq: float
    worst: float
    lost: float
    resent: int
    fec: bool
    delay_ms: float


@dataclass(frozen=True)
class Line:
    """A call: the speaker `up` sends through `relay` and a server to the listener `down`, from `began` (monotonic seconds) on."""

    server: str
    up: RtcPeer
    relay: Relay
    down: RtcPeer
    began: float = 0.0


def lead_and(voices: Sequence[Pcm]) -> Pcm:
    """The sound to send (`int16[n]`, 48 kHz): the lead, taken from the first voice, and then all voices."""
    return np.concatenate((voices[0][: int(LEAD * RATE)], *voices))


def score(name: str, line: Line, voices: Sequence[Pcm], seed: int = 1) -> Score:
    """Score what one line received in the round `seed`, without the lead. `name` is the network's."""
    heard, moments = decoded(line.down.heard)
    begin = quality.lag(np.concatenate(voices), heard)
    results, delays, said = [], list[float](), len(lead_and(voices)) - sum(map(len, voices))
    for voice in voices:
        place = begin + quality.lag(voice, quality.cut(heard, begin - RATE // 2, len(voice) + RATE)) - RATE // 2
        results.append(quality.pesq(voice, quality.cut(heard, place, len(voice))))
        delays.append(arrived(moments, place) - (line.began + said / RATE))
        begin += len(voice)
        said += len(voice)
    share = line.relay.lost / max(1, line.relay.lost + line.relay.passed)
    mean = round(sum(results) / len(results), 3)
    delay = round(fmean(delays) * 1000, 1)
    return Score(
        name, line.server, seed, mean, round(min(results), 3), round(share, 4), line.up.resent, line.up.fec, delay
    )


def arrived(moments: Sequence[tuple[int, float]], sample: int) -> float:
    """When a sample came, in monotonic seconds: as long after its packet as it is inside it."""
    first, moment = max((one for one in moments if one[0] <= sample), default=moments[0])
    return moment + (sample - first) / RATE
