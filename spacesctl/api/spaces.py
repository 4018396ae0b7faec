"""Spaces: what is created and edited, and what is shown."""

from __future__ import annotations

from typing import Annotated, Literal

from spacesctl.api.accounts import Account, Who
from spacesctl.api.captions import CaptionsStatus
from spacesctl.api.posts import Post
from spacesctl.api.wire import FILE, Answer, Given, Meta, Time
from spacesctl.domain.words import (
    ChatPolicy,
    InviteState,
    ListenerPolicy,
    MeasureKind,
    Policy,
    Reaction,
    RecordingMode,
    Role,
    State,
)

MAX_RULES = 1 << 20
"""Characters of a rule file."""
Title = Annotated[str, Meta(max_length=500)]
Topics = list[Annotated[str, Meta(min_length=1, max_length=50)]]
Lang = Annotated[str, Meta(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]
Handles = Annotated[list[str], Meta(max_length=100)]
Cohosts = Annotated[list[str], Meta(max_length=2)]
RuleText = Annotated[str, Meta(max_length=MAX_RULES, extra=FILE)]
Delay = Annotated[float, Meta(ge=0, le=10)]
FileName = Annotated[str, Meta(max_length=200)]


class NewSpace(Given, frozen=True, kw_only=True):
    """A Space to create."""

    title: Title
    """At most 70 characters, once spaces are made single."""
    speakers: Policy = Policy.INVITED
    """Who may speak without being approved."""
    listeners: ListenerPolicy = ListenerPolicy.EVERYONE
    """Who may listen."""
    captions: bool = True
    chat: ChatPolicy = ChatPolicy.OFF
    """Who may write in its chat."""
    topics: Topics = []
    lang: Lang = "en"
    scheduled_start: Time | None = None
    invite: Handles = []
    """Handles of speakers to invite."""
    cohosts: Cohosts = []
    """Handles of co-hosts to invite."""
    rules: RuleText | None = None
    """A rule file, as text."""
    rules_filename: FileName = "rules.toml"
    """Named in the messages about the rule file."""
    with_numbers: bool = False
    """Evidence keeps the spoken numbers that the rules look for, with `digits`."""
    record: RecordingMode = RecordingMode.OFF
    """What is recorded from the start. Only the host can read it, and speakers are told before they speak."""
    delay: Delay | None = None
    """Seconds that the audience hears behind the stage. Left out: 4 if a rule redacts, else 0."""
    start: bool = False
    """Go live at once."""


class SpaceChange(Given, frozen=True, kw_only=True):
    """Fields that are left out stay unchanged."""

    title: Title | None = None
    topics: Topics | None = None
    lang: Lang | None = None
    listeners: ListenerPolicy | None = None
    scheduled_start: Time | None = None
    speakers: Policy | None = None
    captions: bool | None = None
    chat: ChatPolicy | None = None
    """Who may write in its chat."""
    chat_every: Annotated[int, Meta(ge=0, le=3600)] | None = None
    """Seconds between two messages of one account in the chat; 0: any."""
    typed_aloud: bool | None = None
    """Typed speech is also spoken, where the server has espeak-ng."""
    record: RecordingMode | None = None
    """What is recorded from the start. It can change until then."""
    delay: Delay | None = None
    """Seconds that the audience hears behind the stage. While the Space is live a longer delay grows in the pauses that everybody shares
    and, after a minute, by a silence."""
    delay_now: bool = False
    """A longer delay begins at once, by a silence."""


class NewReaction(Given, frozen=True, kw_only=True):
    """A reaction to send."""

    reaction: Reaction


class Reacted(Answer, frozen=True, kw_only=True):
    """The reaction that was counted."""

    reaction: Reaction
    emoji: str


class NewPin(Given, frozen=True, kw_only=True):
    """Either `post` or `url`."""

    post: str | None = None
    """The id of a post."""
    url: Annotated[str, Meta(max_length=500)] | None = None
    """The server never fetches it."""
    title: Title | None = None
    """The title of the link; left out, its host name."""


class Pin(Answer, frozen=True, kw_only=True):
    """A post or a link that everybody in the Space sees. `tick` is when it was shared."""

    id: str
    kind: Literal["post", "link"]
    by: Who
    tick: int
    post: Post | None = None
    url: str | None = None
    title: str | None = None


class RunningRecording(Answer, frozen=True, kw_only=True):
    """The recording that is running."""

    kind: RecordingMode
    since: Time


class HostAway(Answer, frozen=True, kw_only=True):
    """The host may be away `until` then; the Space ends at `ends_at` if nobody hosts it."""

    until: Time
    ends_at: Time | None = None


class MyPlace(Answer, frozen=True, kw_only=True):
    """The caller in the Space."""

    role: Role
    muted: bool
    mic: Literal["open", "closed"]
    hand_raised: bool
    hand: int | None = None
    """The place in the line of those who ask to speak, from 1."""
    invite: InviteState | None
    barred: bool


class Measure(Answer, frozen=True, kw_only=True):
    """What goes for all: `mute` and `demote` for who comes on stage, `slow` for requests and reactions (one in `every` seconds), `lock` for
    who would join. It lasts until `until`, or until it is ended.
    """

    action: MeasureKind
    until: Time | None
    every: int | None = None


class Space(Answer, frozen=True, kw_only=True):
    """A Space as the caller may see it. The first fields are those of X's API v2."""

    id: str
    state: State
    title: str
    creator_id: str
    host_ids: list[str]
    """The host, then the co-hosts."""
    speaker_ids: list[str]
    """Who spoke, the first first."""
    invited_user_ids: list[str]
    """For the host, co-hosts and admins; empty for others."""
    participant_count: int
    peak: int
    """The most who were in it at once, counted each second."""
    subscriber_count: int
    scheduled_start: Time | None
    started_at: Time | None
    ended_at: Time | None
    created_at: Time
    updated_at: Time
    is_ticketed: bool
    topic_ids: list[str]
    lang: str
    host: Account
    link: str
    speakers: Policy
    listeners: ListenerPolicy
    captions: bool
    captions_status: CaptionsStatus
    chat: ChatPolicy = ChatPolicy.OFF
    """Who may write in its chat."""
    chat_every: int = 0
    """Seconds between two messages of one account in the chat; 0: any."""
    typed_aloud: bool = False
    """Whether typed speech is also spoken, where the server can."""
    record: RecordingMode
    recording: RunningRecording | None
    rules: str | None
    """The hash of the rule file."""
    redacts: bool = False
    """Whether a rule redacts: without a delay that comes too late."""
    with_numbers: bool = False
    """Evidence keeps the spoken numbers that the rules look for."""
    notice: str | None
    """What everybody is told on entry, speakers before the microphone opens: which programs listen, write or act, and what is recorded."""
    host_away: HostAway | None
    """For the host, co-hosts and admins."""
    duration: int | None
    """Seconds after which it ends by itself."""
    series_id: str | None
    pinned: list[Pin]
    blocked_speaking: list[str]
    """Handles of those on the stage whom the caller has blocked."""
    tick: int | None
    """The Space clock, in ticks of 20 ms; null unless it is live."""
    delay: float = 0.0
    """Seconds that the audience is to hear behind the stage."""
    delay_now: float | None = None
    """Seconds that it does; null unless the Space is live."""
    safe_in: float | None = None
    """Seconds until the delay is as it is to be, at the latest; null unless the Space is live."""
    held_until: Time | None = None
    """Until then who comes on stage is muted."""
    measures: list[Measure] = []
    """What else goes for all, the oldest first."""
    me: MyPlace | None
    """Null for callers without a token."""
