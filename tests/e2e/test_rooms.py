"""A whole room on a real server: who is heard by whom, and how fast a voice goes and comes."""

from __future__ import annotations

import asyncio
import statistics
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from tests.e2e.peers import LaneListener, LaneSpeaker, delete, packets_of, whep, whip
from tests.e2e.scene import WITHIN, Scene, run, scene, until
from tests.listening import RATE, Sound, likeness, loudness, voice
from tests.webrtc import ListenerPeer, own_address

PRESENT, ABSENT = 0.3, 0.2
"""Likeness of a voice that is one of three, and of one that is not there."""
LOUD, QUIET = 0.02, 0.002
"""Share of full scale."""
VOICES = {name: voice(seed, 1.5) for seed, name in enumerate(("ann", "ben", "cem"), 1)}
WINDOW = round(2.2 * RATE)
"""Samples: a voice of 1.5 s that is said again and again stands in it as a whole."""
needs_an_address = pytest.mark.skipif(
    own_address() == "127.0.0.1", reason="aiortc needs an address other than 127.0.0.1"
)


def heard_of(heard: Sound) -> dict[str, float]:
    """How much of each voice is in the last of what was heard."""
    assert len(heard) >= WINDOW
    return {name: round(likeness(heard[-WINDOW:], said), 2) for name, said in VOICES.items()}


def steady(seed: int) -> Sound:
    """A sound without a pause, as loud in every tick: what is not heard of it was shut out."""
    noise = np.convolve(np.random.default_rng(seed).normal(0, 1, RATE), np.ones(8) / 8, "same")
    return np.asarray(noise / np.abs(noise).max() * 12_000).astype(np.int16)


@needs_an_address
@pytest.mark.timeout(60)
@pytest.mark.interop("aiortc", "speaks", "listens")
def test_each_of_20_listeners_hears_all_three_speakers_and_no_speaker_hears_themselves(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, *VOICES) as room:
            await asyncio.gather(whip(room, "ann", VOICES["ann"]), whip(room, "ben", VOICES["ben"]))
            await room.stack.enter_async_context(LaneSpeaker(room, "cem", packets_of(VOICES["cem"])))
            own_web = dict(zip(("ann", "ben"), await asyncio.gather(whep(room, "ann"), whep(room, "ben")), strict=True))
            own_lane = await room.stack.enter_async_context(LaneListener(room, "cem"))
            web = await asyncio.gather(*(whep(room) for _ in range(6)))
            lanes = [await room.stack.enter_async_context(LaneListener(room)) for _ in range(14)]
            everybody: list[ListenerPeer | LaneListener] = [*web, *lanes]
            for ear in (*own_web.values(), own_lane, *everybody):
                ear.forget()
            await asyncio.sleep(3.5)
            heard = [ear.heard() for ear in everybody]
            mine = {**{name: one.heard() for name, one in own_web.items()}, "cem": own_lane.heard()}
            lost = [await one.packets_lost() for one in (*web, *own_web.values())]
            ticks = [set(one.packets) for one in lanes]
            gaps = [one.told for one in (*lanes, own_lane)]
            dropped = await room.metric("spacesctl_engine_packets_out_dropped_total")
            late = await room.metric("spacesctl_engine_frames_lost_total")
        for one in heard:
            assert all(share > PRESENT for share in heard_of(one).values()), heard_of(one)
        for name, one in mine.items():
            shares = heard_of(one)
            own = shares.pop(name)
            assert own < ABSENT, f"{name} hears themselves: {own}"
            assert all(share > PRESENT for share in shares.values()), shares
        assert lost == [0] * 8
        assert gaps == [[]] * 15
        assert dropped == 0
        first, last = max(map(min, ticks)), min(map(max, ticks))
        assert last - first > 140
        assert len({frozenset(t for t in one if first <= t <= last) for one in ticks}) == 1, "no tick came to some only"
        assert late <= 5, "a lane's own frames came in time"

    run(body)


class Ear:
    """A listener over lanes, and from which tick on what is to be heard."""

    def __init__(self, listener: LaneListener) -> None:
        self._listener = listener

    async def last_loud_after(self, tick: int) -> int:
        """The tick of the last sound in the half second after `tick`, in ticks after it. Sound before, silence behind."""
        levels = await self._levels(tick)
        before = [level for at, level in levels.items() if tick - 15 <= at <= tick]
        assert statistics.median(before) > LOUD, "they were heard before"
        assert max(level for at, level in levels.items() if at > tick + 15) < QUIET, "they are not heard afterwards"
        return max(at for at, level in levels.items() if level > QUIET) - tick

    async def first_loud_after(self, tick: int) -> int:
        """The same the other way: silence before, and when the sound begins."""
        levels = await self._levels(tick)
        assert max(level for at, level in levels.items() if at < tick) < QUIET
        return min(at for at, level in levels.items() if level > LOUD) - tick

    async def _levels(self, tick: int) -> dict[int, float]:
        await until(lambda: self._listener.last > tick + 25)
        return {at: loudness(pcm) for at, pcm in self._listener.by_tick().items() if tick - 15 <= at <= tick + 25}


async def event_of(room: Scene, kind: str, act: Callable[[], Any]) -> dict[str, Any]:
    """The event of this type that an act makes; its `tick` is the Space clock when the act was decided."""
    streaming = asyncio.Event()

    async def watch() -> dict[str, Any]:
        async for event in room.as_host.events(f"{room.place}/events", view="staff"):
            streaming.set()
            if event["type"] == kind:
                return event
        raise AssertionError("the stream ended")

    watching = asyncio.create_task(watch())
    await asyncio.wait_for(streaming.wait(), 5)
    await act()
    return await asyncio.wait_for(watching, 5)


async def speaks(room: Scene, handle: str, way: str) -> None:
    sound = steady(7)
    if way == "webrtc":
        await whip(room, handle, sound)
    else:
        await room.stack.enter_async_context(LaneSpeaker(room, handle, packets_of(sound)))


@pytest.mark.alone
@needs_an_address
@pytest.mark.timeout(40)
@pytest.mark.parametrize("way", ["webrtc", "lanes"])
def test_a_mute_shuts_the_gate_within_100_ms_and_the_person_opens_it_again_as_fast(tmp_path: Path, way: str) -> None:
    async def body() -> None:
        async with scene(tmp_path, "ann") as room:
            listener = await room.stack.enter_async_context(LaneListener(room))
            ear = Ear(listener)
            await speaks(room, "ann", way)
            shut, opened = [], []
            for _ in range(3):
                await asyncio.sleep(0.5)
                muted = await event_of(room, "person.muted", lambda: room.act("mute", "ann"))
                shut.append(await ear.last_loud_after(muted["tick"]))
                await room.act("unmute", "ann")
                await asyncio.sleep(0.5)
                listener_last = listener.last
                assert max(loudness(listener.by_tick()[at]) for at in range(listener_last - 10, listener_last)) < QUIET

                async def reopen() -> None:
                    await room.as_("ann").call("PUT", f"{room.place}/mic", {"open": True})

                mic = await event_of(room, "mic.changed", reopen)
                opened.append(await ear.first_loud_after(mic["tick"]))
            assert statistics.median(shut) <= WITHIN, shut
            assert statistics.median(opened) <= WITHIN, opened

    run(body)


@pytest.mark.alone
@pytest.mark.timeout(40)
@pytest.mark.parametrize(("what", "kind"), [("demote", "role.changed"), ("kick", "person.removed")])
def test_a_demotion_and_a_kick_shut_the_gate_within_100_ms(tmp_path: Path, what: str, kind: str) -> None:
    people = ("ann", "ben", "cem")

    async def body() -> None:
        async with scene(tmp_path, *people) as room:
            ear = Ear(await room.stack.enter_async_context(LaneListener(room)))
            shut = []
            for who in people:
                speaker = await room.stack.enter_async_context(LaneSpeaker(room, who, packets_of(steady(7))))
                await asyncio.sleep(0.6)
                told = await event_of(room, kind, partial(room.act, what, who))
                shut.append(await ear.last_loud_after(told["tick"]))
                assert speaker.ended == {"demote": "demoted", "kick": "kicked"}[what]
            assert statistics.median(shut) <= WITHIN, shut

    run(body)


@needs_an_address
@pytest.mark.timeout(40)
def test_a_second_whip_of_an_account_replaces_the_first(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, "ann") as room:
            listener = await room.stack.enter_async_context(LaneListener(room))
            first, _ = await whip(room, "ann", VOICES["ann"])
            await asyncio.sleep(2.5)
            before = heard_of(listener.heard())
            closed = await event_of(room, "lane.closed", lambda: whip(room, "ann", VOICES["ben"]))
            assert closed["data"]["reason"] == "replaced"
            await until(lambda: first.state == "closed", why="the first peer is hung up on")
            listener.forget()
            await asyncio.sleep(2.5)
            after = heard_of(listener.heard())
            people = (await room.anyone.call("GET", f"{room.place}/people"))["data"]
        assert before["ann"] > PRESENT > ABSENT > before["ben"]
        assert after["ben"] > PRESENT > ABSENT > after["ann"]
        assert [one["handle"] for one in people if one["mic"] == "open"] == ["@ann"]

    run(body)


@needs_an_address
@pytest.mark.timeout(40)
def test_a_whep_stays_open_when_a_listener_becomes_a_speaker_and_a_listener_again(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, "ann") as room:
            await room.account("ben")
            await room.stack.enter_async_context(LaneSpeaker(room, "ann", packets_of(VOICES["ann"])))
            ear = await whep(room, "ben")
            states: list[str] = []
            ear.connection.on("connectionstatechange", lambda: states.append(ear.state))
            as_ben = room.as_("ben")
            heard: dict[str, dict[str, float]] = {}

            async def hear(when: str) -> None:
                await asyncio.sleep(0.4)
                ear.forget()
                await asyncio.sleep(2.4)
                heard[when] = heard_of(ear.heard())

            await hear("as a listener")
            assert (await as_ben.call("POST", f"{room.place}/requests"))["role"] == "speaker"
            voice_of_ben, location = await whip(room, "ben", VOICES["ben"])
            await hear("as a speaker")
            await delete(room, location)
            await voice_of_ben.close()
            await room.act("demote", "ben", by="ben")
            await hear("as a listener again")
            lost = await ear.packets_lost()
            role = (await as_ben.call("GET", room.place))["me"]["role"]
            assert ear.state == "connected"
        assert role == "listener"
        assert "closed" not in states[:-1]
        assert lost == 0
        for when, shares in heard.items():
            assert shares["ann"] > PRESENT, (when, shares)
            assert shares["ben"] < ABSENT, (when, shares)

    run(body)
