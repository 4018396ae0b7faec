"""Operating a server: health, readiness, the reachability of its media port, relays."""

from __future__ import annotations

from typing import Literal

from spacesctl.api.wire import UNSET, Answer, Time, UnsetType


class Health(Answer, frozen=True, kw_only=True):
    """The process is running."""

    status: str
    version: str


class Readiness(Answer, frozen=True, kw_only=True):
    """Whether the server can work, and the state of each part: `ok`, or what is wrong."""

    ready: bool
    checks: dict[str, str]


class Candidate(Answer, frozen=True, kw_only=True):
    """An address of the media port."""

    host: str
    port: int


class RunningServer(Answer, frozen=True, kw_only=True):
    """What a server runs with; no secrets. `http` is where it listens, `public_url` where clients find it. `limits` are those that differ
    from the defaults."""

    version: str
    started_at: Time
    data: str
    """The data folder."""
    http: str
    public_url: str
    tls: Literal["certificate", "proxy", "none"]
    candidates: list[Candidate]
    tcp_candidates: list[Candidate]
    database: str
    """Its kind."""
    model: str | None
    """The speech model that the bot has loaded."""
    limits: dict[str, str]


class ExpectedProbe(Answer, frozen=True, kw_only=True):
    """Credentials for connectivity checks (STUN binding requests), valid for half a minute, and the addresses to send them to."""

    candidates: list[Candidate]
    tcp_candidates: list[Candidate]
    username: str
    password: str


class IceServer(Answer, frozen=True, kw_only=True):
    """A relay or STUN server, as `RTCPeerConnection` takes it."""

    urls: list[str]
    username: str | UnsetType = UNSET
    credential: str | UnsetType = UNSET
