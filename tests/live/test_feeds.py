"""Bounded queues towards slow readers, the evidence ring, and what the engine is told."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime
from pathlib import Path

import pytest

from spacesctl.api.events import Levels
from spacesctl.api.lanes import Ended, Gap, Muted
from spacesctl.audio import ogg
from spacesctl.domain import events as e
from spacesctl.domain.principals import ANONYMOUS, Person
from spacesctl.domain.space import Member, Space
from spacesctl.domain.words import Role, State
from spacesctl.engine.messages import CloseLane, MovePeer, OpenLane, Output, SetLaneOpen
from spacesctl.live import effects, evidence
from spacesctl.live.event_views import View
from spacesctl.live.hub import Hub
from spacesctl.live.sessions import FEED_EVENTS, FEED_TICKS, Feed, Session, SessionKind, group_of
from spacesctl.live.subscriber import QUEUE

pytestmark = pytest.mark.anyio
NOW = datetime(2026, 11, 21, tzinfo=UTC)


def space(*people: Member) -> Space:
    return Space(
        "A" * 13, "T", State.LIVE, "1", "1", NOW, NOW, started_at=NOW, people={p.account_id: p for p in people}
    )


async def test_a_slow_reader_loses_whole_ticks_is_told_how_many_and_goes_on() -> None:
    feed = Feed()
    held = FEED_TICKS // 5
    for tick in range(held + 7):
        feed.push_frame(bytes([tick]))
    feed.push_event(Muted())
    for tick in range(held):
        assert await feed.next() == bytes([tick])
    assert await feed.next() == Muted()
    feed.push_frame(b"later")
    assert await feed.next() == Gap(ticks=7)
    assert await feed.next() == b"later"


async def test_who_reads_nothing_for_five_seconds_is_cut_off() -> None:
    feed = Feed()
    for _ in range(FEED_TICKS // 5 + FEED_TICKS):
        feed.push_frame(b"x")
    assert feed.closed
    last = None
    while (message := await feed.next()) is not None:
        last = message
    assert last == Ended(reason="too_slow")


async def test_events_to_a_reader_are_bounded_too() -> None:
    feed = Feed()
    for _ in range(FEED_EVENTS + 1):
        feed.push_event(Muted())
    assert feed.closed


async def test_a_reader_that_waits_is_woken() -> None:
    feed = Feed()
    waiting = asyncio.create_task(feed.next())
    await asyncio.sleep(0)
    feed.push_frame(b"x")
    assert await waiting == b"x"


async def test_a_subscriber_too_far_behind_is_ended_and_others_are_not() -> None:
    hub = Hub()
    slow, other = hub.subscribe(View.AUDIENCE, Person("1")), hub.subscribe(View.STAFF, ANONYMOUS)
    for _ in range(QUEUE + 1):
        hub.publish_ephemeral(Levels(tick=1, levels=[]), [View.AUDIENCE])
    assert slow.closed
    assert await slow.next(0.1) is None
    assert not other.closed
    assert await other.next(0.01) == b""


def test_the_ring_cuts_one_lane_on_time_and_forgets_after_a_minute() -> None:
    ring = evidence.EvidenceRing()
    for tick in range(evidence.RING_TICKS + 100):
        ring.add(tick, 1, ogg.SILENCE)
    assert ring.cut([1], 0, 99) is None, "older than a minute"
    clip = ring.cut([1], 200, 249)
    assert clip is not None
    assert len(list(ogg.read_packets(clip))) == 50
    assert ring.cut([2], 200, 249) is None
    ring.forget(2 * evidence.RING_TICKS + 200)
    assert ring.cut([1], 0, 10**9) is None


def test_a_clip_is_kept_under_its_hash_once(tmp_path: Path) -> None:
    names = {evidence.keep(tmp_path / "evidence", data) for data in (b"one", b"two", b"one")}
    assert sorted(path.name for path in (tmp_path / "evidence").iterdir()) == sorted(f"{name}.ogg" for name in names)


def test_the_engine_is_told_gates_by_the_state_after() -> None:
    talking = Member("2", Role.SPEAKER, mic_open=True, lane=3)
    server_muted = Member("2", Role.SPEAKER, mic_open=False, server_muted=True, lane=3)
    assert effects.lane_messages(space(talking), [e.LaneOpened("2", 3, True)]) == [OpenLane("A" * 13, 3, heard=True)]
    assert effects.lane_messages(space(server_muted), [e.ServerMuted("2", "1")]) == [
        SetLaneOpen("A" * 13, 3, heard=False)
    ]
    assert effects.lane_messages(space(), [e.LaneClosed("2", 3, "left")]) == [CloseLane("A" * 13, 3)]


def test_only_listeners_whose_group_changed_are_moved() -> None:
    state = space(Member("2", Role.SPEAKER, lane=5), Member("3", Role.SPEAKER))
    sessions = [
        Session("a", SessionKind.WHEP, Person("2")),
        Session("b", SessionKind.WHEP, Person("3"), group=Output.STAGE),
        Session("c", SessionKind.WHEP, ANONYMOUS),
        Session("d", SessionKind.WHIP, Person("2"), lane=5),
        Session("e", SessionKind.LISTEN, Person("3")),
    ]
    assert effects.move_sessions(state, sessions) == [MovePeer("a", 5)]
    assert [session.group for session in sessions] == [5, Output.STAGE, Output.AUDIENCE, Output.AUDIENCE, Output.STAGE]
    assert group_of(state, "nobody") == Output.AUDIENCE
