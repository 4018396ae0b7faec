"""The people of a Space: who may speak, and what moderation does to them."""

from __future__ import annotations

from spacesctl.api import people as wire
from spacesctl.api.people import (
    Invitation,
    Member,
    Members,
    NewHand,
    NewKick,
    NewMeasure,
    NewSpaceMeasure,
    RaisedHand,
    Sanction,
)
from spacesctl.api.spaces import Space
from spacesctl.api.suggestions import Suggestion
from spacesctl.api.wire import Page
from spacesctl.client.call import AsyncGroup, Call, Listing, Operation, Rows, SyncGroup
from spacesctl.client.groups.spaces import NOTHING, place
from spacesctl.domain.words import MeasureKind

NO_HAND, NO_MEASURE, NO_KICK, FOR_GOOD = NewHand(), NewMeasure(), NewKick(), NewSpaceMeasure()


def _list(space_id: str) -> Call[Members]:
    """The people of a Space, those on the stage first."""
    return Call("GET", place(space_id, "people"), Members)


def _set_mic(space_id: str, *, is_open: bool, consent: bool = False) -> Call[Member]:
    """Open or close the caller's microphone; `consent`: the caller agrees to be recorded."""
    return Call("PUT", place(space_id, "mic"), Member, wire.Microphone(open=is_open, consent=consent))


def _raise_hand(space_id: str, new: NewHand = NO_HAND) -> Call[Member]:
    """Ask to speak."""
    return Call("POST", place(space_id, "requests"), Member, new)


def _lower_hand(space_id: str) -> Call[Member]:
    """Withdraw the request."""
    return Call("DELETE", place(space_id, "requests", "me"), Member)


def _hands(space_id: str) -> Call[Page[RaisedHand]]:
    """The requests to speak, the oldest first."""
    return Call("GET", place(space_id, "requests"), Page[RaisedHand])


def _approve(space_id: str, who: str) -> Call[Member]:
    """Approve a request to speak."""
    return Call("POST", place(space_id, "requests", who, "approve"), Member)


def _deny(space_id: str, who: str) -> Call[Member]:
    """Deny a request to speak."""
    return Call("POST", place(space_id, "requests", who, "deny"), Member)


def _warn(space_id: str, who: str, measure: NewMeasure = NO_MEASURE) -> Call[Member]:
    """Warn a person."""
    return Call("POST", place(space_id, "people", who, "warn"), Member, measure)


def _mute(space_id: str, who: str, measure: NewMeasure = NO_MEASURE) -> Call[Member]:
    """Server-mute a person."""
    return Call("POST", place(space_id, "people", who, "mute"), Member, measure)


def _unmute(space_id: str, who: str) -> Call[Member]:
    """Lift a server mute, and ask the person to open the microphone."""
    return Call("POST", place(space_id, "people", who, "unmute"), Member)


def _demote(space_id: str, who: str, measure: NewMeasure = NO_MEASURE) -> Call[Member]:
    """Make a speaker or co-host a listener."""
    return Call("POST", place(space_id, "people", who, "demote"), Member, measure)


def _promote(space_id: str, who: str) -> Call[Member]:
    """Make a speaker a co-host."""
    return Call("POST", place(space_id, "people", who, "promote"), Member)


def _hand_over(space_id: str, who: str) -> Call[Member]:
    """Make a co-host the host."""
    return Call("POST", place(space_id, "people", who, "host"), Member)


def _kick(space_id: str, who: str, kick: NewKick = NO_KICK) -> Call[Member]:
    """Remove a person from the Space."""
    return Call("POST", place(space_id, "people", who, "kick"), Member, kick)


def _connections(space_id: str) -> Call[Page[wire.AnonymousConnection]]:
    """The connections with sound of listeners without an account."""
    return Call("GET", place(space_id, "connections"), Page[wire.AnonymousConnection])


def _cut_off(space_id: str, connection: str) -> Call[None]:
    """Close one of them."""
    return Call("DELETE", place(space_id, "connections", connection), NOTHING)


def _invite(space_id: str, new: wire.NewInvites) -> Call[Page[Invitation]]:
    """Invite accounts by direct message: all of them or, if one is refused, none."""
    return Call("POST", place(space_id, "invites"), Page[Invitation], new)


def _uninvite(space_id: str, who: str) -> Call[Invitation]:
    """Take back an invitation that has not been answered."""
    return Call("DELETE", place(space_id, "invites", who), Invitation)


def _invites(space_id: str) -> Call[Page[Invitation]]:
    """The invitations to a Space."""
    return Call("GET", place(space_id, "invites"), Page[Invitation])


def _accept(space_id: str) -> Call[Space]:
    """Accept the caller's invitation."""
    return Call("POST", place(space_id, "accept"), Space)


def _decline(space_id: str) -> Call[Space]:
    """Decline the caller's invitation."""
    return Call("POST", place(space_id, "decline"), Space)


def _measure(space_id: str, action: MeasureKind, new: NewSpaceMeasure = FOR_GOOD) -> Call[Sanction]:
    """Do something about all: `mute`, `demote`, `hold`, `slow` or `lock`."""
    return Call("PUT", place(space_id, "measures", action), Sanction, new)


def _end_measure(space_id: str, action: MeasureKind) -> Call[None]:
    """End it before its time."""
    return Call("DELETE", place(space_id, "measures", action), NOTHING)


def _undo(space_id: str, sanction_id: str, reason: str = "", *, wrong: bool = False) -> Call[Sanction]:
    """Undo a sanction of a Space; `wrong`: the rule that imposed it is not to find the same again."""
    undo = wire.Undo(reason=reason, wrong=wrong)
    return Call("POST", place(space_id, "sanctions", sanction_id, "undo"), Sanction, undo)


def _suggestions(space_id: str) -> Call[Page[Suggestion]]:
    """What rules suggest in a Space, newest first, with the last that were decided on."""
    return Call("GET", place(space_id, "suggestions"), Page[Suggestion])


def _confirm(space_id: str, suggestion_id: str) -> Call[Suggestion]:
    """Do what a rule suggests."""
    return Call("POST", place(space_id, "suggestions", suggestion_id, "confirm"), Suggestion)


def _dismiss(space_id: str, suggestion_id: str) -> Call[Suggestion]:
    """Leave it undone."""
    return Call("POST", place(space_id, "suggestions", suggestion_id, "dismiss"), Suggestion)


class _Calls:
    list = Operation(_list)
    set_mic = Operation(_set_mic)
    raise_hand = Operation(_raise_hand)
    lower_hand = Operation(_lower_hand)
    hands = Listing(_hands)
    approve = Operation(_approve)
    deny = Operation(_deny)
    warn = Operation(_warn)
    mute = Operation(_mute)
    unmute = Operation(_unmute)
    demote = Operation(_demote)
    promote = Operation(_promote)
    hand_over = Operation(_hand_over)
    kick = Operation(_kick)
    connections = Listing(_connections)
    cut_off = Operation(_cut_off)
    invite = Rows(_invite)
    uninvite = Operation(_uninvite)
    invites = Listing(_invites)
    accept = Operation(_accept)
    decline = Operation(_decline)
    measure = Operation(_measure)
    end_measure = Operation(_end_measure)
    undo = Operation(_undo)
    suggestions = Listing(_suggestions)
    confirm = Operation(_confirm)
    dismiss = Operation(_dismiss)


class People(_Calls, SyncGroup):
    """`client.people`."""


class AsyncPeople(_Calls, AsyncGroup):
    """`client.people`."""
