"""Peers that change their address keep their session, over both families; those who fall silent lose it after 30 s."""

from __future__ import annotations

import asyncio
import contextlib
import socket
from collections.abc import AsyncIterator

import pytest

from spacesctl.engine.messages import OpenLane, PeerJoined, PeerLeft
from spacesctl.engine.peers import peer as peer_module
from spacesctl.engine.peers.registry import SWEEP_TICKS
from spacesctl.engine.process import EngineProcess
from spacesctl.rtc import rtp
from tests.engine.caller import Caller
from tests.engine.studio import SPACE, Frames, Studio, run
from tests.engine.test_end_to_end import SAID, talking
from tests.engine.test_peers import SOURCE, Wire, checking, with_a_wire
from tests.engine.test_peers import SPACE as ROOM
from tests.typed import sure

ELSEWHERE = ("203.0.113.77", 4000)
FOUR, SIX = "127.0.0.1", "::1"
needs_ipv6 = pytest.mark.skipif(not socket.has_ipv6, reason="no IPv6 here")


@contextlib.asynccontextmanager
async def both_families() -> AsyncIterator[Studio]:
    """A studio whose one port takes IPv4 and IPv6."""
    async with EngineProcess(udp="[::]:0") as engine:
        space = Studio(engine)
        await space.open()
        yield space
        await space.close()


async def joined(space: Studio, caller: Caller, host: str) -> Caller:
    await space.engine.send(caller.added())
    await caller.call((host, space.engine.ready.port), space.engine.ready.fingerprint)
    await space.until(PeerJoined, lambda told: told.peer == caller.name)
    return caller


async def heard(caller: Caller, more: int) -> None:
    before = caller.count
    async with asyncio.timeout(5):
        while caller.count < before + more:
            await asyncio.sleep(0.02)


@needs_ipv6
@pytest.mark.parametrize("hosts", [(SIX, FOUR), (FOUR, SIX), (SIX, SIX)], ids="-".join)
def test_a_listener_that_moves_keeps_its_keys_and_its_place_in_the_stream(hosts: tuple[str, str]) -> None:
    async def body() -> None:
        async with both_families() as space, talking(space):
            caller = await joined(space, Caller("p", SPACE), hosts[0])
            await heard(caller, 5)
            was = rtp.parse(caller.packets[-1])
            await caller.move((hosts[1], space.engine.ready.port))
            await heard(caller, 5)
            now = rtp.parse(caller.packets[-1])  # opened with the keys of the first address
            ticks = (now.timestamp - was.timestamp) // 960  # more than packets where the busy machine skipped one
            assert 0 < now.sequence - was.sequence <= ticks
            assert now.ssrc == was.ssrc
            assert space.of(PeerLeft) == []
            caller.hang_up()

    run(body)


@needs_ipv6
def test_a_speaker_that_moves_is_heard_on_in_the_same_lane() -> None:
    async def body() -> None:
        async with both_families() as space:
            await space.engine.send(OpenLane(SPACE, 3, heard=True))
            caller = await joined(space, Caller("p", SPACE, lane=3, up=True), SIX)
            for start, host in ((0, SIX), (25, FOUR)):
                if start:
                    await caller.move((host, space.engine.ready.port))
                for number in range(start, start + 25):
                    caller.say(number, SAID[number])
                    await asyncio.sleep(0.02)
            await space.until(Frames, lambda frames: any(payload in SAID[30:50] for _, _, payload in frames.lanes))
            counters = (await space.stats()).counters
            # The first check may come before the engine has heard of the peer.
            dropped = {name for name, count in counters.items() if name.startswith("dropped_") and count}
            assert dropped <= {"dropped_stun"}
            caller.hang_up()

    run(body)


@with_a_wire
async def test_only_a_check_that_proves_itself_and_nominates_moves_a_peer(wire: Wire) -> None:
    caller = await wire.call(Caller("p", ROOM))
    peer = wire.peers._peers["p"]
    ours = peer.credentials
    wire.source = ELSEWHERE
    caller.check(pwd="x" * 24)
    wire.sendto(checking(ours.local_ufrag, "somebody", ours.local_pwd))
    wire.sendto(checking(ours.local_ufrag, ours.remote_ufrag, ours.local_pwd))  # does not nominate
    assert peer.target == SOURCE
    caller.check()
    assert peer.target == sure(peer.subscription).address == ELSEWHERE
    wire.sent.clear()
    wire.rooms[ROOM].run(0, 0.0)
    assert [target for _, target in wire.sent] == [ELSEWHERE]


@with_a_wire
async def test_consent_lasts_thirty_seconds_from_the_last_check_wherever_it_came_from(wire: Wire) -> None:
    caller = await wire.call(Caller("p", ROOM))
    wire.ahead = peer_module.CONSENT - 1
    wire.source = ELSEWHERE
    caller.check()
    wire.ahead += peer_module.CONSENT - 1
    wire.peers.tick(SWEEP_TICKS, 0.0, wire.now())
    assert "p" in wire.peers._peers
    wire.ahead += 1.1
    wire.peers.tick(2 * SWEEP_TICKS, 0.0, wire.now())
    assert wire.told[-1] == PeerLeft("p", "consent")
    wire.sent.clear()
    wire.rooms[ROOM].run(0, 0.0)
    caller.check()
    assert (wire.sent, len(wire.peers), wire.peers.ice_agent._by_address) == ([], 0, {})
