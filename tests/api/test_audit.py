"""Checkpoints of the audit log, and who asks whether it is whole."""

from __future__ import annotations

import asyncio
import json
import re
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import text

from spacesctl.application import checkpoints
from spacesctl.domain.errors import Invalid
from spacesctl.server.http.rates import Limits, Rates
from spacesctl.store import audit
from spacesctl.store.checkpoints import FILE
from tests.api.harness import Api, As

pytestmark = pytest.mark.anyio
VERIFY = "/v1/audit/verify"


def kept(api: Api, chain: str) -> list[dict[str, object]]:
    """The checkpoints of a chain in the file."""
    path = api.app.checkpoints.folder / FILE
    lines = path.read_text().splitlines() if path.exists() else []
    return [one for one in map(json.loads, lines) if one["chain"] == chain]


async def heads_told(who: As) -> list[str]:
    """The heads in the messages that somebody has, newest first."""
    told = (await who.ok("GET", "/v1/dms"))["data"]
    return [found[1] for one in told if (found := re.search(r"audit verify --head (\S+?)`", one["text"]))]


async def busy(host: As, space: str) -> None:
    """Fifty entries in a Space's chain."""
    for number in range(50):
        await host.ok("PATCH", space, {"speakers": "invited" if number % 2 else "everyone"})


async def test_staff_and_a_file_get_a_checkpoint_every_fifty_entries_and_at_the_end(api: Api) -> None:
    host, cohost, ann = await api.accounts("host", "cohost", "ann")
    space = await api.live(host, cohosts=["@cohost"])
    space_id = space.rsplit("/", 1)[-1]
    await cohost.ok("POST", f"{space}/accept")
    await api.listener(space, cohost, ann)
    await checkpoints.make_checkpoints(api.app)
    assert await asyncio.to_thread(kept, api, space_id) == []
    await busy(host, space)
    await checkpoints.make_checkpoints(api.app)
    [one] = await asyncio.to_thread(kept, api, space_id)
    assert int(str(one["count"])) >= 50
    assert await heads_told(host) == await heads_told(cohost) == [f"{space_id}:{one['count']}:{one['head']}"]
    await checkpoints.make_checkpoints(api.app)
    assert await asyncio.to_thread(kept, api, space_id) == [one], "nothing new, nothing to say"
    await host.ok("POST", f"{space}/end")
    await checkpoints.make_checkpoints(api.app)
    assert len(await asyncio.to_thread(kept, api, space_id)) == len(await heads_told(host)) == 2
    assert await heads_told(ann) == []
    found = await host.ok("GET", VERIFY)
    assert (found["problem"], found["checkpoints"]) == (None, 2)
    for head in (*await heads_told(host), found["head"]):
        assert (await host.ok("GET", VERIFY, params={"head": head}))["problem"] is None


async def test_what_concerns_no_space_is_told_to_operators(api: Api) -> None:
    await api.accounts(*(f"guest{number}" for number in range(60)))
    await checkpoints.make_checkpoints(api.app)
    [head] = await heads_told(api.owner)
    assert head.startswith("server:")
    assert (await api.owner.ok("GET", VERIFY, params={"head": head}))["problem"] is None


async def test_at_a_stop_all_that_is_new_is_kept_and_nobody_is_told(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    await checkpoints.keep_all(api.app)
    assert len(await asyncio.to_thread(kept, api, space.rsplit("/", 1)[-1])) == 1
    assert await heads_told(host) == []


async def test_only_staff_reads_the_whole_log_and_not_again_and_again(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    await api.live(host)
    assert (await ann.refused("GET", VERIFY))["reason"] == "not_staff"
    api.app.rates = Rates(Limits(verify="2/minute"))
    for _ in range(2):
        await host.ok("GET", VERIFY)
    assert (await host.refused("GET", VERIFY))["status"] == 429


@pytest.mark.parametrize(
    "head",
    [
        "",
        "x",
        "1",
        ":",
        "1:",
        f"1:{'a' * 63}",
        f"-1:{'a' * 64}",
        f"no:1:{'a' * 64}",
        f"a:b:1:{'a' * 64}",
        f"1:{'A' * 64}",
    ],
)
async def test_a_text_that_is_no_head_is_refused(api: Api, head: str) -> None:
    assert (await api.owner.refused("GET", VERIFY, params={"head": head}))["status"] == 400


async def test_a_checkpoint_that_the_log_does_not_hold_is_found_and_a_forged_line_too(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    await busy(host, space)
    await checkpoints.make_checkpoints(api.app)
    async with api.app.db.begin() as db:
        await db.execute(text("DELETE FROM audit_entries WHERE seq > 30"))
        await db.execute(
            text("UPDATE audit_heads SET seq = 30, hash = (SELECT hash FROM audit_entries WHERE seq = 30)")
        )
        await db.execute(text("DELETE FROM audit_heads WHERE chain = 'server'"))
        await db.execute(text("DELETE FROM audit_entries WHERE chain = 'server'"))
    found = await host.ok("GET", VERIFY)
    assert (found["problem"], found["chain"]) == ("checkpoint", space.rsplit("/", 1)[-1])
    path = api.app.checkpoints.folder / FILE
    await asyncio.to_thread(path.write_text, "{}\n")
    found = await host.ok("GET", VERIFY)
    assert (found["problem"], found["count"]) == ("file", 1)


async def test_a_database_that_fails_meanwhile_does_not_fill_the_file(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = await api.account("host")
    space = await api.live(host)
    await busy(host, space)

    async def fails(*_: object) -> None:
        raise OSError("database or disk is full")

    with monkeypatch.context() as full:
        full.setattr(audit, "mark", fails)
        for _ in range(3):
            with pytest.raises(OSError, match="full"):
                await checkpoints.make_checkpoints(api.app)
    await checkpoints.make_checkpoints(api.app)
    assert len(await asyncio.to_thread(kept, api, space.rsplit("/", 1)[-1])) == len(await heads_told(host)) == 1


async def test_a_checkpoint_that_is_made_during_a_check_is_no_fault(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    host = await api.account("host")
    space = await api.live(host)
    read = api.app.checkpoints.read

    def later() -> Any:
        asyncio.run_coroutine_threadsafe(_grow(api, host, space), loop).result(10)
        return read()

    loop = asyncio.get_running_loop()
    monkeypatch.setattr(api.app.checkpoints, "read", later)
    found = await host.ok("GET", VERIFY)
    assert (found["problem"], found["checkpoints"]) == (None, 1)


async def _grow(api: Api, host: As, space: str) -> None:
    await busy(host, space)
    await checkpoints.make_checkpoints(api.app)


async def test_checkpoints_that_cannot_be_kept_stay_due_and_nobody_is_told_of_them(api: Api, tmp_path: Path) -> None:
    host = await api.account("host")
    await busy(host, await api.live(host))
    folder = api.app.checkpoints.folder
    await asyncio.to_thread(folder.write_text, "a file stands where the folder has to be")
    with pytest.raises(Invalid):
        await checkpoints.make_checkpoints(api.app)
    assert await heads_told(host) == []
    assert (await host.ok("GET", VERIFY))["checkpoints"] is None
    await asyncio.to_thread(folder.unlink)
    await checkpoints.make_checkpoints(api.app)
    assert len(await heads_told(host)) == 1
