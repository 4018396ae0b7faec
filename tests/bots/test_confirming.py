"""Sanctions of rules with `confirm` wait for a second recognition; nothing else does."""

from __future__ import annotations

import logging

import pytest

from bots.confirming import parted
from bots.hearing.messages import Utterance
from bots.hearing.rings import KEPT, Rings
from bots.moderator import MAX_CONFIRMING
from bots.space import SpaceBot
from spacesctl.domain.offence import Terms
from spacesctl.rules.rule_engine import RuleEngine
from spacesctl.rules.rulefile import compile_rules
from tests.bots.fake_api import FakeApi, FakePipeline, info, rules
from tests.bots.test_space import PHRASE, run, utterance
from tests.bots.voices import until
from tests.rules.test_rule_engine import say


def confirming(mode: str = "enforce", more: str = "") -> str:
    return rules(mode) + f"confirm = true\n{more}"


def told(api: FakeApi) -> list[tuple[str, str]]:
    return [(act["action"], act["mode"]) for act in api.acts if act["mode"] != "waiting"]


def after(answer: bool | None, mode: str = "enforce", said: Utterance | None = None) -> tuple[FakeApi, FakePipeline]:
    """What is posted when the second recognition says this, and only after the report is there."""
    api, pipeline = FakeApi(confirming(mode)), FakePipeline()
    api.hello = [info(1, "rex")]

    async def script(bot: SpaceBot) -> None:
        bot.on_utterance(said or utterance(PHRASE))
        await until(lambda: bool(pipeline.asked) and len(told(api)) == 1)
        pipeline.answers.put_nowait(answer)
        await until(lambda: len(told(api)) == 2)

    return api, run(api, script, pipeline)


def test_what_is_heard_again_is_punished_and_the_report_does_not_wait() -> None:
    api, pipeline = after(True)
    assert told(api) == [("report", "enforce"), ("mute", "enforce")]
    assert pipeline.asked == [(1, 120, 154, ("crypto giveaway",), "crypto giveaway")]
    assert pipeline.confirms == [True, False], "and no longer when it leaves"


def test_what_is_not_heard_again_is_recorded_and_nobody_is_punished() -> None:
    assert told(after(False)[0]) == [("report", "enforce"), ("mute", "unconfirmed")]


@pytest.mark.parametrize("mode", ["enforce", "suggest", "shadow"])
def test_the_server_knows_what_waits_before_the_answer_comes(mode: str) -> None:
    api, pipeline = FakeApi(confirming(mode)), FakePipeline()
    api.hello = [info(1, "rex")]

    async def killed(bot: SpaceBot) -> None:
        bot.on_utterance(utterance(PHRASE))
        await until(lambda: bool(pipeline.asked) and len(api.acts) == (1 if mode == "shadow" else 2))

    run(api, killed, pipeline)
    waiting = [(act["action"], act["key"]) for act in api.acts if act["mode"] == "waiting"]
    assert [action for action, _ in waiting] == ([] if mode == "shadow" else ["mute"])
    answered, _ = after(True, mode)
    assert {key for _, key in waiting} <= {act["key"] for act in answered.acts if act["mode"] == mode}, (
        "it is the same act"
    )


def test_without_an_answer_in_time_nobody_is_punished_and_it_is_said(caplog: pytest.LogCaptureFixture) -> None:
    with caplog.at_level(logging.WARNING):
        api, _ = after(None)
    assert told(api) == [("report", "enforce"), ("mute", "unconfirmed")]
    assert "no second recognition in time" in caplog.text
    assert "crypto" not in caplog.text


@pytest.mark.parametrize(("answer", "mode"), [(True, "shadow"), (False, "unconfirmed")])
def test_a_rule_in_shadow_records_what_would_have_been_confirmed(answer: bool, mode: str) -> None:
    assert told(after(answer, "shadow")[0]) == [("report", "shadow"), ("mute", mode)]


def test_what_a_rule_would_suggest_is_suggested_only_if_it_is_confirmed() -> None:
    assert told(after(True, "suggest")[0]) == [("report", "enforce"), ("mute", "suggest")]
    assert told(after(False, "suggest")[0]) == [("report", "enforce"), ("mute", "unconfirmed")]


def test_a_bot_says_for_a_while_that_there_was_no_answer_in_time() -> None:
    api, pipeline, alerts, seen = FakeApi(confirming()), FakePipeline(), list[bool](), list[bool]()
    api.hello = [info(1, "rex")]

    async def script(bot: SpaceBot) -> None:
        bot._moderator._on_alert = lambda: alerts.append(bot.unanswered)
        seen.append(bot.unanswered)
        for at in (100, 400):
            pipeline.answers.put_nowait(None)
            bot.on_utterance(utterance(PHRASE, at))
        await until(lambda: len(told(api)) == 4)
        seen.append(bot.unanswered)
        bot._moderator._clock = lambda: 1e9
        seen.append(bot.unanswered)

    run(api, script, pipeline)
    assert seen == [False, True, False]
    assert alerts == [True], "once"


def test_other_decisions_do_not_wait_and_those_that_do_are_bounded() -> None:
    api, pipeline = FakeApi(confirming()), FakePipeline()
    api.hello = [info(1, "rex")]

    async def script(bot: SpaceBot) -> None:
        for n in range(MAX_CONFIRMING + 1):
            bot.on_utterance(utterance(PHRASE, 100 + 300 * n))
        await until(lambda: len(told(api)) == MAX_CONFIRMING + 2)

    run(api, script, pipeline)
    assert told(api).count(("report", "enforce")) == MAX_CONFIRMING + 1
    assert told(api).count(("mute", "unconfirmed")) == 1
    assert len(pipeline.asked) == MAX_CONFIRMING


def test_only_what_is_confirmed_counts_for_repeat_and_cooldown() -> None:
    more = 'repeat = { times = 2, within = "1m" }\ncooldown = "10s"\nseverity = 3\n'
    (found,) = RuleEngine(compile_rules(confirming(more=more))).hear(say("crypto giveaway"))
    now, later = parted(found)
    assert now is not None
    assert later is not None
    assert (now.actions, now.terms) == (("report",), Terms(severity=3))
    assert (later.actions, later.terms) == (("mute",), Terms(2, 3000, 500, 3))


def test_a_rule_without_sanctions_waits_for_nothing() -> None:
    text = confirming().replace('"mute", "report"', '"log", "report"')
    (found,) = RuleEngine(compile_rules(text)).hear(say("crypto giveaway"))
    assert parted(found) == (found, None)


def test_what_was_said_as_soon_as_a_microphone_was_opened_is_heard_again_too() -> None:
    rings = Rings()
    rings.keep("s", on=True)
    for tick in range(100, 130):
        rings.frame("s", 1, (tick, 1, b"x"))
    assert [frame[0] for frame in rings.cut("s", 1, 80, 110)] == list(range(100, 111)), "before it there is nothing"
    for tick in range(130, 130 + KEPT):
        rings.frame("s", 1, (tick, 1, b"x"))
    assert rings.cut("s", 1, 100, 140) == [], "the beginning is gone"
