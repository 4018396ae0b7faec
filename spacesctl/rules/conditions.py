"""Reads what a rule looks for: its `when`."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

from spacesctl.rules import forms, lists, normalise, read_confirm, read_facts, read_numbers, schema
from spacesctl.rules.facts import Condition
from spacesctl.rules.fields import Reader
from spacesctl.rules.lines import Path
from spacesctl.rules.numbers import Digits
from spacesctl.rules.ruleset import Confidence, Pattern, Phrase, Prefix
from spacesctl.rules.word_length import WordMs

MAX_REGEXES = 1000
LEAST_PREFIX = 3
"""Letters of a `prefix`: fewer begin words of every kind."""
MAX_PREFIX = 40
MAX_GAP = 3
"""Fillers at one place of a phrase: with more of them it is hardly one thing that is said."""
QUOTING = "said_by_moderator_within"
MAX_QUOTING = 600.0
"""Seconds: longer ago it is not what somebody answers to."""
NO_ANY = 'add `when.any = [ { words = ["..."] } ]`'


@dataclass
class When:
    """What a rule looks for, and how sure it must be."""

    phrases: list[Phrase] = field(default_factory=list)
    prefixes: list[Prefix] = field(default_factory=list)
    patterns: list[Pattern] = field(default_factory=list)
    digits: list[Digits] = field(default_factory=list)
    sounds: list[Phrase] = field(default_factory=list)
    any_of: list[Condition] = field(default_factory=list)
    all_of: list[Condition] = field(default_factory=list)
    confidence: Confidence = field(default_factory=Confidence)
    word_ms: list[WordMs] = field(default_factory=list)
    quoting: float = 0.0
    of_words: bool = False
    """Whether a condition on words was written, even if none could be read."""


def when(reader: Reader, path: Path, data: object) -> When:
    """Read a rule's `when`; what is wrong in it is noted and left out."""
    found = When()
    if data is None:
        reader.error(path, "the rule has no `when.any`", NO_ANY)
        return found
    if not reader.is_table(data, path):
        return found
    reader.keys(path, data, set(schema.WHEN))
    for index, item in enumerate(reader.tables((*path, "any"), data.get("any", []))):
        _condition(reader, (*path, "any", index), item, found)
    if data.get("any") == []:
        reader.warn((*path, "any"), "the rule matches nothing: `when.any` is empty", "add words or remove the rule")
    others = False
    for index, item in enumerate(reader.tables((*path, "all"), data.get("all", []))):
        where: Path = (*path, "all", index)
        reader.one_key(where, item, set(schema.ALL))
        if "confidence" in item:
            bound = reader.confidence((*where, "confidence"), item["confidence"])
            found.confidence = max(found.confidence, bound, key=lambda each: (each.value, each.strict))
        if "word_ms" in item:
            found.word_ms += reader.word_ms((*where, "word_ms"), item["word_ms"])
        found.all_of += read_facts.conditions(reader, where, item)
        others = others or bool(item.keys() - {"confidence", "word_ms"})
    if "any" not in data and not others:
        reader.error((*path, "any"), "the rule has no `when.any`", NO_ANY)
    _together(reader, path, data, found)
    for index, item in enumerate(reader.tables((*path, "unless"), data.get("unless", []))):
        where = (*path, "unless", index)
        reader.one_key(where, item, set(schema.UNLESS))
        if QUOTING in item:
            found.quoting = max(found.quoting, reader.duration((*where, QUOTING), item[QUOTING], MAX_QUOTING))
    return found


def _together(reader: Reader, path: Path, data: Mapping[str, object], found: When) -> None:
    """Note what does not go together: words with other conditions in one `any`, and what is asked of words where there are none."""
    if found.of_words:
        for one in found.any_of:
            message = f"`{one.name}` stands beside words in `when.any`"
            reader.note(one.line, message, "put it into `when.all`, or into a rule of its own")
        return
    if not read_facts.check_finding(reader, path, found.any_of, found.all_of):
        return
    if "unless" in data:
        reader.error((*path, "unless"), "`when.unless` is about words, and the rule has none", "remove it")
    if found.confidence != Confidence():
        reader.error((*path, "all"), "`confidence` is about words, and the rule has none", "remove it")
    if found.word_ms:
        reader.error((*path, "all"), "`word_ms` is about words, and the rule has none", "remove it")


def _condition(reader: Reader, path: Path, item: Mapping[str, object], found: When) -> None:
    with_words = "words" in item or "words_from" in item
    others = (set(schema.ANY) - {"words", "words_from"}) & set(item)
    besides = set[str]() if others and not with_words else set(schema.WITH_WORDS)
    reader.one_key(path, item, set(schema.ANY), besides)
    found.of_words = found.of_words or any(name in schema.OF_WORDS for name in item)
    found.any_of += read_facts.conditions(reader, path, item)
    if with_words:
        phrases = reader.phrases((*path, "words"), item["words"]) if "words" in item else []
        phrases += lists.phrases(reader, (*path, "words_from"), item["words_from"]) if "words_from" in item else []
        found.phrases += _as_said(reader, path, item, phrases)
    if "prefix" in item:
        found.prefixes += _prefix(reader, (*path, "prefix"), item["prefix"])
    if "regex" in item and reader.may_have_a_regex(MAX_REGEXES):
        found.patterns += reader.pattern((*path, "regex"), item["regex"])
    if "sounds_like" in item:
        found.sounds += read_confirm.sounds_like(reader, (*path, "sounds_like"), item["sounds_like"])
    if "digits" in item and (digits := read_numbers.digits(reader, (*path, "digits"), item["digits"])) is not None:
        found.digits.append(digits)


def _as_said(reader: Reader, path: Path, item: Mapping[str, object], phrases: Sequence[Phrase]) -> list[Phrase]:
    """The phrases with their forms and gap."""
    gap = reader.integer((*path, "gap"), item.get("gap", 0), 0, MAX_GAP)
    said = [replace(phrase, gap=gap) for phrase in phrases] if gap else list(phrases)
    return (
        [_inflected(reader, each) for each in said]
        if reader.truth((*path, "forms"), item.get("forms", False))
        else said
    )


def _inflected(reader: Reader, phrase: Phrase) -> Phrase:
    if not all(forms.is_english(reading) for reading in phrase.readings):
        message = f"`forms` are those of English, and {phrase.text!r} has a letter that English has not"
        reader.note(phrase.line, message, "list its forms one by one, in a condition without `forms`", phrase.file)
        return phrase
    added = dict.fromkeys(form for reading in phrase.readings for form in forms.of_reading(reading))
    new = [form for form in added if form not in phrase.readings][: forms.MAX_FORMS]
    return replace(phrase, readings=(*phrase.readings, *new), forms=len(new))


def _prefix(reader: Reader, path: Path, value: object) -> list[Prefix]:
    """The beginning of a word, as a list of one; an empty list when it cannot be used."""
    if not reader.is_string(value, path):
        return []
    words = normalise.words(value)
    if (mark := normalise.lost(value)) is not None:
        reader.error(path, f"the prefix {value!r} loses its {mark!r}", "write the letters that words begin with")
    elif len(words) != 1:
        reader.error(path, f"the prefix {value!r} is no beginning of one word", "write phrases under `words`")
    elif not LEAST_PREFIX <= len(words[0]) <= MAX_PREFIX:
        message = f"the prefix {value!r} has {len(words[0])} letters"
        reader.error(path, message, f"write {LEAST_PREFIX} to {MAX_PREFIX} letters")
    else:
        return [Prefix(words[0], reader.line(path))]
    return []
