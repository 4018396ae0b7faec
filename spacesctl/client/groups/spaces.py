"""Spaces: their life, their settings, their events."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

from spacesctl.api import captions, moderation, recordings, spaces
from spacesctl.api.operation import IceServer
from spacesctl.api.people import Sanction
from spacesctl.api.spaces import Space
from spacesctl.api.wire import Page
from spacesctl.client.call import AsyncGroup, Call, Following, Listing, Operation, Rows, SyncGroup, segment
from spacesctl.client.origins import is_link, split_link
from spacesctl.domain.words import Reaction, State

if TYPE_CHECKING:
    from spacesctl.api.events import Event

NOTHING = type(None)


def place(space_id: str, *more: str) -> str:
    """The path of a Space, which may be given by its link, or of a part of it. That of a link begins with the server that it names: only
    a client of that server takes it. Raises Invalid.
    """
    server, bare = split_link(space_id) if is_link(space_id) else ("", space_id)
    return "/".join((f"{server}/v1/spaces", segment(bare), *(segment(one) for one in more)))


def _create(new: spaces.NewSpace, *, idempotency_key: str | None = None) -> Call[Space]:
    """Create a Space, and go live at once if it says so."""
    return Call("POST", "/v1/spaces", Space, new, idempotency_key=idempotency_key)


def _list(
    states: Sequence[State | str] = (), *, host: str | None = None, search: str | None = None
) -> Call[Page[Space]]:
    """Spaces, newest first: live and scheduled ones, or those in these states; of one host (`me` is the caller), or with these words in
    title and topics."""
    asked = {"state": [str(one) for one in states], "host": host, "search": search}
    return Call("GET", "/v1/spaces", Page[Space], parameters=asked)


def _get(space_id: str) -> Call[Space]:
    """One Space."""
    return Call("GET", place(space_id), Space)


def _edit(space_id: str, change: spaces.SpaceChange) -> Call[Space]:
    """Edit a Space. All changes are made, or none."""
    return Call("PATCH", place(space_id), Space, change)


def _start(space_id: str) -> Call[Space]:
    """Go live."""
    return Call("POST", place(space_id, "start"), Space)


def _end(space_id: str) -> Call[Space]:
    """End a live Space."""
    return Call("POST", place(space_id, "end"), Space)


def _cancel(space_id: str) -> Call[Space]:
    """Cancel a Space that has not started."""
    return Call("POST", place(space_id, "cancel"), Space)


def _react(space_id: str, reaction: Reaction) -> Call[spaces.Reacted]:
    """Send a reaction."""
    return Call("POST", place(space_id, "reactions"), spaces.Reacted, spaces.NewReaction(reaction=reaction))


def _remind(space_id: str) -> Call[None]:
    """Subscribe to the reminders of a Space."""
    return Call("PUT", place(space_id, "reminder"), NOTHING)


def _forget_reminder(space_id: str) -> Call[None]:
    """Unsubscribe from them."""
    return Call("DELETE", place(space_id, "reminder"), NOTHING)


def _pin(space_id: str, new: spaces.NewPin) -> Call[Space]:
    """Share a post or a link with everybody in the Space."""
    return Call("POST", place(space_id, "pins"), Space, new)


def _unpin(space_id: str, pin_id: str) -> Call[Space]:
    """Remove a pin."""
    return Call("DELETE", place(space_id, "pins", pin_id), Space)


def _record(space_id: str, kind: Literal["mix", "lanes"] = "mix") -> Call[Space]:
    """Record the Space from now on."""
    return Call("POST", place(space_id, "recording"), Space, recordings.NewRecording(kind=kind))


def _stop_recording(space_id: str) -> Call[Space]:
    """Stop the recording."""
    return Call("DELETE", place(space_id, "recording"), Space)


def _rules(space_id: str) -> Call[moderation.RuleFile]:
    """The rule file of a Space."""
    return Call("GET", place(space_id, "rules"), moderation.RuleFile)


def _set_rules(space_id: str, new: moderation.NewRules) -> Call[moderation.SetRules]:
    """Set or remove the rule file of a Space."""
    return Call("PUT", place(space_id, "rules"), moderation.SetRules, new)


def _sanctions(space_id: str) -> Call[Page[Sanction]]:
    """The sanctions of a Space, newest first."""
    return Call("GET", place(space_id, "sanctions"), Page[Sanction])


def _captions(
    space_id: str, after: int | None = None, view: Literal["audience", "staff"] | None = None
) -> Call[Page[captions.Caption]]:
    """At most 500 final captions, oldest first: those after an event's number, or the newest. Staff may see what was redacted."""
    asked = {"after": after, "view": view}
    return Call("GET", place(space_id, "captions"), Page[captions.Caption], parameters=asked)


def _events(
    space_id: str, view: Literal["audience", "staff"] = "audience", *, last_event_id: int | str | None = None
) -> Call[Event]:
    """The events of a Space as they happen, from now on or after the one with this id."""
    from spacesctl.api.events import Event

    return Call("GET", place(space_id, "events"), Event, parameters={"view": view}, last_event_id=last_event_id)


def calendar_place(space_id: str) -> str:
    """The path of a Space's calendar, to which calendar programs subscribe."""
    return f"{place(space_id)}.ics"


def _calendar(space_id: str) -> Call[str]:
    """The Space as an iCalendar event."""
    return Call("GET", calendar_place(space_id), str, media="text/calendar")


def _ice_servers(space_id: str) -> Call[Page[IceServer]]:
    """The relays and STUN servers to use."""
    return Call("GET", place(space_id, "ice-servers"), Page[IceServer])


def _post_captions(space_id: str, new: captions.NewCaptions) -> Call[captions.Taken]:
    """For the bundled bot: publish captions."""
    return Call("POST", place(space_id, "captions"), captions.Taken, new)


def _act(space_id: str, act: moderation.NewAct) -> Call[moderation.Act]:
    """For the bundled bot: carry out or record an act of a rule."""
    return Call("POST", place(space_id, "acts"), moderation.Act, act)


class _Calls:
    create = Operation(_create)
    list = Listing(_list)
    get = Operation(_get)
    edit = Operation(_edit)
    start = Operation(_start)
    end = Operation(_end)
    cancel = Operation(_cancel)
    react = Operation(_react)
    remind = Operation(_remind)
    forget_reminder = Operation(_forget_reminder)
    pin = Operation(_pin)
    unpin = Operation(_unpin)
    record = Operation(_record)
    stop_recording = Operation(_stop_recording)
    rules = Operation(_rules)
    set_rules = Operation(_set_rules)
    sanctions = Listing(_sanctions)
    captions = Rows(_captions)
    events = Following(_events)
    calendar = Operation(_calendar)
    ice_servers = Rows(_ice_servers)
    post_captions = Operation(_post_captions)
    act = Operation(_act)


class Spaces(_Calls, SyncGroup):
    """`client.spaces`."""


class AsyncSpaces(_Calls, AsyncGroup):
    """`client.spaces`."""
