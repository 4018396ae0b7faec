"""What the audience is told waits until the audience hears it, in order; staff are told at once."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from typing import Any

import pytest

from spacesctl.api import events as wire
from spacesctl.domain import events as e
from spacesctl.domain.principals import Person
from spacesctl.domain.redaction import Redaction
from spacesctl.domain.words import Role
from spacesctl.engine.messages import Aired
from spacesctl.live import audience as module
from spacesctl.live.audience import Audience
from spacesctl.live.event_views import View
from spacesctl.live.hub import Hub
from spacesctl.store.spaces import StoredEvent

pytestmark = pytest.mark.anyio
NOON = datetime(2026, 11, 30, 12, tzinfo=UTC)


class Room:
    """An audience that hears `behind` ticks later, one listener and one of the staff."""

    def __init__(self, behind: int = 150) -> None:
        self.now = 1_000
        self.hub = Hub()
        self.audience = Audience(self.hub, lambda: self.now)
        self.audience.opens(behind)
        self.listener = self.hub.subscribe(View.AUDIENCE, Person("ann"))
        self.staff = self.hub.subscribe(View.STAFF, Person("host"))

    async def told(self, view: View) -> list[str]:
        """What a view was told since the last call: types of events, texts of captions."""
        found, one = [], self.listener if view is View.AUDIENCE else self.staff
        while message := await one.next(0.001):
            data = json.loads(message.split(b"data: ")[1])
            found.append(data["data"].get("text", data["type"]))
        return found

    def at(self, tick: int) -> None:
        self.now = tick
        self.audience.release()


def caption(seq: int, text: str, end: int) -> StoredEvent:
    words = [{"w": w, "start": end * 0.02 - 0.5, "end": end * 0.02, "conf": 0.9} for w in text.split()]
    body: dict[str, Any] = {
        "account_id": "ben", "speaker": "@ben", "lane": 1, "utterance": 1, "text": text, "start_tick": end - 25, "end_tick": end,
        "words": words,
    }  # fmt: skip
    return StoredEvent(seq, "caption", NOON, end + 20, body)


def muted(seq: int, tick: int) -> StoredEvent:
    return StoredEvent(seq, "person.muted", NOON, tick, {"account_id": "ben", "by": "host", "reason": ""})


async def test_at_no_delay_everything_is_told_at_once() -> None:
    room = Room(0)
    room.audience.publish([muted(5, 1_000), caption(6, "hello", 990)], ())
    assert await room.told(View.AUDIENCE) == await room.told(View.STAFF) == ["person.muted", "hello"]
    assert room.audience.seq == 6


async def test_staff_are_told_at_once_and_the_audience_when_it_hears_it() -> None:
    room = Room()
    room.audience.publish([caption(5, "hello", 990)], ())
    room.audience.tell(wire.Reactions(tick=1_000, counts={"clap": 1}), 1_000)
    assert await room.told(View.STAFF) == ["hello", "reactions"]
    room.at(990 + 149)
    assert await room.told(View.AUDIENCE) == []
    room.at(990 + 150)
    assert await room.told(View.AUDIENCE) == ["hello"]
    assert room.audience.seq == 5
    room.at(1_150)
    assert await room.told(View.AUDIENCE) == ["reactions"]


async def test_a_caption_never_overtakes_an_event_with_a_lower_number() -> None:
    room = Room()
    room.audience.publish([muted(5, 1_000)], ())
    room.audience.publish([caption(6, "hello", 900)], ())
    room.at(1_100)
    assert await room.told(View.AUDIENCE) == []
    room.at(1_150)
    assert await room.told(View.AUDIENCE) == ["person.muted", "hello"]


async def test_a_redaction_that_comes_while_a_caption_waits_is_in_it() -> None:
    room = Room()
    room.audience.publish([caption(5, "hello", 990)], ())
    redaction = Redaction("r1", 1, "ben", 960, 995, "silence", {})
    room.audience.masks.take(e.RedactionMade(redaction, 850))
    room.at(1_200)
    assert await room.told(View.AUDIENCE) == ["[redacted]"]
    assert await room.told(View.STAFF) == ["hello"]


def partial(text: str, end: int) -> wire.PartialCaption:
    return wire.PartialCaption(
        account_id="ben", speaker="@ben", lane=1, utterance=1, text=text, start_tick=end - 50, end_tick=end, words=[]
    )


async def test_a_partial_caption_that_a_redaction_touches_is_not_shown() -> None:
    room = Room()
    room.audience.tell_partial(partial("say hello", 990), redacts=True)
    room.audience.tell_partial(partial("say hello to", 1_090), redacts=True)
    room.audience.masks.take(e.RedactionMade(Redaction("r1", 1, "ben", 980, 1_060, "silence", {}), 850))
    room.at(1_300)
    assert await room.told(View.AUDIENCE) == []
    assert await room.told(View.STAFF) == ["say hello", "say hello to"]


async def test_where_rules_redact_at_no_delay_the_audience_sees_no_partial_captions() -> None:
    room = Room(0)
    room.audience.tell_partial(partial("say", 990), redacts=True)
    assert await room.told(View.AUDIENCE) == []
    room.audience.tell_partial(partial("say", 990), redacts=False)
    assert await room.told(View.AUDIENCE) == ["say"]


async def test_levels_show_silence_where_a_lane_is_redacted() -> None:
    room = Room()
    level = wire.Level(lane=1, account_id="ben", db=-20, active=True)
    room.audience.tell(wire.Levels(tick=1_000, levels=[level]), 1_000)
    room.audience.masks.take(e.RedactionMade(Redaction("r1", 1, "ben", 990, 1_010, "silence", {}), 850))
    room.at(1_200)
    message = await room.listener.next(0.01)
    told = json.loads((message or b"").split(b"data: ")[1])["data"]["levels"]
    assert told == [{"lane": 1, "account_id": "ben", "db": -127, "active": False}]


async def test_the_audience_follows_a_delay_that_grows_and_shrinks() -> None:
    room = Room(0)
    room.audience.aims(100, now=False)
    assert room.audience.safe_in == 62.0
    room.audience.aired(Aired("space", 1_000, 960))
    assert room.audience.heard == 960
    assert room.audience.safe_in == 61.2
    room.audience.publish([muted(5, 1_000)], ())
    room.audience.aired(Aired("space", 1_050, 1_000))
    room.now = 1_050
    room.audience.release()
    assert await room.told(View.AUDIENCE) == ["person.muted"]


async def test_when_too_much_waits_what_is_not_stored_is_left_out(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "MOST_WAITING", 3)
    room = Room()
    for seq in range(1, 4):
        room.audience.publish([muted(seq, 1_000)], ())
    room.audience.tell(wire.Reactions(tick=1_000, counts={"clap": 1}), 1_000)
    room.audience.publish([muted(4, 1_000)], ())
    room.at(2_000)
    assert await room.told(View.AUDIENCE) == ["person.muted"] * 4


async def test_waiting_for_a_tick_ends_when_it_is_heard_or_lost() -> None:
    room = Room()
    await room.audience.reaches(800)
    room.audience.at(1_000, room.audience.flush)
    assert room.audience.is_waiting
    room.audience.flush()
    assert not room.audience.is_waiting


def you(account_id: str, *, muted: bool) -> wire.You:
    return wire.You(account_id=account_id, role=Role.SPEAKER, muted=muted, seq=5)


async def test_who_it_is_about_is_told_at_once_and_nobody_else() -> None:
    room = Room()
    room.audience.publish([muted(5, 1_000)], ())
    other = room.hub.subscribe(View.AUDIENCE, Person("ben"))
    room.audience.tell_own([you("ben", muted=True)])
    assert (await other.next(0.01) or b"").startswith(b"event: you\n")  # without a number: a resume loses nothing by it
    assert await room.told(View.AUDIENCE) == []
    assert await room.told(View.STAFF) == ["person.muted"]
    room.at(1_150)
    assert await room.told(View.AUDIENCE) == ["person.muted"]
    assert (await other.next(0.01) or b"").startswith(b"id: 5\n")
