"""The compiler of rule files that the server asks: a few processes, and a fair queue before them."""

from __future__ import annotations

import asyncio
import threading
from collections import Counter
from collections.abc import AsyncIterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import asynccontextmanager
from dataclasses import dataclass
from weakref import WeakValueDictionary

from spacesctl.compiling.child import Child, ExceededError
from spacesctl.compiling.messages import MEMORY, PROCESSOR, Compile, Rejected, Verdict
from spacesctl.domain.errors import Invalid, TooMany, Unavailable

PROCESSES = 2
WAITING_AT_MOST = 64
"""Files that wait or are compiled, of all accounts."""
OF_ONE_ACCOUNT = 4
"""The same of one account. One of them is compiled at a time, so an account takes up one process at most."""
TOLD = 5
"""Problems of a file that an error quotes."""
_LIMITS = {
    "time": f"takes more than {PROCESSOR} s of processor time to compile",
    "memory": f"takes more than {MEMORY >> 20} MiB of memory to compile",
}


@dataclass(frozen=True)
class CheckedRules:
    """A rule file that compiles: its text and hash, the ids of its rules, all actions that they may take, how many
    sanctions in five minutes, and how severe the worst offence is that has one."""

    text: str
    hash: str
    ids: tuple[str, ...]
    actions: frozenset[str]
    most: int = 5
    severest: int = 1


class Compiler:
    """Starts its processes when they are needed; `await close()` at the end."""

    def __init__(self) -> None:
        self._threads = ThreadPoolExecutor(PROCESSES, "rules")
        self._children: list[Child] = []
        self._own = threading.local()
        self._free = asyncio.Semaphore(PROCESSES)
        self._turns: WeakValueDictionary[str, asyncio.Lock] = WeakValueDictionary()
        self._waiting: Counter[str] = Counter()

    async def compile(self, account_id: str, text: str, filename: str) -> CheckedRules:
        """Compile a rule file of an account.

        Raises Invalid with the first problems, or with the limit that the file exceeds; TooMany or Unavailable when too many wait.
        """
        async with self._turn(account_id):
            try:
                answer = await self._ask(Compile(text, filename))
            except ExceededError as error:
                raise Invalid("rules", f"{filename} {_LIMITS[error.what]}", hint="split the lists") from error
            except OSError as error:
                raise Unavailable("rule files cannot be compiled at the moment") from error
        if isinstance(answer, Rejected):
            more = len(answer.problems) - TOLD
            others = [f"and {more} more (`spacesctl rules check` shows all)"] if more > 0 else []
            raise Invalid("rules", "; ".join([*answer.problems[:TOLD], *others]))
        return CheckedRules(
            text, answer.hash, tuple(answer.ids), frozenset(answer.actions), answer.most, answer.severest
        )

    async def close(self) -> None:
        """End the processes, also in the middle of a file."""
        await asyncio.to_thread(self._close)

    @asynccontextmanager
    async def _turn(self, account_id: str) -> AsyncIterator[None]:
        """Wait for a process, in turns between accounts."""
        if self._waiting[account_id] >= OF_ONE_ACCOUNT:
            raise TooMany("rule files at once", PROCESSOR)
        if self._waiting.total() >= WAITING_AT_MOST:
            raise Unavailable("too many rule files are being compiled; try again in a moment")
        turn = self._turns.setdefault(account_id, asyncio.Lock())
        self._waiting[account_id] += 1
        try:
            async with turn, self._free:
                yield
        finally:
            self._waiting[account_id] -= 1
            if not self._waiting[account_id]:
                del self._waiting[account_id]

    async def _ask(self, request: Compile) -> Verdict:
        return await asyncio.get_running_loop().run_in_executor(self._threads, self._ask_own, request)

    def _ask_own(self, request: Compile) -> Verdict:
        """In one of the threads, each of which has a process of its own."""
        child: Child | None = getattr(self._own, "child", None)
        if child is None:
            child = self._own.child = Child()
            self._children.append(child)
        return child.ask(request)

    def _close(self) -> None:
        for child in self._children:
            child.kill()
        self._threads.shutdown(cancel_futures=True)
        for child in self._children:
            child.kill()  # one that a thread has started meanwhile
