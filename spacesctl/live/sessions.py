"""Who is connected to a Space with sound: WebRTC peers and WebSocket lanes. In memory: a connection does not outlive the process."""

from __future__ import annotations

import asyncio
import secrets
from collections import deque
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from spacesctl.domain.space import Role, Space
from spacesctl.engine.messages import Output
from spacesctl.live.broadcast import PageFeed

FEED_TICKS = 250
"""Ticks (5 s) a WebSocket reader may be behind before it is cut off."""
FEED_EVENTS = 1_000


class SessionKind(StrEnum):
    WHIP = "whip"
    WHEP = "whep"
    SPEAK = "speak"
    LISTEN = "listen"
    ALL = "all"
    OGG = "ogg"

    @property
    def is_up(self) -> bool:
        return self in (SessionKind.WHIP, SessionKind.SPEAK)

    @property
    def is_tapped(self) -> bool:
        """Whether it hears what the engine hands to the control process."""
        return self in (SessionKind.LISTEN, SessionKind.OGG)

    @property
    def is_webrtc(self) -> bool:
        return self in (SessionKind.WHIP, SessionKind.WHEP)


class Feed:
    """What one WebSocket has to be sent. A slow reader loses whole ticks, is told how many, and is cut off after 5 s of it."""

    def __init__(self) -> None:
        self._queue: deque[bytes | dict[str, Any]] = deque()
        self._waiting = asyncio.Event()
        self._frames = 0
        self._lost = 0
        self.ending = asyncio.Event()
        """Set once it is closed."""
        self.drained = asyncio.Event()
        """Set once a closed feed has been read to its end."""

    @property
    def closed(self) -> bool:
        return self.ending.is_set()

    def push_frame(self, message: bytes) -> None:
        if self.closed:
            return
        if self._frames >= FEED_TICKS // 5:
            self._lost += 1
            if self._lost >= FEED_TICKS:
                self.close("too_slow")
            return
        if self._lost:
            self._queue.append({"event": "gap", "ticks": self._lost})
            self._lost = 0
        self._frames += 1
        self._queue.append(message)
        self._waiting.set()

    def push_event(self, event: dict[str, Any]) -> None:
        """Events are never dropped; who leaves so many unread is cut off."""
        if self.closed:
            return
        if len(self._queue) >= FEED_EVENTS:
            self.close("too_slow")
            return
        self._queue.append(event)
        self._waiting.set()

    def close(self, reason: str) -> None:
        if not self.closed:
            self.ending.set()
            self._queue.append({"event": "ended", "reason": reason})
            self._waiting.set()

    async def next(self) -> bytes | dict[str, Any] | None:
        """The next message in order; None after the last."""
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
    id: str
    kind: SessionKind
    account_id: str | None
    lane: int | None = None
    group: int = Output.AUDIENCE
    feed: Feed | None = None
    """Of a WebSocket."""
    pages: PageFeed | None = None
    """Of a player over HTTP."""
    joined: bool = False
    place: str = ""
    """Where it comes from, in whatever terms connections are limited."""
    mid: str = ""
    """Of a WebRTC session: its section's name in the offer."""
    remote_ufrag: str = ""
    etag: str = ""
    """Names its ICE session: another one after a restart."""


def new_etag() -> str:
    return f'"{secrets.token_hex(8)}"'


def group_of(space: Space, account_id: str | None) -> int:
    """What somebody hears: with a microphone, everybody but themselves; others of the stage, the live mix; else the audience mix."""
    person = space.people.get(account_id or "")
    if person is None or person.role is Role.LISTENER:
        return Output.AUDIENCE
    return Output.STAGE if person.lane is None else person.lane
