"""A deleted account: what goes, what stays without a name, and who cannot be deleted."""

from __future__ import annotations

import hashlib
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from pathlib import Path

import pytest

from spacesctl.application import blocks
from spacesctl.application.app import App
from spacesctl.domain.words import Scope, State
from spacesctl.live.transaction import Transaction
from spacesctl.store import tokens
from spacesctl.store.tokens import NewToken
from tests.api.harness import Api, As, everything, memory_equals_store, running_api, settled
from tests.api.test_killed import CAPTION
from tests.api.test_moderation import act, stage
from tests.api.test_posts import upload, wav
from tests.api.test_suspensions import SERIES, space_of

pytestmark = pytest.mark.anyio


async def test_ones_own_account_goes_with_all_that_is_ones_own(api: Api) -> None:
    api.app.allow_private = True
    ann, ben = await api.accounts("ann", "ben")
    await ann.ok("PATCH", "/v1/accounts/me", {"name": "Ann Lee", "description": "I live in Rome."})
    await ann.ok("POST", "/v1/posts", {"text": "a post of hers"})
    clip = (await upload(ann, wav(0.1))).json()["id"]
    await ann.ok("POST", "/v1/dms", {"to": "@ben", "text": "", "clip": clip})
    await ann.ok("POST", "/v1/dms", {"to": "@ben", "text": "words of hers"})
    await ben.ok("POST", "/v1/dms", {"to": "@ann", "text": "words for her"})
    await ann.ok("POST", "/v1/webhooks", {"url": "http://127.0.0.1:9/secretpath"})
    await ann.ok("PUT", "/v1/accounts/me/following/@ben")
    await ben.ok("PUT", "/v1/accounts/me/blocks/@ann")
    await ann.ok("POST", "/v1/series", SERIES)
    planned = await ann.ok("POST", "/v1/spaces", {"title": "T", "scheduled_start": "2037-01-01T00:00:00Z"})
    await ann.call("DELETE", "/v1/accounts/me")
    await settled(api)
    assert (await ann.refused("GET", "/v1/accounts/me"))["status"] == 401
    assert (await api.app.registry.space(planned["id"])).state is State.CANCELED
    kept = str(await everything(api))
    for word in ("Ann Lee", "Rome", "a post of hers", "words for her", "secretpath", clip, "'ann'"):
        assert word not in kept, word
    path = api.database.path
    raw = path.read_bytes() + path.with_name(f"{path.name}-wal").read_bytes()
    for words in (b"Ann Lee", b"Rome", b"a post of hers", b"words for her"):
        assert words not in raw, "neither in free pages nor in the write-ahead log"
    inbox = (await ben.ok("GET", "/v1/dms"))["data"]
    assert [(one["by"]["handle"], one["text"], one["clip"]) for one in inbox] == [
        ("@deleted", "words of hers", None),
        ("@deleted", "(The voice clip of this message was deleted with its account.)", None),
    ]
    assert (await ben.refused("POST", "/v1/dms", {"to": ann.id, "text": "hi"}))["status"] == 404
    assert (await ben.ok("GET", f"/v1/accounts/{ann.id}"))["handle"] == "@deleted"
    assert "@deleted" not in str(await api.owner.ok("GET", "/v1/accounts"))


async def test_its_handle_is_not_given_again(api: Api) -> None:
    await api.account("ann")
    await api.owner.call("DELETE", "/v1/accounts/@ann")
    assert (await api.owner.refused("GET", "/v1/accounts/@ann"))["status"] == 404
    assert (await api.owner.refused("POST", "/v1/accounts", {"handle": "Ann"}))["code"] == "conflict"
    assert (await api.owner.refused("POST", "/v1/accounts", {"handle": "deleted"}))["field"] == "handle"
    await api.account("ann2")


async def test_its_handle_is_kept_under_the_key_of_the_folder(api: Api) -> None:
    ann = await api.account("ann")
    await api.owner.call("DELETE", "/v1/accounts/@ann")
    [handle] = [row[1] for row in (await everything(api))["accounts"] if row[0] == ann.id]
    assert handle != f"~{hashlib.sha256(b'ann').hexdigest()[:14]}"
    assert handle == f"~{api.app.keys.mark('handle ann')[:14]}"


async def test_its_spaces_go_on_with_a_cohost_and_captions_lose_the_name(api: Api) -> None:
    ann, ben = await api.accounts("ann", "ben")
    space = await api.live(ann)
    await ann.ok("POST", f"{space}/invites", {"handles": ["@ben"], "role": "cohost"})
    await ben.ok("POST", f"{space}/accept")
    assert (await ann.offer(f"{space}/whip")).status_code == 201
    await api.bot.ok("POST", f"{space}/captions", {"captions": [CAPTION]})
    pinned = (await ann.ok("POST", "/v1/posts", {"text": "hi"}))["id"]
    await ben.ok("POST", f"{space}/pins", {"post": pinned})
    await api.owner.call("DELETE", "/v1/accounts/@ann")
    after = await space_of(api, space)
    assert (after.state, after.host_id, after.pinned) == (State.LIVE, ben.id, ())
    [caption] = (await ben.ok("GET", f"{space}/captions"))["data"]
    assert (caption["speaker"], caption["account_id"]) == ("@deleted", ann.id)
    await ben.ok("POST", f"{space}/end")
    await memory_equals_store(api)


async def test_reports_and_audit_entries_stay_with_an_id(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    space = await api.live(host)
    await api.listener(space, ann)
    report = await host.ok("POST", "/v1/reports", {"space_id": space.rsplit("/", 1)[-1], "account": "@ann"})
    await api.owner.call("DELETE", "/v1/accounts/@ann")
    shown = await host.ok("GET", f"/v1/reports/{report['id']}")
    assert shown["target"] == {"id": ann.id, "handle": "@deleted"}
    entry = (await api.owner.ok("GET", "/v1/audit"))["data"][0]
    assert (entry["action"], entry["target"]) == ("account.delete", {"id": ann.id, "handle": "@deleted"})
    assert (await api.owner.ok("GET", "/v1/audit/verify"))["first_bad"] is None


async def test_the_acts_of_rules_stay_without_the_name(api: Api) -> None:
    _, talker, space = await stage(api)
    await api.bot.ok("POST", f"{space}/acts", act(talker, "report"))
    assert "@talker" in str((await everything(api))["acts"])
    await api.owner.call("DELETE", "/v1/accounts/@talker")
    kept = str((await everything(api))["acts"])
    assert "@talker" not in kept
    assert "@deleted" in kept
    assert talker.id in kept


async def test_the_bot_the_first_account_the_last_admin_and_others_are_refused(api: Api) -> None:
    ann, ben = await api.accounts("ann", "ben")
    assert (await ann.refused("DELETE", "/v1/accounts/@ben"))["reason"] == "scope"
    assert (await api.nobody.refused("DELETE", "/v1/accounts/me"))["status"] == 401
    assert (await api.owner.refused("DELETE", f"/v1/accounts/{api.bot.handle}"))["reason"] == "is_bot"
    assert (await api.owner.refused("DELETE", "/v1/accounts/me"))["reason"] == "last_admin"
    made = NewToken("spx_second_admin", frozenset({Scope.USE, Scope.ADMIN}))
    async with api.app.db.begin() as db:
        await tokens.add(db, ben.id, made, api.app.clock.now())
    second = As(api, made.text)
    assert (await second.refused("DELETE", "/v1/accounts/@owner"))["reason"] == "is_owner"
    await second.ok("PUT", "/v1/accounts/@owner/suspension", {})
    assert (await second.refused("DELETE", "/v1/accounts/me"))["reason"] == "last_admin"


async def test_a_server_that_starts_again_knows_it(tmp_path: Path) -> None:
    async with running_api(tmp_path / "data") as api:
        ann = await api.account("ann")
        await ann.ok("POST", "/v1/series", SERIES)
        await ann.call("DELETE", "/v1/accounts/me")
    async with running_api(tmp_path / "data", first=False) as again:
        assert (await As(again, ann.token).refused("GET", "/v1/accounts/me"))["status"] == 401


async def test_that_it_was_somewhere_is_not_stored_later(api: Api) -> None:
    host, ann, ben = await api.accounts("host", "ann", "ben")
    space = await api.live(host)
    await api.listener(space, ann, ben)
    await api.owner.call("DELETE", "/v1/accounts/@ann")
    await api.app.registry.store_attendance()
    there = {row[1] for row in (await everything(api))["attendance"]}
    assert ben.id in there
    assert ann.id not in there


async def test_what_the_server_wrote_to_others_loses_its_name(api: Api) -> None:
    ann, anna, ben = await api.accounts("ann", "anna", "ben")
    space = await api.live(ann)
    await ann.ok("POST", f"{space}/invites", {"handles": ["@ben"], "role": "cohost", "message": "from @Ann, not @anna"})
    await ben.ok("POST", f"{space}/accept")
    other = await api.live(ben, title="With @ANN")
    await ben.ok("POST", f"{other}/invites", {"handles": ["@ann", "@anna"]})
    await ann.ok("POST", f"{other}/accept")
    await anna.ok("POST", "/v1/dms", {"to": "@ben", "text": "is @ann there?"})
    await api.owner.call("DELETE", "/v1/accounts/@ann")
    told = [one["text"] for who in (ben, anna) for one in (await who.ok("GET", "/v1/dms"))["data"]]
    assert "@deleted invites you to be a co-host of “A Space”" in str(told)
    assert "from @deleted, not @anna" in str(told)
    assert "@deleted accepted the invitation to “With @deleted”." in told
    assert [text for text in told if "@ann " in f"{text} ".lower()] == ["is @ann there?"]


async def test_answers_kept_for_others_go_if_they_name_it(api: Api) -> None:
    host, ann, ann_ = await api.accounts("host", "ann", "ann_")
    space = await api.live(host)
    for number, handle in enumerate(("@ann", "@ann_")):
        await api.listener(space, ann if number == 0 else ann_)
        body = {"space_id": space.rsplit("/", 1)[-1], "account": handle}
        await host.ok("POST", "/v1/reports", body, headers={"Idempotency-Key": f"key{number}"})
    await api.owner.call("DELETE", "/v1/accounts/@ann")
    kept = (await everything(api))["idempotency"]
    assert [row[1] for row in kept if row[0] == host.id] == ["key1"]


async def test_what_its_raised_hands_said_goes(api: Api) -> None:
    host, ann, ben = await api.accounts("host", "ann", "ben")
    space = await api.live(host)
    await api.listener(space, ann, ben)
    for who in (ann, ben):
        await who.ok("POST", f"{space}/requests", {"note": f"a note of {who.handle}"})
        await who.ok("DELETE", f"{space}/requests/me")
    await api.owner.call("DELETE", "/v1/accounts/@ann")
    kept = str((await everything(api))["events"])
    assert "a note of @ben" in kept
    assert "a note of @ann" not in kept
    await memory_equals_store(api)


async def test_a_block_that_waited_for_the_deletion_is_not_stored(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    ann, ben = await api.accounts("ann", "ben")
    over_all = blocks.over_all_concerned

    @asynccontextmanager
    async def after_the_deletion(app: App, one: str, other: str, *space_ids: str) -> AsyncIterator[Transaction]:
        assert (await api.owner.call("DELETE", "/v1/accounts/@ann")).is_success
        async with over_all(app, one, other, *space_ids) as tx:
            yield tx

    monkeypatch.setattr(blocks, "over_all_concerned", after_the_deletion)
    assert (await ben.refused("PUT", "/v1/accounts/me/blocks/@ann"))["status"] == 404
    kept = await everything(api)
    assert not kept["blocks"]
    assert not [row for row in kept["sanctions"] if ann.id in row]


async def test_it_has_no_calendar(api: Api) -> None:
    ann = await api.account("ann")
    path = f"/v1/accounts/{ann.id}/calendar.ics"
    assert (await api.nobody.call("GET", path)).status_code == 200
    await api.owner.call("DELETE", "/v1/accounts/@ann")
    assert (await api.nobody.refused("GET", path))["status"] == 404
