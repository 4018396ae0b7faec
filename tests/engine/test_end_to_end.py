"""Voices through a real engine process, heard by aiortc; and peers that come, move, misbehave and go."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import numpy as np
import pytest

from spacesctl.audio.opus import FRAME, Decoder, Encoder
from spacesctl.engine.messages import (
    FLAG_ACTIVE,
    CloseLane,
    CloseSpace,
    MovePeer,
    OpenLane,
    Output,
    PeerJoined,
    RemovePeer,
    SetLaneOpen,
    SubscribeOutputs,
    Uplink,
)
from spacesctl.engine.process import EngineProcess
from tests.engine.caller import Caller
from tests.engine.studio import SPACE, Frames, Levels, PeerLeft, Studio, run, studio
from tests.listening import Sound, likeness, loudness, voice

THREE = (11, 12, 13)
VOICES = {lane: voice(lane, 4.0) for lane in THREE}


def packets(pcm: Sound) -> list[bytes]:
    encoder = Encoder()
    return [encoder.encode(frame) for frame in pcm.reshape(-1, FRAME)]


SAID = packets(VOICES[11])


def test_everybody_hears_every_voice_and_nobody_their_own() -> None:
    async def body() -> None:
        async with studio() as space:
            for lane in THREE:
                await space.engine.send(OpenLane(SPACE, lane, heard=True))
            await asyncio.gather(*(space.speaker(lane, VOICES[lane]) for lane in THREE))
            crowd = await asyncio.gather(*(space.listener(f"listener-{number}") for number in range(3)))
            own = await asyncio.gather(*(space.listener(f"own-{lane}", group=lane) for lane in THREE))
            await asyncio.sleep(4.5)
            for one in (*crowd, *own):
                assert await one.packets_lost() == 0
            for one in crowd:
                assert all(likeness(one.heard(), VOICES[lane]) > 0.35 for lane in THREE)
            for lane, one in zip(THREE, own, strict=True):
                assert likeness(one.heard(), VOICES[lane]) < 0.2
                assert all(likeness(one.heard(), VOICES[other]) > 0.4 for other in set(THREE) - {lane})
            ticks = [message.tick for message in space.of(Frames)]
            assert ticks == sorted(set(ticks))
            assert any(flags & FLAG_ACTIVE for message in space.of(Frames) for _, flags, _ in message.lanes)
            loud = [one for message in space.of(Levels) for one in message.levels if one[2]]
            assert {lane for lane, _, _ in loud} == set(THREE)
            counters = (await space.stats()).counters
            assert counters["packets_dropped"] == 0
            assert counters["packets_out_dropped"] == 0

    run(body)


@contextlib.asynccontextmanager
async def talking(space: Studio, lane: int = 11) -> AsyncIterator[None]:
    """A program speaks over its lane, 20 ms at a time, while the block runs."""
    loop = asyncio.get_running_loop()
    await space.engine.send(OpenLane(SPACE, lane, heard=True))

    async def talk() -> None:
        began = loop.time()
        for counter in range(100_000):
            await asyncio.sleep(max(0.0, began + counter * 0.02 - loop.time()))
            await space.engine.send(Uplink(SPACE, lane, counter, SAID[counter % len(SAID)]))

    task = asyncio.create_task(talk())
    try:
        await space.until(Frames, lambda frames: bool(frames.lanes))
        yield
    finally:
        task.cancel()


@pytest.mark.parametrize("message", [SetLaneOpen(SPACE, 11, heard=False), CloseLane(SPACE, 11)], ids=["gate", "close"])
def test_a_microphone_is_shut_within_100_ms_of_the_engines_clock(message: SetLaneOpen | CloseLane) -> None:
    async def body() -> None:
        async with studio() as space, talking(space):
            await space.engine.send(SubscribeOutputs(SPACE, [Output.AUDIENCE]))
            await space.next(Frames, lambda frames: bool(frames.mixes))
            await asyncio.sleep(0.5)
            now = space.of(Frames)[-1].tick
            await space.engine.send(message)
            await space.next(Frames, lambda frames: frames.tick >= now + 40)
            last = max((frames.tick for frames in space.of(Frames) if frames.lanes), default=now)
            assert last <= now + 5
            decoder = Decoder()
            later = [decoder.decode(frames.mixes[0][1]) for frames in space.of(Frames) if frames.tick > now + 10]
            assert loudness(np.concatenate(later)) < 0.002

    run(body)


@pytest.mark.slow
def test_a_program_speaks_by_uplink_and_a_tap_hears_it() -> None:
    async def body() -> None:
        async with studio() as space, talking(space):
            await space.engine.send(SubscribeOutputs(SPACE, [Output.AUDIENCE, 11]))
            await asyncio.sleep(3)
            tapped = [dict(frames.mixes) for frames in space.of(Frames) if frames.mixes]
            ear, own = Decoder(), Decoder()
            heard = np.concatenate([ear.decode(mixes[Output.AUDIENCE]) for mixes in tapped])
            assert likeness(heard, VOICES[11][: 2 * 48_000]) > 0.6
            assert loudness(np.concatenate([own.decode(mixes[11]) for mixes in tapped])) < 0.001
            raw = [payload for frames in space.of(Frames) for _, _, payload in frames.lanes]
            assert set(raw) - {b""} <= set(SAID)

    run(body)


@pytest.mark.slow
def test_a_listener_that_is_moved_hears_the_other_group() -> None:
    async def body() -> None:
        async with studio() as space, talking(space):
            listener = await space.listener("one", group=11)
            await asyncio.sleep(1)
            assert loudness(listener.heard()) < 0.002
            await space.engine.send(MovePeer("one", Output.STAGE))
            await asyncio.sleep(0.3)
            listener.forget()
            await asyncio.sleep(1.5)
            assert loudness(listener.heard()) > 0.02
            assert await listener.packets_lost() == 0

    run(body)


@pytest.mark.parametrize("ptime_ms", [pytest.param(40, marks=pytest.mark.slow), 60])
def test_an_audience_with_long_packets_hears_the_same_and_the_stage_has_short_ones(ptime_ms: int) -> None:
    async def body() -> None:
        async with studio(ptime_ms=ptime_ms) as space, talking(space):
            audience, stage = await asyncio.gather(
                space.listener("audience"), space.listener("stage", group=Output.STAGE)
            )
            await asyncio.sleep(2.5)
            for one in (audience, stage):
                assert await one.packets_lost() == 0
                assert likeness(one.heard(), VOICES[11][48_000 : 2 * 48_000]) > 0.5
            long, short = await audience.packets_received(), await stage.packets_received()
            assert 0.8 < short / long / (ptime_ms / 20) < 1.25

    run(body)


def test_peers_that_go_are_told_with_their_reason() -> None:
    async def body() -> None:
        async with studio() as space:
            one, two, three = await asyncio.gather(*(space.listener(name) for name in ("one", "two", "three")))
            await one.close()
            await space.until(PeerLeft, lambda left: (left.peer, left.reason) == ("one", "closed"))
            await space.engine.send(RemovePeer("two"))
            await space.until(PeerLeft, lambda left: (left.peer, left.reason) == ("two", "closed"))
            await space.engine.send(CloseSpace(SPACE))
            await space.until(PeerLeft, lambda left: (left.peer, left.reason) == ("three", "ended"))
            async with asyncio.timeout(5):
                while {two.state, three.state} != {"closed"}:
                    await asyncio.sleep(0.05)

    run(body)


async def join(space: Studio, caller: Caller) -> Caller:
    ready = space.engine.ready
    await space.engine.send(caller.added())
    await caller.call((ready.host, ready.port), ready.fingerprint)
    await space.until(PeerJoined, lambda joined: joined.peer == caller.name)
    return caller


def test_a_listener_that_changes_its_network_hears_on() -> None:
    async def body() -> None:
        async with studio() as space, talking(space):
            caller = await join(space, Caller("p", SPACE))
            await asyncio.sleep(0.2)
            await caller.move((space.engine.ready.host, space.engine.ready.port))
            before = caller.count
            async with asyncio.timeout(5):
                while caller.count <= before + 10:
                    await asyncio.sleep(0.02)
            caller.hang_up()

    run(body)


def test_what_is_replayed_changed_or_from_strangers_is_dropped_and_counted() -> None:
    async def body() -> None:
        async with studio() as space:
            await space.engine.send(OpenLane(SPACE, 5, heard=True))
            caller = await join(space, Caller("p", SPACE, lane=5, up=True))
            for number in range(20):
                caller.say(number, SAID[number])
            for datagram in caller.sent[:10]:
                caller.send_raw(datagram)
            caller.send_raw(b"\x80\x6f" + bytes(60))
            caller.check(pwd="not-the-password-of-this")
            ready = space.engine.ready
            with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as stranger:
                stranger.sendto(caller.sent[0], (ready.host, ready.port))
                stranger.sendto(b"\x16\xfe\xfd" + bytes(50), (ready.host, ready.port))
                await asyncio.sleep(0.2)
                counters = (await space.stats()).counters
                stranger.setblocking(False)
                with pytest.raises(BlockingIOError):
                    stranger.recv(100)
            assert counters["dropped_replayed"] == 10
            assert counters["dropped_not_authentic"] == 1
            assert counters["dropped_unknown_source"] == 2
            assert counters["stun_unauthenticated"] == 1
            caller.hang_up()

    run(body)


def test_an_idle_space_is_not_ticked() -> None:
    async def body() -> None:
        async with studio() as space:
            await asyncio.sleep(0.3)
            assert [*space.of(Frames), *space.of(Levels)] == []
            assert (await space.stats()).counters["packets_out"] == 0

    run(body)


@pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")
def test_one_port_serves_ipv6_and_ipv4() -> None:
    async def body() -> None:
        async with EngineProcess(udp="[::]:0") as engine:
            space = Studio(engine)
            await space.open()
            for name, host in (("six", "::1"), ("four", "127.0.0.1")):
                caller = Caller(name, SPACE)
                await engine.send(caller.added())
                await caller.call((host, engine.ready.port), engine.ready.fingerprint)
                caller.hang_up()
            await space.close()

    run(body)


def test_control_on_uvloop_works_too() -> None:
    uvloop = pytest.importorskip("uvloop")

    async def body() -> None:
        async with studio() as space, talking(space):
            await space.next(Frames)

    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        runner.run(body())
