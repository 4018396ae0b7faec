"""Events of a Space as the demo gets them, and the picture that it draws of them."""

from __future__ import annotations

import io
from collections.abc import Sequence

from rich.console import Console

from spacesctl.api.captions import SpokenWord
from spacesctl.api.events import CaptionSpoken, Event, PartialCaption
from spacesctl.api.moderation_events import ActTaken, Removed, ServerMuted
from spacesctl.api.people_events import LaneClosed, LaneOpened
from spacesctl.api.wire import Answer
from spacesctl.client.room_view import Person, RoomView
from spacesctl.demo.state import State
from spacesctl.demo.view import render
from spacesctl.domain import words
from spacesctl.domain.words import ListenerPolicy, Policy, Role


class Followed(State):
    """A run, and what was said of it."""

    lines: list[str]


def person(account_id: str, handle: str, role: Role = Role.SPEAKER) -> Person:
    return Person(id=account_id, handle=f"@{handle}", name=handle.title(), role=role)


def room(*people: Person, title: str = "T") -> RoomView:
    """A live Space with these people."""
    return RoomView(
        id="s", title=title, state=words.State.LIVE, speakers=Policy.INVITED, listeners=ListenerPolicy.EVERYONE,
        captions=True, people={one.id: one for one in people},
    )  # fmt: skip


def event(data: Answer, seq: int | None = None, tick: int = 500) -> Event:
    return Event(type="", data=data, seq=seq, tick=tick)


def opened(account: str = "2", lane: int = 2) -> Event:
    return event(LaneOpened(account_id=account, lane=lane, mic_open=True), 1)


def closed(account: str = "2", lane: int = 2) -> Event:
    return event(LaneClosed(account_id=account, lane=lane), 2)


def muted(account: str = "2", reason: str = "rule scam", tick: int = 500) -> Event:
    return event(ServerMuted(account_id=account, by_id="9", reason=reason), 3, tick)


def removed(account: str = "2", reason: str = "enough", by: str = "1", tick: int = 500) -> Event:
    return event(Removed(account_id=account, by_id=by, reason=reason, barred=True), 4, tick)


def caption(
    text: str,
    lane: int = 2,
    account: str = "2",
    start: int = 480,
    final: bool = True,
    words: Sequence[SpokenWord] = (),
) -> Event:
    kind = CaptionSpoken if final else PartialCaption
    data = kind(
        account_id=account, speaker="@rex", lane=lane, utterance=start, text=text, start_tick=start, end_tick=start + 50,
        words=list(words),
    )  # fmt: skip
    return event(data, 7 if final else None)


def act(action: str = "mute", mode: str = "enforce") -> Event:
    return event(taken("2", action, mode), 9, 580)


def taken(
    account: str, action: str = "mute", mode: str = "enforce", rule: str = "scam", start: int = 500, end: int = 549
) -> ActTaken:
    return ActTaken(
        key="k", rule_id=rule, mode=mode, action=action, account_id=account, lane=2, start_tick=start, end_tick=end
    )


def drawn(state: State, height: int = 24, width: int = 80) -> str:
    picture = io.StringIO()
    Console(file=picture, width=width, height=height, force_terminal=False).print(render(state, height))
    return picture.getvalue()
