"""What a key of the console does: one call of the client each, about the chosen person or the Space."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from spacesctl.api.accounts import NewBlock
from spacesctl.api.moderation import NewReport
from spacesctl.api.people import NewKick, NewMeasure, NewSpaceMeasure
from spacesctl.api.redactions import NewRedaction
from spacesctl.cli.seat.room import Room
from spacesctl.client.room_view import Person
from spacesctl.domain.errors import Invalid
from spacesctl.domain.words import MeasureKind

if TYPE_CHECKING:
    from spacesctl.client.http import Client

REDACTED_SECONDS: Final = 4.0
SLOW_EVERY: Final = 30
"""Seconds between two requests or reactions of one account."""
SLOW: Final = NewSpaceMeasure(every=SLOW_EVERY)
FOR_GOOD: Final = NewSpaceMeasure()


@dataclass(frozen=True)
class Asked:
    """What an act is about: the Space, the chosen person, and a reason."""

    room: Room
    who: Person | None = None
    reason: str = ""

    @property
    def space(self) -> str:
        return self.room.watched.view.id

    @property
    def person(self) -> Person:
        """Raises Invalid when nobody is chosen."""
        if self.who is None:
            raise Invalid("the choice", "is nobody", hint="choose somebody with the arrow keys")
        return self.who

    @property
    def somebody(self) -> Person:
        """The same, of those who speak. Raises Invalid for a bot: it listens, and nobody reads what it is told."""
        if self.person.kind == "bot":
            raise Invalid(self.person.handle, "is a bot", hint="choose a person with the arrow keys")
        return self.person

    @property
    def measure(self) -> NewMeasure:
        return NewMeasure(reason=self.reason)


@dataclass(frozen=True)
class Act:
    """`do` returns what was done, in words. `asks`: for a reason, or (with no `about`) only whether one is sure."""

    name: str
    do: Callable[[Client, Asked], str]
    about: bool = False
    """Whether it is about the chosen person."""
    asks: bool = False
    reads: str = "they read it"
    """Who reads the reason."""


def _mute(client: Client, asked: Asked) -> str:
    who = asked.somebody
    if who.muted:
        client.people.unmute(asked.space, who.id)
        return f"{who.handle} may open the microphone again"
    client.people.mute(asked.space, who.id, asked.measure)
    return f"{who.handle} is muted"


def _demote(client: Client, asked: Asked) -> str:
    client.people.demote(asked.space, asked.somebody.id, asked.measure)
    return f"{asked.person.handle} is a listener"


def _kick(client: Client, asked: Asked) -> str:
    client.people.kick(asked.space, asked.person.id, NewKick(reason=asked.reason))
    return f"{asked.person.handle} was removed"


def _block(client: Client, asked: Asked) -> str:
    client.accounts.block(asked.person.id, NewBlock(reason=asked.reason))
    asked.room.was_blocked(asked.person)
    return f"{asked.person.handle} is blocked"


def _warn(client: Client, asked: Asked) -> str:
    client.people.warn(asked.space, asked.somebody.id, asked.measure)
    return f"{asked.person.handle} was warned"


def _report(client: Client, asked: Asked) -> str:
    client.moderation.report(NewReport(space_id=asked.space, account=asked.person.id, note=asked.reason))
    return f"{asked.person.handle} is reported"


def _hand_of(asked: Asked) -> Person:
    """The chosen person, if they ask to speak, else who has asked for longest. Raises Invalid when nobody does."""
    view = asked.room.watched.view
    if asked.who is not None and asked.who.id in view.hands:
        return asked.who
    first = next((view.people[one] for one in view.hands if one in view.people), None)
    if first is None:
        raise Invalid("the line", "is empty", hint="nobody asks to speak")
    return first


def _approve(client: Client, asked: Asked) -> str:
    who = _hand_of(asked)
    client.people.approve(asked.space, who.id)
    return f"{who.handle} may speak"


def _deny(client: Client, asked: Asked) -> str:
    who = _hand_of(asked)
    client.people.deny(asked.space, who.id)
    return f"{who.handle} may not speak now"


def _switch(
    action: MeasureKind, on: str, off: str, terms: NewSpaceMeasure = FOR_GOOD
) -> Callable[[Client, Asked], str]:
    """Put a measure on the Space or, when it is there, end it."""

    def switch(client: Client, asked: Asked) -> str:
        if action in asked.room.watched.view.measures:
            client.people.end_measure(asked.space, action)
            return off
        client.people.measure(asked.space, action, terms)
        return on

    return switch


def _hold(client: Client, asked: Asked) -> str:
    if asked.room.watched.view.held_until is not None:
        client.redactions.calm(asked.space)
        return "the hold is over"
    client.redactions.panic(asked.space)
    return "hold: all that had not aired is cut, and all are muted"


def _dump(client: Client, asked: Asked) -> str:
    client.redactions.dump(asked.space)
    return "cut: the audience does not hear the last seconds"


def _undo(client: Client, asked: Asked) -> str:
    if not asked.room.sanctions:
        raise Invalid("the last act", "is not known", hint="nothing was done since the console was opened")
    last = asked.room.sanctions[-1]
    blocked = asked.room.blocked.get(last)
    if blocked is None:
        client.people.undo(asked.space, last)
        return f"undone: {last}"
    client.accounts.unblock(blocked.id)
    asked.room.is_undone(last)
    return f"undone: {blocked.handle} is no longer blocked"


def _confirm(client: Client, asked: Asked) -> str:
    one = _first(asked.room)
    client.people.confirm(asked.space, one)
    return "done as suggested"


def _dismiss(client: Client, asked: Asked) -> str:
    client.people.dismiss(asked.space, _first(asked.room))
    return "suggestion dismissed"


def _first(room: Room) -> str:
    if not room.suggestions:
        raise Invalid("the list", "is empty", hint="no rule suggests anything")
    return room.suggestions[0].id


def _redact(client: Client, asked: Asked) -> str:
    made = client.redactions.make(asked.space, NewRedaction(account=asked.somebody.id, last=REDACTED_SECONDS))
    late = ", too late: it has aired" if made.state == "missed" else ""
    return f"{REDACTED_SECONDS:g} s of {asked.person.handle} redacted{late}"


def _end(client: Client, asked: Asked) -> str:
    client.spaces.end(asked.space)
    return "the Space has ended"


ACTS: Final[Mapping[str, Act]] = {
    "m": Act("mute or unmute", _mute, about=True),
    "M": Act("mute all", _switch("mute", "all are muted", "people may speak again")),
    "d": Act("demote", _demote, about=True),
    "k": Act("kick", _kick, about=True, asks=True),
    "b": Act("block", _block, about=True, asks=True, reads="you alone read it"),
    "w": Act("warn", _warn, about=True, asks=True),
    "r": Act("report", _report, about=True, asks=True, reads="staff read it, and not the person"),
    "R": Act("redact their last 4 s", _redact, about=True),
    "a": Act("approve", _approve),
    "n": Act("deny", _deny),
    "L": Act("lock", _switch("lock", "locked: nobody new joins", "unlocked")),
    "S": Act(
        "slow",
        _switch(
            "slow",
            f"slow: one request or reaction in {SLOW_EVERY} s",
            "no longer slow",
            NewSpaceMeasure(every=SLOW_EVERY),
        ),
    ),
    "D": Act("dump", _dump),
    "H": Act("hold", _hold),
    "u": Act("undo", _undo),
    "c": Act("do what is suggested", _confirm),
    "x": Act("dismiss the suggestion", _dismiss),
    "e": Act("end", _end, asks=True),
}
"""What each key does."""
ABOUT_SOMEBODY: Final = tuple(key for key, act in ACTS.items() if act.about)
"""The keys of what is done about the chosen person."""
