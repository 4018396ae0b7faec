"""`bench loss`: the sound quality of a voice sent over a bad network, through our server and through others.

A speaker sends through a relay that loses and delays packets to the server, and one listener records what it receives. Every server gets
the same losses, in each of several rounds with other losses. The score is the wide-band PESQ of the recording (1 is bad, 4.6 is unchanged).
"""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable, Sequence
from contextlib import AsyncExitStack
from dataclasses import dataclass, replace
from statistics import fmean
from typing import Final

import numpy as np

from bots import casts
from spacesctl.audio.ogg import read_packets
from spacesctl.audio.opus import FRAME, RATE, Decoder, Encoder, Pcm
from spacesctl.bench.bridges import BRIDGES
from spacesctl.bench.janus import why_no_janus
from spacesctl.bench.loss_score import Line, Score, lead_and, score
from spacesctl.bench.report import Report
from spacesctl.bench.report import machine as machine_line
from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.domain.errors import Refused
from spacesctl.probe import description, machine, quality
from spacesctl.probe.impair import Impairment, Relay
from spacesctl.probe.machine import Machine
from spacesctl.probe.rtc_peer import RtcPeer
from spacesctl.rtc.dtls import Identity

NETWORKS: Final[dict[str, Impairment]] = {
    "clean": Impairment(),
    "0 %": Impairment(jitter=0.03),
    "1 %": Impairment(loss=0.01, jitter=0.03),
    "5 %": Impairment(loss=0.05, jitter=0.03),
    "10 %": Impairment(loss=0.10, jitter=0.03),
    "20 %": Impairment(loss=0.20, jitter=0.03),
    "5 % in bursts of 3": Impairment(loss=0.05, burst=3, jitter=0.03),
    "10 % in bursts of 3": Impairment(loss=0.10, burst=3, jitter=0.03),
    "5 % Gilbert-Elliott": Impairment(loss=0.05, burst=10, in_bad=0.5, jitter=0.03),
    "10 % Gilbert-Elliott": Impairment(loss=0.10, burst=10, in_bad=0.5, jitter=0.03),
}
"""The networks by name. All except `clean` have up to 30 ms of jitter. *Gilbert-Elliott*: bad for 200 ms on average, in which half of the
packets are lost."""
SEEDS: Final = (1, 2, 3, 4, 5)
"""The seeds of the rounds by default."""
SERVERS: Final = ("spacesctl", "spacesctl with NACK", "spacesctl with RED", "aiortc", "AudioBridge")
"""The servers that are compared by default."""
SCORED: Final = 8.0
"""Seconds of each voice that are scored."""
BITRATE: Final = 32_000
"""Bits per second of the speaker's packets."""


@dataclass(frozen=True)
class Loss:
    """The result. `skipped` tells why a server, by name, could not be measured."""

    scores: list[Score]
    skipped: dict[str, str]
    seeds: list[int]
    machine: Machine


async def measure(
    networks: Sequence[str] = tuple(NETWORKS),
    servers: Sequence[str] = SERVERS,
    voices: Sequence[Pcm] | None = None,
    seeds: Sequence[int] = SEEDS,
    note: Callable[[str], None] = lambda _: None,
) -> Loss:
    """Score each server over each network. `voices` are `int16[n]` at 48 kHz, by default the demo's; `seeds` fix the losses
    of each round.

    Raises Refused without the package `pesq`. A server that cannot run here is left out, and named in `skipped`.
    """
    why = await asyncio.to_thread(quality.why_no_pesq)
    if why is not None:
        raise Refused("no_pesq", why)
    reason = await asyncio.to_thread(why_no_janus) if "AudioBridge" in servers else None
    skipped = {"AudioBridge": reason} if reason else {}
    here = [one for one in servers if one not in skipped]
    said = list(voices) if voices is not None else await asyncio.to_thread(clips)
    scores = list[Score]()
    for name in networks:
        note(f"network: {name}")
        for seed in seeds:
            lines = await through(NETWORKS[name], here, lead_and(said), seed)
            scores += [await asyncio.to_thread(score, name, line, said, seed) for line in lines]
    return Loss(scores, skipped, list(seeds), await asyncio.to_thread(machine.described))


def report(result: Loss) -> Report:
    """A row for each network, a column for each server: the mean of all rounds, and the time to the listener in milliseconds."""
    names = list(dict.fromkeys(one.server for one in result.scores))
    rows = [
        {"network": network}
        | {
            name: _cell([one for one in result.scores if (one.network, one.server) == (network, name)])
            for name in names
        }
        for network in dict.fromkeys(one.network for one in result.scores)
    ]
    skipped = [f"without {name}: {why}" for name, why in result.skipped.items()]
    title = "Quality of a voice over networks with packet loss and up to 30 ms of jitter: wide-band PESQ, 1 to 4.6"
    title += f" (mean of {len(result.seeds)} rounds), and ms from the speaker's encoder to the listener's socket"
    return Report(
        title, {"lost": "network"} | {name: name for name in names}, rows, [*skipped, machine_line(result.machine)]
    )


def _cell(scores: Sequence[Score]) -> str:
    return f"{fmean(one.pesq for one in scores):.2f} ({fmean(one.delay_ms for one in scores):.0f} ms)"


async def through(network: Impairment, servers: Sequence[str], said: Pcm, seed: int) -> list[Line]:
    """Send sound (`int16[n]`, 48 kHz) in real time through all servers at the same time, over the same network."""
    async with AsyncExitStack() as stack:
        lines = [await connect(stack, server, network, seed) for server in servers]
        # Encode before anybody speaks: libopus blocks this process, which would delay packets in addition to the network.
        packets = {fec: encoded(said, network.loss if fec else 0.0) for fec in {line.up.fec for line in lines}}
        for line in lines:
            line.relay.begin()
        began = time.monotonic()
        await asyncio.gather(*(speak(line.up, packets[line.up.fec], began) for line in lines))
        await asyncio.sleep(1.0)
        return [replace(line, began=began) for line in lines]


async def connect(stack: AsyncExitStack, server: str, network: Impairment, seed: int) -> Line:
    """Start a server, and connect a speaker through a relay and a listener. All of it ends with `stack`."""
    identity = Identity()
    bridge = await stack.enter_async_context(BRIDGES[server.partition(" ")[0]]())
    up = await stack.enter_async_context(RtcPeer(identity, "sendonly", nack="NACK" in server, red="RED" in server))
    down = await stack.enter_async_context(RtcPeer(identity, "recvonly"))
    answer = await bridge.speak(up.offer())
    relay = await stack.enter_async_context(Relay(description.read(answer).address(), network, seed=seed))
    await up.call(answer, relay.address)
    await down.call(await bridge.listen(down.offer()))
    return Line(server, up, relay, down)


async def speak(peer: RtcPeer, packets: Sequence[bytes], began: float) -> None:
    """Send one packet every 20 ms, the first at `began` (monotonic seconds)."""
    for number, packet in enumerate(packets):
        await asyncio.sleep(max(0.0, began + number * TICK_SECONDS - time.monotonic()))
        peer.say(number, packet)


def encoded(pcm: Pcm, loss: float) -> list[bytes]:
    """Encode sound (`int16[n]`, 48 kHz) to packets of 20 ms, as a browser does after reports of this `loss` (a share): with FEC if there
    is any."""
    encoder = Encoder(bitrate=BITRATE, fec=loss > 0, expected_loss=round(loss * 100))
    return [encoder.encode(pcm[at : at + FRAME]) for at in range(0, len(pcm) - FRAME + 1, FRAME)]


def clips(seconds: float = SCORED) -> list[Pcm]:
    """The first `seconds` of two voices of the demo, each `int16[n]` at 48 kHz."""
    found = []
    for person in casts.load(casts.names()[0]).people[:2]:
        decoder = Decoder()
        pcm = np.concatenate([decoder.decode(packet) for packet in read_packets(person.clip.read_bytes())])
        loud = int(np.argmax(np.abs(pcm.astype(np.int32)) > 500))
        found.append(pcm[loud : loud + int(seconds * RATE)])
    return found
