"""Maps ufrags and addresses to peers. An address belongs to a peer only after an authenticated check from there (RFC 8445, 7.3)."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final, NamedTuple

from spacesctl.engine.messages import ExpectProbe
from spacesctl.engine.peers.peer import Peer
from spacesctl.engine.transport.addresses import TcpAddress, TransportAddress, is_tcp
from spacesctl.rtc.stun import Credentials, IceLite

PROBE_SECONDS: Final = 30.0
"""Seconds for which a probe's checks are answered."""
MAX_PROBES: Final = 8
"""Probes at once."""


class CheckOutcome(NamedTuple):
    """The result of an authenticated check: the `response` to send; the `peer`, None for a probe; `by_another_way`, whether the transport
    of the peer's media changed (its first path, or UDP to TCP, or back); and `displaced`, another peer that had this address before."""

    response: bytes
    peer: Peer | None = None
    by_another_way: bool = False
    displaced: Peer | None = None


class IceAgent:
    """The ICE-lite agent for all peers: finds peers by our ufrags and by their checked addresses. `clock` gives monotonic seconds."""

    def __init__(self, clock: Callable[[], float]) -> None:
        self.ice = IceLite()
        self._clock = clock
        self._by_ufrag: dict[str, Peer] = {}
        self._by_address: dict[TransportAddress, Peer] = {}
        self._probes: dict[str, float] = {}

    def expects(self, ufrag: str) -> bool:
        """Whether a peer already uses this local ufrag."""
        return ufrag in self._by_ufrag

    def expect(self, peer: Peer, credentials: Credentials) -> None:
        """Accept a peer's checks with these credentials too, from now on."""
        self._by_ufrag[credentials.local_ufrag] = peer
        self.ice.expect(credentials)

    def restart(self, peer: Peer, credentials: Credentials) -> None:
        """Give a peer new credentials. The present ones stay valid until its first check with the new ones."""
        if peer.next_credentials is not None:
            self._forget_ufrag(peer.next_credentials)
        peer.next_credentials = credentials
        self.expect(peer, credentials)

    def expect_probe(self, probe: ExpectProbe) -> bool:
        """Answer a probe's checks for `PROBE_SECONDS`. Returns False when there are too many probes or its ufrag is in use."""
        if len(self._probes) >= MAX_PROBES or self.expects(probe.local_ufrag):
            return False
        self._probes[probe.local_ufrag] = self._clock() + PROBE_SECONDS
        self.ice.expect(Credentials(probe.local_ufrag, probe.local_pwd, probe.remote_ufrag))
        return True

    def sweep(self, now: float) -> None:
        """Forget probes whose time is over. `now` is monotonic seconds."""
        for ufrag in [ufrag for ufrag, until in self._probes.items() if now > until]:
            del self._probes[ufrag]
            self.ice.forget(ufrag)

    def forget(self, peer: Peer) -> None:
        """Accept no more checks of a peer, and forget its addresses."""
        self._forget_ufrag(peer.credentials)
        if peer.next_credentials is not None:
            self._forget_ufrag(peer.next_credentials)
        for address in peer.paths:
            if self._by_address.get(address) is peer:
                del self._by_address[address]

    def at(self, source: TransportAddress) -> Peer | None:
        """The peer whose address this is, or None."""
        return self._by_address.get(source)

    def lost(self, source: TcpAddress) -> Peer | None:
        """A TCP connection was closed: remove it from the paths of its peer, and return that peer. It may use another path until its
        consent expires."""
        peer = self._by_address.pop(source, None)
        if peer is not None:
            peer.lost_path(source)
        return peer

    def check(self, data: bytes, source: TransportAddress) -> CheckOutcome | None:
        """Process a STUN datagram from `source`. Returns None when it gets no answer."""
        check = self.ice.check(data, source[:2])
        if check is None:
            return None
        peer = self._by_ufrag.get(check.local_ufrag)
        if peer is None or check.refused:
            return CheckOutcome(check.response)
        if peer.next_credentials is not None and peer.next_credentials.local_ufrag == check.local_ufrag:
            self._forget_ufrag(peer.credentials)
            peer.credentials, peer.next_credentials = peer.next_credentials, None
        before, displaced = peer.target, self._by_address.get(source)
        if displaced is not peer:
            if displaced is not None:
                displaced.lost_path(source)
            self._by_address[source] = peer
        for forgotten in peer.checked_from(source, check.nominated, self._clock()):
            self._by_address.pop(forgotten, None)
        moved = before != peer.target
        another = moved and (before is None or is_tcp(before) or (peer.target is not None and is_tcp(peer.target)))
        return CheckOutcome(check.response, peer, another, None if displaced is peer else displaced)

    def _forget_ufrag(self, credentials: Credentials) -> None:
        self.ice.forget(credentials.local_ufrag)
        self._by_ufrag.pop(credentials.local_ufrag, None)
