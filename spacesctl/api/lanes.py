"""The text messages of the WebSocket lanes. Sound goes in binary ones (`audio.framing`)."""

from __future__ import annotations

from typing import Literal

import msgspec

from spacesctl.api.problem import Problem
from spacesctl.api.wire import UNSET, Answer, Time, UnsetType, decoded
from spacesctl.domain.words import Kind, Role


class Clock(Answer, frozen=True, kw_only=True):
    """The Space clock: ticks of 20 ms since `started_at`."""

    started_at: Time
    tick: int


class OpenLane(Answer, frozen=True, kw_only=True):
    """A microphone session."""

    lane: int
    account_id: str
    handle: str
    role: Role
    kind: Kind


class Hello(Answer, frozen=True, kw_only=True, tag_field="event", tag="hello"):
    """The first message. `lane` is the caller's own, if it speaks; `lanes` are the open ones, for `role=all`."""

    version: int
    role: Literal["speak", "listen", "all"]
    clock: Clock
    lane: int | None
    lanes: list[OpenLane] | UnsetType = UNSET


class Rejected(Answer, frozen=True, kw_only=True, tag_field="event", tag="refused"):
    """The connection is refused; it closes next, with 4000 + the problem's status."""

    problem: Problem


class Gap(Answer, frozen=True, kw_only=True, tag_field="event", tag="gap"):
    """The client read too slowly, and missed this many ticks."""

    ticks: int


class Ended(Answer, frozen=True, kw_only=True, tag_field="event", tag="ended"):
    """The last message."""

    reason: str


class Muted(Answer, frozen=True, kw_only=True, tag_field="event", tag="muted"):
    """The speaker was server-muted."""


class Unmuted(Answer, frozen=True, kw_only=True, tag_field="event", tag="unmuted"):
    """The server mute was lifted: the speaker is asked to open the microphone."""


class Moved(Answer, frozen=True, kw_only=True, tag_field="event", tag="moved"):
    """The listener hears another mix from now on: the stage as it speaks (`behind` 0), or what the audience hears, so many seconds later.
    Who leaves the stage hears the last seconds again."""

    behind: float


class Recorded(Answer, frozen=True, kw_only=True, tag_field="event", tag="recorded"):
    """A recording began, and the speaker's microphone is closed until they agree."""


class OpenedLane(Answer, frozen=True, kw_only=True, tag_field="event", tag="lane_opened"):
    """For `role=all`: a microphone session began."""

    lane: OpenLane


class ChangedLane(Answer, frozen=True, kw_only=True, tag_field="event", tag="lane_changed"):
    """For `role=all`: the role of a speaker changed."""

    lane: OpenLane


class ClosedLane(Answer, frozen=True, kw_only=True, tag_field="event", tag="lane_closed"):
    """For `role=all`: the microphone session with this number ended."""

    lane: int


class RulesChanged(Answer, frozen=True, kw_only=True, tag_field="event", tag="rules_changed"):
    """For `role=all`: the Space has other rules, or none."""

    hash: str | None


class LaneLevel(Answer, frozen=True, kw_only=True):
    """How loud a lane is, in dBFS (-127 to 0), whether somebody talks, how many frames of 20 ms reached full scale since the message
    before, and the noise floor in dBFS, null where the microphone is shut."""

    lane: int
    db: int
    active: bool
    clipped: int = 0
    noise: int | None = None


class LaneLevels(Answer, frozen=True, kw_only=True, tag_field="event", tag="levels"):
    """For `role=all`: how loud the lanes are, up to four times a second while somebody talks, and once more when nobody does."""

    tick: int
    levels: list[LaneLevel]


class KnownPerson(Answer, frozen=True, kw_only=True):
    """Somebody with a microphone, or who was reported. `born_tick` is the tick at which the account was made, mostly one before 0, and
    `came_tick` that at which it first came into the Space. `reports`: how much those of the last ten minutes about it weigh together."""

    account_id: str
    role: Role
    kind: Kind
    born_tick: int
    came_tick: int
    reports: float = 0.0


class Conduct(Answer, frozen=True, kw_only=True, tag_field="event", tag="conduct"):
    """For `role=all`, while the Space has rules: the accounts that came in the last minute for the first time, how many of them no Space of
    this server has seen before, the reactions and the requests to speak in it, and what rules may ask of people. Told when it changes."""

    tick: int
    joins: int
    never_seen: int
    reactions: int
    requests: int
    people: list[KnownPerson]


class Text(Answer, frozen=True, kw_only=True, tag_field="event", tag="text"):
    """For `role=all`: somebody wrote in the chat, or speaks by typing (`typed`). `number` is that of the event; null while the text may
    still change, and then `utterance` says which it is. Each text has a `tick` of its own."""

    number: int | None
    utterance: int
    account_id: str
    role: Role
    kind: Kind
    text: str
    tick: int
    typed: bool


LaneEvent = (
    Hello
    | Rejected
    | Gap
    | Ended
    | Moved
    | Muted
    | Unmuted
    | Recorded
    | OpenedLane
    | ChangedLane
    | ClosedLane
    | RulesChanged
    | LaneLevels
    | Conduct
    | Text
)

_EVENTS: msgspec.json.Decoder[LaneEvent] = msgspec.json.Decoder(LaneEvent, dec_hook=decoded)


def read_lane_event(text: bytes | str) -> LaneEvent | None:
    """A text message. None for what is none, or of a newer server."""
    try:
        return _EVENTS.decode(text)
    except (ValueError, RecursionError):
        return None
