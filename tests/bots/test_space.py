"""The bot in one Space against an API in memory: captions, acts, and what becomes of them when things break."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from typing import Any

import pytest

from bots.hearing.messages import Armed, Utterance
from bots.late import TOO_OLD
from bots.space import SpaceBot
from bots.transcriber import MAX_FINALS, Transcriber
from spacesctl.domain.errors import Gone, NotAllowed, Unavailable
from spacesctl.rules.rule_engine import Word
from spacesctl.rules.rulefile import compile_rules
from tests.bots.fake_api import FakeApi, FakePipeline, assignment, info, rules
from tests.bots.voices import until

PHRASE = "free crypto giveaway join now"


def utterance(text: str, at: int = 100, lane: int = 1, final: bool = True, conf: float = 0.9) -> Utterance:
    words = tuple(
        Word(w, (at + 20 * n) / 50, (at + 20 * n + 15) / 50, conf, at + 20 * n, at + 20 * n + 14)
        for n, w in enumerate(text.split())
    )
    return Utterance("s", lane, at, text, words if final else (), final, at, at + 100)


def run(
    api: FakeApi, script: Callable[[SpaceBot], Awaitable[None]], pipeline: FakePipeline | None = None, **changes: Any
) -> FakePipeline:
    """A bot at work while `script` runs."""
    pipeline = pipeline or FakePipeline()

    async def main() -> None:
        bot = SpaceBot(api, pipeline, assignment(**changes), engine="spacesctl 9", model="tiny")
        task = asyncio.create_task(bot.run())
        try:
            await until(
                lambda: bool(api.connections) and (bot._moderator.rules_hash is not None or api.rules_text is None)
            )
            await script(bot)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)

    asyncio.run(main())
    return pipeline


def test_an_utterance_becomes_a_caption() -> None:
    api = FakeApi()
    api.hello = [info(1)]

    async def script(bot: SpaceBot) -> None:
        bot.on_utterance(utterance("hello there"))
        await until(lambda: bool(api.captions))

    run(api, script, rules_hash=None)
    (made,) = api.captions
    assert made == {
        "lane": 1,
        "utterance": 100,
        "text": "hello there",
        "final": True,
        "start_tick": 100,
        "end_tick": 200,
        "words": [
            {"w": "hello", "start": 2.0, "end": 2.3, "conf": 0.9},
            {"w": "there", "start": 2.4, "end": 2.7, "conf": 0.9},
        ],
    }


def test_an_enforced_rule_acts_with_everything_a_record_needs() -> None:
    api = FakeApi(rules())
    api.hello = [info(1, "rex")]

    async def script(bot: SpaceBot) -> None:
        bot.on_utterance(utterance(PHRASE))
        await until(lambda: len(api.acts) == 2)

    run(api, script)
    report, mute = api.acts
    assert [each["action"] for each in api.acts] == ["report", "mute"], "the record before the sanction"
    assert report["key"] == "scam-pitch:1:120-154:report"
    assert mute == report | {"action": "mute", "key": "scam-pitch:1:120-154:mute"}
    assert mute["mode"] == "enforce"
    assert (mute["account_id"], mute["lane"], mute["start_tick"], mute["end_tick"]) == ("rex", 1, 120, 154)
    assert [each["w"] for each in mute["words"]] == ["crypto", "giveaway"]
    assert (mute["rule_id"], mute["rule_hash"]) == ("scam-pitch", compile_rules(rules()).hash)
    assert (mute["engine"], mute["model"], mute["confidence"]) == ("spacesctl 9", "tiny", 0.9)
    assert mute["evidence"] == {"before": 10.0, "after": 4.0}


def test_a_shadow_rule_only_records() -> None:
    api = FakeApi(rules("shadow"))
    api.hello = [info(1)]

    async def script(bot: SpaceBot) -> None:
        bot.on_utterance(utterance(PHRASE))
        await until(lambda: len(api.acts) == 2)

    run(api, script)
    assert {each["mode"] for each in api.acts} == {"shadow"}


def test_when_the_server_holds_sanctions_somebody_is_told() -> None:
    api = FakeApi(rules())
    api.hello = [info(1)]
    api.becomes = lambda act: "held" if act.action == "mute" and act.start_tick > 300 else act.mode
    seen: list[bool] = []

    async def script(bot: SpaceBot) -> None:
        for at in (100, 400, 700):
            bot.on_utterance(utterance(PHRASE, at))
            seen.append(bot.tripped)
            await until(lambda: len(api.acts) == 2 * len(seen))
        await until(lambda: bot.tripped)

    run(api, script)
    assert [(each["action"], each["mode"]) for each in api.acts] == [("report", "enforce"), ("mute", "enforce")] * 3
    assert seen[:2] == [False, False]


def test_what_a_rule_suggests_is_posted_so_and_what_tells_is_done() -> None:
    api = FakeApi(rules("suggest").replace('["mute", "report"]', '["mute", "report", "redact", "log"]'))
    api.hello = [info(1)]

    async def script(bot: SpaceBot) -> None:
        bot.on_utterance(utterance(PHRASE))
        await until(lambda: len(api.acts) == 4)

    run(api, script)
    assert {each["action"]: each["mode"] for each in api.acts} == {
        "log": "enforce", "report": "enforce", "redact": "suggest", "mute": "suggest",
    }  # fmt: skip


def test_a_ladder_goes_with_its_act() -> None:
    api = FakeApi(
        rules().replace('["mute", "report"]', '["ladder:speech", "report"]')
        + '[ladder.speech]\nsteps = [ { points = 1, do = "warn" }, { points = 3, do = "mute", for = "60s" } ]\n'
    )
    api.hello = [info(1)]

    async def script(bot: SpaceBot) -> None:
        bot.on_utterance(utterance(PHRASE))
        await until(lambda: len(api.acts) == 2)

    run(api, script)
    report, climb = api.acts
    assert (report["action"], report.get("ladder")) == ("report", None)
    assert (climb["action"], climb["key"]) == ("ladder", "scam-pitch:1:120-154:ladder:speech")
    steps = [{"points": 1, "do": "warn"}, {"points": 3, "do": "mute", "seconds": 60}]
    assert climb["ladder"] == {"name": "speech", "steps": steps, "expire": 30 * 86400}


def test_of_an_offence_that_only_counts_one_act_is_posted() -> None:
    api = FakeApi(rules())
    api.hello = [info(1)]
    api.becomes = lambda act: "counted" if act.start_tick < 300 else act.mode

    async def script(bot: SpaceBot) -> None:
        for at in (100, 400):
            bot.on_utterance(utterance(PHRASE, at))
        await until(lambda: len(api.acts) == 3)

    run(api, script)
    assert [each["action"] for each in api.acts] == ["report", "report", "mute"]


def test_acts_say_when_their_rule_acts() -> None:
    api = FakeApi(
        rules().replace("[[rule]]", '[[rule]]\nseverity = 3\nrepeat = { times = 4, within = "2m" }\ncooldown = "45s"')
    )
    api.hello = [info(1)]

    async def script(bot: SpaceBot) -> None:
        bot.on_utterance(utterance(PHRASE))
        await until(lambda: len(api.acts) == 2)

    run(api, script)
    for each in api.acts:
        assert (each["severity"], each["repeat"], each["cooldown"]) == (3, {"times": 4, "within": 120.0}, 45.0)


@pytest.mark.parametrize(("age", "mode"), [(TOO_OLD, "enforce"), (TOO_OLD + 1, "suggest")])
def test_sanctions_for_words_older_than_ten_seconds_are_suggested_and_reports_are_still_made(
    age: int, mode: str
) -> None:
    api = FakeApi(rules())
    api.hello = [info(1)]
    end = 154  # of "giveaway"

    async def script(bot: SpaceBot) -> None:
        api.connections[-1].say(end + age, (1, 0, b""))
        await until(lambda: bot._tick == end + age)
        bot.on_utterance(utterance(PHRASE))
        await until(lambda: len(api.acts) == 2)

    run(api, script)
    assert [(each["action"], each["mode"], each["end_tick"]) for each in api.acts] == [
        ("report", "enforce", end),
        ("mute", mode, end),
    ]


def test_the_same_words_heard_by_another_bot_have_the_same_keys() -> None:
    keys = []
    for _ in range(2):
        api = FakeApi(rules())
        api.hello = [info(1)]

        async def script(bot: SpaceBot, api: FakeApi = api) -> None:
            bot.on_utterance(utterance(PHRASE))
            bot.on_utterance(utterance(PHRASE))  # delivered twice
            await until(lambda: len(api.acts) == 2)

        run(api, script)
        keys.append([each["key"] for each in api.acts])
    assert keys[0] == keys[1]
    assert len(keys[0]) == 2


def test_an_act_that_could_not_be_posted_is_posted_again_under_the_same_key() -> None:
    api = FakeApi(rules())
    api.hello = [info(1)]

    async def script(bot: SpaceBot) -> None:
        await until(lambda: not bot._transcriber._finals)
        bot.assignment = assignment(captions=False)
        api.failures = [Unavailable("away"), OSError("reset")]
        bot.on_utterance(utterance(PHRASE))
        await until(lambda: len(api.acts) == 2)

    run(api, script)
    assert len({each["key"] for each in api.acts}) == 2


def test_an_act_that_is_refused_stops_no_other(caplog: pytest.LogCaptureFixture) -> None:
    api = FakeApi(rules())
    api.hello = [info(1)]

    async def script(bot: SpaceBot) -> None:
        bot.assignment = assignment(captions=False)
        api.failures = [NotAllowed("@rex said crypto giveaway", reason="grant")]
        bot.on_utterance(utterance(PHRASE))
        await until(lambda: len(api.acts) == 1)

    with caplog.at_level(logging.INFO):
        run(api, script)
    assert api.acts[0]["action"] == "mute"
    assert "not_allowed" in caplog.text
    assert "hash=" in caplog.text
    assert "giveaway" not in caplog.text, "logs hold nothing that was said"


@pytest.mark.parametrize("who", [info(1, role="host"), info(1, role="cohost"), info(1, kind="bot")])
def test_the_exempt_are_captioned_and_never_judged(who: dict[str, Any]) -> None:
    api = FakeApi(rules())
    api.hello = [who]

    async def script(bot: SpaceBot) -> None:
        bot.on_utterance(utterance(PHRASE))
        await until(lambda: bool(api.captions))
        await asyncio.sleep(0.05)

    run(api, script)
    assert api.acts == []


def test_a_role_that_changes_counts_from_then_on() -> None:
    api = FakeApi(rules())
    api.hello = [info(1, role="cohost")]

    async def script(bot: SpaceBot) -> None:
        bot.on_utterance(utterance(PHRASE, 100))
        api.connections[0].queue.put_nowait({"event": "lane_changed", "lane": info(1)})
        await until(lambda: bot._lanes[1].role == "speaker")
        bot.on_utterance(utterance(PHRASE, 500))
        await until(lambda: len(api.acts) == 2)

    run(api, script)
    assert {each["start_tick"] for each in api.acts} == {520}


def test_with_captions_off_it_judges_and_posts_no_captions() -> None:
    api = FakeApi(rules())
    api.hello = [info(1)]

    async def script(bot: SpaceBot) -> None:
        bot.on_utterance(utterance("hello", 10))
        bot.on_utterance(utterance(PHRASE))
        await until(lambda: len(api.acts) == 2)

    run(api, script, captions=False)
    assert api.captions == []


def test_frames_and_lanes_reach_the_recogniser_and_last_words_come_after_a_lane_closed() -> None:
    api = FakeApi(rules())
    api.hello = [info(1)]

    async def script(bot: SpaceBot) -> None:
        lanes = api.connections[0]
        lanes.queue.put_nowait({"event": "lane_opened", "lane": info(2, "zed")})
        lanes.say(7, (1, 1, b"a"), (2, 0, b"b"))
        lanes.queue.put_nowait(b"nonsense")
        lanes.queue.put_nowait({"event": "gap", "ticks": 5})
        lanes.queue.put_nowait({"event": "lane_closed", "lane": 2})
        await until(lambda: 2 not in bot._lanes and 2 in bot._closed)
        bot.on_utterance(utterance(PHRASE, lane=2))
        await until(lambda: len(api.acts) == 2)

    pipeline = run(api, script)
    assert pipeline.opened == [1, 2]
    assert pipeline.fed == [(7, [(1, 1, b"a"), (2, 0, b"b")])]
    assert pipeline.closed == [2, 1], "the rest when the bot leaves"
    assert {each["account_id"] for each in api.acts} == {"zed"}


def test_a_broken_connection_is_made_again_and_lanes_compared() -> None:
    api = FakeApi()
    api.hello = [info(1), info(2)]

    async def script(bot: SpaceBot) -> None:
        api.hello = [info(2), info(3)]
        api.connections[0].queue.put_nowait(Unavailable("reset"))
        await until(lambda: len(api.connections) == 2 and set(bot._lanes) == {2, 3})
        api.connections[1].queue.put_nowait({"event": "ended", "reason": "slow"})
        api.connections[1].queue.put_nowait(None)
        await until(lambda: len(api.connections) == 3)

    pipeline = run(api, script, rules_hash=None)
    assert pipeline.closed[0] == 1


@pytest.mark.parametrize("last", [{"event": "ended", "reason": "ended"}, Gone("Space", "s", "ended")])
def test_it_leaves_when_the_space_is_over(last: dict[str, Any] | Exception) -> None:
    api = FakeApi()
    pipeline = FakePipeline()

    async def main() -> None:
        api.hello = [info(1)]
        bot = SpaceBot(api, pipeline, assignment(rules_hash=None), engine="e", model="m")
        task = asyncio.create_task(bot.run())
        await until(lambda: bool(api.connections))
        api.connections[0].queue.put_nowait(last)
        await asyncio.wait_for(task, 5)

    asyncio.run(main())
    assert pipeline.closed == [1]


def test_new_rules_take_over_and_bad_ones_do_not() -> None:
    api = FakeApi(rules("shadow"))
    api.hello = [info(1)]

    async def script(bot: SpaceBot) -> None:
        first = bot._moderator.rules_hash
        api.rules_text = "schema = 7"
        api.connections[0].queue.put_nowait({"event": "rules_changed", "hash": "bad"})
        await until(lambda: api.rules_asked == 2)
        await asyncio.sleep(0.05)
        assert bot._moderator.rules_hash == first
        api.rules_text = rules("enforce")
        api.connections[0].queue.put_nowait({"event": "rules_changed", "hash": "good"})
        await until(lambda: bot._moderator.rules_hash != first)
        bot.on_utterance(utterance(PHRASE))
        await until(lambda: len(api.acts) == 2)
        bot.assign(assignment(rules_hash=None))
        await until(lambda: bot._moderator.rules_hash is None)
        bot.on_utterance(utterance(PHRASE, 900))
        await until(lambda: len(api.captions) == 2)

    run(api, script)
    assert {each["mode"] for each in api.acts} == {"enforce"}


REDACTING = rules().replace('["mute", "report"]', '["redact", "mute"]')


def test_a_phrase_is_redacted_while_acts_and_captions_wait_for_the_server() -> None:
    api = FakeApi(REDACTING)
    api.hello = [info(1)]

    async def script(bot: SpaceBot) -> None:
        api.blocked = asyncio.Event()
        bot.on_utterance(utterance(PHRASE))
        await asyncio.sleep(0.02)
        bot.on_arm(Armed("s", 1, 100, "scam-pitch", 1, 60, 160))
        await until(lambda: len(api.redactions) == 1)
        assert (api.acts, api.captions) == ([], [])
        api.blocked.set()
        await until(lambda: len(api.acts) == 2)

    run(api, script)
    assert api.redactions == [("make", "r0", {"lane": 1, "from_tick": 60, "to_tick": 160, "rule_id": "scam-pitch"})]
    assert [each["action"] for each in api.acts] == ["redact", "mute"]


def test_the_recogniser_is_told_which_rules_redact_after_each_change_and_when_the_bot_leaves() -> None:
    api = FakeApi(REDACTING)
    api.hello = [info(1)]

    async def script(bot: SpaceBot) -> None:
        api.rules_text = rules()
        api.connections[0].queue.put_nowait({"event": "rules_changed", "hash": "others"})
        await until(lambda: api.rules_asked == 2 and len(pipeline.ruled) == 2)
        bot.on_arm(Armed("s", 1, 100, "scam-pitch", 1, 60, 160))
        bot.assign(assignment(rules_hash=None))
        await until(lambda: len(pipeline.ruled) == 3)

    pipeline = FakePipeline()
    run(api, script, pipeline)
    assert pipeline.ruled == [["scam-pitch"], [], [], []]
    assert api.redactions == [], "the rule does not redact any more"


def test_what_is_armed_on_a_lane_that_is_not_known_is_nobodys_and_of_one_just_closed_still_somebodys() -> None:
    api = FakeApi(REDACTING)
    api.hello = [info(1), info(2)]

    async def script(bot: SpaceBot) -> None:
        api.connections[0].queue.put_nowait({"event": "lane_closed", "lane": 2})
        await until(lambda: 2 in bot._closed)
        bot.on_arm(Armed("s", 9, 100, "scam-pitch", 1, 60, 160))
        bot.on_arm(Armed("s", 2, 100, "scam-pitch", 1, 60, 160))
        await until(lambda: len(api.redactions) == 1)

    run(api, script)
    assert api.redactions[0][2]["lane"] == 2


def test_of_partials_only_the_latest_of_a_lane_is_sent_and_none_after_its_final() -> None:
    api = FakeApi()

    async def main() -> None:
        transcriber = Transcriber(api, "s")
        for text in ("a", "a b", "a b c"):
            transcriber.on_utterance(utterance(text, final=False))
        transcriber.on_utterance(utterance("x y", lane=2, final=False))
        transcriber.on_utterance(utterance("x y z", lane=2))
        task = asyncio.create_task(transcriber.run())
        await until(lambda: len(api.captions) == 2)
        task.cancel()

    asyncio.run(main())
    assert [(each["lane"], each["text"], each["final"]) for each in api.captions] == [
        (2, "x y z", True),
        (1, "a b c", False),
    ]


def test_final_captions_wait_for_a_server_that_is_away_and_stay_in_order() -> None:
    api = FakeApi()
    api.failures = [Unavailable("away"), Unavailable("away")]

    async def main() -> None:
        transcriber = Transcriber(api, "s")
        task = asyncio.create_task(transcriber.run())
        for n in range(5):
            transcriber.on_utterance(utterance(f"word{n}", at=n * 100))
            await asyncio.sleep(0)
        await until(lambda: len(api.captions) == 5)
        task.cancel()

    asyncio.run(main())
    assert [each["text"] for each in api.captions] == [f"word{n}" for n in range(5)]


def test_captions_that_wait_are_bounded() -> None:
    transcriber = Transcriber(FakeApi(), "s")
    for n in range(MAX_FINALS + 7):
        transcriber.on_utterance(utterance("a", at=n))
    assert transcriber.dropped == 7
    assert len(transcriber._finals) == MAX_FINALS
