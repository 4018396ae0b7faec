"""One Space's bot when the server refuses something or there is too much of it: nothing stops, and the log tells."""

from __future__ import annotations

import asyncio
import logging
from typing import Any

import pytest

from bots import retry, space, transcriber
from bots.moderator import MAX_WAITING, Moderator
from bots.space import CLOSED_LANES, SpaceBot
from bots.transcriber import Transcriber
from spacesctl.audio.framing import UPLINK, pack
from spacesctl.domain.errors import NotAllowed, Refused, Unavailable
from spacesctl.rules.rule_engine import Decision
from spacesctl.rules.rulefile import compile_rules
from spacesctl.support.backoff import Backoff
from tests.bots.fake_api import FakeApi, FakePipeline, assignment, info, lane_of, rules
from tests.bots.test_space import PHRASE, run, utterance
from tests.bots.voices import until


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (retry, space, transcriber):
        monkeypatch.setattr(module, "new_backoff", lambda: Backoff((0.01,)))


def test_rules_that_cannot_be_fetched_are_asked_for_again(caplog: pytest.LogCaptureFixture) -> None:
    api = FakeApi(rules())
    api.hello = [info(1)]

    async def script(bot: SpaceBot) -> None:
        api.failures = [Refused("not_live", "the Space @rex hosts is not live")]
        bot.assign(assignment(rules_hash="another"))
        await until(lambda: "no rules: refused" in caplog.text)
        await until(lambda: api.rules_asked == 3)
        bot.on_utterance(utterance(PHRASE))
        await until(lambda: len(api.acts) == 2)

    with caplog.at_level(logging.WARNING):
        run(api, script)
    assert "rex" not in caplog.text


def test_an_assignment_with_the_same_rules_fetches_nothing_and_may_switch_captions_off() -> None:
    api = FakeApi(rules())
    api.hello = [info(1)]

    async def script(bot: SpaceBot) -> None:
        asked = api.rules_asked
        bot.assign(assignment(captions=False, rules_hash=compile_rules(rules()).hash))
        bot.on_utterance(utterance(PHRASE))
        await until(lambda: len(api.acts) == 2)
        assert api.rules_asked == asked

    run(api, script)
    assert api.captions == []


def test_words_of_a_lane_that_is_not_known_are_nobodys() -> None:
    api = FakeApi(rules())
    api.hello = [info(1)]

    async def script(bot: SpaceBot) -> None:
        bot.on_utterance(utterance(PHRASE, lane=9))
        bot.on_utterance(utterance("hello"))
        await until(lambda: bool(api.captions))

    run(api, script)
    assert [each["lane"] for each in api.captions] == [1]
    assert api.acts == []


def test_messages_of_another_kind_and_events_that_are_not_known_are_passed_over() -> None:
    api = FakeApi()
    api.hello = [info(1)]

    async def script(bot: SpaceBot) -> None:
        queue = api.connections[0].queue
        queue.put_nowait(pack(UPLINK, 6, [(1, 0, b"x")]))
        queue.put_nowait({"event": "from a later version"})
        queue.put_nowait({"event": "lane_closed", "lane": 40})
        api.connections[0].say(7, (1, 1, b"a"))
        await until(queue.empty)

    pipeline = run(api, script, rules_hash=None)
    assert pipeline.fed == [(7, [(1, 1, b"a")])]
    assert pipeline.closed == [1], "when the bot leaves; lane 40 was never open"


@pytest.mark.parametrize("rules_text", [None, rules()], ids=["without rules", "with rules"])
def test_of_closed_lanes_the_latest_are_remembered(rules_text: str | None) -> None:
    pipeline = FakePipeline()

    async def main() -> dict[int, Any]:
        bot = SpaceBot(FakeApi(), pipeline, assignment(), engine="e", model="m")
        bot._moderator.set_rules(space._rule_engine(rules_text) if rules_text else None)
        for lane in range(CLOSED_LANES + 3):
            bot._open(lane_of(lane))
            bot._close(lane)
        return dict(bot._closed)

    assert list(asyncio.run(main())) == list(range(3, CLOSED_LANES + 3))
    assert len(pipeline.closed) == CLOSED_LANES + 3


def test_captions_that_are_refused_are_counted_and_only_final_ones_are_told(caplog: pytest.LogCaptureFixture) -> None:
    api = FakeApi()

    async def main() -> int:
        transcriber = Transcriber(api, "s")
        task = asyncio.create_task(transcriber.run())
        for final in (False, True):
            api.failures = [NotAllowed("@rex may not", reason="captions")]
            transcriber.on_utterance(utterance("hello", final=final))
            await until(lambda: not api.failures)
            caplog.records[:] if final else caplog.clear()
        transcriber.on_utterance(utterance("still here"))
        await until(lambda: bool(api.captions))
        task.cancel()
        return transcriber.dropped

    with caplog.at_level(logging.WARNING):
        assert asyncio.run(main()) == 2
    assert [each["text"] for each in api.captions] == ["still here"]
    assert [record.getMessage() for record in caplog.records] == ["space s: captions are lost: not_allowed"]


class Nothing:
    async def take(self, decision: Decision) -> bool:
        raise AssertionError("nothing is carried out here")

    async def note(self, decision: Decision) -> None:
        raise AssertionError("nothing is recorded here")


def test_decisions_beyond_what_may_wait_are_lost_and_told(caplog: pytest.LogCaptureFixture) -> None:
    async def main() -> Moderator:
        moderator = Moderator(Nothing(), Nothing(), clock=lambda: 0.0)
        assert moderator.rules_hash is None
        moderator.on_utterance(utterance(PHRASE), lane_of(1))
        moderator.set_rules(space._rule_engine(rules("shadow")))
        for lane in range(MAX_WAITING + 2):
            at = 100 + 100 * lane  # the same words at once would be one voice
            moderator.on_utterance(utterance(PHRASE, at=at, lane=lane, final=False), lane_of(lane))
            moderator.on_utterance(utterance(PHRASE, at=at, lane=lane), lane_of(lane, f"acc{lane}"))
        return moderator

    with caplog.at_level(logging.ERROR):
        moderator = asyncio.run(main())
    assert moderator.dropped == 2
    assert not moderator.tripped
    assert caplog.text.count("is lost: too many are waiting") == 2
    assert "giveaway" not in caplog.text


TROUBLE = 40
"""Failures in a row: with true waits, five minutes of a full disk."""


def test_captions_that_cannot_be_stored_are_kept_and_posted_in_order_when_they_can() -> None:
    api = FakeApi()
    api.failures = [Unavailable("full", reason="disk_full") for _ in range(TROUBLE)]

    async def main() -> Transcriber:
        posting = Transcriber(api, "s")
        task = asyncio.create_task(posting.run())
        for n in range(120):
            posting.on_utterance(utterance(f"word{n}", at=n * 100))
            await asyncio.sleep(0)
        await until(lambda: len(api.captions) >= 120)
        task.cancel()
        return posting

    posting = asyncio.run(main())
    assert [each["text"] for each in api.captions if each["final"]] == [f"word{n}" for n in range(120)]
    assert posting.dropped == 0


def test_acts_that_cannot_be_stored_are_kept_and_posted_once_when_they_can(caplog: pytest.LogCaptureFixture) -> None:
    api = FakeApi(rules())
    api.hello = [info(1)]

    async def script(bot: SpaceBot) -> None:
        await until(lambda: bot._moderator.rules_hash is not None)
        bot.assignment = assignment(captions=False)
        api.failures = [Unavailable("full", reason="disk_full") for _ in range(TROUBLE)]
        bot.on_utterance(utterance(PHRASE))
        await until(lambda: len(api.acts) == 2)

    with caplog.at_level(logging.WARNING):
        run(api, script)
    assert sorted(each["action"] for each in api.acts) == ["mute", "report"]
    assert caplog.text.count("waits: unavailable") == 1, "the trouble is told once"
