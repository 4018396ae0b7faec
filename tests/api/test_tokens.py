"""Tokens: made, listed, used, revoked, expired; and what is said about each of these."""

from __future__ import annotations

import asyncio
from contextlib import AsyncExitStack
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from spacesctl.application.tokens import expire_tokens
from spacesctl.domain.clock import rfc3339
from spacesctl.store import tokens
from spacesctl.support.clock import VirtualClock
from tests.api.harness import Api, As, running_api, wait_for
from tests.api.test_killed import COMMIT, CutOffError, cut_off_at

pytestmark = pytest.mark.anyio
MINE = "/v1/accounts/me/tokens"


async def listed(who: As, path: str = MINE) -> dict[str, Any]:
    """The tokens by label."""
    return {one["label"]: one for one in (await who.ok("GET", path))["data"]}


async def told(who: As) -> list[str]:
    return [one["text"] for one in (await who.ok("GET", "/v1/dms"))["data"]]


async def test_a_list_says_what_each_is_for_when_it_was_made_and_used_and_from_where(api: Api) -> None:
    ann = await api.account("ann")
    made = await ann.ok("POST", MINE, {"label": "phone", "expires_at": "2999-01-01T00:00:00Z"})
    shown = await listed(ann)
    assert set(shown) == {"first", "phone"}
    assert (shown["first"]["current"], shown["first"]["used_from"]) == (True, "127.0.0.1")
    phone = shown["phone"]
    assert (phone["id"], phone["expires_at"], phone["used_at"]) == (made["token_id"], "2999-01-01T00:00:00.000Z", None)
    assert made["token"] not in str(shown)
    await As(api, made["token"]).ok("GET", "/v1/accounts/me")
    assert (await listed(ann))["phone"]["used_at"] is not None


async def test_the_last_use_is_known_after_a_restart(tmp_path: Path) -> None:
    async with running_api(tmp_path / "data") as api:
        ann = await api.account("ann")
        phone = await ann.ok("POST", MINE, {"label": "phone"})
        await As(api, phone["token"]).ok("GET", "/v1/accounts/me")
        used = (await listed(ann))["phone"]["used_at"]
        await api.app.tokens.store(api.app.db)
        assert not api.app.tokens.uses
    async with running_api(tmp_path / "data", first=False) as again:
        shown = (await listed(As(again, ann.token)))["phone"]
        assert (shown["used_at"], shown["used_from"]) == (used, "127.0.0.1")


async def test_tokens_of_others_are_for_operators(api: Api) -> None:
    ann, ben = await api.accounts("ann", "ben")
    path = "/v1/accounts/@ann/tokens"
    [first] = (await ann.ok("GET", path))["data"]
    for method, place in (("GET", path), ("DELETE", f"{path}/{first['id']}"), ("DELETE", f"{path}?all=true")):
        assert (await ben.refused(method, place))["reason"] == "scope"
        assert (await api.nobody.refused(method, place))["status"] == 401
    assert (await ben.refused("DELETE", f"{MINE}/{first['id']}"))["status"] == 404, "it is not his"
    assert "first" in await listed(api.owner, path)
    assert (await api.owner.ok("DELETE", f"{path}/{first['id']}"))["revoked"] == 1
    assert (await ann.refused("GET", "/v1/accounts/me"))["status"] == 401


@pytest.mark.parametrize(
    ("query", "left"),
    [
        ("?label=phone", {"first", "desk"}),
        ("?all=true&but_this=true", {"first"}),
        ("?label=phone&but_this=true", {"first", "desk"}),
    ],
)
async def test_those_with_a_label_are_revoked_or_all_but_the_one_in_use(api: Api, query: str, left: set[str]) -> None:
    ann = await api.account("ann")
    for label in ("phone", "phone", "desk"):
        await ann.ok("POST", MINE, {"label": label})
    await ann.ok("DELETE", f"{MINE}{query}")
    assert set(await listed(ann)) == left


async def test_all_are_revoked_with_the_one_in_use(api: Api) -> None:
    ann = await api.account("ann")
    await ann.ok("POST", MINE, {"label": "phone"})
    assert (await ann.ok("DELETE", f"{MINE}?all=true"))["revoked"] == 2
    assert (await ann.refused("GET", MINE))["status"] == 401


async def test_a_token_revokes_none_that_can_do_more_and_the_last_admin_token_stays(api: Api) -> None:
    weak = As(api, (await api.owner.ok("POST", MINE, {"label": "weak", "scopes": ["use"]}))["token"])
    strong = next(one for one in (await listed(api.owner)).values() if "admin" in one["scopes"])
    assert (await weak.refused("DELETE", f"{MINE}/{strong['id']}"))["reason"] == "scope"
    assert (await weak.ok("DELETE", f"{MINE}?all=true"))["revoked"] == 1
    assert (await api.owner.refused("DELETE", f"{MINE}?all=true"))["reason"] == "last_admin"
    await api.owner.ok("POST", MINE, {"label": "another", "scopes": ["use", "admin"]})
    await api.owner.ok("DELETE", f"{MINE}/{strong['id']}")


@pytest.mark.parametrize("query", ["", "?but_this=true", "?all=true&label=x"])
async def test_which_ones_must_be_said(api: Api, query: str) -> None:
    ann = await api.account("ann")
    assert (await ann.refused("DELETE", f"{MINE}{query}"))["field"] == "label, all"
    assert set(await listed(ann)) == {"first"}


async def test_what_is_made_and_revoked_is_in_the_audit_log_and_told_to_the_account(api: Api) -> None:
    ann = await api.account("ann")
    path = "/v1/accounts/@ann/tokens"
    mine = await ann.ok("POST", path, {"label": "phone"})
    theirs = await api.owner.ok("POST", path, {})
    await ann.ok("DELETE", f"{path}/{mine['token_id']}")
    await api.owner.ok("DELETE", f"{path}/{theirs['token_id']}")
    texts = await told(ann)
    assert [text.split(":")[0] for text in texts] == [
        "A token of this account was revoked by @owner", "A token of this account was revoked by you",
        "@owner made a token for this account", "You made a token for this account",
    ]  # fmt: skip
    assert mine["token_id"] in texts[3]
    assert not any(one["token"] in text for one in (mine, theirs) for text in texts)
    rows = [
        one
        for one in (await api.owner.ok("GET", "/v1/audit"))["data"]
        if one["target"] == {"id": ann.id, "handle": "@ann"}
    ]
    assert [(one["action"], one["by"]["handle"], one["details"].get("token")) for one in rows] == [
        ("token.revoke", "@owner", theirs["token_id"]), ("token.revoke", "@ann", mine["token_id"]),
        ("token.create", "@owner", theirs["token_id"]), ("token.create", "@ann", mine["token_id"]),
        ("token.create", "@owner", rows[4]["details"]["token"]), ("account.create", "@owner", None),
    ]  # fmt: skip
    assert not any(one["token"] in str(rows) for one in (mine, theirs))


async def test_a_token_ends_at_its_time_with_what_it_opened(tmp_path: Path) -> None:
    clock = VirtualClock(datetime(2026, 11, 30, 18, tzinfo=UTC))
    async with running_api(tmp_path / "data", clock=clock) as api:
        host, ann = await api.accounts("host", "ann")
        space = await api.live(host)
        end = rfc3339(clock.now() + timedelta(seconds=60))
        short = As(api, (await ann.ok("POST", MINE, {"label": "x", "expires_at": end}))["token"])
        location = (await short.offer(f"{space}/whep")).headers["location"].rsplit("/", 1)[-1]
        [actor] = api.app.registry.live()
        assert not api.app.tokens.is_due(clock.now())
        clock.advance(60.0)
        assert (await short.refused("GET", "/v1/accounts/me"))["status"] == 401, "at once, before anybody tidies up"
        assert api.app.tokens.is_due(clock.now())
        await expire_tokens(api.app)
        assert actor.session(location) is None
        assert set(await listed(ann)) == {"first"}
        assert (await told(ann))[0].startswith("A token of this account has expired: “x”")
        assert not api.app.tokens.is_due(clock.now() + timedelta(days=9_999)), "no other expires"
        assert (await ann.refused("POST", MINE, {"expires_at": rfc3339(clock.now())}))["field"] == "expires_at"


async def test_nobody_makes_or_revokes_tokens_of_the_bundled_bot(api: Api) -> None:
    path = "/v1/accounts/@spaces_bot/tokens"
    assert (await api.owner.refused("POST", path, {}))["reason"] == "scope"
    [own] = (await api.owner.ok("GET", path))["data"]
    assert own["label"] == "bundled bot"
    for place in (f"{path}/{own['id']}", f"{path}?all=true", f"{path}?label=bundled+bot"):
        assert (await api.owner.refused("DELETE", place))["reason"] == "scope"


async def test_what_a_revoked_token_asked_for_before_and_was_not_written_is_refused(api: Api) -> None:
    ann = await api.account("ann")
    thief = As(api, (await ann.ok("POST", MINE, {"label": "phone"}))["token"])
    [phone] = [one for one in (await ann.ok("GET", MINE))["data"] if one["label"] == "phone"]
    async with AsyncExitStack() as held:
        db = await held.enter_async_context(api.app.db.begin())  # others wait for their turn to write
        waiting = [
            asyncio.create_task(thief.call("POST", MINE, {})),
            asyncio.create_task(thief.call("POST", "/v1/posts", {"text": "spam"})),
            asyncio.create_task(thief.call("POST", "/v1/spaces", {"title": "T"})),
            asyncio.create_task(thief.call("PUT", "/v1/accounts/me/blocks/@owner")),
        ]
        await wait_for(lambda: phone["id"] in api.app.tokens.uses)
        await asyncio.sleep(0.1)  # all of them were let in, and wait
        await tokens.drop(db, ann.id, [phone["id"]])
        api.app.registry.revocations.add([phone["id"]])
    answers = await asyncio.gather(*waiting)
    assert [one.status_code for one in answers] == [401] * 4
    assert set(await listed(ann)) == {"first"}
    assert (await ann.ok("GET", "/v1/accounts/me/blocks"))["data"] == []


async def test_no_token_that_a_thief_makes_survives_the_revocation_of_all_others(api: Api) -> None:
    ann = await api.account("ann")
    thief = As(api, (await ann.ok("POST", MINE, {"label": "phone"}))["token"])
    making = [asyncio.create_task(thief.call("POST", MINE, {})) for _ in range(20)]
    await asyncio.sleep(0.02)
    await ann.ok("DELETE", f"{MINE}?all=true&but_this=true")
    await asyncio.gather(*making)
    assert set(await listed(ann)) == {"first"}


async def test_a_revocation_that_could_not_be_stored_revokes_nothing(api: Api) -> None:
    ann = await api.account("ann")
    made = await ann.ok("POST", MINE, {"label": "phone"})
    with cut_off_at(api, COMMIT):
        assert (await ann.call("DELETE", f"{MINE}/{made['token_id']}")).status_code == 500
    phone = As(api, made["token"])
    await phone.ok("POST", "/v1/posts", {"text": "still here"})
    assert (await ann.ok("DELETE", f"{MINE}/{made['token_id']}"))["revoked"] == 1


async def test_what_an_expired_token_opened_ends_also_when_the_store_is_in_trouble(tmp_path: Path) -> None:
    clock = VirtualClock(datetime(2026, 11, 30, 18, tzinfo=UTC))
    async with running_api(tmp_path / "data", clock=clock) as api:
        host, ann = await api.accounts("host", "ann")
        space = await api.live(host)
        end = rfc3339(clock.now() + timedelta(seconds=60))
        short = As(api, (await ann.ok("POST", MINE, {"expires_at": end}))["token"])
        location = (await short.offer(f"{space}/whep")).headers["location"].rsplit("/", 1)[-1]
        [actor] = api.app.registry.live()
        clock.advance(60.0)
        with cut_off_at(api, COMMIT), pytest.raises(CutOffError):
            await expire_tokens(api.app)
        assert actor.session(location) is None
        assert api.app.tokens.is_due(clock.now()), "to be tried again"
        await expire_tokens(api.app)
        assert set(await listed(ann)) == {"first"}


async def test_me_stands_for_oneself_and_is_nobodys_handle(api: Api) -> None:
    assert (await api.owner.refused("POST", "/v1/accounts", {"handle": "Me"}))["field"] == "handle"
