"""What was said, for trying rules on it: from a transcript, from a sound file, or from a Space."""

from __future__ import annotations

import math
from collections.abc import Iterable, Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Literal, TypeVar

from spacesctl.api.captions import Caption, SpokenWord
from spacesctl.api.wire import Answer, load
from spacesctl.domain.clock import TICKS_PER_SECOND
from spacesctl.domain.errors import Invalid, SpacesError

if TYPE_CHECKING:
    from spacesctl.api.spaces import Space
    from spacesctl.client.http import Client
    from spacesctl.rules.rule_engine import HeardUtterance, Word

T = TypeVar("T")
MAX_FILE = 64 << 20
"""Bytes of a transcript."""
SECONDS_A_WORD = 0.4
"""Of a text without times."""


class SaidLine(Answer, frozen=True, kw_only=True):
    """A line of a transcript: what `captions --json` and `transcript --json` print, or less. Without words the text is taken, each word of
    it as sure; without times one line follows on the other. `start` and `end` are in seconds."""

    text: str = ""
    words: list[SpokenWord] = []  # noqa: RUF012  # msgspec copies it
    speaker: str = "@speaker"
    role: Literal["host", "cohost", "speaker"] = "speaker"
    kind: str = "person"
    final: bool = True
    start: float | None = None
    end: float | None = None
    start_tick: int | None = None
    end_tick: int | None = None


class _Whole(Answer, frozen=True, kw_only=True):
    """What `transcript --json` prints."""

    lines: list[SaidLine]


class LabelLine(Answer, frozen=True, kw_only=True):
    """From `start` to `end`, in seconds, `rule` is to fire; `*` is any."""

    start: float
    end: float
    rule: str


@dataclass(frozen=True)
class Said:
    """Utterances in the order in which they ended, and the handles of their accounts by id."""

    utterances: list[HeardUtterance]
    speakers: dict[str, str]


def from_transcript(path: Path) -> Said:
    """Read a transcript. Raises Invalid with the line that cannot be read, OSError."""
    from spacesctl.client.files import read_text

    text = read_text(path, MAX_FILE).strip()
    try:
        if text.startswith("["):
            return _said(load(text, list[SaidLine]))
        if text.startswith("{") and '"lines"' in text.partition("\n")[0]:
            return _said(load(text, _Whole).lines)
    except ValueError as error:
        raise Invalid(str(path), f"is no transcript: {error}") from error
    return _said(list(_lines(path, text, SaidLine)))


def labels(path: Path) -> list[LabelLine]:
    """Read labels, a JSON object in each line. Raises Invalid, OSError."""
    from spacesctl.client.files import read_text

    found = list(_lines(path, read_text(path, MAX_FILE), LabelLine))
    for one in found:
        if not one.start < one.end:
            raise Invalid(str(path), f"a label from {one.start:g} to {one.end:g} s has no length")
    return found


def lines_of(path: Path, kind: type[T]) -> Iterator[T]:
    """A JSON object in each line of a file. Raises Invalid with the line that cannot be read, OSError."""
    from spacesctl.client.files import read_text

    return _lines(path, read_text(path, MAX_FILE), kind)


def words_of(words: Iterable[SpokenWord]) -> tuple[Word, ...]:
    """Words as the rule engine takes them."""
    return tuple(_word(one) for one in words)


def _lines(path: Path, text: str, kind: type[T]) -> Iterator[T]:
    for number, line in enumerate(text.splitlines(), 1):
        if line.strip():
            try:
                yield load(line, kind)
            except ValueError as error:
                raise Invalid(str(path), f"line {number}: {error}") from error


def from_sound(path: Path, model: Path | None) -> Said:
    """Have a model listen to a file, in a process of its own: the shipped model, which understands no people, if none is given. Raises
    Invalid."""
    import subprocess
    import sys

    from bots.models import ModelError, find

    if not path.is_file():
        raise Invalid("--audio", f"there is no file {path}")
    try:
        chosen = find(model).path
    except ModelError as error:
        raise Invalid("--model", str(error)) from error
    command = [sys.executable, "-m", "bots.hearing.of_file", str(chosen), str(path)]
    done = subprocess.run(command, capture_output=True, text=True, encoding="utf-8", check=False)  # noqa: S603  # our own program
    if done.returncode:
        told = done.stderr.strip().splitlines()
        raise Invalid("--audio", told[-1] if told else f"the recogniser ended with {done.returncode}")
    return _said(list(_lines(path, done.stdout, SaidLine)))


def from_space(spaces: Client, space: Space) -> Said:
    """The words of a Space, for its staff. Raises NotAllowed."""
    found, seq = list[Caption](), 0
    while page := list(spaces.spaces.captions(space.id, seq, "staff")):
        found += page
        if page[-1].seq <= seq:
            break
        seq = page[-1].seq
    kinds = dict[str, str]()
    for handle in dict.fromkeys(one.speaker for one in found):
        with suppress(SpacesError):  # an account that is gone
            kinds[handle] = spaces.accounts.get(handle).kind
    return _said([_line(one, space.host_ids, kinds) for one in found], {one.speaker: one.account_id for one in found})


def _line(one: Caption, hosts: Sequence[str], kinds: dict[str, str]) -> SaidLine:
    role: Literal["host", "cohost", "speaker"] = "speaker"
    if one.account_id in hosts:
        role = "host" if one.account_id == hosts[0] else "cohost"
    return SaidLine(
        text=one.text, words=one.words, speaker=one.speaker, role=role, kind=kinds.get(one.speaker, "person"),
        start_tick=one.start_tick, end_tick=one.end_tick,
    )  # fmt: skip


def _said(lines: Iterable[SaidLine], ids: dict[str, str] | None = None) -> Said:
    from spacesctl.rules.rule_engine import HeardUtterance

    lanes = dict[str, int]()
    at, found = 0.0, list[HeardUtterance]()
    for line in lines:
        words = _words(line, at)
        if line.final and words:
            at = words[-1].end
            account = (ids or {}).get(line.speaker, line.speaker)
            lane = lanes.setdefault(line.speaker, len(lanes) + 1)
            found.append(HeardUtterance(lane, account, line.role, line.kind, words, True, 0))
    found.sort(key=lambda one: one.words[-1].end_tick)
    numbered = [replace(one, utterance=number) for number, one in enumerate(found)]
    return Said(numbered, {(ids or {}).get(speaker, speaker): speaker for speaker in lanes})


def _words(line: SaidLine, after: float) -> tuple[Word, ...]:
    given = line.words or _spread(line, after)
    return tuple(_word(one) for one in given)


def _spread(line: SaidLine, after: float) -> list[SpokenWord]:
    """The words of the text, each as long as the others."""
    texts = line.text.split()
    start = _first(line.start, line.start_tick, after)
    end = max(
        start,
        _first(line.end, None if line.end_tick is None else line.end_tick + 1, start + SECONDS_A_WORD * len(texts)),
    )
    each = (end - start) / max(1, len(texts))
    return [SpokenWord(w=w, start=start + n * each, end=start + (n + 1) * each, conf=1.0) for n, w in enumerate(texts)]


def _first(seconds: float | None, tick: int | None, otherwise: float) -> float:
    if seconds is not None:
        return seconds
    return tick / TICKS_PER_SECOND if tick is not None else otherwise


def _word(one: SpokenWord) -> Word:
    from spacesctl.rules.rule_engine import Word

    first = math.floor(one.start * TICKS_PER_SECOND + 1e-6)
    last = max(first, math.ceil(one.end * TICKS_PER_SECOND - 1e-6) - 1)
    return Word(one.w, one.start, one.end, one.conf, first, last)
