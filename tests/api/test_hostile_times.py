"""Times at the ends of the calendar, time zones that are none, and schedules that never come: each is refused by its field, at once."""

from __future__ import annotations

import time
from dataclasses import replace
from datetime import UTC, datetime
from itertools import islice
from zoneinfo import ZoneInfo, reset_tzpath

import pytest

from spacesctl.api.wire import Time
from spacesctl.cli.when import parse_when
from spacesctl.domain import recurrence, zones
from spacesctl.domain.clock import rfc3339
from spacesctl.domain.errors import Invalid
from spacesctl.domain.recurrence import occurrences
from spacesctl.store import series as series_store
from tests.api.harness import Api
from tests.api.test_series import series

FAR = (
    "9999-12-31T23:59:59Z", "9999-12-31T23:59:59.999999999Z", "9999-12-31T23:59:59-23:59", "9999-01-01T00:00:00Z", "0001-01-01T00:00:00Z",
    "0001-01-01T00:00:00+23:59", "0999-06-01T00:00:00Z", "1969-12-31T23:59:59Z", "2016-12-31T23:59:60Z", "2027-01-01T24:00:00Z",
    "2027-02-30T00:00:00Z", "2027-01-01T00:00:00+24:00", "２０２７-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "2027-01-01T00:00:00",
)  # fmt: skip
NO_ZONES = (
    "right/UTC", "right/Europe/Rome", "posix/Europe/Rome", "posixrules", "localtime", "Factory", "europe/rome", "utc", "Europe",
    "Europe/",
    "", ".", "..", "../../etc/passwd", "/etc/localtime", "/usr/share/zoneinfo/UTC", "./UTC", "Europe//Rome", "Europe/Rome/",
    "Europe/Rome/x",
    "Europe/../UTC", "a\0", "UTC\0", "x" * 64, "x" * 5_000, "zone.tab", "tzdata.zi", "leapseconds", "zones", "UTC ", "Mars/Base",
    "²", "UTC+1",
)  # fmt: skip


@pytest.mark.anyio
async def test_a_time_beyond_the_calendar_is_refused_by_its_field(api: Api) -> None:
    host = await api.account("host")
    last = "9998-12-31T23:59:59.000Z"
    space = f"/v1/spaces/{(await host.ok('POST', '/v1/spaces', {'title': 'T', 'scheduled_start': last}))['id']}"
    for at in FAR:
        for method, path, body in (
            ("POST", "/v1/spaces", {"title": "T", "scheduled_start": at}),
            ("PATCH", space, {"scheduled_start": at}),
            ("POST", "/v1/accounts/@host/tokens", {"expires_at": at}),
        ):
            problem = await host.refused(method, path, body)
            assert (problem["status"], problem["field"]) == (400, list(body)[-1]), at
    assert (await host.ok("GET", space))["scheduled_start"] == last
    for calendar in (f"{space}.ics", "/v1/accounts/@host/calendar.ics"):
        assert (await host.http.get(calendar)).status_code == 200


@pytest.mark.anyio
async def test_a_series_takes_names_of_the_iana_list_only(api: Api) -> None:
    host = await api.account("host")
    made = await series(host)
    body = {"title": "T", "cron": "0 9 * * *", "duration": 600}
    for tz in NO_ZONES:
        for method, path, given in (("POST", "/v1/series", body), ("PATCH", f"/v1/series/{made['id']}", {})):
            problem = await host.refused(method, path, {**given, "tz": tz})
            assert (problem["status"], problem["field"]) == (400, "tz"), tz
            assert "\0" in tz or len(tz) > 64 or "Europe/Rome" in problem["hint"] or "UTC" in problem["hint"], tz
    assert (await host.ok("GET", f"/v1/series/{made['id']}"))["tz"] == "Europe/Rome"


@pytest.mark.parametrize("tz", [one for one in NO_ZONES if one])
def test_the_command_line_refuses_the_same_names(tz: str) -> None:
    with pytest.raises(Invalid) as caught:
        parse_when("2027-01-01 12:00", tz, datetime(2026, 11, 1, tzinfo=UTC))
    assert caught.value.field == "--tz"
    assert caught.value.hint


def test_every_name_of_the_list_is_a_zone_with_and_without_zones_of_the_machine() -> None:
    names = list(zones.names().values())
    assert len(names) > 500
    assert {"UTC", "GMT", "Etc/GMT+12", "Europe/Rome", "America/Argentina/Ushuaia", "Asia/Kathmandu"} <= set(names)
    try:
        for path in ((), None):
            reset_tzpath(path)
            recurrence._zone.cache_clear()
            for name in names:
                zones.require_zone(name)
                assert ZoneInfo.no_cache(name).utcoffset(datetime(2026, 1, 1)) is not None  # noqa: DTZ001
            for name in NO_ZONES:
                with pytest.raises(Invalid):
                    zones.require_zone(name)
    finally:
        reset_tzpath(None)


@pytest.mark.anyio
async def test_a_series_with_a_zone_that_was_taken_once_goes_on_and_can_be_edited(api: Api) -> None:
    """`Factory` is in every database of zones, so it stands for those that were taken."""
    host = await api.account("host")
    made = await series(host, tz="UTC")
    async with api.app.db.begin() as db:
        kept = await series_store.get(db, made["id"])
        await series_store.save(db, replace(kept, tz="Factory"))
    edited = await host.ok(
        "PATCH", f"/v1/series/{made['id']}", {"title": "Another", "tz": "Factory", "cron": "0 10 * * *"}
    )
    assert (edited["title"], edited["tz"], len(edited["coming"])) == ("Another", "Factory", 5)
    assert (await host.ok("POST", f"/v1/series/{made['id']}/skip"))["tz"] == "Factory"


NEVER = ("0 0 31 2 *", "0 0 30 2 *", "0 0 31 4,6,9,11 *", "0 0 0 * *", "0 0 * 13 *", "0 0 * * 8", "* * * * 1#6")
NO_CRON = (
    "", "*", "* * * *", "* * * * * *", "60 * * * *", "-1 * * * *", "9" * 190 + " * * * *", "*/0 * * * *", "*/² * * * *",
    "１ * * * *", "٣ * * * *",
    "1-0 * * * *", "1-99999999999 * * * *", "@daily", "@reboot", "x * * * *", ", * * * *", "1,, * * * *", "0 0 L-1 * *",
    "1e3 * * * *", "* * * * L",
)  # fmt: skip


@pytest.mark.anyio
async def test_a_schedule_that_is_none_or_never_comes_is_refused_at_once(api: Api) -> None:
    host = await api.account("host")
    for cron in (*NEVER, *NO_CRON, "* " * 2_000, "0\0 * * * *"):
        began = time.monotonic()
        problem = await host.refused("POST", "/v1/series", {"title": "T", "cron": cron, "tz": "UTC", "duration": 600})
        assert (problem["status"], problem["field"]) == (400, "cron"), cron
        assert time.monotonic() - began < 2, cron


@pytest.mark.anyio
async def test_a_duration_has_bounds(api: Api) -> None:
    host = await api.account("host")
    for duration in (0, -1, 59, 86_401, 2**31, 2**53, 2**63, 2**64, 10**300):
        body = {"title": "T", "cron": "0 9 * * *", "tz": "UTC", "duration": duration}
        assert (await host.refused("POST", "/v1/series", body))["field"] == "duration"


@pytest.mark.parametrize("tz", ["UTC", "Pacific/Kiritimati", "Etc/GMT+12", "Europe/Rome"])
def test_a_schedule_ends_with_the_calendar(tz: str) -> None:
    found = list(islice(occurrences("0 9 * * *", tz, datetime(9998, 12, 30, tzinfo=UTC)), 10))
    assert 1 <= len(found) <= 3
    assert list(occurrences("0 9 * * *", tz, datetime(9999, 12, 31, 23, 59, tzinfo=UTC))) == []
    recurrence.check("0 0 29 2 1#5", tz)


def test_early_years_are_written_with_all_their_digits() -> None:
    early = datetime(1, 1, 1, tzinfo=UTC)
    assert rfc3339(early) == str(Time.of(early)) == "0001-01-01T00:00:00.000Z"
    assert rfc3339(datetime(2026, 11, 29, 1, 2, 3, 999_999, tzinfo=UTC)) == "2026-11-29T01:02:03.999Z"
