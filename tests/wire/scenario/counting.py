"""Offences that are only counted, and sanctions of rules that the circuit breaker holds."""

from __future__ import annotations

from typing import Any

from tests.wire.scenario.rules import act
from tests.wire.scenario.spaces import RULES
from tests.wire.wire import Wire

TERMS: dict[str, Any] = {"severity": 2, "repeat": {"times": 2, "within": 60.0}, "cooldown": 45.0}

CLIMBS = """schema = 1
[ladder.speech]
steps = [ { points = 1, do = "warn" }, { points = 3, do = "mute", for = "60s" } ]
[[rule]]
id = "pitch"
mode = "enforce"
severity = 2
when.any = [ { words = ["crypto giveaway"] } ]
actions = ["ladder:speech"]
"""


async def play(wire: Wire) -> None:
    host, bot = wire.people["host"], wire.bot
    drifter = await wire.person("drifter")
    room = await wire.live(host, "counted", captions=False)
    await host.ok(
        "PUT",
        f"{room}/rules",
        {"text": RULES.replace("[limits]", "[limits]\nmax_auto_actions_per_5min = 0"), "filename": "tea.toml"},
    )
    await host.prepare("POST", f"{room}/invites", {"handles": ["@drifter"]})
    await drifter.prepare("POST", f"{room}/accept")
    await wire.watch(host, room)
    await bot.ok("POST", f"{room}/acts", act(drifter, 1, "mute", **TERMS))
    later: dict[str, Any] = {"key": "pitch:1:200-250:mute", "start_tick": 200, "end_tick": 250}
    await bot.ok("POST", f"{room}/acts", act(drifter, 1, "mute", **TERMS, **later))
    steps = [{"points": 1, "do": "warn"}, {"points": 3, "do": "mute", "seconds": 60}]
    ladder = {"name": "speech", "expire": 3600, "steps": steps}
    await host.ok("PUT", f"{room}/rules", {"text": CLIMBS, "filename": "tea.toml"})
    climb: dict[str, Any] = {
        "key": "pitch:1:400-450:ladder",
        "start_tick": 400,
        "end_tick": 450,
        "severity": 2,
        "ladder": ladder,
    }
    await bot.ok("POST", f"{room}/acts", act(drifter, 1, "ladder", **climb))
