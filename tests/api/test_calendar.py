"""Calendars over HTTP, read back by icalendar and expanded by dateutil: what is in them, once, and how it changes."""

from __future__ import annotations

import asyncio
from datetime import UTC, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

import pytest
from dateutil.rrule import rrulestr
from icalendar import Calendar

from spacesctl.domain.accounts import Account
from spacesctl.domain.clock import parse_rfc3339, rfc3339
from spacesctl.domain.words import Kind
from spacesctl.server.http import icalendars
from tests.api.harness import Api, As

pytestmark = pytest.mark.anyio

ROME = "Europe/Rome"


async def series(host: As, **changes: Any) -> dict[str, Any]:
    body = {"title": "Office hours", "cron": "0 9 * * *", "tz": ROME, "duration": 3600, **changes}
    made: dict[str, Any] = await host.ok("POST", "/v1/series", body)
    return made


async def scheduled(host: As, **changes: Any) -> dict[str, Any]:
    start = rfc3339((datetime.now(UTC) + timedelta(days=1)).replace(microsecond=0))
    made: dict[str, Any] = await host.ok(
        "POST", "/v1/spaces", {"title": "A Space", "scheduled_start": start, **changes}
    )
    return made


async def calendar(api: Api, path: str) -> Any:
    """Its components; what a property holds is one of thirty kinds, and each test knows which."""
    answer = await api.nobody.call("GET", path)
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "text/calendar; charset=utf-8"
    assert all(len(line) <= 75 for line in answer.content.split(b"\r\n"))
    found = Calendar.from_ical(answer.content)
    assert not found.errors
    assert not any(event.errors for event in found.walk("VEVENT"))
    return found


async def events(api: Api, host: As) -> list[Any]:
    return list((await calendar(api, f"/v1/accounts/{host.handle}/calendar.ics")).walk("VEVENT"))


async def followed(host: As, made: dict[str, Any]) -> None:
    """Wait until the occurrence after the first one is planned and has a Space of its own."""
    async with asyncio.timeout(10):
        while (await host.ok("GET", f"/v1/series/{made['id']}"))["next_space_id"] in (None, made["next_space_id"]):
            await asyncio.sleep(0.02)


def starts(found: list[Any], days: int = 10) -> list[datetime]:
    """Every instant at which a calendar program shows something in the coming days, in order."""
    end = datetime.now(UTC) + timedelta(days=days)
    shown: list[datetime] = []
    replaced = {event["recurrence-id"].dt.astimezone(UTC) for event in found if "recurrence-id" in event}
    for event in found:
        first = event["dtstart"].dt
        if "rrule" not in event:
            shown += [first.astimezone(UTC)]
            continue
        left_out = {at.dt.astimezone(UTC) for at in event["exdate"].dts} if "exdate" in event else set()
        for at in rrulestr(event["rrule"].to_ical().decode(), dtstart=first):
            if at > end:
                break
            if at.astimezone(UTC) not in left_out | replaced:
                shown.append(at.astimezone(UTC))
    return sorted(at for at in shown if datetime.now(UTC) < at <= end)


async def test_a_space_is_an_event_with_its_time_title_and_link(api: Api) -> None:
    host = await api.account("host")
    made = await scheduled(host, title="Tea, cake; and\\talk", topics=["tea"])
    [event] = (await calendar(api, f"/v1/spaces/{made['id']}.ics")).walk("VEVENT")
    assert event["summary"] == "Tea, cake; and\\talk"
    assert event["dtstart"].dt == parse_rfc3339(made["scheduled_start"])
    assert event["duration"].dt == timedelta(hours=1)
    assert (event["url"], event["status"], event["sequence"]) == (made["link"], "CONFIRMED", 0)
    assert made["id"] in event["uid"]
    assert made["link"] in event["description"]
    [same] = await events(api, host)
    assert same.to_ical() == event.to_ical()


async def test_an_edit_keeps_the_uid_and_raises_the_sequence_and_a_call_off_cancels(api: Api) -> None:
    host = await api.account("host")
    made = await scheduled(host)
    place = f"/v1/spaces/{made['id']}"
    [before] = await events(api, host)
    moved = rfc3339(parse_rfc3339(made["scheduled_start"]) + timedelta(hours=2))
    await host.ok("PATCH", place, {"scheduled_start": moved})
    [edited] = await events(api, host)
    assert (edited["uid"], edited["dtstart"].dt) == (before["uid"], parse_rfc3339(moved))
    assert edited["sequence"] > before["sequence"]
    assert edited["dtstamp"].dt >= before["dtstamp"].dt
    await host.ok("POST", f"{place}/cancel")
    [canceled] = await events(api, host)
    assert (canceled["uid"], canceled["status"]) == (before["uid"], "CANCELLED")
    assert canceled["sequence"] > edited["sequence"]
    [alone] = (await calendar(api, f"{place}.ics")).walk("VEVENT")
    assert alone["status"] == "CANCELLED"


async def test_only_what_is_public_is_in_a_calendar(api: Api) -> None:
    host = await api.account("host")
    closed = await scheduled(host, listeners="accounts")
    await series(host, listeners="accounts")
    timeless = await host.ok("POST", "/v1/spaces", {"title": "T"})
    ended = await api.live(host)
    await host.ok("POST", f"{ended}/end")
    assert await events(api, host) == []
    for place, status in ((f"/v1/spaces/{closed['id']}", 403), (f"/v1/spaces/{timeless['id']}", 409), (ended, 410)):
        assert (await host.refused("GET", f"{place}.ics"))["status"] == status
    assert (await host.refused("GET", "/v1/spaces/AAAAAAAAAAAAA.ics"))["status"] == 404
    assert (await host.refused("GET", "/v1/accounts/@nobody/calendar.ics"))["status"] == 404


async def test_a_series_is_one_event_in_its_zone_and_its_made_occurrence_does_not_come_twice(api: Api) -> None:
    host = await api.account("host")
    made = await series(host)
    found = await calendar(api, "/v1/accounts/@host/calendar.ics")
    [zone] = found.walk("VTIMEZONE")
    assert zone["tzid"] == ROME
    [master, occurrence] = sorted(found.walk("VEVENT"), key=lambda event: "recurrence-id" in event)
    assert set(master["rrule"].to_ical().split(b";")) == {b"FREQ=DAILY", b"BYHOUR=9", b"BYMINUTE=0"}
    assert master["dtstart"].params["TZID"] == ROME
    assert occurrence["uid"] == master["uid"]
    assert occurrence["recurrence-id"].dt == parse_rfc3339(made["next_start"])
    assert occurrence["url"] == made["link"]
    shown = starts([master, occurrence])
    assert shown[:5] == [parse_rfc3339(at) for at in made["coming"]]
    assert len(set(shown)) == len(shown)
    [alone] = (await calendar(api, f"/v1/spaces/{made['next_space_id']}.ics")).walk("VEVENT")
    assert alone.to_ical() == occurrence.to_ical()


async def test_a_moved_occurrence_stands_for_its_own_date_and_a_skipped_one_is_left_out(api: Api) -> None:
    host = await api.account("host")
    made = await series(host)
    coming = [parse_rfc3339(at) for at in made["coming"]]
    moved = coming[0] + timedelta(hours=3)
    await host.ok("PATCH", f"/v1/spaces/{made['next_space_id']}", {"scheduled_start": rfc3339(moved), "title": "Later"})
    found = await events(api, host)
    assert starts(found)[:3] == [moved, coming[1], coming[2]]
    [occurrence] = [event for event in found if "recurrence-id" in event]
    assert (occurrence["recurrence-id"].dt, occurrence["summary"]) == (coming[0], "Later")
    await host.ok("POST", f"/v1/series/{made['id']}/skip")
    assert starts(await events(api, host))[:2] == coming[1:3]
    await host.ok("POST", f"/v1/series/{made['id']}/skip")
    found = await events(api, host)
    assert starts(found)[:2] == coming[2:4]
    [master] = [event for event in found if "rrule" in event]
    assert [at.dt for at in master["exdate"].dts] == [at.astimezone(ZoneInfo(ROME)) for at in coming[:2]]
    assert master["sequence"] == 2
    [gone] = (await calendar(api, f"/v1/spaces/{made['next_space_id']}.ics")).walk("VEVENT")
    assert gone["status"] == "CANCELLED"


async def test_an_occurrence_that_its_host_calls_off_is_left_out_too(api: Api) -> None:
    host = await api.account("host")
    made = await series(host)
    await host.ok("POST", f"/v1/spaces/{made['next_space_id']}/cancel")
    await followed(host, made)
    assert starts(await events(api, host))[:2] == [parse_rfc3339(at) for at in made["coming"][1:3]]


async def test_a_live_occurrence_stays_in_its_series(api: Api) -> None:
    host = await api.account("host")
    made = await series(host)
    await host.ok("POST", f"/v1/spaces/{made['next_space_id']}/start")
    await followed(host, made)
    found = await events(api, host)
    assert starts(found)[:5] == [parse_rfc3339(at) for at in made["coming"]]
    assert len([event for event in found if "recurrence-id" in event]) == 2


async def test_a_paused_series_gives_nothing_and_an_edited_one_keeps_its_uid(api: Api) -> None:
    host = await api.account("host")
    made = await series(host)
    place = f"/v1/series/{made['id']}"
    [before] = [event for event in await events(api, host) if "rrule" in event]
    edited = await host.ok("PATCH", place, {"cron": "30 18 * * 1,3", "title": "Evenings"})
    found = await events(api, host)
    [master] = [event for event in found if "rrule" in event]
    assert (master["uid"], master["summary"]) == (before["uid"], "Evenings")
    assert master["sequence"] > before["sequence"]
    assert starts(found, 30)[:5] == [parse_rfc3339(at) for at in edited["coming"]]
    await host.ok("POST", f"{place}/pause")
    assert await events(api, host) == []
    resumed = await host.ok("POST", f"{place}/resume")
    assert starts(await events(api, host), 30)[:5] == [parse_rfc3339(at) for at in resumed["coming"]]


@pytest.mark.parametrize("cron", ["0 9 13 * 5", "30 2 * * *"])
async def test_times_that_no_rule_says_exactly_are_listed(api: Api, cron: str) -> None:
    host = await api.account("host")
    made = await series(host, cron=cron)
    found = await events(api, host)
    assert not any("rrule" in event for event in found)
    assert starts(found, 60)[:5] == [parse_rfc3339(at) for at in made["coming"]]
    assert len({event["uid"] for event in found}) == len(found)
    if made["link"] is not None:
        assert [event["url"] for event in found if "url" in event] == [made["link"]]
    skipped = await host.ok("POST", f"/v1/series/{made['id']}/skip")
    assert starts(await events(api, host), 60)[0] == parse_rfc3339(skipped["next_start"])


async def test_who_has_a_calendar_already_is_told_so_until_it_changes(api: Api) -> None:
    host = await api.account("host")
    made = await scheduled(host)
    for path in (f"/v1/spaces/{made['id']}.ics", "/v1/accounts/@host/calendar.ics"):
        first = await api.nobody.call("GET", path)
        assert "public" in first.headers["cache-control"]
        tag = {"If-None-Match": f'"other", W/{first.headers["etag"]}'}
        again = await api.nobody.call("GET", path, headers=tag)
        assert (again.status_code, again.content) == (304, b"")
        await host.ok("PATCH", f"/v1/spaces/{made['id']}", {"title": f"Other {path}"[:70]})
        changed = await api.nobody.call("GET", path, headers=tag)
        assert changed.status_code == 200
        assert changed.headers["etag"] != first.headers["etag"]


FLAG = "🏴\U000e0067\U000e0062\U000e0073\U000e0063\U000e0074\U000e007f"


@pytest.mark.parametrize(
    "title", ["می\u200cخواهم", "👩\u200d💻 hours", f"{FLAG} night", "👩\u200d💻" * 23, "می\u200cخواهم " * 7, "a;b,c\\n\\;d:\"e\"", "é" * 70]
)  # fmt: skip
async def test_a_title_comes_back_whole(title: str, api: Api) -> None:
    host = await api.account("host")
    await host.ok("PATCH", "/v1/accounts/me", {"name": title[:40]})
    made = await scheduled(host, title=title.strip())
    found = (await calendar(api, f"/v1/spaces/{made['id']}.ics")).walk("VEVENT")[0]
    assert str(found["summary"]) == title.strip()
    assert f"Hosted by {title[:40].strip()} (@host)" in " ".join(str(found["description"]).split(" "))
    content = (await api.nobody.call("GET", f"/v1/spaces/{made['id']}.ics")).content
    for line in content.split(b"\r\n"):
        line.decode()  # no character is cut


def test_what_an_earlier_version_stored_is_cleaned() -> None:
    host = Account("1", "host", "Eve\x1b[2J\x9b", Kind.PERSON, datetime(2026, 1, 1, tzinfo=UTC))
    event = icalendars._event("Abc\x1b\r\nSUMMARY:\u202edef", host, ("t\u2028\r",), None, None)
    assert event["summary"] == "Abc SUMMARY:def"
    assert event["description"] == "Hosted by Eve[2J (@host)"
    assert b"\r\nSUMMARY:def" not in event.to_ical()


async def test_a_calendar_asks_to_be_fetched_again_each_hour(api: Api) -> None:
    host = await api.account("host")
    made = await scheduled(host)
    for path in (f"/v1/spaces/{made['id']}.ics", f"/v1/accounts/{host.handle}/calendar.ics"):
        found = await calendar(api, path)
        assert found["refresh-interval"].dt == timedelta(hours=1)
        text = (await api.nobody.call("GET", path)).text
        assert "REFRESH-INTERVAL;VALUE=DURATION:PT1H\r\n" in text
