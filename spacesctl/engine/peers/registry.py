"""All peers: who comes, who is here, who has gone. Datagrams of the port end here, or at a lane."""

from __future__ import annotations

import logging
import time
from collections import deque
from collections.abc import Callable
from typing import Final, Literal

from spacesctl.audio.opus import OpusError
from spacesctl.engine.messages import AddPeer, PeerJoined, PeerLeft, RestartIce
from spacesctl.engine.metrics import Metrics
from spacesctl.engine.mixing.room import Room
from spacesctl.engine.peers.handshakes import Handshakes
from spacesctl.engine.peers.ice_agent import IceAgent
from spacesctl.engine.peers.peer import REST, Peer
from spacesctl.engine.transport.addresses import TcpAddress, TransportAddress
from spacesctl.rtc import demux
from spacesctl.rtc.demux import Kind
from spacesctl.rtc.dtls import Identity, State
from spacesctl.rtc.rtcp import RtcpError
from spacesctl.rtc.rtp import RtpError
from spacesctl.rtc.srtp import NotAuthentic, Replayed, SrtpError
from spacesctl.rtc.stun import Credentials

REPORT_TICKS: Final = 250
"""RTCP reports go every 5 s, each peer's at its own tick."""
SWEEP_TICKS: Final = 50
"""How often silent peers are looked for: every second."""

RESTS: Final = 16
"""Handshakes that are forgotten in one tick at most: freeing one takes 20 us."""

Reason = Literal["closed", "consent", "handshake", "ended"]
log = logging.getLogger(__name__)


class PeerRegistry:
    """`tell` sends control a message; `send` is the ports'; `until` tells when the next tick is due, `clock` the time:
    both in monotonic seconds."""

    def __init__(
        self,
        identity: Identity,
        rooms: dict[str, Room],
        metrics: Metrics,
        send: Callable[[bytes, TransportAddress], bool],
        tell: Callable[[PeerJoined | PeerLeft], object],
        until: Callable[[], float],
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.on_rest: Callable[[], None] = lambda: None
        """Called when a handshake was let go."""
        self.ice_agent = IceAgent(clock)
        self.handshakes = Handshakes(self._on_handshake, until)
        self._identity = identity
        self._clock = clock
        self._rooms = rooms
        self._metrics = metrics
        self._send = send
        self._tell = tell
        self._peers: dict[str, Peer] = {}
        self._connecting: dict[str, Peer] = {}  # their handshake is under way
        self._reporting: list[dict[str, Peer]] = [{} for _ in range(REPORT_TICKS)]
        self._restless: deque[tuple[float, Peer]] = deque()  # joined, oldest first
        self._nack_peers: dict[str, Peer] = {}  # speakers that send lost packets again
        self._joins = 0
        self._handlers: dict[Kind, Callable[[bytes, TransportAddress], None]] = {
            Kind.STUN: self._on_stun,
            Kind.DTLS: self._on_dtls,
            Kind.RTP: self._on_rtp,
            Kind.RTCP: self._on_rtcp,
            Kind.OTHER: lambda _data, _source: self._metrics.drop("unknown_protocol"),
        }

    def __len__(self) -> int:
        return len(self._peers)

    # -- from control

    def add(self, added: AddPeer) -> bool:
        """Expect a peer; False for one whose Space is not open, or whose name or ufrag is taken."""
        room = self._rooms.get(added.space)
        if room is None or added.peer in self._peers or self.ice_agent.expects(added.local_ufrag):
            return False
        peer = self._peers[added.peer] = Peer(added, room.ssrc, self._identity, self._send, self._clock())
        self.ice_agent.expect(peer, peer.credentials)
        return True

    def restart(self, message: RestartIce) -> bool:
        """A peer's next credentials; False when it is not here, or the ufrag is taken."""
        peer = self._peers.get(message.peer)
        if peer is None or self.ice_agent.expects(message.local_ufrag):
            return False
        self.ice_agent.restart(peer, Credentials(message.local_ufrag, message.local_pwd, message.remote_ufrag))
        return True

    def move(self, name: str, group: int) -> bool:
        """A listener hears another group from the next tick on."""
        peer = self._peers.get(name)
        if peer is None or peer.is_up:
            return False
        peer.group = group
        self._subscribe(peer)
        return True

    def remove(self, name: str, reason: Reason = "closed") -> bool:
        """A peer leaves now; False when it is not here."""
        peer = self._peers.pop(name, None)
        if peer is None:
            return False
        self.ice_agent.forget(peer)
        self._connecting.pop(name, None)
        self._reporting[peer.report_at].pop(name, None)
        self._nack_peers.pop(name, None)
        room = self._rooms.get(peer.space)
        if room is not None:
            room.leave(name)
            if (lane := room.lanes.get(peer.lane)) is not None:
                lane.release(name)
        peer.goodbye()
        self._tell(PeerLeft(name, reason))
        return True

    def end(self, space: str) -> None:
        """Everybody in a Space leaves."""
        for name in [name for name, peer in self._peers.items() if peer.space == space]:
            self.remove(name, "ended")

    def close(self) -> None:
        for name in list(self._peers):
            self.remove(name)

    # -- from the tick

    def tick(self, number: int, utc: float, now: float) -> None:
        """What is due at this tick: retransmissions, reports, and once a second the search for who is gone."""
        for peer in list(self._connecting.values()):
            if peer.retransmit() is State.FAILED:
                self.remove(peer.name, "handshake")
        for peer in self._reporting[number % REPORT_TICKS].values():
            peer.report(utc, now)
        for peer in self._nack_peers.values():
            lane = self._rooms[peer.space].lanes.get(peer.lane)
            if lane is not None and lane.feeder == peer.name and (missing := lane.missing()):
                self._metrics.counters["packets_asked_again"] += peer.ask(missing, now)
        for _ in range(RESTS):
            if not self._restless or self._restless[0][0] > now:
                break
            self._restless.popleft()[1].rest()
            self.on_rest()
        if number % SWEEP_TICKS == 0:
            for peer in [peer for peer in self._peers.values() if peer.overdue(now)]:
                self.remove(peer.name, "consent" if peer.joined else "handshake")
            self.ice_agent.sweep(now)

    # -- from the ports

    def knows(self, source: TransportAddress) -> bool:
        """Whether somebody proved to be there."""
        return self.ice_agent.at(source) is not None

    def lost(self, source: TcpAddress) -> None:
        """A connection is gone; whoever came by it may come by another as long as it has consent."""
        peer = self.ice_agent.lost(source)
        if peer is not None:
            self._subscribe(peer)

    def receive(self, data: bytes, source: TransportAddress) -> None:
        """A datagram came."""
        self._metrics.counters["packets_in"] += 1
        self._handlers[demux.kind(data)](data, source)

    def _on_stun(self, data: bytes, source: TransportAddress) -> None:
        outcome = self.ice_agent.check(data, source)
        if outcome is None:
            self._metrics.drop("stun")
            return
        if outcome.displaced is not None:
            self._subscribe(outcome.displaced)
        self._send(outcome.response, source)
        peer = outcome.peer
        if peer is None:
            return
        if peer.speaks_first:
            self.handshakes.put(peer.name, b"")  # in its turn: a thousand first checks may be read at once
        elif outcome.by_another_way:
            self._subscribe(peer)

    def _on_dtls(self, data: bytes, source: TransportAddress) -> None:
        peer = self.ice_agent.at(source)
        if peer is None:
            self._metrics.drop("unknown_source")
            return
        self.handshakes.put(peer.name, data)

    def _on_handshake(self, name: str, data: bytes) -> None:
        peer = self._peers.get(name)
        if peer is None:
            return
        if not peer.joined:
            self._connecting[name] = peer
        state = peer.feed(data)
        if state is State.CONNECTED and not peer.joined:
            self._joined(peer)
        elif state is State.CLOSED:
            self.remove(name)
        elif state is State.FAILED:
            log.info("a handshake failed: %s", peer.dtls.why if peer.dtls else "")
            self.remove(name, "handshake")

    def _joined(self, peer: Peer) -> None:
        peer.joined = True
        self._connecting.pop(peer.name, None)
        self._joins += 1
        peer.report_at = self._joins * 7 % REPORT_TICKS
        self._reporting[peer.report_at][peer.name] = peer
        if peer.nack_requester is not None:
            self._nack_peers[peer.name] = peer
        self._restless.append((self._clock() + REST, peer))
        room = self._rooms[peer.space]
        self._subscribe(peer)
        if peer.is_up and (lane := room.lanes.get(peer.lane)) is not None:
            lane.attach(peer.name)
        self._tell(PeerJoined(peer.name))

    def _subscribe(self, peer: Peer) -> None:
        """A listener that joined hears its group, as long as its address is known."""
        if not peer.joined or peer.subscription is None:
            return
        room = self._rooms[peer.space]
        if peer.target is None:
            room.leave(peer.name)
        else:
            room.subscribe(peer.name, peer.group, peer.subscription)

    def _on_rtp(self, data: bytes, source: TransportAddress) -> None:
        peer = self.ice_agent.at(source)
        if peer is None or not peer.is_up or not peer.joined:
            self._metrics.drop("unknown_source" if peer is None else "unexpected")
            return
        try:
            now = self._clock()
            packet = peer.unprotect(data, now)
            if packet is None or not packet.payload:
                self._metrics.drop("payload_type")
                return
            lane = self._rooms[peer.space].lanes.get(peer.lane)
            if lane is None or not lane.admit(peer.name):
                self._metrics.drop("no_lane")
                return
            lane.push(packet.sequence, packet.timestamp, packet.payload, packet.level, now)
        except (SrtpError, RtpError, OpusError) as error:
            self._metrics.drop(_NAMES.get(type(error), "malformed"))

    def _on_rtcp(self, data: bytes, source: TransportAddress) -> None:
        peer = self.ice_agent.at(source)
        if peer is None or not peer.joined:
            self._metrics.drop("unknown_source" if peer is None else "unexpected")
            return
        try:
            peer.unprotect_rtcp(data, self._clock())
        except (SrtpError, RtcpError) as error:
            self._metrics.drop(_NAMES.get(type(error), "malformed"))


_NAMES: Final[dict[type[Exception], str]] = {
    NotAuthentic: "not_authentic",
    Replayed: "replayed",
    OpusError: "not_opus",
}
