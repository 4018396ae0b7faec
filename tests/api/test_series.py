"""Series and reminders with the alarm clock running: what is made, told, opened, ended, and made good after an absence."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from spacesctl.domain.clock import parse_rfc3339, rfc3339
from spacesctl.store import spaces as space_store
from tests.api.harness import Api, As, running_api

pytestmark = pytest.mark.anyio

RULES = 'schema = 1\n[[rule]]\nid = "r"\nmode = "enforce"\nwhen.any = [ { words = ["scam"] } ]\nactions = ["mute"]\n'


async def series(host: As, **changes: Any) -> dict[str, Any]:
    body = {"title": "Office hours", "cron": "0 9 * * *", "tz": "Europe/Rome", "duration": 3600, **changes}
    made: dict[str, Any] = await host.ok("POST", "/v1/series", body)
    return made


async def until(true: Callable[[], Awaitable[bool]]) -> None:
    async with asyncio.timeout(10):
        while not await true():
            await asyncio.sleep(0.05)


async def state(host: As, space_id: str) -> str:
    return str((await host.ok("GET", f"/v1/spaces/{space_id}"))["state"])


async def at_hand(api: Api, host: As, space_id: str, start: datetime) -> None:
    """Move the planned start of a Space: tests cannot wait for nine o'clock."""
    await host.ok("PATCH", f"/v1/spaces/{space_id}", {"scheduled_start": rfc3339(start)})


async def test_a_series_makes_its_coming_space_with_rules_and_invitations(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    made = await series(host, invite=["@ann"], rules=RULES)
    assert len(made["coming"]) == 5
    assert parse_rfc3339(made["next_start"]) > datetime.now(UTC)
    space = await host.ok("GET", f"/v1/spaces/{made['next_space_id']}")
    assert (space["state"], space["title"], space["scheduled_start"]) == (
        "scheduled",
        "Office hours",
        made["next_start"],
    )
    assert (space["duration"], space["series_id"]) == (3600, made["id"])
    assert space["rules"] is not None
    [message] = (await ann.ok("GET", "/v1/dms"))["data"]
    assert (message["kind"], message["space_id"]) == ("invite", made["next_space_id"])


async def test_a_start_far_ahead_is_planned_and_not_made_yet(api: Api) -> None:
    host = await api.account("host")
    far = datetime.now(UTC) + timedelta(days=20)
    made = await series(host, cron=f"0 9 {far.day} {far.month} *", tz="UTC")
    assert made["next_start"] is not None
    assert made["next_space_id"] is None


async def test_when_an_occurrence_starts_the_next_is_made_and_the_first_ends_after_its_duration(api: Api) -> None:
    host = await api.account("host")
    made = await series(host, duration=60)
    first = made["next_space_id"]
    await at_hand(api, host, first, datetime.now(UTC) + timedelta(milliseconds=200))
    await until(lambda: _is(state(host, first), "live"))
    await until(lambda: _next_is_not(host, made["id"], first))
    after = await host.ok("GET", f"/v1/series/{made['id']}")
    assert after["next_space_id"] not in (None, first)
    assert parse_rfc3339(after["next_start"]) > parse_rfc3339(made["next_start"])
    scheduled = (await host.ok("GET", "/v1/spaces", params={"state": ["scheduled"]}))["data"]
    assert [row["id"] for row in scheduled] == [after["next_space_id"]], "exactly one to come"
    job = api.app.alarm._scheduler.get_job(f"end {first}")
    live = await host.ok("GET", f"/v1/spaces/{first}")
    off = job.trigger.run_date - parse_rfc3339(live["started_at"]) - timedelta(seconds=60)
    assert abs(off) < timedelta(seconds=0.5), "by the Space clock"
    await job.func(*job.args)
    assert await state(host, first) == "ended"


async def _is(found: Awaitable[str], wanted: str) -> bool:
    return await found == wanted


async def _next_is_not(host: As, series_id: str, space_id: str) -> bool:
    return (await host.ok("GET", f"/v1/series/{series_id}"))["next_space_id"] not in (None, space_id)


async def test_skip_pause_resume_and_delete(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    made = await series(host)
    skipped = await host.ok("POST", f"/v1/series/{made['id']}/skip")
    assert skipped["next_start"] == made["coming"][1]
    assert await state(host, made["next_space_id"]) == "canceled"
    assert await state(host, skipped["next_space_id"]) == "scheduled"
    paused = await host.ok("POST", f"/v1/series/{made['id']}/pause")
    assert (paused["state"], paused["next_start"], paused["coming"]) == ("paused", None, [])
    assert await state(host, skipped["next_space_id"]) == "canceled"
    resumed = await host.ok("POST", f"/v1/series/{made['id']}/resume")
    assert resumed["next_start"] == made["coming"][1], "what was skipped stays skipped"
    assert await state(host, resumed["next_space_id"]) == "scheduled"
    assert (await ann.refused("POST", f"/v1/series/{made['id']}/pause"))["reason"] == "series"
    await host.ok("DELETE", f"/v1/series/{made['id']}")
    assert await state(host, resumed["next_space_id"]) == "canceled"
    assert (await host.refused("GET", f"/v1/series/{made['id']}"))["status"] == 404
    assert (await host.ok("GET", "/v1/series"))["data"] == []


async def test_an_edited_series_moves_and_changes_its_coming_space(api: Api) -> None:
    host = await api.account("host")
    made = await series(host)
    edited = await host.ok(
        "PATCH",
        f"/v1/series/{made['id']}",
        {"title": "New", "cron": "30 10 * * *", "tz": "UTC", "speakers": "everyone"},
    )
    assert edited["next_space_id"] == made["next_space_id"], "who was invited keeps their link"
    space = await host.ok("GET", f"/v1/spaces/{made['next_space_id']}")
    assert (space["title"], space["speakers"], space["scheduled_start"]) == ("New", "everyone", edited["next_start"])
    assert parse_rfc3339(edited["next_start"]).strftime("%H:%M") == "10:30"
    assert (await host.refused("PATCH", f"/v1/series/{made['id']}", {"cron": "never"}))["field"] == "cron"


async def test_an_edited_series_changes_rules_and_invitations_of_its_coming_space_too(api: Api) -> None:
    host, ann, _ben, _cat = await api.accounts("host", "ann", "ben", "cat")
    made = await series(host, invite=["@ann", "@ben"])
    place, space = f"/v1/series/{made['id']}", f"/v1/spaces/{made['next_space_id']}"
    await ann.ok("POST", f"{space}/accept")
    edited = await host.ok("PATCH", place, {"rules": RULES, "invite": ["@cat"], "uninvite": ["@ann", "@ben"]})
    assert (await host.ok("GET", space))["rules"] == edited["rules"] is not None
    invites = {row["handle"]: row["state"] for row in (await host.ok("GET", f"{space}/invites"))["data"]}
    assert invites == {"@ann": "accepted", "@ben": "revoked", "@cat": "pending"}, "who has accepted is not thrown out"
    skipped = await host.ok("POST", f"{place}/skip")
    after = f"/v1/spaces/{skipped['next_space_id']}"
    assert [row["handle"] for row in (await host.ok("GET", f"{after}/invites"))["data"]] == ["@cat"]
    assert (await host.ok("GET", after))["rules"] == edited["rules"]
    assert (await host.ok("PATCH", place, {"rules": None}))["rules"] is None
    assert (await host.ok("GET", after))["rules"] is None
    assert (await host.refused("PATCH", place, {"rules": "schema = 9"}))["status"] == 400
    assert (await host.refused("PATCH", place, {"invite": ["@nobody"]}))["status"] == 404


async def test_an_edit_of_something_else_leaves_the_time_of_a_skipped_or_moved_occurrence_alone(api: Api) -> None:
    host = await api.account("host")
    made = await series(host)
    skipped = await host.ok("POST", f"/v1/series/{made['id']}/skip")
    moved = rfc3339(parse_rfc3339(skipped["next_start"]) + timedelta(hours=1))
    await host.ok("PATCH", f"/v1/spaces/{skipped['next_space_id']}", {"scheduled_start": moved, "topics": ["own"]})
    edited = await host.ok("PATCH", f"/v1/series/{made['id']}", {"title": "New", "duration": 60})
    assert edited["next_start"] == made["coming"][1]
    space = await host.ok("GET", f"/v1/spaces/{skipped['next_space_id']}")
    assert (space["title"], space["duration"]) == ("New", 60)
    assert (space["scheduled_start"], space["topic_ids"]) == (moved, ["own"])


async def test_a_canceled_occurrence_is_followed_by_the_next(api: Api) -> None:
    host = await api.account("host")
    made = await series(host)
    await host.ok("POST", f"/v1/spaces/{made['next_space_id']}/cancel")
    await until(lambda: _next_is_not(host, made["id"], made["next_space_id"]))
    assert (await host.ok("GET", f"/v1/series/{made['id']}"))["next_start"] == made["coming"][1]


@pytest.mark.parametrize(("late", "expected"), [(timedelta(minutes=4), "live"), (timedelta(minutes=6), "canceled")])
async def test_a_start_missed_by_minutes_is_made_good_and_a_later_one_is_told(
    tmp_path: Path, late: timedelta, expected: str
) -> None:
    data = tmp_path / "data"
    async with running_api(data) as api:
        host = await api.account("host")
        made = await host.ok(
            "POST", "/v1/spaces", {"title": "T", "scheduled_start": rfc3339(datetime.now(UTC) + timedelta(hours=1))}
        )
    async with running_api(data, first=False) as api:
        # The server was away: its clock is what a test can move.
        actor = await api.app.registry.actor_of(made["id"])
        from dataclasses import replace

        actor.state = replace(actor.space, scheduled_start=datetime.now(UTC) - late)
        async with api.app.db.begin() as db:
            await space_store.save(db, actor.space, [], datetime.now(UTC), 0)
    async with running_api(data, first=False) as api:
        host = As(api, host.token)
        await until(lambda: _is(state(host, made["id"]), expected))
        told = [row["text"] for row in (await host.ok("GET", "/v1/dms"))["data"]]
        assert bool(told) is (expected == "canceled")


async def test_reminders_go_out_once_half_an_hour_ahead_and_at_the_start(api: Api) -> None:
    host, ann, ben = await api.accounts("host", "ann", "ben")
    made = await host.ok(
        "POST", "/v1/spaces", {"title": "T", "scheduled_start": rfc3339(datetime.now(UTC) + timedelta(hours=1))}
    )
    space = f"/v1/spaces/{made['id']}"
    for who in (ann, ben):
        await who.ok("PUT", f"{space}/reminder")
    await ben.ok("DELETE", f"{space}/reminder")
    assert (await host.ok("GET", space))["subscriber_count"] == 1
    job = api.app.alarm._scheduler.get_job(f"soon {made['id']}")
    assert job.trigger.run_date == parse_rfc3339(made["scheduled_start"]) - timedelta(minutes=30)
    for _ in range(2):
        await job.func(*job.args)

    async def reminders(who: As) -> list[str]:
        return [row["text"] for row in (await who.ok("GET", "/v1/dms"))["data"] if row["kind"] == "reminder"]

    assert [len(await reminders(who)) for who in (host, ann, ben)] == [1, 1, 0]
    await host.ok("POST", f"{space}/start")
    await until(lambda: _has(reminders(ann), 2))
    assert "is live now" in (await reminders(ann))[0]
    assert len(await reminders(host)) == 1
    assert (await ben.refused("PUT", f"{space}/reminder"))["reason"] == "started"


async def _has(found: Awaitable[list[str]], count: int) -> bool:
    return len(await found) == count
