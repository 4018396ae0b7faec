"""What is on legal hold cannot be deleted by hand either: every call that deletes is refused, and names the hold."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import update
from starlette.routing import Route

from spacesctl.server.http.app import ROUTERS
from spacesctl.store import attendance, clips
from spacesctl.store import recordings as recording_store
from spacesctl.store.tables import recordings
from tests.api.harness import Api, As, everything, settled
from tests.api.test_evidence import actor_of, caption, lane_of
from tests.api.test_moderation import RULES, act
from tests.api.test_posts import upload, wav

pytestmark = pytest.mark.anyio
WORDS = [{"w": w, "start": 1.0, "end": 1.5, "conf": 0.9} for w in ("zanzibar", "pineapple")]


@dataclass(frozen=True)
class Deletion:
    """A call that deletes: who asks, and on whose account, or (`space`) which Space, the hold is."""

    who: str
    ask: str
    held: str
    route: str


DELETIONS = {
    "a post": Deletion("ann", "DELETE /v1/posts/{post}", "@ann", "DELETE /v1/posts/{ref}"),
    "a post, by an operator": Deletion("owner", "DELETE /v1/posts/{post}", "@ann", "DELETE /v1/posts/{ref}"),
    "one's account": Deletion("ann", "DELETE /v1/accounts/me", "@ann", "DELETE /v1/accounts/{ref}"),
    "an account, by an operator": Deletion("owner", "DELETE /v1/accounts/@ann", "@ann", "DELETE /v1/accounts/{ref}"),
    "one's erasure": Deletion("ann", "POST /v1/accounts/me/erasure", "@ann", "POST /v1/accounts/{ref}/erasure"),
    "an erasure, by an operator": Deletion(
        "owner", "POST /v1/accounts/@ann/erasure", "@ann", "POST /v1/accounts/{ref}/erasure"
    ),
    "a recording of a held Space": Deletion(
        "host", "DELETE /v1/recordings/{recording}", "space", "DELETE /v1/recordings/{recording_id}"
    ),
    "a recording of a held host": Deletion(
        "host", "DELETE /v1/recordings/{recording}", "@host", "DELETE /v1/recordings/{recording_id}"
    ),
    "a recording in which who is held spoke": Deletion(
        "host", "DELETE /v1/recordings/{recording}", "@ann", "DELETE /v1/recordings/{recording_id}"
    ),
}
NO_DELETIONS = {
    "DELETE /v1/accounts/me/following/{ref}": "what somebody follows is no record",
    "DELETE /v1/accounts/me/blocks/{ref}": "the sanction stays, with its end",
    "DELETE /v1/accounts/{ref}/suspension": "the audit log has it",
    "DELETE /v1/accounts/{ref}/tokens": "tokens are keys",
    "DELETE /v1/accounts/{ref}/tokens/{token_id}": "tokens are keys",
    "DELETE /v1/accounts/me/passkeys/{passkey_id}": "passkeys are keys",
    "DELETE /v1/accounts/me/provider": "a provider is a key",
    "DELETE /v1/session": "sessions are keys",
    "DELETE /v1/holds/{hold_id}": "it ends the hold",
    "DELETE /v1/notifications/{outlet_id}": "an address, and no record",
    "DELETE /v1/webhooks/{webhook_id}": "an address, and no record",
    "DELETE /v1/reports/{report_id}/assignee": "the event stays",
    "DELETE /v1/series/{series_id}": "its row stays",
    "DELETE /v1/spaces/{space_id}/chat/{number}": "staff reads it as before",
    "DELETE /v1/spaces/{space_id}/connections/{connection_id}": "it ends a connection",
    "DELETE /v1/spaces/{space_id}/invites/{ref}": "the event stays",
    "DELETE /v1/spaces/{space_id}/measures/{action}": "the sanction stays, with its end",
    "DELETE /v1/spaces/{space_id}/panic": "the event stays",
    "DELETE /v1/spaces/{space_id}/pins/{pin_id}": "the event stays, and the post",
    "DELETE /v1/spaces/{space_id}/recording": "it ends the recording, which stays",
    "DELETE /v1/spaces/{space_id}/redactions/{redaction_id}": "the row stays, as withdrawn",
    "DELETE /v1/spaces/{space_id}/reminder": "a wish, and no record",
    "DELETE /v1/spaces/{space_id}/requests/me": "the event stays",
    "DELETE /v1/spaces/{space_id}/whip/{session_id}": "it ends a connection",
    "DELETE /v1/spaces/{space_id}/whep/{session_id}": "it ends a connection",
}
"""The other calls with this method, each with why nothing is lost by it that a hold covers."""


@dataclass
class Scene:
    people: dict[str, As]
    names: dict[str, str]


async def scene(api: Api) -> Scene:
    host = await api.account("host")
    space = await api.live(host)
    ann = await api.speaker(space, host, "ann")
    await api.bot.ok(
        "POST", f"{space}/captions", {"captions": [caption(lane_of(actor_of(api, space), ann), 1, "zanzibar", 10, 90)]}
    )
    clip = (await upload(ann, wav(0.1))).json()["id"]
    post = (await ann.ok("POST", "/v1/posts", {"text": "hi", "clip": clip}))["id"]
    await host.ok("POST", f"{space}/recording")
    await host.ok("DELETE", f"{space}/recording")
    await settled(api)
    [recording] = (await host.ok("GET", "/v1/recordings"))["data"]
    async with api.app.db.begin() as db:
        await db.execute(update(recordings).values(files=[]))
    names = {"post": post, "recording": recording["id"], "space": space.rpartition("/")[2]}
    return Scene({"host": host, "ann": ann, "owner": api.owner}, names)


def test_every_call_that_deletes_is_tried_or_said_to_be_none() -> None:
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, Route)]
    there = {f"DELETE {route.path}" for route in routes if "DELETE" in (route.methods or ())}
    tried = {one.route for one in DELETIONS.values()}
    assert there == (tried | set(NO_DELETIONS)) - {"POST /v1/accounts/{ref}/erasure"}


@pytest.mark.parametrize("name", DELETIONS)
async def test_what_is_held_is_not_deleted_by_hand_until_it_is_released(api: Api, name: str) -> None:
    one, here = DELETIONS[name], await scene(api)
    subject = here.names["space"] if one.held == "space" else one.held
    hold = await api.owner.ok("POST", "/v1/holds", {"subject": subject, "reason": "a secret case"})
    method, path = one.ask.format(**here.names).split(" ")
    await settled(api)
    before = await everything(api)
    refused = await here.people[one.who].refused(method, path)
    assert (refused["status"], refused["reason"]) == (409, "held")
    assert hold["id"] in refused["detail"]
    assert "secret case" not in str(refused)
    assert await everything(api) == before
    await api.owner.ok("DELETE", f"/v1/holds/{hold['id']}")
    assert (await here.people[one.who].call(method, path)).is_success


async def held_space(api: Api) -> tuple[Scene, str, str]:
    """The host's Space is on hold, of which `ann` is a part: the scene, the hold's id, the Space's path."""
    here = await scene(api)
    host, ann, space = here.people["host"], here.people["ann"], f"/v1/spaces/{here.names['space']}"
    await host.ok("PUT", f"{space}/rules", {"text": RULES})
    await api.bot.ok("POST", f"{space}/acts", act(ann, "mute", words=WORDS))
    await host.ok("POST", "/v1/dms", {"to": "@ann", "text": "a letter of the host"})
    await api.app.registry.store_attendance()
    hold = await api.owner.ok("POST", "/v1/holds", {"subject": here.names["space"], "reason": "x"})
    return here, hold["id"], space


async def test_an_account_that_is_deleted_leaves_what_is_of_a_held_space_until_that_is_released(api: Api) -> None:
    here, hold, space = await held_space(api)
    ann, host = here.people["ann"], here.people["host"]
    erased = await ann.ok("POST", "/v1/accounts/me/erasure")
    kept = {one["what"]: (one["kept"], one["why"]) for one in erased["things"]}
    assert kept["words in captions"] == (1, "it is held for a legal reason")
    await settled(api)
    rows = await everything(api)
    assert "zanzibar" in str(rows["events"])
    assert "@ann" in str([row for row in rows["events"] if "caption" in row]), "also who said it"
    assert [row for row in rows["attendance"] if ann.id in row]
    assert "pineapple" in str(rows["acts"])
    assert "pineapple" in str(rows["dms"]), "what was told of it"
    assert "a letter of the host" not in str(rows["dms"]), "of no Space, and of nobody who is held"
    await host.ok("POST", f"{space}/end")
    await api.owner.ok("DELETE", f"/v1/holds/{hold}")
    await settled(api)
    rows = await everything(api)
    assert "zanzibar" not in str(rows["events"])
    assert not [row for row in rows["attendance"] if ann.id in row]
    assert rows["erasures"] == []


async def test_a_recording_of_a_deleted_host_stays_while_its_space_is_held(api: Api) -> None:
    here, hold, _ = await held_space(api)
    await here.people["host"].ok("DELETE", "/v1/accounts/me")
    await settled(api)
    assert [row[0] for row in (await everything(api))["recordings"]] == [here.names["recording"]]
    folder = api.app.recordings.file(here.names["recording"], "x").parent
    await asyncio.to_thread(folder.mkdir, parents=True, exist_ok=True)
    await api.owner.ok("DELETE", f"/v1/holds/{hold}")
    assert (await everything(api))["recordings"] == []
    assert not folder.exists()


async def test_messages_with_a_held_account_stay_when_the_other_is_erased(api: Api) -> None:
    ann, ben = await api.accounts("ann", "ben")
    clip = (await upload(ann, wav(0.1))).json()["id"]
    await ann.ok("POST", "/v1/dms", {"to": "@ben", "text": "from ann", "clip": clip})
    await ben.ok("POST", "/v1/dms", {"to": "@ann", "text": "from ben"})
    hold = await api.owner.ok("POST", "/v1/holds", {"subject": "@ben", "reason": "x"})
    erased = await ann.ok("POST", "/v1/accounts/me/erasure")
    assert {one["what"]: one["kept"] for one in erased["things"]}["texts of messages sent"] == 1
    rows = await everything(api)
    assert {"from ann", "from ben"} <= {value for row in rows["dms"] for value in row if isinstance(value, str)}
    assert [row[0] for row in rows["clips"]] == [clip]
    await api.owner.ok("DELETE", f"/v1/holds/{hold['id']}")
    await settled(api)
    rows = await everything(api)
    assert "from ann" not in str(rows["dms"])
    assert "from ben" not in str(rows["dms"])
    assert rows["clips"] == []


@pytest.mark.parametrize("what", ["recordings", "attendance", "clips"])
async def test_chores_pass_over_what_is_held(api: Api, what: str) -> None:
    here = await scene(api)
    await upload(here.people["ann"], wav(0.1))
    await api.app.registry.store_attendance()
    hold = await api.owner.ok("POST", "/v1/holds", {"subject": "@ann", "reason": "x"})
    later = api.app.clock.now() + timedelta(days=400)

    async def tidy() -> Any:
        async with api.app.db.begin() as db:
            await attendance.add(db, [], later)
            await clips.forget_unused(db, later)
            for one in await recording_store.ended_before(db, later):
                await recording_store.remove(db, one)
        return [row for row in (await everything(api))[what] if here.people["ann"].id in row or what == "recordings"]

    assert await tidy()
    await api.owner.ok("DELETE", f"/v1/holds/{hold['id']}")
    left = await tidy()
    assert len(left) == (1 if what == "clips" else 0), "the clip of a post stays"
