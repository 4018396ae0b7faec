"""Rules, acts, reports and the audit log through the API."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest

from spacesctl.audio import ogg
from spacesctl.engine.messages import Frames, SetLaneOpen
from spacesctl.store import acts as act_store
from spacesctl.store import spaces as space_store
from tests.api.harness import Api, As

pytestmark = pytest.mark.anyio

RULES = """schema = 1
[limits]
allow = { pitch = ["kick", "block"] }
[[rule]]
id = "pitch"
mode = "enforce"
when.any = [ { words = ["crypto giveaway"] } ]
actions = ["report", "mute", "kick", "block"]
"""
WORDS = [
    {"w": "crypto", "start": 1.0, "end": 1.4, "conf": 0.9},
    {"w": "giveaway", "start": 1.4, "end": 2.0, "conf": 0.9},
]


def act(target: As, action: str, mode: str = "enforce", **changes: Any) -> dict[str, Any]:
    return {
        "key": f"pitch:1:50-100:{action}", "rule_id": "pitch", "rule_hash": "h", "mode": mode, "action": action,
        "account_id": target.id, "lane": 1, "start_tick": 50, "end_tick": 100, "words": WORDS, "confidence": 0.9,
        "engine": "spacesctl", "model": "m", **changes,
    }  # fmt: skip


async def stage(api: Api) -> tuple[As, As, str]:
    host = await api.account("host")
    space = await api.live(host)
    talker = await api.speaker(space, host, "talker")
    await host.ok("PUT", f"{space}/rules", {"text": RULES})
    return host, talker, space


async def test_a_rule_mutes_once_tells_both_and_stands_in_the_audit_log(api: Api) -> None:
    host, talker, space = await stage(api)
    api.engine.sent.clear()
    for _ in range(2):  # delivered twice
        await api.bot.ok("POST", f"{space}/acts", act(talker, "mute"))
    assert [gate.heard for gate in api.engine.of(SetLaneOpen)] == [False]
    to_target = [m for m in (await talker.ok("GET", "/v1/dms"))["data"] if m["kind"] == "notice"]
    to_host = [m for m in (await host.ok("GET", "/v1/dms"))["data"] if m["by"]["handle"] == "@spaces_bot"]
    assert len(to_target) == len(to_host) == 1
    assert "crypto giveaway" in to_target[0]["text"]
    assert "rule pitch" in to_target[0]["text"]
    assert "@talker" in to_host[0]["text"]
    log = (await host.ok("GET", "/v1/audit"))["data"]
    assert [row["action"] for row in log if row["target"] and row["target"]["handle"] == "@talker"][:2] == [
        "mute",
        "act",
    ]
    assert {"kind": "rule", "id": "pitch", "for_host": host.id, "bot_id": api.bot.id} == log[0]["by"]
    assert "crypto" not in str(log), "words stand in reports, never in the log"


async def test_two_requests_for_the_same_act_at_once_make_one_report(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    host, talker, space = await stage(api)
    read, both_have_read, reads = act_store.same_act, asyncio.Event(), []

    async def same_act(*asked: Any) -> Any:
        found = await read(*asked)
        reads.append(found)
        if len(reads) == 2:
            both_have_read.set()
        await both_have_read.wait()
        return found

    monkeypatch.setattr(act_store, "same_act", same_act)
    answers = await asyncio.gather(*(api.bot.ok("POST", f"{space}/acts", act(talker, "report")) for _ in range(2)))
    assert reads[:2] == [None, None], "neither knew of the other"
    assert {answer["key"] for answer in answers} == {"pitch:1:50-100:report"}
    assert len((await host.ok("GET", "/v1/reports"))["data"]) == 1


@pytest.mark.parametrize(
    ("change", "again"),
    [
        ({"start_tick": 48, "end_tick": 98}, True),
        ({"start_tick": 100, "end_tick": 150}, True),
        ({"start_tick": 101, "end_tick": 150}, False),
        ({"lane": 2}, False),
        ({"rule_id": "other"}, False),
        ({"action": "log"}, False),
    ],
)
async def test_words_that_another_recogniser_hears_a_little_elsewhere_are_the_same_act(
    api: Api, change: dict[str, Any], again: bool
) -> None:
    host, talker, space = await stage(api)
    first = await api.bot.ok("POST", f"{space}/acts", act(talker, "report"))
    other = act(talker, "report", key="another key", **change) if "action" not in change else act(talker, "log")
    answer = await api.bot.ok("POST", f"{space}/acts", other)
    assert (answer["key"] == first["key"]) is again
    reports = 1 if again or other["action"] == "log" else 2
    assert len((await host.ok("GET", "/v1/reports"))["data"]) == reports


async def test_shadow_records_and_touches_nobody(api: Api) -> None:
    host, talker, space = await stage(api)
    api.engine.sent.clear()
    await api.bot.ok("POST", f"{space}/acts", act(talker, "kick", mode="shadow"))
    assert api.engine.sent == []
    assert (await host.ok("GET", "/v1/audit"))["data"][0]["action"] == "act"
    assert all(message["kind"] == "invite" for message in (await talker.ok("GET", "/v1/dms"))["data"])


async def test_what_a_rule_suggests_is_done_by_nobody_and_told_to_the_host_alone(api: Api) -> None:
    host, talker, space = await stage(api)
    api.engine.sent.clear()
    for action in ("mute", "demote", "kick", "block", "report", "warn"):
        await api.bot.ok("POST", f"{space}/acts", act(talker, action, mode="suggest"))
    assert api.engine.sent == []
    assert (await host.ok("GET", "/v1/sanctions"))["data"] == []
    assert (await host.ok("GET", "/v1/reports"))["data"] == []
    log = (await host.ok("GET", "/v1/audit"))["data"]
    assert [row["action"] for row in log[:6]] == ["act"] * 6
    ids = {one["action"]: one["id"] for one in (await host.ok("GET", f"{space}/suggestions"))["data"]}
    told = [message["text"] for message in (await host.ok("GET", "/v1/dms"))["data"] if "suggests" in message["text"]]
    assert len(told) == len(ids) == 5
    for action, one in ids.items():
        said = f"it suggests to {action} them. Nothing was done. To do it: `spacesctl confirm {one}`;"
        assert said in " ".join(told)
    assert "@talker" in told[-1]
    assert all(message["kind"] == "invite" for message in (await talker.ok("GET", "/v1/dms"))["data"])


async def test_a_report_by_rule_has_words_room_and_the_accused_lane_alone(api: Api) -> None:
    host, talker, space = await stage(api)
    actor = await api.app.registry.actor_of(space.rsplit("/", 1)[-1])
    for tick in range(40, 120):
        actor.on_frames(Frames(space, tick, [(1, 1, b"\xf8\xff\xfe"), (2, 1, b"\xf8other")], []))
    await api.bot.ok("POST", f"{space}/acts", act(talker, "report", evidence={"before": 0.2, "after": 0.2}))
    [report] = (await host.ok("GET", "/v1/reports"))["data"]
    assert (report["target"]["handle"], report["category"]) == ("@talker", "rule:pitch")
    assert report["by"] == {"kind": "rule", "id": "pitch", "bot_id": api.bot.id}
    assert [word["w"] for word in report["words"]] == ["crypto", "giveaway"]
    whole = await host.ok("GET", f"/v1/reports/{report['id']}")
    assert {"account_id": talker.id, "role": "speaker", "mic_open": True, "muted": False, "lane": 1} in whole[
        "evidence"
    ]["room"]["people"]
    clip = await host.call("GET", f"/v1/reports/{report['id']}/clip")
    assert clip.headers["content-type"] == "audio/ogg"
    assert list(ogg.read_packets(clip.content)) == [b"\xf8\xff\xfe"] * 71, "ticks 40 to 110 of lane 1"
    assert (await talker.refused("GET", f"/v1/reports/{report['id']}"))["status"] == 403
    assert (await talker.ok("GET", "/v1/reports"))["data"] == []


async def test_a_rule_that_blocks_puts_the_target_on_the_hosts_list(api: Api) -> None:
    host, talker, space = await stage(api)
    await api.bot.ok("POST", f"{space}/acts", act(talker, "block"))
    assert [row["handle"] for row in (await host.ok("GET", "/v1/accounts/me/blocks"))["data"]] == ["@talker"]
    assert (await talker.offer(f"{space}/whep")).status_code == 403


async def test_a_rule_that_blocks_removes_from_all_spaces_of_the_host_once(api: Api) -> None:
    host, talker, space = await stage(api)
    other = await api.live(host)
    await host.ok("POST", f"{other}/invites", {"handles": ["@talker"]})
    await talker.ok("POST", f"{other}/accept")
    assert (await talker.offer(f"{other}/whip")).status_code == 201
    await api.bot.ok("POST", f"{space}/acts", act(talker, "block"))
    for one in (space, other):
        assert [row["handle"] for row in (await host.ok("GET", f"{one}/people"))["data"]] == ["@host"]
        async with api.app.db.read() as db:
            events = await space_store.events_after(db, one[11:], 0, limit=100, types=["person.removed"])
        assert len(events) == 1, one


async def test_a_rule_blocks_neither_the_host_nor_co_hosts_nor_bots(api: Api) -> None:
    host, _talker, space = await stage(api)
    cohost = await api.account("cohost")
    await host.ok("POST", f"{space}/invites", {"handles": ["@cohost"], "role": "cohost"})
    await cohost.ok("POST", f"{space}/accept")
    for one in (host, cohost, await api.account("robot", "bot")):
        await api.bot.ok("POST", f"{space}/acts", act(one, "block", key=one.handle))
    assert (await host.ok("GET", "/v1/accounts/me/blocks"))["data"] == []


async def test_a_rule_that_kicked_somebody_may_block_them_too(api: Api) -> None:
    host, talker, space = await stage(api)
    for action in ("kick", "block"):
        await api.bot.ok("POST", f"{space}/acts", act(talker, action))
    assert [row["handle"] for row in (await host.ok("GET", "/v1/accounts/me/blocks"))["data"]] == ["@talker"]


async def test_a_bot_takes_no_act_that_the_host_did_not_grant(api: Api) -> None:
    host, talker, space = await stage(api)
    milder = RULES.replace('allow = { pitch = ["kick", "block"] }', "").replace(', "kick", "block"', "")
    await host.ok("PUT", f"{space}/rules", {"text": milder})
    problem = await api.bot.refused("POST", f"{space}/acts", act(talker, "kick"))
    assert problem["reason"] == "take_act"
    await host.ok("PUT", f"{space}/rules", {"text": None})
    assert (await api.bot.refused("POST", f"{space}/acts", act(talker, "mute")))["reason"] == "take_act"


async def test_staff_is_never_punished_by_a_rule(api: Api) -> None:
    host, _talker, space = await stage(api)
    api.engine.sent.clear()
    await api.bot.ok("POST", f"{space}/acts", act(host, "mute"))
    assert api.engine.of(SetLaneOpen) == []


async def test_a_bad_rule_file_is_refused_and_the_old_one_stays(api: Api) -> None:
    host, _talker, space = await stage(api)
    before = await host.ok("GET", f"{space}/rules")
    problem = await host.refused(
        "PUT", f"{space}/rules", {"text": "schema = 1\n[[rule]]\nid = 5\n", "filename": "mine.toml"}
    )
    assert problem["code"] == "invalid"
    assert "mine.toml:3" in problem["detail"]
    assert await host.ok("GET", f"{space}/rules") == before


async def test_a_person_reports_a_person_or_the_space(api: Api) -> None:
    host, _talker, space = await stage(api)
    ann = await api.account("ann")
    await api.listener(space, ann)
    space_id = space.rsplit("/", 1)[-1]
    await ann.ok(
        "POST",
        "/v1/reports",
        {"space_id": space_id, "account": "@talker", "category": "private_information", "note": "sells coins"},
    )
    await ann.ok("POST", "/v1/reports", {"space_id": space_id, "category": "abuse"})
    rows = (await host.ok("GET", "/v1/reports"))["data"]
    assert {(row["target"] and row["target"]["handle"], row["category"], row["by"]["handle"]) for row in rows} == {
        ("@talker", "private_information", "@ann"),
        (None, "abuse", "@ann"),
    }
    assert (await ann.refused("POST", "/v1/reports", {"space_id": space_id, "category": "boredom"}))["status"] == 400


async def test_captions_are_attributed_stored_and_not_kept_when_off(api: Api) -> None:
    host, _talker, space = await stage(api)
    caption = {
        "lane": 1,
        "utterance": 1,
        "text": "hello there",
        "final": True,
        "start_tick": 3,
        "end_tick": 9,
        "words": WORDS,
    }
    await api.bot.ok(
        "POST", f"{space}/captions", {"captions": [caption, {**caption, "final": False}, {**caption, "lane": 77}]}
    )
    await api.bot.ok("POST", f"{space}/captions", {"captions": [caption]})  # delivered twice
    [stored] = (await api.nobody.ok("GET", f"{space}/captions"))["data"]
    assert (stored["speaker"], stored["text"], stored["start_tick"]) == ("@talker", "hello there", 3)
    assert stored["words"] == WORDS
    await host.ok("PATCH", space, {"captions": False})
    await api.bot.ok("POST", f"{space}/captions", {"captions": [{**caption, "utterance": 2}]})
    assert len((await api.nobody.ok("GET", f"{space}/captions"))["data"]) == 1


async def test_assignments_follow_captions_rules_and_the_end(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host, captions=False)
    assert api.app.assignments.now == []
    await host.ok("PUT", f"{space}/rules", {"text": RULES})
    [wanted] = api.app.assignments.now
    assert wanted.captions is False
    assert wanted.actions == ["alert", "block", "kick", "log", "mute", "report"]
    await host.ok("POST", f"{space}/end")
    assert api.app.assignments.now == []


async def test_the_audit_chain_holds_and_a_changed_entry_is_named(api: Api) -> None:
    await stage(api)
    assert (await api.owner.ok("GET", "/v1/audit/verify"))["first_bad"] is None
    from sqlalchemy import text

    async with api.app.db.begin() as db:
        await db.execute(text("UPDATE audit_entries SET action = 'nothing' WHERE id = 4"))
    assert (await api.owner.ok("GET", "/v1/audit/verify"))["first_bad"] == "4"
