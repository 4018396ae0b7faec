"""`bench mouth-to-ear`: the latency from a speaker to a listener, without the buffers of their own clients.

Chirps are sent over WHIP and found again, by correlation, in what WHEP delivers. The time at which a sample is spoken is when it would be
recorded, at most 20 ms before its packet is sent. The time at which it is heard is the arrival of its packet plus its position in the
packet. So the latency includes packetization, both codecs and everything in the server; the network is the loopback.
"""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import asdict, dataclass
from typing import Final

import numpy as np

from spacesctl.audio.opus import FRAME, RATE, Encoder, Pcm
from spacesctl.bench.bridges import BRIDGES, Bridge
from spacesctl.bench.janus import why_no_janus
from spacesctl.bench.report import Report
from spacesctl.bench.report import machine as machine_line
from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.probe import machine, quality
from spacesctl.probe.machine import Machine
from spacesctl.probe.rtc_peer import RtcPeer, decoded
from spacesctl.rtc.dtls import Identity

SERVERS: Final = ("spacesctl", "aiortc", "AudioBridge")
"""The servers that are compared by default."""
CHIRP: Final = int(0.06 * RATE)
"""Samples of a chirp: 60 ms."""
EVERY: Final = 50
"""Frames from one chirp to the next: a second, with silence between them."""
UNCOUNTED: Final = 4
"""Chirps at the beginning of each call that are not counted, until buffers have settled: 4 s."""
LATEST: Final = 0.5
"""Seconds within which a chirp must be heard; otherwise it counts as missed."""
LIKE: Final = 0.4
"""The correlation (0 to 1) from which a sound is recognised as the chirp."""


@dataclass(frozen=True)
class Delay:
    """The latency of one server: median, 95th percentile and worst in milliseconds, over `chirps` that were heard; `missed` were not."""

    server: str
    p50: float
    p95: float
    worst: float
    chirps: int
    missed: int


@dataclass(frozen=True)
class Latency:
    """The result. `skipped` tells why a server, by name, could not be measured."""

    delays: list[Delay]
    skipped: dict[str, str]
    calls: int
    seconds: float
    machine: Machine


async def measure(
    servers: Sequence[str] = SERVERS,
    calls: int = 5,
    seconds: float = 20.0,
    note: Callable[[str], None] = lambda _: None,
) -> Latency:
    """Measure the latency of each server over `calls` of `seconds` each. Calls begin at different offsets within a tick. A server that
    cannot run here is named in `skipped`."""
    reason = await asyncio.to_thread(why_no_janus) if "AudioBridge" in servers else None
    skipped = {"AudioBridge": reason} if reason else {}
    found = []
    for server in servers:
        if server not in skipped:
            note(server)
            found.append(await delays(server, calls, seconds))
    here = await asyncio.to_thread(machine.described)
    return Latency(found, skipped, calls, seconds, here)


def report(result: Latency) -> Report:
    """A row for each server, in milliseconds."""
    rows = [{name: str(value) for name, value in asdict(one).items()} for one in result.delays]
    columns = {"server": "server", "p50": "p50", "p95": "p95", "max": "worst", "chirps": "chirps", "missed": "missed"}
    skipped = [f"without {name}: {why}" for name, why in result.skipped.items()]
    title = "Latency from speaker to listener in milliseconds, without the clients' own buffers"
    return Report(title, columns, rows, [*skipped, machine_line(result.machine)])


async def delays(server: str, calls: int, seconds: float) -> Delay:
    """Measure one server, with one speaker and one listener in each call."""
    said, places = chirps(int(seconds * RATE))
    packets, heard = encoded(said), list[float | None]()
    async with BRIDGES[server]() as bridge:
        for call in range(calls):
            await asyncio.sleep(random.Random(call).random() * TICK_SECONDS)
            heard += await one_call(bridge, packets, said, places)
    known = np.array([one for one in heard if one is not None]) * 1000
    if not len(known):
        return Delay(server, 0.0, 0.0, 0.0, 0, len(heard))
    p50, p95 = np.percentile(known, (50, 95))
    missed = len(heard) - len(known)
    return Delay(server, round(float(p50), 1), round(float(p95), 1), round(float(known.max()), 1), len(known), missed)


async def one_call(bridge: Bridge, packets: Sequence[bytes], said: Pcm, places: Sequence[int]) -> list[float | None]:
    """The latency in seconds of each chirp that counts, None for one that was not heard. `said` is the sound (`int16[n]`, 48 kHz) of
    `packets`; `places` are the samples at which its chirps begin."""
    identity, moments = Identity(), list[float]()
    async with AsyncExitStack() as stack:
        up = await stack.enter_async_context(RtcPeer(identity, "sendonly"))
        down = await stack.enter_async_context(RtcPeer(identity, "recvonly"))
        await up.call(await bridge.speak(up.offer()))
        await down.call(await bridge.listen(down.offer()))
        began = time.monotonic()
        for number, packet in enumerate(packets):
            await asyncio.sleep(max(0.0, began + number * TICK_SECONDS - time.monotonic()))
            moments.append(time.monotonic())
            up.say(number, packet)
        await asyncio.sleep(LATEST)
    pcm, arrivals = decoded(down.heard)
    starts = [place for place, _ in arrivals]

    def heard_at(sample: int) -> float:
        place = max(0, int(np.searchsorted(starts, sample, "right")) - 1)
        return arrivals[place][1] + (sample - arrivals[place][0]) / RATE

    results = list[float | None]()
    for place in places[UNCOUNTED:]:
        spoken_at = moments[place // FRAME] - TICK_SECONDS + place % FRAME / RATE
        results.append(_heard_after(said[place : place + CHIRP], pcm, spoken_at, heard_at, starts))
    return results


def _heard_after(
    chirp: Pcm, pcm: Pcm, spoken_at: float, heard_at: Callable[[int], float], starts: Sequence[int]
) -> float | None:
    """Look for a chirp in what arrived within `LATEST` seconds after it was spoken. Returns its latency in seconds."""
    first = next((start for start in starts if heard_at(start) >= spoken_at), None)
    if first is None:
        return None
    window = quality.cut(pcm, first, int(LATEST * RATE))
    place = quality.lag(chirp, window)
    if quality.correlation(chirp, quality.cut(window, place, len(chirp))) < LIKE:
        return None
    return heard_at(first + place) - spoken_at


def chirps(samples: int) -> tuple[Pcm, list[int]]:
    """Silence (`int16[samples]`, 48 kHz) with a chirp (a rising tone) every second, each at another position in its frame. Returns the
    sound and the samples at which the chirps begin."""
    times = np.arange(CHIRP) / RATE
    tone = np.sin(2 * np.pi * (400 * times + 2600 / (CHIRP / RATE) * times**2 / 2)) * np.hanning(CHIRP)
    said, drawn = np.zeros(samples, np.int16), random.Random(1)
    places = [frame * FRAME + drawn.randrange(FRAME) for frame in range(5, samples // FRAME - EVERY, EVERY)]
    for place in places:
        said[place : place + CHIRP] = (tone * 12_000).astype(np.int16)
    return said, places


def encoded(pcm: Pcm) -> list[bytes]:
    """Encode sound (`int16[n]`, 48 kHz) to Opus packets of 20 ms, at a bit rate that does not distort the chirps."""
    encoder = Encoder(bitrate=48_000)
    return [encoder.encode(pcm[at : at + FRAME]) for at in range(0, len(pcm) - FRAME + 1, FRAME)]
