"""The sink that gives control an output: for WebSocket listeners, Ogg players and recordings."""

from __future__ import annotations

from collections.abc import Iterator

from spacesctl.engine.seam import Frame


class Tap:
    """Keeps the newest frame of one group. `payload` is the Opus packet of the tick that was sent last."""

    def __init__(self, group: int) -> None:
        self.group = group
        self.name = f"tap {group}"
        self.payload = b""

    def send(self, frame: Frame, now: float) -> None:
        """Keep this tick's frame, also a withheld one: readers need a frame for each tick."""
        self.payload = frame.payload

    def losses(self) -> Iterator[int]:
        """Empty: no packet is lost between engine and control."""
        yield from ()
