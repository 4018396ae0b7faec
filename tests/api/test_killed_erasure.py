"""An erasure that is cut off anywhere, or whose server is killed, is not begun, or goes on by itself after the next start."""

from __future__ import annotations

import asyncio
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from spacesctl.application import forgetting
from tests.api.harness import Api, As, Rows, everything, running_api, settled
from tests.api.test_evidence import actor_of, caption, lane_of, talks
from tests.api.test_killed import cut_off_at
from tests.api.test_killed_process import ROOT
from tests.api.test_moderation import RULES, act
from tests.api.test_reporters import about

pytestmark = pytest.mark.anyio
SAID = "zanzibar pineapple"
CHILD = "import asyncio, sys; from tests.api.test_killed_erasure import die; asyncio.run(die(*sys.argv[1:]))"
WRITTEN = ("zanzibar", "a letter about quinces", "marmalade")


@dataclass
class Laid:
    """A stopped server in `folder` on which `annabel` has said and written something, and whose host has a closed recording."""

    folder: Path
    ann: str
    host: str
    owner: str


async def lay_out(folder: Path) -> Laid:
    async with running_api(folder) as api:
        host = await api.account("host")
        space = await api.live(host)
        ann, actor = await api.speaker(space, host, "annabel"), actor_of(api, space)
        await ann.ok("POST", "/v1/posts", {"text": "a post about marmalade"})
        await ann.ok("POST", "/v1/dms", {"to": "@host", "text": "a letter about quinces"})
        lane = lane_of(actor, ann)
        talks(actor, lane, range(100))
        await api.bot.ok("POST", f"{space}/captions", {"captions": [caption(lane, 1, SAID, 10, 90)]})
        filed = await host.ok("POST", "/v1/reports", about(space, "@annabel"))
        await host.ok("PATCH", f"/v1/reports/{filed['id']}", {"state": "dismissed", "note": ""})
        await host.ok("PUT", f"{space}/rules", {"text": RULES})
        words = [{"w": w, "start": 1.0, "end": 1.5, "conf": 0.9} for w in SAID.split()]
        await api.bot.ok("POST", f"{space}/acts", act(ann, "mute", "shadow", words=words))
        await host.ok("POST", f"{space}/end")
        await settled(api)
        assert ann.token is not None
        assert host.token is not None
        return Laid(folder, ann.token, host.token, api.owner.token or "")


def copied(laid: Laid, folder: Path) -> Path:
    shutil.copytree(laid.folder, folder)
    return folder


async def erase(api: Api, laid: Laid) -> Any:
    return await As(api, laid.ann).call("POST", "/v1/accounts/me/erasure")


def gone(rows: Rows) -> bool:
    return not [word for word in WRITTEN if word in str(rows)]


def entries(rows: Rows) -> list[str]:
    return [row[6] for row in rows["audit_entries"] if row[6] in ("account.delete", "account.erase")]


async def finished(folder: Path, laid: Laid) -> None:
    """The next start finishes it, once."""
    async with running_api(folder, first=False) as api:
        await forgetting.resume(api.app, api.app.recordings)
        rows = await everything(api)
        assert gone(rows)
        assert rows["erasures"] == []
        assert entries(rows) == ["account.delete", "account.erase"]
        assert not list(Path(api.app.data).rglob("*.ogg"))
        await forgetting.resume(api.app, api.app.recordings)
        assert entries(await everything(api)) == ["account.delete", "account.erase"]


async def test_an_erasure_that_is_cut_off_at_any_write_is_not_begun_or_goes_on_after_the_next_start(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    laid = await lay_out(tmp_path / "laid")
    async with running_api(copied(laid, tmp_path / "whole"), first=False) as api:
        with cut_off_at(api, 0) as wrote:
            assert (await erase(api, laid)).is_success
    first = wrote.index("COMMIT") + 1
    assert wrote.count("COMMIT") > 3, "the words go in parts"
    for number in range(first, len(wrote) + 1, 3):
        async with running_api(folder := copied(laid, tmp_path / f"at{number}"), first=False) as api:
            before = await everything(api)
            monkeypatch.setattr(api.app.registry.tasks, "insist", _once)  # nobody tries again before the next start
            with cut_off_at(api, number):
                answer = await erase(api, laid)
            assert answer.status_code == 500, number
            if number == first:
                assert await everything(api) == before
                continue
            assert (await As(api, laid.ann).refused("GET", "/v1/accounts/me"))["status"] == 401
        await finished(folder, laid)


async def _once(_name: str, job: Any) -> bool:
    await job()
    return True


async def die(data: str, token: str, number: str) -> None:
    """In a process of its own: erase, and end the process at that write."""
    async with running_api(Path(data), first=False) as api:
        with cut_off_at(api, int(number), lambda: os._exit(9)):
            await As(api, token).call("POST", "/v1/accounts/me/erasure")


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    "share", [0.7, pytest.param(0.5, marks=pytest.mark.slow), pytest.param(0.9, marks=pytest.mark.slow)]
)
async def test_a_server_that_is_killed_in_an_erasure_finishes_it_after_its_next_start(
    tmp_path: Path, share: float
) -> None:
    laid = await lay_out(tmp_path / "laid")
    async with running_api(copied(laid, tmp_path / "whole"), first=False) as api:
        with cut_off_at(api, 0) as wrote:
            await erase(api, laid)
    first = wrote.index("COMMIT") + 1
    number = first + 1 + int(share * (len(wrote) - first - 1))
    child = [sys.executable, "-c", CHILD, str(laid.folder), laid.ann, str(number)]
    ended = await asyncio.to_thread(subprocess.run, child, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
    assert ended.returncode == 9
    async with running_api(laid.folder, first=False) as api:
        rows = await everything(api)
        assert len(rows["erasures"]) == 1
        assert entries(rows) == ["account.delete"]
    await finished(laid.folder, laid)
