"""What was redacted of a Space, for the text of what was said: captions and levels say no more than the audience hears."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import replace
from typing import Final

from spacesctl.domain import events as e
from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.domain.redaction import ALL_LANES, TEXT_LANE, Redaction
from spacesctl.domain.space import Erasure
from spacesctl.domain.speech import TextMark
from spacesctl.domain.words import NUMBER
from spacesctl.store.spaces import SAID, Body, StoredEvent

REDACTED: Final = "[redacted]"
"""Stands in a caption for words that were redacted."""
HALF: Final = 0.5
"""The part of a word that must be redacted for the word to be: the sound of its neighbours is touched by a few hundredths of a second."""
PAD: Final = 5
"""Ticks by which the times of a recogniser may be wrong: 100 ms."""
NOBODY: Final[Mapping[str, Erasure]] = {}
NOTHING_WRITTEN: Final[Mapping[int, TextMark]] = {}
KEPT: Final = 2_000
"""Redactions that are remembered of a live Space. Captions come within seconds of the words."""


class Masks:
    """The redactions of one Space, in force or missed, and who is erased; withdrawn redactions mask nothing."""

    def __init__(
        self,
        known: Iterable[Redaction] = (),
        most: int | None = None,
        erased: Mapping[str, Erasure] = NOBODY,
        texts: Mapping[int, TextMark] = NOTHING_WRITTEN,
    ) -> None:
        self._texts = dict(texts)
        """What is kept from the audience of what was written, by the number of its event."""
        self.erased = erased
        """What the audience does not read, by account id."""
        self._known = {one.id: one for one in known}
        self._order = deque(self._known)
        self._most = most
        self._spoken: deque[tuple[int, int, int]] = deque(maxlen=KEPT)
        """Lane, first and last tick of the numbers in captions: rules may look for them and redact nothing."""

    def take(self, event: e.Event) -> None:
        """Follow what happens to redactions."""
        match event:
            case e.RedactionMade(redaction):
                self._known[redaction.id] = redaction
                self._order.append(redaction.id)
                if self._most is not None and len(self._order) > self._most:
                    self._known.pop(self._order.popleft(), None)
            case e.RedactionMissed(redaction_id, missed_to) if redaction_id in self._known:
                self._known[redaction_id] = replace(self._known[redaction_id], missed_to=missed_to)
            case e.RedactionWithdrawn(redaction_id):
                self._known.pop(redaction_id, None)
            case e.TextMasked() | e.TextErased():
                self._texts[event.number] = marked(self._texts.get(event.number), event)
                if self._most is not None and len(self._texts) > self._most:
                    del self._texts[next(iter(self._texts))]
            case e.CaptionSpoken(lane=lane, words=words):
                self._spoken += [(lane, *_ticks(word.start, word.end)) for word in words if word.w == NUMBER]
            case _:
                pass

    def changed(self, redaction: Redaction) -> None:
        """Take another stretch of a redaction that is known."""
        if redaction.id in self._known:
            self._known[redaction.id] = redaction

    def touches(self, lane: int, first: int, last: int) -> bool:
        """Whether a redaction touches ticks `first` to `last` of a lane."""
        return any(one.first <= last and first <= one.last for one in self._of(lane))

    def stretches(self, lane: int | None, first: int, last: int) -> list[Redaction]:
        """The redactions that touch ticks `first` to `last` of a lane, or (None) of any."""
        known = self._known.values() if lane is None else self._of(lane)
        return [one for one in known if one.first <= last and first <= one.last]

    def numbers(self, lane: int) -> list[tuple[int, int]]:
        """The stretches (first and last tick) of a lane in which a number was spoken."""
        spoken = [(first, last) for where, first, last in self._spoken if where == lane]
        return [(one.first, one.last) for one in self._of(lane) if one.number] + spoken

    def hides(self, event: StoredEvent) -> bool:
        """Whether an event is what somebody said or shared who is erased."""
        body = event.body
        if (mark := self._texts.get(event.seq)) is not None and mark.erased:
            return True
        who = body["account_id"] if event.type in SAID else body["pin"]["by"] if event.type == "pin.added" else ""
        return who in self.erased and self.erased[who].hides(event.seq)

    def silences(self, account_id: str) -> bool:
        """Whether the audience reads nothing of what an account says now."""
        return account_id in self.erased and self.erased[account_id].hides(None)

    def said(self, seq: int, body: Body) -> Body:
        """What was said or written, as it is stored, with what the audience is not to know of it masked in its text and its words."""
        if "lane" in body and body["lane"] != TEXT_LANE:
            return self.caption(body)
        tick = body["end_tick"] if "lane" in body else body["tick"]
        near = [one for one in self._of(TEXT_LANE) if one.first <= tick <= one.last]
        if any(one.account_id in (None, body["account_id"]) for one in near):
            return {**body, "text": REDACTED, **({"words": []} if "lane" in body else {})}
        mark = self._texts.get(seq)
        return body if mark is None else _written(body, mark)

    def caption(self, body: Body) -> Body:
        """What was recognised, with what was redacted masked in its text and its words."""
        near = self.stretches(body["lane"], body["start_tick"], body["end_tick"])
        if not near:
            return body
        words = _masked(body["words"], near)
        text = " ".join(word["w"] for word in words) if body["words"] else REDACTED
        return {**body, "text": text, "words": words}

    def _of(self, lane: int) -> list[Redaction]:
        return [one for one in self._known.values() if one.lane in (lane, ALL_LANES)]


def marked(before: TextMark | None, event: e.TextMasked | e.TextErased) -> TextMark:
    """What is kept from the audience of a text after an event about it."""
    known = before or TextMark()
    if isinstance(event, e.TextErased):
        return replace(known, erased=True)
    return replace(known, words=tuple(dict.fromkeys((*known.words, *event.words))))


def _written(body: Body, mark: TextMark) -> Body:
    """A text without the words that are masked; each stays one word, so that what is masked later has the same numbers."""
    words = [REDACTED if mark.covers(at) and word != NUMBER else word for at, word in enumerate(body["text"].split())]
    shown = {**body, "text": " ".join(words)}
    if body.get("words"):
        shown["words"] = [{**one, "w": word} for one, word in zip(body["words"], words, strict=True)]
    return shown


def _masked(words: Sequence[Body], near: Sequence[Redaction]) -> list[Body]:
    """Words (`w`, `start`, `end`, `conf`), of which each redacted run is one masked word."""
    shown: list[Body] = []
    for word in words:
        if word["w"] == NUMBER or not _covers(near, word["start"], word["end"]):
            shown.append(word)
        elif shown and shown[-1]["w"] == REDACTED:
            shown[-1] = {**shown[-1], "end": word["end"]}
        else:
            shown.append({"w": REDACTED, "start": word["start"], "end": word["end"], "conf": 0.0})
    return shown


def _ticks(start: float, end: float) -> tuple[int, int]:
    """The ticks of what was said from `start` to `end` (seconds on the Space clock), with what a recogniser may be wrong by."""
    return max(0, int(start / TICK_SECONDS) - PAD), int(end / TICK_SECONDS) + PAD


def _covers(near: Sequence[Redaction], start: float, end: float) -> bool:
    """Whether half of what was said from `start` to `end` (seconds on the Space clock) is redacted."""
    first, last = start / TICK_SECONDS, end / TICK_SECONDS
    covered = sum(max(0.0, min(last, one.last + 1) - max(first, one.first)) for one in near)
    if first == last:  # a word that takes no time
        return any(one.first <= first <= one.last + 1 for one in near)
    return covered >= HALF * (last - first) and covered > 0


NOTHING_MASKED: Final = Masks()
"""Of a Space without redactions."""
