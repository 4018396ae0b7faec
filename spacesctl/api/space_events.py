"""What happens to a Space: its life, policies, pins and recordings."""

from __future__ import annotations

from typing import Literal

from spacesctl.api.wire import UNSET, Answer, Time, UnsetType
from spacesctl.domain.words import ChatPolicy, ListenerPolicy, Policy, RecordingMode


class SpaceCreated(Answer, frozen=True, kw_only=True):
    """The Space was created, as scheduled. `duration` is in seconds."""

    id: str
    title: str
    host_id: str
    at: Time
    speakers: Policy
    listeners: ListenerPolicy
    captions: bool
    topic_ids: list[str]
    lang: str
    scheduled_start: Time | None
    duration: int | None = None
    series_id: str | None = None
    record: RecordingMode = RecordingMode.OFF
    delay: float | None = None
    """Seconds that the audience hears behind the stage; null: as the rules need it."""


class SpaceStarted(Answer, frozen=True, kw_only=True):
    """The Space went live."""

    at: Time


class SpaceEnded(Answer, frozen=True, kw_only=True):
    """The Space ended."""

    at: Time


class SpaceCanceled(Answer, frozen=True, kw_only=True):
    """The Space was canceled before it started."""

    at: Time


class SpaceMissed(Answer, frozen=True, kw_only=True):
    """The scheduled time passed and the Space was not started."""

    at: Time


class RemindersSent(Answer, frozen=True, kw_only=True):
    """The reminders of one `kind` were sent: `soon` (half an hour ahead) or `start`."""

    kind: str


class SpaceEdited(Answer, frozen=True, kw_only=True):
    """The Space was edited. Carries all editable fields with their new values. `duration` is in seconds."""

    title: str
    topic_ids: list[str]
    lang: str
    listeners: ListenerPolicy
    scheduled_start: Time | None
    duration: int | None = None
    record: RecordingMode = RecordingMode.OFF


class DelayChanged(Answer, frozen=True, kw_only=True):
    """The audience is to hear the stage `delay` seconds later. `now`: a longer delay begins at once, by a silence."""

    delay: float
    now: bool | UnsetType = UNSET


class PolicyChanged(Answer, frozen=True, kw_only=True):
    """The policy of who may speak changed."""

    speakers: Policy


class CaptionsSwitched(Answer, frozen=True, kw_only=True):
    """Live captions were turned on or off."""

    on: bool


class SharedPin(Answer, frozen=True, kw_only=True):
    """A post (`ref` is its id) or a link (`ref` is the URL, `title` its title), shared by the account `by_id`."""

    id: str
    kind: Literal["post", "link"]
    ref: str
    title: str
    by_id: str
    tick: int


class Pinned(Answer, frozen=True, kw_only=True):
    """A post or a link was shared into the Space. It replaces an earlier pin with the same `ref`."""

    pin: SharedPin


class Unpinned(Answer, frozen=True, kw_only=True):
    """A pin was removed."""

    pin_id: str


class BegunRecording(Answer, frozen=True, kw_only=True):
    """A recording that is running."""

    id: str
    kind: RecordingMode
    since: Time


class RecordingStarted(Answer, frozen=True, kw_only=True):
    """A recording began."""

    recording: BegunRecording


class RecordingStopped(Answer, frozen=True, kw_only=True):
    """A recording ended. `reason`: `stopped` (by the host), `ended` (with the Space), `disk` (the file could not be written)."""

    recording_id: str
    reason: str
    at: Time


class Consented(Answer, frozen=True, kw_only=True):
    """An account agreed to be recorded in this Space."""

    account_id: str


class ChatChanged(Answer, frozen=True, kw_only=True):
    """Who may write in the chat, seconds between two messages of one account (0: any), and whether typed speech is spoken."""

    chat: ChatPolicy
    every: int
    aloud: bool


class ChatSaid(Answer, frozen=True, kw_only=True):
    """`speaker` (`@handle`) wrote in the chat. The number of the event is that of the text; each has a `tick` of its own."""

    account_id: str
    speaker: str
    text: str
    tick: int


class TextMasked(Answer, frozen=True, kw_only=True):
    """Words of the text with this number, of the chat or typed, are kept from the audience: first and last number of each run, from 0. Who
    shows it shows `[redacted]` for each word. Of `digits` nobody keeps them."""

    number: int
    account_id: str
    words: list[list[int]]
    digits: bool | UnsetType = UNSET
    rule: str | UnsetType | None = UNSET


class TextErased(Answer, frozen=True, kw_only=True):
    """The text with this number, of the chat or typed, is not shown any more. `by_id` is who asked."""

    number: int
    account_id: str
    by_id: str | UnsetType | None = UNSET
