"""Rules on what is written: the same as on what is said, and masked before the audience reads it."""

from __future__ import annotations

import asyncio
from collections.abc import Callable

from bots.moderator import Moderator
from bots.texts import TextRules
from spacesctl.api.lanes import Text
from spacesctl.domain.words import Kind, Role
from spacesctl.rules.room_facts import RoomFacts
from spacesctl.rules.rule_engine import Decision, RuleEngine
from spacesctl.rules.rulefile import compile_rules
from tests.bots.fake_api import FakeApi
from tests.bots.voices import until

RULES = """schema = 1
[[rule]]
id = "scam"
mode = "enforce"
when.any = [ { words = ["crypto giveaway"] } ]
actions = ["redact", "mute"]
[[rule]]
id = "numbers"
mode = "enforce"
when.any = [ { digits = { run = 6 } } ]
actions = ["redact", "log"]
[[rule]]
id = "told"
mode = "enforce"
when.any = [ { words = ["idiot"] } ]
actions = ["log"]
"""


class Taken:
    """What the moderator decided."""

    def __init__(self) -> None:
        self.decisions: list[Decision] = []

    async def take(self, decision: Decision) -> bool:
        self.decisions.append(decision)
        return False

    async def note(self, decision: Decision) -> None:
        self.decisions.append(decision)


def text(
    words: str, *, number: int | None = 7, role: Role = Role.LISTENER, kind: Kind = Kind.PERSON, typed: bool = False
) -> Text:
    return Text(number=number, utterance=3, account_id="ann", role=role, kind=kind, text=words, tick=100, typed=typed)


def judged(*texts: Text, done: Callable[[FakeApi, Taken], bool], rules: str = RULES) -> tuple[FakeApi, Taken]:
    api, taken = FakeApi(), Taken()

    async def main() -> None:
        moderator = Moderator(taken, taken, facts=RoomFacts())
        engine = RuleEngine(compile_rules(rules))
        moderator.set_rules(engine)
        written = TextRules(api, "s", moderator, RoomFacts())
        written.set_rules(engine)
        tasks = [asyncio.create_task(one) for one in (moderator.run(), written.run())]
        for one in texts:
            written.on_text(one)
        await until(lambda: done(api, taken))
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    asyncio.run(main())
    return api, taken


def test_words_that_a_rule_redacts_are_masked_and_judged_like_speech() -> None:
    api, taken = judged(text("free crypto, GIVEAWAY now!"), done=lambda api, taken: bool(api.masks and taken.decisions))
    assert api.masks == [(7, {"words": [[1, 2]], "rule_id": "scam"})]
    [found] = taken.decisions
    assert (found.rule_id, found.actions, found.account_id, found.confidence) == (
        "scam",
        ("redact", "mute"),
        "ann",
        1.0,
    )


def test_a_number_is_masked_and_is_in_no_act() -> None:
    api, taken = judged(text("call 12-34567 please"), done=lambda api, taken: bool(api.masks and taken.decisions))
    assert api.masks == [(7, {"words": [[1, 1]], "digits": True, "rule_id": "numbers"})]
    assert [word.w for word in taken.decisions[0].words] == ["[number]"]


def test_a_rule_that_redacts_nothing_masks_nothing() -> None:
    api, taken = judged(text("you idiot"), done=lambda api, taken: bool(taken.decisions))
    assert (api.masks, taken.decisions[0].rule_id) == ([], "told")


def test_what_is_still_typed_is_hidden_once_and_not_judged() -> None:
    drafts = [text(words, number=None, typed=True) for words in ("crypto", "crypto giveaway", "crypto giveaway x")]
    api, taken = judged(*drafts, text("fine"), done=lambda api, _: bool(api.masks))
    assert api.masks == [(None, {"utterance": 3, "rule_id": "scam"})]
    assert taken.decisions == []


def test_staff_and_bots_are_exempt_also_when_they_write() -> None:
    spared = [text("crypto giveaway", role=Role.HOST), text("crypto giveaway", number=8, kind=Kind.BOT)]
    api, taken = judged(*spared, text("idiot", number=9), done=lambda _, taken: bool(taken.decisions))
    assert (api.masks, [one.rule_id for one in taken.decisions]) == ([], ["told"])


def test_two_who_write_the_same_are_each_judged() -> None:
    other = Text(
        number=8,
        utterance=0,
        account_id="ben",
        role=Role.LISTENER,
        kind=Kind.PERSON,
        text="idiot",
        tick=101,
        typed=False,
    )
    _, taken = judged(text("idiot"), other, done=lambda _, taken: len(taken.decisions) == 2)
    assert len({one.key for one in taken.decisions}) == 2
