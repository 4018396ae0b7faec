"""Live events over a real socket: read as bytes here, since a client library would hide what has an id and what has none."""

from __future__ import annotations

import asyncio
import json
import random
from collections.abc import AsyncGenerator, AsyncIterator, Callable
from contextlib import aclosing, asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from bots import casts
from spacesctl.audio.ogg import read_packets
from spacesctl.domain.errors import NotAllowed
from tests.e2e.peers import LaneListener, LaneSpeaker
from tests.e2e.scene import Scene, run, scene, server_again
from tests.running import unlimited

REPLAYED_AT_MOST = 1_000
STAFF_ONLY = ("invite.", "hand.", "act.", "report.", "rules.", "person.removed")
"""How the types of events begin that the audience never sees."""


async def stream(
    room: Scene, handle: str | None = "host", *, view: str = "audience", after: int | None = None
) -> AsyncGenerator[tuple[int | None, dict[str, Any]], None]:
    """(id, body) of each event as it comes, until the server ends the stream."""
    headers = {"Authorization": f"Bearer {room.tokens[handle]}"} if handle else {}
    if after is not None:
        headers["Last-Event-ID"] = str(after)
    async with (
        httpx.AsyncClient(base_url=room.server.url, timeout=10) as http,
        http.stream("GET", f"{room.place}/events", params={"view": view}, headers=headers) as answer,
    ):
        assert answer.status_code == 200
        assert answer.headers["content-type"].startswith("text/event-stream")
        fields: dict[str, str] = {}
        async for line in answer.aiter_lines():
            if line:
                name, _, value = line.partition(": ")
                assert name not in fields
                fields[name] = value
            elif "data" in fields:
                body = json.loads(fields["data"])
                assert fields["event"] == body["type"]
                yield int(fields["id"]) if "id" in fields else None, body
                fields = {}
            else:
                fields = {}  # a comment


class Watcher:
    """A stream that is read all the time: `seen` is (id, body) of each event; `ended` when the server ended it."""

    def __init__(self) -> None:
        self.seen: list[tuple[int | None, dict[str, Any]]] = []
        self.ended = asyncio.Event()

    def of(self, kind: str) -> list[dict[str, Any]]:
        return [body for _, body in self.seen if body["type"] == kind]

    async def until(self, fits: Callable[[dict[str, Any]], bool], seconds: float = 8.0) -> dict[str, Any]:
        async with asyncio.timeout(seconds):
            while not (found := [body for _, body in self.seen if fits(body)]):
                await asyncio.sleep(0.02)
        return found[0]


@asynccontextmanager
async def watching(room: Scene, handle: str | None = "host", **how: Any) -> AsyncIterator[Watcher]:
    made = Watcher()

    async def read() -> None:
        async with aclosing(stream(room, handle, **how)) as events:
            async for event in events:
                made.seen.append(event)
        made.ended.set()

    task = asyncio.create_task(read())
    try:
        await made.until(lambda body: body["type"] == "hello")
        yield made
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


async def write(room: Scene, rounds: range) -> None:
    """In each round one event that all see, and one that staff alone see."""
    for number in rounds:
        await room.as_host.call("PATCH", room.place, {"speakers": ("invited", "following")[number % 2]})
        raised = number % 2 == 0
        await room.as_("ann").call(
            *(("POST", f"{room.place}/requests") if raised else ("DELETE", f"{room.place}/requests/me"))
        )


async def sequence(room: Scene) -> int:
    """The number of the newest event."""
    async with watching(room) as watcher:
        return int(watcher.of("hello")[0]["data"]["seq"])


async def resume_again_and_again(room: Scene, view: str, first: int, last: int, rng: random.Random) -> list[int]:
    """The ids of the events after `first` up to `last`, over many connections that break off anywhere."""
    ids = [first]
    while ids[-1] < last:
        left = rng.randint(1, 9)
        async with aclosing(stream(room, view=view, after=ids[-1])) as events:
            async for number, _ in events:
                if number is not None:
                    ids.append(number)
                    left -= 1
                if left == 0 or ids[-1] >= last:
                    break
        await asyncio.sleep(rng.uniform(0, 0.02))
    return ids[1:]


@pytest.mark.timeout(40)
def test_a_resumed_stream_gets_exactly_what_it_missed_while_events_keep_coming(tmp_path: Path) -> None:
    rounds, rng = 100, random.Random(5)

    async def body() -> None:
        async with scene(tmp_path, flags=("--no-bots", *unlimited(tmp_path))) as room:
            await room.account("ann")
            first = await sequence(room)
            last = first + 2 * rounds
            writing = asyncio.create_task(write(room, range(rounds)))
            staff, audience = await asyncio.gather(
                resume_again_and_again(room, "staff", first, last, rng),
                resume_again_and_again(room, "audience", first, last - 1, rng),
            )
            await writing
            assert staff == list(range(first + 1, last + 1))
            assert audience == list(range(first + 1, last + 1, 2)), "every second one is for staff alone"
            async with watching(room, view="staff", after=0) as from_the_beginning:
                await from_the_beginning.until(lambda body: body.get("seq") == last)
                assert [number for number, _ in from_the_beginning.seen if number] == list(range(1, last + 1))
            async with watching(room, view="staff", after=last) as nothing_missed:
                await write(room, range(rounds, rounds + 1))
                await nothing_missed.until(lambda body: body.get("seq") == last + 1)
                assert next(number for number, _ in nothing_missed.seen if number) == last + 1

    run(body)


@pytest.mark.timeout(60)
def test_a_gap_too_large_is_told_as_a_reset_and_the_stream_goes_on(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, flags=("--no-bots", *unlimited(tmp_path))) as room:
            await room.account("ann")
            first, half = await sequence(room), REPLAYED_AT_MOST // 2
            await write(room, range(half))
            async with watching(room, view="staff", after=first) as just_enough:
                await just_enough.until(lambda body: body.get("seq") == first + REPLAYED_AT_MOST)
                assert just_enough.of("reset") == []
            await write(room, range(half, half + 1))
            async with watching(room, view="staff", after=first) as too_far:
                reset = await too_far.until(lambda body: body["type"] == "reset")
                assert reset["data"]["seq"] == first + REPLAYED_AT_MOST + 2
                await write(room, range(half + 1, half + 2))
                await too_far.until(lambda body: body.get("seq") == first + REPLAYED_AT_MOST + 3)
                assert next(number for number, _ in too_far.seen if number) == first + REPLAYED_AT_MOST + 3
            for bad in ("x", "-1", "1.5"):
                async with httpx.AsyncClient() as http:
                    url = f"{room.server.url}{room.place}/events"
                    assert (await http.get(url, headers={"Last-Event-ID": bad})).status_code == 400

    run(body)


@pytest.mark.timeout(60)
def test_both_views_of_a_space_with_bots_have_what_is_theirs_and_ephemeral_events_have_no_id(tmp_path: Path) -> None:
    cast = casts.load("cast_a")
    packets = list(read_packets(cast.troublemaker.clip.read_bytes()))

    async def body() -> None:
        async with scene(tmp_path, "bad", flags=(), captions=True) as room:
            await room.as_host.call("PUT", f"{room.place}/rules", {"text": cast.rules})
            await room.account("ann")
            async with watching(room, view="staff") as staff, watching(room, None) as audience:
                async with asyncio.timeout(20):
                    while not (await room.as_host.call("GET", room.place))["captions_status"]["ready"]:
                        await asyncio.sleep(0.1)
                await room.stack.enter_async_context(LaneSpeaker(room, "bad", packets))
                await room.stack.enter_async_context(LaneListener(room))
                await room.as_("ann").call("POST", f"{room.place}/reactions", {"reaction": "clap"})
                await staff.until(lambda body: body["type"] == "act.taken" and body["data"]["action"] == "mute", 25)
                await audience.until(lambda body: body["type"] == "person.muted")
                await audience.until(lambda body: body["type"] == "caption")
            async with watching(room, None, after=0) as replayed:
                await replayed.until(lambda body: body["type"] == "person.muted")
            for watcher in (staff, audience):
                kinds = {body["type"] for number, body in watcher.seen if number is None}
                assert {"hello", "levels", "presence", "reactions", "caption.partial"} <= kinds
                assert "caption" not in kinds
                assert all(number == body["seq"] for number, body in watcher.seen if number is not None)
                assert all("seq" not in body for number, body in watcher.seen if number is None)
            assert {"act.taken", "report.filed"} <= {body["type"] for _, body in staff.seen}
            for watcher in (audience, replayed):
                assert not [body for _, body in watcher.seen if body["type"].startswith(STAFF_ONLY)]
                assert set(watcher.of("person.muted")[0]["data"]) == {"account_id"}

    run(body)


def test_the_audience_never_sees_who_is_invited_who_asks_and_why_somebody_is_out(tmp_path: Path) -> None:
    secret, other = "spat on the microphone", "sang out of tune"

    async def body() -> None:
        async with scene(tmp_path, "bad") as room:
            for handle in ("ann", "bob"):
                await room.account(handle)
            async with watching(room, view="staff") as staff, watching(room, "ann") as audience:
                as_ann, place = room.as_("ann"), room.place
                await room.as_host.call("PATCH", place, {"speakers": "invited"})
                await room.as_host.call("POST", f"{place}/invites", {"handles": ["@bob"], "message": secret})
                await as_ann.call("POST", f"{place}/requests")
                await room.as_host.call("POST", f"{place}/requests/@ann/deny")
                await room.as_host.call("POST", f"{place}/people/@bad/mute", {"reason": other})
                report = {"space_id": room.space, "account": "@bad", "category": "other", "note": secret}
                await as_ann.call("POST", "/v1/reports", report)
                await room.as_host.call("POST", f"{place}/people/@bad/kick", {"reason": secret})
                await room.as_host.call("PATCH", place, {"title": "The last one"})
                for watcher in (staff, audience):
                    await watcher.until(lambda body: body["type"] == "space.edited")
            async with watching(room, "ann", after=0) as replayed:
                await replayed.until(lambda body: body["type"] == "space.edited")
            wanted = {"invite.sent", "hand.raised", "hand.lowered", "person.muted", "report.filed", "person.removed"}
            assert wanted <= {body["type"] for _, body in staff.seen}
            assert staff.of("person.removed")[0]["data"]["reason"] == secret
            for watcher in (audience, replayed):
                text = json.dumps(watcher.seen)
                assert secret not in text
                assert other not in text
                assert room.ids["bob"] not in text
                assert not [body for _, body in watcher.seen if body["type"].startswith(STAFF_ONLY)]
                assert "person.muted" in text
            with pytest.raises(NotAllowed):
                await room.as_("ann").call("GET", f"{place}/events", view="staff")

    run(body)


@pytest.mark.parametrize("how", ["kick", "block"])
def test_the_streams_of_a_removed_account_end_and_those_of_others_go_on(tmp_path: Path, how: str) -> None:
    async def body() -> None:
        async with (
            scene(tmp_path, "bad") as room,
            watching(room, "bad") as one,
            watching(room, "bad") as another,
            watching(room, None) as others,
        ):
            if how == "kick":
                await room.act("kick", "bad")
            else:
                await room.as_host.call("PUT", "/v1/accounts/me/blocks/@bad")
            await asyncio.wait_for(asyncio.gather(one.ended.wait(), another.ended.wait()), 3)
            await room.as_host.call("PATCH", room.place, {"title": "Without them"})
            await others.until(lambda body: body["type"] == "space.edited")
            assert one.of("space.edited") == []

    run(body)


def test_a_cohost_who_is_demoted_no_longer_gets_what_is_for_staff(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path, "ann") as room:
            await room.account("bob")
            await room.act("promote", "ann")
            async with watching(room, "ann", view="staff") as staff, watching(room, "ann") as audience:
                await room.act("demote", "ann")
                await asyncio.wait_for(staff.ended.wait(), 3)
                await room.as_host.call("POST", f"{room.place}/invites", {"handles": ["@bob"]})
                await room.as_host.call("PATCH", room.place, {"title": "Afterwards"})
                await audience.until(lambda body: body["type"] == "space.edited")
                assert staff.of("invite.sent") == []

    run(body)


def test_a_scheduled_space_opens_by_itself_and_says_so(tmp_path: Path) -> None:
    async def body() -> None:
        async with scene(tmp_path) as room:
            start = soon(2.0)
            room.space = await room.new_space(start=False, scheduled_start=start.isoformat())
            async with watching(room, None) as watcher:
                assert (await room.anyone.call("GET", room.place))["state"] == "scheduled"
                told = await watcher.until(lambda body: body["type"] == "space.started")
                now = datetime.now(UTC)
            found = await room.anyone.call("GET", room.place)
            assert found["state"] == "live"
            assert start <= datetime.fromisoformat(found["started_at"]) <= now
            assert now - start < timedelta(seconds=2)
            assert told["tick"] == 0

    run(body)


def test_a_scheduled_space_whose_time_came_while_the_server_was_down_opens_when_it_is_back(tmp_path: Path) -> None:
    async def create() -> tuple[str, int]:
        async with scene(tmp_path) as room:
            room.space = await room.new_space(start=False, scheduled_start=soon(2.0).isoformat())
            return room.space, await sequence(room)

    async def look(room: Scene, seen: int) -> None:
        async with watching(room, None, after=seen) as watcher:
            started = await watcher.until(lambda body: body["type"] == "space.started")
            assert started["seq"] == seen + 1
        assert (await room.anyone.call("GET", room.place))["state"] == "live"

    async def body() -> None:
        space, seen = await create()
        await asyncio.sleep(2.0)
        async with server_again(tmp_path) as room:
            room.space = space
            await look(room, seen)
        async with server_again(tmp_path) as room:
            room.space = space
            assert (await room.anyone.call("GET", room.place))["state"] == "live", "live again, and started once"
            async with watching(room, None, after=seen) as watcher:
                await watcher.until(lambda body: body["type"] == "space.started")
                await asyncio.sleep(0.3)
                assert len(watcher.of("space.started")) == 1

    run(body)


def soon(seconds: float) -> datetime:
    return datetime.now(UTC).replace(microsecond=0) + timedelta(seconds=seconds)
