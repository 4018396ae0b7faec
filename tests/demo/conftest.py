"""The state of a demo in its first seconds."""

from __future__ import annotations

import pytest

from spacesctl.demo.state import Seat
from spacesctl.probe.probe_listener import ProbeListener
from tests.demo.events import Followed


@pytest.fixture
def state() -> Followed:
    lines: list[str] = []
    made = Followed(
        "Acme hour", "http://127.0.0.1:1/s/x", "acme", "a notice",
        {"1": Seat("acme", "Acme", "host", "lanes"), "2": Seat("rex", "Rex", "speaker", "lanes")},
        say=lines.append, seconds=30.0, elapsed=12.0,
    )  # fmt: skip
    made.listeners.append(ProbeListener("lanes", None))
    made.lines = lines
    return made
