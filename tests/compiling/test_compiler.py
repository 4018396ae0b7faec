"""Rule files are compiled elsewhere: within limits, in turns, and with the same words as anywhere."""

from __future__ import annotations

import asyncio
import os
import signal
import sys
from collections.abc import AsyncIterator, Callable
from contextlib import AsyncExitStack

import pytest

from spacesctl.compiling import child, compiler
from spacesctl.compiling.compiler import OF_ONE_ACCOUNT, PROCESSES, Compiler
from spacesctl.compiling.messages import Compile, Compiled, Verdict
from spacesctl.domain.errors import Invalid, TooMany, Unavailable
from spacesctl.rules.rulefile import compile_rules, parse
from tests.rules.test_rulefile import GOOD

pytestmark = pytest.mark.anyio
WORKER = "from spacesctl.compiling import worker; "


@pytest.fixture
async def fresh(anyio_backend: str) -> AsyncIterator[Compiler]:
    made = Compiler()
    yield made
    await made.close()


@pytest.fixture
def runs(monkeypatch: pytest.MonkeyPatch) -> Callable[[str], None]:
    """Makes the compiling process run another program."""
    return lambda program: monkeypatch.setattr(child, "COMMAND", (sys.executable, "-c", program))


async def test_a_good_file_comes_back_as_the_compiler_of_the_package_has_it(fresh: Compiler) -> None:
    here = compile_rules(GOOD)
    there = await fresh.compile("ann", GOOD, "rules.toml")
    assert (there.hash, there.text, there.actions) == (here.hash, here.text, here.actions())
    assert list(there.ids) == [rule.id for rule in here.rules]


async def test_a_bad_file_is_refused_in_the_same_words(fresh: Compiler) -> None:
    bad = GOOD + "[[rule]]\nid = 3\n"
    with pytest.raises(Invalid) as refused:
        await fresh.compile("ann", bad, "my.toml")
    assert str(refused.value) == f"rules: {'; '.join(str(one) for one in parse(bad, 'my.toml')[1][:5])}"


async def test_a_process_serves_many_files_and_is_replaced_when_it_has_ended(fresh: Compiler) -> None:
    await fresh.compile("ann", GOOD, "rules.toml")
    [kept] = fresh._children
    assert kept._process is not None
    first = kept._process.pid
    await fresh.compile("ann", GOOD, "rules.toml")
    pids = {one._process.pid for one in fresh._children if one._process is not None}
    assert first in pids
    for pid in pids:
        os.kill(pid, signal.SIGKILL)
    for one in fresh._children:
        assert one._process is not None
        await asyncio.to_thread(one._process.wait)
    assert (await fresh.compile("ann", GOOD, "rules.toml")).ids
    assert {one._process.pid for one in fresh._children if one._process is not None} != pids


@pytest.mark.parametrize(
    ("program", "said"),
    [
        (WORKER + "worker.PROCESSOR = 1; worker.compile_rules = lambda *_: sum(0 for _ in iter(int, 1)); worker.main()", "time"),
        (WORKER + "worker.compile_rules = lambda *_: bytes(1 << 30); worker.main()", "memory"),
        (WORKER + "worker.compile_rules = lambda *_: worker.os.abort(); worker.main()", "memory"),
        ("print('nonsense' * 1000)", "memory"),
    ],
    ids=["processor", "memory", "aborts", "nonsense"],
)  # fmt: skip
async def test_a_file_that_exceeds_a_limit_is_refused_by_its_name_and_the_next_one_is_compiled(
    fresh: Compiler, runs: Callable[[str], None], monkeypatch: pytest.MonkeyPatch, program: str, said: str
) -> None:
    with monkeypatch.context() as changed:
        changed.setattr(child, "COMMAND", (sys.executable, "-c", program))
        with pytest.raises(Invalid, match=f"rules: big.toml takes more than .* {said}"):
            await fresh.compile("ann", GOOD, "big.toml")
    assert (await fresh.compile("ann", GOOD, "rules.toml")).ids


async def test_a_process_that_has_grown_ends_itself_and_nobody_notices(
    fresh: Compiler, runs: Callable[[str], None]
) -> None:
    runs(WORKER + "worker.KEPT = 0; worker.main()")
    for _ in range(3):
        assert (await fresh.compile("ann", GOOD, "rules.toml")).ids


@pytest.mark.parametrize(
    "program", ["import time; time.sleep(60)", "import os; os.kill(os.getpid(), 9)"], ids=["hangs", "killed"]
)
async def test_a_process_that_is_ended_from_outside_or_hangs_is_no_fault_of_the_file(
    fresh: Compiler, monkeypatch: pytest.MonkeyPatch, program: str
) -> None:
    with monkeypatch.context() as changed:
        changed.setattr(child, "WITHIN", 0.5)
        changed.setattr(child, "COMMAND", (sys.executable, "-c", program))
        with pytest.raises(Unavailable):
            await fresh.compile("ann", GOOD, "good.toml")
    assert (await fresh.compile("ann", GOOD, "rules.toml")).ids


async def test_without_a_process_it_is_unavailable(fresh: Compiler, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(child, "COMMAND", ("/no/such/program",))
    with pytest.raises(Unavailable):
        await fresh.compile("ann", GOOD, "rules.toml")


class Held(Compiler):
    """A compiler whose processes take until they are released."""

    def __init__(self) -> None:
        super().__init__()
        self.running: list[str] = []
        self.go_on = asyncio.Event()

    async def _ask(self, request: Compile) -> Verdict:
        self.running.append(request.text)
        if request.text == "heavy":
            await self.go_on.wait()
        return Compiled("hash", [], [], 5, 1)


async def many(held: Held, account: str, text: str, count: int) -> list[asyncio.Task[object]]:
    tasks = [asyncio.create_task(_one(held, account, text)) for _ in range(count)]
    for _ in range(5):
        await asyncio.sleep(0)
    return tasks


async def _one(held: Held, account: str, text: str) -> object:
    return await held.compile(account, text, "rules.toml")


async def test_heavy_files_of_one_account_do_not_hold_up_others() -> None:
    held = Held()
    async with AsyncExitStack() as stack:
        stack.push_async_callback(held.close)
        heavy = await many(held, "eve", "heavy", OF_ONE_ACCOUNT)
        assert held.running == ["heavy"], "an account takes up one process"
        for name in ("ann", "bob", "cat"):
            await held.compile(name, name, "rules.toml")
        assert held.running == ["heavy", "ann", "bob", "cat"]
        with pytest.raises(TooMany):
            await held.compile("eve", "heavy", "rules.toml")
        held.go_on.set()
        await asyncio.gather(*heavy)
        await held.compile("eve", "light", "rules.toml")


async def test_the_queue_has_an_end(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(compiler, "WAITING_AT_MOST", 3)
    held = Held()
    tasks = [task for name in "abc" for task in await many(held, name, "heavy", 1)]
    assert len(held.running) == PROCESSES
    with pytest.raises(Unavailable):
        await held.compile("d", "light", "rules.toml")
    held.go_on.set()
    await asyncio.gather(*tasks)
    await held.compile("d", "light", "rules.toml")
    await held.close()


async def test_closing_ends_a_file_that_is_being_compiled(fresh: Compiler, runs: Callable[[str], None]) -> None:
    runs("import time; time.sleep(60)")
    task = asyncio.create_task(fresh.compile("ann", GOOD, "rules.toml"))
    while not any(one._process for one in fresh._children):
        await asyncio.sleep(0.005)
    await fresh.close()
    with pytest.raises(Unavailable):
        await task
