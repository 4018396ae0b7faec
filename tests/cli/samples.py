"""A Space, people and events as a server tells them, for tests without one."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

from msgspec.structs import replace

from spacesctl.api.accounts import Account
from spacesctl.api.captions import CaptionsStatus
from spacesctl.api.events import EPHEMERAL, EVENTS, Event
from spacesctl.api.people import Member, Members
from spacesctl.api.spaces import Space
from spacesctl.api.wire import Time, load_value
from spacesctl.domain.words import Kind, ListenerPolicy, Policy, RecordingMode, Role, State

AT = Time.of(datetime(2026, 11, 29, 12, tzinfo=UTC))
ID = "A" * 13
_SPACE = Space(
    id=ID,
    state=State.LIVE,
    title="Office hours",
    creator_id="1",
    host_ids=["1"],
    speaker_ids=[],
    invited_user_ids=[],
    participant_count=1,
    peak=1,
    subscriber_count=0,
    scheduled_start=None,
    started_at=AT,
    ended_at=None,
    created_at=AT,
    updated_at=AT,
    is_ticketed=False,
    topic_ids=[],
    lang="en",
    host=Account(id="1", handle="@host", name="Host", kind=Kind.PERSON, created_at=AT),
    link=f"http://127.0.0.1:8420/s/{ID}",
    speakers=Policy.INVITED,
    listeners=ListenerPolicy.EVERYONE,
    captions=True,
    captions_status=CaptionsStatus(ready=True),
    record=RecordingMode.OFF,
    recording=None,
    rules=None,
    notice=None,
    host_away=None,
    duration=None,
    series_id=None,
    pinned=[],
    blocked_speaking=[],
    tick=0,
    me=None,
)


def space(**changes: Any) -> Space:
    return replace(_SPACE, **changes)


def member(number: int, handle: str = "", **changes: Any) -> Member:
    made = Member(
        id=str(number),
        handle=handle or f"@p{number}",
        name="",
        kind=Kind.PERSON,
        role=Role.SPEAKER,
        mic="open",
        muted=False,
        heard=True,
        lane=None,
        hand_raised=False,
        connected=True,
    )
    return replace(made, **changes)


def members(*people: Member, anonymous: int = 0) -> Members:
    return Members(data=list(people), next=None, anonymous=anonymous)


def told(kind: str, data: dict[str, Any], tick: int | None = None) -> Event:
    return Event(type=kind, data=load_value(data, (EVENTS | EPHEMERAL)[kind]), tick=tick)
