"""A Space as a value: what `decide` reads and `evolve` makes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum

MAX_TITLE = 70
MAX_TOPICS = 3
MAX_SPEAKERS = 10
MAX_COHOSTS = 2
MAX_LANE = 0xFFFE
MAX_PINS = 10


class State(StrEnum):
    SCHEDULED = "scheduled"
    LIVE = "live"
    ENDED = "ended"
    CANCELED = "canceled"


class Role(StrEnum):
    HOST = "host"
    COHOST = "cohost"
    SPEAKER = "speaker"
    LISTENER = "listener"

    @property
    def rank(self) -> int:
        return _RANK[self]


_RANK = {Role.HOST: 3, Role.COHOST: 2, Role.SPEAKER: 1, Role.LISTENER: 0}


class Policy(StrEnum):
    """Who may speak without being approved."""

    EVERYONE = "everyone"
    FOLLOWING = "following"
    INVITED = "invited"


class ListenerPolicy(StrEnum):
    """Who may listen."""

    EVERYONE = "everyone"
    ACCOUNTS = "accounts"


class Reaction(StrEnum):
    """Hand gestures first, as people reach for them most."""

    RAISED_HAND = "raised_hand"
    WAVE = "wave"
    FIST = "fist"
    VICTORY = "victory"
    CLAP = "clap"
    HUNDRED = "hundred"
    HEART = "heart"
    LAUGH = "laugh"

    @property
    def emoji(self) -> str:
        return _EMOJI[self]


_EMOJI = dict(zip(Reaction, "✋👋✊✌👏💯❤😂", strict=True))


class InviteState(StrEnum):
    PENDING = "pending"
    ACCEPTED = "accepted"
    DECLINED = "declined"
    REVOKED = "revoked"


@dataclass(frozen=True)
class Invite:
    account_id: str
    role: Role
    state: InviteState
    by: str


@dataclass(frozen=True)
class Person:
    """Somebody who has, or had, more than a seat in the audience.

    `mic_open` is the person's own doing, `server_muted` the server's; `lane` is the microphone session while there is one.
    `demoted` people need an approval to speak again, whatever the policy.
    """

    account_id: str
    role: Role
    mic_open: bool = False
    server_muted: bool = False
    lane: int | None = None
    demoted: bool = False
    role_seq: int = 0
    """The Space's sequence when the role was taken: of two co-hosts, the lower is the elder."""

    @property
    def heard(self) -> bool:
        return self.lane is not None and self.mic_open and not self.server_muted


@dataclass(frozen=True)
class Grant:
    """A bot may take these actions, in the host's name, until the Space ends."""

    bot_id: str
    host_id: str
    actions: frozenset[str]


@dataclass(frozen=True)
class Pin:
    """A post (`ref` is its id) or a link (`ref` is the URL, `title` what it is called) that everybody in the Space is shown."""

    id: str
    kind: str
    ref: str
    title: str
    by: str
    tick: int


class RecordingMode(StrEnum):
    """What of a Space is recorded: nothing, what the audience hears, or each lane in a file of its own besides."""

    OFF = "off"
    MIX = "mix"
    LANES = "lanes"


@dataclass(frozen=True)
class Recording:
    """One that runs."""

    id: str
    kind: RecordingMode
    since: datetime


@dataclass(frozen=True)
class Space:
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
    topics: tuple[str, ...] = ()
    lang: str = "en"
    scheduled_start: datetime | None = None
    started_at: datetime | None = None
    ended_at: datetime | None = None
    duration: int | None = None
    """Seconds after which it ends by itself; None: when somebody ends it."""
    series_id: str | None = None
    reminded: tuple[str, ...] = ()
    """Which reminders went out: `soon`, `start`."""
    rules_hash: str | None = None
    grant: Grant | None = None
    seq: int = 0
    next_lane: int = 1
    people: Mapping[str, Person] = field(default_factory=dict)
    invites: Mapping[str, Invite] = field(default_factory=dict)
    hands: tuple[str, ...] = ()
    barred: Mapping[str, str] = field(default_factory=dict)
    spoke: tuple[str, ...] = ()
    pinned: tuple[Pin, ...] = ()
    """Newest first."""
    record: RecordingMode = RecordingMode.OFF
    """What is recorded from the start on."""
    recording: Recording | None = None
    recordings: int = 0
    """How many there have been."""
    consents: frozenset[str] = frozenset()
    """Who has agreed to be recorded in this Space."""
    revision: int = 0
    """How often what a calendar shows of it has changed; `revised_at` is the last time."""
    revised_at: datetime | None = None

    @property
    def is_over(self) -> bool:
        return self.state in (State.ENDED, State.CANCELED)

    @property
    def is_watched(self) -> bool:
        """Somebody (a bot) hears what is said: captions are on, or rules are."""
        return self.captions or self.rules_hash is not None

    def role_of(self, account_id: str | None) -> Role:
        person = self.people.get(account_id or "")
        return person.role if person else Role.LISTENER

    def with_role(self, role: Role) -> list[Person]:
        return [person for person in self.people.values() if person.role is role]

    @property
    def notice(self) -> str | None:
        """What every speaker is shown before the microphone opens; None when nothing listens and nothing is kept."""
        parts = []
        if self.captions:
            parts.append("A bot listens and writes live captions, which are kept.")
        if self.rules_hash is not None:
            parts.append("A bot applies the host's rules to what is said; words that break one are kept as evidence.")
        if self.recording is not None or self.record is not RecordingMode.OFF:
            parts.append("It is recorded: who speaks is kept, for the host to hear and to hand on.")
        return " ".join(parts) or None
