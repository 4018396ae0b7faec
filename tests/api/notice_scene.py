"""Two Spaces and seven people who have parts in them, to see who is told what. It is laid out once, and each test has a copy."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from spacesctl.support.clock import VirtualClock
from tests.api.harness import Api, As, running_api

START = datetime(2026, 11, 30, 12, tzinfo=UTC)
STARTS_AT = "2026-11-30T18:00:00Z"
MOVED_TO = "2026-12-01T19:30:00Z"
WAITING = ("cohost", "ann", "ben", "dan")
"""Who waits for the planned Space, besides its host."""
NAMES = ("host", "cohost", "ann", "ben", "cid", "dan", "foe")


@dataclass
class Scene:
    """`space` is live: `cohost` and `ann` are on stage, `ben` is invited, `cid` asked to speak. `planned` starts at 18:00: the same people
    have parts in it, and `dan` asked to be reminded. `foe` asked to be reminded, too, and then blocked the host.
    """

    api: Api
    clock: VirtualClock
    people: dict[str, As]
    space: str = ""
    planned: str = ""

    async def inbox(self, who: str) -> list[dict[str, Any]]:
        return list((await self.people[who].ok("GET", "/v1/dms"))["data"][::-1])

    async def heard(self) -> dict[str, int]:
        return {who: len(await self.inbox(who)) for who in NAMES}

    async def since(self, before: dict[str, int]) -> dict[str, list[dict[str, Any]]]:
        """What each person was told since then; who was told nothing is left out."""
        found = {who: (await self.inbox(who))[before[who] :] for who in NAMES}
        return {who: rows for who, rows in found.items() if rows}


@dataclass(frozen=True)
class LaidOut:
    """The folder of the scene, which each test copies, and what its copy needs to know."""

    folder: Path
    people: dict[str, tuple[str, str]]
    space: str
    planned: str


async def lay_out(folder: Path) -> LaidOut:
    async with running_api(folder, clock=VirtualClock(START)) as api:
        await api.app.alarm.stop()  # its clock is the machine's; the tests themselves call what it does
        people = dict(zip(NAMES, await api.accounts(*NAMES), strict=True))
        host, space = people["host"], await api.live(people["host"])
        planned = f"/v1/spaces/{(await host.ok('POST', '/v1/spaces', {'title': 'Later', 'scheduled_start': STARTS_AT}))['id']}"
        for one in (space, planned):
            await host.ok("POST", f"{one}/invites", {"handles": ["@cohost"], "role": "cohost"})
            await host.ok("POST", f"{one}/invites", {"handles": ["@ann", "@ben"]})
            for who in ("cohost", "ann"):
                await people[who].ok("POST", f"{one}/accept")
        await people["cid"].ok("POST", f"{space}/requests")
        for who in ("dan", "foe"):
            await people[who].ok("PUT", f"{planned}/reminder")
        await people["foe"].ok("PUT", "/v1/accounts/me/blocks/@host")
        return LaidOut(folder, {who: (one.token or "", one.id) for who, one in people.items()}, space, planned)
