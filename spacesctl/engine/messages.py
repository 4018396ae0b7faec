"""The engine's whole interface: the messages that control sends to it and the messages that it sends back.

Control (the server process) and engine exchange these as msgpack maps, each prefixed with a 4-byte big-endian length, over an
inherited socket pair. The engine knows Spaces, lanes, peers and groups; it knows no accounts, roles or permissions.

A *lane* is one microphone, numbered by a u16 (1 to 65534). A *group* names one output of a Space: `Output.AUDIENCE`, `Output.STAGE`,
or the number of a lane, meaning the mix-minus of that lane (everyone but the person who speaks on it).
"""

from __future__ import annotations

from enum import IntEnum
from typing import Final, Literal

from msgspec import Struct


class Output(IntEnum):
    """The groups that do not belong to a lane: the mix for the audience (delayed), and the mix for the stage (live)."""

    AUDIENCE = 0
    STAGE = 0xFFFF


FLAG_ACTIVE: Final = 1
"""Frame flag: the engine's activity detector says somebody talks in this frame."""
FLAG_LOST: Final = 2
"""Frame flag: the lane is open but its frame was lost. The payload is empty, and concealment was mixed in its place."""


PORT_TAKEN: Final = 98
"""Exit status of an engine whose UDP port another program has."""


class OpenSpace(Struct, frozen=True, tag=True):
    """Open a Space and start its clock. `started_at` is Unix seconds UTC; the Space's ticks begin at `first_tick` or later;
    `delay` is the audience's delay in ticks; `ssrc` is the one SSRC of all RTP that the Space sends; `ptime_ms` is the packet time
    to the audience: 20, 40 or 60 ms, or 0 to let the engine choose by the number of listeners."""

    space: str
    started_at: float
    first_tick: int
    ssrc: int
    delay: int = 0
    ptime_ms: int = 20


class CloseSpace(Struct, frozen=True, tag=True):
    """Close a Space: its peers are removed with reason `ended`, its lanes and outputs are dropped."""

    space: str


class AddPeer(Struct, frozen=True, tag=True):
    """Expect a WebRTC peer. `up` peers send the lane `lane`; `down` peers receive the group `group`.

    `remote_fingerprints` are (algorithm, colon-separated hex) pairs from the offer; the peer's certificate must match
    one before any media passes. `dtls` is the role *we* take. `level_extension` is the RFC 6464 header extension id, 0 for none.
    With `nack`, lost packets are requested and sent again (RFC 4585). `red` is the payload type of packets with copies of earlier ones
    (RFC 2198), 0 for none.
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
    red: int = 0


class RestartIce(Struct, frozen=True, tag=True):
    """ICE restart: a peer has new credentials (RFC 8445, 9). The old ones stay valid until its first check with the new ones."""

    peer: str
    local_ufrag: str
    local_pwd: str
    remote_ufrag: str
    remote_pwd: str


class RemovePeer(Struct, frozen=True, tag=True):
    """Close a peer now: send DTLS close_notify, then neither read from it nor send to it."""

    peer: str


class MovePeer(Struct, frozen=True, tag=True):
    """Send a `down` peer another group from the next tick on."""

    peer: str
    group: int


class OpenLane(Struct, frozen=True, tag=True):
    """Create a lane for a microphone. `heard` is whether it begins open; frames come from an `up` peer or by `Uplink`."""

    space: str
    lane: int
    heard: bool


class CloseLane(Struct, frozen=True, tag=True):
    """Remove a lane. What it said within the audience's delay is still heard by the audience."""

    space: str
    lane: int


class SetLaneOpen(Struct, frozen=True, tag=True):
    """Open or shut a lane. From the next tick on, a shut lane is in no mix, and its frames are not sent to control."""

    space: str
    lane: int
    heard: bool


class Uplink(Struct, frozen=True, tag=True):
    """One Opus packet of 20 ms from a program that speaks over a WebSocket; `counter` is that program's frame counter."""

    space: str
    lane: int
    counter: int
    payload: bytes


class SetDelay(Struct, frozen=True, tag=True):
    """Let the audience hear the stage `delay` ticks later. A longer delay grows in pauses, and after a minute, or with `now` at once, by a
    silence; a shorter one comes by cutting pauses."""

    space: str
    delay: int
    now: bool = False


class Redact(Struct, frozen=True, tag=True):
    """Keep ticks `first` to `last` (both included) of a lane, or of all (`lane` 0), from the audience, except those that it has heard. It
    replaces an earlier redaction with this `name`. With `cut` the audience also jumps over the stretch. Answered by `Redacted`."""

    space: str
    name: str
    lane: int
    first: int
    last: int
    mode: Literal["silence", "tone"] = "silence"
    cut: bool = False


class Unredact(Struct, frozen=True, tag=True):
    """Withdraw a redaction: what has not aired is heard."""

    space: str
    name: str


class SubscribeOutputs(Struct, frozen=True, tag=True):
    """Which encoded outputs control wants in `Frames.mixes` (for WebSocket listeners). Replaces the previous list."""

    space: str
    groups: list[int]


class ExpectProbe(Struct, frozen=True, tag=True):
    """Answer connectivity checks with these credentials for 30 s, although no peer joins: somebody tests whether they can reach us."""

    local_ufrag: str
    local_pwd: str
    remote_ufrag: str


class AskStats(Struct, frozen=True, tag=True):
    """Ask the engine for one `Stats`."""


class Sync(Struct, frozen=True, tag=True):
    """Ask the engine for one `Synced` when it has carried out all messages before this one."""

    number: int


class Synced(Struct, frozen=True, tag=True):
    """The answer to the `Sync` with this number."""

    number: int


class Ready(Struct, frozen=True, tag=True):
    """The engine is up. `host` and `port` are the address that its UDP socket is bound to; `fingerprint` is the SHA-256 fingerprint
    of its certificate (colon-separated hex); `utc` (Unix seconds) and `monotonic` (monotonic seconds) are the moment of its tick 0
    (0: not told); `tcp` lists the addresses at which it also listens over TCP, on the same port number."""

    host: str
    port: int
    fingerprint: str
    utc: float = 0.0
    monotonic: float = 0.0
    tcp: list[str] = []


class Beat(Struct, frozen=True, tag=True):
    """The engine's ticks run. Sent once a second, also while nothing is to be done."""


class PeerJoined(Struct, frozen=True, tag=True):
    """ICE and DTLS are done and the certificate matched: media flows."""

    peer: str


class PeerLeft(Struct, frozen=True, tag=True):
    """A peer was removed. `reason` is `closed` (by us or by its close_notify), `consent` (30 s without a check), `handshake`
    (not connected within 30 s, or its certificate did not match) or `ended` (its Space ended)."""

    peer: str
    reason: Literal["closed", "consent", "handshake", "ended"]


class Redacted(Struct, frozen=True, tag=True):
    """A redaction is in force from tick `first` of the stretch on; what is before it had aired."""

    space: str
    name: str
    first: int


class Aired(Struct, frozen=True, tag=True):
    """At `tick` the audience hears tick `source` of the stage, and so on, one by one, until the next of these messages. `held`: it hears
    the silence that fills up a longer delay."""

    space: str
    tick: int
    source: int
    held: bool = False


class Frames(Struct, frozen=True, tag=True):
    """One tick of one Space: the frames of open lanes as (lane, flags, Opus payload), and the outputs that control subscribed to
    as (group, Opus payload). Not sent for a tick that has neither. The audience's output is what the stage said at tick `source`; None: a
    silence that the stage did not have."""

    space: str
    tick: int
    lanes: list[tuple[int, int, bytes]]
    mixes: list[tuple[int, bytes]]
    source: int | None = None


class Levels(Struct, frozen=True, tag=True):
    """How loud each lane is, as (lane, level in dBov from -127 to 0, active). Sent up to four times a second while somebody talks, and
    once more when nobody talks any longer. `quality` are, of the lanes that are open, (lane, frames of talk that reached full scale since
    the message before, noise floor in dBov)."""

    space: str
    tick: int
    levels: list[tuple[int, int, bool]]
    quality: list[tuple[int, int, int]] = []


class Stats(Struct, frozen=True, tag=True):
    """Counters since the engine started, by name (`ticks`, `ticks_skipped`, `packets_in`, `packets_dropped`, ...); how late ticks began and
    how long they worked in the last minute, in milliseconds (`late_ms_max`, `work_ms_p99`, ...); and how many there are now (`spaces`,
    `peers`, `lanes`, `streams`)."""

    counters: dict[str, int]
    timings: dict[str, float]
    gauges: dict[str, int] = {}


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
    | SetDelay
    | Redact
    | Unredact
    | SubscribeOutputs
    | ExpectProbe
    | AskStats
    | Sync
)
FromEngine = Ready | Beat | Synced | PeerJoined | PeerLeft | Frames | Aired | Redacted | Levels | Stats
