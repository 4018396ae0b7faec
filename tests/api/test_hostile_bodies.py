"""Bodies, cursors and numbers that were made to break the reading of them: each is refused, and nothing is an error of the server's."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.harness import Api, As

pytestmark = pytest.mark.anyio
DEEP = 20_000
JSON = {"Content-Type": "application/json"}


async def raw(who: As, path: str, body: bytes, method: str = "POST") -> dict[str, Any]:
    answer = await who.http.request(method, path, content=body, headers=JSON)
    assert answer.status_code == 400, answer.text[:200]
    assert answer.headers["content-type"] == "application/problem+json"
    found: dict[str, Any] = answer.json()
    return found


@pytest.mark.parametrize(
    ("body", "field"),
    [
        (b'{"a` - at `$.b":1}', None),
        (b'{"title":"T","scheduled_start":' + b"[" * DEEP + b"]" * DEEP + b"}", None),
        (b'{"title":"T","x":' + b'{"a":' * DEEP + b"1" + b"}" * DEEP + b"}", None),
        (b'{"title":"T","scheduled_start":"0001-01-01T00:00:00+14:00"}', "scheduled_start"),
        (b'{"title":"T","scheduled_start":"9999-12-31T23:59:59-14:00"}', "scheduled_start"),
        (b'{"title":"T","scheduled_start":"2027-W01-1T00:00:00Z"}', "scheduled_start"),
        (b'{"title":"T","scheduled_start":"20270101T000000Z"}', "scheduled_start"),
        (b'{"title":"\xed\xa0\x80"}', "body"),
        (b'{"title":"\\ud800"}', "body"),
        (b"", "body"),
        (b"[]", "body"),
        (b"NaN", "body"),
        (b'{"title":true}', "title"),
        (b'\xff\xfe{\x00"\x00', "body"),
    ],
    ids=lambda value: repr(value[:24]) if isinstance(value, bytes) else "",
)
async def test_a_body_is_refused_by_its_field(api: Api, body: bytes, field: str | None) -> None:
    host = await api.account("host")
    problem = await raw(host, "/v1/spaces", body)
    if field is not None:
        assert problem["field"] == field
    assert (await host.ok("GET", "/v1/spaces"))["data"] == []


async def test_of_what_was_sent_only_so_much_comes_back(api: Api) -> None:
    host = await api.account("host")
    problem = await raw(host, "/v1/spaces", b'{"title":"T","' + b"x" * 100_000 + b'":1}')
    assert len(str(problem)) < 4_000


async def test_nullable_numbers_are_told_in_our_words(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    problem = await raw(host, f"{space}/people/@host/mute", b'{"duration":1.5}')
    assert problem["detail"] == "duration: must be a whole number, not a number"


@pytest.mark.parametrize("cursor", ["0001-01-01T00:00:00%2B14:00", "9999-12-31T23:59:59-14:00", "x", "%C2%B2"])
@pytest.mark.parametrize("path", ["/v1/spaces", "/v1/reports", "/v1/recordings", "/v1/dms", "/v1/audit"])
async def test_a_cursor_of_nobodys_is_refused(api: Api, path: str, cursor: str) -> None:
    host = await api.account("host")
    assert (await host.refused("GET", f"{path}?cursor={cursor}"))["field"] == "cursor"


async def test_numbers_of_events_have_an_end(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    assert (await host.refused("GET", f"{space}/captions?after=9223372036854775808"))["field"] == "after"
    for number in ("²", "9" * 5_000, "-1"):
        headers = {"Last-Event-ID": number.encode()}
        answer = await host.http.get(f"{space}/events", headers=headers)  # type: ignore[arg-type]  # bytes are sent as they are
        assert (answer.status_code, answer.json()["field"]) == (400, "Last-Event-ID")


async def test_an_act_has_ticks_that_there_are(api: Api) -> None:
    act = {
        "key": "k", "rule_id": "r", "rule_hash": "h", "mode": "shadow", "action": "log", "account_id": "1", "lane": 1,
        "start_tick": 0, "end_tick": 1, "words": [], "confidence": 1.0, "engine": "e", "model": "m",
    }  # fmt: skip
    for change in ({"start_tick": -1}, {"end_tick": 10**30}, {"lane": 70_000}, {"confidence": 2}):
        problem = await api.bot.refused("POST", f"/v1/spaces/{'A' * 13}/acts", {**act, **change})
        assert problem["field"] == next(iter(change))
