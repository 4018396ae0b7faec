"""Reports are assigned and written on by those who review them, and by nobody else."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from spacesctl.domain.principals import Person
from spacesctl.live.event_views import View
from tests.api.harness import Api, As, running_api
from tests.api.test_reporters import about

pytestmark = pytest.mark.anyio


async def scene(api: Api) -> tuple[As, As, As, str, str]:
    """A host, a co-host `ann`, a listener `dan` who reported `cid`; the Space and the report."""
    host, ann, dan, cid = await api.accounts("host", "ann", "dan", "cid")
    space = await api.live(host)
    await api.listener(space, dan, cid)
    await host.ok("POST", f"{space}/invites", {"handles": ["@ann"], "role": "cohost"})
    await ann.ok("POST", f"{space}/accept")
    filed = await dan.ok("POST", "/v1/reports", about(space, "@cid"))
    return host, ann, dan, space, f"/v1/reports/{filed['id']}"


async def told(who: As) -> list[str]:
    return [row["text"] for row in (await who.ok("GET", "/v1/dms"))["data"] if row["kind"] == "notice"]


async def test_a_report_is_assigned_and_listed_for_who_has_it(api: Api) -> None:
    host, ann, _dan, space, report = await scene(api)
    assigned = await host.ok("PUT", f"{report}/assignee", {"account": "@ann"})
    assert assigned["assignee"]["handle"] == "@ann"
    assert any(f"You look after report {assigned['id']}" in text for text in await told(ann))
    for path, found in (
        ("?assignee=me", 0),
        ("?assignee=@ann", 1),
        (f"?space_id={space[11:]}", 1),
        ("?space_id=AAAAAAAAAAAAA", 0),
        ("?assignee=@ann&state=upheld", 0),
    ):
        assert len((await host.ok("GET", f"/v1/reports{path}"))["data"]) == found, path
    assert len((await ann.ok("GET", "/v1/reports?assignee=me"))["data"]) == 1
    again = await host.ok("DELETE", f"{report}/assignee")
    assert again["assignee"] is None


async def test_who_decides_what_another_looks_after_sees_it_and_the_other_is_told(api: Api) -> None:
    host, ann, _dan, _space, report = await scene(api)
    await host.ok("PUT", f"{report}/assignee", {"account": "@ann"})
    decided = await host.ok("PATCH", report, {"state": "dismissed"})
    assert decided["assignee"]["handle"] == "@ann"
    assert any("which you look after, was dismissed by @host." in text for text in await told(ann))


async def test_reporter_and_target_learn_the_outcome_also_across_a_block(api: Api) -> None:
    host, _ann, dan, space, report = await scene(api)
    await host.ok("PUT", "/v1/accounts/me/blocks/@dan")
    await host.ok("PATCH", report, {"state": "upheld", "note": "thanks, dan"})
    assert "Your report about @cid in “A Space” was upheld." in await told(dan)
    async with api.app.db.read() as db:
        rows = await db.exec_driver_sql(
            "SELECT text FROM dms JOIN accounts ON to_id = accounts.id WHERE handle = 'cid'"
        )
    to_cid = [row.text for row in rows if "report" in row.text]
    assert to_cid == ["A report about you in “A Space” was upheld: its moderators found that it was right."], space


async def test_of_two_who_assign_at_once_one_does_and_the_other_learns_of_it(api: Api) -> None:
    host, ann, _dan, _space, report = await scene(api)
    answers = await asyncio.gather(
        host.call("PUT", f"{report}/assignee", {"account": "@host"}),
        ann.call("PUT", f"{report}/assignee", {"account": "@ann"}),
    )
    assert sorted(one.status_code for one in answers) == [200, 409]
    [won] = [one.json()["assignee"]["handle"] for one in answers if one.status_code == 200]
    [lost] = [one.json() for one in answers if one.status_code == 409]
    assert lost["reason"] == "assigned"
    assert won in lost["detail"]
    assert (await host.ok("GET", report))["assignee"]["handle"] == won


async def test_only_who_may_review_it_gets_a_report(api: Api) -> None:
    host, ann, dan, space, report = await scene(api)
    for whom, reason in (("@dan", "not_staff"), ("@cid", "is_target")):
        assert (await host.refused("PUT", f"{report}/assignee", {"account": whom}))["reason"] == reason
    assert (await host.refused("PUT", f"{report}/assignee", {"account": "@nobody_here"}))["status"] == 404
    await host.ok("PUT", f"{report}/assignee", {"account": "@owner"})
    await host.ok("DELETE", f"{report}/assignee")
    await host.ok("PUT", f"{report}/assignee", {"account": "@ann"})
    await host.ok("POST", f"{space}/people/@ann/demote")
    mine = await ann.ok("GET", "/v1/reports?assignee=me")
    assert mine["data"] == [], "she is not on the staff any longer"
    await host.ok("PUT", f"{report}/assignee", {"account": "@host"})
    assert (await dan.refused("PUT", f"{report}/assignee", {"account": "@dan"}))["reason"] == "decide_report"


async def test_notes_are_for_the_staff_and_neither_for_who_reported_nor_for_whom_it_is_about(api: Api) -> None:
    host, ann, dan, _space, report = await scene(api)
    text = "seen twice today\nask dan again"
    made = await ann.ok("POST", f"{report}/notes", {"text": text})
    assert made["by"]["handle"] == "@ann"
    assert [one["text"] for one in (await host.ok("GET", report))["notes"]] == [text]
    cid = As(api, None)
    assert (await dan.refused("POST", f"{report}/notes", {"text": "x"}))["reason"] == "decide_report"
    assert (await cid.refused("GET", report))["status"] == 401
    for body in ({"text": ""}, {"text": " "}, {"text": "x" * 2001}):
        assert (await host.refused("POST", f"{report}/notes", body))["status"] == 400
    everywhere = json.dumps([await told(one) for one in (host, ann, dan)])
    audit = json.dumps((await api.owner.ok("GET", "/v1/audit"))["data"])
    assert text not in everywhere + audit
    assert '"report.note"' in audit


async def test_who_reported_and_is_on_the_staff_reads_their_own_notes_alone(api: Api) -> None:
    host, ann, _dan, space, _report = await scene(api)
    filed = (await ann.ok("POST", "/v1/reports", about(space, "@cid")))["id"]
    for who, text in ((host, "by host"), (ann, "by ann")):
        await who.ok("POST", f"/v1/reports/{filed}/notes", {"text": text})
    assert [one["text"] for one in (await ann.ok("GET", f"/v1/reports/{filed}"))["notes"]] == ["by ann"]
    assert len((await host.ok("GET", f"/v1/reports/{filed}"))["notes"]) == 2


async def test_a_report_about_staff_shows_them_nothing_by_any_way(api: Api) -> None:
    host, ann, dan, space, _report = await scene(api)
    [actor] = api.app.registry.live()
    live = actor.subscribe(View.STAFF, Person(ann.id))
    filed = (await dan.ok("POST", "/v1/reports", about(space, "@ann")))["id"]
    path = f"/v1/reports/{filed}"
    await host.ok("PUT", f"{path}/assignee", {"account": "@host"})
    await host.ok("POST", f"{path}/notes", {"text": "about ann"})
    for method, where, body in (
        ("GET", path, None),
        ("GET", f"{path}/clip", None),
        ("PATCH", path, {"state": "dismissed"}),
        ("PUT", f"{path}/assignee", {"account": "@ann"}),
        ("DELETE", f"{path}/assignee", None),
        ("POST", f"{path}/notes", {"text": "x"}),
    ):
        refused = await ann.refused(method, where, body)
        assert refused["status"] == 403, (method, where)
        assert "@dan" not in json.dumps(refused)
    assert (await host.refused("PUT", f"{path}/assignee", {"account": "@ann"}))["reason"] == "is_target"
    seen = b"".join(message for message in live._drained() if message)
    assert filed.encode() not in seen
    listed: Any = [await ann.ok("GET", where) for where in ("/v1/reports", "/v1/audit", "/v1/reports?assignee=@host")]
    assert filed not in json.dumps(listed)


async def test_rights_end_with_the_role_and_with_the_space(api: Api) -> None:
    host, ann, dan, space, report = await scene(api)

    async def may(who: As) -> set[int]:
        asked = [
            await who.call("GET", report),
            await who.call("POST", f"{report}/notes", {"text": "x"}),
            await who.call("GET", f"{space}/sanctions"),
        ]
        listed = len((await who.ok("GET", "/v1/reports"))["data"])
        return {one.status_code for one in asked} | ({0} if listed else set())

    assert await may(ann) == {200, 201, 0}
    await host.ok("POST", f"{space}/people/@ann/host")
    assert await may(host) == await may(ann) == {200, 201, 0}, "who handed over is a co-host"
    await ann.ok("POST", f"{space}/end")
    assert await may(ann) == {200, 201, 0}, "they leave with who hosted at the end"
    assert await may(host) == {403}
    assert await may(dan) == {403}


async def test_a_co_host_who_was_removed_has_no_rights_left(api: Api) -> None:
    host, ann, _dan, space, report = await scene(api)
    await host.ok("POST", f"{space}/people/@ann/kick")
    for method, path, body in (
        ("GET", report, None),
        ("PATCH", report, {"state": "upheld"}),
        ("POST", f"{report}/notes", {"text": "x"}),
        ("PUT", f"{report}/assignee", {"account": "@ann"}),
    ):
        assert (await ann.refused(method, path, body))["status"] == 403


async def test_assignments_and_notes_outlive_a_restart(tmp_path: Path) -> None:
    async with running_api(tmp_path / "data") as api:
        host, _ann, _dan, _space, report = await scene(api)
        await host.ok("PUT", f"{report}/assignee", {"account": "@ann"})
        await host.ok("POST", f"{report}/notes", {"text": "kept"})
    async with running_api(tmp_path / "data", first=False) as again:
        found = await As(again, host.token).ok("GET", report)
        assert (found["assignee"]["handle"], [one["text"] for one in found["notes"]]) == ("@ann", ["kept"])
