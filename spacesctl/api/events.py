"""Events of a Space, as its event stream carries them.

Stored events have a number `seq`, from which a stream resumes; the ephemeral ones (levels, counts, partial captions) have none. Fields
that only staff see are left out for others.
"""

from __future__ import annotations

from typing import TypeVar

import msgspec

from spacesctl.api.captions import CaptionsStatus, CaptionText
from spacesctl.api.moderation_events import (
    ActTaken,
    BreakerTripped,
    Erased,
    EvidenceKept,
    HoldBegan,
    HoldEnded,
    MeasureBegan,
    MeasureEnded,
    OffenceCounted,
    PointsGiven,
    Readmitted,
    RedactionChanged,
    RedactionMade,
    RedactionMissed,
    RedactionWithdrawn,
    Removed,
    ReportFiled,
    Restored,
    RulesSet,
    SanctionImposed,
    SanctionLifted,
    ServerMuted,
    ServerUnmuted,
    SuggestionEnded,
    SuggestionMade,
)
from spacesctl.api.people_events import (
    HandLowered,
    HandRaised,
    HostBack,
    HostChanged,
    HostLeft,
    HostWentAway,
    InviteAnswered,
    Invited,
    LaneClosed,
    LaneOpened,
    MicChanged,
    RoleChanged,
)
from spacesctl.api.review_events import AppealDecided, AppealFiled, ReportAssigned, ReportDecided, ReportNoted
from spacesctl.api.space_events import (
    CaptionsSwitched,
    ChatChanged,
    ChatSaid,
    Consented,
    DelayChanged,
    Pinned,
    PolicyChanged,
    RecordingStarted,
    RecordingStopped,
    RemindersSent,
    SpaceCanceled,
    SpaceCreated,
    SpaceEdited,
    SpaceEnded,
    SpaceMissed,
    SpaceStarted,
    TextErased,
    TextMasked,
    Unpinned,
)
from spacesctl.api.wire import Answer, Time, load
from spacesctl.domain.words import HandOutcome, InviteState, Role

T = TypeVar("T", bound=Answer)


class CaptionSpoken(CaptionText, frozen=True, kw_only=True):
    """A final caption."""


class PartialCaption(CaptionText, frozen=True, kw_only=True):
    """A caption that may still change."""


class StreamHello(Answer, frozen=True, kw_only=True):
    """The first event of a stream: the newest number, and the tick of the Space clock."""

    space_id: str
    seq: int
    tick: int


class StreamReset(Answer, frozen=True, kw_only=True):
    """More was missed than is sent again: load the Space anew."""

    seq: int


class You(Answer, frozen=True, kw_only=True):
    """Your own place, told at once to you alone where the audience hears of it later, or never, as of requests to speak. The stored
    events about you up to number `seq` are in it: they follow when the audience hears them, and say nothing new of your place."""

    account_id: str
    role: Role
    muted: bool
    seq: int
    hand: int | None = None
    """Your place in the line of those who ask to speak, from 1."""
    hand_ended: HandOutcome | None = None
    """How your request to speak has just ended."""
    invite: InviteState | None = None
    """What became of your invitation."""


class Presence(Answer, frozen=True, kw_only=True):
    """How many are there."""

    participant_count: int


class Level(Answer, frozen=True, kw_only=True):
    """The level of a lane in dBFS, and whether somebody speaks."""

    lane: int
    account_id: str
    db: int
    active: bool


class Levels(Answer, frozen=True, kw_only=True):
    """The levels of all lanes."""

    tick: int
    levels: list[Level]


class Reactions(Answer, frozen=True, kw_only=True):
    """How often each reaction was sent within a second."""

    tick: int
    counts: dict[str, int]


class Delay(Answer, frozen=True, kw_only=True):
    """How the audience hears: `now` seconds behind the stage, `target` seconds when all goes well, at the latest in `safe_in` seconds.
    `held`: it hears a silence, by which the delay grows."""

    now: float
    target: float
    safe_in: float
    held: bool = False


class Unknown(Answer, frozen=True, kw_only=True):
    """An event of a newer server."""


class Event(Answer, frozen=True, kw_only=True):
    """An event. `at` is when it happened, `tick` the same on the Space clock; ephemeral events have neither, and no `seq`."""

    type: str
    data: Answer
    seq: int | None = None
    at: Time | None = None
    tick: int | None = None


EVENTS: dict[str, type[Answer]] = {
    "space.created": SpaceCreated,
    "space.started": SpaceStarted,
    "space.ended": SpaceEnded,
    "space.canceled": SpaceCanceled,
    "space.missed": SpaceMissed,
    "space.edited": SpaceEdited,
    "reminders.sent": RemindersSent,
    "policy.changed": PolicyChanged,
    "delay.changed": DelayChanged,
    "captions.switched": CaptionsSwitched,
    "invite.sent": Invited,
    "invite.answered": InviteAnswered,
    "hand.raised": HandRaised,
    "hand.lowered": HandLowered,
    "role.changed": RoleChanged,
    "host.changed": HostChanged,
    "host.away": HostWentAway,
    "host.back": HostBack,
    "host.left": HostLeft,
    "lane.opened": LaneOpened,
    "lane.closed": LaneClosed,
    "mic.changed": MicChanged,
    "person.muted": ServerMuted,
    "person.unmuted": ServerUnmuted,
    "person.removed": Removed,
    "person.readmitted": Readmitted,
    "person.erased": Erased,
    "person.restored": Restored,
    "sanction.imposed": SanctionImposed,
    "sanction.lifted": SanctionLifted,
    "redaction.made": RedactionMade,
    "redaction.changed": RedactionChanged,
    "redaction.withdrawn": RedactionWithdrawn,
    "redaction.missed": RedactionMissed,
    "hold.began": HoldBegan,
    "hold.ended": HoldEnded,
    "measure.began": MeasureBegan,
    "measure.ended": MeasureEnded,
    "rules.set": RulesSet,
    "act.taken": ActTaken,
    "suggestion.made": SuggestionMade,
    "suggestion.ended": SuggestionEnded,
    "offence.counted": OffenceCounted,
    "points.given": PointsGiven,
    "breaker.tripped": BreakerTripped,
    "report.filed": ReportFiled,
    "evidence.kept": EvidenceKept,
    "report.decided": ReportDecided,
    "report.assigned": ReportAssigned,
    "report.noted": ReportNoted,
    "appeal.filed": AppealFiled,
    "appeal.decided": AppealDecided,
    "pin.added": Pinned,
    "pin.removed": Unpinned,
    "recording.started": RecordingStarted,
    "recording.stopped": RecordingStopped,
    "recording.consented": Consented,
    "caption": CaptionSpoken,
    "chat.changed": ChatChanged,
    "chat.said": ChatSaid,
    "text.masked": TextMasked,
    "text.erased": TextErased,
}
"""All events that are stored, by type."""

EPHEMERAL: dict[str, type[Answer]] = {
    "hello": StreamHello,
    "reset": StreamReset,
    "you": You,
    "presence": Presence,
    "levels": Levels,
    "reactions": Reactions,
    "delay": Delay,
    "caption.partial": PartialCaption,
    "captions.status": CaptionsStatus,
}
"""All events that are not, by type."""


class _Envelope(Answer, frozen=True, kw_only=True):
    type: str
    data: msgspec.Raw
    seq: int | None = None
    at: Time | None = None
    tick: int | None = None


def read_event(text: str) -> Event:
    """An event from its JSON. One of a type that is not known, or whose data has another form than here, has `Unknown` data: it is a newer
    server's. Raises `msgspec.ValidationError` for what is no event."""
    found = load(text, _Envelope)
    return Event(type=found.type, data=_data(found), seq=found.seq, at=found.at, tick=found.tick)


def _data(found: _Envelope) -> Answer:
    kind = EVENTS.get(found.type) or EPHEMERAL.get(found.type)
    if kind is None:
        return Unknown()
    try:
        return load(bytes(found.data), kind)
    except (ValueError, RecursionError):
        return Unknown()
