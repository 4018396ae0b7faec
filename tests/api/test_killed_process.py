"""A server whose process is killed in the middle of a request holds all of the request or nothing of it, and can be asked again."""

from __future__ import annotations

import asyncio
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.api.harness import As, Rows, everything, memory_equals_store, running_api
from tests.api.test_killed import CASES, Scene, cut_off_at, scene

pytestmark = pytest.mark.anyio
ROOT = Path(__file__).parent.parent.parent
CHILD = "import asyncio, sys; from tests.api.test_killed_process import die; asyncio.run(die(*sys.argv[1:]))"
AFTER_COMMIT = 0


async def die(data: str, name: str, number: str, tokens: str, names: str) -> None:
    """In a process of its own: ask, and end the process at that write, or before what was committed is applied."""
    async with running_api(Path(data), first=False) as api:
        here = Scene({who: As(api, token) for who, token in json.loads(tokens).items()}, json.loads(names), "")
        if int(number) == AFTER_COMMIT:
            api.app.registry.apply = lambda done: os._exit(9)  # type: ignore[method-assign]
        with cut_off_at(api, int(number), lambda: os._exit(9)):
            await here.send(CASES[name])


@pytest.mark.timeout(60)
@pytest.mark.parametrize(
    ("name", "number"),
    [
        ("create", 12),
        pytest.param("block", 15, marks=pytest.mark.slow),
        *(
            pytest.param(name, number, marks=pytest.mark.slow)
            for name in ("create", "series create", "series skip", "delete of a pinned post", "block", "kick", "end")
            for number in (AFTER_COMMIT, 2, 5)
        ),
    ],
)
async def test_a_server_that_is_killed_in_a_request_holds_all_of_it_or_nothing(
    tmp_path: Path, name: str, number: int
) -> None:
    data, case = tmp_path / "data", CASES[name]
    async with running_api(data) as api:
        here = await scene(api)
    async with running_api(data, first=False):  # closes the microphone
        before = await everything(api)
    tokens = json.dumps({who: one.token for who, one in here.people.items()})
    child = [sys.executable, "-c", CHILD, str(data), name, str(number), tokens, json.dumps(here.names)]
    ended = await asyncio.to_thread(subprocess.run, child, env={**os.environ, "PYTHONPATH": str(ROOT)}, check=False)
    assert ended.returncode == 9
    async with running_api(data, first=False) as api:
        changed = _less_tokens(await everything(api)) != _less_tokens(before)
        assert changed is (number == AFTER_COMMIT)
        again = Scene({who: As(api, one.token) for who, one in here.people.items()}, here.names, "")
        answer = await again.send(case)
        assert answer.is_success or (changed and case.who == "host" and answer.status_code in (404, 410)), answer.text
        if case.ask in ("POST /v1/spaces", "POST /v1/series"):
            assert ("idempotent-replayed" in answer.headers) is changed
        await memory_equals_store(api)


def _less_tokens(rows: Rows) -> Rows:
    """A server that starts makes a token for the bundled bot, which the server's audit log says."""
    less = {name: [one for one in rows if "token.create" not in one] for name, rows in rows.items() if name != "tokens"}
    return {**less, "audit_heads": [one for one in rows["audit_heads"] if one[0] != "server"]}
