"""Series of recurring Spaces."""

from __future__ import annotations

from typing import Annotated, Literal

from spacesctl.api.spaces import Cohosts, Delay, FileName, Handles, Lang, RuleText, Title, Topics
from spacesctl.api.wire import UNSET, Answer, Given, Meta, Time, UnsetType
from spacesctl.domain.words import ListenerPolicy, Policy, RecordingMode

Cron = Annotated[str, Meta(max_length=200)]
Zone = Annotated[str, Meta(max_length=64)]


class NewSeries(Given, frozen=True, kw_only=True):
    """A series to create."""

    title: Title
    """At most 70 characters, once spaces are made single."""
    cron: Cron
    """When it starts: a cron expression of five fields."""
    tz: Zone = "UTC"
    """A name of the IANA list, such as `Europe/Rome`."""
    duration: int
    """Seconds."""
    speakers: Policy = Policy.INVITED
    listeners: ListenerPolicy = ListenerPolicy.EVERYONE
    captions: bool = True
    topics: Topics = []
    lang: Lang = "en"
    invite: Handles = []
    cohosts: Cohosts = []
    """Handles of co-hosts to invite to each Space."""
    rules: RuleText | None = None
    rules_filename: FileName = "rules.toml"
    with_numbers: bool = False
    """Evidence keeps the spoken numbers that the rules look for, with `digits`."""
    record: RecordingMode = RecordingMode.OFF
    """What is recorded of each Space."""
    delay: Delay | None = None
    """Seconds that the audience hears behind the stage. Left out: 4 if a rule redacts, else 0."""


class SeriesChange(Given, frozen=True, kw_only=True):
    """Fields that are left out stay unchanged."""

    title: Title | None = None
    cron: Cron | None = None
    tz: Zone | None = None
    duration: int | None = None
    speakers: Policy | None = None
    listeners: ListenerPolicy | None = None
    topics: Topics | None = None
    rules: RuleText | UnsetType | None = UNSET
    """Another rule file; null removes the rules."""
    rules_filename: FileName = "rules.toml"
    with_numbers: bool = False
    """With `rules`: evidence keeps the spoken numbers that they look for. Other rules without it keep none."""
    delay: Delay | None = None
    """Seconds that the audience hears behind the stage."""
    invite: Handles = []
    """Handles to invite in addition, from now on."""
    cohosts: Cohosts = []
    """Handles to invite as co-hosts in addition, from now on. There are at most two."""
    uninvite: Handles = []
    """Handles of speakers and co-hosts who are no longer invited."""


class Series(Answer, frozen=True, kw_only=True):
    """A series."""

    id: str
    title: str
    state: Literal["active", "paused"]
    cron: str
    tz: str
    duration: int
    speakers: Policy
    listeners: ListenerPolicy
    captions: bool
    topic_ids: list[str]
    lang: str
    rules: str | None
    """The hash of the rule file."""
    redacts: bool = False
    """Whether a rule redacts: without a delay that comes too late."""
    with_numbers: bool = False
    """Evidence keeps the spoken numbers that the rules look for."""
    record: RecordingMode
    delay: float | None = None
    invited_user_ids: list[str]
    cohost_user_ids: list[str]
    """Who is invited to each Space as a co-host."""
    next_start: Time | None
    next_space_id: str | None
    """The coming Space, if it exists already."""
    link: str | None
    """The link of the coming Space."""
    coming: list[Time]
    """The next start times."""
    created_at: Time
