"""Readers for the values of a rule file. Each returns a usable value and notes what is wrong."""

from __future__ import annotations

import difflib
import re
from collections.abc import Collection, Iterable, Mapping
from typing import TypeGuard, TypeVar

from spacesctl.rules import normalise, regexes, word_length
from spacesctl.rules.facts import SIGN
from spacesctl.rules.lines import Path, line_of
from spacesctl.rules.problems import Problem
from spacesctl.rules.ruleset import Confidence, Pattern, Phrase
from spacesctl.rules.word_length import WordMs

T = TypeVar("T")
MAX_PHRASE = 200
"""Characters of one phrase."""
MAX_PHRASE_WORDS = 16
"""Words of one phrase. A phrase is looked for across utterances within a few seconds, and nobody says more words in that time."""

MAX_PROBLEMS = 100
"""Errors, and warnings, that are told of one file."""
MAX_MESSAGE = 400
"""Characters of one message."""
COMPARED = 100
"""Known words that an unknown one is compared with."""

DURATION = re.compile(r"(\d{1,7})(ms|s|m|h|d)")
SECONDS = {"ms": 0.001, "s": 1.0, "m": 60.0, "h": 3600.0, "d": 86400.0}
CONFIDENCE = re.compile(r"(>=|>)\s*(0|1|0?\.\d+|1\.0+|0\.\d+)")
ID = re.compile(r"[a-z0-9][a-z0-9_-]{0,63}")
_NAMES = {str: "a string", int: "a whole number", list: "a list", dict: "a table", bool: "`true` or `false`"}


class TooManyProblems(Exception):
    """The file has more than `MAX_PROBLEMS` errors; the first ones are noted."""


def nearest(word: str, known: Iterable[str], otherwise: str) -> str:
    """The advice for an unknown `word`: up to two similar `known` words (of many only the first are looked at), or else `otherwise`."""
    close = difflib.get_close_matches(word, sorted(known)[:COMPARED], n=2)
    return "did you mean " + " or ".join(f"`{each}`" for each in close) + "?" if close else otherwise


def _short(text: str) -> str:
    """A message that quotes the file, cut off if the quotation is long."""
    return text if len(text) <= MAX_MESSAGE else text[:MAX_MESSAGE] + "..."


class Reader:
    """Reads the values of one file and collects its `problems`. A path is that of `lines.locate`."""

    def __init__(self, filename: str, lines: dict[Path, int]) -> None:
        self.filename = filename
        self.lists: dict[str, list[str]] = {}
        """The lines of the lists beside the file, by name."""
        self.lines = lines
        self.problems: list[Problem] = []
        self.regexes = 0
        """How many regexes were read."""
        self._errors = self._warnings = 0

    def line(self, path: Path) -> int:
        """The line of a path, from 1."""
        return line_of(self.lines, path)

    def error(self, path: Path, message: str, todo: str) -> None:
        """Note an error; `todo` says how to correct it. Raises TooManyProblems."""
        self.note(self.line(path), message, todo)

    def note(self, line: int, message: str, todo: str, of_list: str = "") -> None:
        """Note an error in a line, of the file or of a list beside it. Raises TooManyProblems."""
        self.problems.append(Problem(line, _short(message), _short(todo), of_list or self.filename))
        self._errors += 1
        if self._errors >= MAX_PROBLEMS:
            raise TooManyProblems

    def warn(self, path: Path, message: str, todo: str) -> None:
        """Note a warning; `todo` says what to do about it."""
        self._warnings += 1
        if self._warnings <= MAX_PROBLEMS:
            self.problems.append(Problem(self.line(path), _short(message), todo, self.filename, "warning"))

    def may_have_a_regex(self, most: int) -> bool:
        """Count one more regex; whether there are at most so many. Those beyond are not compiled."""
        self.regexes += 1
        return self.regexes <= most

    def keys(self, path: Path, data: Mapping[str, object], known: set[str]) -> None:
        """Note an error for each key of a table that is not `known`."""
        for key in data:
            self._known(key, (*path, key), known, "key")

    def one_key(
        self,
        path: Path,
        data: Mapping[str, object],
        known: set[str],
        besides: Collection[str] = (),
    ) -> None:
        """Check the keys, and that there is exactly one, but for those that may stand `besides`."""
        self.keys(path, data, known | set(besides))
        own = [key for key in data if key not in besides]
        if len(own) != 1:
            self.error(
                path, "a condition has one key, this has " + (", ".join(own) or "none"), "write one `{ ... }` each"
            )

    def _known(self, name: str, path: Path, known: Iterable[str], what: str) -> bool:
        if name in known:
            return True
        listed = "the known ones are " + ", ".join(f"`{each}`" for each in sorted(known))
        self.error(path, f"unknown {what} `{name}`", nearest(name, known, listed))
        return False

    def _is(self, value: object, kind: type[T], path: Path) -> TypeGuard[T]:
        if isinstance(value, kind) and not (kind is int and isinstance(value, bool)):
            return True
        self.error(path, f"`{path[-1]}` is not {_NAMES[kind]}", f"write {_NAMES[kind]}")
        return False

    def is_string(self, value: object, path: Path) -> TypeGuard[str]:
        """Whether the value is a string; notes an error if not."""
        return self._is(value, str, path)

    def truth(self, path: Path, value: object) -> bool:
        """True or false; notes an error when it is neither."""
        return self._is(value, bool, path) and value

    def is_table(self, value: object, path: Path) -> TypeGuard[Mapping[str, object]]:
        """Whether the value is a table; notes an error if not."""
        return self._is(value, dict, path)

    def tables(self, path: Path, value: object) -> list[Mapping[str, object]]:
        """The tables of a list; anything else in it is an error and left out."""
        if not self._is(value, list, path):
            return []
        return [item for index, item in enumerate(value) if self._item(item, dict, (*path, index))]

    def _item(self, value: object, kind: type[T], path: Path) -> TypeGuard[T]:
        if isinstance(value, kind):
            return True
        self.error(path, f"an item of `{path[-2]}` is not {_NAMES[kind]}", f"write {_NAMES[kind]}")
        return False

    def strings(self, path: Path, value: object) -> list[tuple[Path, str]]:
        """The strings of a list, with their paths; anything else in it is an error and left out."""
        if not self._is(value, list, path):
            return []
        return [((*path, n), item) for n, item in enumerate(value) if self._item(item, str, (*path, n))]

    def integer(self, path: Path, value: object, least: int, most: int) -> int:
        """A whole number; notes an error when it is not from `least` to `most`."""
        if not self._is(value, int, path):
            return least
        if not least <= value <= most:
            self.error(path, f"`{path[-1]}` is {value}", f"write a number from {least} to {most}")
        return int(value)

    def choice(self, path: Path, value: object, known: tuple[str, ...]) -> str:
        """One of the `known` words; the first of them after an error."""
        if not self._is(value, str, path):
            return known[0]
        return value if self._known(value, path, known, f"{path[-1]}") else known[0]

    def choices(self, path: Path, value: object, known: tuple[str, ...]) -> list[str]:
        """The `known` words of a list; others are errors and left out."""
        what = {"actions": "action", "roles": "role"}.get(str(path[-1]), "action")
        return [item for where, item in self.strings(path, value) if self._known(item, where, known, what)]

    def identifier(self, path: Path, value: object) -> str | None:
        """The `id` of a rule; None when it is missing or not a string."""
        todo = "write letters a-z, digits, `-` and `_`, at most 64"
        if value is None:
            self.error(path, "the rule has no `id`", todo)
            return None
        if not self._is(value, str, path):
            return None
        if not ID.fullmatch(value):
            self.error(path, f"`id` is {value!r}", todo)
        return str(value)

    def duration(self, path: Path, value: object, most: float = 30 * 86400.0) -> float:
        """A duration such as `45s`, in seconds; 0 after an error. At most `most` seconds."""
        matched = DURATION.fullmatch(value) if isinstance(value, str) else None
        if matched is None:
            self.error(
                path, f"`{path[-1]}` is not a duration: {value!r}", 'write a number with ms, s, m, h or d, as in "45s"'
            )
            return 0.0
        seconds = int(matched[1]) * SECONDS[matched[2]]
        if seconds > most:
            self.error(path, f"`{path[-1]}` is longer than {most:g} s", f'write at most "{most:g}s"')
        return seconds

    def confidence(self, path: Path, value: object) -> Confidence:
        """A lower bound such as `>=0.75`; no bound after an error."""
        matched = CONFIDENCE.fullmatch(value.strip()) if isinstance(value, str) else None
        if matched is None:
            self.error(path, f"`confidence` is {value!r}", 'write a least value from 0 to 1, as in ">=0.75"')
            return Confidence()
        return Confidence(float(matched[2]), matched[1] == ">")

    def word_ms(self, path: Path, value: object) -> list[WordMs]:
        """A bound on the length of words such as `>=80`, as a list of one; an empty list after an error."""
        matched = word_length.PATTERN.fullmatch(value.strip()) if isinstance(value, str) else None
        if matched is None or int(matched[2]) > word_length.MOST_MS:
            self.error(
                path,
                f"`word_ms` is {value!r}",
                f'write a bound in milliseconds up to {word_length.MOST_MS}, as in ">=80"',
            )
            return []
        return [WordMs(SIGN[matched[1]], int(matched[2]))]

    def phrases(self, path: Path, value: object) -> list[Phrase]:
        """The phrases of a `words` list; unusable ones are errors and left out."""
        if value == []:
            self.warn(path, "an empty `words` list matches nothing", "add words or remove it")
        found = (self._phrase(text, self.line(where)) for where, text in self.strings(path, value))
        return [phrase for phrase in found if phrase is not None]

    def phrase(self, text: str, line: int, of_list: str) -> Phrase | None:
        """The phrase in a line of a list; None when the line is empty, or it cannot be used."""
        return self._phrase(text, line, of_list) if text else None

    def _phrase(self, text: str, line: int, of_list: str = "") -> Phrase | None:
        if len(text) > MAX_PHRASE:
            self.note(line, f"a phrase of {len(text)} characters", f"write at most {MAX_PHRASE}", of_list)
            return None
        ways = normalise.readings(text)
        if not ways:
            todo = "remove it: it would match everything or nothing"
            self.note(line, f"the phrase {text!r} has no word in it", todo, of_list)
            return None
        if (mark := normalise.lost(text)) is not None:
            message = f"the phrase {text!r} loses its {mark!r}: it would listen for {ways[0]!r}"
            self.note(line, message, "write it as it is said", of_list)
            return None
        if min(len(way.split()) for way in ways) > MAX_PHRASE_WORDS:
            self.note(line, "a phrase of too many words", f"write at most {MAX_PHRASE_WORDS}", of_list)
            return None
        return Phrase(text, ways, line, file=of_list)

    def pattern(self, path: Path, value: object) -> list[Pattern]:
        """The regex, as a list of one; an empty list when it cannot be used."""
        if not self._is(value, str, path):
            return []
        refused = regexes.refusal(value)
        if refused is not None:
            self.error(path, *refused)
            return []
        return [Pattern(value, self.line(path))]
