"""A Space as a value: `decide` reads it, `evolve` makes the next one."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from spacesctl.domain.ladder import Points
from spacesctl.domain.offence import USUAL, BreakerLimits, Offender, RuleSanction
from spacesctl.domain.redaction import RULES_DELAY, Redaction
from spacesctl.domain.sanction import EVERYBODY, Sanction
from spacesctl.domain.suggestion import Suggestion
from spacesctl.domain.words import ChatPolicy, InviteState, ListenerPolicy, Policy, RecordingMode, Role, State

MAX_TITLE = 70
MAX_TOPICS = 3
MAX_SPEAKERS = 10
MAX_COHOSTS = 2
MAX_LANE = 0xFFFE
MAX_PINS = 10
MAX_HAND_TOPIC, MAX_HAND_NOTE = 50, 280
MAX_CAPTIONED = 64
"""Lanes whose last captioned utterance is remembered. A bot posts a caption again within seconds, when its lane is among these."""


@dataclass(frozen=True)
class Invite:
    """An invitation to speak or to co-host. `by` is the id of the account that sent it."""

    account_id: str
    role: Role
    state: InviteState
    by: str


@dataclass(frozen=True)
class Member:
    """An account that has, or once had, a role above listener in the Space.

    `mic_open` is what the person chose (self mute when False), `server_muted` what a moderator imposed. `lane` is the
    number of the open microphone session, if any. People who were `demoted` need an approval to speak again, whatever
    the policy.
    """

    account_id: str
    role: Role
    mic_open: bool = False
    server_muted: bool = False
    lane: int | None = None
    demoted: bool = False
    role_seq: int = 0
    """The Space's sequence number when the role was taken: the co-host with the lower one has served longer."""

    @property
    def heard(self) -> bool:
        """Whether the audience hears the person: a session is open, the microphone is open, and there is no server mute."""
        return self.lane is not None and self.mic_open and not self.server_muted


@dataclass(frozen=True)
class Hand:
    """A request to speak: what it is about, a note for the staff, and the id of a voice clip that introduces it."""

    topic: str = ""
    note: str = ""
    voice: str | None = None


@dataclass(frozen=True)
class Grant:
    """The actions that a bot may take in the host's name until the Space ends. `with_numbers`: evidence keeps the spoken numbers that the
    rules look for."""

    bot_id: str
    host_id: str
    actions: frozenset[str]
    with_numbers: bool = False
    breaker: BreakerLimits = USUAL


@dataclass(frozen=True)
class Pin:
    """A post (`ref` is its id) or a link (`ref` is the URL, `title` its title) that everybody in the Space sees. `tick`
    is when it was shared.
    """

    id: str
    kind: str
    ref: str
    title: str
    by: str
    tick: int


@dataclass(frozen=True)
class Erasure:
    """What the audience does not read of an account: the events up to number `last`, or (None) all; `pins` are what it had pinned."""

    pins: tuple[Pin, ...] = ()
    last: int | None = None

    def hides(self, seq: int | None) -> bool:
        """Whether an event of this number is hidden; None: one that happens now."""
        return self.last is None or (seq is not None and seq <= self.last)


@dataclass(frozen=True)
class Recording:
    """A recording that is running."""

    id: str
    kind: RecordingMode
    since: datetime


@dataclass(frozen=True)
class Away:
    """The host is away: a co-host takes over at `until`. Later, without a co-host: the Space ends at `ends_at`."""

    until: datetime
    ends_at: datetime | None = None


@dataclass(frozen=True)
class Space:
    """The whole state of a Space.

    `people`, `invites`, `hands` and `barred` (the reason of each removal) are keyed by account id, the oldest first. `spoke` are
    account ids, oldest first.
    """

    id: str
    title: str
    state: State
    creator_id: str
    host_id: str
    created_at: datetime
    updated_at: datetime
    policy: Policy = Policy.INVITED
    listeners: ListenerPolicy = ListenerPolicy.EVERYONE
    captions: bool = True
    chat: ChatPolicy = ChatPolicy.OFF
    """Who may write in its chat."""
    chat_every: int = 0
    """Seconds between two messages of one account in its chat; 0: any."""
    typed_aloud: bool = False
    """Whether typed speech is also spoken, where the server can."""
    text_tick: int = -1
    """The tick of what was written last. Each text has its own."""
    topics: tuple[str, ...] = ()
    lang: str = "en"
    scheduled_start: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration: int | None = None
    """Seconds after which it ends by itself; None if somebody has to end it."""
    series_id: str | None = None
    reminded: tuple[str, ...] = ()
    """Which reminders went out: `soon`, `start`."""
    rules_hash: str | None = None
    grant: Grant | None = None
    seq: int = 0
    next_lane: int = 1
    people: Mapping[str, Member] = field(default_factory=dict)
    invites: Mapping[str, Invite] = field(default_factory=dict)
    hands: Mapping[str, Hand] = field(default_factory=dict)
    barred: Mapping[str, str] = field(default_factory=dict)
    spoke: tuple[str, ...] = ()
    pinned: tuple[Pin, ...] = ()
    """Newest first."""
    recording_mode: RecordingMode = RecordingMode.OFF
    """What is recorded from the start."""
    recording: Recording | None = None
    recording_count: int = 0
    """How many recordings were started."""
    captioned: Mapping[int, int] = field(default_factory=dict)
    """The last utterance of each lane that has its final caption, of the newest lanes."""
    consents: frozenset[str] = frozenset()
    """The ids of the accounts that agreed to be recorded in this Space."""
    sanctions: Mapping[str, Sanction] = field(default_factory=dict)
    """Those in effect, by id, oldest first."""
    sanction_count: int = 0
    """How many sanctions there were."""
    offenders: Mapping[str, Offender] = field(default_factory=dict)
    """Who has broken a rule that counts, by rule and account, the newest last."""
    rule_sanctions: tuple[RuleSanction, ...] = ()
    """Those of the last minutes, the oldest first."""
    points: tuple[Points, ...] = ()
    """Those that rules have given on ladders, the oldest first."""
    tripped: Mapping[str, datetime] = field(default_factory=dict)
    """Until when staff know that the circuit breaker holds sanctions against an account, or (an empty id) against all."""
    suggestions: Mapping[str, Suggestion] = field(default_factory=dict)
    """What rules leave to staff, or wait with, by id, with the last that were decided on."""
    suggestion_count: int = 0
    """How many suggestions there were."""
    delay_set: float | None = None
    """Seconds that the audience hears behind the stage; None: as the rules need it."""
    redactions: Mapping[str, Redaction] = field(default_factory=dict)
    """Those whose stretch had not aired when the last one was made, by id, oldest first."""
    redaction_count: int = 0
    """How many redactions there were."""
    held_until: datetime | None = None
    """Until then who comes on stage is muted."""
    held_by: str | None = None
    """The account that began the hold."""
    held_mutes: tuple[str, ...] = ()
    """The ids of the mutes that came with it when it began."""
    erased: Mapping[str, Erasure] = field(default_factory=dict)
    """What the audience does not read, by account id."""
    inside: frozenset[str] = frozenset()
    """While it is locked: the accounts that were there then, and may come back."""
    away: Away | None = None
    former_host: str | None = None
    """The host who left, and who hosts again on return."""
    hosted_before: tuple[str, ...] = ()
    """Accounts that hosted it and gave it over, or lost it, the first one first."""
    revision: int = 0
    """How often the fields that calendars show have changed; `revised_at` is the last time."""
    revised_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        return self.state in (State.ENDED, State.CANCELED)

    def sanctions_on(self, account_id: str, action: str) -> list[Sanction]:
        """The sanctions of this kind that are in effect on an account."""
        return [one for one in self.sanctions.values() if (one.target, one.action) == (account_id, action)]

    def measure(self, action: str) -> Sanction | None:
        """The measure of this kind that is in effect."""
        return next(iter(self.sanctions_on(EVERYBODY, action)), None)

    @property
    def measures(self) -> list[Sanction]:
        """Those in effect, the oldest first."""
        return [one for one in self.sanctions.values() if one.is_measure]

    @property
    def staff(self) -> frozenset[str]:
        """The accounts whose blocks keep others out: the host, the co-hosts, and all that hosted it before."""
        cohosts = (person.account_id for person in self.with_role(Role.COHOST))
        return frozenset({self.host_id, self.creator_id, *self.hosted_before, *cohosts})

    def parts(self) -> frozenset[str]:
        """The accounts that have a part in it: on stage, with a raised hand, an open invitation or a pin."""
        on_stage = (one for one, person in self.people.items() if person.role is not Role.LISTENER)
        invited = (one for one, invite in self.invites.items() if invite.state is InviteState.PENDING)
        return frozenset({*on_stage, *invited, *self.hands, *(pin.by for pin in self.pinned)})

    @property
    def redacts(self) -> bool:
        """Whether a rule redacts."""
        return self.grant is not None and "redact" in self.grant.actions

    @property
    def delay(self) -> float:
        """Seconds that the audience is to hear behind the stage."""
        if self.delay_set is not None:
            return self.delay_set
        return RULES_DELAY if self.redacts else 0.0

    @property
    def is_watched(self) -> bool:
        """Whether a bot listens: captions are on, or rules are set."""
        return self.captions or self.rules_hash is not None

    def role_of(self, account_id: str | None) -> Role:
        """The role of an account; anonymous callers (None) are listeners."""
        person = self.people.get(account_id or "")
        return person.role if person else Role.LISTENER

    def in_line(self, account_id: str) -> int | None:
        """The place of an account in the line of those who ask to speak, from 1."""
        return next((place for place, one in enumerate(self.hands, 1) if one == account_id), None)

    def with_role(self, role: Role) -> list[Member]:
        """The people who have this role."""
        return [person for person in self.people.values() if person.role is role]
