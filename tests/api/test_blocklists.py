"""What a block list says, and whom one would hit."""

from __future__ import annotations

import pytest

from tests.api.harness import Api

pytestmark = pytest.mark.anyio


async def test_one_s_blocks_are_listed_with_their_reasons(api: Api) -> None:
    host, ann, ben = await api.accounts("host", "ann", "ben")
    await host.ok("PUT", "/v1/accounts/me/blocks/@ann", {"reason": "spam"})
    await host.ok("PUT", "/v1/accounts/me/blocks/@ben")
    rows = (await host.ok("GET", "/v1/accounts/me/blocklist"))["data"]
    assert [(one["handle"], one["id"], one["reason"]) for one in rows] == [
        ("@ann", ann.id, "spam"),
        ("@ben", ben.id, ""),
    ]
    await host.ok("DELETE", "/v1/accounts/me/blocks/@ann")
    assert [one["handle"] for one in (await host.ok("GET", "/v1/accounts/me/blocklist"))["data"]] == ["@ben"]


async def test_a_preview_says_whom_blocks_would_hit_and_blocks_nobody(api: Api) -> None:
    host, ann, _, cat = await api.accounts("host", "ann", "ben", "cat")
    space = await api.live(host)
    await api.speaker(space, host, "dan")
    await ann.ok("PUT", "/v1/accounts/me/following/@host")
    await host.ok("PUT", "/v1/accounts/me/following/@ben")
    await api.live(cat)
    asked = {"accounts": ["@ann", "@ben", "@cat", "@dan", "@nobody"]}
    rows = (await host.ok("POST", "/v1/accounts/me/blocklist/preview", asked))["data"]
    marks = [{name for name, value in one.items() if value is True} for one in rows]
    assert marks == [{"follows_you"}, {"you_follow"}, {"hosts"}, {"speaks"}, set()]
    assert [one["handle"] for one in rows] == ["@ann", "@ben", "@cat", "@dan", None]
    assert (await host.ok("GET", "/v1/accounts/me/blocklist"))["data"] == []
