"""What use cases themselves refuse, before any command: each in one line, and nothing has changed."""

from __future__ import annotations

from typing import Any

import pytest

from tests.api.harness import Api, everything

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("method", "path", "body", "status", "said"),
    [
        ("POST", "/v1/accounts", {"handle": "no spaces"}, 400, "handle: has 1 to 15 letters"),
        ("PUT", "/v1/accounts/me/following/@owner", None, 409, "you cannot follow yourself"),
        ("PUT", "/v1/accounts/me/blocks/@owner", None, 409, "you cannot block yourself"),
        ("POST", "/v1/dms", {"to": "@ann"}, 400, "text: is empty"),
        ("POST", "/v1/spaces/{planned}/reactions", {"reaction": "clap"}, 409, "the Space is not live yet"),
        ("POST", "/v1/reports", {"space_id": "{planned}", "category": "dull"}, 400, "category: must be one of"),
    ],
)
async def test_it_is_refused_in_one_line_and_nothing_changed(
    api: Api, method: str, path: str, body: dict[str, Any] | None, status: int, said: str
) -> None:
    await api.account("ann")
    planned = (await api.owner.ok("POST", "/v1/spaces", {"title": "T"}))["id"]
    filled = {key: str(value).format(planned=planned) for key, value in body.items()} if body else None
    before = await everything(api)
    problem = await api.owner.refused(method, path.format(planned=planned), filled)
    assert (problem["status"], problem["detail"].startswith(said)) == (status, True), problem
    assert await everything(api) == before
