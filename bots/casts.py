"""The shipped casts: the speakers of the demo, their sentences with times, and their audio clips."""

from __future__ import annotations

import json
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path
from typing import Any

_CLIPS = Path(__file__).parent / "clips"


@dataclass(frozen=True)
class Sentence:
    """A spoken sentence; `start` and `end` are seconds from the clip's beginning."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Phrase:
    """Words that `rule` of the cast's rule file matches; `start` and `end` are seconds from the clip's beginning."""

    rule: str
    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Person:
    """A speaker of the cast. `clip` is an Ogg Opus file (48 kHz mono, 20 ms packets) of `seconds` with this voice alone."""

    handle: str
    name: str
    role: str
    kind: str
    troublemaker: bool
    voice: str
    clip: Path
    seconds: float
    sentences: tuple[Sentence, ...]
    phrases: tuple[Phrase, ...]

    @cached_property
    def text(self) -> str:
        """Everything they say, in lower case without punctuation: the reference for a word error rate."""
        return " ".join(sentence.text for sentence in self.sentences)

    def said_by(self, seconds: float) -> str:
        """The sentences that have ended `seconds` after the clip's beginning."""
        return " ".join(sentence.text for sentence in self.sentences if sentence.end <= seconds)


@dataclass(frozen=True)
class Cast:
    """The people of one demo. `rules` is the text of a rule file; the host is `people[0]`."""

    name: str
    title: str
    rules: str
    people: tuple[Person, ...]

    @property
    def host(self) -> Person:
        """The one whose Space it is."""
        return next(person for person in self.people if person.role == "host")

    @property
    def troublemaker(self) -> Person:
        """The one whose words the rules match."""
        return next(person for person in self.people if person.troublemaker)


def names() -> list[str]:
    """The names of the shipped casts, sorted."""
    return sorted(each.name for each in _CLIPS.iterdir() if (each / "cast.json").is_file())


def load(name: str) -> Cast:
    """The cast with this name. Raises LookupError when it is not shipped."""
    if name not in names():
        raise LookupError(f"there is no cast {name}; choose one of {', '.join(names())}")
    folder = _CLIPS / name
    data = json.loads((folder / "cast.json").read_text())
    people = tuple(_person(folder, each) for each in data["people"])
    return Cast(name, data["title"], (folder / data["rules"]).read_text(), people)


def _person(folder: Path, data: dict[str, Any]) -> Person:
    fields = {key: data[key] for key in ("handle", "name", "role", "kind", "troublemaker", "voice", "seconds")}
    return Person(
        **fields,
        clip=folder / data["clip"],
        sentences=tuple(Sentence(**each) for each in data["sentences"]),
        phrases=tuple(Phrase(**each) for each in data["phrases"]),
    )
