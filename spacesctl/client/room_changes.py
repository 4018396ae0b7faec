"""What an event changes in the view of a Space."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import TypeVar

from msgspec import structs

from spacesctl.api import events as e
from spacesctl.api import moderation_events as m
from spacesctl.api import people_events as p
from spacesctl.api import space_events as s
from spacesctl.api.captions import CaptionsStatus
from spacesctl.api.spaces import HostAway, Measure
from spacesctl.api.wire import UNSET, Answer, Time
from spacesctl.client.room_view import MOST_LINES, REDACTED, Line, Message, Own, Person, RoomView
from spacesctl.domain.words import NUMBER, Role, State

T = TypeVar("T", bound=Answer)
_OF_A_PLACE = (p.RoleChanged, m.ServerMuted, m.ServerUnmuted)
"""What changes somebody's place: the role, and the server's mute."""
_TEXTS = (e.CaptionSpoken, s.ChatSaid)


def after(view: RoomView, event: e.Event) -> RoomView:
    """The view after an event. One of a type that it does not know changes nothing but the number."""
    change = None if _is_known(view, event) else _CHANGES.get(type(event.data))
    changed = change(view, event.data) if change is not None else view
    if event.seq is not None and isinstance(event.data, _TEXTS):
        changed = _numbered(changed, event.seq, event.data)
    return structs.replace(
        changed,
        seq=max(changed.seq, event.seq or 0),
        tick=max(changed.tick, event.tick or 0),
    )


def _is_known(view: RoomView, event: e.Event) -> bool:
    """Whether it is about the caller's own place, which was told before the audience heard of it."""
    if view.own is None or event.seq is None or event.seq > view.own.seq:
        return False
    return isinstance(event.data, _OF_A_PLACE) and event.data.account_id == view.own.account_id


def _with(view: RoomView, account_id: str, **changes: object) -> RoomView:
    """The view with a person who changed. Of an account that is not known the API has to tell the rest."""
    before = view.people.get(account_id)
    person = structs.replace(before if before is not None else Person(id=account_id), **changes)
    stale = view.stale or before is None
    return structs.replace(view, people={**view.people, account_id: person}, stale=stale)


def _over(view: RoomView, state: State) -> RoomView:
    quiet = {who: structs.replace(one, lane=None, mic="closed", active=False) for who, one in view.people.items()}
    return structs.replace(
        view,
        state=state,
        people=quiet,
        hands=[],
        partial={},
        recording=None,
        host_away=None,
        delay=None,
        held_until=None,
        measures={},
        captions_behind=False,
    )


def _edited(view: RoomView, data: s.SpaceEdited) -> RoomView:
    return structs.replace(view, title=data.title, listeners=data.listeners)


def _raised(view: RoomView, data: p.HandRaised) -> RoomView:
    known = _with(view, data.account_id)
    return known if data.account_id in view.hands else structs.replace(known, hands=[*view.hands, data.account_id])


def _lowered(view: RoomView, data: p.HandLowered) -> RoomView:
    return structs.replace(view, hands=[one for one in view.hands if one != data.account_id])


def _role_changed(view: RoomView, data: p.RoleChanged) -> RoomView:
    changed = _with(view, data.account_id, role=data.role)
    return _with(changed, data.account_id, mic="closed") if data.role is Role.LISTENER else changed


def _you(view: RoomView, data: e.You) -> RoomView:
    changed = _with(view, data.account_id, role=data.role, muted=data.muted)
    if data.muted or data.role is Role.LISTENER:
        changed = _with(changed, data.account_id, mic="closed")
    return structs.replace(changed, own=Own(account_id=data.account_id, seq=data.seq))


def _host_changed(view: RoomView, data: p.HostChanged) -> RoomView:
    before = _with(view, data.before_id, role=Role.COHOST)
    return structs.replace(_with(before, data.account_id, role=Role.HOST), host_away=None)


def _host_away(view: RoomView, data: p.HostWentAway) -> RoomView:
    if not isinstance(data.until, Time):
        return view  # until when is told to staff only
    return structs.replace(view, host_away=HostAway(until=data.until))


def _host_left(view: RoomView, data: p.HostLeft) -> RoomView:
    return structs.replace(view, host_away=HostAway(until=data.ends_at, ends_at=data.ends_at))


def _lane_opened(view: RoomView, data: p.LaneOpened) -> RoomView:
    return _with(view, data.account_id, lane=data.lane, mic="open" if data.mic_open else "closed", connected=True)


def _lane_closed(view: RoomView, data: p.LaneClosed) -> RoomView:
    person = view.people.get(data.account_id)
    partial = {lane: line for lane, line in view.partial.items() if lane != str(data.lane)}
    gone = structs.replace(view, partial=partial)
    if person is None or person.lane != data.lane:
        return gone
    return _with(gone, data.account_id, lane=None, mic="closed", level=None, active=False)


def _removed(view: RoomView, data: m.Removed) -> RoomView:
    people = {who: one for who, one in view.people.items() if who != data.account_id}
    return structs.replace(view, people=people, hands=[one for one in view.hands if one != data.account_id])


def _erased(view: RoomView, data: m.Erased) -> RoomView:
    lines = [line for line in view.lines if line.speaker != data.speaker]
    partial = {lane: line for lane, line in view.partial.items() if line.speaker != data.speaker}
    messages = [one for one in view.messages if one.speaker != data.speaker]
    return structs.replace(view, lines=lines, partial=partial, messages=messages)


def _pinned(view: RoomView, data: s.Pinned) -> RoomView:
    # It may replace an earlier one of the same thing, and what it shows is not in the event.
    return structs.replace(view, pins=[data.pin.id, *view.pins], stale=True)


def _measure_began(view: RoomView, data: m.MeasureBegan) -> RoomView:
    began = Measure(action=data.action, until=data.until, every=data.every)
    return structs.replace(view, measures={**view.measures, data.action: began})


def _measure_ended(view: RoomView, data: m.MeasureEnded) -> RoomView:
    return structs.replace(view, measures={name: one for name, one in view.measures.items() if name != data.action})


def _levels(view: RoomView, data: e.Levels) -> RoomView:
    heard = {one.account_id: one for one in data.levels}
    people = dict(view.people)
    for who, one in view.people.items():
        level, active = (heard[who].db, heard[who].active) if who in heard else (None, False)
        if (one.level, one.active) != (level, active):  # most listeners never talk
            people[who] = structs.replace(one, level=level, active=active)
    return structs.replace(view, people=people, tick=max(view.tick, data.tick))


def _caption(view: RoomView, data: e.CaptionSpoken) -> RoomView:
    partial = {place: line for place, line in view.partial.items() if place != _place(data)}
    return structs.replace(view, lines=[*view.lines, _line(data)][-MOST_LINES:], partial=partial)


def _numbered(view: RoomView, number: int, data: e.CaptionSpoken | s.ChatSaid) -> RoomView:
    """The text that an event brought has its number."""
    if isinstance(data, e.CaptionSpoken):
        return structs.replace(view, lines=[*view.lines[:-1], structs.replace(view.lines[-1], number=number)])
    said = Message(number=number, account_id=data.account_id, speaker=data.speaker, text=data.text)
    return structs.replace(view, messages=[*view.messages, said][-MOST_LINES:])


def _masked(view: RoomView, data: s.TextMasked) -> RoomView:
    """Words that the audience does not read. Staff goes on to read them, but for numbers."""

    def text(before: str) -> str:
        if data.digits is False:
            return before
        return masked(before, data.words, NUMBER if data.digits is True else REDACTED)

    lines = [structs.replace(one, text=text(one.text)) if one.number == data.number else one for one in view.lines]
    messages = [
        structs.replace(one, text=text(one.text), masked=True) if one.number == data.number else one
        for one in view.messages
    ]
    return structs.replace(view, lines=lines, messages=messages)


def masked(text: str, runs: list[list[int]], instead: str = REDACTED) -> str:
    """A text without the words of these runs, each `instead`."""
    words = text.split(" ")
    hidden = {at for first, last in runs for at in range(first, min(last + 1, len(words)))}
    return " ".join(instead if at in hidden and word != NUMBER else word for at, word in enumerate(words))


def _text_erased(view: RoomView, data: s.TextErased) -> RoomView:
    """A text that is not shown any more. Staff goes on to read it in the chat."""
    for_staff = data.by_id is not UNSET
    lines = [one for one in view.lines if one.number != data.number]
    marked = [structs.replace(one, masked=True) if one.number == data.number else one for one in view.messages]
    messages = marked if for_staff else [one for one in marked if one.number != data.number]
    return structs.replace(view, lines=lines, messages=messages)


def _place(data: e.CaptionSpoken | e.PartialCaption) -> str:
    """Where a caption that may still change is kept: typed speech is of no lane."""
    return f"typed {data.account_id}" if data.typed else str(data.lane)


def _partial(view: RoomView, data: e.PartialCaption) -> RoomView:
    others = {place: line for place, line in view.partial.items() if place != _place(data)}
    return structs.replace(view, partial={**others, _place(data): _line(data)} if data.text else others)


def _line(data: e.CaptionSpoken | e.PartialCaption) -> Line:
    return Line(
        lane=data.lane, utterance=data.utterance, speaker=data.speaker, text=data.text, start_tick=data.start_tick,
        typed=data.typed,
    )  # fmt: skip


Change = Callable[[RoomView, T], RoomView]


def _table() -> Mapping[type[Answer], Callable[[RoomView, Answer], RoomView]]:
    found: dict[type[Answer], Callable[[RoomView, Answer], RoomView]] = {}

    def on(kind: type[T], change: Change[T]) -> None:
        def checked(view: RoomView, data: Answer) -> RoomView:
            return change(view, data) if isinstance(data, kind) else view

        found[kind] = checked

    on(s.SpaceStarted, lambda view, data: structs.replace(view, state=State.LIVE))
    on(s.SpaceEnded, lambda view, data: _over(view, State.ENDED))
    on(s.SpaceCanceled, lambda view, data: _over(view, State.CANCELED))
    on(s.SpaceMissed, lambda view, data: _over(view, State.CANCELED))
    on(s.SpaceEdited, _edited)
    on(s.PolicyChanged, lambda view, data: structs.replace(view, speakers=data.speakers))
    on(s.CaptionsSwitched, lambda view, data: structs.replace(view, captions=data.on))
    on(CaptionsStatus, lambda view, data: structs.replace(view, captions_behind=data.behind))
    on(s.RecordingStarted, lambda view, data: structs.replace(view, recording=data.recording.kind))
    on(s.RecordingStopped, lambda view, data: structs.replace(view, recording=None))
    on(s.Pinned, _pinned)
    on(s.Unpinned, lambda view, data: structs.replace(view, pins=[one for one in view.pins if one != data.pin_id]))
    on(p.RoleChanged, _role_changed)
    on(p.HandRaised, _raised)
    on(p.HandLowered, _lowered)
    on(p.HostChanged, _host_changed)
    on(p.HostWentAway, _host_away)
    on(p.HostBack, lambda view, data: structs.replace(view, host_away=None))
    on(p.HostLeft, _host_left)
    on(p.LaneOpened, _lane_opened)
    on(p.LaneClosed, _lane_closed)
    on(p.MicChanged, lambda view, data: _with(view, data.account_id, mic="open" if data.open else "closed"))
    on(m.ServerMuted, lambda view, data: _with(view, data.account_id, muted=True, mic="closed"))
    on(m.ServerUnmuted, lambda view, data: _with(view, data.account_id, muted=False))
    on(m.Removed, _removed)
    on(m.Erased, _erased)
    on(m.HoldBegan, lambda view, data: structs.replace(view, held_until=data.until))
    on(m.HoldEnded, lambda view, data: structs.replace(view, held_until=None))
    on(m.MeasureBegan, _measure_began)
    on(m.MeasureEnded, _measure_ended)
    on(e.Delay, lambda view, data: structs.replace(view, delay=data if data.now or data.target else None))
    on(e.You, _you)
    on(e.Presence, lambda view, data: structs.replace(view, participant_count=data.participant_count))
    on(e.Levels, _levels)
    on(e.CaptionSpoken, _caption)
    on(e.PartialCaption, _partial)
    on(s.ChatChanged, lambda view, data: structs.replace(view, chat=data.chat, chat_every=data.every))
    on(s.TextMasked, _masked)
    on(s.TextErased, _text_erased)
    on(e.StreamHello, lambda view, data: structs.replace(view, stale=view.stale or data.seq > view.seq, tick=data.tick))
    on(e.StreamReset, lambda view, data: structs.replace(view, stale=True, seq=data.seq))
    return found


_CHANGES = _table()
