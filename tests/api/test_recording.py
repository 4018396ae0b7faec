"""Recording over the API: who may, who is told, who must agree, and what is there afterwards."""

from __future__ import annotations

import asyncio
import io
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import av
import pytest

from spacesctl.engine.messages import Frames, Output, SetLaneOpen, SubscribeOutputs
from spacesctl.live.recording_keeper import HELD_BACK
from spacesctl.server.process.first_start import BOT_LABEL, is_time_doubtful
from spacesctl.store import tokens
from spacesctl.store.sqlite.backup import backup
from spacesctl.store.sqlite.restore import restore
from spacesctl.support.clock import VirtualClock
from tests.api.harness import OFFER, Api, As, running_api, wait_for
from tests.live.test_tracks import SOUND

pytestmark = pytest.mark.anyio


def sound(api: Api, space: str, seconds: float, lane: int | None = None) -> None:
    """The engine tells of so much sound, from now on the Space's clock."""
    space_id = space.rsplit("/", 1)[-1]
    actor = api.app.registry.actors[space_id]
    start = actor.now_tick()
    for n in range(round(seconds * 50)):
        lanes = [(lane, 1, SOUND[n % 50])] if lane else []
        api.app.registry.on_engine(Frames(space_id, start + n, lanes, [(Output.AUDIENCE, SOUND[n % 50])], start + n))


async def done(host: As, recording: str) -> dict[str, Any]:
    async with asyncio.timeout(5):
        while True:
            found: dict[str, Any] = await host.ok("GET", f"/v1/recordings/{recording}")
            if found["state"] == "done":
                return found
            await asyncio.sleep(0.02)


async def whip(who: As, space: str, query: str = "") -> Any:
    return await who.http.post(f"{space}/whip{query}", content=OFFER, headers={"Content-Type": "application/sdp"})


async def test_a_recording_is_seen_by_all_and_is_the_hosts_alone(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    space = await api.live(host)
    assert (await host.ok("POST", f"{space}/recording"))["recording"]["kind"] == "mix"
    assert api.engine.of(SubscribeOutputs)[-1].groups == [Output.AUDIENCE]
    assert (await api.nobody.ok("GET", space))["recording"]["kind"] == "mix"
    assert "recorded" in (await ann.ok("GET", space))["notice"]
    sound(api, space, 2.0)
    await host.ok("DELETE", f"{space}/recording")
    assert api.engine.of(SubscribeOutputs)[-1].groups == []
    [listed] = (await host.ok("GET", "/v1/recordings"))["data"]
    found = await done(host, listed["id"])
    [mix] = found["files"]
    assert (mix["name"], found["reason"]) == ("mix.ogg", "stopped")
    fetched = await host.call("GET", f"/v1/recordings/{found['id']}/mix.ogg")
    with av.open(io.BytesIO(fetched.content), "r") as container:
        assert container.streams.audio[0].codec_context.name in ("opus", "libopus")
        heard = sum(frame.samples for frame in container.decode(audio=0)) / 48_000
    assert heard == pytest.approx(mix["duration_ms"] / 1000, abs=0.05)
    for other in (ann, api.owner):
        assert (await other.ok("GET", "/v1/recordings"))["data"] == []
        for path in (found["id"], f"{found['id']}/mix.ogg"):
            assert (await other.call("GET", f"/v1/recordings/{path}")).status_code == 404
    part = await host.call("GET", f"/v1/recordings/{found['id']}/mix.ogg", headers={"Range": "bytes=0-3"})
    assert (part.status_code, part.content) == (206, b"OggS")


async def test_whoever_speaks_agrees_first(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    ann = await api.speaker(space, host, "ann")
    await host.ok("POST", f"{space}/recording")
    # Her microphone was open, and she has not agreed.
    assert api.engine.of(SetLaneOpen)[-1].heard is False
    assert (await ann.refused("PUT", f"{space}/mic", {"open": True}))["reason"] == "consent"
    assert (await ann.ok("PUT", f"{space}/mic", {"open": True, "consent": True}))["mic"] == "open"
    # Agreed once is agreed for this Space.
    assert (await whip(ann, space)).status_code == 201


@pytest.mark.parametrize(
    ("query", "status"), [("", 409), ("?consent=recording", 201), ("?mic=closed", 201), ("?consent=yes", 400)]
)
async def test_a_microphone_opens_in_a_recorded_space_with_consent_only(api: Api, query: str, status: int) -> None:
    host, ann = await api.accounts("host", "ann")
    space = await api.live(host, speakers="everyone", record="mix")
    assert (await whip(ann, space, query)).status_code == status
    assert (await whip(host, space)).status_code == 201  # the host wanted it


async def test_lanes_are_kept_apart_with_whose_they_are(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    await host.ok("POST", f"{space}/recording", {"kind": "lanes"})
    await whip(host, space)
    sound(api, space, 1.0, lane=1)
    await host.ok("POST", f"{space}/end")
    [listed] = (await host.ok("GET", "/v1/recordings"))["data"]
    found = await done(host, listed["id"])
    assert [(file["name"], file["handle"]) for file in found["files"]] == [
        ("lane-00001.ogg", "@host"),
        ("mix.ogg", None),
    ]
    assert found["reason"] == "ended"


async def test_a_second_recording_while_one_runs_is_refused_and_another_after_it_is_not(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    assert (await host.refused("DELETE", f"{space}/recording"))["reason"] == "not_recording"
    await host.ok("POST", f"{space}/recording")
    assert (await host.refused("POST", f"{space}/recording"))["reason"] == "recording"
    await host.ok("DELETE", f"{space}/recording")
    await host.ok("POST", f"{space}/recording")
    assert len((await host.ok("GET", f"/v1/recordings?space_id={space.rsplit('/', 1)[-1]}"))["data"]) == 2


async def test_a_deleted_recording_leaves_nothing(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host, record="mix")
    sound(api, space, 1.0)
    [listed] = (await host.ok("GET", "/v1/recordings"))["data"]
    assert (await host.refused("DELETE", f"/v1/recordings/{listed['id']}"))["status"] == 409
    await host.ok("POST", f"{space}/end")
    await done(host, listed["id"])
    folder = api.app.recordings.file(listed["id"], "mix.ogg").parent
    assert await asyncio.to_thread(folder.exists)
    await host.ok("DELETE", f"/v1/recordings/{listed['id']}")
    assert not await asyncio.to_thread(folder.exists)
    assert (await host.refused("GET", f"/v1/recordings/{listed['id']}"))["status"] == 404


async def test_recordings_go_when_their_time_is_over(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host, record="mix")
    sound(api, space, 0.6)
    await host.ok("POST", f"{space}/end")
    [listed] = (await host.ok("GET", "/v1/recordings"))["data"]
    await done(host, listed["id"])
    api.app.recordings.keep = timedelta(days=1)
    await api.app.recordings.tidy()
    assert (await done(host, listed["id"]))["expires_at"] is not None
    api.app.recordings.keep = timedelta(0)
    await asyncio.sleep(0.01)
    await api.app.recordings.tidy()
    assert (await host.ok("GET", "/v1/recordings"))["data"] == []


async def test_a_recording_goes_on_after_a_restart_on_the_same_clock(tmp_path: Path) -> None:
    async with running_api(tmp_path / "data") as api:
        host = await api.account("host")
        space = await api.live(host, record="mix")
        sound(api, space, 1.0)
        token = host.token
    async with running_api(tmp_path / "data", first=False) as api:
        host = As(api, token)
        await asyncio.sleep(1.0)  # the sound above came faster than time
        sound(api, space, 1.0)
        await host.ok("POST", f"{space}/end")
        [listed] = (await host.ok("GET", "/v1/recordings"))["data"]
        [mix] = (await done(host, listed["id"]))["files"]
    assert mix["duration_ms"] >= 2_000


async def test_a_backup_of_a_recording_that_runs_is_restored_to_what_was_written(tmp_path: Path) -> None:
    async with running_api(tmp_path / "data") as api:
        host = await api.account("host")
        space = await api.live(host, record="mix")
        sound(api, space, 3.0)
        recording = api.app.registry.live()[0].space.recording
        assert recording is not None
        file = api.app.recordings.file(recording.id, "mix.ogg")
        await wait_for(lambda: file.exists() and file.stat().st_size > 2_000)
        made = await asyncio.to_thread(backup, tmp_path / "data", tmp_path / "b.tar.gz")
        saved = made.files[f"recordings/{recording.id}/mix.ogg"].bytes
        token = host.token
    assert saved > 2_000
    await asyncio.to_thread(restore, tmp_path / "b.tar.gz", tmp_path / "restored")
    async with running_api(tmp_path / "restored", first=False) as api:
        host = As(api, token)
        await host.ok("POST", f"{space}/end")
        [listed] = (await host.ok("GET", "/v1/recordings"))["data"]
        [mix] = (await done(host, listed["id"]))["files"]
        found = await host.call("GET", f"/v1/recordings/{listed['id']}/mix.ogg")
    assert mix["bytes"] >= saved - 4_096, "all but a page that was cut"
    assert sum(frame.samples for frame in decoded(found.content)) >= 48_000


def decoded(ogg: bytes) -> list[Any]:
    """As FFmpeg decodes it."""
    with av.open(io.BytesIO(ogg), "r") as container:
        return list(container.decode(audio=0))


async def test_a_recording_whose_space_is_over_is_closed_at_the_next_start(tmp_path: Path) -> None:
    async with running_api(tmp_path / "data") as api:
        host = await api.account("host")
        space = await api.live(host, record="mix")
        sound(api, space, 1.0)
        actor = api.app.registry.actors[space.rsplit("/", 1)[-1]]
        await api.app.recordings.close()  # as if killed: nothing hears of the end
        api.app.registry.subscribers.clear()
        await host.ok("POST", f"{space}/end")
        assert actor.space is not None
    async with running_api(tmp_path / "data", first=False) as api:
        host = As(api, host.token)
        [listed] = (await host.ok("GET", "/v1/recordings"))["data"]
        assert listed["state"] == "done"
        assert [file["name"] for file in listed["files"]] == ["mix.ogg"]


async def test_without_room_on_the_disk_nothing_is_begun(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    host = await api.account("host")
    space = await api.live(host)
    monkeypatch.setattr(api.app.recordings, "least_room", 1 << 60)
    assert (await host.refused("POST", f"{space}/recording"))["reason"] == "disk_full"


async def test_a_recording_is_not_tried_out_and_a_dry_run_starts_none(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    tried = await host.ok("POST", f"{space}/recording", headers={"Dry-Run": "true"})
    assert tried["recording"]["kind"] == "mix"
    assert (await host.ok("GET", space))["recording"] is None
    assert (await host.ok("GET", "/v1/recordings"))["data"] == []


async def test_after_a_large_step_of_the_clock_nothing_is_deleted_for_a_day(tmp_path: Path) -> None:
    clock = VirtualClock(datetime(2026, 11, 30, 18, tzinfo=UTC))
    async with running_api(tmp_path / "data", clock=clock) as api:
        host = await api.account("host")
        space = await api.live(host, record="mix")
        sound(api, space, 1.0)
        await host.ok("POST", f"{space}/end")
        [listed] = (await host.ok("GET", "/v1/recordings"))["data"]
        await done(host, listed["id"])
        keeper = api.app.recordings
        keeper.keep = timedelta(days=0)
        now = clock.now().timestamp()
        api.app.alarm.mind_the_clock(now, 1.0, 1.0)
        api.app.alarm.mind_the_clock(now + 31 * 86_400 + 1, 2.0, 2.0)
        clock.advance(HELD_BACK - 60)
        await keeper.tidy()
        assert (await host.ok("GET", "/v1/recordings"))["data"]
        clock.advance(120.0)
        await keeper.tidy()
        assert not (await host.ok("GET", "/v1/recordings"))["data"]


async def test_a_start_long_after_the_last_one_or_before_it_doubts_the_clock(tmp_path: Path) -> None:
    start = datetime(2026, 11, 30, 18, tzinfo=UTC)
    async with running_api(tmp_path / "data", clock=VirtualClock(start)) as api:
        async with api.app.db.begin() as db:
            await tokens.drop_labelled(db, api.app.bot.id, BOT_LABEL)
            await tokens.add(db, api.app.bot.id, tokens.NewToken("spx_x", frozenset(), BOT_LABEL), start)
        for days, doubtful in ((0, False), (1, False), (31, True), (-1, True)):
            assert await is_time_doubtful(api.app.db, VirtualClock(start + timedelta(days=days))) is doubtful
