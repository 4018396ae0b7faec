"""Appeals: filed once by the target, decided once by somebody else, and told to those whom it concerns."""

from __future__ import annotations

import asyncio
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from spacesctl.server.http.rates import Limits, Rates
from spacesctl.support.clock import VirtualClock
from tests.api.harness import Api, As, running_api
from tests.api.test_evidence import actor_of, lane_of, talks
from tests.api.test_limits import too_many
from tests.api.test_moderation import act, stage
from tests.api.test_reporters import about
from tests.api.test_review import told

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(datetime(2026, 11, 30, 12, tzinfo=UTC))


async def newest(who: As) -> dict[str, Any]:
    """The newest sanction on somebody."""
    found: dict[str, Any] = (await who.ok("GET", "/v1/accounts/me/sanctions"))["data"][0]
    return found


async def staffed(api: Api) -> tuple[As, As, As, str]:
    """A host, a co-host `ann`, a speaker `cid`, and their Space."""
    host, ann = await api.accounts("host", "ann")
    space = await api.live(host)
    await host.ok("POST", f"{space}/invites", {"handles": ["@ann"], "role": "cohost"})
    await ann.ok("POST", f"{space}/accept")
    return host, ann, await api.speaker(space, host, "cid"), space


async def appealed(who: As, text: str = "it was a joke") -> str:
    """Appeal the newest sanction. Returns the path of the appeal."""
    made = await who.ok("POST", f"/v1/sanctions/{(await newest(who))['id']}/appeal", {"text": text})
    assert made["state"] == "open"
    return f"/v1/appeals/{made['id']}"


async def test_a_kick_is_appealed_and_who_comes_back_is_told_and_may(api: Api) -> None:
    host, ann, cid, space = await staffed(api)
    await host.ok("POST", f"{space}/people/@cid/kick", {"reason": "rude"})
    assert (await cid.refused("POST", f"{space}/reactions", {"reaction": "clap"}))["reason"] == "barred"
    appeal = await appealed(cid)
    assert any("@cid appeals being removed from “A Space”" in text for text in await told(ann))
    [listed] = (await ann.ok("GET", "/v1/appeals?state=open"))["data"]
    assert (listed["text"], listed["sanction"]["reason"], listed["title"]) == ("it was a joke", "rude", "A Space")
    granted = await ann.ok("PATCH", appeal, {"state": "granted", "reason": "we talked"})
    assert (granted["state"], granted["decided_by"]["handle"]) == ("granted", "@ann")
    assert (granted["sanction"]["how"], granted["sanction"]["lift_reason"]) == ("undone", "we talked")
    await cid.ok("POST", f"{space}/reactions", {"reaction": "clap"})
    mine = [text for text in await told(cid) if "Your appeal" in text]
    start = "Your appeal of being removed from “A Space” was granted: it is taken back: we talked. You are free to come back to “A Space”."
    assert len(mine) == 1
    assert mine[0].startswith(start)
    assert not any(text.startswith("You are free") for text in await told(cid)), "one message says it"
    entries = [row["action"] for row in (await host.ok("GET", "/v1/audit"))["data"]]
    assert entries[:3] == ["kick.undo", "appeal.decide", "appeal"]


async def test_a_denial_has_a_reason_which_is_told(api: Api) -> None:
    host, ann, cid, space = await staffed(api)
    await host.ok("POST", f"{space}/people/@cid/mute")
    appeal = await appealed(cid)
    assert (await ann.refused("PATCH", appeal, {"state": "denied"}))["code"] == "invalid"
    await ann.ok("PATCH", appeal, {"state": "denied", "reason": "you went on"})
    assert "Your appeal of being muted in “A Space” was denied: you went on." in await told(cid)
    assert (await newest(cid))["lifted_at"] is None
    assert (await cid.ok("GET", appeal))["reason"] == "you went on"


async def test_an_appeal_is_filed_once_by_its_target(api: Api) -> None:
    host, ann, cid, space = await staffed(api)
    await host.ok("POST", f"{space}/people/@cid/mute")
    path = f"/v1/sanctions/{(await newest(cid))['id']}/appeal"
    for who, status in ((ann, 404), (host, 404), (api.nobody, 401)):
        assert (await who.refused("POST", path))["status"] == status
    assert (await cid.refused("POST", "/v1/sanctions/x-1/appeal"))["status"] == 404
    answers = await asyncio.gather(*(cid.call("POST", path) for _ in range(3)))
    assert sorted(one.status_code for one in answers) == [201, 409, 409]


async def test_a_sanction_can_be_appealed_for_fourteen_days(tmp_path: Path, clock: VirtualClock) -> None:
    async with running_api(tmp_path / "data", clock=clock) as api:
        host, _ann, cid, space = await staffed(api)
        await host.ok("POST", f"{space}/people/@cid/warn", {"reason": "x"})
        path = f"/v1/sanctions/{(await newest(cid))['id']}"
        until = (await cid.ok("GET", path))["appeal_until"]
        clock.advance(timedelta(days=14, seconds=1).total_seconds())
        assert (await cid.refused("POST", f"{path}/appeal"))["reason"] == "too_late"
        assert until.startswith("2026-12-14T12:00")


async def test_what_was_undone_is_not_appealed_and_what_ended_is(api: Api) -> None:
    host, _ann, cid, space = await staffed(api)
    await host.ok("POST", f"{space}/people/@cid/mute")
    undone = (await newest(cid))["id"]
    await host.ok("POST", f"{space}/sanctions/{undone}/undo")
    assert (await cid.refused("POST", f"/v1/sanctions/{undone}/appeal"))["reason"] == "undone"
    await host.ok("POST", f"{space}/people/@cid/mute")
    await host.ok("POST", f"{space}/end")
    appeal = await appealed(cid)
    assert (await host.refused("PATCH", appeal, {"state": "granted"}))["reason"] == "decide_appeal"
    granted = await api.owner.ok("PATCH", appeal, {"state": "granted", "reason": ""})
    assert (granted["state"], granted["sanction"]["how"]) == ("granted", "ended")


async def test_an_undone_sanction_leaves_no_appeal_behind(api: Api) -> None:
    host, _ann, cid, space = await staffed(api)
    await host.ok("POST", f"{space}/people/@cid/mute")
    appeal = await appealed(cid)
    await host.ok("POST", f"{space}/sanctions/{(await newest(cid))['id']}/undo", {"reason": "my mistake"})
    settled = await host.ok("GET", appeal)
    assert (settled["state"], settled["reason"], settled["decided_by"]["handle"]) == ("granted", "my mistake", "@host")
    await host.ok("PUT", "/v1/accounts/me/blocks/@cid")
    block = await appealed(cid)
    await host.ok("DELETE", "/v1/accounts/me/blocks/@cid")
    assert (await host.ok("GET", block))["state"] == "granted"
    assert (await host.ok("GET", "/v1/appeals?state=open"))["data"] == []


async def test_whoever_imposed_it_does_not_decide_while_somebody_else_can(api: Api) -> None:
    host, ann, cid, space = await staffed(api)
    await ann.ok("POST", f"{space}/people/@cid/mute")
    appeal = await appealed(cid)
    for who in (ann, cid):
        assert (await who.refused("PATCH", appeal, {"state": "granted"}))["reason"] == "decide_appeal"
    assert (await ann.ok("GET", appeal))["state"] == "open", "she may read it"
    await host.ok("PATCH", appeal, {"state": "granted"})


async def test_where_there_is_nobody_else_operators_are_told_and_decide(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    cid = await api.speaker(space, host, "cid")
    await host.ok("POST", f"{space}/people/@cid/mute")
    appeal = await appealed(cid)
    assert (await host.refused("PATCH", appeal, {"state": "denied", "reason": "no"}))["reason"] == "decide_appeal"
    assert any("@cid appeals being muted in" in text for text in await told(api.owner))
    await api.owner.ok("PATCH", appeal, {"state": "granted"})


async def test_who_alone_can_decide_does(api: Api) -> None:
    """The one operator hosts, and has imposed it."""
    space = await api.live(api.owner)
    cid = await api.speaker(space, api.owner, "cid")
    await api.owner.ok("POST", f"{space}/people/@cid/mute")
    appeal = await appealed(cid)
    await api.owner.ok("PATCH", appeal, {"state": "denied", "reason": "no"})


async def test_of_a_grant_and_a_denial_at_once_one_counts(api: Api) -> None:
    host, ann, cid, space = await staffed(api)
    await api.owner.ok("POST", f"{space}/people/@cid/kick")
    appeal = await appealed(cid)
    answers = await asyncio.gather(
        host.call("PATCH", appeal, {"state": "granted"}), ann.call("PATCH", appeal, {"state": "denied", "reason": "no"})
    )
    assert sorted(one.status_code for one in answers) == [200, 409]
    [lost] = [one.json() for one in answers if one.status_code == 409]
    assert lost["reason"] == "decided"
    outcomes = [text for text in await told(cid) if text.startswith("Your appeal")]
    assert len(outcomes) == 1
    state = (await host.ok("GET", appeal))["state"]
    assert ((await newest(cid))["how"] == "undone") is (state == "granted")


async def test_a_rules_sanction_is_appealed_its_points_come_back_and_its_report_is_dismissed(api: Api) -> None:
    host, talker, space = await stage(api)
    await api.bot.ok("POST", f"{space}/acts", act(talker, "report", key="k1"))
    await api.bot.ok("POST", f"{space}/acts", act(talker, "mute", key="k2"))
    assert (await newest(talker))["by"]["kind"] == "rule"
    appeal = await appealed(talker)
    await host.ok("PATCH", appeal, {"state": "granted", "reason": "a quotation"})
    [report] = (await host.ok("GET", "/v1/reports"))["data"]
    assert (report["state"], report["decision"]) == ("dismissed", "an appeal was granted")
    assert (await newest(talker))["how"] == "undone"
    assert not (await host.ok("GET", f"{space}/people"))["data"][1]["muted"]


async def test_who_reported_is_told_what_became_of_the_appeal_and_is_named_to_nobody(api: Api) -> None:
    host, ann, cid, space = await staffed(api)
    dan = await api.account("dan")
    await api.listener(space, dan)
    filed = (await dan.ok("POST", "/v1/reports", {**about(space, "@cid"), "note": "says dan"}))["id"]
    await host.ok("PATCH", f"/v1/reports/{filed}", {"state": "upheld", "note": "thanks @dan"})
    for state, reason in (("denied", "no"), ("granted", "yes")):
        await host.ok("POST", f"{space}/people/@cid/mute", {"report": filed})
        appeal = await appealed(cid)
        await ann.ok("PATCH", appeal, {"state": state, "reason": reason})
        sanction = (await newest(cid))["id"]
        seen = [
            await cid.ok("GET", f"/v1/sanctions/{sanction}"),
            await cid.ok("GET", appeal),
            await told(cid),
            await cid.ok("GET", "/v1/accounts/me/sanctions"),
            await cid.ok("GET", "/v1/audit"),
        ]
        for hidden in ("@dan", "says dan", dan.id, filed):
            assert hidden not in json.dumps(seen), (state, hidden)
        await host.ok("POST", f"{space}/people/@cid/unmute")
    texts = await told(dan)
    assert any("whom you reported, was muted in “A Space” and appealed. The appeal was denied" in one for one in texts)
    assert any("was dismissed: an appeal was granted." in one for one in texts)


async def test_a_report_that_is_no_report_about_them_here_is_not_linked(api: Api) -> None:
    host, ann, _cid, space = await staffed(api)
    other = await api.live(ann, title="Other")
    dan = await api.account("dan")
    await api.listener(space, dan)
    await api.listener(other, dan)
    about_ann = (await dan.ok("POST", "/v1/reports", about(space, "@ann")))["id"]
    elsewhere = (await dan.ok("POST", "/v1/reports", about(other, "@cid")))["id"]
    for report in (about_ann, elsewhere, "1"):
        for verb in ("warn", "mute", "demote", "kick"):
            refused = await host.refused("POST", f"{space}/people/@cid/{verb}", {"reason": "x", "report": report})
            assert refused["status"] == 404, (report, verb)


async def test_a_block_is_appealed_to_whose_it_is_alone(api: Api) -> None:
    host, ann, ben = await api.accounts("host", "ann", "ben")
    await host.ok("PUT", "/v1/accounts/me/blocks/@ann", {"reason": "between us"})
    found = await newest(ann)
    assert (found["action"], found["reason"]) == ("block", ""), "why is for the blocker alone"
    appeal = await appealed(ann, "please")
    assert any("appeals your block of them" in text for text in await told(host))
    assert "please" not in json.dumps(await told(host)), "who blocks reads it by asking for it"
    for who in (ben, api.owner):
        assert (await who.refused("GET", appeal))["status"] == 404
        assert (await who.refused("PATCH", appeal, {"state": "granted"}))["status"] == 404
    assert [one["id"] for one in (await host.ok("GET", "/v1/appeals"))["data"]] == [appeal.rsplit("/", 1)[-1]]
    assert (await ann.refused("PATCH", appeal, {"state": "granted"}))["reason"] == "decide_appeal"
    await host.ok("PATCH", appeal, {"state": "granted", "reason": "fine"})
    assert (await host.refused("PATCH", appeal, {"state": "granted"}))["reason"] == "decided"
    assert (await host.ok("GET", "/v1/accounts/me/blocks"))["data"] == []
    await ann.ok("POST", "/v1/dms", {"to": "@host", "text": "thank you"})
    assert any(text.startswith("Your appeal of the block by @host was granted: fine") for text in await told(ann))


async def test_appeals_are_limited(api: Api) -> None:
    host, _ann, cid, space = await staffed(api)
    for verb in ("warn", "mute"):
        await host.ok("POST", f"{space}/people/@cid/{verb}", {"reason": "x"})
    one, other = [row["id"] for row in (await cid.ok("GET", "/v1/accounts/me/sanctions"))["data"]]
    api.app.rates = Rates(Limits(appeal="1/hour"))
    await cid.ok("POST", f"/v1/sanctions/{one}/appeal")
    await too_many(cid, "POST", f"/v1/sanctions/{other}/appeal")


async def test_appeals_outlive_a_restart(tmp_path: Path) -> None:
    async with running_api(tmp_path / "data") as api:
        host, ann, cid, space = await staffed(api)
        await host.ok("POST", f"{space}/people/@cid/kick")
        appeal = await appealed(cid)
    async with running_api(tmp_path / "data", first=False) as again:
        await As(again, ann.token).ok("PATCH", appeal, {"state": "granted"})
        await As(again, cid.token).ok("POST", f"{space}/reactions", {"reaction": "clap"})


async def test_the_target_reads_what_it_stands_on_and_hears_their_own_clip(api: Api) -> None:
    host, talker, space = await stage(api)
    actor = actor_of(api, space)
    talks(actor, lane_of(actor, talker), range(100))
    await host.ok("PUT", f"{space}/rules", {"text": RULE})
    rules_hash = (await host.ok("GET", f"{space}/rules"))["hash"]
    for action in ("report", "mute"):
        await api.bot.ok("POST", f"{space}/acts", act(talker, action, rule_id="scam", rule_hash=rules_hash, key=action))
    one = await newest(talker)
    found = await talker.ok("GET", f"/v1/sanctions/{one['id']}")
    assert (found["automatic"], found["rule"], found["sound"], found["report_id"]) == (True, "scam", True, None)
    assert found["text"] == "crypto giveaway"
    assert found["rule_text"].splitlines()[:2] == ["[[rule]]", 'id = "scam"']
    assert "my notes" not in found["rule_text"]
    assert "other" not in found["rule_text"]
    sound = await talker.call("GET", f"/v1/sanctions/{one['id']}/clip")
    report = (await host.ok("GET", f"/v1/sanctions/{one['id']}"))["report_id"]
    assert sound.content == (await host.call("GET", f"/v1/reports/{report}/clip")).content
    assert (await talker.refused("GET", f"/v1/reports/{report}/clip"))["status"] == 403
    ben = await api.account("ben")
    for path in ("", "/clip"):
        assert (await ben.refused("GET", f"/v1/sanctions/{one['id']}{path}"))["status"] == 403
    assert any(f"`spacesctl sanction show {one['id']}`" in text for text in await told(talker))


async def test_where_there_is_no_sound_it_says_so(api: Api) -> None:
    host, _ann, cid, space = await staffed(api)
    await host.ok("POST", f"{space}/people/@cid/mute", {"reason": "loud"})
    one = (await newest(cid))["id"]
    found = await cid.ok("GET", f"/v1/sanctions/{one}")
    assert (found["sound"], found["words"], found["rule"], found["appeal"]) == (False, [], None, None)
    assert (await cid.refused("GET", f"/v1/sanctions/{one}/clip"))["status"] == 404


RULE = """schema = 1
[limits]
max_auto_actions_per_5min = 100
[[rule]]
id = "scam"  # my notes on @troll
mode = "enforce"
when.any = [ { words = ["crypto giveaway"] } ]
actions = ["report", "mute"]
[[rule]]
id = "other"
when.any = [ { words = ["something else"] } ]
actions = ["log"]
"""
