"""Rule files that are meant to hurt: refused with their line, while others are answered; and compiled before any transaction."""

from __future__ import annotations

import asyncio
import sys
from typing import Any

import pytest

from spacesctl.compiling import child
from tests.api.harness import Api, wait_for
from tests.api.test_series import RULES

pytestmark = pytest.mark.anyio
SERIES = {"title": "S", "cron": "0 9 * * *", "tz": "UTC", "duration": 600}
KEY = "schema = 1\n" + ".".join(["a"] * 5000) + " = 1\n"


async def test_a_key_of_5000_parts_is_refused_with_its_line(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    for method, path, body in (
        ("PUT", f"{space}/rules", {"text": KEY, "filename": "my.toml"}),
        ("POST", "/v1/spaces", {"title": "T", "rules": KEY, "rules_filename": "my.toml"}),
        ("POST", "/v1/series", {**SERIES, "rules": KEY, "rules_filename": "my.toml"}),
    ):
        problem = await host.refused(method, path, body)
        assert (problem["status"], problem["field"]) == (400, "rules")
        assert "my.toml:2: error: a key with more than 8 parts" in problem["detail"]


@pytest.mark.parametrize("text", ["schema = 1\na = " + "[" * 5000 + "]" * 5000, "schema = 1\na = " + "9" * 5000])
async def test_what_the_parser_itself_chokes_on_is_a_refusal_and_no_error_of_ours(api: Api, text: str) -> None:
    host = await api.account("host")
    assert (await host.refused("PUT", f"{await api.live(host)}/rules", {"text": text}))["status"] == 400


async def test_others_are_answered_while_a_file_is_compiled(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    host, ann = await api.accounts("host", "ann")
    space = await api.live(host)
    monkeypatch.setattr(child, "COMMAND", (sys.executable, "-c", "import sys; sys.stdin.read()"))
    compiling = asyncio.create_task(host.call("PUT", f"{space}/rules", {"text": RULES}))
    await wait_for(lambda: any(one._process for one in api.app.compiler._children))
    await ann.ok("POST", "/v1/posts", {"text": "hi"})
    await host.ok("PATCH", space, {"title": "B"})
    monkeypatch.undo()
    for one in api.app.compiler._children:
        await asyncio.to_thread(one.kill)
    assert (await compiling).status_code == 503, "that it was killed is no fault of the file"
    await host.ok("PUT", f"{space}/rules", {"text": RULES})


@pytest.mark.parametrize("headers", [{}, {"Dry-Run": "true"}], ids=["real", "tried"])
async def test_rules_are_compiled_while_nothing_is_locked(
    api: Api, monkeypatch: pytest.MonkeyPatch, headers: dict[str, str]
) -> None:
    host = await api.account("host")
    space = await api.live(host)
    series = (await host.ok("POST", "/v1/series", SERIES))["id"]
    seen: list[bool] = []
    compile_it = api.app.compiler.compile

    async def watched(*given: str) -> Any:
        seen.append(api.database._writing.locked())
        found = await compile_it(*given)
        seen.append(api.database._writing.locked())
        return found

    monkeypatch.setattr(api.app.compiler, "compile", watched)
    await host.ok("PUT", f"{space}/rules", {"text": RULES}, headers=headers)
    await host.ok("POST", "/v1/spaces", {"title": "T", "rules": RULES}, headers=headers)
    await host.ok("POST", "/v1/series", {**SERIES, "rules": RULES}, headers=headers)
    await host.ok("PATCH", f"/v1/series/{series}", {"rules": RULES}, headers=headers)
    assert seen == [False] * 8
