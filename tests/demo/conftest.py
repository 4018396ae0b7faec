"""The state of a demo in its first seconds."""

from __future__ import annotations

import pytest

from spacesctl.demo.state import Seat
from spacesctl.domain.words import Role
from spacesctl.probe.probe_listener import ProbeListener
from tests.demo.events import Followed, person, room


@pytest.fixture
def state() -> Followed:
    lines: list[str] = []
    acme, rex = person("1", "acme", Role.HOST), person("2", "rex")
    made = Followed(
        room(acme, rex, title="Acme hour"), "http://127.0.0.1:1/s/x", "acme", "a notice",
        {one.id: Seat(one, "lanes") for one in (acme, rex)},
        say=lines.append, seconds=30.0, elapsed=12.0,
    )  # fmt: skip
    made.listeners.append(ProbeListener("lanes", None))
    made.lines = lines
    return made
