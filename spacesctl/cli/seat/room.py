"""What the console knows of a Space, beyond what `watch` does: suggestions, hands with their notes, who talks how much. It does no I/O."""

from __future__ import annotations

from collections import Counter, deque
from collections.abc import Iterable
from dataclasses import dataclass
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
from spacesctl.domain.words import Role

MOST_SAID: Final = 200
"""Captions that are kept with their words."""
_ORDER: Final = {Role.HOST: 0, Role.COHOST: 1, Role.SPEAKER: 2, Role.LISTENER: 3}


@dataclass(frozen=True)
class Said:
    """A caption with how sure each word is."""

    speaker: str
    words: tuple[SpokenWord, ...]
    text: str
    tick: int


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
                self.said.append(Said(caption.speaker, tuple(caption.words), caption.text, caption.start_tick))
            case Levels(levels=levels):
                self._talked.update(one.account_id for one in levels if one.active)
            case moderation_events.SanctionImposed(sanction=sanction):
                self.sanctions.append(sanction.id)
            case moderation_events.SanctionLifted(sanction_id=sanction_id):
                self.sanctions = [one for one in self.sanctions if one != sanction_id]
            case _:
                pass
        return stale or event.type in ("hand.raised", "suggestion.made", "suggestion.ended")

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
