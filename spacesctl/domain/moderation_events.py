"""What can happen to people by moderation: mutes, removals, sanctions, acts of rules, reports. `events.py` has them, too."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from spacesctl.domain.event import Event
from spacesctl.domain.redaction import Redaction
from spacesctl.domain.sanction import Sanction
from spacesctl.domain.space import Grant, Pin
from spacesctl.domain.suggestion import Suggestion
from spacesctl.domain.words import RedactionMode

SuggestionEnd = Literal["confirmed", "dismissed", "expired", "answered"]
"""How a suggestion ends; `answered`: its second recognition came."""


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
class Erased(Event):
    """The audience reads nothing any longer of what `speaker` (`@handle`) said and shared; `pins` are those that were removed for it."""

    type = "person.erased"
    account_id: str
    speaker: str
    pins: tuple[Pin, ...] = ()


@dataclass(frozen=True)
class Restored(Event):
    """It reads that again."""

    type = "person.restored"
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
    """A sanction ended before the Space did. `how`: `undone` (by somebody, with a `reason`; `wrong`: it never should have been), `expired`
    or `replaced`."""

    type = "sanction.lifted"
    sanction_id: str
    action: str
    account_id: str
    how: str
    reason: str = ""
    wrong: bool = False


@dataclass(frozen=True)
class RulesSet(Event):
    """The moderation rules were set, replaced or cleared (`rules_hash` and `grant` None)."""

    type = "rules.set"
    rules_hash: str | None
    grant: Grant | None


@dataclass(frozen=True)
class ActTaken(Event):
    """An action that a rule took, or (mode `shadow`, `suggest`, `held`, `waiting` or `unconfirmed`) would have taken. `key` identifies the
    act, so that it is stored once; one that waited is told again. An empty `account_id`: it is about the Space.
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
class SuggestionMade(Event):
    """A rule leaves an action to staff, or (the same id) again; or it waits for its second recognition (its state is `waiting`)."""

    type = "suggestion.made"
    suggestion: Suggestion

    @property
    def account_id(self) -> str:
        return self.suggestion.account_id


@dataclass(frozen=True)
class SuggestionEnded(Event):
    """A suggestion was confirmed or dismissed by the account `by`, or it expired. `sanction` is the id of what it became."""

    type = "suggestion.ended"
    suggestion_id: str
    rule_id: str
    action: str
    account_id: str
    how: SuggestionEnd
    by: str = ""
    sanction: str = ""


@dataclass(frozen=True)
class OffenceCounted(Event):
    """Somebody broke a rule that acts only on repeated offences, or not again for a while: in these ticks of a lane. `acts`: this time it
    acts, and then not before `quiet_until`. Offences before the tick `since` count no longer."""

    type = "offence.counted"
    rule_id: str
    account_id: str
    lane: int
    first: int
    last: int
    acts: bool
    since: int = 0
    quiet_until: int = 0


@dataclass(frozen=True)
class PointsGiven(Event):
    """A rule gave an account points on a ladder, for the act `key`. They expire at `until`."""

    type = "points.given"
    ladder: str
    account_id: str
    points: int
    key: str
    until: datetime


@dataclass(frozen=True)
class BreakerTripped(Event):
    """Rules have taken so many sanctions in five minutes that more of them are held: against one account or (an empty `account_id`)
    against all. It is not told again before `until`."""

    type = "breaker.tripped"
    account_id: str
    until: datetime


@dataclass(frozen=True)
class ReportFiled(Event):
    """A report was filed by the account `by`, about the Space or about the account `account_id`. `act` is the key of a rule's
    act; `clip` the SHA-256 of the evidence clip; `first` the first tick of what it is about.
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
    first: int | None = None


@dataclass(frozen=True)
class EvidenceKept(Event):
    """All of the time that a report is about has passed: `clip` is the SHA-256 of its evidence clip, `account_id` whom it is about."""

    type = "evidence.kept"
    report_id: str
    clip: str | None
    account_id: str


@dataclass(frozen=True)
class RedactionMade(Event):
    """A stretch is kept from the audience. `aired` is the last tick that it had heard."""

    type = "redaction.made"
    redaction: Redaction
    aired: int


@dataclass(frozen=True)
class RedactionChanged(Event):
    """A redaction has another stretch, mode or reason."""

    type = "redaction.changed"
    redaction_id: str
    first: int
    last: int
    mode: RedactionMode
    missed_to: int | None = None
    reason: str | None = None
    """None in those of earlier versions: it stayed."""


@dataclass(frozen=True)
class RedactionWithdrawn(Event):
    """A redaction was withdrawn: the audience hears what it would have silenced."""

    type = "redaction.withdrawn"
    redaction_id: str


@dataclass(frozen=True)
class RedactionMissed(Event):
    """A redaction came too late for its ticks up to `missed_to`, `ticks` of them: the audience had heard them."""

    type = "redaction.missed"
    redaction_id: str
    missed_to: int
    ticks: int


@dataclass(frozen=True)
class MeasureBegan(Event):
    """A measure began: `mute`, `demote`, `slow` or `lock`. `until` None: until it is ended, or the Space. `every`: seconds, of `slow`.
    `inside` are the accounts that may come back while it is locked.
    """

    type = "measure.began"
    action: str
    until: datetime | None
    every: int | None = None
    inside: tuple[str, ...] = ()


@dataclass(frozen=True)
class MeasureEnded(Event):
    """A measure ended."""

    type = "measure.ended"
    action: str


@dataclass(frozen=True)
class HoldBegan(Event):
    """Who comes on stage before `until` is muted. `mutes` are the ids of the mutes that came with it."""

    type = "hold.began"
    until: datetime
    by: str = ""
    mutes: tuple[str, ...] = ()


@dataclass(frozen=True)
class HoldEnded(Event):
    """Who comes on stage may speak again."""

    type = "hold.ended"
