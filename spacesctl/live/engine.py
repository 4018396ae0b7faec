"""The interface of the engine that actors use. The real one is a process; tests use one that only records messages."""

from __future__ import annotations

from typing import Protocol

from spacesctl.engine.messages import Ready, ToEngine


class Engine(Protocol):
    """Sends messages to the engine process."""

    @property
    def ready(self) -> Ready:
        """What the engine announced at its start. Raises Unavailable while it is starting or restarting."""

    def send(self, message: ToEngine) -> None:
        """Send without waiting. While the engine is down the message is dropped, since the next engine is sent the whole state."""

    async def in_force(self) -> None:
        """Wait until the engine has carried out what was sent. Raises Unavailable when it is gone, or has not answered within a second."""
