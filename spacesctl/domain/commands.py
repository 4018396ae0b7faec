"""What somebody may ask of a Space. Each command says who asks; facts that live outside the Space (follows, blocks) come with it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from spacesctl.domain.accounts import Caller, Kind
from spacesctl.domain.space import ListenerPolicy, Policy, RecordingMode, Role


@dataclass(frozen=True)
class Command:
    caller: Caller


@dataclass(frozen=True)
class Create(Command):
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


@dataclass(frozen=True)
class Start(Command):
    """`by_clock`: the alarm clock starts a Space whose time has come."""

    by_clock: bool = False


@dataclass(frozen=True)
class Miss(Command):
    """The alarm clock found that a Space's time has long passed."""


@dataclass(frozen=True)
class SendReminders(Command):
    """Once for each kind: `soon`, `start`."""

    kind: str


@dataclass(frozen=True)
class End(Command):
    """`by_clock`: its duration is over."""

    by_clock: bool = False


@dataclass(frozen=True)
class Cancel(Command):
    """A Space that has not started will not."""


@dataclass(frozen=True)
class Edit(Command):
    """What is None stays. A start time can be moved while the Space is scheduled."""

    title: str | None = None
    topics: tuple[str, ...] | None = None
    lang: str | None = None
    listeners: ListenerPolicy | None = None
    scheduled_start: datetime | None = None
    duration: int | None = None


@dataclass(frozen=True)
class ChangePolicy(Command):
    policy: Policy


@dataclass(frozen=True)
class SwitchCaptions(Command):
    on: bool


@dataclass(frozen=True)
class Person:
    """An account that a command is about. `blocked`: host and account have a block between them, either way."""

    account_id: str
    handle: str
    kind: Kind = Kind.PERSON
    blocked: bool = False


@dataclass(frozen=True)
class SendInvites(Command):
    people: tuple[Person, ...]
    role: Role = Role.SPEAKER


@dataclass(frozen=True)
class AnswerInvite(Command):
    accept: bool
    blocked: bool = False


@dataclass(frozen=True)
class RevokeInvites(Command):
    people: tuple[Person, ...]


@dataclass(frozen=True)
class Promote(Command):
    """Somebody who speaks becomes a co-host."""

    person: Person


@dataclass(frozen=True)
class HandOver(Command):
    """The host makes a co-host the host."""

    person: Person


@dataclass(frozen=True)
class HostGone(Command):
    """The host has been away too long: the eldest co-host takes over, or, with none, every microphone closes."""


@dataclass(frozen=True)
class RaiseHand(Command):
    """`followed`: the host follows the caller."""

    followed: bool = False
    blocked: bool = False


@dataclass(frozen=True)
class LowerHand(Command):
    pass


@dataclass(frozen=True)
class AnswerHand(Command):
    person: Person
    approve: bool


@dataclass(frozen=True)
class Mute(Command):
    person: Person
    reason: str = ""


@dataclass(frozen=True)
class Unmute(Command):
    person: Person


@dataclass(frozen=True)
class Demote(Command):
    person: Person


@dataclass(frozen=True)
class Kick(Command):
    person: Person
    reason: str = ""


@dataclass(frozen=True)
class RemoveBlocked(Command):
    """The host (the caller) has blocked this account: out of the Space."""

    person: Person


@dataclass(frozen=True)
class OpenMic(Command):
    """Begin a microphone session: a lane. One that the account has already is replaced."""

    followed: bool = False
    blocked: bool = False
    mic_open: bool = True
    consent: bool = False
    """The person agrees to be recorded."""


@dataclass(frozen=True)
class SetMic(Command):
    open: bool
    consent: bool = False


@dataclass(frozen=True)
class StartRecording(Command):
    kind: RecordingMode


@dataclass(frozen=True)
class StopRecording(Command):
    """`failed`: the recorder gives up, and why (`disk`)."""

    failed: str | None = None


@dataclass(frozen=True)
class CloseMic(Command):
    """The microphone session `lane` is over. Asking twice, or for a lane that is closed, does nothing."""

    lane: int
    reason: str = "left"


@dataclass(frozen=True)
class SetRules(Command):
    rules_hash: str | None
    bot_id: str
    actions: frozenset[str]


@dataclass(frozen=True)
class PinUp(Command):
    """Share a post (`kind` `post`, `ref` its id) or a link (`link`, `ref` the checked URL) into the Space."""

    kind: str
    ref: str
    title: str = ""


@dataclass(frozen=True)
class Unpin(Command):
    """`ref` is the pin's id; `by_author`: the post with the id `ref` was deleted."""

    ref: str
    by_author: bool = False


@dataclass(frozen=True)
class AddCaption(Command):
    lane: int
    utterance: int
    text: str
    start_tick: int
    end_tick: int
    words: tuple[dict[str, Any], ...]
    account_id: str
    speaker: str


@dataclass(frozen=True)
class TakeAct(Command):
    """A rule's act. `mode` `enforce` does it, any other mode only records it."""

    key: str
    rule_id: str
    mode: str
    action: str
    person: Person
    lane: int
    start_tick: int
    end_tick: int
    report_id: str = ""
    """The report that an enforced `report` files."""


@dataclass(frozen=True)
class FileReport(Command):
    report_id: str
    category: str
    account_id: str | None
