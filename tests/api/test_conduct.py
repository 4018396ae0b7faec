"""Rules on sound and conduct, from what people do to what is done: the real bot at a real server in process, without chores."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any, Self

import pytest

from bots.space import SpaceBot
from spacesctl.api.captions import Assignment, BotStatus, NewCaption
from spacesctl.api.chat import NewDraftMask, NewMask
from spacesctl.api.lanes import Conduct, Hello, LaneEvent, LaneLevels, read_lane_event
from spacesctl.api.moderation import Act, NewAct, RuleFile
from spacesctl.api.redactions import NewRedaction, Redaction, RedactionChange
from spacesctl.api.wire import Answer, dump, load_value
from spacesctl.domain.clock import shown
from spacesctl.domain.principals import Person
from spacesctl.domain.words import Kind, Scope
from spacesctl.engine.messages import Levels
from spacesctl.live.conduct_watch import REPORTS_EVERY, ConductWatch
from spacesctl.live.sessions import SessionKind
from spacesctl.server.webrtc import lanes as lane_routes
from spacesctl.server.webrtc.joining import open_feed
from spacesctl.store import attendance
from spacesctl.support.clock import VirtualClock
from tests.api.harness import Api, As, running_api, wait_for
from tests.api.notice_scene import START
from tests.bots.fake_api import FakePipeline

pytestmark = pytest.mark.anyio

RAID = """schema = 1
[[rule]]
id = "raid"
mode = "%s"
when.all = [ { joins_per_minute = ">=6" }, { never_seen_share = ">=0.8" } ]
actions = ["lock", "alert"]
"""
ALL = """schema = 1
[[rule]]
id = "all"
when.any = [ { reports = ">=2" }, { level_db = ">=-10" } ]
actions = ["warn"]
"""


class Lanes:
    """What a lane reader of the server is sent, without a socket in between."""

    def __init__(self, api: Api, space_id: str) -> None:
        self._api, self._space_id = api, space_id

    async def __aenter__(self) -> Self:
        app = self._api.app
        bot = Person(app.bot.id, app.bot.handle, Kind.BOT, frozenset({Scope.BOT}))
        self.handle, self.session = await open_feed(app, self._space_id, bot, SessionKind.ALL, "127.0.0.1")
        hello = lane_routes._hello(self.handle, self.session, "all")
        self.hello: Hello = load_value(hello, Hello)
        return self

    async def __aexit__(self, *_: object) -> None:
        await self.handle.disconnect(self.session.id)

    async def __aiter__(self) -> AsyncIterator[bytes | LaneEvent]:
        assert self.session.feed is not None
        while (message := await self.session.feed.next()) is not None:
            if isinstance(message, bytes):
                yield message
            elif (event := read_lane_event(dump(message))) is not None:
                yield event


class BotApi:
    """What a bot asks, through the routes."""

    def __init__(self, api: Api) -> None:
        self._api = api
        self.acts: list[Any] = []

    async def assignments(self) -> AsyncIterator[list[Assignment]]:
        yield []

    def lanes(self, space_id: str) -> Lanes:
        return Lanes(self._api, space_id)

    async def rules(self, space_id: str) -> RuleFile:
        return load_value(await self._api.bot.ok("GET", f"/v1/spaces/{space_id}/rules"), RuleFile)

    async def act(self, space_id: str, act: NewAct) -> Act:
        import json

        done = await self._api.bot.ok("POST", f"/v1/spaces/{space_id}/acts", json.loads(dump(act)))
        self.acts.append(done)
        return load_value(done, Act)

    async def post_captions(self, space_id: str, captions: Sequence[NewCaption]) -> None:
        raise AssertionError("nothing is said")

    async def redact(self, space_id: str, new: NewRedaction, key: str) -> Redaction:
        raise AssertionError("nothing is said")

    async def change_redaction(self, space_id: str, redaction_id: str, change: RedactionChange) -> Redaction:
        raise AssertionError("nothing is said")

    async def withdraw_redaction(self, space_id: str, redaction_id: str) -> None:
        raise AssertionError("nothing is said")

    async def mask_text(self, space_id: str, number: int, mask: NewMask) -> None:
        raise AssertionError("nothing is written")

    async def hide_typed(self, space_id: str, mask: NewDraftMask) -> None:
        raise AssertionError("nothing is written")

    async def bot_status(self, status: BotStatus) -> None:
        pass


class Room:
    """A live Space with rules and a bot, and a clock that stands."""

    def __init__(self, api: Api, clock: VirtualClock, host: As, space: str) -> None:
        self.api, self.clock, self.host, self.space = api, clock, host, space
        self.id = space.rsplit("/", 1)[-1]
        self.watch = ConductWatch(api.app.registry, api.app.bot.id)
        self.told = BotApi(api)

    async def second(self) -> None:
        """One second passes, with the look of the server at conduct."""
        self.clock.advance(1.0)
        await self.watch.look()
        for _ in range(20):
            await asyncio.sleep(0)

    @asynccontextmanager
    async def bot(self) -> AsyncIterator[SpaceBot]:
        actor = self.api.app.registry.actors[self.id]
        assigned = Assignment(
            space_id=self.id, captions=False, rules_hash=actor.space.rules_hash, host_id=self.host.id, actions=[]
        )
        made = SpaceBot(self.told, FakePipeline(), assigned, engine="spacesctl", model="m")
        task = asyncio.create_task(made.run())
        try:
            await wait_for(lambda: made._moderator.rules_hash is not None and bool(actor.connections._readers()))
            yield made
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    async def comes(self, *names: str) -> list[As]:
        found = await self.api.accounts(*names)
        for one in found:
            await one.ok("POST", f"{self.space}/reactions", {"reaction": "clap"})
        return found

    async def measures(self) -> list[str]:
        return [one["action"] for one in (await self.host.ok("GET", self.space))["measures"]]

    async def dms(self, who: As | None = None) -> list[str]:
        return [one["text"] for one in (await (who or self.host).ok("GET", "/v1/dms"))["data"]]

    def last(self) -> Conduct:
        """What was told last of conduct."""
        return self.watch._told[self.id]


@asynccontextmanager
async def room(folder: Path, rules: str) -> AsyncIterator[Room]:
    clock = VirtualClock(START)
    async with running_api(folder / "data", clock=clock) as api:
        host = await api.account("host")
        space = await api.live(host)
        await host.ok("PUT", f"{space}/rules", {"text": rules})
        yield Room(api, clock, host, space)


RAIDERS = [f"raider{n}" for n in range(8)]


async def test_a_raid_locks_the_space_by_itself_where_the_rule_is_enforced(tmp_path: Path) -> None:
    async with room(tmp_path, RAID % "enforce") as here, here.bot():
        await here.second()
        await here.comes(*RAIDERS[:4])
        await here.second()
        assert await here.measures() == []
        await here.comes(*RAIDERS[4:])
        await here.second()
        await wait_for(lambda: len(here.told.acts) == 2)
        assert await here.measures() == ["lock"]
        (late,) = await here.api.accounts("late")
        assert (await late.refused("POST", f"{here.space}/reactions", {"reaction": "clap"}))["reason"] == "locked"
        assert [(one["action"], one["mode"], one["account_id"], one["handle"]) for one in here.told.acts] == [
            ("alert", "enforce", "", ""), ("lock", "enforce", "", ""),
        ]  # fmt: skip
        told = [text for text in await here.dms() if "raid" in text]
        found = f"Rule raid found joins_per_minute {here.last().joins}, never_seen_share 1 at {_at(here)}"
        assert sorted(told) == [
            f"{found} in “A Space”.",
            f"{found}: “A Space” is locked for 10 min: nobody new joins. `spacesctl undo {here.id}-1` undoes it.",
        ]
        log = (await here.host.ok("GET", "/v1/audit"))["data"]
        act = next(row for row in log if row["action"] == "act" and row["details"]["action"] == "lock")
        assert (act["by"]["kind"], act["by"]["id"], act["target"]) == ("rule", "raid", None)


def _at(here: Room) -> str:
    return shown(here.told.acts[0]["start_tick"])


async def test_a_raid_is_only_suggested_with_the_command_where_the_rule_suggests(tmp_path: Path) -> None:
    async with room(tmp_path, RAID % "suggest") as here, here.bot():
        await here.comes(*RAIDERS)
        await here.second()
        await wait_for(lambda: len(here.told.acts) == 2)
        assert await here.measures() == []
        (told,) = (text for text in await here.dms() if "suggests" in text)
        assert "it suggests to lock the Space. Nothing was done." in told
        assert f"To do it: `spacesctl confirm {here.id}-s1`" in told


async def test_a_rule_in_shadow_only_records(tmp_path: Path) -> None:
    async with room(tmp_path, RAID % "shadow") as here, here.bot():
        await here.comes(*RAIDERS)
        await here.second()
        await wait_for(lambda: len(here.told.acts) == 2)
        assert {one["mode"] for one in here.told.acts} == {"shadow"}
        assert await here.measures() == []
        assert not [text for text in await here.dms() if "raid" in text]


async def test_a_bot_that_was_killed_neither_doubles_nor_forgets_a_raid(tmp_path: Path) -> None:
    async with room(tmp_path, (RAID % "enforce") + 'cooldown = "1m"\n') as here:
        async with here.bot():
            await here.comes(*RAIDERS)
            await here.second()
            await wait_for(lambda: len(here.told.acts) == 2)
        async with here.bot():
            await here.second()
            await wait_for(lambda: len(here.told.acts) == 3)
            assert here.told.acts[-1]["mode"] == "counted"
            assert len([text for text in await here.dms() if "raid" in text]) == 2, "alerted, and told of the lock"
            await here.host.ok("DELETE", f"{here.space}/measures/lock")
            for passed in range(70):
                await here.second()
                if passed in (0, 20, 40):
                    await here.comes(*(f"more{passed}n{n}" for n in range(6)))
            await wait_for(lambda: (here.told.acts[-1]["action"], here.told.acts[-1]["mode"]) == ("lock", "enforce"))
        assert await here.measures() == ["lock"]


async def test_who_was_in_another_space_has_been_seen_and_who_comes_back_does_not_join(tmp_path: Path) -> None:
    async with room(tmp_path, RAID % "shadow") as here:
        other = await here.api.live(await here.api.account("neighbour"))
        seen = await here.api.accounts("ann", "ben")
        for one in seen:
            await one.ok("POST", f"{other}/reactions", {"reaction": "clap"})
        await here.api.app.registry.store_attendance()
        here.clock.advance(5)
        for one in [*seen, *seen]:
            await one.ok("POST", f"{here.space}/reactions", {"reaction": "clap"})
        await here.comes("eve")
        await here.second()
        assert (here.last().joins, here.last().never_seen, here.last().reactions) == (3, 1, 5)
        here.clock.advance(61)
        await here.second()
        assert (here.last().joins, here.last().never_seen, here.last().reactions) == (0, 0, 0)


async def test_after_a_restart_who_was_here_does_not_join_again(tmp_path: Path) -> None:
    async with room(tmp_path, RAID % "shadow") as here:
        people = await here.comes("ann", "ben")
        await here.second()
        assert here.last().joins == 2
        await here.api.app.registry.store_attendance()
    clock = VirtualClock(START)
    clock.advance(30)
    async with running_api(tmp_path / "data", first=False, clock=clock) as again:
        there = Room(again, clock, As(again, here.host.token), here.space)
        for one in people:
            await As(again, one.token).ok("POST", f"{there.space}/reactions", {"reaction": "clap"})
        await there.second()
        assert (there.last().joins, there.last().reactions) == (0, 2)


async def test_who_came_while_the_store_did_not_answer_is_looked_up_later(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with room(tmp_path, RAID % "shadow") as here:
        other = Room(here.api, here.clock, here.host, await here.api.live(await here.api.account("neighbour")))
        await here.comes("ann", "ben")
        with monkeypatch.context() as patch:
            patch.setattr(attendance, "visits", broken)
            with pytest.raises(OSError, match="disk"):
                await here.watch.look()
        await here.second()
        assert (here.last().joins, here.last().never_seen) == (2, 2)
        assert other.id not in here.watch._told, "it has no rules"


async def broken(*_: object) -> None:
    raise OSError("disk")


async def test_requests_to_speak_are_counted(tmp_path: Path) -> None:
    async with room(tmp_path, RAID % "shadow") as here:
        for one in await here.comes("ann", "ben"):
            await one.ok("POST", f"{here.space}/requests")
        await here.second()
        assert here.last().requests == 2


async def test_reports_weigh_by_what_was_found_of_the_reporters_earlier_ones(tmp_path: Path) -> None:
    async with room(tmp_path, ALL) as here:
        talker = await here.api.speaker(here.space, here.host, "talker")
        ann, ben = await here.comes("ann", "ben")
        about = {"space_id": here.id, "account": "@talker"}
        one = await ann.ok("POST", "/v1/reports", about)
        await here.second()
        assert [(each.account_id, each.reports) for each in here.last().people] == [(talker.id, 1.0)]
        await here.host.ok("PATCH", f"/v1/reports/{one['id']}", {"state": "dismissed"})
        await here.second()
        assert here.last().people[0].reports == 0.0, "it was dismissed"
        await ann.ok("POST", "/v1/reports", about)
        await ann.ok("POST", "/v1/reports", about)
        await ben.ok("POST", "/v1/reports", about)
        await here.second()
        assert here.last().people[0].reports == pytest.approx(1 + 2 / 3, abs=0.01), "nobody counts twice"
        here.clock.advance(600)
        await here.second()
        assert here.last().people[0].reports == 0.0, "they are too old"
        assert REPORTS_EVERY < 600


MANY = """schema = 1
[[rule]]
id = "many"
mode = "enforce"
when.all = [ { reports = ">=2" } ]
actions = ["warn"]
"""


async def test_who_reports_falsely_weighs_so_little_that_a_rule_fires_no_longer(tmp_path: Path) -> None:
    async with room(tmp_path, MANY) as here:
        one = await here.api.speaker(here.space, here.host, "one")
        other = await here.api.speaker(here.space, here.host, "other")
        liars, new = await here.comes("liar1", "liar2"), await here.comes("new1", "new2")
        for who in liars:
            for whom in (None, "@host"):
                filed = await who.ok("POST", "/v1/reports", {"space_id": here.id, "account": whom})
                await here.api.owner.ok("PATCH", f"/v1/reports/{filed['id']}", {"state": "dismissed"})
        async with here.bot():
            for who in liars:
                await who.ok("POST", "/v1/reports", {"space_id": here.id, "account": "@one"})
            await here.second()
            assert {each.account_id: each.reports for each in here.last().people}[one.id] == 1.0, "half for each"
            for who in new:
                await who.ok("POST", "/v1/reports", {"space_id": here.id, "account": "@other"})
            await here.second()
            await wait_for(lambda: len(here.told.acts) >= 1)
        assert {act["account_id"] for act in here.told.acts} == {other.id}
        listed = (await here.host.ok("GET", "/v1/reports?state=open"))["data"]
        weights = {(row["by"]["handle"], row["weight"], row["record"]["dismissed"]) for row in listed}
        assert weights == {("@liar1", 0.5, 2), ("@liar2", 0.5, 2), ("@new1", 1.0, 0), ("@new2", 1.0, 0)}


async def test_what_is_known_of_people_is_told_in_ticks_of_the_space(tmp_path: Path) -> None:
    async with room(tmp_path, ALL) as here:
        here.clock.advance(100)
        talker = await here.api.speaker(here.space, here.host, "talker")
        await here.second()
        (known,) = here.last().people
        assert (known.account_id, known.role, known.kind) == (talker.id, "speaker", "person")
        assert (known.born_tick, known.came_tick) == (5000, 5050)


async def test_a_loud_speaker_is_warned_once_by_what_the_engine_tells(tmp_path: Path) -> None:
    async with room(tmp_path, ALL.replace('id = "all"', 'id = "all"\nmode = "enforce"')) as here:
        talker = await here.api.speaker(here.space, here.host, "talker")
        lane = here.api.app.registry.actors[here.id].space.people[talker.id].lane
        async with here.bot():
            for tick in range(12, 400, 12):
                here.api.app.registry.on_engine(Levels(here.id, tick, [(lane or 0, -6, True)], [(lane or 0, 2, -50)]))
                await asyncio.sleep(0)
            await wait_for(lambda: len(here.told.acts) == 1)
        (told,) = (text for text in await here.dms(talker) if "warned" in text)
        assert "rule all found level_db -6 dBFS. This was automatic" in told


async def test_only_who_reads_lanes_is_told(tmp_path: Path) -> None:
    """Facts about people are the bot's: neither the audience nor staff get them with their events."""
    async with room(tmp_path, ALL) as here:
        talker = await here.api.speaker(here.space, here.host, "talker")
        app = here.api.app
        _, listener = await open_feed(app, here.id, Person(talker.id), SessionKind.LISTEN, "127.0.0.1")
        async with Lanes(here.api, here.id) as reader:
            await here.second()
            app.registry.on_engine(Levels(here.id, 5, [(1, -6, True)], [(1, 0, -50)]))
            await here.second()
            found: list[Answer] = [one for one in _queued(reader.session) if isinstance(one, Conduct | LaneLevels)]
            assert [type(one) for one in found] == [Conduct, LaneLevels], "conduct only when it changes"
            assert not [one for one in _queued(listener) if isinstance(one, Conduct | LaneLevels)]
            async with Lanes(here.api, here.id) as later:
                await here.second()
                assert [type(one) for one in _queued(later.session)] == [Conduct], "who is new is told in any case"


def _queued(session: Any) -> list[Any]:
    return list(session.feed._queue)


@pytest.mark.parametrize("action", ["mute", "warn", "kick", "report", "redact"])
async def test_an_act_on_a_person_needs_one(api: Api, action: str) -> None:
    host = await api.account("host")
    space = await api.live(host)
    await host.ok("PUT", f"{space}/rules", {"text": RAID % "enforce"})
    body = {
        "key": "k", "rule_id": "raid", "rule_hash": "h", "mode": "enforce", "action": action, "account_id": "", "lane": 0,
        "start_tick": 0, "end_tick": 0, "words": [], "confidence": 1, "engine": "e", "model": "m",
    }  # fmt: skip
    problem = await api.bot.refused("POST", f"{space}/acts", body)
    assert (problem["code"], "account_id" in str(problem)) == ("invalid", True)
