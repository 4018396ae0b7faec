"""What can happen in a Space. Durable: each is stored once, numbered by the Space's sequence, and replayed to whoever missed it.

`HIDDEN_FROM_AUDIENCE` lists the types that the audience view shows, with the fields that it hides; every other type is for staff alone.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from spacesctl.domain.space import (
    Grant,
    Invite,
    InviteState,
    ListenerPolicy,
    Pin,
    Policy,
    Recording,
    RecordingMode,
    Role,
)


@dataclass(frozen=True)
class Event:
    type: ClassVar[str]


@dataclass(frozen=True)
class SpaceCreated(Event):
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


@dataclass(frozen=True)
class SpaceStarted(Event):
    type = "space.started"
    at: datetime


@dataclass(frozen=True)
class SpaceEnded(Event):
    type = "space.ended"
    at: datetime


@dataclass(frozen=True)
class SpaceCanceled(Event):
    type = "space.canceled"
    at: datetime


@dataclass(frozen=True)
class SpaceMissed(Event):
    """Its time passed while nothing could open it."""

    type = "space.missed"
    at: datetime


@dataclass(frozen=True)
class RemindersSent(Event):
    """`kind`: `soon` (half an hour ahead) or `start`."""

    type = "reminders.sent"
    kind: str


@dataclass(frozen=True)
class SpaceEdited(Event):
    """All of what can be edited, as it is now."""

    type = "space.edited"
    title: str
    topics: tuple[str, ...]
    lang: str
    listeners: ListenerPolicy
    scheduled_start: datetime | None
    duration: int | None = None


@dataclass(frozen=True)
class PolicyChanged(Event):
    type = "policy.changed"
    policy: Policy


@dataclass(frozen=True)
class CaptionsSwitched(Event):
    type = "captions.switched"
    on: bool


@dataclass(frozen=True)
class Invited(Event):
    type = "invite.sent"
    invite: Invite


@dataclass(frozen=True)
class InviteAnswered(Event):
    type = "invite.answered"
    account_id: str
    state: InviteState


@dataclass(frozen=True)
class HandRaised(Event):
    type = "hand.raised"
    account_id: str


@dataclass(frozen=True)
class HandLowered(Event):
    """`outcome` is `approved`, `denied` or `withdrawn`."""

    type = "hand.lowered"
    account_id: str
    outcome: str


@dataclass(frozen=True)
class RoleChanged(Event):
    """`demoted` is set when somebody else took the role away: no policy gives it back by itself."""

    type = "role.changed"
    account_id: str
    role: Role
    demoted: bool = False


@dataclass(frozen=True)
class HostChanged(Event):
    """Another host; the one before stays as a co-host. `reason`: `handed_over` or `host_gone`."""

    type = "host.changed"
    account_id: str
    before: str
    reason: str


@dataclass(frozen=True)
class LaneOpened(Event):
    type = "lane.opened"
    account_id: str
    lane: int
    mic_open: bool


@dataclass(frozen=True)
class LaneClosed(Event):
    """`reason`: `left`, `replaced`, `demoted`, `kicked`, `blocked`, `ended`, `restarted`, `host_gone`."""

    type = "lane.closed"
    account_id: str
    lane: int
    reason: str


@dataclass(frozen=True)
class MicChanged(Event):
    type = "mic.changed"
    account_id: str
    open: bool


@dataclass(frozen=True)
class ServerMuted(Event):
    type = "person.muted"
    account_id: str
    by: str
    reason: str = ""


@dataclass(frozen=True)
class ServerUnmuted(Event):
    """The gag is lifted and the person is asked to open the microphone; nobody opens it for them."""

    type = "person.unmuted"
    account_id: str
    by: str


@dataclass(frozen=True)
class Removed(Event):
    """Kicked (`barred`: stays out of this Space) or blocked (stays out of everything of the host's)."""

    type = "person.removed"
    account_id: str
    by: str
    reason: str
    barred: bool


@dataclass(frozen=True)
class RulesSet(Event):
    type = "rules.set"
    rules_hash: str | None
    grant: Grant | None


@dataclass(frozen=True)
class Pinned(Event):
    """A post or a link is shared into the Space; what was pinned with the same `ref` before is replaced."""

    type = "pin.added"
    pin: Pin


@dataclass(frozen=True)
class Unpinned(Event):
    type = "pin.removed"
    pin_id: str


@dataclass(frozen=True)
class RecordingStarted(Event):
    type = "recording.started"
    recording: Recording


@dataclass(frozen=True)
class RecordingStopped(Event):
    """`reason`: `stopped` (by the host), `ended` (with the Space), `disk` (it could not be written)."""

    type = "recording.stopped"
    recording_id: str
    reason: str
    at: datetime


@dataclass(frozen=True)
class Consented(Event):
    """Somebody agreed to be recorded in this Space."""

    type = "recording.consented"
    account_id: str


@dataclass(frozen=True)
class CaptionSpoken(Event):
    """A final caption by `speaker` (`@handle`): words as {w, start, end, conf}, seconds on the Space clock."""

    type = "caption"
    account_id: str
    speaker: str
    lane: int
    utterance: int
    text: str
    start_tick: int
    end_tick: int
    words: tuple[dict[str, Any], ...]


@dataclass(frozen=True)
class ActTaken(Event):
    """What a rule did, or (mode `shadow`, `held`) would have done. `key` is its natural key."""

    type = "act.taken"
    key: str
    rule_id: str
    mode: str
    action: str
    account_id: str
    lane: int
    start_tick: int
    end_tick: int


@dataclass(frozen=True)
class ReportFiled(Event):
    type = "report.filed"
    report_id: str
    category: str
    account_id: str | None


BY_TYPE: dict[str, type[Event]] = {event.type: event for event in Event.__subclasses__()}

HIDDEN_FROM_AUDIENCE: dict[str, frozenset[str]] = {
    "space.created": frozenset(),
    "space.started": frozenset(),
    "space.ended": frozenset(),
    "space.canceled": frozenset(),
    "space.edited": frozenset(),
    "space.missed": frozenset(),
    "policy.changed": frozenset(),
    "captions.switched": frozenset(),
    "role.changed": frozenset({"demoted"}),
    "host.changed": frozenset({"reason"}),
    "lane.opened": frozenset(),
    "lane.closed": frozenset({"reason"}),
    "mic.changed": frozenset(),
    "person.muted": frozenset({"by", "reason"}),
    "person.unmuted": frozenset({"by"}),
    "pin.added": frozenset(),
    "pin.removed": frozenset(),
    "recording.started": frozenset(),
    "recording.stopped": frozenset(),
    "caption": frozenset(),
}
