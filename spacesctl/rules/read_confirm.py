"""Reads what has to do with the second recognition: `confirm` of a rule, and `sounds_like`."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final

from spacesctl.domain.actions import is_sanction
from spacesctl.rules import forms, phones
from spacesctl.rules.fields import Reader
from spacesctl.rules.lines import Path
from spacesctl.rules.numbers import Digits
from spacesctl.rules.ruleset import Phrase, Rule

MOST_SOUNDS: Final = 500
"""Phrases of `sounds_like` in a file."""


def sounds_like(reader: Reader, path: Path, value: object) -> list[Phrase]:
    """The phrases of a `sounds_like` list; those that are too short or no English are errors and left out."""
    return [phrase for phrase in reader.phrases(path, value) if _is_long(reader, phrase)]


def _is_long(reader: Reader, phrase: Phrase) -> bool:
    if not all(forms.is_english(each) for each in phrase.readings):
        message = f"`sounds_like` knows how English sounds, and {phrase.text!r} has a letter that English has not"
        reader.note(phrase.line, message, "write the spellings that are recognised under `words`", phrase.file)
        return False
    count = min(len(phones.of_words(each)) for each in phrase.readings)
    if count < phones.LEAST:
        message = f"{phrase.text!r} has {count} sounds, too few for `sounds_like`: much sounds like it"
        todo = f"write a phrase of {phones.LEAST} sounds or more, or put it under `words`"
        reader.note(phrase.line, message, todo, phrase.file)
        return False
    return True


def check(
    reader: Reader,
    path: Path,
    sounds: Sequence[Phrase],
    digits: Sequence[Digits],
    actions: Sequence[str],
    *,
    confirm: bool,
) -> None:
    """Note what does not go together with `confirm`, or without it."""
    if sounds and not confirm:
        message = "`sounds_like` needs a second recognition: what only sounds like a phrase is often something else"
        reader.error((*path, "when"), message, "add `confirm = true`")
    if digits and confirm:
        message = "`confirm` is not for numbers: no recogniser hears many digits twice alike"
        reader.error((*path, "confirm"), message, "move `digits` into a rule of their own")
    if confirm and not sounds and not any(map(is_sanction, actions)):
        reader.warn((*path, "confirm"), "`confirm` changes nothing: no action of the rule waits for it", "remove it")


def few(reader: Reader, rules: Sequence[Rule]) -> None:
    """Note an error when a file has too many phrases of `sounds_like`."""
    if (count := sum(len(rule.sounds) for rule in rules)) > MOST_SOUNDS:
        reader.error(("rule",), f"{count} phrases of `sounds_like`, the most is {MOST_SOUNDS}", "write fewer")
