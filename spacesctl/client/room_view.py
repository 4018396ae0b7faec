"""What is known of a Space: read once, then kept up to date by its events.

`of` makes a view from the answers of the API, `room_changes.after` the next one from an event. The page has the same function in
`web/room.js`; one table of cases (tests/wire/room_cases.json) holds both together.
"""

from __future__ import annotations

from collections.abc import Iterable
from typing import Literal

from msgspec import structs

from spacesctl.api.captions import Caption
from spacesctl.api.events import Delay
from spacesctl.api.people import Member, Members
from spacesctl.api.spaces import HostAway, Measure, Space
from spacesctl.api.wire import Answer, Time
from spacesctl.domain.words import ChatPolicy, ListenerPolicy, Policy, RecordingMode, Role, State

REDACTED = "[redacted]"
"""Stands for words that the audience does not read."""
MOST_LINES = 200
"""Final captions, and messages, that are kept."""


class Person(Answer, frozen=True, kw_only=True):
    """Somebody in the Space. `level` is in dBFS, None while nothing was heard."""

    id: str
    handle: str = ""
    name: str = ""
    kind: str = "person"
    role: Role = Role.LISTENER
    mic: Literal["open", "closed"] = "closed"
    muted: bool = False
    lane: int | None = None
    connected: bool = False
    level: int | None = None
    active: bool = False

    @property
    def heard(self) -> bool:
        """Whether the audience hears the person."""
        return self.lane is not None and self.mic == "open" and not self.muted


class Line(Answer, frozen=True, kw_only=True):
    """A caption."""

    lane: int
    utterance: int
    speaker: str
    text: str
    start_tick: int
    typed: bool = False
    number: int | None = None
    """That of the event, of a final one."""


class Message(Answer, frozen=True, kw_only=True):
    """A message of the chat; `number` is that of its event."""

    number: int
    account_id: str
    speaker: str
    text: str
    masked: bool = False
    """Whether the audience does not read all of its words."""


class Own(Answer, frozen=True, kw_only=True):
    """The caller's account, once it was told its place before the audience was: its events up to number `seq` say nothing new of it."""

    account_id: str
    seq: int


class RoomView(Answer, frozen=True, kw_only=True):
    """A Space, its people by account id, and what was said. `stale`: the answers of the API must be read again, since something was
    missed or is about an account that is not known.
    """

    id: str
    title: str
    state: State
    speakers: Policy
    listeners: ListenerPolicy
    captions: bool
    captions_behind: bool = False
    """Whether captions come late, or not from everybody."""
    recording: RecordingMode | None = None
    host_away: HostAway | None = None
    delay: Delay | None = None
    """How far behind the stage the audience hears; None when it hears what is said now."""
    held_until: Time | None = None
    """Until then who comes on stage is muted."""
    measures: dict[str, Measure] = {}
    """What else goes for all, by what it is."""
    people: dict[str, Person] = {}
    hands: list[str] = []
    """The account ids of who asks to speak, the oldest first."""
    pins: list[str] = []
    """The ids of what is shared, the newest first."""
    own: Own | None = None
    participant_count: int = 0
    anonymous: int = 0
    lines: list[Line] = []
    """Final captions, the oldest first."""
    partial: dict[str, Line] = {}
    """The caption that may still change, by lane; of typed speech by account."""
    chat: ChatPolicy = ChatPolicy.OFF
    chat_every: int = 0
    messages: list[Message] = []
    """What the chat has, the oldest first."""
    seq: int = 0
    """The number of the last event."""
    tick: int = 0
    stale: bool = False


def of(space: Space, members: Members, hands: list[str] | None = None) -> RoomView:
    """The view as the API tells it."""
    people = {one.id: _person(one) for one in members.data}
    asking = hands if hands is not None else [one.id for one in members.data if one.hand_raised]
    return RoomView(
        id=space.id,
        title=space.title,
        state=space.state,
        speakers=space.speakers,
        listeners=space.listeners,
        captions=space.captions,
        chat=space.chat,
        chat_every=space.chat_every,
        captions_behind=space.captions_status.behind,
        recording=space.recording.kind if space.recording else None,
        host_away=space.host_away,
        delay=_delay(space),
        held_until=space.held_until,
        measures={one.action: one for one in space.measures},
        people=people,
        hands=asking,
        pins=[pin.id for pin in space.pinned],
        participant_count=space.participant_count,
        anonymous=members.anonymous,
        tick=space.tick or 0,
    )


def _delay(space: Space) -> Delay | None:
    if space.delay_now is None or not (space.delay_now or space.delay):
        return None
    return Delay(now=space.delay_now, target=space.delay, safe_in=space.safe_in or 0.0)


def reread(view: RoomView, space: Space, members: Members) -> RoomView:
    """The view with what the API tells anew; what was said and heard stays."""
    fresh = of(space, members)
    people = {
        one.id: structs.replace(one, level=before.level, active=before.active) if before is not None else one
        for one in fresh.people.values()
        for before in (view.people.get(one.id),)
    }
    return structs.replace(
        fresh, people=people, lines=view.lines, partial=view.partial, messages=view.messages, own=view.own, seq=view.seq
    )


def with_past(view: RoomView, captions: Iterable[Caption]) -> RoomView:
    """The view with what was said before."""
    said = [
        Line(
            lane=one.lane, utterance=one.utterance, speaker=one.speaker, text=one.text, start_tick=one.start_tick,
            typed=one.typed, number=one.seq,
        )
        for one in captions
    ]  # fmt: skip
    return structs.replace(view, lines=[*said, *view.lines][-MOST_LINES:])


def _person(one: Member) -> Person:
    return Person(
        id=one.id, handle=one.handle, name=one.name, kind=one.kind.value, role=one.role, mic=one.mic, muted=one.muted,
        lane=one.lane, connected=one.connected,
    )  # fmt: skip
