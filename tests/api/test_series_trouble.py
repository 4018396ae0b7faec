"""Series when something came in between: an absence, a block, a pause, a start at the same moment."""

from __future__ import annotations

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from spacesctl.application import reminders
from spacesctl.application.series import get_series
from spacesctl.domain.clock import parse_rfc3339
from spacesctl.domain.principals import Person
from spacesctl.store import series as series_store
from tests.api.harness import Api, As, running_api
from tests.api.test_series import series, state

pytestmark = pytest.mark.anyio


async def test_after_an_absence_an_occurrence_that_nobody_made_is_passed_over(tmp_path: Path) -> None:
    data, now = tmp_path / "data", datetime.now(UTC)
    far = now + timedelta(days=20)
    async with running_api(data) as api:
        host = await api.account("host")
        made = await series(host, cron=f"0 9 {far.day} {far.month} *", tz="UTC")
        stored = await get_series(api.app, made["id"], Person(host.id))
        async with api.app.db.begin() as db:
            # The server was away: its clock is what a test can move.
            await series_store.save(db, replace(stored, planned=now - timedelta(days=2)))
    async with running_api(data, first=False) as api:
        after = await As(api, host.token).ok("GET", f"/v1/series/{made['id']}")
        assert parse_rfc3339(after["next_start"]) > now
        assert after["next_space_id"] is None
        assert (await As(api, host.token).ok("GET", "/v1/spaces"))["data"] == []


async def test_who_has_blocked_the_host_gets_no_further_invitation_and_everybody_else_does(api: Api) -> None:
    host, ann, ben = await api.accounts("host", "ann", "ben")
    made = await series(host, invite=["@ann", "@ben"])
    await ann.ok("PUT", "/v1/accounts/me/blocks/@host")
    after = await host.ok("POST", f"/v1/series/{made['id']}/skip")

    async def invited_to(who: As) -> list[str]:
        rows = (await who.ok("GET", "/v1/dms"))["data"]
        return [row["space_id"] for row in rows if row["kind"] == "invite"]

    assert after["next_space_id"] not in (None, made["next_space_id"])
    assert await invited_to(ann) == [made["next_space_id"]]
    assert sorted(await invited_to(ben)) == sorted([made["next_space_id"], after["next_space_id"]])


async def test_a_paused_series_is_edited_without_a_space(api: Api) -> None:
    host = await api.account("host")
    made = await series(host)
    await host.ok("POST", f"/v1/series/{made['id']}/pause")
    after = await host.ok("PATCH", f"/v1/series/{made['id']}", {"title": "Later hours"})
    assert (after["title"], after["state"], after["next_space_id"]) == ("Later hours", "paused", None)
    assert (await host.ok("GET", f"/v1/spaces/{made['next_space_id']}"))["title"] == "Office hours"


async def test_an_occurrence_that_is_live_or_over_is_not_called_off(api: Api) -> None:
    host = await api.account("host")
    made = await series(host)
    await host.ok("POST", f"/v1/spaces/{made['next_space_id']}/start")
    await host.ok("POST", f"/v1/series/{made['id']}/pause")
    assert await state(host, made["next_space_id"]) == "live"
    await host.ok("POST", f"/v1/spaces/{made['next_space_id']}/end")
    await host.ok("DELETE", f"/v1/series/{made['id']}")
    assert await state(host, made["next_space_id"]) == "ended"


async def test_a_missed_start_is_told_once(api: Api) -> None:
    host = await api.account("host")
    made = await series(host)
    for _ in range(2):
        await reminders.miss(api.app, made["next_space_id"])
    told = [row["text"] for row in (await host.ok("GET", "/v1/dms"))["data"] if row["kind"] == "notice"]
    assert told == ["“Office hours” did not start: the server was not running at the scheduled time."]
