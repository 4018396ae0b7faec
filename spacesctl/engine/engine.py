"""The engine's wiring: control's messages come in by the link, media by the UDP and TCP ports, and the ticker drives the rooms."""

from __future__ import annotations

import asyncio
import logging
import signal
import socket
import time
from collections.abc import Callable, Sequence
from typing import Any, Final

from spacesctl.audio.delay import MAX_DELAY
from spacesctl.audio.opus import OpusError
from spacesctl.audio.redactions import Stretch
from spacesctl.engine.clock import SAMPLES, Grid, SpaceClock
from spacesctl.engine.fanout.packetizer import AUTO, PTIMES_MS
from spacesctl.engine.gc_pacing import HeapTrimmer
from spacesctl.engine.link import Link, LinkError, connect_engine
from spacesctl.engine.messages import (
    AddPeer,
    AskStats,
    Beat,
    CloseLane,
    CloseSpace,
    ExpectProbe,
    FromEngine,
    MovePeer,
    OpenLane,
    OpenSpace,
    Ready,
    Redact,
    Redacted,
    RemovePeer,
    RestartIce,
    SetDelay,
    SetLaneOpen,
    Stats,
    SubscribeOutputs,
    Sync,
    Synced,
    ToEngine,
    Unredact,
    Uplink,
)
from spacesctl.engine.metrics import Metrics
from spacesctl.engine.mixing.complexity import Complexity
from spacesctl.engine.mixing.lane import UPLINK
from spacesctl.engine.mixing.room import Room
from spacesctl.engine.peers.registry import PeerRegistry
from spacesctl.engine.ticker import Ticker
from spacesctl.engine.transport.addresses import TcpAddress, TransportAddress, is_tcp
from spacesctl.engine.transport.ports import Ports
from spacesctl.engine.transport.tcp import TcpPort
from spacesctl.engine.transport.udp_port import UdpPort, bind
from spacesctl.rtc.dtls import Identity

LEVEL_TICKS: Final = (0, 13)
"""The ticks of every 25 at which levels are sent to control: four a second."""
LOSS_TICKS: Final = 250
"""Ticks between two adaptations of encoders to the loss that listeners report: every 5 s."""
BEAT_SECONDS: Final = 1.0
"""Seconds between two beats, by which control knows that the engine neither hangs nor is stopped."""
SWEEP_TICKS: Final = 50
"""Ticks between two sweeps over TCP connections: every second."""

_BEAT: Final = Beat()
log = logging.getLogger(__name__)


class Engine:
    """One engine. `handle` takes control's messages; `tick` is called every 20 ms. `listening` are the listening TCP sockets."""

    def __init__(
        self,
        link: Link[FromEngine, ToEngine],
        port: UdpPort,
        identity: Identity,
        listening: Sequence[socket.socket] = (),
    ) -> None:
        self.metrics = Metrics()
        self._complexity = Complexity()
        self._beaten = self._told_at = 0.0
        self.rooms: dict[str, Room] = {}
        heap = HeapTrimmer()
        self.ticker = Ticker(Grid.now(), self.tick, self.metrics, self._is_idle, heap.tidy)
        self.peers = PeerRegistry(
            identity, self.rooms, self.metrics, self._send, link.post, lambda: self.ticker.next_due
        )
        self.peers.on_rest = heap.freed
        self._link = link
        self._udp = port
        self.tcp = TcpPort(listening, self.metrics)
        self._ports = Ports(port, self._send_tcp)
        self._handlers: dict[type, Callable[[Any], bool]] = {
            OpenSpace: self._open_space,
            CloseSpace: self._close_space,
            AddPeer: self.peers.add,
            RestartIce: self.peers.restart,
            RemovePeer: lambda message: self.peers.remove(message.peer),
            MovePeer: lambda message: self.peers.move(message.peer, message.group),
            OpenLane: self._open_lane,
            CloseLane: self._close_lane,
            SetLaneOpen: self._set_lane_open,
            Uplink: self._uplink,
            SetDelay: self._set_delay,
            Redact: self._redact,
            Unredact: self._unredact,
            SubscribeOutputs: self._subscribe_outputs,
            ExpectProbe: self.peers.ice_agent.expect_probe,
            AskStats: self._stats,
            Sync: lambda message: link.post(Synced(message.number)),
        }

    def handle(self, message: ToEngine) -> None:
        """Carry out a message of control. One that does not fit the present state (say, for a lane that is gone) is counted and ignored."""
        self.ticker.wake()
        if not self._handlers[type(message)](message):
            self.metrics.counters["messages_ignored"] += 1

    def tick(self, number: int, now: float) -> None:
        """Run grid tick `number` for every Space in use, at `now` (monotonic seconds)."""
        levels_due = number % 25 in LEVEL_TICKS
        for room in self.rooms.values():
            if room.is_idle:
                continue
            try:
                self._run(room, number, now, levels_due)
            except Exception:  # a bug, and only this Space's tick is lost
                self._failed(now)
        self.metrics.counters["effort_lowered"] += self._complexity.add(self.metrics.spent["encode"])
        self.peers.tick(number, self.ticker.grid.utc_of(number), now)
        if number % SWEEP_TICKS == 0:
            self.tcp.sweep()
        if now - self._beaten >= BEAT_SECONDS:
            self._beaten = now
            self._link.post(_BEAT)

    def _run(self, room: Room, number: int, now: float, levels_due: bool) -> None:
        frames = room.run(number, now)
        if frames is not None:
            self._link.post(frames)
        if (aired := room.aired()) is not None:
            self._link.post(aired)
        levels = room.levels(number) if levels_due else None
        if levels is not None:
            self._link.post(levels)
        if number % LOSS_TICKS == 0:
            room.adapt_to_losses()

    def _failed(self, now: float) -> None:
        """Count the failed tick of a Space, and log one a second at most."""
        self.metrics.counters["space_ticks_failed"] += 1
        if now - self._told_at >= 1.0:
            self._told_at = now
            log.exception("a tick of a Space failed")

    def start(self) -> None:
        """Start to tick and to receive from the network."""
        self.ticker.start()
        self._udp.start(self.peers.receive, lambda: self.ticker.next_due)
        self.tcp.start(self.peers.receive, self.peers.knows, self.peers.lost, lambda: self.ticker.next_due)

    def close(self) -> None:
        """Close all peers and stop."""
        self.ticker.stop()
        self.peers.close()
        self._udp.close()
        self.tcp.close()

    def _send(self, data: bytes, target: TransportAddress) -> bool:
        taken = self._send_tcp(data, target) if is_tcp(target) else self._udp.send(data, target)
        self.metrics.counters["packets_out" if taken else "packets_out_dropped"] += 1
        return taken

    def _send_tcp(self, data: bytes, target: TransportAddress) -> bool:
        return isinstance(target, TcpAddress) and self.tcp.send(data, target)

    def _is_idle(self) -> bool:
        return not len(self.peers) and all(room.is_idle for room in self.rooms.values())

    # -- control's messages

    def _open_space(self, message: OpenSpace) -> bool:
        if message.space in self.rooms or not 0 <= message.delay <= MAX_DELAY:
            return False
        if message.ptime_ms not in (AUTO, *PTIMES_MS):
            return False
        clock = SpaceClock.start(self.ticker.grid, self.ticker.next_number, message.started_at, message.first_tick)
        self.rooms[message.space] = Room(message, clock, self.metrics, self._ports, self._complexity)
        return True

    def _close_space(self, message: CloseSpace) -> bool:
        room = self.rooms.get(message.space)
        if room is None:
            return False
        self.peers.end(message.space)
        room.close()
        del self.rooms[message.space]
        return True

    def _open_lane(self, message: OpenLane) -> bool:
        room = self.rooms.get(message.space)
        if room is None or message.lane in room.lanes or not 0 < message.lane < 0xFFFF:
            return False
        room.open_lane(message.lane, message.heard)
        return True

    def _close_lane(self, message: CloseLane) -> bool:
        room = self.rooms.get(message.space)
        if room is None or message.lane not in room.lanes:
            return False
        room.close_lane(message.lane)
        return True

    def _set_lane_open(self, message: SetLaneOpen) -> bool:
        room = self.rooms.get(message.space)
        lane = room.lanes.get(message.lane) if room else None
        if lane is None:
            return False
        lane.set_open(message.heard)
        return True

    def _uplink(self, message: Uplink) -> bool:
        room = self.rooms.get(message.space)
        lane = room.lanes.get(message.lane) if room else None
        if lane is None or not lane.admit(UPLINK):
            self.metrics.drop("no_lane")
            return False
        try:
            counter = message.counter
            rtp_time = counter * SAMPLES & 0xFFFFFFFF
            if not lane.push(counter & 0xFFFF, rtp_time, message.payload, None, time.monotonic()):
                self.metrics.drop("too_fast")
        except OpusError:
            self.metrics.drop("not_opus")
        return True

    def _set_delay(self, message: SetDelay) -> bool:
        room = self.rooms.get(message.space)
        if room is None or not 0 <= message.delay <= MAX_DELAY:
            return False
        room.set_delay(message.delay, now=message.now)
        return True

    def _redact(self, message: Redact) -> bool:
        room = self.rooms.get(message.space)
        if room is None or message.last < message.first:
            return False
        first = room.redact(
            message.name, Stretch(message.lane, message.first, message.last, message.mode), cut=message.cut
        )
        self._link.post(Redacted(message.space, message.name, first))
        return True

    def _unredact(self, message: Unredact) -> bool:
        room = self.rooms.get(message.space)
        return room is not None and room.delayed.redactions.remove(message.name)

    def _subscribe_outputs(self, message: SubscribeOutputs) -> bool:
        room = self.rooms.get(message.space)
        if room is None:
            return False
        room.tap(message.groups)
        return True

    def _stats(self, _message: AskStats) -> bool:
        counters = self.metrics.counters.copy()
        for room in self.rooms.values():
            counters.update(room.frames_counted())
        counters.update({f"stun_{reason}": count for reason, count in self.peers.ice_agent.ice.refused.items()})
        counters.update(frames_dropped=self._link.dropped, handshakes_dropped=self.peers.handshakes.dropped)
        now = {
            "spaces": len(self.rooms),
            "peers": len(self.peers),
            "lanes": sum(len(room.lanes) for room in self.rooms.values()),
            "streams": len(self.tcp),
        }
        self._link.post(Stats(dict(counters), self.metrics.timings(), now))
        return True


async def run(end: socket.socket, host: str, port_number: int, *, tcp: bool = False) -> int:
    """Run an engine until control closes the link (socket `end`) or SIGTERM arrives. With `tcp` it also listens over TCP on the same port.
    Returns the exit status. Raises OSError when the UDP port cannot be bound."""
    loop, stopped = asyncio.get_running_loop(), asyncio.Event()
    # Ctrl-C and the end of a terminal reach the whole process group. The engine ignores them: control handles them, and closes the link
    # when it stops.
    for number in (signal.SIGINT, signal.SIGHUP):
        loop.add_signal_handler(number, lambda: None)
    loop.add_signal_handler(signal.SIGTERM, stopped.set)
    link = await connect_engine(end)
    (port, streams), identity = bind(host, port_number, tcp=tcp), Identity()
    engine = Engine(link, port, identity, streams)
    engine.start()
    grid = engine.ticker.grid
    link.post(Ready(*port.address, identity.fingerprint, grid.utc, grid.monotonic, engine.tcp.hosts))
    listening = asyncio.create_task(_obey(engine, link))
    stopping = asyncio.create_task(stopped.wait())
    done, _ = await asyncio.wait((listening, stopping), return_when=asyncio.FIRST_COMPLETED)
    engine.close()
    link.close()
    for task in (listening, stopping):
        task.cancel()
    return listening.result() if listening in done else 0


async def _obey(engine: Engine, link: Link[FromEngine, ToEngine]) -> int:
    try:
        async for message in link:
            engine.handle(message)
            await asyncio.sleep(0)  # a burst of messages must not delay a tick
    except LinkError as error:
        log.error("%s", error)
        return 1
    return 0
