"""What an actor needs of the engine. The real one is a process; tests use one that only takes notes."""

from __future__ import annotations

from typing import Protocol

from spacesctl.engine.messages import Ready, ToEngine


class Engine(Protocol):
    @property
    def ready(self) -> Ready:
        """Raises Unavailable while the engine is (re)starting."""

    def send(self, message: ToEngine) -> None:
        """Never waits. While the engine is down the message is dropped: its successor is told the whole state."""
