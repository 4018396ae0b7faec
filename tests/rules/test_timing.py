"""Whether phrases that are redacted are known before they air."""

import pytest

from spacesctl.rules.rulefile import compile_rules
from spacesctl.rules.ruleset import RuleSet
from spacesctl.rules.timing import explained, left, spoken_seconds, too_late, wanted
from spacesctl.rules.vocabulary import Vocabulary

LONG = "never ever tell anybody about the secret project of the company"


def rules(actions: str = '["redact"]') -> RuleSet:
    rule = f'[[rule]]\nid = "a"\nwhen.any = [\n{{ words = ["idiot",\n"{LONG}"] }}]\nactions = {actions}\n'
    return compile_rules(f"schema = 1\n{rule}", "my.toml")


def test_a_phrase_that_takes_longer_to_say_than_the_delay_allows_is_told_at_its_line() -> None:
    (problem,) = too_late(rules(), lag=0.4, delay=4.0)
    assert (problem.line, problem.file, problem.level) == (6, "my.toml", "warning")
    assert LONG in problem.message
    assert "with a delay of 4 s its first 1.9 s have aired" in problem.message
    assert list(too_late(rules(), lag=0.4, delay=6.0)) == []
    assert len(list(too_late(rules(), lag=3.5, delay=4.0))) == 2, "a slow model"


def test_only_what_is_redacted_has_to_be_in_time() -> None:
    assert list(too_late(rules('["mute"]'), lag=0.4, delay=4.0)) == []
    assert explained(rules('["mute"]'), lag=0.4, delay=4.0) == []


@pytest.mark.parametrize(("delay", "told"), [(4.0, "is redacted too late"), (10.0, "4.1 s before it airs")])
def test_the_longest_phrase_is_explained(delay: float, told: str) -> None:
    (line,) = explained(rules(), lag=0.4, delay=delay)
    assert told in line
    assert LONG in line


def test_a_numeral_takes_as_long_as_the_longest_way_to_say_it() -> None:
    said = compile_rules('schema = 1\n[[rule]]\nid = "a"\nwhen.any = [{ words = ["4729"] }]\nactions = ["redact"]\n')
    (phrase,) = said.rules[0].literals
    assert spoken_seconds(phrase) == pytest.approx(0.1 * len("fourthousandsevenhundredandtwentynine"))
    (one,) = wanted(said.rules[0])
    assert left(one, 0.5, 4.0) < 0


def test_no_more_of_a_phrase_has_aired_than_it_has() -> None:
    short, _ = too_late(rules(), lag=3.0, delay=0.0)
    assert "its first 0.5 s have aired" in short.message


def test_of_a_phrase_that_can_never_be_heard_no_time_is_told() -> None:
    known = Vocabulary({"idiot"})
    assert list(too_late(rules(), lag=0.4, delay=4.0, known=known)) == []
    assert "idiot" in explained(rules(), lag=0.4, delay=4.0, known=known)[0]


def test_of_a_number_no_shorter_part_can_be_redacted() -> None:
    text = 'schema = 1\n[[rule]]\nid = "a"\nwhen.any = [{ digits = { run = 12 } }]\nactions = ["redact"]\n'
    (problem,) = too_late(compile_rules(text), lag=0.5, delay=4.0)
    assert "smaller `run`" in problem.todo
    assert "shorter" not in problem.todo
