"""Captions that are late, and a lane that is not recognised: what staff and the audience read of that."""

from __future__ import annotations

from typing import Any

from tests.wire.wire import Wire


async def play(wire: Wire) -> None:
    host, listener = wire.people["host"], await wire.person("reader")
    room = await wire.live(host, "late")
    await host.offer(f"{room}/whip", kept=False)
    await wire.watch(host, room)
    status = {"ready": True, "model": "small", "hearing": _hearing(room.rpartition("/")[2])}
    await wire.bot.ok("PUT", "/v1/bots/status", status, status=204)
    await host.ok("GET", room)
    await listener.ok("GET", room)


def _hearing(space_id: str) -> dict[str, Any]:
    late = [
        {"space_id": space_id, "lane": 1, "lag_seconds": 0.0, "shed": True, "unprotected": True},
        {"space_id": space_id, "lane": 2, "lag_seconds": 2.5, "behind": True},
    ]
    return {
        "lanes": 2, "recognisers": 1, "ticks_waiting": 125, "ticks_dropped": 50, "restarts": 0, "resident_bytes": 1_000_000,
        "late": late,
    }  # fmt: skip
