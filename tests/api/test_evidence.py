"""What a report has of the person that it is about: found by account and time, whatever became of their microphone."""

from __future__ import annotations

from collections.abc import Iterable
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from spacesctl.application.evidence import cut_again
from spacesctl.audio import ogg
from spacesctl.domain.principals import Person
from spacesctl.engine.messages import Frames
from spacesctl.live.actor import SpaceActor
from spacesctl.live.event_views import View
from spacesctl.live.watch import Watch
from spacesctl.support.clock import VirtualClock
from tests.api.harness import Api, As, running_api
from tests.api.test_moderation import act, stage
from tests.api.test_redactions import NUMBERS
from tests.api.test_reporters import about

pytestmark = pytest.mark.anyio

SOUND = b"\xf8\xff\xfe"
SECOND = 50


def actor_of(api: Api, space: str) -> SpaceActor:
    return api.app.registry.actors[space.rsplit("/", 1)[-1]]


def talks(actor: SpaceActor, lane: int, ticks: Iterable[int]) -> None:
    for tick in ticks:
        actor.on_frames(Frames(actor.space.id, tick, [(lane, 1, SOUND)], []))


def lane_of(actor: SpaceActor, who: As) -> int:
    return actor.space.people[who.id].lane or 0


async def hang_up(actor: SpaceActor, who: As) -> None:
    lane = lane_of(actor, who)
    (session,) = [one for one in actor.connections.sessions.values() if one.lane == lane]
    await actor.disconnect(session.id)


async def packets(host: As, report: str) -> int:
    answer = await host.call("GET", f"/v1/reports/{report}/clip")
    return len(list(ogg.read_packets(answer.content))) if answer.status_code == 200 else 0


def caption(lane: int, utterance: int, text: str, start: int, end: int) -> dict[str, Any]:
    words = [{"w": w, "start": start / 50, "end": end / 50, "conf": 0.9} for w in text.split()]
    return {
        "lane": lane, "utterance": utterance, "text": text, "final": True, "start_tick": start, "end_tick": end, "words": words,
    }  # fmt: skip


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(datetime(2026, 11, 30, 12, tzinfo=UTC))


async def test_who_closes_the_microphone_is_still_heard_in_the_report(api: Api) -> None:
    host, ben = await api.accounts("host", "ben")
    space = await api.live(host)
    ann, actor = await api.speaker(space, host, "ann"), actor_of(api, space)
    await api.listener(space, ben)
    talks(actor, lane_of(actor, ann), range(100))
    await hang_up(actor, ann)
    assert actor.space.people[ann.id].lane is None
    filed = await ben.ok("POST", "/v1/reports", about(space, "@ann"))
    assert filed["sound"]
    assert await packets(host, filed["id"]) == 100


async def test_two_microphones_of_a_person_are_one_clip_and_nobody_else_is_in_it(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    ann, ben = [await api.speaker(space, host, name) for name in ("ann", "ben")]
    actor = actor_of(api, space)
    first = lane_of(actor, ann)
    talks(actor, first, range(10))
    talks(actor, lane_of(actor, ben), range(5, 300))
    await hang_up(actor, ann)
    assert (await ann.offer(f"{space}/whip")).status_code == 201
    talks(actor, lane_of(actor, ann), range(100, 120))
    assert lane_of(actor, ann) != first
    filed = await ben.ok("POST", "/v1/reports", about(space, "@ann"))
    assert await packets(host, filed["id"]) == 120, "as it was in time, with the pause between"


async def test_sound_is_cut_at_once_and_again_when_the_moments_after_have_passed(api: Api) -> None:
    host, ben = await api.accounts("host", "ben")
    space = await api.live(host)
    ann, actor = await api.speaker(space, host, "ann"), actor_of(api, space)
    await api.listener(space, ben)
    lane = lane_of(actor, ann)
    talks(actor, lane, range(10_000, 10_100))
    filed = await ben.ok("POST", "/v1/reports", about(space, "@ann"))
    before = await packets(host, filed["id"])
    assert before == 100
    talks(actor, lane, range(10_100, 10_200))
    await cut_again(api.app)
    assert await packets(host, filed["id"]) == before, "it is not time yet"
    await api.bot.ok("POST", f"{space}/captions", {"captions": [caption(lane, 1, "you there", 10_010, 10_150)]})
    talks(actor, lane, range(10_200, 10_600))
    await cut_again(api.app)
    after = await packets(host, filed["id"])
    assert before + 4 * SECOND <= after <= before + 5 * SECOND
    assert (await host.ok("GET", f"/v1/reports/{filed['id']}"))["text"] == "you there", "words that came later, too"
    assert not len(api.app.later_cuts)
    assert [row["action"] for row in (await host.ok("GET", "/v1/audit"))["data"]][:2] == ["evidence", "report"]


async def test_what_is_said_later_takes_nothing_from_a_report(api: Api) -> None:
    host, ben = await api.accounts("host", "ben")
    space = await api.live(host)
    ann, actor = await api.speaker(space, host, "ann"), actor_of(api, space)
    await api.listener(space, ben)
    lane = lane_of(actor, ann)
    await api.bot.ok("POST", f"{space}/captions", {"captions": [caption(lane, 1, "what a fool you are", 100, 200)]})
    actor.tick = 10_000
    filed = await ben.ok("POST", "/v1/reports", about(space, "@ann"))
    assert (filed["sound"], filed["words"]) == (False, 5)
    talks(actor, lane, range(10_050, 10_600))
    await api.bot.ok("POST", f"{space}/captions", {"captions": [caption(lane, 2, "hello friends", 10_050, 10_200)]})
    await cut_again(api.app)
    report = await host.ok("GET", f"/v1/reports/{filed['id']}")
    assert (report["clip"], report["text"]) == (None, "what a fool you are")


async def test_a_second_cut_of_which_the_beginning_has_aged_is_not_kept(api: Api) -> None:
    host, ben = await api.accounts("host", "ben")
    space = await api.live(host)
    ann, actor = await api.speaker(space, host, "ann"), actor_of(api, space)
    await api.listener(space, ben)
    lane = lane_of(actor, ann)
    talks(actor, lane, range(10_000, 11_000))
    filed = await ben.ok("POST", "/v1/reports", about(space, "@ann"))
    actor.tick = 13_900
    actor.forget_evidence()
    await cut_again(api.app)
    assert await packets(host, filed["id"]) == 1000


@pytest.mark.parametrize("ago", [0, 2 * SECOND], ids=["just said", "some seconds ago"])
async def test_a_number_that_is_known_later_is_in_no_clip_and_in_no_file(api: Api, ago: int) -> None:
    host, ben = await api.accounts("host", "ben")
    space = await api.live(host)
    await host.ok("PUT", f"{space}/rules", {"text": NUMBERS})
    ann, actor = await api.speaker(space, host, "ann"), actor_of(api, space)
    await api.listener(space, ben)
    lane = lane_of(actor, ann)
    talks(actor, lane, range(10_000, 10_100))
    actor.tick += ago
    filed = await ben.ok("POST", "/v1/reports", about(space, "@ann"))
    assert await packets(host, filed["id"]) == 100
    await api.bot.ok("POST", f"{space}/captions", {"captions": [caption(lane, 1, "[number]", 10_000, 10_100)]})
    actor.tick = 10_600
    await cut_again(api.app)
    assert (await host.ok("GET", f"/v1/reports/{filed['id']}"))["clip"] is None, "it was all a number"
    assert not list(api.app.clips.iterdir())


async def test_a_dry_run_of_a_report_keeps_no_sound(api: Api) -> None:
    host, ben = await api.accounts("host", "ben")
    space = await api.live(host)
    ann, actor = await api.speaker(space, host, "ann"), actor_of(api, space)
    await host.ok("POST", f"{space}/invites", {"handles": ["@ben"]})
    await ben.ok("POST", f"{space}/accept")
    talks(actor, lane_of(actor, ann), range(100))
    await ben.ok("POST", "/v1/reports", about(space, "@ann"), headers={"Dry-Run": "true"})
    assert not len(api.app.later_cuts)
    assert not api.app.clips.exists() or not list(api.app.clips.iterdir())


async def test_a_rules_report_has_what_was_said_after_the_words(api: Api) -> None:
    host, talker, space = await stage(api)
    actor = actor_of(api, space)
    talks(actor, 1, range(10_000, 10_120))
    made = act(talker, "report", start_tick=10_050, end_tick=10_100, evidence={"before": 1.0, "after": 2.0})
    filed = (await api.bot.ok("POST", f"{space}/acts", made))["report_id"]
    assert await packets(host, filed) == 120
    talks(actor, 1, range(10_120, 10_400))
    await cut_again(api.app)
    assert await packets(host, filed) == 50 + 51 + 100
    assert (await host.ok("GET", f"/v1/reports/{filed}"))["text"] == "crypto giveaway", "its words stay as they were"


async def test_a_space_that_is_over_is_reported_with_sound_for_a_minute_and_then_with_words_for_a_day(
    tmp_path: Path, clock: VirtualClock
) -> None:
    async with running_api(tmp_path / "data", clock=clock) as api:
        host, ben = await api.accounts("host", "ben")
        space = await api.live(host)
        ann, actor = await api.speaker(space, host, "ann"), actor_of(api, space)
        await api.listener(space, ben)
        watch = Watch(api.app.registry, api.app.bot.id)
        stays = actor.subscribe(View.AUDIENCE, Person(ben.id))
        lane = lane_of(actor, ann)
        clock.advance(60.0)
        talks(actor, lane, range(60 * SECOND))
        await api.bot.ok("POST", f"{space}/captions", {"captions": [caption(lane, 1, "what a fool", 100, 200)]})
        await host.ok("POST", f"{space}/end")
        await watch.look()
        clock.advance(40.0)
        await watch.look()
        soon = await ben.ok("POST", "/v1/reports", about(space, "@ann"))
        assert soon["sound"]
        assert 18 * SECOND <= await packets(host, soon["id"]) <= 21 * SECOND, "the other forty seconds have aged"
        clock.advance(21.0)
        await watch.look()
        assert actor.newest_sound(ann.id) is None, "also while somebody stays connected"
        later = await ben.ok("POST", "/v1/reports", about(space, "@ann"))
        assert (later["sound"], later["words"]) == (False, 3)
        report = await host.ok("GET", f"/v1/reports/{later['id']}")
        assert (report["clip"], report["text"]) == (None, "what a fool")
        clock.advance(24 * 3600.0)
        much_later = await ben.ok("POST", "/v1/reports", about(space, "@ann"))
        assert (much_later["sound"], much_later["words"]) == (False, 0)
        actor.unsubscribe(stays)


async def test_a_report_has_the_words_of_its_time_and_of_its_target_alone(api: Api) -> None:
    host, ben = await api.accounts("host", "ben")
    space = await api.live(host)
    ann, cid = [await api.speaker(space, host, name) for name in ("ann", "cid")]
    actor = actor_of(api, space)
    await api.listener(space, ben)
    lanes = [lane_of(actor, one) for one in (ann, cid)]
    talks(actor, lanes[0], range(20_000, 20_100))
    said = [
        caption(lanes[0], 1, "long ago", 100, 200),
        caption(lanes[1], 1, "not me", 20_000, 20_050),
        caption(lanes[0], 2, "just now", 20_000, 20_050),
    ]
    await api.bot.ok("POST", f"{space}/captions", {"captions": said})
    filed = await ben.ok("POST", "/v1/reports", about(space, "@ann"))
    assert (filed["sound"], filed["words"]) == (True, 2)
    assert (await host.ok("GET", f"/v1/reports/{filed['id']}"))["text"] == "just now"


async def test_a_report_of_a_person_is_told_to_who_moderates_but_not_to_whom_it_is_about(api: Api) -> None:
    host, ben = await api.accounts("host", "ben")
    space = await api.live(host)
    ann = await api.speaker(space, host, "ann")
    await host.ok("POST", f"{space}/people/@ann/promote")
    await api.listener(space, ben)

    async def told(who: As) -> list[str]:
        return [row["text"] for row in (await who.ok("GET", "/v1/dms"))["data"] if "reported" in row["text"]]

    filed = await ben.ok("POST", "/v1/reports", about(space, "@host") | {"note": "a word that no inbox shows"})
    assert await told(host) == []
    (text,) = await told(ann)
    assert text.startswith("@ben reported @host in “")
    assert f"reports show {filed['id']}" in text
    assert "no inbox" not in text
    await ben.ok("POST", "/v1/reports", about(space))
    assert len(await told(host)) == 1
    assert len(await told(ann)) == 2
