"""What can happen in a Space. Each event is stored once, numbered by the Space's sequence, and replayed to clients that
missed it.

`HIDDEN_FROM_AUDIENCE` lists the event types of the audience view, each with the fields that are left out there. All
other types go to staff only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime

from spacesctl.domain.event import Event
from spacesctl.domain.moderation_events import (
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
    SuggestionEnd,
    SuggestionEnded,
    SuggestionMade,
)
from spacesctl.domain.review_events import AppealDecided, AppealFiled, ReportAssigned, ReportDecided, ReportNoted
from spacesctl.domain.space import Invite, Pin, Recording
from spacesctl.domain.speech import Word
from spacesctl.domain.words import ChatPolicy, HandOutcome, InviteState, ListenerPolicy, Policy, RecordingMode, Role

__all__ = [
    "BY_TYPE",
    "HIDDEN_FROM_AUDIENCE",
    "ActTaken",
    "AppealDecided",
    "AppealFiled",
    "BreakerTripped",
    "CaptionSpoken",
    "CaptionsSwitched",
    "ChatChanged",
    "ChatSaid",
    "Consented",
    "DelayChanged",
    "Erased",
    "Event",
    "EvidenceKept",
    "HandLowered",
    "HandRaised",
    "HoldBegan",
    "HoldEnded",
    "HostAway",
    "HostBack",
    "HostChanged",
    "HostLeft",
    "InviteAnswered",
    "Invited",
    "LaneClosed",
    "LaneOpened",
    "MeasureBegan",
    "MeasureEnded",
    "MicChanged",
    "OffenceCounted",
    "Pinned",
    "PointsGiven",
    "PolicyChanged",
    "Readmitted",
    "RecordingStarted",
    "RecordingStopped",
    "RedactionChanged",
    "RedactionMade",
    "RedactionMissed",
    "RedactionWithdrawn",
    "RemindersSent",
    "Removed",
    "ReportAssigned",
    "ReportDecided",
    "ReportFiled",
    "ReportNoted",
    "Restored",
    "RoleChanged",
    "RulesSet",
    "SanctionImposed",
    "SanctionLifted",
    "ServerMuted",
    "ServerUnmuted",
    "SpaceCanceled",
    "SpaceCreated",
    "SpaceEdited",
    "SpaceEnded",
    "SpaceMissed",
    "SpaceStarted",
    "SuggestionEnd",
    "SuggestionEnded",
    "SuggestionMade",
    "TextErased",
    "TextMasked",
    "Unpinned",
]


@dataclass(frozen=True)
class SpaceCreated(Event):
    """The Space was created, as scheduled. `duration` is in seconds."""

    type = "space.created"
    id: str
    title: str
    host_id: str
    at: datetime
    policy: Policy
    listeners: ListenerPolicy
    captions: bool
    topics: tuple[str, ...]
    lang: str
    scheduled_start: datetime | None
    duration: int | None = None
    series_id: str | None = None
    record: RecordingMode = RecordingMode.OFF
    delay: float | None = None


@dataclass(frozen=True)
class SpaceStarted(Event):
    """The Space went live."""

    type = "space.started"
    at: datetime


@dataclass(frozen=True)
class SpaceEnded(Event):
    """The Space ended."""

    type = "space.ended"
    at: datetime


@dataclass(frozen=True)
class SpaceCanceled(Event):
    """The Space was canceled before it started."""

    type = "space.canceled"
    at: datetime


@dataclass(frozen=True)
class SpaceMissed(Event):
    """The scheduled time passed and the Space was not started."""

    type = "space.missed"
    at: datetime


@dataclass(frozen=True)
class RemindersSent(Event):
    """The reminders of one `kind` were sent: `soon` (half an hour ahead) or `start`."""

    type = "reminders.sent"
    kind: str


@dataclass(frozen=True)
class SpaceEdited(Event):
    """The Space was edited. Carries all editable fields with their new values. `duration` is in seconds."""

    type = "space.edited"
    title: str
    topics: tuple[str, ...]
    lang: str
    listeners: ListenerPolicy
    scheduled_start: datetime | None
    duration: int | None = None
    record: RecordingMode = RecordingMode.OFF


@dataclass(frozen=True)
class DelayChanged(Event):
    """The audience is to hear the stage `delay` seconds later. `now`: a longer delay begins at once, by a silence."""

    type = "delay.changed"
    delay: float
    now: bool = False


@dataclass(frozen=True)
class PolicyChanged(Event):
    """The policy of who may speak changed."""

    type = "policy.changed"
    policy: Policy


@dataclass(frozen=True)
class CaptionsSwitched(Event):
    """Live captions were turned on or off."""

    type = "captions.switched"
    on: bool


@dataclass(frozen=True)
class Invited(Event):
    """An account was invited to speak or to co-host, with the inviting person's `message`."""

    type = "invite.sent"
    invite: Invite
    message: str = ""


@dataclass(frozen=True)
class InviteAnswered(Event):
    """An invitation was accepted, declined or revoked."""

    type = "invite.answered"
    account_id: str
    state: InviteState


@dataclass(frozen=True)
class HandRaised(Event):
    """A listener asked to speak, about a `topic`, with a `note` for the staff and the id of a voice clip; or changed these."""

    type = "hand.raised"
    account_id: str
    topic: str = ""
    note: str = ""
    voice: str | None = None


@dataclass(frozen=True)
class HandLowered(Event):
    """A request to speak ended. `outcome` is `approved`, `denied`, `withdrawn` or `ended` (with the Space)."""

    type = "hand.lowered"
    account_id: str
    outcome: HandOutcome


@dataclass(frozen=True)
class RoleChanged(Event):
    """An account got another role. `demoted`: somebody else took its role away, so no policy gives it back without approval."""

    type = "role.changed"
    account_id: str
    role: Role
    demoted: bool = False


@dataclass(frozen=True)
class HostChanged(Event):
    """Another account became host; `before`, the previous host, stays as a co-host. `reason` is `handed_over`, `host_gone` or
    `returned` (the host who had left is back).
    """

    type = "host.changed"
    account_id: str
    before: str
    reason: str


@dataclass(frozen=True)
class HostAway(Event):
    """The host `account_id` left. Unless they are back by `until`, a co-host takes over."""

    type = "host.away"
    account_id: str
    until: datetime


@dataclass(frozen=True)
class HostBack(Event):
    """The host `account_id` is there again."""

    type = "host.back"
    account_id: str


@dataclass(frozen=True)
class HostLeft(Event):
    """The host `account_id` stayed away, and no co-host is there. All microphones are closed. Unless one of them comes, the Space
    ends at `ends_at`.
    """

    type = "host.left"
    account_id: str
    ends_at: datetime


@dataclass(frozen=True)
class LaneOpened(Event):
    """A microphone session began."""

    type = "lane.opened"
    account_id: str
    lane: int
    mic_open: bool


@dataclass(frozen=True)
class LaneClosed(Event):
    """A microphone session ended. `reason`: `left`, `replaced`, `demoted`, `kicked`, `blocked`, `ended`, `restarted`,
    `host_gone`.
    """

    type = "lane.closed"
    account_id: str
    lane: int
    reason: str


@dataclass(frozen=True)
class MicChanged(Event):
    """A microphone was opened or closed within its session."""

    type = "mic.changed"
    account_id: str
    open: bool


@dataclass(frozen=True)
class Pinned(Event):
    """A post or a link was shared into the Space. It replaces an earlier pin with the same `ref`."""

    type = "pin.added"
    pin: Pin


@dataclass(frozen=True)
class Unpinned(Event):
    """A pin was removed."""

    type = "pin.removed"
    pin_id: str


@dataclass(frozen=True)
class RecordingStarted(Event):
    """A recording began."""

    type = "recording.started"
    recording: Recording


@dataclass(frozen=True)
class RecordingStopped(Event):
    """A recording ended. `reason`: `stopped` (by the host), `ended` (with the Space), `disk` (the file could not be written)."""

    type = "recording.stopped"
    recording_id: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class Consented(Event):
    """An account agreed to be recorded in this Space."""

    type = "recording.consented"
    account_id: str


@dataclass(frozen=True)
class CaptionSpoken(Event):
    """A final caption of `speaker` (`@handle`). `typed`: they wrote it, and no program did."""

    type = "caption"
    account_id: str
    speaker: str
    lane: int
    utterance: int
    text: str
    start_tick: int
    end_tick: int
    words: tuple[Word, ...]
    typed: bool = False


@dataclass(frozen=True)
class ChatChanged(Event):
    """Who may write in the chat, seconds between two messages of one account (0: any), and whether typed speech is spoken."""

    type = "chat.changed"
    chat: ChatPolicy
    every: int
    aloud: bool


@dataclass(frozen=True)
class ChatSaid(Event):
    """`speaker` (`@handle`) wrote in the chat."""

    type = "chat.said"
    account_id: str
    speaker: str
    text: str
    tick: int


@dataclass(frozen=True)
class TextMasked(Event):
    """Words of the text with this number are kept from the audience: first and last number of each run, from 0. `rule` is the rule that did
    it. Of `digits` the text itself is changed."""

    type = "text.masked"
    number: int
    account_id: str
    words: tuple[tuple[int, int], ...]
    digits: bool = False
    rule: str | None = None


@dataclass(frozen=True)
class TextErased(Event):
    """The text with this number, which `account_id` wrote, is kept from the audience. `by` is who asked."""

    type = "text.erased"
    number: int
    account_id: str
    by: str | None = None


BY_TYPE: dict[str, type[Event]] = {event.type: event for event in Event.__subclasses__()}

HIDDEN_FROM_AUDIENCE: dict[str, frozenset[str]] = {
    "space.created": frozenset(),
    "space.started": frozenset(),
    "space.ended": frozenset(),
    "space.canceled": frozenset(),
    "space.edited": frozenset(),
    "space.missed": frozenset(),
    "policy.changed": frozenset(),
    "delay.changed": frozenset({"now"}),
    "hold.began": frozenset({"by", "mutes"}),
    "hold.ended": frozenset(),
    "measure.began": frozenset({"inside"}),
    "measure.ended": frozenset(),
    "captions.switched": frozenset(),
    "role.changed": frozenset({"demoted"}),
    "host.changed": frozenset({"reason"}),
    "host.away": frozenset({"until"}),
    "host.back": frozenset(),
    "host.left": frozenset(),
    "lane.opened": frozenset(),
    "lane.closed": frozenset({"reason"}),
    "mic.changed": frozenset(),
    "person.muted": frozenset({"by", "reason"}),
    "person.unmuted": frozenset({"by"}),
    "person.erased": frozenset({"pins"}),
    "person.restored": frozenset(),
    "pin.added": frozenset(),
    "pin.removed": frozenset(),
    "recording.started": frozenset(),
    "recording.stopped": frozenset(),
    "caption": frozenset(),
    "chat.changed": frozenset(),
    "chat.said": frozenset(),
    "text.masked": frozenset({"rule", "digits"}),
    "text.erased": frozenset({"by"}),
}
"""The event types that the audience sees, each with the fields that are hidden from it."""
