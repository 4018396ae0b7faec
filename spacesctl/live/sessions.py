"""Connections to a Space with audio: WebRTC peers, WebSocket lanes, HTTP players. In memory: they end with the process."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from dataclasses import dataclass, field
from enum import StrEnum

from spacesctl.api.lanes import Ended, Gap, LaneEvent
from spacesctl.domain.admission import Access
from spacesctl.domain.principals import Person
from spacesctl.domain.space import Space
from spacesctl.domain.words import Role
from spacesctl.engine.messages import Output
from spacesctl.live.page_feed import PageFeed

FEED_TICKS = 250
"""Ticks (5 s) that a WebSocket reader may lose before it is disconnected."""
FEED_EVENTS = 1_000
"""Messages that a WebSocket reader may leave unread before it is disconnected."""


class SessionKind(StrEnum):
    """How a session is connected. `whip` and `speak` send audio; `all` reads each lane apart."""

    WHIP = "whip"
    WHEP = "whep"
    SPEAK = "speak"
    LISTEN = "listen"
    ALL = "all"
    OGG = "ogg"

    @property
    def is_up(self) -> bool:
        """Whether it sends audio to the server."""
        return self in (SessionKind.WHIP, SessionKind.SPEAK)

    @property
    def is_tapped(self) -> bool:
        """Whether it hears a mix that the engine sends to the control process."""
        return self in (SessionKind.LISTEN, SessionKind.OGG)

    @property
    def is_webrtc(self) -> bool:
        """Whether it is a WebRTC peer of the engine."""
        return self in (SessionKind.WHIP, SessionKind.WHEP)


class Feed:
    """The queue of messages for one WebSocket. A slow reader loses whole ticks, is told how many, and is disconnected
    after losing 5 s.
    """

    def __init__(self) -> None:
        self._queue: deque[bytes | LaneEvent] = deque()
        self._waiting = asyncio.Event()
        self._frames = 0
        self._lost = 0
        self.ending = asyncio.Event()
        """Set once it is closed."""
        self.drained = asyncio.Event()
        """Set once a closed feed has been read to its end."""

    @property
    def closed(self) -> bool:
        """Whether the feed was closed."""
        return self.ending.is_set()

    def push_frame(self, message: bytes) -> None:
        """Queue one tick of audio, or drop it for a slow reader."""
        if self.closed:
            return
        if self._frames >= FEED_TICKS // 5:
            self._lost += 1
            if self._lost >= FEED_TICKS:
                self.close("too_slow")
            return
        if self._lost:
            self._queue.append(Gap(ticks=self._lost))
            self._lost = 0
        self._frames += 1
        self._queue.append(message)
        self._waiting.set()

    def push_event(self, event: LaneEvent) -> None:
        """Queue an event. Events are never dropped; a reader that leaves too many unread is disconnected."""
        if self.closed:
            return
        if len(self._queue) >= FEED_EVENTS:
            self.close("too_slow")
            return
        self._queue.append(event)
        self._waiting.set()

    def close(self, reason: str) -> None:
        """End the feed with an event that gives the reason."""
        if not self.closed:
            self.ending.set()
            self._queue.append(Ended(reason=reason))
            self._waiting.set()

    async def next(self) -> bytes | LaneEvent | None:
        """Wait for the next message, in order; None after the last."""
        while not self._queue:
            if self.closed:
                self.drained.set()
                return None
            self._waiting.clear()
            await self._waiting.wait()
        message = self._queue.popleft()
        if isinstance(message, bytes):
            self._frames -= 1
        return message


@dataclass
class Session:
    """One connection with audio. `lane` is set for those that send audio; `group` is the mix that it hears."""

    id: str
    kind: SessionKind
    person: Person
    lane: int | None = None
    group: int = Output.AUDIENCE
    feed: Feed | None = None
    """For WebSockets."""
    pages: PageFeed | None = None
    """For HTTP players."""
    joined: bool = False
    place: str = ""
    """Where it comes from, as the key of connection limits."""
    mid: str = ""
    """For WebRTC: the `mid` of the media section in the offer."""
    remote_ufrag: str = ""
    etag: str = ""
    """Identifies its ICE session; changes with an ICE restart."""
    public_id: str = field(default_factory=lambda: f"anon-{secrets.token_hex(3)}")
    """How staff name it when it is anonymous: its own id would let who knows it end it."""
    since_tick: int = 0
    knows_conduct: bool = False
    """Whether it was told what people do: of lane readers."""

    @property
    def account_id(self) -> str | None:
        """The account; None for an anonymous listener."""
        return self.person.account_id

    @property
    def hears_audience(self) -> bool:
        """Whether it hears what the audience hears, and nothing else."""
        return self.kind in (SessionKind.WHEP, SessionKind.LISTEN, SessionKind.OGG) and self.group == Output.AUDIENCE

    @property
    def access(self) -> Access:
        """What its person must be admitted to, for as long as it lasts."""
        return Access.LANES if self.kind is SessionKind.ALL else Access.LISTEN


def new_etag() -> str:
    """A random entity tag, in quotes."""
    return f'"{secrets.token_hex(8)}"'


def group_of(space: Space, account_id: str | None) -> int:
    """The mix that an account hears: with an open lane the mix-minus of that lane, otherwise on stage the live stage
    mix, otherwise the audience mix.
    """
    person = space.people.get(account_id or "")
    if person is None or person.role is Role.LISTENER:
        return Output.AUDIENCE
    return Output.STAGE if person.lane is None else person.lane
