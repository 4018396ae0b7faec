"""Rules and their acts, the reports that they file, and what the audit log says of all that."""

from __future__ import annotations

from typing import Any

from tests.wire import drive
from tests.wire.scenario.spaces import RULES
from tests.wire.wire import Caller, Wire

WORDS = [
    {"w": "crypto", "start": 1.0, "end": 1.4, "conf": 0.9},
    {"w": "giveaway", "start": 1.4, "end": 2.0, "conf": 0.9},
]


def act(target: Caller, lane: int, action: str, mode: str = "enforce", **changes: Any) -> dict[str, Any]:
    first, last = (50, 100) if mode == "enforce" else (10, 40)  # acts about the same words are one act
    return {
        "key": f"pitch:{lane}:{first}-{last}:{action}:{mode}", "rule_id": "pitch", "rule_hash": "h", "mode": mode, "action": action,
        "account_id": target.id, "lane": lane, "start_tick": first, "end_tick": last, "words": WORDS, "confidence": 0.9,
        "engine": "spacesctl", "model": "small", **changes,
    }  # fmt: skip


async def play(wire: Wire) -> None:
    host, bot = wire.people["host"], wire.bot
    talker = await wire.person("talker")
    room = await wire.live(host, "ruled", captions=False)
    await wire.watch(host, room)
    await host.ok("GET", f"{room}/rules")
    await host.ok("PUT", f"{room}/rules", {"text": RULES, "filename": "tea.toml"})
    await host.ok("GET", f"{room}/rules")
    await host.prepare("POST", f"{room}/invites", {"handles": ["@talker"]})
    await talker.prepare("POST", f"{room}/accept")
    await talker.offer(f"{room}/whip", kept=False)
    wire.clock.advance(3)
    await drive.sound(wire, room, 420, lane=1)
    await bot.ok("POST", f"{room}/acts", act(talker, 1, "mute", "shadow"))
    await bot.ok("POST", f"{room}/acts", act(talker, 1, "kick", "held"))
    made = await bot.ok("POST", f"{room}/acts", act(talker, 1, "report", evidence={"before": 0.2, "after": 0.2}))
    wire.normal.name(made["report_id"], "report by rule")
    for action in ("mute", "kick", "block"):
        await bot.ok("POST", f"{room}/acts", act(talker, 1, action))
    await bot.ok("POST", f"{room}/acts", act(talker, 1, "block"))
    await host.ok("GET", f"/v1/reports/{made['report_id']}")
    await host.ok("GET", "/v1/reports?state=open")
    await host.ok("GET", f"{room}/sanctions")
    blocks = (await host.ok("GET", "/v1/sanctions"))["data"]
    wire.normal.name(blocks[0]["id"], "block by rule")
    await talker.ok("GET", "/v1/dms")
    await host.ok("PUT", f"{room}/rules", {"text": None})
    await host.ok("GET", "/v1/audit?cursor=30")
    await wire.owner.ok("GET", "/v1/audit/verify")
