"""Compiles a rule file (TOML, `schema = 1`), or refuses it with the file and line of each error."""

from __future__ import annotations

import hashlib
import re
import tomllib
from collections.abc import Mapping, Sequence
from contextlib import suppress

from spacesctl.domain.actions import LADDER
from spacesctl.domain.ladder import Ladder
from spacesctl.rules import conditions, fields, guards, lists, read_confirm, read_facts, read_ladders, regexes, schema
from spacesctl.rules.fields import Reader, TooManyProblems
from spacesctl.rules.lines import Path, locate
from spacesctl.rules.problems import Problem, RuleFileError
from spacesctl.rules.ruleset import ACTIONS, MODES, NEEDS_ALLOW, ONLY_SUGGESTED, Limits, Pattern, Phrase, Rule, RuleSet

MAX_NUMBERS = 8
"""Conditions `digits` of a file: each is looked for in every result of every lane."""
MAX_FACTS = 200
"""Conditions on sound and conduct of a file: each is looked at once a second for all who speak."""
MAX_EVIDENCE = 60.0
"""Seconds; the evidence ring holds no more."""

MAX_SPELLINGS = 200_000
"""Spellings of the phrases of a file, with all their forms: a bot keeps them all in memory."""
MAX_REDACTED = 20_000
"""Spellings of phrases in rules that redact. The recogniser's process looks for them all, and is deaf while it takes new ones."""

COOLDOWN = "5m"
"""Of a rule without words, if it does not say another."""
_PLACE = re.compile(r"\s*\(at (?:line (\d+), column \d+|end of document)\)")


def compile_rules(text: str, filename: str = "rules.toml") -> RuleSet:
    """Compile the text of a rule file.

    Raises RuleFileError with all problems, in the order of the file. Oddities (a rule that can match nothing) are in
    `.warnings`. Whether the recogniser knows the words is not checked here: see `check`.
    """
    found, problems = parse(text, filename)
    if found is None:
        raise RuleFileError(problems)
    return found


def parse(text: str, filename: str = "rules.toml") -> tuple[RuleSet | None, list[Problem]]:
    """Return the rules (None if there is an error), and all errors and warnings."""
    if (excess := guards.refusal(text, filename)) is not None:
        return None, [excess]
    try:
        data = tomllib.loads(text)
    except ValueError as error:  # no TOML; or a number that Python does not take
        return None, [_syntax(str(error), text, filename)]
    reader = Reader(filename, locate(text))
    rules, limits, exceptions, steps = tuple[Rule, ...](), Limits(), tuple[Phrase, ...](), dict[str, Ladder]()
    with suppress(TooManyProblems):
        lists.take(reader, data.get("lists", {}))
        exceptions = _exceptions(reader, data)
        steps = read_ladders.ladders(reader, data.get("ladder", {}))
        rules, limits = _file(reader, data, steps)
        read_ladders.allowed(reader, steps, limits)
        _few_spellings(reader, rules, exceptions)
        read_confirm.few(reader, rules)
    problems = sorted(reader.problems)
    if any(problem.level == "error" for problem in problems):
        return None, problems
    digest = hashlib.sha256(text.encode()).hexdigest()
    return RuleSet(rules, limits, digest, text, filename, tuple(problems), exceptions, steps), problems


def _syntax(message: str, text: str, filename: str) -> Problem:
    place = _PLACE.search(message)
    line = int(place[1]) if place and place[1] else text.count("\n") + 1
    return Problem(line, f"not valid TOML: {_PLACE.sub('', message)}", "correct the syntax at this line", filename)


def _file(reader: Reader, data: Mapping[str, object], steps: Mapping[str, Ladder]) -> tuple[tuple[Rule, ...], Limits]:
    reader.keys((), data, set(schema.FILE))
    if data.get("schema") != 1 or isinstance(data["schema"], bool):
        said = f"schema = {data['schema']!r} is not known" if "schema" in data else "`schema` is missing"
        reader.error(("schema",), said, "write `schema = 1` at the top")
    rules: dict[str, Rule] = {}
    for index, item in enumerate(reader.tables(("rule",), data.get("rule", []))):
        rule = _rule(reader, ("rule", index), item, steps)
        if rule is not None:
            _unique(reader, rules.get(rule.id), rule, index)
            rules.setdefault(rule.id, rule)
    limits = _limits(reader, data.get("limits", {}))
    _allowed(reader, list(rules.values()), limits, steps)
    _fits(reader, [pattern for rule in rules.values() for pattern in rule.patterns])
    if sum(len(rule.digits) for rule in rules.values()) > MAX_NUMBERS:
        reader.error(
            ("rule",), f"more than {MAX_NUMBERS} conditions `digits`", "one finds every number that is long enough"
        )
    if sum(len(rule.any_of) + len(rule.all_of) for rule in rules.values()) > MAX_FACTS:
        reader.error(("rule",), f"more than {MAX_FACTS} conditions on sound and conduct", "use fewer, in fewer rules")
    if not rules and not reader.problems:
        reader.warn(("rule",), "the file has no rule", "add a `[[rule]]`")
    return tuple(rules.values()), limits


def _fits(reader: Reader, patterns: list[Pattern]) -> None:
    """All regexes run as one set with bounded memory. Too many together are refused here, rather than when somebody speaks."""
    if reader.regexes > conditions.MAX_REGEXES:
        reader.error(
            ("rule",), f"more than {conditions.MAX_REGEXES} regexes", "use `words` for plain phrases: it has no limit"
        )
    elif sum(regexes.size(pattern.text) for pattern in patterns) > regexes.MAX_TOTAL:
        reader.error(
            ("rule",),
            "the regexes together are too large when their repeats are expanded",
            "use smaller counts in `{...}`",
        )


def _exceptions(reader: Reader, data: Mapping[str, object]) -> tuple[Phrase, ...]:
    path: Path = ("exceptions",)
    table = data.get("exceptions", {})
    if not reader.is_table(table, path):
        return ()
    reader.keys(path, table, set(schema.EXCEPTIONS))
    found = reader.phrases((*path, "words"), table["words"]) if "words" in table else []
    return tuple(
        found + (lists.phrases(reader, (*path, "words_from"), table["words_from"]) if "words_from" in table else [])
    )


def _few_spellings(reader: Reader, rules: Sequence[Rule], exceptions: Sequence[Phrase]) -> None:
    """Exceptions count among what is redacted, since the recogniser's process looks for them, too."""
    ways = {rule.id: sum(len(phrase.readings) for phrase in rule.literals) + len(rule.prefixes) for rule in rules}
    excepted = sum(len(phrase.readings) for phrase in exceptions)
    if (total := sum(ways.values()) + excepted) > MAX_SPELLINGS:
        message = f"the phrases of this file have {total} spellings, the most is {MAX_SPELLINGS}"
        reader.error(("rule",), message, "write fewer of them with `forms`, or shorter ones")
    redacted = sum(ways[rule.id] for rule in rules if "redact" in rule.actions)
    if redacted and redacted + excepted > MAX_REDACTED:
        reader.error(
            ("rule",),
            f"rules with `redact` have {redacted + excepted} spellings of phrases, with exceptions, the most is {MAX_REDACTED}",
            "redact fewer phrases; a numeral counts once for each way to say it, and so does each form",
        )


def _unique(reader: Reader, other: Rule | None, rule: Rule, index: int) -> None:
    if other is not None:
        path: Path = ("rule", index, "id")
        reader.error(
            path, f"the id {rule.id!r} is used by the rule in line {other.line} already", "give each rule its own id"
        )


def _limits(reader: Reader, data: object) -> Limits:
    path: Path = ("limits",)
    if not reader.is_table(data, path):
        return Limits()
    reader.keys(path, data, set(schema.LIMITS))
    most = reader.integer(
        (*path, "max_auto_actions_per_5min"), data.get("max_auto_actions_per_5min", 5), 0, schema.MOST_AUTOMATIC
    )
    allow: dict[str, frozenset[str]] = {}
    table = data.get("allow", {})
    if reader.is_table(table, (*path, "allow")):
        for rule_id, listed in table.items():
            where: Path = (*path, "allow", rule_id)
            allow[rule_id] = frozenset(reader.choices(where, listed, tuple(sorted(NEEDS_ALLOW))))
    return Limits(most, allow)


def _allowed(reader: Reader, rules: list[Rule], limits: Limits, steps: Mapping[str, Ladder]) -> None:
    ids = {rule.id for rule in rules} | {LADDER + name for name in steps}
    for rule_id in (one for one in limits.allow if one not in ids):
        path: Path = ("limits", "allow", rule_id)
        reader.error(
            path, f"there is no rule {rule_id!r} to allow this to", fields.nearest(rule_id, ids, "name a rule's id")
        )
    for rule in rules:
        for action in rule.actions:
            if action in NEEDS_ALLOW and action not in limits.allow.get(rule.id, frozenset()):
                todo = f'add `allow = {{ {rule.id} = ["{action}"] }}` under [limits], or stop at `mute`'
                reader.note(rule.line, f"rule {rule.id!r} may not {action} by itself", todo)
            if action in ONLY_SUGGESTED and rule.mode == "enforce":
                todo = 'write `mode = "suggest"`: then a person decides, or take another action'
                reader.note(rule.line, f"rule {rule.id!r} may not {action} by itself", todo)


def _rule(reader: Reader, path: Path, data: Mapping[str, object], steps: Mapping[str, Ladder]) -> Rule | None:
    """None when the rule has no usable id."""
    reader.keys(path, data, set(schema.RULE))
    rule_id = reader.identifier((*path, "id"), data.get("id"))
    when = conditions.when(reader, (*path, "when"), data.get("when"))
    times, within = _repeat(reader, (*path, "repeat"), data.get("repeat", {}))
    before, after = _evidence(reader, (*path, "evidence"), data.get("evidence", {}))
    mode = reader.choice((*path, "mode"), data.get("mode", "shadow"), tuple(MODES))
    actions = _actions(reader, (*path, "actions"), data, steps)
    without_words = bool(when.any_of or when.all_of) and not when.of_words
    roles = _roles(reader, (*path, "scope"), data.get("scope", {}), without_words=without_words)
    severity = reader.integer((*path, "severity"), data.get("severity", 1), 1, schema.MOST_SEVERE)
    usual = COOLDOWN if without_words else "0s"
    cooldown = reader.duration((*path, "cooldown"), data.get("cooldown", usual))
    if without_words:
        read_facts.check_cooldown(reader, (*path, "cooldown"), cooldown)
    confirm = reader.truth((*path, "confirm"), data.get("confirm", False))
    if confirm and without_words:
        reader.error((*path, "confirm"), "`confirm` hears words again, and the rule has none", "remove it")
    read_confirm.check(reader, path, when.sounds, when.digits, actions, confirm=confirm)
    if rule_id is None:
        return None
    rule = Rule(
        id=rule_id,
        line=reader.line(path),
        mode=MODES.get(mode, "shadow"),
        severity=severity,
        literals=tuple(when.phrases),
        prefixes=tuple(when.prefixes),
        patterns=tuple(when.patterns),
        digits=tuple(when.digits),
        sounds=tuple(when.sounds),
        confirm=confirm,
        any_of=tuple(when.any_of),
        all_of=tuple(when.all_of),
        confidence=when.confidence,
        word_ms=tuple(when.word_ms),
        quoting=when.quoting,
        times=times,
        within=within,
        roles=roles,
        cooldown=cooldown,
        actions=actions,
        before=before,
        after=after,
    )
    if without_words:
        read_facts.check_actions(reader, path, rule, data)
    return rule


def _actions(reader: Reader, path: Path, data: Mapping[str, object], steps: Mapping[str, Ladder]) -> tuple[str, ...]:
    known = (*ACTIONS, *(LADDER + name for name in steps))
    if "actions" not in data:
        reader.error(path, "the rule has no `actions`", f"add `actions = [...]` with some of {', '.join(ACTIONS)}")
        return ()
    chosen = reader.choices(path, data["actions"], known)
    if data["actions"] == []:
        reader.warn(path, "the rule does nothing: `actions` is empty", 'write at least `["log"]`')
    return tuple(action for action in known if action in chosen)  # mildest first, regardless of the order in the file


def _repeat(reader: Reader, path: Path, data: object) -> tuple[int, float]:
    if not reader.is_table(data, path):
        return 1, 0.0
    reader.keys(path, data, set(schema.REPEAT))
    times = reader.integer((*path, "times"), data.get("times", 1), 1, schema.MOST_TIMES)
    if times > 1 and "within" not in data:
        reader.error(path, "`repeat` has no `within`", 'add `within = "2m"`')
    return times, reader.duration((*path, "within"), data.get("within", "0s"))


def _roles(reader: Reader, path: Path, data: object, *, without_words: bool) -> frozenset[str]:
    """Listeners are heard by nobody, but they can be reported."""
    usual = ["speaker", schema.LISTENER] if without_words else ["speaker"]
    known = (*schema.ROLES, schema.LISTENER) if without_words else schema.ROLES
    if not reader.is_table(data, path):
        return frozenset(usual)
    reader.keys(path, data, set(schema.SCOPE))
    if data.get("roles") == []:
        reader.warn((*path, "roles"), "the rule watches nobody: `roles` is empty", 'write `["speaker"]`')
    return frozenset(reader.choices((*path, "roles"), data.get("roles", usual), known))


def _evidence(reader: Reader, path: Path, data: object) -> tuple[float, float]:
    if not reader.is_table(data, path):
        return 10.0, 4.0
    reader.keys(path, data, set(schema.EVIDENCE))
    before = reader.duration((*path, "before"), data.get("before", "10s"), most=MAX_EVIDENCE)
    return before, reader.duration((*path, "after"), data.get("after", "4s"), most=MAX_EVIDENCE)
