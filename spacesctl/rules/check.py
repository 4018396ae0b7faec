"""The checks behind `rules check`: all problems of a rule file, also against the recogniser's vocabulary, and each rule
in plain words.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from spacesctl.domain.ladder import Ladder
from spacesctl.domain.offence import BreakerLimits
from spacesctl.domain.words import NUMBER
from spacesctl.rules import regexes
from spacesctl.rules.numbers import Digits, Shape
from spacesctl.rules.problems import Problem
from spacesctl.rules.rulefile import parse
from spacesctl.rules.ruleset import Phrase, Rule, RuleSet
from spacesctl.rules.vocabulary import Vocabulary

LISTED = 5
"""Phrases of a rule that are quoted."""
FORMS = 40
"""Forms of a rule's words that are listed."""


def check(
    text: str, filename: str = "rules.toml", known: Vocabulary | None = None, *, gives_confidence: bool = True
) -> list[Problem]:
    """Return errors and warnings in the order of the file; empty when there are none.

    With the words `known` to the recogniser, a phrase that contains a word the recogniser cannot emit is an error, also after which a
    number is allowed. Regexes are not checked against them, since the words that a regex can match cannot be listed. Where the
    recogniser gives no confidence, a rule that asks for one is an error, too.
    """
    ruleset, problems = parse(text, filename)
    if ruleset is None:
        return problems
    for rule in ruleset.rules:
        problems += _digits_in_regexes(rule, filename)
        if not gives_confidence and (rule.confidence.value > 0 or rule.confidence.strict):
            problems.append(_never_sure(rule, filename))
        if known is not None:
            problems += _unreachable(rule, known, filename)
    return sorted(problems)


def _digits_in_regexes(rule: Rule, filename: str) -> list[Problem]:
    todo = "spell the number as it is said, or put it under `words`"
    return [
        Problem(
            pattern.line,
            "the regex asks for digits, but the recogniser writes numbers as words",
            todo,
            filename,
            "warning",
        )
        for pattern in rule.patterns
        if regexes.has_digits(pattern.text)
    ]


def _never_sure(rule: Rule, filename: str) -> Problem:
    message = f"this model gives no confidence, so rule {rule.id!r}, which asks for {rule.confidence}, never acts"
    return Problem(rule.line, message, "remove `confidence`, and have it `confirm`ed, or use a vosk model", filename)


def _unreachable(rule: Rule, known: Vocabulary, filename: str) -> list[Problem]:
    found = [
        Problem(
            prefix.line,
            f"the recogniser has no word that begins with {prefix.start!r}",
            "use words that it can hear",
            filename,
        )
        for prefix in rule.prefixes
        if not known.beginning(prefix.start)
    ]
    for line, of_list, readings, so in _phrases(rule):
        if not (unheard := known.missing(readings)):
            continue
        listed = ", ".join(f"`{word}`" for word in unheard)
        near = [f"`{each}`" for word in unheard for each in known.nearest(word)]
        todo = (
            f"the nearest words that it can hear are {', '.join(near)}" if near else "use other words or another model"
        )
        found.append(Problem(line, f"the recogniser can never hear {listed}, so {so}", todo, of_list or filename))
    return found


def _phrases(rule: Rule) -> Iterator[tuple[int, str, tuple[str, ...], str]]:
    """Line, list and readings of all that a rule listens for as words, and what follows if it cannot be heard."""
    for phrase in (*rule.literals, *rule.sounds):
        yield phrase.line, phrase.file, phrase.readings, f"the phrase {phrase.text!r} can never be found"
    for digits in rule.digits:
        for shape in digits.allow:
            if shape.after:
                yield digits.line, "", (shape.after,), f"no number said after {shape.after!r} is ever allowed"


def explain(ruleset: RuleSet, known: Vocabulary | None = None) -> list[str]:
    """Each rule in plain sentences, one line each, for `rules check`; also that all words are `known`, if they are."""
    lines = [line for rule in ruleset.rules for line in _explain(rule, known, ruleset.ladders_of(rule))]
    if ruleset.exceptions:
        lines.append(f"Within {_listed(ruleset.exceptions)} no rule finds anything.")
    lines.append(_breaker(ruleset))
    phrases = [readings for rule in ruleset.rules for _, _, readings, _ in _phrases(rule)]
    if known is not None and phrases and not any(known.missing(readings) for readings in phrases):
        besides = " (regexes are not checked)" if any(rule.patterns for rule in ruleset.rules) else ""
        lines.append(f"The model knows all words of these rules{besides}.")
    return lines


def _breaker(ruleset: RuleSet) -> str:
    """What the circuit breaker lets through (`domain.offence`)."""
    most, severest = ruleset.breaker()
    if not most:
        return "No sanction is taken by itself: all are left to staff (`spacesctl suggestions`)."
    limits = BreakerLimits(most, severest)
    of_one = f", at most {min(most, limits.each)} of them against one account" if most > 1 else ""
    last = f" The last is kept for severity {severest}." if most > 1 and severest > 1 else ""
    then = "What is above that is left to staff (`spacesctl suggestions`); redactions and reports go on."
    return f"At most {most} sanctions are taken by themselves in 5 minutes{of_one}.{last} {then}"


def _allowed(digits: Digits) -> str:
    return ", except " + " and ".join(_shape(one) for one in digits.allow) if digits.allow else ""


def _shape(shape: Shape) -> str:
    """With `after` a length is the most: a recogniser loses digits."""
    parts = [
        "numbers",
        f"of {'at most ' if shape.after else ''}{shape.length} digits" if shape.length else "",
        f"that begin with {shape.prefix}" if shape.prefix else "",
        f"said after {shape.after!r}" if shape.after else "",
    ]
    return " ".join(part for part in parts if part)


def _listed(phrases: Sequence[Phrase]) -> str:
    more = f" and {len(phrases) - LISTED} more" if len(phrases) > LISTED else ""
    return ", ".join(repr(phrase.text) for phrase in phrases[:LISTED]) + more


def gained(rule: Rule, known: Vocabulary | None = None) -> list[str]:
    """The words that a rule finds by their forms alone, sorted: those that are `known` to the recogniser, if that is said."""
    written = {word for phrase in rule.literals for word in " ".join(phrase.readings[: -phrase.forms or None]).split()}
    formed = {word for phrase in rule.literals for reading in phrase.inflected for word in reading.split()} - written
    return sorted(word for word in formed if known is None or known.hears(word))


def _forms(rule: Rule, known: Vocabulary | None) -> str:
    found = gained(rule, known)
    told = ", ".join(found[:FORMS]) + (f" and {len(found) - FORMS} more" if len(found) > FORMS else "")
    if known is not None:
        return f"  By their forms it also finds these words of the model: {told or 'none'}."
    return f"  By their forms it also finds: {told or 'nothing'}. With --model only words are listed that it knows."


def _word_sentences(rule: Rule, known: Vocabulary | None) -> Iterator[str]:
    if rule.literals:
        yield f"  It listens for the whole words {_listed(rule.literals)}."
    if any(phrase.forms for phrase in rule.literals):
        yield _forms(rule, known)
    if gaps := sorted({phrase.gap for phrase in rule.literals} - {0}):
        where = "them" if all(phrase.gap for phrase in rule.literals) else "the words of some phrases"
        what = "1 filler or unknown word" if gaps[-1] == 1 else f"{gaps[-1]} fillers or unknown words"
        yield f"  Up to {what} may stand between {where}."
    for prefix in rule.prefixes:
        words = known.beginning(prefix.start) if known is not None else []
        told = f": {', '.join(words[:FORMS])}{f' and {len(words) - FORMS} more' if len(words) > FORMS else ''}"
        yield f"  It listens for all words that begin with {prefix.start!r}{told if words else ''}."


def _fact_sentences(rule: Rule) -> Iterator[str]:
    """What it asks of sound and conduct, one sentence for each condition that must hold."""
    who = {"words": "It asks besides that", "account": "It acts on somebody when", "space": "It acts when"}[rule.about]
    if rule.any_of:
        yield f"  {who} {', or '.join(one.sentence() for one in rule.any_of)}."
        who = "It asks besides that"
    for one in rule.all_of:
        yield f"  {who} {one.sentence()}."
        who = "It asks besides that"


def _quoting(rule: Rule) -> Iterator[str]:
    yield f"  It leaves alone what a host or co-host has said in the {rule.quoting:g} s before."
    if "redact" in rule.actions:
        numbers = " Spoken numbers are redacted all the same." if rule.digits else ""
        late = "a redaction never waits for them, and is withdrawn if it has not aired"
        yield f"  Their words are known a second or two after they were said: {late}.{numbers}"


def _explain(rule: Rule, known: Vocabulary | None, ladders: Sequence[Ladder]) -> Iterator[str]:
    does = ", ".join(rule.actions) or "nothing"
    verb = {"enforce": "does", "suggest": "suggests to the host (`log`, `alert` and `report` are done at once)"}.get(
        rule.mode, "only records that it would do"
    )
    yield f"Rule {rule.id} (line {rule.line}, {rule.mode}, severity {rule.severity}) {verb}: {does}."
    yield from _word_sentences(rule, known)
    for pattern in rule.patterns:
        yield f"  It listens for the regex {pattern.text!r}, whole words only."
    for digits in rule.digits:
        yield f"  It listens for spoken numbers of {digits.run} digits or more{_allowed(digits)}. Texts have {NUMBER} in their place."
    if rule.sounds:
        yield f"  It listens for all that sounds like {_listed(rule.sounds)}, however it is written."
    if rule.about == "words" and not (rule.literals or rule.prefixes or rule.patterns or rule.digits or rule.sounds):
        yield "  It listens for nothing, so it never acts."
    yield from _fact_sentences(rule)
    if rule.confidence.value > 0 or rule.confidence.strict:
        yield f"  Every word of it must be recognised with confidence {rule.confidence}."
    for bound in rule.word_ms:
        yield f"  Every word of it must last {bound.sentence()}."
    if rule.confirm:
        yield "  Its sanctions happen only where a second recognition hears the same; the rest does not wait for it."
    if rule.times > 1:
        who = "this happens" if rule.about == "space" else "one account does this"
        yield f"  It acts when {who} {rule.times} times within {rule.within:g} s."
    if rule.about != "space":
        exempt = "Hosts, co-hosts and bots are exempt" if rule.roles <= {"speaker", "listener"} else "Bots are exempt"
        yield f"  It watches {' and '.join(sorted(rule.roles)) or 'nobody'}. {exempt}."
    for ladder in ladders:
        steps = ", ".join(
            f"{one.points} {one.do}{f' for {one.seconds} s' if one.seconds else ''}" for one in ladder.steps
        )
        gone = f"Points expire after {ladder.expire / 86400:g} days."
        yield f"  Each time gives {rule.severity} on the ladder {ladder.name!r}: {steps}. {gone}"
    if rule.quoting:
        yield from _quoting(rule)
    if rule.about != "words":
        whom = " on the same account" if rule.about == "account" else ""
        again = f"it acts again{whom} after {rule.cooldown:g} s at the earliest"
        yield f"  It acts when that becomes so. If it stays so, or becomes so again, {again}."
    elif rule.cooldown:
        yield f"  After acting it leaves that account alone for {rule.cooldown:g} s."
    if rule.about != "space":
        yield f"  Evidence: {rule.before:g} s before and {rule.after:g} s after."
