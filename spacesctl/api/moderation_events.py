"""What happens to people by moderation: mutes, removals, sanctions, acts of rules, reports."""

from __future__ import annotations

from typing import Literal

from spacesctl.api.wire import UNSET, Answer, Time, UnsetType
from spacesctl.domain.words import MeasureKind, RedactionMode


class ServerMuted(Answer, frozen=True, kw_only=True):
    """An account was server-muted, by the account `by_id`."""

    account_id: str
    by_id: str | UnsetType = UNSET
    reason: str | UnsetType = UNSET


class ServerUnmuted(Answer, frozen=True, kw_only=True):
    """A server mute was lifted. The person is asked to open the microphone; nobody else opens it."""

    account_id: str
    by_id: str | UnsetType = UNSET


class Removed(Answer, frozen=True, kw_only=True):
    """A person was removed: kicked (`barred`, cannot come back to this Space) or blocked by the host."""

    account_id: str
    by_id: str
    reason: str
    barred: bool


class Readmitted(Answer, frozen=True, kw_only=True):
    """A person who was kicked may come back."""

    account_id: str


class Erased(Answer, frozen=True, kw_only=True):
    """The audience reads nothing any longer of what `speaker` (`@handle`) said and shared."""

    account_id: str
    speaker: str


class Restored(Answer, frozen=True, kw_only=True):
    """It reads that again."""

    account_id: str


class ActingPrincipal(Answer, frozen=True, kw_only=True, omit_defaults=True):
    """Who imposed a sanction, as in `By`, without a handle."""

    kind: Literal["person", "rule", "system"]
    id: str | None = None
    for_host: str | None = None
    bot_id: str | None = None
    reason: str | None = None


class ImposedSanction(Answer, frozen=True, kw_only=True):
    """A sanction on the account `target_id`; empty: on the Space itself. `until` null: until the Space ends. `came_with` is the measure
    that it came with, and ends with.
    """

    id: str
    action: str
    target_id: str
    by: ActingPrincipal
    reason: str
    since: Time
    until: Time | None = None
    evidence: str = ""
    every: int | None = None
    came_with: str = ""
    erases: bool = False
    mutes_dms: bool = False


class SanctionImposed(Answer, frozen=True, kw_only=True):
    """A sanction began. What it does is said by the events beside it."""

    sanction: ImposedSanction


class SanctionLifted(Answer, frozen=True, kw_only=True):
    """A sanction ended before the Space did. `how`: `undone` (by somebody, with a `reason`), `expired` or `replaced`."""

    sanction_id: str
    action: str
    account_id: str
    how: str
    reason: str = ""


class BreakerLimits(Answer, frozen=True, kw_only=True):
    """Rules take at most `most` sanctions in five minutes, the last of them for an offence of the severity `severest`."""

    most: int = 5
    severest: int = 1


class Grant(Answer, frozen=True, kw_only=True):
    """The actions that a bot may take in the host's name until the Space ends."""

    bot_id: str
    host_id: str
    actions: list[str]
    with_numbers: bool = False
    """Evidence keeps the spoken numbers that the rules look for."""
    breaker: BreakerLimits = BreakerLimits()


class RulesSet(Answer, frozen=True, kw_only=True):
    """The rules were set, replaced or cleared (both null)."""

    rules_hash: str | None
    grant: Grant | None


class ActTaken(Answer, frozen=True, kw_only=True):
    """An action that a rule took, or (mode `shadow`, `suggest` or `held`) would have taken."""

    key: str
    rule_id: str
    mode: str
    action: str
    account_id: str
    """Empty for what is about the Space itself."""
    lane: int
    start_tick: int
    end_tick: int


class MadeSuggestion(Answer, frozen=True, kw_only=True):
    """The action of a rule on the account `account_id`; empty: on the Space itself. `act` is the key of the newest of `times` acts that
    asked for it, `lasts` the seconds that it would last (null: until the Space ends). `why`: `suggested`, `held` by the circuit breaker,
    or `unanswered` by a second recognition. `state`: `open`, or `waiting` for its second recognition."""

    id: str
    act: str
    rule_id: str
    action: str
    account_id: str
    why: str
    state: str
    since: Time
    until: Time
    lasts: int | None = None
    times: int = 1


class SuggestionMade(Answer, frozen=True, kw_only=True):
    """A rule leaves an action to staff, or (the same id) again; or it waits for its second recognition."""

    suggestion: MadeSuggestion


class SuggestionEnded(Answer, frozen=True, kw_only=True):
    """A suggestion was `confirmed` or `dismissed` by the account `by_id`, `expired`, or its second recognition `answered`. `sanction` is
    the id of what it became."""

    suggestion_id: str
    rule_id: str
    action: str
    account_id: str
    how: str
    by_id: str = ""
    sanction: str = ""


class OffenceCounted(Answer, frozen=True, kw_only=True):
    """Somebody broke a rule that acts only on repeated offences, or not again for a while. `acts`: this time it acts, and then not
    before the tick `quiet_until`. Offences before the tick `since` count no longer."""

    rule_id: str
    account_id: str
    lane: int
    from_tick: int
    to_tick: int
    acts: bool
    since: int = 0
    quiet_until: int = 0


class PointsGiven(Answer, frozen=True, kw_only=True):
    """A rule gave an account points on a ladder, for the act `key`. They expire at `until`."""

    ladder: str
    account_id: str
    points: int
    key: str
    until: Time


class BreakerTripped(Answer, frozen=True, kw_only=True):
    """Rules have taken so many sanctions in five minutes that more of them are held (acts have the mode `held`): against one account or
    (an empty `account_id`) against all. It is not told again before `until`."""

    account_id: str
    until: Time


class ReportFiled(Answer, frozen=True, kw_only=True):
    """A report was filed by the account `by_id`, about the Space or about the account `account_id`. `act` is the key of a rule's act;
    `clip` the SHA-256 of the evidence clip.
    """

    report_id: str
    category: str
    account_id: str | None
    by_id: str = ""
    note: str = ""
    lane: int | None = None
    tick: int = 0
    clip: str | None = None
    act: str = ""
    from_tick: int | None = None
    """The first tick of what it is about."""


class EvidenceKept(Answer, frozen=True, kw_only=True):
    """All of the time that a report is about has passed: `clip` is the SHA-256 of its evidence clip. Not shown to the account that it is
    about."""

    report_id: str
    clip: str | None
    account_id: str


class MadeRedaction(Answer, frozen=True, kw_only=True):
    """A redaction of ticks `from_tick` to `to_tick`, both included, of one lane; `lane` 0: of all. In a `cut` the audience jumps over the
    stretch. Up to `missed_to` it had aired before."""

    id: str
    lane: int
    account_id: str | None
    from_tick: int
    to_tick: int
    mode: RedactionMode
    by: ActingPrincipal
    reason: str = ""
    cut: bool = False
    number: bool = False
    missed_to: int | None = None


class RedactionMade(Answer, frozen=True, kw_only=True):
    """A stretch is kept from the audience. `aired` is the last tick that it had heard."""

    redaction: MadeRedaction
    aired: int


class RedactionChanged(Answer, frozen=True, kw_only=True):
    """A redaction has another stretch, mode or reason."""

    redaction_id: str
    from_tick: int
    to_tick: int
    mode: RedactionMode
    reason: str | None = None
    missed_to: int | None = None


class RedactionWithdrawn(Answer, frozen=True, kw_only=True):
    """A redaction was withdrawn: the audience hears what it would have silenced."""

    redaction_id: str


class RedactionMissed(Answer, frozen=True, kw_only=True):
    """A redaction came too late for its ticks up to `missed_to`, `ticks` of them: the audience had heard them."""

    redaction_id: str
    missed_to: int
    ticks: int


class MeasureBegan(Answer, frozen=True, kw_only=True):
    """Something goes for all from now on: `mute`, `demote`, `slow` (`every` seconds) or `lock`. `until` null: until it is ended."""

    action: MeasureKind
    until: Time | None
    every: int | None = None


class MeasureEnded(Answer, frozen=True, kw_only=True):
    """It no longer does."""

    action: MeasureKind


class HoldBegan(Answer, frozen=True, kw_only=True):
    """Who comes on stage before `until` is muted. `mutes` are the ids of the mutes that came with it."""

    until: Time
    by_id: str | UnsetType = UNSET
    mutes: list[str] | UnsetType = UNSET


class HoldEnded(Answer, frozen=True, kw_only=True):
    """Who comes on stage may speak again."""
