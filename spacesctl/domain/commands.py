"""What a caller may ask of a Space. Each command carries its caller, and the facts from outside the Space (follows,
blocks) that it needs.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from spacesctl.domain.appealed import Appealed
from spacesctl.domain.ladder import Ladder
from spacesctl.domain.offence import AT_ONCE, USUAL, BreakerLimits, Terms
from spacesctl.domain.principals import Principal
from spacesctl.domain.redaction import Stretch
from spacesctl.domain.space import Hand
from spacesctl.domain.speech import Word
from spacesctl.domain.words import (
    ChatPolicy,
    Kind,
    ListenerPolicy,
    Policy,
    RecordingMode,
    RedactionMode,
    Role,
    RuleMode,
)

NO_HAND = Hand()


@dataclass(frozen=True)
class Command:
    """The base of all commands. `by` is who asks."""

    by: Principal


@dataclass(frozen=True)
class Create(Command):
    """Create a scheduled Space with the caller as host. `duration` is in seconds."""

    id: str
    title: str
    policy: Policy = Policy.INVITED
    listeners: ListenerPolicy = ListenerPolicy.EVERYONE
    captions: bool = True
    topics: tuple[str, ...] = ()
    lang: str = "en"
    scheduled_start: datetime | None = None
    duration: int | None = None
    series_id: str | None = None
    record: RecordingMode = RecordingMode.OFF
    delay: float | None = None
    """Seconds that the audience hears behind the stage; None: as the rules need it."""


@dataclass(frozen=True)
class Start(Command):
    """Go live."""


@dataclass(frozen=True)
class Miss(Command):
    """Mark a Space as missed: its scheduled time passed and it was not started."""


@dataclass(frozen=True)
class SendReminders(Command):
    """Send the reminders of one kind, `soon` or `start`. Each kind is sent once."""

    kind: str


@dataclass(frozen=True)
class End(Command):
    """End a live Space."""


@dataclass(frozen=True)
class Cancel(Command):
    """Cancel a Space that has not started."""


@dataclass(frozen=True)
class Edit(Command):
    """Change the fields that are not None. The start time, and what is recorded from the start, can only change while the Space is
    scheduled. `duration` is in seconds.
    """

    title: str | None = None
    topics: tuple[str, ...] | None = None
    lang: str | None = None
    listeners: ListenerPolicy | None = None
    scheduled_start: datetime | None = None
    duration: int | None = None
    record: RecordingMode | None = None
    delay: float | None = None
    delay_now: bool = False
    """A longer delay begins at once, by a silence."""


@dataclass(frozen=True)
class ChangePolicy(Command):
    """Change who may speak without approval."""

    policy: Policy


@dataclass(frozen=True)
class SwitchCaptions(Command):
    """Turn live captions on or off."""

    on: bool


@dataclass(frozen=True)
class Target:
    """The account that a command is about. `blocked`: a block keeps it out of the Space (`admission.kept_out`). `suspended`: it may not
    act at the moment. `tail` is what it said and the audience has not heard, in a Space with a delay."""

    account_id: str
    handle: str
    kind: Kind = Kind.PERSON
    blocked: bool = False
    suspended: bool = False
    tail: tuple[Stretch, ...] = ()


THE_SPACE: Final = Target("", "")
"""Stands where an act is about nobody."""


@dataclass(frozen=True)
class SendInvites(Command):
    """Invite accounts as speakers or co-hosts."""

    people: tuple[Target, ...]
    role: Role = Role.SPEAKER
    message: str = ""


@dataclass(frozen=True)
class AnswerInvite(Command):
    """Accept or decline the caller's invitation. `blocked`: the host and the caller have a block between them."""

    accept: bool
    blocked: bool = False


@dataclass(frozen=True)
class RevokeInvites(Command):
    """Take back invitations that have not been answered."""

    people: tuple[Target, ...]


@dataclass(frozen=True)
class Promote(Command):
    """Make a speaker a co-host."""

    person: Target


@dataclass(frozen=True)
class HandOver(Command):
    """Make a co-host the host, in place of the caller."""

    person: Target


@dataclass(frozen=True)
class HostAway(Command):
    """The host left. After `grace` somebody else hosts, unless the host comes back."""

    grace: timedelta


@dataclass(frozen=True)
class HostBack(Command):
    """The account, which hosts or was the host before it left, is there again."""

    account_id: str


@dataclass(frozen=True)
class HostGone(Command):
    """The host has been away too long: the longest-serving co-host among those `present` takes over. With none, every
    microphone session closes.
    """

    present: frozenset[str] = frozenset()


@dataclass(frozen=True)
class RaiseHand(Command):
    """Ask to speak. `followed`: the host follows the caller. `blocked`: the host and the caller have a block between them."""

    followed: bool = False
    blocked: bool = False
    hand: Hand = NO_HAND


@dataclass(frozen=True)
class LowerHand(Command):
    """Withdraw the caller's request to speak."""


@dataclass(frozen=True)
class AnswerHand(Command):
    """Approve or deny a request to speak."""

    person: Target
    approve: bool


@dataclass(frozen=True)
class Mute(Command):
    """Server-mute a speaker: they are not heard until `until`, or someone with that right unmutes them."""

    person: Target
    reason: str = ""
    until: datetime | None = None
    report_id: str = ""
    """The report that led to it."""


@dataclass(frozen=True)
class Unmute(Command):
    """Lift a server mute. The person still has to open the microphone."""

    person: Target


@dataclass(frozen=True)
class Demote(Command):
    """Make a speaker or co-host a listener. Callers may demote themselves. After `until` no approval is needed to speak again."""

    person: Target
    reason: str = ""
    until: datetime | None = None
    report_id: str = ""
    """The report that led to it."""


@dataclass(frozen=True)
class Kick(Command):
    """Remove a person, who cannot come back to this Space before `until`. `erase`: the audience reads nothing of what they said and shared.
    `mute_dms`: they send its staff no direct messages meanwhile.
    """

    person: Target
    reason: str = ""
    until: datetime | None = None
    erase: bool = False
    mute_dms: bool = False
    report_id: str = ""
    """The report that led to it."""


@dataclass(frozen=True)
class Warn(Command):
    """Warn a person: they are told, and it is on record until `until`."""

    person: Target
    reason: str = ""
    until: datetime | None = None
    report_id: str = ""
    """The report that led to it."""


@dataclass(frozen=True)
class TakeMeasure(Command):
    """Put a sanction on the Space itself: `mute`, `demote`, `hold`, `slow` or `lock`. `every`: seconds, of `slow`. `inside` are the
    accounts that are there, and may come back while it is locked.
    """

    action: str
    reason: str = ""
    until: datetime | None = None
    every: int | None = None
    inside: frozenset[str] = frozenset()


@dataclass(frozen=True)
class EndMeasure(Command):
    """End a measure before its time. `apart` are accounts that a block keeps from the stage."""

    action: str
    reason: str = ""
    apart: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Undo(Command):
    """Undo a sanction: the person is as if it had not been, but for what they lost meanwhile."""

    sanction_id: str
    reason: str = ""
    apart: frozenset[str] = frozenset()
    """Accounts of those concerned that have a block with the host."""
    wrong: bool = False
    """It never should have been: a rule that imposed it is not to find the same again."""


@dataclass(frozen=True)
class LiftExpired(Command):
    """Lift the sanctions whose time is over."""


@dataclass(frozen=True)
class RemoveBlocked(Command):
    """Remove an account that a block keeps out. `erase`: the audience reads nothing of what they said and shared."""

    person: Target
    erase: bool = False


@dataclass(frozen=True)
class Restore(Command):
    """Show the audience again what was erased of a person whom a block no longer keeps out."""

    account_id: str


@dataclass(frozen=True)
class TakeOut(Command):
    """Take out an account that was suspended or deleted, as `why` says. The longest-serving co-host among those `present` hosts in its
    place. `call_off`: a Space of its that has not started is canceled.
    """

    person: Target
    why: str
    present: frozenset[str] = frozenset()
    call_off: bool = False


@dataclass(frozen=True)
class OpenMic(Command):
    """Begin a microphone session and give it a lane. It replaces the account's earlier session, if any. `followed`: the
    host follows the caller. `blocked`: the host and the caller have a block between them.
    """

    followed: bool = False
    blocked: bool = False
    mic_open: bool = True
    consent: bool = False
    """The caller agrees to be recorded."""


@dataclass(frozen=True)
class SetMic(Command):
    """Open or close the caller's microphone within its session. `consent`: the caller agrees to be recorded."""

    open: bool
    consent: bool = False


@dataclass(frozen=True)
class StartRecording(Command):
    """Start recording a live Space."""

    kind: RecordingMode


@dataclass(frozen=True)
class StopRecording(Command):
    """Stop the recording. The system does it when the recorder gives up (its reason is `disk`)."""


@dataclass(frozen=True)
class CloseMic(Command):
    """End the microphone session on `lane`. Does nothing when that lane is closed already."""

    lane: int
    reason: str = "left"


@dataclass(frozen=True)
class ChangeChat(Command):
    """Change what is not None of who may write in the chat, how often (`every` seconds, 0: any), and whether typed speech is spoken."""

    policy: ChatPolicy | None = None
    every: int | None = None
    aloud: bool | None = None


@dataclass(frozen=True)
class Write(Command):
    """Write in the chat, or (`typed`) speak on the stage by typing. `speaker` is the caller's `@handle`, `tick` the present one, and
    `utterance` the number under which the characters were seen before."""

    text: str
    speaker: str
    tick: int
    typed: bool = False
    utterance: int = 0


@dataclass(frozen=True)
class EraseText(Command):
    """Take a text that `person` wrote from the audience. `number` is that of its event."""

    number: int
    person: Target


@dataclass(frozen=True)
class MaskText(Command):
    """Keep words of a text from the audience: first and last number of each run, from 0. A `digits` run is a number, which is kept from
    everybody."""

    number: int
    account_id: str
    words: tuple[tuple[int, int], ...]
    digits: bool = False


@dataclass(frozen=True)
class SetRules(Command):
    """Set or clear (`rules_hash` None) the host's moderation rules, and grant the bot the `actions` that they use. `with_numbers`: evidence
    keeps spoken numbers."""

    rules_hash: str | None
    bot_id: str
    actions: frozenset[str]
    with_numbers: bool = False
    breaker: BreakerLimits = USUAL


@dataclass(frozen=True)
class PinUp(Command):
    """Share a post (`kind` `post`, `ref` is its id) or a link (`kind` `link`, `ref` is the checked URL) into the Space."""

    kind: str
    ref: str
    title: str = ""


@dataclass(frozen=True)
class Unpin(Command):
    """Remove what was shared. `ref` is the pin's id, or (the system removes it) the id of a post that was deleted."""

    ref: str


@dataclass(frozen=True)
class AddCaption(Command):
    """Store a final caption that the bot transcribed. Ticks are of 20 ms on the Space clock."""

    lane: int
    utterance: int
    text: str
    start_tick: int
    end_tick: int
    words: tuple[Word, ...]
    account_id: str
    speaker: str
    airing: bool = False
    """The Space is over, and its audience still hears it."""


@dataclass(frozen=True)
class TakeAct(Command):
    """Take or record the action of a rule. `mode` `enforce` takes it; any other mode only records it. Ticks are of 20 ms."""

    key: str
    rule_id: str
    mode: RuleMode
    action: str
    person: Target
    lane: int
    start_tick: int
    end_tick: int
    report_id: str = ""
    """The id of the report that an enforced `report` action files."""
    clip: str | None = None
    """The SHA-256 of the report's evidence clip."""
    terms: Terms = AT_ONCE
    ladder: Ladder | None = None
    """The action is the step of this ladder that is reached."""
    until: datetime | None = None
    """The end of the sanction; None: that of the Space."""
    inside: frozenset[str] = frozenset()
    """The accounts that are there, and may come back when it locks."""


@dataclass(frozen=True)
class Confirm(Command):
    """Do what a rule suggests about the person (`THE_SPACE`: about the Space). `inside` is as in `TakeMeasure`."""

    suggestion_id: str
    person: Target
    inside: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Dismiss(Command):
    """Leave undone what a rule suggests."""

    suggestion_id: str


@dataclass(frozen=True)
class FileReport(Command):
    """Report the Space, or a person in it (`account_id`), to its moderators."""

    report_id: str
    category: str
    account_id: str | None
    note: str = ""
    lane: int | None = None
    tick: int = 0
    """The present tick of the Space clock."""
    clip: str | None = None
    """The SHA-256 of the evidence clip."""
    there: bool = False
    """Whether who reports was in the Space."""
    first: int | None = None
    """The first tick of what it is about."""


@dataclass(frozen=True)
class KeepEvidence(Command):
    """All of the time that a report is about has passed: this is its evidence clip."""

    report_id: str
    clip: str | None
    """Its SHA-256; None: there is still no sound."""
    account_id: str
    """Whom the report is about."""


@dataclass(frozen=True)
class DecideReport(Command):
    """Decide on a report that `reporter_id` filed, or open it again: `state` is `upheld`, `dismissed` or `open`."""

    report_id: str
    state: str
    reporter_id: str
    note: str = ""
    target_id: str | None = None
    """Whom it is about."""
    before: str = "open"
    """Its present state."""
    assignee_id: str | None = None
    """Who looks after it."""


@dataclass(frozen=True)
class AssignReport(Command):
    """Have `assignee` (None: nobody any longer) look after a report about `target_id`."""

    report_id: str
    assignee: Target | None
    may_review: bool = False
    """Whether the assignee may decide on it."""
    target_id: str | None = None
    before_id: str | None = None
    """Who looks after it until now."""
    holder: Target | None = None
    """The same, if they may still decide on it."""


@dataclass(frozen=True)
class LinkedReport:
    """The report that led to a sanction: who filed it about whom, who looks after it."""

    report_id: str
    reporter_id: str
    target_id: str | None
    state: str
    assignee_id: str | None = None


@dataclass(frozen=True)
class FileAppeal(Command):
    """Appeal a sanction. `state` is that of an earlier appeal of it, `waiting` how many of its host's wait for an answer."""

    appeal_id: str
    about: Appealed
    state: str | None = None
    waiting: int = 0


@dataclass(frozen=True)
class DecideAppeal(Command):
    """Grant or deny an appeal, which is in this `state`. `operators`: there are some besides who imposed the sanction and who appeals."""

    appeal_id: str
    about: Appealed
    state: str
    granted: bool
    reason: str = ""
    operators: bool = False
    apart: bool = False
    """Whether a block keeps the target from the host."""
    report: LinkedReport | None = None


@dataclass(frozen=True)
class NoteReport(Command):
    """Write a note on a report about `target_id`, which has `count` notes."""

    report_id: str
    text: str
    target_id: str | None = None
    count: int = 0


@dataclass(frozen=True)
class Redact(Command):
    """Keep a stretch from the audience: of the account's lane, or (None) of all. `aired` is the last tick of the stage that the audience
    has heard. `cut`: it jumps over the stretch.
    """

    stretch: Stretch
    account_id: str | None = None
    mode: RedactionMode = "silence"
    reason: str = ""
    cut: bool = False
    number: bool = False
    aired: int = -1
    now: int | None = None
    """The present tick, if the stretch was asked for by somebody. None: it follows from what happened."""
    airing: bool = False
    """The Space is over, and its audience still hears it."""


@dataclass(frozen=True)
class ChangeRedaction(Command):
    """Change what is not None of a redaction that has not aired."""

    redaction_id: str
    first: int | None = None
    last: int | None = None
    mode: RedactionMode | None = None
    reason: str | None = None
    aired: int = -1
    now: int | None = None
    airing: bool = False


@dataclass(frozen=True)
class WithdrawRedaction(Command):
    """Withdraw a redaction that has not aired."""

    redaction_id: str
    aired: int = -1
    airing: bool = False


@dataclass(frozen=True)
class MissRedaction(Command):
    """A redaction came too late for its ticks up to `missed_to`."""

    redaction_id: str
    missed_to: int


@dataclass(frozen=True)
class Panic(Command):
    """Cut `stretch` (None: the audience has heard everything), mute all but the staff, and let nobody else speak before `until`."""

    until: datetime
    stretch: Stretch | None = None
    reason: str = ""
    aired: int = -1


@dataclass(frozen=True)
class Calm(Command):
    """End a panic's hold before its time."""
