"""The engine's whole interface: what control may ask of it and what it tells back.

Control and engine exchange these as msgpack maps, each behind a 4-byte big-endian length, over an inherited socket pair.
The engine knows Spaces, lanes, peers and groups; it knows no accounts, no roles and no permissions.

A *lane* is a u16 (1 to 65534). A *group* names one output of a Space: `Output.AUDIENCE`, `Output.STAGE`, or the number of a
lane, meaning the mix-minus of that lane (everyone but the person who speaks on it).
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, Literal

from msgspec import Struct


class Output(IntEnum):
    """The groups that are no lane's: what the audience hears, and what the stage hears (live)."""

    AUDIENCE = 0
    STAGE = 0xFFFF


FLAG_ACTIVE: Final = 1
"""Frame flag: the engine's activity detector says somebody talks in this frame."""
FLAG_LOST: Final = 2
"""Frame flag: the lane is open but its frame did not come; the payload is empty and what was mixed is concealment."""


class OpenSpace(Struct, frozen=True, tag=True):
    """Start the clock of a Space. `started_at` is Unix seconds UTC; no tick below `first_tick` is ever handed out;
    `delay` is the audience's delay in ticks; `ssrc` is the one SSRC of everything that the Space sends; `ptime_ms` is how much
    sound a packet to the audience carries: 20, 40 or 60 ms, or 0, and the engine decides by how many listen."""

    space: str
    started_at: float
    first_tick: int
    ssrc: int
    delay: int = 0
    ptime_ms: int = 20


class CloseSpace(Struct, frozen=True, tag=True):
    """End a Space: its peers are left with reason `ended`, its lanes and outputs are dropped."""

    space: str


class AddPeer(Struct, frozen=True, tag=True):
    """Expect a WebRTC peer. `up` peers send the lane `lane`; `down` peers receive the group `group`.

    `remote_fingerprints` are (algorithm, colon-separated hex) pairs from the offer; the peer's certificate must match
    one before any media passes. `dtls` is the role *we* take. `level_extension` is the RFC 6464 header extension id, 0 for none;
    with `nack` lost packets are asked for and sent again (RFC 4585).
    """

    peer: str
    space: str
    kind: Literal["up", "down"]
    local_ufrag: str
    local_pwd: str
    remote_ufrag: str
    remote_pwd: str
    remote_fingerprints: list[tuple[str, str]]
    dtls: Literal["client", "server"]
    payload_type: int
    lane: int = 0
    group: int = Output.AUDIENCE
    level_extension: int = 0
    nack: bool = False


class RestartIce(Struct, frozen=True, tag=True):
    """A peer comes by new credentials from now on (RFC 8445, 9); the old ones are good until the first check with the new."""

    peer: str
    local_ufrag: str
    local_pwd: str
    remote_ufrag: str
    remote_pwd: str


class RemovePeer(Struct, frozen=True, tag=True):
    """Close a peer now (DTLS close_notify, then nothing more is read from or sent to it)."""

    peer: str


class MovePeer(Struct, frozen=True, tag=True):
    """A `down` peer hears another group from the next tick on."""

    peer: str
    group: int


class OpenLane(Struct, frozen=True, tag=True):
    """A microphone session begins. Its gate starts as `heard` says; frames come from an `up` peer or by `Uplink`."""

    space: str
    lane: int
    heard: bool


class CloseLane(Struct, frozen=True, tag=True):
    space: str
    lane: int


class SetLaneOpen(Struct, frozen=True, tag=True):
    """Open or shut a lane: a shut lane is in no mix, no tap and no ring from the next tick on."""

    space: str
    lane: int
    heard: bool


class Uplink(Struct, frozen=True, tag=True):
    """One Opus packet of 20 ms from a program that speaks over a WebSocket; `counter` is its own frame counter."""

    space: str
    lane: int
    counter: int
    payload: bytes


class Redact(Struct, frozen=True, tag=True):
    """Silence ticks `first` to `last` (both included) of one lane in the audience mix, as far as not yet sent."""

    space: str
    lane: int
    first: int
    last: int


class SubscribeOutputs(Struct, frozen=True, tag=True):
    """Which encoded outputs control wants in `Frames.mixes` (for WebSocket listeners); replaces the list before."""

    space: str
    groups: list[int]


class ExpectProbe(Struct, frozen=True, tag=True):
    """For half a minute answer connectivity checks with these credentials, though no peer comes: somebody tests the way here."""

    local_ufrag: str
    local_pwd: str
    remote_ufrag: str


class AskStats(Struct, frozen=True, tag=True):
    """Answer with one `Stats`."""


class Ready(Struct, frozen=True, tag=True):
    """The engine is up: where its UDP socket really is, the SHA-256 fingerprint (colon-separated hex) of its certificate, and the
    moment that its ticks are counted from, in seconds by both clocks of the machine (0: not told); `tcp` has the addresses at
    which it also listens over TCP, at the same port number."""

    host: str
    port: int
    fingerprint: str
    utc: float = 0.0
    monotonic: float = 0.0
    tcp: list[str] = []


class PeerJoined(Struct, frozen=True, tag=True):
    """ICE and DTLS are done and the certificate matched: media flows."""

    peer: str


class PeerLeft(Struct, frozen=True, tag=True):
    """A peer is gone: `closed` (by us or by its close_notify), `consent` (30 s without a check), `handshake`
    (not connected within 30 s, or a certificate that does not match), `ended` (its Space ended)."""

    peer: str
    reason: Literal["closed", "consent", "handshake", "ended"]


class Frames(Struct, frozen=True, tag=True):
    """What one tick of one Space had: frames of heard lanes as (lane, flags, Opus payload), and the tapped outputs
    as (group, Opus payload). Not sent for a tick that has neither."""

    space: str
    tick: int
    lanes: list[tuple[int, int, bytes]]
    mixes: list[tuple[int, bytes]]


class Levels(Struct, frozen=True, tag=True):
    """Who is loud, four times a second while somebody has an open lane: (lane, level in dBov from -127 to 0, active)."""

    space: str
    tick: int
    levels: list[tuple[int, int, bool]]


class Stats(Struct, frozen=True, tag=True):
    """Counters since the engine started, by name (`ticks`, `ticks_skipped`, `packets_in`, `packets_dropped`, ...), and the
    tick's lateness and work in milliseconds (`late_ms_max`, `work_ms_p99`, ...) over the last minute."""

    counters: dict[str, int]
    timings: dict[str, float]


ToEngine = (
    OpenSpace
    | CloseSpace
    | AddPeer
    | RestartIce
    | RemovePeer
    | MovePeer
    | OpenLane
    | CloseLane
    | SetLaneOpen
    | Uplink
    | Redact
    | SubscribeOutputs
    | ExpectProbe
    | AskStats
)
FromEngine = Ready | PeerJoined | PeerLeft | Frames | Levels | Stats
