"""Keeps what lives long alive: a failure is logged, waited for and tried again, and until that works it can be asked what is down.

tasks = TaskSupervisor(is_final=refused)
tasks.keep("webhooks", sender.run)              # for ever; begun again when it fails or ends
tasks.every("presence", 1.0, watch.look)        # a look every second; a failed one is followed by the next
tasks.later("close a lane", close)              # once; again and again until it works
await tasks.insist("close a lane", close)       # the same, and waits for the first try
tasks.down                                      # {"webhooks": "database_locked"}
"""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from typing import Final

import structlog

from spacesctl.support.backoff import Backoff, doubled

WAITS: Final = doubled(0.25, 2.0)
"""Seconds between two tries. The last is short, so that everything is back soon after a long trouble."""
STEADY: Final = 1.0
"""Seconds that a task which was begun again must run before it counts as up."""
MOST_JOBS: Final = 10_000
"""Jobs that may wait for their next try. A further one gets no second try."""
MOST_TRIES: Final = 2_000
"""Tries of one job, which take about an hour. Then it is given up: the trouble is not one that passes."""

Work = Callable[[], Awaitable[object]]
_log = structlog.get_logger()


class TaskSupervisor:
    """The long-lived tasks and the one-shot jobs of a process. `is_final` tells an error that another try cannot mend, such as a refusal:
    it ends a job (`insist` raises it) and is not logged as trouble. `await close()` at the end cancels all."""

    def __init__(self, is_final: Callable[[Exception], bool] = lambda _error: False) -> None:
        self._is_final = is_final
        self._tasks: set[asyncio.Task[None]] = set()
        self._down: dict[str, str] = {}
        self._waiting: Counter[str] = Counter()
        self._failures: Counter[str] = Counter()
        self._since: dict[str, float] = {}

    @property
    def down(self) -> dict[str, str]:
        """What has failed and does not work yet, by name: the reason of the last failure, or the kind of error."""
        return dict(self._down)

    def failed(self, name: str, error: Exception) -> None:
        """Something that tries again by itself has failed: it is down until `works` is called."""
        self._failed(name, error)

    def works(self, name: str) -> None:
        """It works."""
        if self._down.pop(name, None) is not None:
            down = asyncio.get_running_loop().time() - self._since.pop(name, 0.0)
            _log.info("works again", task=name, after=round(down, 1))

    def keep(self, name: str, work: Work) -> None:
        """Run `work`, which is meant to run until it is cancelled. When it fails or returns, it is begun again after a wait."""
        self._begin(self._keep(name, work), name)

    def every(self, name: str, seconds: float, look: Work) -> None:
        """Call `look` every so many seconds, counted from the end of the last call. After a failure it is called again sooner, but at
        growing waits."""
        self._begin(self._every(name, seconds, look), name)

    def later(self, name: str, job: Work) -> None:
        """Do `job` as a task, again and again until it works or fails for good."""
        self._begin(self._until_done(name, job), name)

    async def insist(self, name: str, job: Work) -> bool:
        """Do `job` now. If that fails in a way that passes, go on trying in a task and return False. Raises a final error."""
        try:
            await job()
        except Exception as error:
            if self._is_final(error):
                raise
            self._failed(name, error)
            self._begin(self._until_done(name, job, tries=1), name)
            return False
        return True

    async def close(self) -> None:
        """Cancel everything, and wait for its end."""
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    # -- inside

    def _begin(self, work: Awaitable[None], name: str) -> None:
        task = asyncio.ensure_future(work)
        task.set_name(name)
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _keep(self, name: str, work: Work) -> None:
        loop, backoff = asyncio.get_running_loop(), Backoff(WAITS)
        while True:
            up = loop.call_later(STEADY, self.works, name)
            began = loop.time()
            try:
                await work()
                self._failed(name, RuntimeError("it ended"))
            except Exception as error:
                self._failed(name, error)
            finally:
                up.cancel()
            await asyncio.sleep(backoff.ended(loop.time() - began))

    async def _every(self, name: str, seconds: float, look: Work) -> None:
        backoff = Backoff(WAITS)
        while True:
            try:
                await look()
            except Exception as error:
                self._failed(name, error)
                await asyncio.sleep(min(seconds, backoff.next()))
                continue
            self.works(name)
            backoff.reset()
            await asyncio.sleep(seconds)

    async def _until_done(self, name: str, job: Work, tries: int = 0) -> None:
        backoff = Backoff(WAITS)
        self._waiting[name] += 1
        try:
            while tries < MOST_TRIES:
                if tries:
                    await asyncio.sleep(backoff.next())
                try:
                    await job()
                    return
                except Exception as error:
                    if self._is_final(error):
                        _log.info("a task was refused", task=name, kind=type(error).__name__)
                        return
                    self._failed(name, error)
                    tries += 1
                    if self._waiting.total() > MOST_JOBS:
                        break
            _log.error("a task is given up", task=name, tries=tries)
        finally:
            self._waiting[name] -= 1
            if not self._waiting[name]:
                del self._waiting[name]
                self.works(name)

    def _failed(self, name: str, error: Exception) -> None:
        """Log the first failure with its traceback; of those after it the 2nd, 4th, 8th and so on in a line."""
        reason = str(getattr(error, "reason", None) or type(error).__name__)
        self._since.setdefault(name, asyncio.get_running_loop().time())
        if self._down.get(name) != reason:
            self._failures[name] = 0
            _log.error("failed, and is tried again", task=name, reason=reason, exc_info=error)
        self._down[name] = reason
        self._failures[name] += 1
        if (times := self._failures[name]).bit_count() == 1 and times > 1:
            _log.warning("still fails", task=name, reason=reason, times=times)
