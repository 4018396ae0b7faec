"""Who is erased: nothing of them is in any table or file, but what the answer says is kept."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import update

from spacesctl.store.tables import accounts
from tests.api.harness import Api, As, everything, settled
from tests.api.test_evidence import actor_of, caption, lane_of, talks
from tests.api.test_moderation import RULES, act
from tests.api.test_posts import upload, wav
from tests.api.test_reporters import about

pytestmark = pytest.mark.anyio
SAID = "zanzibar pineapple"


def kept_of(erasure: dict[str, Any]) -> dict[str, int]:
    return {one["what"]: one["kept"] for one in erasure["things"] if one["kept"]}


async def person(api: Api) -> tuple[As, As, str, str]:
    """A host and somebody who has written and said something everywhere; the Space, and a report about them."""
    host = await api.account("host")
    space = await api.live(host)
    ann, actor = await api.speaker(space, host, "annabel"), actor_of(api, space)
    await ann.ok("PATCH", "/v1/accounts/me", {"name": "Annabel Lee", "description": "I live in Timbuktu."})
    clip = (await upload(ann, wav(0.1))).json()["id"]
    await ann.ok("POST", "/v1/posts", {"text": "a post about marmalade", "clip": clip})
    await ann.ok("POST", "/v1/dms", {"to": "@host", "text": "a letter about quinces"})
    await host.ok("POST", "/v1/dms", {"to": "@annabel", "text": "an answer about figs"})
    lane = lane_of(actor, ann)
    talks(actor, lane, range(100))
    await api.bot.ok("POST", f"{space}/captions", {"captions": [caption(lane, 1, SAID, 10, 90)]})
    filed = await host.ok("POST", "/v1/reports", about(space, "@annabel"))
    words = [{"w": w, "start": 1.0, "end": 1.5, "conf": 0.9} for w in SAID.split()]
    await host.ok("PUT", f"{space}/rules", {"text": RULES})
    await api.bot.ok("POST", f"{space}/acts", act(ann, "mute", "shadow", words=words))
    return host, ann, space, f"/v1/reports/{filed['id']}"


async def files(api: Api) -> list[str]:
    """The evidence clips and voice clips there are."""

    def found() -> list[str]:
        return [path.name for path in Path(api.app.data).rglob("*.ogg")]

    await api.app.voices.sweep(api.app.db)
    return await asyncio.to_thread(found)


async def test_nothing_is_left_but_what_is_listed(api: Api) -> None:
    host, ann, space, report = await person(api)
    await host.ok("PATCH", report, {"state": "dismissed", "note": ""})
    planned = await ann.ok("GET", "/v1/accounts/me/erasure")
    assert len(await files(api)) == 2, "a plan does nothing"
    erased = await ann.ok("POST", "/v1/accounts/me/erasure")
    assert erased == planned
    assert kept_of(erased).keys() == {
        "reports, sanctions, appeals, audit log, without words and with an id",
        "what others wrote",
        "backups",
    }
    await settled(api)
    left = str(await everything(api)).lower()
    for word in ("annabel", "timbuktu", "marmalade", "quinces", "figs", *SAID.split()):
        assert word not in left, word
    path = api.database.path
    raw = (path.read_bytes() + path.with_name(f"{path.name}-wal").read_bytes()).lower()
    for written in (b"timbuktu", b"marmalade", b"quinces", b"pineapple"):
        assert written not in raw, "neither in free pages nor in the write-ahead log"
    assert await files(api) == []
    assert (await ann.refused("GET", "/v1/accounts/me"))["status"] == 401
    [message] = [one for one in (await host.ok("GET", "/v1/dms"))["data"] if one["kind"] == "message"]
    assert (message["text"], message["by"]["handle"]) == ("(This message was erased with its account.)", "@deleted")
    assert (await host.ok("GET", report))["purged_at"] is not None
    entry = (await api.owner.ok("GET", "/v1/audit"))["data"][0]
    assert (entry["action"], entry["details"]["captions"]) == ("account.erase", 1)
    assert (await api.owner.ok("GET", "/v1/audit/verify"))["first_bad"] is None
    await host.ok("POST", f"{space}/end")


async def test_evidence_that_somebody_needs_is_kept_and_said(api: Api) -> None:
    host, ann, _, report = await person(api)
    erased = await api.owner.ok("POST", f"/v1/accounts/{ann.id}/erasure")
    assert kept_of(erased)["evidence of reports about them"] == 1
    assert len(await files(api)) == 1
    one = await host.ok("GET", report)
    assert (one["text"], one["target"]["handle"]) == (SAID, "@deleted")
    await host.ok("PATCH", report, {"state": "dismissed", "note": ""})
    again = await api.owner.ok("POST", f"/v1/accounts/{ann.id}/erasure")
    assert "evidence of reports about them" not in kept_of(again), "an operator erases what is left"
    assert await files(api) == []


async def test_who_is_held_is_neither_erased_nor_closed_until_the_hold_is_released(api: Api) -> None:
    _, ann, _, _ = await person(api)
    held = await api.owner.ok("POST", "/v1/holds", {"subject": "@annabel", "reason": "a court"})
    assert held["told"] is False
    assert not [one for one in (await ann.ok("GET", "/v1/dms"))["data"] if "legal" in one["text"]]
    for ask in ("GET", "POST"):
        refused = await ann.refused(ask, "/v1/accounts/me/erasure")
        assert (refused["status"], refused["reason"]) == (409, "held")
        assert held["id"] in refused["detail"]
        assert "court" not in str(refused)
    left = str(await everything(api))
    for word in ("marmalade", "quinces", "figs", "Timbuktu", SAID.split()[0]):
        assert word in left, word
    [listed] = (await api.owner.ok("GET", "/v1/holds"))["data"]
    assert (listed["subject"], listed["reason"]) == ("@annabel", "a court")
    await api.owner.ok("DELETE", f"/v1/holds/{held['id']}")
    assert (await api.owner.ok("GET", "/v1/holds"))["data"] == []
    assert (await api.owner.refused("DELETE", f"/v1/holds/{held['id']}"))["reason"] == "released"
    await ann.ok("POST", "/v1/accounts/me/erasure")
    await settled(api)
    left = str(await everything(api))
    for word in ("marmalade", "figs", "Timbuktu"):
        assert word not in left, word
    entries = [one["action"] for one in (await api.owner.ok("GET", "/v1/audit"))["data"]]
    assert [one for one in entries if one.startswith(("account.", "hold."))][:4] == [
        "account.erase",
        "account.delete",
        "hold.release",
        "hold.place",
    ]


async def test_what_an_earlier_version_closed_and_kept_for_a_hold_goes_with_the_hold(api: Api) -> None:
    _, ann, _, _ = await person(api)
    held = await api.owner.ok("POST", "/v1/holds", {"subject": "@annabel", "reason": "a court"})
    async with api.app.db.begin() as db:
        closed = {"handle": "0" * 15, "name": "Deleted account", "deleted_at": api.app.clock.now()}
        await db.execute(update(accounts).where(accounts.c.id == ann.id).values(closed))
    await api.owner.ok("DELETE", f"/v1/holds/{held['id']}")
    left = str(await everything(api)).lower()
    for word in ("marmalade", "figs", "timbuktu"):
        assert word not in left, word


async def test_a_plan_knows_that_acts_go_with_the_reports_that_they_filed(api: Api) -> None:
    host, ann, space, report = await person(api)
    actor = actor_of(api, space)
    talks(actor, lane_of(actor, ann), range(400, 450))
    words = [{"w": w, "start": 1.0, "end": 1.5, "conf": 0.9} for w in SAID.split()]
    acted = act(ann, "report", key="k3", start_tick=400, end_tick=450, words=words)
    filed = (await api.bot.ok("POST", f"{space}/acts", acted))["report_id"]
    for one in (report, f"/v1/reports/{filed}"):
        await host.ok("PATCH", one, {"state": "dismissed", "note": ""})
    planned = await ann.ok("GET", "/v1/accounts/me/erasure")
    assert "words in acts of rules" not in kept_of(planned)
    await ann.ok("POST", "/v1/accounts/me/erasure")
    assert SAID.split()[0] not in str(await everything(api))


async def test_words_in_notices_go_with_those_of_the_act(api: Api) -> None:
    host, ann, space, report = await person(api)
    words = [{"w": w, "start": 1.0, "end": 1.5, "conf": 0.9} for w in SAID.split()]
    await api.bot.ok("POST", f"{space}/acts", act(ann, "mute", key="k2", start_tick=400, end_tick=450, words=words))
    assert [one for one in (await host.ok("GET", "/v1/dms"))["data"] if SAID in one["text"]]
    await host.ok("PATCH", report, {"state": "dismissed", "note": ""})
    kept = await api.owner.ok("GET", "/v1/accounts/@annabel/erasure")
    assert kept_of(kept)["these words in messages of the server to others"] == 1, "the mute can be appealed"
    [mute] = [one for one in (await host.ok("GET", f"{space}/sanctions"))["data"] if one["action"] == "mute"]
    await host.ok("POST", f"{space}/sanctions/{mute['id']}/undo")
    planned = await api.owner.ok("GET", "/v1/accounts/@annabel/erasure")
    assert {one["what"]: one["erased"] for one in planned["things"]}[
        "these words in messages of the server to others"
    ] == 1
    await ann.ok("POST", "/v1/accounts/me/erasure")
    assert SAID.split()[0] not in str(await everything(api))
    [told] = [one["text"] for one in (await host.ok("GET", "/v1/dms"))["data"] if "Rule pitch" in one["text"]]
    assert "heard words that are deleted by now at" in told


async def test_who_is_held_is_told_if_an_operator_wants_it(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    space = (await api.live(host)).rsplit("/", 1)[-1]
    await api.owner.ok("POST", "/v1/holds", {"subject": "@ann", "reason": "secret case", "tell": True})
    [told] = [one["text"] for one in (await ann.ok("GET", "/v1/dms"))["data"] if "legal reason" in one["text"]]
    assert "secret case" not in told
    made = await api.owner.ok("POST", "/v1/holds", {"subject": space, "reason": "x"})
    assert (made["space_id"], made["account_id"], made["subject"]) == (space, None, "A Space")
    refused = await api.owner.refused("POST", "/v1/holds", {"subject": space, "reason": "x", "tell": True})
    assert refused["field"] == "tell"
    assert (await host.refused("POST", "/v1/holds", {"subject": "@ann", "reason": "x"}))["status"] == 403


async def test_nobody_erases_others_or_who_cannot_be_deleted(api: Api) -> None:
    ann, ben = await api.accounts("ann", "ben")
    for method in ("GET", "POST"):
        assert (await ben.refused(method, "/v1/accounts/@ann/erasure"))["reason"] == "scope"
        assert (await api.nobody.refused(method, "/v1/accounts/@ann/erasure"))["status"] == 401
        assert (await api.owner.refused(method, "/v1/accounts/me/erasure"))["reason"] == "last_admin"
        assert (await api.owner.refused(method, f"/v1/accounts/{api.bot.handle}/erasure"))["reason"] == "is_bot"
    await ann.ok("GET", "/v1/accounts/me")
