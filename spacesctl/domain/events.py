"""What can happen in a Space. Each event is stored once, numbered by the Space's sequence, and replayed to clients that
missed it.

`HIDDEN_FROM_AUDIENCE` lists the event types of the audience view, each with the fields that are left out there. All
other types go to staff only.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any, ClassVar

from spacesctl.domain.sanction import Sanction
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
    """The base of all events. `type` is the stable name in storage and in the API."""

    type: ClassVar[str]


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
    outcome: str


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
class ServerMuted(Event):
    """An account was server-muted. `by` is the id of the account that did it."""

    type = "person.muted"
    account_id: str
    by: str
    reason: str = ""


@dataclass(frozen=True)
class ServerUnmuted(Event):
    """A server mute was lifted. The person is asked to open the microphone; nobody else opens it."""

    type = "person.unmuted"
    account_id: str
    by: str


@dataclass(frozen=True)
class Removed(Event):
    """A person was removed: kicked (`barred`, cannot come back to this Space) or blocked by the host."""

    type = "person.removed"
    account_id: str
    by: str
    reason: str
    barred: bool


@dataclass(frozen=True)
class Readmitted(Event):
    """A person who was kicked may come back."""

    type = "person.readmitted"
    account_id: str


@dataclass(frozen=True)
class SanctionImposed(Event):
    """A sanction began. What it does is said by the events beside it."""

    type = "sanction.imposed"
    sanction: Sanction

    @property
    def account_id(self) -> str:
        return self.sanction.target


@dataclass(frozen=True)
class SanctionLifted(Event):
    """A sanction ended before the Space did. `how`: `undone` (by somebody, with a `reason`), `expired` or `replaced`."""

    type = "sanction.lifted"
    sanction_id: str
    action: str
    account_id: str
    how: str
    reason: str = ""


@dataclass(frozen=True)
class RulesSet(Event):
    """The moderation rules were set, replaced or cleared (`rules_hash` and `grant` None)."""

    type = "rules.set"
    rules_hash: str | None
    grant: Grant | None


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
    """A final caption of `speaker` (`@handle`). Words are {w, start, end, conf} with times in seconds on the Space clock."""

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
    """An action that a rule took, or (mode `shadow` or `held`) would have taken. `key` identifies the act, so that it
    is stored once.
    """

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
    """A report was filed by the account `by`, about the Space or about the account `account_id`. `act` is the key of a rule's
    act; `clip` the SHA-256 of the evidence clip.
    """

    type = "report.filed"
    report_id: str
    category: str
    account_id: str | None
    by: str = ""
    note: str = ""
    lane: int | None = None
    tick: int = 0
    clip: str | None = None
    act: str = ""


@dataclass(frozen=True)
class ReportDecided(Event):
    """Staff decided on a report that the account `reporter_id` filed, or opened it again: `state` is `upheld`, `dismissed` or `open`."""

    type = "report.decided"
    report_id: str
    state: str
    reporter_id: str
    note: str = ""


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
    "host.away": frozenset({"until"}),
    "host.back": frozenset(),
    "host.left": frozenset(),
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
"""The event types that the audience sees, each with the fields that are hidden from it."""
