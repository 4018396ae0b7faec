"""Rule files: what is accepted, and every refusal with its line."""

import pytest

from spacesctl.rules.check import check, explain
from spacesctl.rules.problems import RuleFileError
from spacesctl.rules.rulefile import compile_rules, parse
from spacesctl.rules.vocabulary import Vocabulary

HEAD = "schema = 1\n"
GOOD = """schema = 1

[limits]
max_auto_actions_per_5min = 7
allow = { scam-pitch = ["kick"] }

[[rule]]
id = "scam-pitch"
mode = "enforce"
severity = 2
when.any = [ { words = ["crypto giveaway", "Double your MONEY"] }, { regex = '\\bseed (phrase|words?)\\b' } ]
when.all = [ { confidence = ">=0.75" } ]
repeat = { times = 2, within = "2m" }
scope = { roles = ["speaker", "cohost"] }
cooldown = "45s"
actions = ["kick", "report"]
evidence = { before = "10s", after = "500ms" }

[[rule]]
id = "rude"
when.any = [ { words = ["idiot"] } ]
actions = ["mute"]
"""


def rule(**changes: str | None) -> str:
    """A file of one rule; its lines: 1 schema, 2 header, 3 id, 4 when, 5 actions, then what was added."""
    keys: dict[str, str | None] = {"id": '"a"', "when.any": '[{ words = ["x"] }]', "actions": '["log"]'}
    keys |= {key.replace("__", "."): value for key, value in changes.items()}
    return HEAD + "[[rule]]\n" + "".join(f"{key} = {value}\n" for key, value in keys.items() if value is not None)


def test_a_good_file_is_read_whole() -> None:
    found = compile_rules(GOOD)
    scam, rude = found.rules
    assert (scam.id, scam.mode, scam.severity, scam.line) == ("scam-pitch", "enforce", 2, 7)
    assert [each.readings for each in scam.literals] == [("crypto giveaway",), ("double your money",)]
    assert (scam.times, scam.within, scam.cooldown, scam.before, scam.after) == (2, 120.0, 45.0, 10.0, 0.5)
    assert scam.roles == {"speaker", "cohost"}
    assert scam.actions == ("report", "kick"), "the mildest first"
    assert str(scam.confidence) == ">=0.75"
    assert (rude.mode, rude.roles, rude.cooldown, rude.times) == ("shadow", frozenset({"speaker"}), 0.0, 1)
    assert found.limits.max_auto_actions_per_5min == 7
    assert found.warnings == ()


def test_only_enforced_rules_are_granted_anything() -> None:
    found = compile_rules(GOOD)
    assert found.grants() == {"scam-pitch": {"report", "kick"}, "rude": set()}
    assert found.actions() == {"report", "kick"}


def test_the_hash_is_that_of_the_text() -> None:
    assert compile_rules(GOOD).hash == compile_rules(GOOD).hash
    assert compile_rules(GOOD).hash != compile_rules(GOOD + "# a word more\n").hash


@pytest.mark.parametrize(
    ("text", "line", "words"),
    [
        ("schema = 1\nrule = [\n", 3, "TOML"),
        ("schema = 1\nx = = 1\n", 2, "TOML"),
        ("\n[[rule]]\n", 1, "`schema` is missing"),
        ("\nschema = 2\n", 2, "schema = 2"),
        ("schema = true\n", 1, "schema = True"),
        (HEAD + "[ladder.speech]\nexpire = '30d'\n", 2, "the ladder 'speech' has 0 steps"),
        (HEAD + "[limit]\n", 2, "did you mean `limits`"),
        (HEAD + "[limits]\nmax_auto_actions_per_5min = -1\n", 3, "from 0 to 1000"),
        (HEAD + "[limits]\nallow = { ghost = ['kick'] }\n", 3, "no rule 'ghost'"),
        (HEAD + "[limits]\nallow = { a = ['mute'] }\n" + rule().replace(HEAD, ""), 3, "unknown action `mute`"),
        (HEAD + "rule = 3\n", 2, "not a list"),
        (rule(id=None), 2, "no `id`"),
        (rule(id='"Not an id"'), 3, "`id` is"),
        (rule() + rule(id='"b"').replace(HEAD, "") + rule().replace(HEAD, ""), 11, "line 2"),
        (rule(mode='"sugest"'), 6, "did you mean `suggest`"),
        (rule(mode='"on"'), 6, "unknown mode `on`"),
        (rule(mod='"enforce"'), 6, "did you mean `mode`?"),
        (rule(severity='"high"'), 6, "not a whole number"),
        (rule(severity="true"), 6, "not a whole number"),
        (rule(cooldown="45"), 6, "not a duration"),
        (rule(cooldown='"45 s"'), 6, "not a duration"),
        (rule(cooldown='"1y"'), 6, "not a duration"),
        (rule(evidence='{ before = "61s" }'), 6, "longer than 60 s"),
        (rule(evidence='"10s"'), 6, "not a table"),
        (rule(repeat="{ times = 3 }"), 6, "no `within`"),
        (rule(repeat='{ times = 0, within = "1m" }'), 6, "from 1 to"),
        (rule(scope='{ roles = ["listener"] }'), 6, "unknown role `listener`"),
        (rule(scope='{ role = ["host"] }'), 6, "did you mean `roles`?"),
        (rule(actions=None), 2, "no `actions`"),
        (rule(actions='["demote"]'), 2, "may not demote by itself"),
        (rule(actions='["redact"]', when__any=f"[{{ words = {[f'a{n} b' for n in range(20_001)]} }}]"), 2, "spellings"),
        (rule(actions='["mutes"]'), 5, "did you mean `mute`?"),
        (rule(actions='"mute"'), 5, "not a list"),
        (rule(actions="[1]"), 5, "not a string"),
        (rule(actions='["kick"]'), 2, "may not kick by itself"),
        (rule(actions='["block"]'), 2, "may not block by itself"),
        (rule(when__any=None), 2, "no `when.any`"),
        (rule(when__any='[ "x" ]'), 4, "not a table"),
        (rule(when__any='[\n{ words = ["ok"] },\n{ words = ["ok",\n""] }]'), 7, "no word in it"),
        (rule(when__any='[{ words = ["?!"] }]'), 4, "no word in it"),
        (rule(when__any="[{ sounds_like = 'list' }]"), 4, "not a list"),
        (rule(when__any="[{ words = ['x'], regex = 'y' }]"), 4, "has one key"),
        (rule(when__any="[{ regex = '(' }]"), 4, "does not compile"),
        (rule(when__any="[{ regex = '(?<=a)b' }]"), 4, "does not compile"),
        (rule(when__any="[{ regex = 'x)|(y' }]"), 4, "does not compile"),
        (rule(when__any="[{ regex = '' }]"), 4, "empty regex"),
        (rule(when__any="[{ regex = 'x*' }]"), 4, "matches the empty text"),
        (rule(when__any="[{ regex = '^x' }]"), 4, "no line ends"),
        (rule(when__any=f"[{{ regex = '{'x' * 261}' }}]"), 4, "261 characters"),
        (rule(when__any="[{ regex = '((x{1,99}y){1,9}z){1,9}' }]"), 4, "does not compile"),
        (rule(when__any="[{ regex = '(\\w ?){1,900}x' }]"), 4, "too large"),
        (rule(when__any="[" + "{ regex = 'x{1,990}y' }," * 300 + "]"), 2, "together are too large"),
        (rule(when__any="[" + "{ regex = 'x' }," * 1001 + "]"), 2, "more than 1000 regexes"),
        (rule(when__all='[{ confidence = "<0.5" }]'), 6, "least value from 0 to 1"),
        (rule(when__all="[{ confidence = 0.5 }]"), 6, "least value from 0 to 1"),
        (rule(when__all='[{ word_ms = "80" }]'), 6, "a bound in milliseconds"),
        (rule(when__all='[{ word_ms = ">=60001" }]'), 6, "up to 60000"),
        (rule(actions='["ladder:speech"]'), 5, "unknown action `ladder:speech`"),
        (rule(when__unless='[{ said_by_host = "2s" }]'), 6, "unknown key `said_by_host`"),
        (rule(when__unless='[{ said_by_moderator_within = "11m" }]'), 6, "is longer than 600 s"),
        (rule(when__unless='{ said_by_moderator_within = "2s" }'), 6, "`unless` is not a list"),
        (rule(when__al="[]"), 6, "unknown key `al`"),
    ],
)
def test_each_mistake_is_refused_at_its_line_and_says_what_to_do(text: str, line: int, words: str) -> None:
    with pytest.raises(RuleFileError) as caught:
        compile_rules(text, "my.toml")
    errors = [problem for problem in caught.value.problems if problem.level == "error"]
    assert errors[0].line == line, errors
    assert words in str(errors[0])
    assert errors[0].todo
    assert str(caught.value).startswith(f"my.toml:{line}: error: ")


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file() -> None:
    text = rule(cooldown="1", mode='"x"', actions='["y"]')
    with pytest.raises(RuleFileError) as caught:
        compile_rules(text)
    assert [problem.line for problem in caught.value.problems] == [5, 6, 7]
    assert "and 2 more" in str(caught.value)


@pytest.mark.parametrize(
    ("text", "line"),
    [
        (HEAD, 1),
        (rule(when__any="[]"), 4),
        (rule(when__any="[{ words = [] }]"), 4),
        (rule(actions="[]"), 5),
        (rule(scope="{ roles = [] }"), 6),
    ],
)
def test_what_can_match_or_do_nothing_is_legal_and_warned_of(text: str, line: int) -> None:
    (warning,) = compile_rules(text).warnings
    assert (warning.level, warning.line) == ("warning", line)
    assert check(text) == [warning]


def test_a_file_beyond_its_size_is_refused_before_it_is_read() -> None:
    assert "1 MiB" in parse("#" * (1 << 20) + "\n")[1][0].message


def test_a_rule_may_kick_when_the_limits_name_it() -> None:
    text = HEAD + '[limits]\nallow = { a = ["kick"] }\n' + rule(actions='["kick"]', mode='"enforce"').replace(HEAD, "")
    assert compile_rules(text).actions() == {"kick"}


VOCABULARY = {"crypto", "give", "giveaway", "double", "your", "money", "idiot", "four", "two"}


def test_a_word_that_the_recogniser_cannot_emit_is_an_error_with_the_nearest_words() -> None:
    text = rule(when__any='[{ words = ["crypto\\ngiveaway",\n"crypto giveaways"] }]')
    (problem,) = check(text, "r.toml", Vocabulary(VOCABULARY))
    assert (problem.level, problem.line, problem.file) == ("error", 5, "r.toml")
    assert "`giveaways`" in problem.message
    assert "`giveaway`" in problem.todo


def test_without_a_vocabulary_no_word_is_unreachable() -> None:
    assert check(rule(when__any='[{ words = ["zxqv"] }]')) == []


def test_a_numeral_is_reachable_when_one_way_to_say_it_is() -> None:
    assert check(rule(when__any='[{ words = ["42"] }]'), known=Vocabulary(VOCABULARY)) == []
    assert check(rule(when__any='[{ words = ["43"] }]'), known=Vocabulary(VOCABULARY)) != []


def test_a_regex_that_asks_for_digits_is_warned_of() -> None:
    assert [each.level for each in check(rule(when__any="[{ regex = '\\d+ coins' }]"))] == ["warning"]
    assert check(rule(when__any="[{ regex = '(ha ){2,3}ha' }]")) == []


def test_the_explanation_names_every_rule_and_what_it_does() -> None:
    told = "\n".join(explain(compile_rules(GOOD)))
    for words in (
        "scam-pitch",
        "report, kick",
        "'double your MONEY'".replace("double", "Double"),
        ">=0.75",
        "2 times",
        "45 s",
    ):
        assert words in told
    assert "only records" in told
    assert "At most 7" in told
