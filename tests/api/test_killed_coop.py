"""Coop's outbox and a server that is killed: a report is sent after the next start; one whose answer was not noted is sent again."""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.api.coop_receiver import coop_there
from tests.api.harness import As, everything, running_api
from tests.api.test_appeals import appealed
from tests.api.test_coop import appeal_decision, call, connected, reported, state
from tests.api.test_killed import COMMIT, cut_off_at
from tests.api.test_killed_process import ROOT

pytestmark = pytest.mark.anyio
CHILD = "import asyncio, sys; from tests.api.test_killed_coop import die; asyncio.run(die(*sys.argv[1:]))"


async def die(data: str, url: str, number: str) -> None:
    """In a process of its own: send what waits, and end the process at that write, when Coop has answered."""
    async with running_api(Path(data), first=False) as api:
        with cut_off_at(api, int(number), lambda: os._exit(9)):
            async with connected(api, url) as sender:
                await asyncio.sleep(30)
                sender.settings.key  # noqa: B018


@pytest.mark.timeout(60)
@pytest.mark.parametrize("number", [3, 4])
async def test_what_a_killed_server_owed_coop_is_sent_after_its_next_start(tmp_path: Path, number: int) -> None:
    data = tmp_path / "data"
    async with coop_there() as coop:
        async with running_api(data) as api:
            async with connected(api, "http://127.0.0.1:9", retries=(3600.0,)):
                pass  # it is queued from now on
            owner = api.owner.token
            _host, _dan, _space, report = await reported(api)
        # Its first write and commit are those of `connect`; the third and fourth note what became of the delivery.
        child = [sys.executable, "-c", CHILD, str(data), coop.url, str(number)]
        ended = await asyncio.to_thread(subprocess.run, child, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
        assert ended.returncode == 9
        assert coop.asked == 1
        async with running_api(data, first=False) as again:
            again.owner = As(again, owner)
            assert [row for row in (await everything(again))["deliveries"] if "pending" in row], (
                "its answer was not noted"
            )
            async with connected(again, coop.url):
                await state(again, delivered=1, waiting=0)
        assert [one["reportedItem"]["id"] for one in coop.reports] == [report, report], (
            "with the same id, by which Coop knows it"
        )


@pytest.mark.parametrize("number", [1, 2, 3, COMMIT])
async def test_a_report_and_its_place_in_the_outbox_are_stored_together_or_not_at_all(
    tmp_path: Path, number: int
) -> None:
    async with running_api(tmp_path / "data") as api, coop_there() as coop, connected(api, coop.url, retries=(3600.0,)):
        host, ann = await api.accounts("host", "ann")
        await host.ok("PUT", "/v1/accounts/me/blocks/@ann")
        [block] = (await ann.ok("GET", "/v1/accounts/me/sanctions"))["data"]
        path = f"/v1/sanctions/{block['id']}/appeal"
        with cut_off_at(api, number):
            assert (await ann.call("POST", path, {"text": "why"})).status_code == 500
        rows = await everything(api)
        assert (rows["appeals"], rows["deliveries"]) == ([], [])
        appeal = await appealed(ann)
        await state(api, delivered=1)
        with cut_off_at(api, COMMIT):
            assert (await call(api, appeal_decision(coop.appeals[0], "ACCEPT"))).status_code == 500
        assert (await host.ok("GET", appeal))["state"] == "open"
        assert (await call(api, appeal_decision(coop.appeals[0], "ACCEPT"))).status_code == 204, "Coop says it again"
        assert (await host.ok("GET", appeal))["state"] == "granted"
