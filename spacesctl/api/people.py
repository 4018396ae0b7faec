"""The people of a Space: microphones, requests to speak, invitations, what moderation does to them."""

from __future__ import annotations

from typing import Annotated, Literal

from spacesctl.api.accounts import Account, Who
from spacesctl.api.by import By
from spacesctl.api.wire import LINES, Answer, Given, Meta, Page, Time
from spacesctl.domain.words import InviteState, Kind, Role, State

Reason = Annotated[str, Meta(max_length=280)]


class Member(Who, frozen=True, kw_only=True):
    """A person in a Space."""

    name: str
    kind: Kind
    role: Role
    mic: Literal["open", "closed"]
    """What the person chose (self mute)."""
    muted: bool
    """The server mute: nothing they send is heard."""
    heard: bool
    lane: int | None
    """The number of the microphone session, if there is one."""
    hand_raised: bool
    connected: bool
    """Whether the person has a connection with sound now."""


class Members(Page[Member], frozen=True, kw_only=True):
    """The people of a Space by role; `anonymous` is the number of listeners without an account."""

    anonymous: int


class AnonymousConnection(Answer, frozen=True, kw_only=True):
    """A connection with sound of somebody without an account. `id` was drawn for it and says nothing of whose it is."""

    id: str
    kind: Literal["whep", "listen", "ogg"]
    since_tick: int
    """The tick of the Space clock at which it began."""


class RaisedHand(Account, frozen=True, kw_only=True):
    """A request to speak, at this `position` of the queue."""

    position: int
    topic: str
    note: str


class Terms(Given, frozen=True, kw_only=True):
    """Why something is done, and for how long."""

    reason: Reason = ""
    duration: Annotated[int, Meta(ge=1, le=7 * 24 * 3600)] | None = None
    """Seconds; left out, until the Space ends or somebody undoes it."""


class NewMeasure(Terms, frozen=True, kw_only=True):
    """Why a person is warned, muted, demoted or removed, and for how long."""

    report: str | None = None
    """The id of a report about them in this Space, which led to it: they hear its sound of themselves, and an appeal that is granted
    dismisses it."""


class NewKick(NewMeasure, frozen=True, kw_only=True):
    """Why a person is removed, for how long, and what of theirs goes with them."""

    erase: bool = False
    """The audience reads nothing of what they said and shared in this Space, until the kick is undone."""
    mute_dms: bool = False
    """They cannot send direct messages to the host and the co-hosts while it lasts."""


class NewSpaceMeasure(Terms, frozen=True, kw_only=True):
    """Why something is done about all, and for how long. A hold lasts 5 minutes when that is left out."""

    every: Annotated[int, Meta(ge=1, le=3600)] | None = None
    """Of `slow`: seconds between two requests or reactions of one account; left out, 30."""


class NewHand(Given, frozen=True, kw_only=True):
    """What a request to speak is about, for the host and the co-hosts."""

    topic: Annotated[str, Meta(max_length=50)] = ""
    note: Annotated[str, Meta(max_length=280)] = ""


class Microphone(Given, frozen=True, kw_only=True):
    """Whether the caller's microphone is to be open."""

    open: bool
    consent: bool = False
    """The caller agrees to be recorded."""


class Undo(Given, frozen=True, kw_only=True):
    """Why a sanction is undone. `wrong`: it never should have been, and the rule that imposed it is not to find the same again."""

    reason: Reason = ""
    wrong: bool = False


class Sanction(Answer, frozen=True, kw_only=True):
    """A sanction, in a Space or (a block) on the list of `host`. It lasts until `until`, or until the Space ends. One without a `target` is
    a measure: it is on the Space itself, and concerns all.
    """

    id: str
    action: str
    space_id: str | None
    target: Who | None
    host: Who
    by: By
    reason: str
    evidence: str | None
    """The key of the rule's act that led to it."""
    since: Time
    until: Time | None
    lifted_at: Time | None
    lifted_by: By | None
    how: str | None
    """How it ended: `undone`, `expired`, `replaced` or `ended` (with the Space)."""
    lift_reason: str | None
    every: int | None = None
    """Of `slow`: seconds between two requests or reactions of one account."""
    erases: bool = False
    """The audience reads nothing of what they said and shared."""
    mutes_dms: bool = False
    """They cannot send direct messages to the host and the co-hosts."""


class NewInvites(Given, frozen=True, kw_only=True):
    """Invitations to send."""

    handles: Annotated[list[str], Meta(min_length=1, max_length=100)]
    message: Annotated[str, Meta(max_length=1000, extra=LINES)] = ""
    role: Role = Role.SPEAKER


class ReceivedInvitation(Answer, frozen=True, kw_only=True):
    """An invitation of the caller. `space_state` and `scheduled_start` are the Space's."""

    space_id: str
    title: str
    link: str
    host: Who
    space_state: State
    scheduled_start: Time | None
    state: InviteState
    role: Role


class Invitation(Account, frozen=True, kw_only=True):
    """An invitation of an account to a role in a Space."""

    state: InviteState
    role: Role
