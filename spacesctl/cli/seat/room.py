"""What the console knows of a Space, beyond what `watch` does: suggestions, hands with their notes, who talks how much. It does no I/O."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Final

from spacesctl.api import moderation_events
from spacesctl.api.captions import SpokenWord
from spacesctl.api.events import CaptionSpoken, Event, Levels
from spacesctl.api.people import Members, RaisedHand
from spacesctl.api.spaces import Space
from spacesctl.api.suggestions import Suggestion
from spacesctl.cli.watched import Watched
from spacesctl.client.room_changes import after
from spacesctl.client.room_view import Person
from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.domain.words import Role

MOST_SAID: Final = 200
"""Captions that are kept with their words."""
MOST_HITS: Final = 100
MOST_REDACTIONS: Final = 20
_ORDER: Final = {Role.HOST: 0, Role.COHOST: 1, Role.SPEAKER: 2, Role.LISTENER: 3}


@dataclass(frozen=True)
class Said:
    """A caption with how sure each word is."""

    speaker: str
    words: tuple[SpokenWord, ...]
    text: str
    tick: int
    account_id: str = ""
    end_tick: int = 0
    typed: bool = False


@dataclass(frozen=True)
class Hit:
    """Where a rule found something: in which ticks of whose words."""

    account_id: str
    first: int
    last: int

    def meets(self, account_id: str, first: int, last: int) -> bool:
        """Whether these ticks of an account's words are in it."""
        return self.account_id == account_id and self.first <= last and first <= self.last


@dataclass(frozen=True)
class Kept:
    """A redaction as the console shows it."""

    id: str
    whose: str
    tick: int
    seconds: float
    by: str
    cut: bool = False
    became: str = ""
    """`withdrawn` or `missed`; empty: it is in force."""


class Room:
    """`take` each event in order; `ask` says what is to be read again after it."""

    def __init__(self, space: Space, members: Members) -> None:
        self.watched = Watched(space, members)
        self.me = space.me
        self.said: deque[Said] = deque(maxlen=MOST_SAID)
        self.notes: dict[str, RaisedHand] = {}
        """What the raised hands are about, by account id."""
        self.suggestions: list[Suggestion] = []
        """Those that wait for a person, the oldest first."""
        self.sanctions: list[str] = []
        """The ids of what was done here, the newest last: `undo` takes the last one back."""
        self.blocked: dict[str, Person] = {}
        """Whom one has blocked here, by the name that `sanctions` has for it."""
        self.hits: deque[Hit] = deque(maxlen=MOST_HITS)
        """Where rules found something, the newest last."""
        self.hits_count = 0
        """How many there were in all."""
        self.redactions: deque[Kept] = deque(maxlen=MOST_REDACTIONS)
        """The newest redactions, the newest last."""
        self.cut_off = False
        """Whether the connection is lost at the moment."""
        self._talked = Counter[str]()

    @property
    def is_over(self) -> bool:
        return self.watched.view.state in ("ended", "canceled")

    def take(self, event: Event) -> bool:
        """Update everything with an event; whether the API has more to say now than the event does."""
        stale = self.watched.take(event)
        self.watched.tell(event)
        match event.data:
            case CaptionSpoken() as caption:
                self.said.append(
                    Said(
                        caption.speaker, tuple(caption.words), caption.text, caption.start_tick, caption.account_id,
                        caption.end_tick, caption.typed,
                    )
                )  # fmt: skip
            case moderation_events.ActTaken(account_id=who, start_tick=first, end_tick=last) if who:
                self.hits.append(Hit(who, first, last))
                self.hits_count += 1
            case moderation_events.RedactionMade(redaction=one):
                self.redactions.append(self._kept(one))
            case moderation_events.RedactionWithdrawn(redaction_id=redaction_id):
                self._became(redaction_id, "withdrawn")
            case moderation_events.RedactionMissed(redaction_id=redaction_id):
                self._became(redaction_id, "missed")
            case Levels(levels=levels):
                self._talked.update(one.account_id for one in levels if one.active)
            case moderation_events.SanctionImposed(sanction=sanction):
                self.sanctions.append(sanction.id)
            case moderation_events.SanctionLifted(sanction_id=sanction_id):
                self.sanctions = [one for one in self.sanctions if one != sanction_id]
            case _:
                pass
        return stale or event.type in ("hand.raised", "suggestion.made", "suggestion.ended")

    def _kept(self, one: moderation_events.MadeRedaction) -> Kept:
        names = self.watched.names
        whose = "everybody" if one.account_id is None else names.get(one.account_id, "somebody")
        seconds = (one.to_tick - one.from_tick + 1) * TICK_SECONDS
        became = "missed" if one.missed_to is not None and one.missed_to >= one.to_tick else ""
        return Kept(one.id, whose, one.from_tick, seconds, self.watched.named(one.by), one.cut, became)

    def _became(self, redaction_id: str, what: str) -> None:
        for place, one in enumerate(self.redactions):
            if one.id == redaction_id:
                self.redactions[place] = replace(one, became=what)

    def was_blocked(self, who: Person) -> None:
        """One has blocked somebody here: `undo` takes that back, too."""
        name = f"block {who.id}"
        self.blocked[name] = who
        self.sanctions.append(name)

    def is_undone(self, name: str) -> None:
        """What was done here is taken back."""
        self.blocked.pop(name, None)
        self.sanctions = [one for one in self.sanctions if one != name]

    def is_hit(self, account_id: str, first: int, last: int) -> bool:
        """Whether a rule found something in these ticks of an account's words."""
        return any(one.meets(account_id, first, last) for one in self.hits)

    def reread(self, space: Space, members: Members, meanwhile: Iterable[Event] = ()) -> None:
        """Take what the API tells anew. Its answer may be older than the events that came `meanwhile`."""
        self.me = space.me
        self.watched.reread(space, members)
        for event in meanwhile:
            self.watched.view = after(self.watched.view, event)

    def share_of(self, account_id: str) -> int:
        """Percent of all talk here that was this account's, since the console was opened."""
        return round(100 * self._talked[account_id] / max(1, self._talked.total()))

    def rows(self, wanted: str = "") -> list[Person]:
        """The people as they are shown: the stage, raised hands, then who listens. `wanted` is part of a handle or name."""
        view = self.watched.view
        hands = {one: place for place, one in enumerate(view.hands)}
        found = [
            one for one in view.people.values() if one.handle and wanted.lower() in f"{one.handle} {one.name}".lower()
        ]
        return sorted(found, key=lambda one: (_ORDER[one.role], hands.get(one.id, len(hands)), one.handle))

    def position(self, account_id: str) -> int | None:
        """The place in the line of those who ask to speak, from 1."""
        hands = self.watched.view.hands
        return hands.index(account_id) + 1 if account_id in hands else None
