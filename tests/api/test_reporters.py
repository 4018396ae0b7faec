"""Who reports, and who reads reports."""

from __future__ import annotations

from pathlib import Path

import pytest

from spacesctl.domain.principals import Person
from spacesctl.domain.reporting import HOUR, MOST_BY_ONE
from spacesctl.domain.words import CATEGORIES
from spacesctl.live.event_views import View
from spacesctl.server.http.routes.events import _first
from spacesctl.store import reports as report_store
from tests.api.harness import Api, As, running_api

pytestmark = pytest.mark.anyio


def about(space: str, who: str | None = None) -> dict[str, str | None]:
    return {"space_id": space.rsplit("/", 1)[-1], "account": who}


async def test_who_never_was_there_reports_nothing_and_cuts_no_evidence(api: Api) -> None:
    host, eve, dan = await api.accounts("host", "eve", "dan")
    space = await api.live(host)
    ann = await api.speaker(space, host, "ann")
    actor = api.app.registry.actors[space.rsplit("/", 1)[-1]]
    for tick in range(50):
        actor.ring.add(tick, actor.space.people[ann.id].lane or 0, b"\xf8\xff\xfe")
    actor.tick = 50
    assert (await eve.refused("POST", "/v1/reports", about(space, "@ann")))["reason"] == "not_there"
    assert not api.app.clips.exists() or not list(api.app.clips.iterdir())
    await dan.ok("POST", f"{space}/reactions", {"reaction": "clap"})
    filed = await dan.ok("POST", "/v1/reports", about(space, "@ann"))
    assert (await host.ok("GET", f"/v1/reports/{filed['id']}"))["clip"] is not None
    await api.owner.ok("POST", "/v1/reports", about(space, "@ann"))


async def test_that_somebody_was_there_is_known_after_a_restart(tmp_path: Path) -> None:
    async with running_api(tmp_path / "data") as api:
        host, ann, eve = await api.accounts("host", "ann", "eve")
        space = await api.live(host)
        await api.listener(space, ann)
    async with running_api(tmp_path / "data", first=False) as again:
        await As(again, ann.token).ok("POST", "/v1/reports", about(space))
        assert (await As(again, eve.token).refused("POST", "/v1/reports", about(space)))["reason"] == "not_there"


async def test_who_was_kicked_or_blocked_may_report_what_they_heard(api: Api) -> None:
    host, ann, ben = await api.accounts("host", "ann", "ben")
    space = await api.live(host)
    await api.listener(space, ann, ben)
    await host.ok("POST", f"{space}/people/@ann/kick")
    await host.ok("PUT", "/v1/accounts/me/blocks/@ben")
    for one in (ann, ben):
        await one.ok("POST", "/v1/reports", about(space, "@host"))
    await host.ok("POST", f"{space}/end")
    await ann.ok("POST", "/v1/reports", about(space))


async def test_reports_are_for_who_is_on_the_staff_now_and_not_about_themselves(api: Api) -> None:
    host, ann, dan = await api.accounts("host", "ann", "dan")
    space = await api.live(host)
    await api.listener(space, dan)
    for role in ("speaker", "cohost"):
        await host.ok("POST", f"{space}/invites", {"handles": ["@ann"], "role": role})
        await ann.ok("POST", f"{space}/accept")
    of_dan = (await ann.ok("POST", "/v1/reports", about(space, "@dan")))["id"]
    of_ann = (await dan.ok("POST", "/v1/reports", about(space, "@ann")))["id"]
    of_host = (await dan.ok("POST", "/v1/reports", about(space, "@host")))["id"]

    async def listed(who: As) -> set[str]:
        return {one["id"] for one in (await who.ok("GET", "/v1/reports"))["data"]}

    assert await listed(ann) == {of_dan, of_host}
    assert await listed(host) == {of_dan, of_ann}
    for who, mine in ((ann, of_ann), (host, of_host)):
        assert (await who.refused("GET", f"/v1/reports/{mine}"))["reason"] == "see_reports"
        assert (await who.refused("PATCH", f"/v1/reports/{mine}", {"state": "dismissed"}))["status"] == 403
    await ann.ok("GET", f"/v1/reports/{of_dan}")
    await host.ok("POST", f"{space}/people/@ann/demote")
    assert await listed(ann) == set()
    assert (await ann.refused("GET", f"/v1/reports/{of_dan}"))["reason"] == "see_reports", "she was on the staff"


async def test_co_hosts_read_no_reports_after_the_end(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    space = await api.live(host)
    await host.ok("POST", f"{space}/invites", {"handles": ["@ann"], "role": "cohost"})
    await ann.ok("POST", f"{space}/accept")
    filed = (await ann.ok("POST", "/v1/reports", about(space, "@owner")))["id"]
    await ann.ok("GET", f"/v1/reports/{filed}")
    await host.ok("POST", f"{space}/end")
    for method, body in (("GET", None), ("PATCH", {"state": "upheld"})):
        assert (await ann.refused(method, f"/v1/reports/{filed}", body))["status"] == 403
    await host.ok("PATCH", f"/v1/reports/{filed}", {"state": "upheld"})


async def test_nobody_learns_by_another_way_who_reported_them(api: Api) -> None:
    host, ann, dan = await api.accounts("host", "ann", "dan")
    space = await api.live(host)
    await api.listener(space, dan)
    for role in ("speaker", "cohost"):
        await host.ok("POST", f"{space}/invites", {"handles": ["@ann"], "role": role})
        await ann.ok("POST", f"{space}/accept")
    [actor] = api.app.registry.live()
    live = actor.subscribe(View.STAFF, Person(host.id))
    ids = {}
    for handle, about_whom, by in (("@host", "host", dan), ("@dan", "dan", ann)):
        body = {**about(space, handle), "note": f"about {about_whom}, by {by.handle}"}
        ids[about_whom] = (await by.ok("POST", "/v1/reports", body))["id"]
        await api.owner.ok("PATCH", f"/v1/reports/{ids[about_whom]}", {"state": "upheld", "note": "sorry"})
    told = b"".join(message for message in live._drained() if message)
    assert ids["dan"].encode() in told
    assert ids["host"].encode() not in told
    for who, hidden in ((host, "host"), (dan, "dan")):
        entries = [one for one in (await who.ok("GET", "/v1/audit"))["data"] if one["action"].startswith("report")]
        assert ids[hidden] not in {one["details"]["report"] for one in entries}
    seen = {
        one["details"]["report"] for one in (await host.ok("GET", "/v1/audit"))["data"] if one["action"] == "report"
    }
    assert seen == {ids["dan"]}


async def test_who_was_reported_and_comes_to_the_staff_is_not_replayed_the_report(api: Api) -> None:
    host, ann, dan = await api.accounts("host", "ann", "dan")
    space = await api.live(host)
    await api.listener(space, dan)
    await host.ok("POST", f"{space}/invites", {"handles": ["@ann"], "role": "speaker"})
    await ann.ok("POST", f"{space}/accept")
    await dan.ok("POST", "/v1/reports", {**about(space, "@ann"), "note": "tell nobody"})
    await host.ok("POST", f"{space}/people/@ann/promote")
    [actor] = api.app.registry.live()

    async def replayed(who: As) -> bytes:
        subscriber = actor.subscribe(View.STAFF, Person(who.id))
        return b"".join([one async for one in _first(api.app, actor, actor.space, subscriber, 0)])

    assert b"tell nobody" in await replayed(host)
    assert b"tell nobody" not in await replayed(ann)


async def test_a_flood_of_reports_is_refused_and_nothing_of_it_is_lost(api: Api) -> None:
    host, ann, ben = await api.accounts("host", "ann", "ben")
    space = await api.live(host)
    await api.listener(space, ann, ben)
    filed = [(await ann.ok("POST", "/v1/reports", about(space, "@ben")))["id"] for _ in range(MOST_BY_ONE)]
    answer = await ann.call("POST", "/v1/reports", about(space, "@ben"))
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many")
    assert 3500 < int(answer.headers["retry-after"]) <= 3600
    assert {one["id"] for one in (await host.ok("GET", "/v1/reports"))["data"]} == set(filed)
    await ann.ok("POST", "/v1/reports", about(space, "@host"))
    await ann.ok("POST", "/v1/reports", about(space))
    await ben.ok("POST", "/v1/reports", about(space, "@ann"))
    async with api.app.db.read() as db:
        since = api.app.clock.now() - HOUR
        counted = await report_store.filed_since(db, space[11:], since, ben.id, ann.id)
    assert (counted.in_all, counted.about, counted.by_one) == (MOST_BY_ONE + 3, MOST_BY_ONE, MOST_BY_ONE)


@pytest.mark.parametrize("category", ["harassment", "scam", "minor_safety", "Abuse", ""])
async def test_categories_are_those_that_there_are(api: Api, category: str) -> None:
    host = await api.account("host")
    space = await api.live(host)
    refused = await host.refused("POST", "/v1/reports", {**about(space), "category": category})
    assert refused["code"] == "invalid"
    assert list(CATEGORIES) == [
        "self_harm", "violence", "sexual_content", "child_safety", "private_information", "abuse", "spam", "other",
    ]  # fmt: skip
