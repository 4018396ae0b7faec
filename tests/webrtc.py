"""WebRTC clients for tests: those of aiortc, an implementation that is not ours, as the probe has them."""

from __future__ import annotations

import numpy as np

from spacesctl.probe import aiortc_peer
from spacesctl.probe.aiortc_peer import AiortcListener
from spacesctl.probe.aiortc_peer import AiortcSpeaker as SpeakerPeer
from tests.listening import Sound

__all__ = ["ListenerPeer", "SpeakerPeer", "own_address"]


def own_address() -> str:
    """This machine's address as others would see it, or the loopback's."""
    return aiortc_peer.own_address() or "127.0.0.1"


class ListenerPeer(AiortcListener):
    """Keeps what it hears."""

    def __init__(self) -> None:
        super().__init__(lambda _time, pcm: self._parts.append(pcm))
        self._parts: list[Sound] = []

    def heard(self) -> Sound:
        """What was decoded since the start, or since `forget`: `int16[n]`, 48 kHz mono."""
        return np.concatenate(self._parts) if self._parts else np.zeros(0, np.int16)

    def forget(self) -> None:
        """Begin to listen anew."""
        self._parts.clear()

    async def close(self) -> None:
        """Hang up. aiortc joins its decoder's thread then, on the loop: that is its call and not ours, so it is made from here and
        not through the package, whose calls must not block a loop under test."""
        await self.connection.close()
        await super().close()
