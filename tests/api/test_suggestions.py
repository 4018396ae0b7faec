"""What rules leave to people: listed, confirmed once, dismissed, and over after a while."""

from __future__ import annotations

import asyncio
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest

from spacesctl.application.people import lift_expired
from spacesctl.domain.suggestions import OPEN_FOR, WAITS
from spacesctl.support.clock import VirtualClock
from tests.api.harness import Api, As, memory_equals_store, running_api, settled
from tests.api.notice_scene import START
from tests.api.test_moderation import RULES, act, stage

pytestmark = pytest.mark.anyio


def said(talker: As, tick: int, action: str, mode: str = "suggest", **changes: Any) -> dict[str, Any]:
    key = f"pitch:1:{tick}-{tick + 10}:{changes.get('lane', 1)}:{action}"
    return act(talker, action, mode, key=key, start_tick=tick, end_tick=tick + 10, **changes)


async def suggested(here: Api, host: As, talker: As, space: str, action: str = "mute", tick: int = 0) -> str:
    await here.bot.ok("POST", f"{space}/acts", said(talker, tick, action))
    return str((await host.ok("GET", f"{space}/suggestions"))["data"][0]["id"])


async def told(who: As, part: str) -> list[str]:
    return [one["text"] for one in (await who.ok("GET", "/v1/dms"))["data"] if part in one["text"]]


async def test_a_suggestion_becomes_a_sanction_of_the_human_once(api: Api) -> None:
    host, talker, space = await stage(api)
    one = await suggested(api, host, talker, space)
    (shown,) = (await host.ok("GET", f"{space}/suggestions"))["data"]
    assert (shown["state"], shown["why"], shown["rule_id"], shown["action"]) == ("open", "suggested", "pitch", "mute")
    assert (shown["target"]["handle"], shown["text"], shown["times"]) == ("@talker", "crypto giveaway", 1)
    (text,) = await told(host, "suggests")
    assert f"`spacesctl confirm {one}`" in text
    answers = await asyncio.gather(*(host.call("POST", f"{space}/suggestions/{one}/confirm") for _ in range(3)))
    assert sorted(answer.status_code for answer in answers) == [200, 409, 409]
    (mute,) = (await host.ok("GET", f"{space}/sanctions"))["data"]
    assert (mute["action"], mute["by"]["handle"], mute["reason"]) == ("mute", "@host", "rule pitch")
    assert mute["evidence"] == "pitch:1:0-10:1:mute"
    (done,) = (await host.ok("GET", f"{space}/suggestions"))["data"]
    assert (done["state"], done["decided_by"]["handle"], done["sanction_id"]) == ("confirmed", "@host", mute["id"])
    assert any("You were muted in" in text and "rule pitch" in text for text in await told(talker, "muted"))
    await host.ok("POST", f"{space}/sanctions/{mute['id']}/undo")
    assert [row["action"] for row in (await host.ok("GET", "/v1/audit"))["data"]][:4] == [
        "unmute", "suggestion.confirmed", "mute", "act",
    ]  # fmt: skip
    await memory_equals_store(api)


async def test_what_is_dismissed_cannot_be_confirmed(api: Api) -> None:
    host, talker, space = await stage(api)
    one = await suggested(api, host, talker, space, "kick")
    assert (await host.ok("POST", f"{space}/suggestions/{one}/dismiss"))["state"] == "dismissed"
    problem = await host.refused("POST", f"{space}/suggestions/{one}/confirm")
    assert (problem["status"], problem["reason"]) == (409, "decided")
    assert (await host.ok("GET", f"{space}/sanctions"))["data"] == []
    assert (await host.refused("POST", f"{space}/suggestions/nothing/confirm"))["status"] == 404


async def test_only_who_may_do_it_confirms_and_nobody_about_themselves(api: Api) -> None:
    host, talker, space = await stage(api)
    cohost, listener = await api.accounts("cohost", "listener")
    await host.ok("POST", f"{space}/invites", {"handles": ["@cohost"], "role": "cohost"})
    await cohost.ok("POST", f"{space}/accept")
    one = await suggested(api, host, talker, space, "kick")
    block = await suggested(api, host, talker, space, "block", 100)
    for who in (talker, listener):
        assert (await who.refused("GET", f"{space}/suggestions"))["status"] == 403
        for verb in ("confirm", "dismiss"):
            assert (await who.refused("POST", f"{space}/suggestions/{one}/{verb}"))["status"] == 403
    assert (await cohost.refused("POST", f"{space}/suggestions/{block}/confirm"))["reason"] == "block"
    await host.ok("POST", f"{space}/people/@talker/promote")
    assert (await cohost.refused("POST", f"{space}/suggestions/{one}/confirm"))["status"] == 403, "an equal"
    assert (await talker.refused("POST", f"{space}/suggestions/{one}/dismiss"))["status"] == 403, "about oneself"
    assert (await talker.ok("GET", f"{space}/suggestions"))["data"] == []
    await host.ok("POST", f"{space}/people/@talker/demote")
    assert (await cohost.ok("POST", f"{space}/suggestions/{one}/confirm"))["state"] == "confirmed"
    assert (await talker.refused("POST", f"{space}/accept"))["reason"] == "barred"


async def test_a_block_goes_on_the_hosts_list(api: Api) -> None:
    host, talker, space = await stage(api)
    one = await suggested(api, host, talker, space, "block")
    assert (await host.ok("POST", f"{space}/suggestions/{one}/confirm"))["state"] == "confirmed"
    assert [row["handle"] for row in (await host.ok("GET", "/v1/accounts/me/blocks"))["data"]] == ["@talker"]
    (block,) = (await host.ok("GET", "/v1/sanctions"))["data"]
    assert (block["by"]["handle"], block["reason"]) == ("@host", "rule pitch")


@pytest.mark.parametrize(("action", "lasts"), [("lock", 600), ("slow", 600), ("hold", 300)])
async def test_what_is_suggested_about_a_space_ends_by_itself(api: Api, action: str, lasts: int) -> None:
    host, talker, space = await stage(api)
    raid = said(talker, 0, action, account_id="", lane=0, words=[], found="joins_per_minute 72")
    await api.bot.ok("POST", f"{space}/acts", raid)
    (shown,) = (await host.ok("GET", f"{space}/suggestions"))["data"]
    assert (shown["target"], shown["found"], shown["duration"]) == (None, "joins_per_minute 72", lasts)
    await host.ok("POST", f"{space}/suggestions/{shown['id']}/confirm")
    (one,) = (await host.ok("GET", f"{space}/sanctions"))["data"]
    assert (one["action"], one["target"], one["by"]["handle"]) == (action, None, "@host")
    assert one["until"] is not None
    await api.bot.ok("POST", f"{space}/acts", {**raid, "key": "again", "start_tick": 900, "end_tick": 900})
    assert len((await host.ok("GET", f"{space}/suggestions"))["data"]) == 1, "it is in effect"


async def test_the_same_rule_asks_again_and_again_for_one_thing(api: Api) -> None:
    host, talker, space = await stage(api)
    for tick in (0, 100, 200):
        await api.bot.ok("POST", f"{space}/acts", said(talker, tick, "mute"))
    (one,) = (await host.ok("GET", f"{space}/suggestions"))["data"]
    assert (one["times"], one["start_tick"]) == (3, 200)
    assert len(await told(host, "suggests")) == 1


async def test_what_the_breaker_holds_can_be_done_by_a_person(api: Api) -> None:
    host, talker, space = await stage(api)
    none = RULES.replace("[limits]", "[limits]\nmax_auto_actions_per_5min = 0")
    await host.ok("PUT", f"{space}/rules", {"text": none})
    assert (await api.bot.ok("POST", f"{space}/acts", said(talker, 0, "mute", "enforce")))["mode"] == "held"
    (one,) = (await host.ok("GET", f"{space}/suggestions"))["data"]
    assert one["why"] == "held"
    (text,) = await told(host, "many sanctions")
    assert f"spacesctl suggestions {space[-13:]}" in text
    await host.ok("POST", f"{space}/suggestions/{one['id']}/confirm")
    assert [row["action"] for row in (await host.ok("GET", f"{space}/sanctions"))["data"]] == ["mute"]


async def test_a_sanction_whose_bot_was_killed_while_it_waited_is_suggested_and_says_why(tmp_path: Path) -> None:
    clock = VirtualClock(START)
    async with running_api(tmp_path / "data", clock=clock) as api:
        host, talker, space = await stage(api)
        waits = await api.bot.ok("POST", f"{space}/acts", said(talker, 0, "mute", "waiting"))
        assert waits["mode"] == "waiting"
        assert (await host.ok("GET", f"{space}/suggestions"))["data"] == []
        log = (await host.ok("GET", "/v1/audit"))["data"]
        assert log[0]["details"]["mode"] == "waiting", "there is a trace from the first moment"
    async with running_api(tmp_path / "data", first=False, clock=clock) as again:
        host = As(again, host.token)
        clock.advance(WAITS.total_seconds())
        await lift_expired(again.app, space[-13:])
        (one,) = (await host.ok("GET", f"{space}/suggestions"))["data"]
        assert (one["why"], one["state"]) == ("unanswered", "open")
        (text,) = await told(host, "second recognition")
        assert one["id"] in text
        clock.advance(OPEN_FOR.total_seconds())
        await lift_expired(again.app, space[-13:])
        assert (await host.refused("POST", f"{space}/suggestions/{one['id']}/confirm"))["reason"] == "decided"


@pytest.mark.parametrize("mode", ["enforce", "unconfirmed", "suggest"])
async def test_what_waited_is_judged_when_its_answer_comes(api: Api, mode: str) -> None:
    host, talker, space = await stage(api)
    await api.bot.ok("POST", f"{space}/acts", said(talker, 0, "mute", "waiting"))
    for _ in range(2):
        assert (await api.bot.ok("POST", f"{space}/acts", said(talker, 0, "mute", mode)))["mode"] == mode
    assert len((await host.ok("GET", f"{space}/sanctions"))["data"]) == (mode == "enforce")
    assert len((await host.ok("GET", f"{space}/suggestions"))["data"]) == (mode == "suggest")
    again = await api.bot.ok("POST", f"{space}/acts", said(talker, 0, "mute", "waiting"))
    assert again["mode"] == mode, "what was judged does not wait again"
    actor = api.app.registry.actors[space[-13:]]
    assert not any(one.state == "waiting" for one in actor.space.suggestions.values())


async def test_the_clock_ends_them(api: Api) -> None:
    host, talker, space = await stage(api)
    one = await suggested(api, host, talker, space)
    await settled(api)
    job = api.app.alarm._scheduler.get_job(f"lift {space[-13:]}")
    until = api.app.registry.actors[space[-13:]].space.suggestions[one].until
    assert job.next_run_time == until
    await host.ok("POST", f"{space}/suggestions/{one}/dismiss")
    await settled(api)
    assert api.app.alarm._scheduler.get_job(f"lift {space[-13:]}") is None


def test_the_wait_is_shorter_than_what_follows() -> None:
    assert timedelta(seconds=10) < WAITS < OPEN_FOR


async def test_the_message_about_an_automatic_sanction_has_the_command_that_undoes_it(api: Api) -> None:
    host, talker, space = await stage(api)
    await api.bot.ok("POST", f"{space}/acts", said(talker, 3250, "mute", "enforce"))
    (mute,) = (await host.ok("GET", f"{space}/sanctions"))["data"]
    (text,) = await told(host, "was muted in")
    assert text.endswith(f"`spacesctl undo {mute['id']}` undoes it.")
    assert "at 01:05: @talker" in text
    await api.bot.ok("POST", f"{space}/acts", said(talker, 3400, "block", "enforce"))
    (text,) = await told(host, "blocked")
    assert text.endswith("`spacesctl unblock @talker` undoes it.")


@pytest.mark.parametrize("action", ["lock", "slow"])
async def test_the_host_is_told_what_a_rule_did_about_all_and_how_to_undo_it(api: Api, action: str) -> None:
    host, talker, space = await stage(api)
    await host.ok("PUT", f"{space}/rules", {"text": RULES.replace('"mute", ', f'"mute", "{action}", ')})
    raid = said(talker, 0, action, "enforce", account_id="", lane=0, words=[], found="joins_per_minute 72")
    for key in ("one", "three"):
        await api.bot.ok("POST", f"{space}/acts", {**raid, "key": key, "start_tick": len(key), "end_tick": len(key)})
    (one,) = (await host.ok("GET", f"{space}/sanctions"))["data"]
    (text,) = await told(host, "found joins_per_minute 72")
    assert text.endswith(f"`spacesctl undo {one['id']}` undoes it.")


async def test_no_rule_holds_by_itself(api: Api) -> None:
    host, talker, space = await stage(api)
    raid = said(talker, 0, "hold", "enforce", account_id="", lane=0, words=[], found="joins_per_minute 72")
    assert (await api.bot.refused("POST", f"{space}/acts", raid))["status"] == 403
    text = RULES.replace('actions = ["report", ', 'actions = ["report", "hold", ')
    problem = await host.refused("PUT", f"{space}/rules", {"text": text})
    assert "may not hold by itself" in str(problem)
