"""Redactions of one Space: posted at once and in order, followed up, tried again while it matters, never beyond their bound."""

import asyncio
import logging
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import Any

import pytest

from bots import redactor, retry
from bots.hearing.messages import Armed, Disarmed
from bots.redactor import MAX_OPEN, Redactor
from spacesctl.api.redactions import NewRedaction, Redaction
from spacesctl.domain.errors import NotAllowed, Refused, TooMany, Unavailable
from spacesctl.rules.room_facts import Conduct, KnownPerson, RoomFacts
from spacesctl.rules.rulefile import compile_rules
from spacesctl.rules.ruleset import RuleSet
from spacesctl.support.backoff import Backoff
from tests.bots.fake_api import FakeApi, lane_of
from tests.bots.voices import until

SPEAKER = lane_of(1)


def ruleset(mode: str = "enforce", actions: str = '["redact"]', more: str = "") -> RuleSet:
    rule = f'[[rule]]\nid = "abuse"\nmode = "{mode}"\nwhen.any = [{{ words = ["clown"] }}]\nactions = {actions}\n{more}'
    return compile_rules(f"schema = 1\n{rule}")


def armed(number: int = 1, first: int = 100, last: int = 200, final: bool = False, lane: int = 1) -> Armed:
    return Armed("s", lane, 50, "abuse", number, first, last, final)


def disarmed(number: int = 1) -> Disarmed:
    return Disarmed("s", 1, 50, "abuse", number)


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(retry, "new_backoff", lambda: Backoff((0.01,)))


def run(
    api: FakeApi,
    script: Callable[[Redactor], Awaitable[None]],
    rules: RuleSet | None = None,
    facts: RoomFacts | None = None,
    quoted: Callable[[str, int], bool] = lambda *_: False,
) -> Redactor:
    async def main() -> Redactor:
        made = Redactor(api, "s", "spacesctl 9", "tiny", facts, quoted)
        made.set_rules(rules if rules is not None else ruleset())
        task = asyncio.create_task(made.run())
        try:
            await script(made)
        finally:
            task.cancel()
            await asyncio.gather(task, return_exceptions=True)
        return made

    return asyncio.run(main())


def settled(made: Redactor) -> bool:
    return not any(one.busy for one in made._open.values())


def stretch(first: int, last: int) -> dict[str, Any]:
    return {"from_tick": first, "to_tick": last}


def test_what_is_armed_is_posted_narrowed_by_its_final_and_then_forgotten() -> None:
    api = FakeApi()

    async def script(made: Redactor) -> None:
        made.on_arm(armed(first=100, last=200), SPEAKER)
        await until(lambda: len(api.redactions) == 1 and settled(made))
        made.on_arm(armed(first=150, last=180, final=True), SPEAKER)
        await until(lambda: len(api.redactions) == 2 and settled(made))
        assert not made._open

    run(api, script)
    assert api.redactions == [
        ("make", "r0", {"lane": 1, "rule_id": "abuse"} | stretch(100, 200)),
        ("change", "r0", stretch(150, 180)),
    ]


def test_what_was_not_said_is_withdrawn() -> None:
    api = FakeApi()

    async def script(made: Redactor) -> None:
        made.on_arm(armed(), SPEAKER)
        await until(lambda: len(api.redactions) == 1 and settled(made))
        made.on_arm(disarmed(), SPEAKER)
        made.on_arm(disarmed(2), SPEAKER)
        await until(lambda: len(api.redactions) == 2 and settled(made))
        assert not made._open

    run(api, script)
    assert api.redactions[1] == ("withdraw", "r0", {})


def test_a_phrase_that_only_the_final_has_is_redacted() -> None:
    api = FakeApi()

    async def script(made: Redactor) -> None:
        made.on_arm(armed(first=150, last=180, final=True), SPEAKER)
        await until(lambda: len(api.redactions) == 1 and not made._open)

    run(api, script)
    assert api.redactions[0][0] == "make"


@pytest.mark.parametrize(
    ("rules", "who"),
    [
        (ruleset(mode="shadow"), SPEAKER),
        (ruleset(actions='["mute"]'), SPEAKER),
        (ruleset(), lane_of(1, role="host")),
        (ruleset(), lane_of(1, role="cohost")),
        (ruleset(more='scope = { roles = ["host"] }'), SPEAKER),
        (ruleset(more='scope = { roles = ["speaker"] }'), lane_of(1, kind="bot")),
        (compile_rules('schema = 1\n[[rule]]\nid = "b"\nwhen.any = []\nactions = ["log"]\n'), SPEAKER),
    ],
    ids=["shadow", "no redact", "host", "cohost", "other role", "bot", "no such rule"],
)
def test_who_is_exempt_and_what_is_not_enforced_is_heard(rules: RuleSet, who: Any) -> None:
    api = FakeApi()

    async def script(made: Redactor) -> None:
        made.on_arm(armed(), who)
        made.on_arm(armed(final=True), who)
        await asyncio.sleep(0.02)
        made.set_rules(None)
        made.on_arm(armed(2), SPEAKER)
        await asyncio.sleep(0.02)

    run(api, script, rules)
    assert api.redactions == []


def test_two_hundred_redactions_are_posted_in_the_order_in_which_they_were_armed() -> None:
    api = FakeApi()

    async def script(made: Redactor) -> None:
        for number in range(200):
            made.on_arm(armed(number, first=number, lane=number % 10), lane_of(number % 10))
        await until(lambda: len(api.redactions) == 200)

    run(api, script)
    assert [body["from_tick"] for _, _, body in api.redactions] == list(range(200))


@dataclass
class SlowApi(FakeApi):
    """Answers a `make` only when told; the others work at once."""

    free: asyncio.Event = field(default_factory=asyncio.Event)
    asked: int = 0

    def __post_init__(self) -> None:
        super().__init__()

    async def redact(self, space_id: str, new: NewRedaction, key: str) -> Redaction:
        self.asked += 1
        if new.from_tick == 0:
            await self.free.wait()
        return await super().redact(space_id, new, key)


def test_none_waits_for_another() -> None:
    async def script(made: Redactor) -> None:
        made.on_arm(armed(1, first=0), SPEAKER)
        made.on_arm(armed(2, first=10), SPEAKER)
        await until(lambda: len(api.redactions) == 1)

    api = SlowApi()
    run(api, script)
    assert api.redactions[0][2]["from_tick"] == 10


def test_while_the_server_answers_what_is_wanted_may_change_and_only_the_last_is_told_it() -> None:
    async def script(made: Redactor) -> None:
        made.on_arm(armed(1, first=0), SPEAKER)
        await until(lambda: api.asked == 1)
        made.on_arm(armed(1, first=0, last=300), SPEAKER)
        made.on_arm(armed(1, first=20, last=40, final=True), SPEAKER)
        api.free.set()
        await until(lambda: len(api.redactions) == 2)

    api = SlowApi()
    run(api, script)
    assert [(kind, body["to_tick"]) for kind, _, body in api.redactions] == [("make", 200), ("change", 40)]


def test_one_whose_answer_is_lost_is_made_once_and_follows_what_is_wanted() -> None:
    api = FakeApi()

    async def script(made: Redactor) -> None:
        api.lose_answers = 3
        made.on_arm(armed(), SPEAKER)
        await until(lambda: api.lose_answers < 3)
        made.on_arm(armed(1, first=150, last=180, final=True), SPEAKER)
        await until(lambda: not made._open)

    assert run(api, script).lost == 0
    assert [(kind, name, body["to_tick"]) for kind, name, body in api.redactions] == [
        ("make", "r0", 200),
        ("change", "r0", 180),
    ]


@pytest.mark.parametrize("failures", [[Unavailable("away"), OSError("reset")], []], ids=["not made", "made"])
def test_what_is_not_wanted_any_more_when_an_answer_comes_at_last_is_withdrawn(failures: list[Exception]) -> None:
    api = FakeApi()

    async def script(made: Redactor) -> None:
        api.failures, api.lose_answers = list(failures), 0 if failures else 1_000
        made.on_arm(armed(), SPEAKER)
        await until(lambda: len(api.failures) < len(failures) or 0 < api.lose_answers < 1_000)
        made.on_arm(disarmed(), SPEAKER)
        api.lose_answers = 0
        await until(lambda: not made._open)

    run(api, script)
    assert [kind for kind, _, _ in api.redactions] == ["make", "withdraw"]


def test_what_was_armed_and_withdrawn_while_the_server_was_full_is_never_told() -> None:
    api = FakeApi()

    async def script(made: Redactor) -> None:
        api.failures = [TooMany("slow down", 1), TooMany("slow down", 1)]
        made.on_arm(armed(), SPEAKER)
        await until(lambda: len(api.failures) < 2)
        made.on_arm(disarmed(), SPEAKER)
        await until(lambda: not made._open)

    run(api, script)
    assert api.redactions == []


@pytest.mark.parametrize("failure", [Unavailable("away"), OSError("reset"), TooMany("slow down", 1), TimeoutError()])
def test_a_failure_that_passes_loses_no_redaction(failure: Exception, caplog: pytest.LogCaptureFixture) -> None:
    api = FakeApi()

    async def script(made: Redactor) -> None:
        api.failures = [failure] * 5
        made.on_arm(armed(), SPEAKER)
        await until(lambda: len(api.redactions) == 1)

    with caplog.at_level(logging.WARNING):
        assert run(api, script).lost == 0
    assert caplog.text.count("waits:") == 1, "the trouble is told once"


def test_a_server_that_does_not_answer_is_asked_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(redactor, "TRY_SECONDS", 0.02)

    async def script(made: Redactor) -> None:
        made.on_arm(armed(1, first=0), SPEAKER)
        await until(lambda: api.asked == 3)
        api.free.set()
        await until(lambda: len(api.redactions) == 1)

    api = SlowApi()
    run(api, script)


def test_what_can_no_longer_matter_is_given_up_and_told(
    monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    monkeypatch.setattr(redactor, "GIVE_UP_SECONDS", 0.05)
    api = FakeApi()

    async def script(made: Redactor) -> None:
        api.failures = [Unavailable("away")] * 1000
        made.on_arm(armed(final=True), SPEAKER)
        await until(lambda: made.lost == 1)
        assert not made._open

    with caplog.at_level(logging.ERROR):
        run(api, script)
    assert "rule=abuse" in caplog.text
    assert "failed: unavailable" in caplog.text


def test_a_change_that_comes_too_late_leaves_the_redaction_as_it_is() -> None:
    api = FakeApi()

    async def script(made: Redactor) -> None:
        made.on_arm(armed(), SPEAKER)
        await until(lambda: len(api.redactions) == 1 and settled(made))
        api.failures = [Refused("aired", "it has aired")]
        made.on_arm(armed(first=150, final=True), SPEAKER)
        await until(lambda: not made._open)

    made = run(api, script)
    assert made.lost == 0
    assert [kind for kind, _, _ in api.redactions] == ["make"]


def test_the_log_names_rule_hash_engine_and_model_and_nothing_that_was_said(caplog: pytest.LogCaptureFixture) -> None:
    api = FakeApi()
    api.failures = [NotAllowed("@rex said clown", reason="grant")]

    async def script(made: Redactor) -> None:
        made.on_arm(armed(1), SPEAKER)
        made.on_arm(armed(2), SPEAKER)
        await until(lambda: len(api.redactions) == 1 and made.lost == 1)

    with caplog.at_level(logging.INFO):
        run(api, script)
    by = f"lane=1 rule=abuse hash={ruleset().hash} engine='spacesctl 9' model='tiny'"
    assert f"redaction space=s {by}: made, in_force" in caplog.text
    assert f"redaction space=s {by}: failed: not_allowed" in caplog.text
    assert "clown" not in caplog.text
    assert "rex" not in caplog.text


@pytest.mark.slow
def test_phrases_without_a_final_are_bounded_and_the_oldest_stay_redacted() -> None:
    api = FakeApi()

    async def script(made: Redactor) -> None:
        for number in range(MAX_OPEN + 5):
            made.on_arm(armed(number), SPEAKER)
            await until(lambda: settled(made))
        assert len(made._open) == MAX_OPEN
        made.on_arm(disarmed(0), SPEAKER)
        await asyncio.sleep(0.02)

    assert run(api, script).lost == 0
    assert [kind for kind, _, _ in api.redactions] == ["make"] * (MAX_OPEN + 5)


def test_beyond_the_bound_of_what_waits_for_the_server_redactions_are_lost_and_told(
    caplog: pytest.LogCaptureFixture,
) -> None:
    api = FakeApi()

    async def script(made: Redactor) -> None:
        api.failures = [Unavailable("away")] * 100_000
        for number in range(MAX_OPEN + 3):
            made.on_arm(armed(number), SPEAKER)

    with caplog.at_level(logging.ERROR):
        assert run(api, script).lost == 3
    assert caplog.text.count("lost: too many are waiting") == 3


@pytest.mark.parametrize(("age", "made"), [(3600, 1), (2 * 86_400, 0)])
def test_what_a_rule_asks_besides_words_holds_for_redactions_too(age: int, made: int) -> None:
    api, facts = FakeApi(), RoomFacts()
    known = KnownPerson(SPEAKER.account_id, "speaker", "person", -age * 50, 0)
    facts.conduct = Conduct(90, people={known.account_id: known})

    async def script(redactor: Redactor) -> None:
        redactor.on_arm(armed(), SPEAKER)
        await until(lambda: settled(redactor))

    run(api, script, ruleset(more='when.all = [ { account_age = "<1d" } ]'), facts)
    assert [kind for kind, _, _ in api.redactions] == ["make"] * made


@pytest.mark.parametrize(("label", "made"), [("", 0), ("card number", 1)])
def test_what_a_moderator_has_quoted_is_answered_aloud_but_numbers_are_not(label: str, made: int) -> None:
    api = FakeApi()

    async def script(redactor: Redactor) -> None:
        for final in (False, True):
            redactor.on_arm(Armed("s", 1, 50, "abuse", 1, 100, 200, final, label), SPEAKER)
        await until(lambda: settled(redactor))

    run(api, script, quoted=lambda rule, _: rule == "abuse")
    assert [kind for kind, _, _ in api.redactions] == ["make"] * made


def test_a_redaction_is_withdrawn_when_it_is_known_that_a_moderator_has_said_the_like() -> None:
    api, known = FakeApi(), set[str]()

    async def script(redactor: Redactor) -> None:
        redactor.on_arm(armed(), SPEAKER)
        await until(lambda: len(api.redactions) == 1 and settled(redactor))
        known.add("abuse")
        redactor.on_arm(armed(final=True), SPEAKER)
        await until(lambda: settled(redactor))

    run(api, script, quoted=lambda rule, _: rule in known)
    assert [kind for kind, _, _ in api.redactions] == ["make", "withdraw"]
