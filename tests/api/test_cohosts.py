"""Co-hosts are named when a Space, or a series of them, is created."""

from __future__ import annotations

import pytest

from tests.api.harness import Api
from tests.api.test_suspensions import SERIES

pytestmark = pytest.mark.anyio


async def test_who_accepts_is_a_cohost(api: Api) -> None:
    host, ann, ben = await api.accounts("host", "ann", "ben")
    body = {"title": "T", "start": True, "cohosts": ["@ann"], "invite": ["@ben", "@ann"]}
    space = f"/v1/spaces/{(await host.ok('POST', '/v1/spaces', body))['id']}"
    invites = {one["handle"]: one["role"] for one in (await host.ok("GET", f"{space}/invites"))["data"]}
    assert invites == {"@ann": "cohost", "@ben": "speaker"}
    [message] = (await ann.ok("GET", "/v1/dms"))["data"]
    assert "invites you to be a co-host of" in message["text"]
    for who, role in ((ann, "cohost"), (ben, "speaker")):
        assert (await who.ok("POST", f"{space}/accept"))["me"]["role"] == role


async def test_there_are_two_at_most_and_one_who_cannot_be_invited_leaves_nothing(api: Api) -> None:
    host, ann, _ben, _cat = await api.accounts("host", "ann", "ben", "cat")
    body = {"title": "T", "cohosts": ["@ann", "@ben", "@cat"]}
    assert (await host.refused("POST", "/v1/spaces", body))["field"] == "cohosts"
    await ann.ok("PUT", "/v1/accounts/me/blocks/@host")
    assert (await host.refused("POST", "/v1/spaces", {"title": "T", "cohosts": ["@ben", "@ann"]}))[
        "reason"
    ] == "blocked"
    assert (await host.ok("GET", "/v1/spaces"))["data"] == []


async def test_each_space_of_a_series_invites_them_until_they_are_uninvited(api: Api) -> None:
    host, ann, ben = await api.accounts("host", "ann", "ben")
    made = await host.ok("POST", "/v1/series", {**SERIES, "cohosts": ["@ann"], "invite": ["@ben", "@ann"]})
    assert (made["cohost_user_ids"], made["invited_user_ids"]) == ([ann.id], [ben.id])
    first = made["next_space_id"]
    assert (await ann.ok("POST", f"/v1/spaces/{first}/accept"))["me"]["role"] == "cohost"
    skipped = await host.ok("POST", f"/v1/series/{made['id']}/skip")
    invites = (await host.ok("GET", f"/v1/spaces/{skipped['next_space_id']}/invites"))["data"]
    assert {one["handle"]: one["role"] for one in invites} == {"@ann": "cohost", "@ben": "speaker"}
    edited = await host.ok("PATCH", f"/v1/series/{made['id']}", {"uninvite": ["@ann"]})
    assert (edited["cohost_user_ids"], edited["invited_user_ids"]) == ([], [ben.id])
    invites = (await host.ok("GET", f"/v1/spaces/{edited['next_space_id']}/invites"))["data"]
    assert {one["handle"]: one["state"] for one in invites} == {"@ann": "revoked", "@ben": "pending"}
