"""The state of the running demo, updated from the Space's events. The view draws it and the report counts it. It does no I/O."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from spacesctl.domain.clock import TICK_SECONDS
from spacesctl.probe.probe_listener import ProbeListener

KEPT_EVENTS = 20_000
"""Durable events kept for the report: enough for hours."""
KEPT_LINES = 100
"""Captions, and moderation lines, kept for the view."""
SILENCE = -127
"""dBov of a closed microphone."""
FALL = 8
"""dB by which a shown level falls at most from one report to the next (100 ms)."""
_RULE_DID = {"mute": "muted", "report": "reported", "kick": "removed", "block": "blocked", "log": "noted"}


@dataclass
class Seat:
    """A speaker as the view shows them. `level` is in dBov, -127 to 0."""

    handle: str
    name: str
    role: str
    way: str = ""
    lane: int | None = None
    level: int = SILENCE
    active: bool = False
    muted: bool = False
    removed: bool = False


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

    title: str
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
    events: deque[dict[str, Any]] = field(default_factory=lambda: deque(maxlen=KEPT_EVENTS))
    people: int = 0

    def on_event(self, event: dict[str, Any]) -> None:
        """Take one event of the Space's staff view."""
        if "seq" in event:
            self.events.append(event)
        take = _TAKES.get(event["type"])
        if take is not None:
            take(self, event, event["data"])

    def of_type(self, kind: str) -> list[dict[str, Any]]:
        """The kept durable events of a type, oldest first."""
        return [event for event in self.events if event["type"] == kind]

    def moderated(self, tick: int, handle: str, text: str) -> None:
        """Add a moderation line about somebody."""
        line = Line(tick, handle, text)
        self.acts.append(line)
        self.say(f"{line.time}  * {text}")

    def _levels(self, _event: dict[str, Any], data: dict[str, Any]) -> None:
        for level in data["levels"]:
            seat = self.seats.get(level["account_id"])
            if seat is not None:
                # Let a bar fall slowly: between two words of a sentence it should not drop to silence.
                seat.level, seat.active = max(level["db"], seat.level - FALL), level["active"]

    def _presence(self, _event: dict[str, Any], data: dict[str, Any]) -> None:
        self.people = data["participant_count"]

    def _partial(self, _event: dict[str, Any], data: dict[str, Any]) -> None:
        key = (data["lane"], data["utterance"])
        for other in [one for one in self.partials if one[0] == data["lane"]]:
            del self.partials[other]
        self.partials[key] = Line(data["start_tick"], data["speaker"], data["text"])

    def _caption(self, _event: dict[str, Any], data: dict[str, Any]) -> None:
        self.partials.pop((data["lane"], data["utterance"]), None)
        line = Line(data["start_tick"], data["speaker"], data["text"])
        self.captions.append(line)
        self.say(f"{line.time}  {line.handle}: {line.text}")

    def _lane_opened(self, event: dict[str, Any], data: dict[str, Any]) -> None:
        seat = self.seats.get(data["account_id"])
        if seat is not None:
            seat.lane = data["lane"]
            self.say(f"{Line(event['tick'], '', '').time}  @{seat.handle} opens the microphone ({seat.way})")

    def _lane_closed(self, _event: dict[str, Any], data: dict[str, Any]) -> None:
        seat = self.seats.get(data["account_id"])
        if seat is not None and seat.lane == data["lane"]:
            seat.lane, seat.level, seat.active = None, SILENCE, False

    def _act(self, event: dict[str, Any], data: dict[str, Any]) -> None:
        handle = self._handle(data["account_id"])
        did = _RULE_DID.get(data["action"], data["action"])
        would = "" if data["mode"] == "enforce" else " (recorded only: the rule is in shadow mode)"
        words = self._words(data["lane"], data["start_tick"], data["end_tick"])
        heard = f" heard “{words}”" if words else ""
        self.moderated(event["tick"], handle, f"rule {data['rule_id']}{heard}: {handle} {did}{would}")

    def _muted(self, _event: dict[str, Any], data: dict[str, Any]) -> None:
        if data["account_id"] in self.seats:
            self.seats[data["account_id"]].muted = True

    def _removed(self, event: dict[str, Any], data: dict[str, Any]) -> None:
        handle = self._handle(data["account_id"])
        if data["account_id"] in self.seats:
            self.seats[data["account_id"]].removed = True
        why = f": {data['reason']}" if data.get("reason") else ""
        self.moderated(event["tick"], handle, f"@{self.host} removed {handle}{why}")

    def _words(self, lane: int, first: int, last: int) -> str:
        """The words on a lane between two ticks, from its captions."""
        said = [
            word
            for event in self.of_type("caption")
            if event["data"]["lane"] == lane
            for word in event["data"]["words"]
        ]
        begin, end = (first - 1) * TICK_SECONDS, (last + 2) * TICK_SECONDS
        return " ".join(word["w"] for word in said if word["start"] >= begin and word["end"] <= end)

    def _handle(self, account_id: str) -> str:
        seat = self.seats.get(account_id)
        return f"@{seat.handle}" if seat is not None else account_id


_TAKES: dict[str, Callable[[State, dict[str, Any], dict[str, Any]], None]] = {
    "levels": State._levels,
    "presence": State._presence,
    "caption.partial": State._partial,
    "caption": State._caption,
    "lane.opened": State._lane_opened,
    "lane.closed": State._lane_closed,
    "act.taken": State._act,
    "person.muted": State._muted,
    "person.removed": State._removed,
}
