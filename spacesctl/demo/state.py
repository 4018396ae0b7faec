"""The state of the running demo, updated from the Space's events. The view draws it and the report counts it. It does no I/O."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from spacesctl.api.events import CaptionSpoken, Event, Levels, PartialCaption
from spacesctl.api.moderation_events import ActTaken, RedactionMade, Removed
from spacesctl.api.people_events import LaneClosed, LaneOpened
from spacesctl.api.wire import Answer
from spacesctl.client.room_changes import after
from spacesctl.client.room_view import Person, RoomView
from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.domain.words import Role
from spacesctl.probe.probe_listener import ProbeListener

T = TypeVar("T", bound=Answer)
KEPT_EVENTS = 20_000
"""Durable events kept for the report: enough for hours."""
KEPT_LINES = 100
"""Captions, and moderation lines, kept for the view."""
SILENCE = -127
"""dBov of a closed microphone."""
FALL = 8
"""dB by which a shown level falls at most from one report to the next (100 ms)."""
SAME = 250
"""Ticks after a redaction within which another one of the same rule is told as the same: the rest of a number, what went with a mute."""
_RULE_DID = {
    "mute": "muted",
    "report": "reported",
    "demote": "made a listener",
    "kick": "removed",
    "block": "blocked",
    "log": "noted",
}


@dataclass
class Seat:
    """A speaker as the view shows them, also when they are removed. `role` is the one they came with, for who is removed is a
    listener before that; `level` is in dBov, -127 to 0."""

    person: Person
    way: str = ""
    level: int = SILENCE
    removed: bool = False
    role: Role = field(init=False)

    def __post_init__(self) -> None:
        self.role = self.person.role

    @property
    def handle(self) -> str:
        """With the `@`."""
        return self.person.handle


@dataclass
class Line:
    """A line of captions or of moderation; `tick` on the Space clock."""

    tick: int
    handle: str
    text: str

    @property
    def time(self) -> str:
        """`MM:SS` on the Space clock."""
        seconds = int(self.tick * TICK_SECONDS)
        return f"{seconds // 60:02d}:{seconds % 60:02d}"


@dataclass
class State:
    """What is known of the demo. `seats` by account id; `say` is given a line of text for each event worth showing."""

    room: RoomView
    link: str
    host: str
    notice: str
    seats: Mapping[str, Seat]
    say: Callable[[str], None] = lambda line: None
    seconds: float | None = None
    elapsed: float = 0.0
    captions: deque[Line] = field(default_factory=lambda: deque(maxlen=KEPT_LINES))
    partials: dict[tuple[int, int], Line] = field(default_factory=dict)
    acts: deque[Line] = field(default_factory=lambda: deque(maxlen=KEPT_LINES))
    listeners: list[ProbeListener] = field(default_factory=list)
    events: deque[Event] = field(default_factory=lambda: deque(maxlen=KEPT_EVENTS))
    _redacted_to: dict[tuple[str, str], int] = field(default_factory=dict)
    """By account and rule: redactions up to this tick are told already."""

    def on_event(self, event: Event) -> None:
        """Take one event of the Space's staff view."""
        if event.seq is not None:
            self.events.append(event)
        self.room = after(self.room, event)
        for account_id, seat in self.seats.items():
            if not seat.removed:
                seat.person = self.room.people.get(account_id, seat.person)
        tick = event.tick or 0
        match event.data:
            case Levels():
                self._levels()
            case PartialCaption() as data:
                self._partial(data)
            case CaptionSpoken() as data:
                self._caption(data)
            case LaneOpened() as data:
                self._lane_opened(data, tick)
            case LaneClosed() as data:
                self._lane_closed(data)
            case ActTaken() as data:
                self._act(data, tick)
            case Removed() as data:
                self._removed(data, tick)
            case RedactionMade() as data:
                self._redacted(data, tick)
            case _:
                pass

    def of_type(self, kind: type[T]) -> list[tuple[int, T]]:
        """The kept durable events of a type, oldest first, each with its tick."""
        return [(event.tick or 0, event.data) for event in self.events if isinstance(event.data, kind)]

    def moderated(self, tick: int, handle: str, text: str) -> None:
        """Add a moderation line about somebody."""
        line = Line(tick, handle, text)
        self.acts.append(line)
        self.say(f"{line.time}  * {text}")

    def _levels(self) -> None:
        for seat in self.seats.values():
            if seat.person.level is not None:
                # Let a bar fall slowly: between two words of a sentence it should not drop to silence.
                seat.level = max(seat.person.level, seat.level - FALL)

    def _partial(self, data: PartialCaption) -> None:
        for other in [one for one in self.partials if one[0] == data.lane]:
            del self.partials[other]
        self.partials[data.lane, data.utterance] = Line(data.start_tick, data.speaker, data.text)

    def _caption(self, data: CaptionSpoken) -> None:
        self.partials.pop((data.lane, data.utterance), None)
        line = Line(data.start_tick, data.speaker, data.text)
        self.captions.append(line)
        self.say(f"{line.time}  {line.handle}: {line.text}")

    def _lane_opened(self, data: LaneOpened, tick: int) -> None:
        seat = self.seats.get(data.account_id)
        if seat is not None:
            self.say(f"{Line(tick, '', '').time}  {seat.handle} opens the microphone ({seat.way})")

    def _lane_closed(self, data: LaneClosed) -> None:
        seat = self.seats.get(data.account_id)
        if seat is not None and seat.person.lane is None:
            seat.level = SILENCE

    def _act(self, data: ActTaken, tick: int) -> None:
        if data.action == "redact" and data.mode == "enforce":
            return  # the redaction itself was told, sooner
        handle = self._handle(data.account_id)
        did = _RULE_DID.get(data.action, data.action)
        would = "" if data.mode == "enforce" else " (recorded only: the rule is in shadow mode)"
        words = self._words(data.lane, data.start_tick, data.end_tick)
        heard = f" heard “{words}”" if words else ""
        self.moderated(tick, handle, f"rule {data.rule_id}{heard}: {handle} {did}{would}")

    def _redacted(self, data: RedactionMade, tick: int) -> None:
        made = data.redaction
        if made.by.kind != "rule" or made.account_id is None:
            return
        who = (made.account_id, made.by.id or "")
        if made.to_tick < self._redacted_to.get(who, -SAME):
            return
        self._redacted_to[who] = made.to_tick + SAME
        handle = self._handle(made.account_id)
        what = "a number" if made.number else "words"
        self.moderated(tick, handle, f"rule {made.by.id}: {handle} says {what} that the audience will not hear")

    def _removed(self, data: Removed, tick: int) -> None:
        handle = self._handle(data.account_id)
        if data.account_id in self.seats:
            self.seats[data.account_id].removed = True
        why = f": {data.reason}" if data.reason else ""
        self.moderated(tick, handle, f"@{self.host} removed {handle}{why}")

    def _words(self, lane: int, first: int, last: int) -> str:
        """The words on a lane between two ticks, from its captions."""
        said = [word for _, caption in self.of_type(CaptionSpoken) if caption.lane == lane for word in caption.words]
        begin, end = (first - 1) * TICK_SECONDS, (last + 2) * TICK_SECONDS
        return " ".join(word.w for word in said if word.start >= begin and word.end <= end)

    def _handle(self, account_id: str) -> str:
        seat = self.seats.get(account_id)
        return seat.handle if seat is not None else account_id
