"""What rules suggest, what is decided on it, and what waits for its second recognition."""

from __future__ import annotations

from tests.wire.scenario.rules import act
from tests.wire.scenario.spaces import RULES
from tests.wire.wire import Wire


async def play(wire: Wire) -> None:
    host, bot = wire.people["host"], wire.bot
    waverer = await wire.person("waverer")
    room = await wire.live(host, "suggested", captions=False)
    await host.prepare("PUT", f"{room}/rules", {"text": RULES, "filename": "tea.toml"})
    await host.prepare("POST", f"{room}/invites", {"handles": ["@waverer"]})
    await waverer.prepare("POST", f"{room}/accept")
    await wire.watch(host, room)
    for n, (action, mode) in enumerate([("mute", "suggest"), ("warn", "suggest"), ("kick", "waiting")]):
        about = {"key": f"pitch:1:{n}:{action}", "mode": mode, "start_tick": n * 100, "end_tick": n * 100 + 50}
        await bot.ok("POST", f"{room}/acts", {**act(waverer, 1, action), **about})
    await host.ok("GET", f"{room}/suggestions")
    await host.ok("POST", f"{room}/suggestions/{room[-13:]}-s1/confirm")
    await host.ok("POST", f"{room}/suggestions/{room[-13:]}-s2/dismiss")
    await host.ok("POST", f"{room}/suggestions/{room[-13:]}-s1/confirm", status=409)
    await host.ok("POST", f"{room}/suggestions/{room[-13:]}-s9/dismiss", status=404)
    await waverer.prepare("POST", "/v1/reports", {"space_id": room[-13:], "account": "@host", "note": "they suggest"})
    await waverer.ok("GET", "/v1/accounts/me/reports")
