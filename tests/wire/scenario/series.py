"""Series of recurring Spaces."""

from __future__ import annotations

from tests.wire.scenario.spaces import RULES
from tests.wire.wire import Wire


async def play(wire: Wire) -> None:
    host, ann = wire.people["host"], wire.people["ann"]
    body = {
        "title": "Office hours", "cron": "0 9 * * *", "tz": "Europe/Rome", "duration": 3600, "topics": ["help"],
        "invite": ["@ann"], "rules": RULES, "record": "mix", "speakers": "following",
    }  # fmt: skip
    made = await host.ok("POST", "/v1/series", body, headers={"Idempotency-Key": "series"})
    wire.normal.name(made["id"], "series office")
    first = wire.space("office 1", made["next_space_id"])
    path = f"/v1/series/{made['id']}"
    await wire.watch(host, first)
    await ann.ok("GET", first)
    await host.ok("GET", path)
    changed = {"title": "Open hours", "duration": 1800, "rules": None, "uninvite": ["@ann"]}
    await host.ok("PATCH", path, changed)
    skipped = await host.ok("POST", f"{path}/skip")
    if skipped["next_space_id"] is not None:
        wire.space("office 2", skipped["next_space_id"])
    now = await host.prepare("GET", path)
    if now["next_space_id"] is not None:
        wire.space("office 2", now["next_space_id"])
    await host.ok("POST", f"{path}/pause")
    resumed = await host.ok("POST", f"{path}/resume")
    now = await host.prepare("GET", path)
    for found in (resumed, now):
        if found["next_space_id"] is not None:
            wire.space("office 3", found["next_space_id"])
    rare = {"title": "New year", "cron": "0 0 1 1 *", "duration": 600}
    made = await host.ok("POST", "/v1/series", rare)
    wire.normal.name(made["id"], "series new year")
    await host.ok("GET", "/v1/series")
    await host.ok("DELETE", f"/v1/series/{made['id']}")
