"""`bench icecast`: what one more player costs our server and Icecast, which send the same bytes on the same core in the same seconds."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

from spacesctl.bench.icecast import MOUNT, icecast
from spacesctl.bench.report import Report
from spacesctl.bench.report import machine as machine_line
from spacesctl.bench.target import target
from spacesctl.client import addresses
from spacesctl.probe import machine
from spacesctl.probe.machine import Machine
from spacesctl.probe.ogg_players import Players

SETTLE: Final = 4.0
"""Seconds to wait after players have joined: they get some seconds of sound at once."""


@dataclass(frozen=True)
class Served:
    """One server with `players`: its CPU in milliseconds a second (ours: the control process, which sends), the pages that players got
    each second, and those that were lost or broken."""

    server: str
    players: int
    cpu_ms: float
    pages: float
    lost: int


@dataclass(frozen=True)
class Beside:
    """The result. `each` is the CPU of one more player in milliseconds per second, `ratio` ours to Icecast's; `engine_ms` is what mixing
    and encoding took meanwhile, which Icecast leaves to its source."""

    machine: Machine
    seconds: float
    served: list[Served]
    each: dict[str, float]
    ratio: float
    engine_ms: float


async def measure(players: int, seconds: float, note: Callable[[str], None] = lambda _: None) -> Beside:
    """Measure both servers with one player each, and then with `players`. Raises Refused where Icecast is not installed."""
    machine.need_descriptors(2 * players)
    async with target() as here, icecast(here.server.url, here.space, players) as (pid, url):
        measured, rest = machine.cores()
        machine.pin(here.server.process.pid, measured)
        machine.pin(here.pid, rest)
        pids = {"spacesctl": here.server.process.pid, "Icecast": pid, "engine": here.pid}
        mounts = {"spacesctl": (here.server.url, addresses.listen_ogg(here.space)), "Icecast": (url, MOUNT)}
        async with Players(*mounts["spacesctl"]) as ours, Players(*mounts["Icecast"]) as theirs:
            both = {"spacesctl": ours, "Icecast": theirs}
            served = list[Served]()
            for count in (1, players):
                note(f"{count} players of each server")
                found, engine = await _served(both, pids, count, seconds)
                served += found
    few, many = served[: len(both)], served[len(both) :]
    each = {one.server: (one.cpu_ms - before.cpu_ms) / (players - 1) for before, one in zip(few, many, strict=True)}
    ratio = each["spacesctl"] / each["Icecast"]
    rounded = {name: round(one, 4) for name, one in each.items()}
    return Beside(machine.described(), seconds, served, rounded, round(ratio, 2), round(engine, 1))


def report(result: Beside) -> Report:
    """A row for each server and number of players."""
    columns = {"server": "server", "players": "players", "CPU ms/s": "cpu", "pages/player-s": "pages", "lost": "lost"}
    rows = [
        {
            "server": one.server,
            "players": str(one.players),
            "cpu": f"{one.cpu_ms:.1f}",
            "pages": f"{one.pages:.2f}",
            "lost": str(one.lost),
        }
        for one in result.served
    ]
    each = ", ".join(f"{name} {one:.4f}" for name, one in result.each.items())
    told = f"one more player costs {result.ratio:.2f} times as much as Icecast's (ms/player-s: {each})"
    return Report("Players of listen.ogg beside Icecast's", columns, rows, [told, machine_line(result.machine)])


async def _served(
    both: dict[str, Players], pids: dict[str, int], count: int, seconds: float
) -> tuple[list[Served], float]:
    for players in both.values():
        await players.grow(count)
    await asyncio.sleep(SETTLE)
    for players in both.values():
        await players.begin()
    began, before = time.monotonic(), {name: machine.cpu_seconds(pid) for name, pid in pids.items()}
    await asyncio.sleep(seconds)
    took = time.monotonic() - began
    spent = {name: round(1000 * (machine.cpu_seconds(pid) - before[name]) / took, 2) for name, pid in pids.items()}
    found = []
    for name, players in both.items():
        heard = await players.counted()
        pages = round(sum(one.pages for one in heard) / took / count, 2)
        found.append(
            Served(name, count, spent[name], pages, sum(one.lost + one.broken for one in heard) + players.ended)
        )
    return found, spent["engine"]
