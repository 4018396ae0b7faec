"""A report that somebody looks after, a sanction that it led to, and its appeal; what a rule is not to find again."""

from __future__ import annotations

from tests.wire import drive
from tests.wire.scenario.rules import act
from tests.wire.wire import Wire

RULES = 'schema = 1\n[[rule]]\nid = "scam"\nmode = "enforce"\nwhen.any = [ { words = ["giveaway"] } ]\nactions = ["report", "mute"]\n'


async def play(wire: Wire) -> None:
    host, bot = wire.people["host"], wire.bot
    loud, second = await wire.person("loud"), await wire.person("second")
    room = await wire.live(host, "reviewed", captions=True)
    await host.prepare("PUT", f"{room}/rules", {"text": RULES})
    for one, role in ((loud, "speaker"), (second, "cohost")):
        await host.prepare("POST", f"{room}/invites", {"handles": [one.handle], "role": role})
        await one.prepare("POST", f"{room}/accept")
    await loud.offer(f"{room}/whip", kept=False)
    await drive.sound(wire, room, 100, lane=1)
    await wire.watch(host, room)
    filed = await second.ok("POST", "/v1/reports", {"space_id": drive.id_of(room), "account": "@loud"})
    wire.normal.name(filed["id"], "report of loud")
    report = f"/v1/reports/{filed['id']}"
    await host.ok("PUT", f"{report}/assignee", {"account": "@second"})
    await host.ok("PUT", f"{report}/assignee", {"account": "@host"}, status=409)
    noted = await host.ok("POST", f"{report}/notes", {"text": "twice today"})
    wire.normal.name(noted["id"], "note on loud")
    await host.ok("GET", f"/v1/reports?space_id={drive.id_of(room)}&assignee=@second")
    await host.ok("GET", report)
    await host.ok("DELETE", f"{report}/assignee")
    await host.ok("POST", f"{room}/people/@loud/mute", {"reason": "loud", "report": filed["id"]})
    sanction = f"/v1/sanctions/{(await loud.ok('GET', '/v1/accounts/me/sanctions'))['data'][0]['id']}"
    await loud.ok("GET", sanction)
    await loud.call("GET", f"{sanction}/clip")
    made = await loud.ok("POST", f"{sanction}/appeal", {"text": "a quotation"})
    wire.normal.name(made["id"], "appeal of loud")
    await second.ok("GET", "/v1/appeals?state=open")
    await second.ok("GET", f"/v1/appeals/{made['id']}")
    await second.ok("PATCH", f"/v1/appeals/{made['id']}", {"state": "granted", "reason": "so it was"})
    by_rule = await bot.ok("POST", f"{room}/acts", act(loud, 1, "report"))
    wire.normal.name(by_rule["report_id"], "report of loud by rule")
    await host.ok("PATCH", f"/v1/reports/{by_rule['report_id']}", {"state": "dismissed"})
    await host.ok("GET", f"/v1/regressions?space_id={drive.id_of(room)}")
