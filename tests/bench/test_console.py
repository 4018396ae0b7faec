"""What an open console costs beside 2,000 listeners when nobody touches a key."""

from __future__ import annotations

import threading
import time
from collections.abc import Iterator

import pytest

from spacesctl.api.events import Event
from spacesctl.cli.seat.app import REDRAW, ConsoleApp
from spacesctl.cli.seat.reader import Facts
from spacesctl.client.http import Client
from spacesctl.domain.words import Role
from tests.cli.samples import member, members, space, told

pytestmark = [pytest.mark.anyio, pytest.mark.alone, pytest.mark.timeout(120)]
LISTENERS = 2_000
SECONDS = 10.0
LEVELS_A_SECOND = 4
MOST_CPU = 0.05
"""Of one core."""
MOST_REDRAWS = 1 / REDRAW


class Room:
    """Stands for the server: somebody talks, people come and go. `spaces.events` is all that the console asks of it."""

    def __init__(self) -> None:
        self.people = members(
            member(1, "@host", role=Role.HOST),
            *(member(n, f"@p{n}", role=Role.LISTENER) for n in range(2, LISTENERS + 2)),
        )
        self.over = threading.Event()
        self.spaces = self

    def events(self, where: str, view: str = "staff", *, last_event_id: int | None = None) -> Iterator[Event]:
        count = 0
        while not self.over.wait(1 / LEVELS_A_SECOND):
            count += 1
            level = {"lane": 1, "account_id": "1", "db": -20 - count % 5, "active": True}
            yield told("levels", {"tick": count, "levels": [level]})
            if count % LEVELS_A_SECOND == 0:
                yield told("presence", {"participant_count": LISTENERS + count % 2})


async def test_an_open_console_costs_little_and_redraws_at_most_ten_times_a_second(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    import asyncio

    draws = 0
    draw = ConsoleApp._draw

    def counted(self: ConsoleApp) -> None:
        nonlocal draws
        draws += 1
        draw(self)

    monkeypatch.setattr(ConsoleApp, "_draw", counted)
    room = Room()
    client: Client = room  # type: ignore[assignment]  # it is asked for events alone
    app = ConsoleApp(client, Facts(space(state="live"), room.people))
    async with app.run_test(size=(120, 40)):
        await asyncio.sleep(2)  # the first picture
        draws, began, cpu = 0, time.monotonic(), time.process_time()
        await asyncio.sleep(SECONDS)
        passed, cost = time.monotonic() - began, time.process_time() - cpu
    room.over.set()
    assert 0 < draws / passed <= MOST_REDRAWS
    assert cost / passed <= MOST_CPU, f"{cost / passed:.1%} of a core"
