"""Redact, dump, cough and panic through the API, at a delay: what the engine is told, who may, and what came too late."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from spacesctl.audio import ogg
from spacesctl.domain.principals import ANONYMOUS
from spacesctl.engine.messages import (
    FLAG_ACTIVE,
    Aired,
    Frames,
    OpenSpace,
    Redact,
    Redacted,
    SetDelay,
    SetLaneOpen,
    Unredact,
)
from spacesctl.live.event_views import View
from spacesctl.server.http.routes.events import _first
from spacesctl.store.spaces import keep_mark
from spacesctl.support.clock import VirtualClock
from tests.api.harness import Api, As, running_api, settled

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)

REDACTING = """schema = 1
[[rule]]
id = "pitch"
mode = "enforce"
when.any = [ { words = ["crypto giveaway"] } ]
actions = ["redact"]
"""


async def stage(api: Api, **space: Any) -> tuple[As, As, str]:
    host = await api.account("host")
    place = await api.live(host, delay=4, **space)
    return host, await api.speaker(place, host, "ann"), place


def actor_of(api: Api, place: str) -> Any:
    return api.app.registry.actors[place.rpartition("/")[2]]


async def said_for(api: Api, place: str, seconds: float) -> None:
    """Let time pass on the Space clock."""
    actor = actor_of(api, place)
    actor.tick = actor.now_tick() + round(seconds * 50)


async def test_a_space_with_a_delay_starts_safe(api: Api) -> None:
    host, _ann, place = await stage(api)
    assert [one.delay for one in api.engine.of(OpenSpace)] == [200]
    shown = await host.ok("GET", place)
    assert (shown["delay"], shown["delay_now"], shown["safe_in"]) == (4, 4, 0)


async def test_the_last_seconds_of_a_person_are_kept_from_the_audience(api: Api) -> None:
    host, ann, place = await stage(api)
    await said_for(api, place, 20)
    made = await host.ok("POST", f"{place}/redactions", {"account": "@ann", "last": 3, "reason": "a name"})
    assert (made["lane"], made["account_id"], made["mode"], made["state"]) == (1, ann.id, "silence", "in_force")
    assert made["to_tick"] - made["from_tick"] == 149
    assert made["missed_to"] is None
    assert made["by"]["handle"] == "@host"
    (told,) = api.engine.of(Redact)
    assert (told.name, told.lane, told.first, told.last, told.mode, told.cut) == (
        made["id"], 1, made["from_tick"], made["to_tick"], "silence", False,
    )  # fmt: skip
    assert (await host.ok("GET", f"{place}/redactions"))["data"] == [{**made, "sound": None}]


async def test_of_whose_microphone_was_closed_nothing_is_redacted(api: Api) -> None:
    host, ann, place = await stage(api)
    await said_for(api, place, 20)
    await ann.ok("PUT", f"{place}/mic", {"open": False})
    quiet = actor_of(api, place).now_tick()
    await said_for(api, place, 3)
    for who, path, body in (
        (host, "redactions", {"account": "@ann", "last": 2}),
        (host, "redactions", {"lane": 1, "from_tick": quiet + 20, "to_tick": quiet + 90}),
        (ann, "cough", {"last": 2}),
    ):
        refused = await who.refused("POST", f"{place}/{path}", body)
        assert (refused["status"], refused["reason"]) == (409, "silent")
    assert not api.engine.of(Redact)
    await host.ok("POST", f"{place}/redactions", {"account": "@ann", "last": 4})  # it was open at its beginning
    await ann.ok("PUT", f"{place}/mic", {"open": True})
    await ann.ok("POST", f"{place}/cough", {"last": 0.1})


async def test_a_microphone_that_can_open_before_the_stretch_ends_is_no_closed_one(api: Api) -> None:
    host, ann, place = await stage(api)
    await ann.ok("PUT", f"{place}/mic", {"open": False})
    await said_for(api, place, 20)
    now = actor_of(api, place).now_tick()
    await host.ok("POST", f"{place}/redactions", {"lane": 1, "from_tick": now - 10, "to_tick": now + 200})


async def test_it_is_told_in_how_much_of_it_somebody_talked(api: Api) -> None:
    host, ann, place = await stage(api)
    await said_for(api, place, 20)
    now = actor_of(api, place).now_tick()
    space_id = place.rpartition("/")[2]
    for tick in range(now - 60, now - 10):
        api.app.registry.on_engine(Frames(space_id, tick, [(1, FLAG_ACTIVE, b"\xf8\xff\xfe")], []))
    for tick in range(now - 10, now):
        api.app.registry.on_engine(Frames(space_id, tick, [(1, 0, b"\xf8\xff\xfe")], []))
    body = {"lane": 1, "from_tick": now - 35, "to_tick": now - 1}
    assert (await host.ok("POST", f"{place}/redactions", body))["sound"] == 0.5
    assert (await ann.ok("POST", f"{place}/cough"))["sound"] == 1.0


async def test_what_was_heard_before_is_told_as_missed(api: Api) -> None:
    host, _ann, place = await stage(api)
    await said_for(api, place, 20)
    heard = actor_of(api, place).heard
    made = await host.ok("POST", f"{place}/redactions", {"lane": 1, "from_tick": heard - 50, "to_tick": heard + 30})
    assert heard <= made["missed_to"] <= heard + 5
    assert made["state"] == "in_force"
    late = await host.ok("POST", f"{place}/redactions", {"lane": 1, "from_tick": heard - 50, "to_tick": heard - 20})
    assert (late["state"], late["missed_to"]) == ("missed", heard - 20)


async def test_the_engine_knows_better_what_was_heard(api: Api) -> None:
    host, _ann, place = await stage(api)
    await said_for(api, place, 20)
    made = await host.ok("POST", f"{place}/redactions", {"account": "@ann", "last": 3})
    api.app.registry.on_engine(Redacted(place.rpartition("/")[2], made["id"], made["from_tick"] + 10))
    await settled(api)
    (now,) = (await host.ok("GET", f"{place}/redactions"))["data"]
    assert now["missed_to"] == made["from_tick"] + 9
    assert actor_of(api, place).space.redactions[made["id"]].missed_to == made["from_tick"] + 9


async def test_a_redaction_is_narrowed_moved_widened_and_withdrawn_until_it_airs(api: Api) -> None:
    host, _ann, place = await stage(api)
    await said_for(api, place, 20)
    made = await host.ok("POST", f"{place}/redactions", {"account": "@ann", "last": 3})
    one = f"{place}/redactions/{made['id']}"
    for change in (
        {"from_tick": made["from_tick"] + 20},
        {"from_tick": made["from_tick"] + 10, "to_tick": made["to_tick"] + 50},
        {"mode": "tone"},
    ):
        api.engine.sent.clear()
        changed = await host.ok("PATCH", one, change)
        assert change.items() <= changed.items()
        (told,) = api.engine.of(Redact)
        assert (told.name, told.first, told.last, told.mode) == (
            made["id"], changed["from_tick"], changed["to_tick"], changed["mode"],
        )  # fmt: skip
    assert (await host.ok("DELETE", one))["state"] == "withdrawn"
    assert [told.name for told in api.engine.of(Unredact)] == [made["id"]]
    assert (await host.refused("PATCH", one, {"mode": "tone"}))["reason"] == "aired"
    other = await host.ok("POST", f"{place}/redactions", {"account": "@ann", "last": 1})
    await said_for(api, place, 5)
    assert (await host.refused("DELETE", f"{place}/redactions/{other['id']}"))["reason"] == "aired"


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"last": 3}, "account"),
        ({"account": "@ann", "lane": 1, "last": 3}, "account"),
        ({"account": "@ann"}, "last"),
        ({"account": "@ann", "last": 3, "from_tick": 1}, "last"),
        ({"lane": 1, "from_tick": 9, "to_tick": 3}, "to_tick"),
        ({"lane": 1, "from_tick": 0, "to_tick": 3_000}, "to_tick"),
        ({"account": "@ann", "last": 11}, "last"),
    ],
)
async def test_what_is_no_stretch_is_refused_by_name(api: Api, body: dict[str, Any], field: str) -> None:
    host, _ann, place = await stage(api)
    problem = await host.refused("POST", f"{place}/redactions", body)
    assert problem["status"] == 400
    assert field in json.dumps(problem)
    assert not api.engine.of(Redact)


async def test_speakers_take_back_their_own_words_and_nobody_else_s(api: Api) -> None:
    host, ann, place = await stage(api)
    ben = await api.speaker(place, host, "ben")
    await said_for(api, place, 20)
    made = await ann.ok("POST", f"{place}/cough", {"last": 2})
    assert (made["lane"], made["account_id"], made["to_tick"] - made["from_tick"]) == (1, ann.id, 99)
    assert (await ben.refused("POST", f"{place}/redactions", {"account": "@ann", "last": 2}))["status"] == 403
    assert (await ben.refused("POST", f"{place}/dump"))["status"] == 403
    assert (await ben.refused("GET", f"{place}/redactions"))["status"] == 403
    assert (await ben.refused("POST", f"{place}/panic"))["status"] == 403


async def test_a_dump_cuts_all_voices_and_says_when_it_is_safe_again(api: Api) -> None:
    host, _ann, place = await stage(api)
    await said_for(api, place, 20)
    made = await host.ok("POST", f"{place}/dump")
    assert (made["lane"], made["cut"]) == (0, True)
    (told,) = api.engine.of(Redact)
    assert (told.lane, told.cut, told.last - told.first) == (0, True, 199)
    space_id = place.rpartition("/")[2]
    now = actor_of(api, place).now_tick()
    api.app.registry.on_engine(Aired(space_id, now, now))
    shown = await host.ok("GET", place)
    assert (shown["delay"], shown["delay_now"]) == (4, 0)
    assert 60 < shown["safe_in"] <= 64
    assert (await host.refused("POST", f"{place}/dump"))["reason"] == "nothing_to_cut"


async def test_a_panic_cuts_mutes_and_holds_back_who_wants_to_speak_and_ends_by_itself(api: Api) -> None:
    host, ann, place = await stage(api, speakers="everyone")
    await said_for(api, place, 20)
    until = (await host.ok("POST", f"{place}/panic", {"duration": 10}))["until"]
    assert (await host.ok("GET", place))["held_until"] == until
    assert [one.heard for one in api.engine.of(SetLaneOpen)] == [False]
    assert api.engine.of(Redact)[-1].cut
    ben = await api.account("ben")
    assert (await ben.offer(f"{place}/whip")).status_code == 201
    for one in (ann, ben):
        assert (await one.refused("PUT", f"{place}/mic", {"open": True}))["reason"] == "muted"
    await host.ok("DELETE", f"{place}/panic")
    assert (await host.ok("GET", place))["held_until"] is None
    for one in (ann, ben):
        await one.ok("PUT", f"{place}/mic", {"open": True})


async def test_nobody_becomes_a_co_host_and_speaks_while_nobody_new_can(api: Api) -> None:
    host, _ann, place = await stage(api)
    ben = await api.account("ben")
    await host.ok("POST", f"{place}/invites", {"handles": ["@ben"], "role": "cohost"})
    await host.ok("POST", f"{place}/panic", {"duration": 300})
    assert (await ben.refused("POST", f"{place}/accept"))["reason"] == "held"
    assert (await ben.offer(f"{place}/whip")).status_code == 403
    await host.ok("DELETE", f"{place}/panic")
    await ben.ok("POST", f"{place}/accept")
    assert (await ben.offer(f"{place}/whip")).status_code == 201


async def test_the_delay_changes_while_the_space_is_live(api: Api) -> None:
    host = await api.account("host")
    place = await api.live(host)
    assert (await host.ok("GET", place))["delay"] == 0
    await host.ok("PATCH", place, {"delay": 3})
    await host.ok("PATCH", place, {"delay": 5, "delay_now": True})
    assert [(one.delay, one.now) for one in api.engine.of(SetDelay)] == [(150, False), (250, True)]
    assert (await host.refused("PATCH", place, {"delay": 11}))["status"] == 400


async def test_a_rule_that_redacts_brings_a_delay_of_four_seconds_unless_another_is_chosen(api: Api) -> None:
    host = await api.account("host")
    place = await api.live(host)
    await host.ok("PUT", f"{place}/rules", {"text": REDACTING})
    assert [one.delay for one in api.engine.of(SetDelay)] == [200]
    assert (await host.ok("GET", place))["delay"] == 4
    await host.ok("PATCH", place, {"delay": 0})
    assert (await host.ok("GET", place))["delay"] == 0


async def test_the_bot_redacts_for_a_rule_that_does_and_for_no_other(api: Api) -> None:
    host, _ann, place = await stage(api)
    await said_for(api, place, 20)
    heard = actor_of(api, place).heard
    body = {"lane": 1, "from_tick": heard + 50, "to_tick": heard + 80, "rule_id": "pitch"}
    assert (await api.bot.refused("POST", f"{place}/redactions", body))["status"] == 403
    await host.ok("PUT", f"{place}/rules", {"text": REDACTING})
    made = await api.bot.ok("POST", f"{place}/redactions", body)
    assert made["by"] == {"kind": "rule", "id": "pitch", "for_host": host.id, "bot_id": api.bot.id}
    narrowed = await api.bot.ok("PATCH", f"{place}/redactions/{made['id']}", {"from_tick": heard + 60})
    assert narrowed["by"]["id"] == "pitch"
    by_hand = await host.ok("POST", f"{place}/redactions", {"account": "@ann", "last": 1})
    assert (await api.bot.refused("DELETE", f"{place}/redactions/{by_hand['id']}"))["status"] == 403


async def test_what_a_removed_person_said_last_goes_with_them_and_a_muted_person_s_is_heard(api: Api) -> None:
    host, ann, place = await stage(api)
    ben = await api.speaker(place, host, "ben")
    await said_for(api, place, 20)
    await host.ok("POST", f"{place}/people/@ann/mute")
    assert not api.engine.of(Redact)
    await host.ok("POST", f"{place}/people/@ann/kick")
    await host.ok("PUT", f"/v1/accounts/me/blocks/{ben.id}")
    redacted = [(one.lane, one.last - one.first) for one in api.engine.of(Redact)]
    assert [lane for lane, _ in redacted] == [1, 2]
    assert all(length >= 198 for _, length in redacted)
    assert ann.id in {one["account_id"] for one in (await host.ok("GET", f"{place}/redactions"))["data"]}


def spoken(text: str, start: int, lane: int = 1) -> dict[str, Any]:
    """A caption whose words take half a second each, from tick `start`."""
    words = text.split()
    timed = [
        {"w": w, "start": start / 50 + n / 2, "end": start / 50 + (n + 1) / 2, "conf": 0.9} for n, w in enumerate(words)
    ]
    end = start + 25 * len(words) - 1
    return {
        "lane": lane,
        "utterance": start,
        "text": text,
        "final": True,
        "start_tick": start,
        "end_tick": end,
        "words": timed,
    }


async def test_captions_wait_for_the_audience_and_are_masked_for_it(api: Api) -> None:
    host, _ann, place = await stage(api)
    await said_for(api, place, 20)
    start = actor_of(api, place).now_tick() - 75
    await api.bot.ok("POST", f"{place}/captions", {"captions": [spoken("buy secret coins", start)]})
    body = {"lane": 1, "from_tick": start + 25, "to_tick": start + 49}
    await host.ok("POST", f"{place}/redactions", body)
    listed = f"{place}/captions"
    assert (await api.nobody.ok("GET", listed))["data"] == []
    assert [one["text"] for one in (await host.ok("GET", f"{listed}?view=staff"))["data"]] == ["buy secret coins"]
    assert (await api.nobody.call("GET", f"{listed}?view=staff")).status_code in (401, 403)
    await said_for(api, place, 5)
    await api.app.registry.release()
    (heard,) = (await api.nobody.ok("GET", listed))["data"]
    assert heard["text"] == "buy [redacted] coins"
    assert [word["w"] for word in heard["words"]] == ["buy", "[redacted]", "coins"]


async def test_a_stream_that_resumes_gets_no_more_than_the_audience_has_heard(api: Api) -> None:
    host, _ann, place = await stage(api)
    await said_for(api, place, 20)
    before = (await host.ok("GET", place), actor_of(api, place).audience.seq)[1]
    start = actor_of(api, place).now_tick() - 75
    await api.bot.ok("POST", f"{place}/captions", {"captions": [spoken("buy secret coins", start)]})
    await host.ok("POST", f"{place}/redactions", {"lane": 1, "from_tick": start + 25, "to_tick": start + 49})

    async def replayed(view: View = View.AUDIENCE) -> str:
        actor = actor_of(api, place)
        first = _first(api.app, actor, actor.space, actor.subscribe(view, ANONYMOUS), before)
        return b"".join([part async for part in first]).decode()

    assert "coins" not in await replayed()
    assert "buy secret coins" in await replayed(View.STAFF)
    await said_for(api, place, 5)
    await api.app.registry.release()
    assert "buy [redacted] coins" in await replayed()
    assert "secret" not in await replayed()


async def test_two_hundred_redactions_at_once_are_all_in_force_and_the_room_is_bounded(api: Api) -> None:
    host, _ann, place = await stage(api)
    await said_for(api, place, 20)
    now = actor_of(api, place).now_tick()
    for number in range(200):
        body = {"lane": 1, "from_tick": now + number, "to_tick": now + number}
        await host.ok("POST", f"{place}/redactions", body)
    assert len(actor_of(api, place).space.redactions) == 200
    await said_for(api, place, 20)
    now = actor_of(api, place).now_tick()
    await host.ok("POST", f"{place}/redactions", {"lane": 1, "from_tick": now, "to_tick": now})
    assert len(actor_of(api, place).space.redactions) == 1, "what has aired is forgotten"


async def test_a_new_engine_is_told_what_is_redacted_of_what_is_said_next(api: Api) -> None:
    host, _ann, place = await stage(api)
    await said_for(api, place, 20)
    now = actor_of(api, place).now_tick()
    made = await host.ok("POST", f"{place}/redactions", {"lane": 1, "from_tick": now, "to_tick": now + 500})
    api.engine.sent.clear()
    await api.app.registry.engine_restarted()
    opened = [type(one) for one in api.engine.sent].index(OpenSpace)
    assert made["id"] in [one.name for one in api.engine.sent[opened:] if isinstance(one, Redact)]


async def test_who_opens_the_microphone_again_and_again_hides_nothing(api: Api) -> None:
    host, ann, place = await stage(api)
    await said_for(api, place, 20)
    for _ in range(12):
        assert (await ann.offer(f"{place}/whip")).status_code == 201
    await host.ok("POST", f"{place}/redactions", {"account": "@ann", "last": 4})
    assert {one.lane for one in api.engine.of(Redact)} == set(range(1, 14))
    api.engine.sent.clear()
    await host.ok("POST", f"{place}/people/@ann/kick")
    assert {one.lane for one in api.engine.of(Redact)} == set(range(1, 14))


async def test_lanes_that_were_heard_to_their_end_are_left_alone(api: Api) -> None:
    host, ann, place = await stage(api)
    assert (await ann.offer(f"{place}/whip")).status_code == 201
    await said_for(api, place, 20)
    await host.ok("POST", f"{place}/redactions", {"account": "@ann", "last": 4})
    assert [one.lane for one in api.engine.of(Redact)] == [2]


async def test_no_speaker_can_use_up_what_the_staff_needs(api: Api) -> None:
    host, ann, place = await stage(api)
    await said_for(api, place, 20)
    far = {"lane": 1, "from_tick": 2**53 - 1, "to_tick": 2**53 - 1}
    assert (await ann.refused("POST", f"{place}/redactions", far))["field"] == "to_tick"
    now = actor_of(api, place).now_tick()
    mine = {"lane": 1, "from_tick": now, "to_tick": now + 100}
    for _ in range(16):
        await ann.ok("POST", f"{place}/redactions", mine)
    assert (await ann.refused("POST", f"{place}/redactions", mine))["reason"] == "too_many_redactions"
    await host.ok("POST", f"{place}/redactions", {"account": "@ann", "last": 2})
    await host.ok("POST", f"{place}/dump")
    made = actor_of(api, place).space.redactions
    assert all(one.cut or one.last > now for one in made.values())


async def test_what_was_heard_already_nobody_takes_back(api: Api) -> None:
    _host, ann, place = await stage(api)
    await said_for(api, place, 20)
    heard = actor_of(api, place).heard
    old = {"lane": 1, "from_tick": heard - 50, "to_tick": heard - 20}
    assert (await ann.refused("POST", f"{place}/redactions", old))["reason"] == "nothing_to_cut"
    made = await ann.ok("POST", f"{place}/redactions", {"lane": 1, "from_tick": heard - 50, "to_tick": heard + 90})
    assert heard < made["from_tick"] <= heard + 10
    assert made["missed_to"] is None


async def test_while_the_audience_hears_the_end_words_can_be_taken_out_of_it(api: Api) -> None:
    host, _ann, place = await stage(api)
    await said_for(api, place, 20)
    await host.ok("POST", f"{place}/end")
    await host.ok("POST", f"{place}/redactions", {"account": "@ann", "last": 3})
    await host.ok("POST", f"{place}/dump")
    assert [one.cut for one in api.engine.of(Redact)] == [False, True]
    await said_for(api, place, 8)
    await api.app.registry.release()
    assert (await host.refused("POST", f"{place}/dump"))["status"] == 410
    assert (await host.refused("POST", f"{place}/redactions", {"account": "@ann", "last": 3}))["status"] == 410


async def test_only_who_may_ends_a_panic_and_nobody_makes_it_shorter(api: Api) -> None:
    host, ann, place = await stage(api)
    await host.ok("POST", f"{place}/people/@ann/promote")
    ben = await api.speaker(place, host, "ben")
    until = (await host.ok("POST", f"{place}/panic", {"duration": 3600}))["until"]
    assert (await ann.refused("DELETE", f"{place}/panic"))["status"] == 403
    assert (await ann.ok("POST", f"{place}/panic", {"duration": 1}))["until"] == until
    assert (await host.ok("GET", place))["held_until"] == until
    await host.ok("DELETE", f"{place}/panic")
    for one in (ann, ben):
        await one.ok("PUT", f"{place}/mic", {"open": True})


async def test_a_second_panic_is_ended_with_the_first_and_leaves_other_mutes(api: Api) -> None:
    host, ann, place = await stage(api)
    ben = await api.speaker(place, host, "ben")
    await host.ok("POST", f"{place}/people/@ben/mute")
    await host.ok("POST", f"{place}/panic", {"duration": 10})
    await host.ok("POST", f"{place}/panic", {"duration": 300})
    mutes = {one.target: one for one in actor_of(api, place).space.sanctions.values() if one.action == "mute"}
    assert mutes[ann.id].until == actor_of(api, place).space.held_until
    assert mutes[ben.id].until is None
    await host.ok("DELETE", f"{place}/panic")
    await ann.ok("PUT", f"{place}/mic", {"open": True})
    assert (await ben.refused("PUT", f"{place}/mic", {"open": True}))["reason"] == "muted"


async def test_what_a_new_engine_cannot_play_is_not_read_either(api: Api) -> None:
    host, _ann, place = await stage(api)
    await said_for(api, place, 20)
    start = actor_of(api, place).now_tick() - 75
    await api.bot.ok("POST", f"{place}/captions", {"captions": [spoken("buy secret coins", start)]})
    await api.app.registry.engine_restarted()
    await settled(api)
    (shown,) = (await api.nobody.ok("GET", f"{place}/captions"))["data"]
    assert shown["text"] == "[redacted]"
    assert "secret" in str((await host.ok("GET", f"{place}/captions?view=staff"))["data"])


async def test_what_a_suspended_person_said_last_goes_with_them(api: Api) -> None:
    _host, _ann, place = await stage(api)
    await said_for(api, place, 20)
    await api.owner.ok("PUT", "/v1/accounts/@ann/suspension", {"reason": "spam"})
    await settled(api)
    assert [one.lane for one in api.engine.of(Redact)] == [1]


async def test_the_last_words_before_the_end_are_still_judged_and_written_down(api: Api) -> None:
    host, _ann, place = await stage(api, rules=REDACTING)
    await said_for(api, place, 20)
    space_id = place.rpartition("/")[2]
    api.app.assignments.see(actor_of(api, place).space)
    start = actor_of(api, place).now_tick() - 75
    await host.ok("POST", f"{place}/end")
    assert [one.space_id for one in api.app.assignments.now] == [space_id]
    await api.bot.ok("POST", f"{place}/captions", {"captions": [spoken("crypto giveaway", start)]})
    body = {"lane": 1, "from_tick": start, "to_tick": start + 50, "rule_id": "pitch"}
    assert (await api.bot.ok("POST", f"{place}/redactions", body))["missed_to"] is None
    await said_for(api, place, 8)
    await api.app.registry.release()
    assert (await api.bot.refused("POST", f"{place}/captions", {"captions": [spoken("too late", start + 60)]}))[
        "status"
    ] == 410
    assert [one["text"] for one in (await host.ok("GET", f"{place}/captions"))["data"]] == ["[redacted]"]


async def test_a_new_engine_masks_what_was_not_heard_and_no_more(api: Api) -> None:
    host, _ann, place = await stage(api)
    await said_for(api, place, 300)
    heard = actor_of(api, place).heard
    await api.app.registry.engine_restarted()
    await settled(api)
    (lost,) = (await host.ok("GET", f"{place}/redactions"))["data"]
    assert heard < lost["from_tick"] <= heard + 10
    assert lost["to_tick"] - lost["from_tick"] <= 210


NUMBERS = """schema = 1
[[rule]]
id = "numbers"
mode = "enforce"
when.any = [ { digits = { run = 6 } } ]
actions = ["redact", "report"]
"""


async def test_a_number_gets_its_label_once_it_is_known(api: Api) -> None:
    host, _ann, place = await stage(api, rules=NUMBERS)
    await said_for(api, place, 20)
    now = actor_of(api, place).now_tick()
    new = {"lane": 1, "from_tick": now - 100, "to_tick": now, "mode": "tone", "number": True, "reason": "6 digits"}
    made = await api.bot.ok("POST", f"{place}/redactions", new | {"rule_id": "numbers"})
    assert (made["number"], made["mode"], made["reason"], made["by"]["id"]) == (True, "tone", "6 digits", "numbers")
    one = f"{place}/redactions/{made['id']}"
    await api.bot.ok("PATCH", one, {"to_tick": now + 10, "reason": "card number"})
    await api.bot.ok("PATCH", one, {"mode": "silence"})
    (shown,) = (await host.ok("GET", f"{place}/redactions"))["data"]
    assert (shown["number"], shown["reason"], shown["to_tick"]) == (True, "card number", now + 10)


@pytest.mark.parametrize("with_numbers", [False, True])
@pytest.mark.parametrize("delay", [0, 4])
async def test_evidence_has_numbers_only_where_the_host_says_so(api: Api, with_numbers: bool, delay: float) -> None:
    host = await api.account("host")
    place = await api.live(host, delay=delay)
    ann = await api.speaker(place, host, "ann")
    await host.ok("PUT", f"{place}/rules", {"text": NUMBERS, "with_numbers": with_numbers})
    actor = actor_of(api, place)
    actor.tick = 300
    for tick in range(100, 300):
        actor.on_frames(Frames(place, tick, [(1, 1, b"\xf8%d" % tick)], []))
    for number, first in ((True, 150), (False, 240)):
        new = {"lane": 1, "from_tick": first, "to_tick": first + 19, "number": number, "rule_id": "numbers"}
        await api.bot.ok("POST", f"{place}/redactions", new)
    act = {
        "key": "k", "rule_id": "numbers", "rule_hash": actor.space.rules_hash, "mode": "enforce", "action": "report",
        "account_id": ann.id, "lane": 1, "start_tick": 200, "end_tick": 210, "confidence": 0.9, "engine": "e", "model": "m",
        "words": [{"w": "[number]", "start": 4.0, "end": 4.2, "conf": 0.9}], "evidence": {"before": 2, "after": 1},
    }  # fmt: skip
    await api.bot.ok("POST", f"{place}/acts", act)
    await host.ok("POST", "/v1/reports", {"space_id": place.rpartition("/")[2], "account": "@ann", "category": "other"})
    ours = (await host.ok("GET", "/v1/reports"))["data"]
    assert len(ours) == 2
    hidden = set() if with_numbers else set(range(149, 171))
    for report in ours:
        clip = await host.call("GET", f"/v1/reports/{report['id']}/clip")
        kept = {int(packet[1:]) for packet in ogg.read_packets(clip.content) if packet != ogg.SILENCE}
        assert kept & set(range(100, 260)) == set(range(100, 260)) - hidden


async def test_rules_set_again_with_numbers_are_not_the_same(api: Api) -> None:
    host, _ann, place = await stage(api)
    for with_numbers in (False, True, True, False):
        await host.ok("PUT", f"{place}/rules", {"text": NUMBERS, "with_numbers": with_numbers})
        assert actor_of(api, place).space.grant.with_numbers is with_numbers
    log = [row["action"] for row in (await host.ok("GET", "/v1/audit"))["data"]]
    assert log.count("rules") == 3
    made = await host.ok("POST", "/v1/spaces", {"title": "with", "rules": NUMBERS, "with_numbers": True, "start": True})
    assert actor_of(api, f"/{made['id']}").space.grant.with_numbers


@pytest.mark.parametrize("away", [0, 3, 3_600])
async def test_after_a_start_of_the_server_what_was_not_heard_is_not_read_either(tmp_path: Path, away: int) -> None:
    """Its clock was at tick 1000 when it was stored last; the audience had heard 4 s less. It may have run for ten seconds more."""
    async with running_api(tmp_path / "data", clock=VirtualClock(NOON)) as api:
        host, _ann, place = await stage(api)
        actor, space_id = actor_of(api, place), place.rpartition("/")[2]
        actor.tick = 1_000
        said = [spoken("heard before", 700), spoken("buy secret coins", 850)]
        await api.bot.ok("POST", f"{place}/captions", {"captions": said})
        async with api.app.db.begin() as db:
            await keep_mark(db, space_id, 1_000, None, None)
    started = VirtualClock(NOON + timedelta(seconds=20 + away))
    async with running_api(tmp_path / "data", first=False, clock=started) as again:
        back = As(again, host.token)
        await settled(again)
        shown = [one["text"] for one in (await again.nobody.ok("GET", f"{place}/captions"))["data"]]
        assert shown == ["heard before", "[redacted]"]
        staff = (await back.ok("GET", f"{place}/captions?view=staff"))["data"]
        assert [one["text"] for one in staff] == ["heard before", "buy secret coins"]
        (lost,) = (await back.ok("GET", f"{place}/redactions"))["data"]
        assert (lost["lane"], lost["from_tick"]) == (0, 801)
        assert lost["to_tick"] == 1_000 + min(50 * away, 600)


async def test_nobody_but_the_bot_keeps_words_from_evidence(api: Api) -> None:
    host, ann, place = await stage(api)
    await said_for(api, place, 20)
    for caller in (host, ann):
        refused = await caller.refused("POST", f"{place}/redactions", {"account": "@ann", "last": 3, "number": True})
        assert refused["status"] == 422 or refused["status"] == 400


async def test_evidence_of_an_act_and_of_captions_has_no_number_though_nothing_was_redacted(api: Api) -> None:
    """The rule only reports, or nobody has any rule that redacts."""
    host = await api.account("host")
    place = await api.live(host, delay=0)
    ann = await api.speaker(place, host, "ann")
    await host.ok("PUT", f"{place}/rules", {"text": NUMBERS.replace('"redact", ', "")})
    actor = actor_of(api, place)
    actor.tick = 300
    for tick in range(100, 300):
        actor.on_frames(Frames(place, tick, [(1, 1, b"\xf8%d" % tick)], []))
    caption = {
        "lane": 1, "utterance": 100, "text": "it is [number]", "final": True, "start_tick": 200, "end_tick": 224,
        "words": [{"w": "[number]", "start": 4.0, "end": 4.5, "conf": 0.9}],
    }  # fmt: skip
    await api.bot.ok("POST", f"{place}/captions", {"captions": [caption]})
    act = {
        "key": "k", "rule_id": "numbers", "rule_hash": actor.space.rules_hash, "mode": "enforce", "action": "report",
        "account_id": ann.id, "lane": 1, "start_tick": 200, "end_tick": 210, "confidence": 0.9, "engine": "e", "model": "m",
        "words": [], "evidence": {"before": 2, "after": 1, "without": [{"from_tick": 150, "to_tick": 160}]},
    }  # fmt: skip
    await api.bot.ok("POST", f"{place}/acts", act)
    (report,) = (await host.ok("GET", "/v1/reports"))["data"]
    clip = await host.call("GET", f"/v1/reports/{report['id']}/clip")
    kept = {int(packet[1:]) for packet in ogg.read_packets(clip.content) if packet != ogg.SILENCE}
    gone = set(range(149, 162)) | set(range(194, 232))
    assert kept & set(range(100, 260)) == set(range(100, 260)) - gone


async def test_in_shadow_a_redaction_is_recorded_too(api: Api) -> None:
    host, ann, place = await stage(api, rules=NUMBERS.replace('"enforce"', '"shadow"'))
    act = {
        "key": "k", "rule_id": "numbers", "rule_hash": "h" * 64, "mode": "shadow", "action": "redact", "account_id": ann.id,
        "lane": 1, "start_tick": 2, "end_tick": 3, "confidence": 0.9, "engine": "e", "model": "m", "words": [],
    }  # fmt: skip
    await api.bot.ok("POST", f"{place}/acts", act)
    assert (await host.ok("GET", "/v1/audit"))["data"][0]["action"] == "act"
    refused = await api.bot.refused(
        "POST", f"{place}/acts", act | {"key": "l", "mode": "enforce", "start_tick": 6, "end_tick": 7}
    )
    assert refused["status"] == 403


async def test_in_a_space_that_is_over_nothing_can_be_taken_back(api: Api) -> None:
    host, _ann, _place = await stage(api)
    made = await host.ok("POST", "/v1/spaces", {"title": "short", "start": True})
    place = f"/v1/spaces/{made['id']}"
    await host.ok("POST", f"{place}/end")
    refused = await host.call("POST", f"{place}/cough", {})
    assert (refused.status_code, refused.json()["reason"]) == (410, "ended")
