"""What one microphone session may send over a WebSocket: in real time, twice as much for a while, and some at once."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from spacesctl.audio import framing
from spacesctl.domain.principals import Person
from spacesctl.engine.messages import Uplink
from spacesctl.live.sessions import SessionKind
from spacesctl.server.webrtc import lanes
from spacesctl.server.webrtc.joining import open_feed
from spacesctl.support.clock import VirtualClock
from tests.api.harness import running_api
from tests.api.notice_scene import START

pytestmark = pytest.mark.anyio
FRAME = framing.pack(framing.UPLINK, 1, [(0, 0, b"\xf8\xff\xfe")])


class Sender:
    """A WebSocket whose client sends so many messages and leaves."""

    def __init__(self, count: int, message: bytes) -> None:
        self._messages: list[dict[str, Any]] = [{"type": "websocket.disconnect"}]
        self._messages += [{"type": "websocket.receive", "bytes": message}] * count

    async def receive(self) -> dict[str, Any]:
        return self._messages.pop()


async def test_messages_beyond_twice_real_time_are_dropped_and_counted(tmp_path: Path, anyio_backend: str) -> None:
    clock = VirtualClock(START)
    async with running_api(tmp_path / "data", clock=clock) as api:
        host = await api.account("host")
        space = (await api.live(host)).rsplit("/", 1)[-1]
        handle, session = await open_feed(api.app, space, Person(host.id), SessionKind.SPEAK, "127.0.0.1")

        async def sent(count: int, message: bytes = FRAME) -> int:
            before = len(api.engine.of(Uplink))
            await lanes._receive(api.app, Sender(count, message), handle, session)  # type: ignore[arg-type]  # all it uses
            return len(api.engine.of(Uplink)) - before

        assert await sent(1000) == lanes.BURST
        assert api.app.dropped_uplinks == 1000 - lanes.BURST
        assert await sent(1000, b"nonsense") == 0
