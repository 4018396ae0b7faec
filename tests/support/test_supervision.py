"""What lives long survives its failures: it is begun again, it says that it is down, and once it works it does not."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable

import pytest
from structlog.testing import capture_logs

from spacesctl.support import supervision
from spacesctl.support.supervision import TaskSupervisor

pytestmark = pytest.mark.anyio


class Final(Exception):
    """No further try can mend it."""


class Trouble(Exception):
    reason = "disk_full"


class Work:
    """Fails so often, then works. `ends`: it returns, also when it works."""

    def __init__(self, failures: int, error: Exception | None = None, *, ends: bool = True) -> None:
        self.failures = failures
        self.error = error or Trouble()
        self.ends = ends
        self.calls = 0

    async def __call__(self) -> None:
        self.calls += 1
        if self.calls <= self.failures:
            raise self.error
        if not self.ends:
            await asyncio.Event().wait()


@pytest.fixture
async def tasks(monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[TaskSupervisor]:
    monkeypatch.setattr(supervision, "WAITS", (0.001,))
    monkeypatch.setattr(supervision, "STEADY", 0.02)
    made = TaskSupervisor(lambda error: isinstance(error, Final))
    yield made
    await made.close()


async def wait_for(true: Callable[[], bool]) -> None:
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.001)


async def test_a_task_that_fails_is_begun_again_and_says_so_until_it_runs(tasks: TaskSupervisor) -> None:
    work = Work(3, ends=False)
    tasks.keep("sender", work)
    await wait_for(lambda: tasks.down == {"sender": "disk_full"})
    await wait_for(lambda: work.calls == 4 and not tasks.down)
    await asyncio.sleep(0.02)
    assert work.calls == 4


async def test_a_task_that_ends_without_an_error_is_begun_again_too(tasks: TaskSupervisor) -> None:
    work = Work(0)
    tasks.keep("sender", work)
    await wait_for(lambda: work.calls > 3)
    assert tasks.down == {"sender": "RuntimeError"}


async def test_a_look_that_fails_is_followed_by_the_next(tasks: TaskSupervisor) -> None:
    work = Work(2, ValueError("x"))
    tasks.every("presence", 0.005, work)
    await wait_for(lambda: work.calls == 1)
    assert tasks.down == {"presence": "ValueError"}
    await wait_for(lambda: work.calls > 5)
    assert not tasks.down


async def test_a_job_is_done_once_however_often_it_fails_first(tasks: TaskSupervisor) -> None:
    work = Work(4)
    tasks.later("close a lane", work)
    await wait_for(lambda: work.calls == 2)
    assert tasks.down == {"close a lane": "disk_full"}
    await wait_for(lambda: not tasks.down)
    await asyncio.sleep(0.01)
    assert work.calls == 5


async def test_a_refused_job_is_not_repeated_and_is_no_trouble(tasks: TaskSupervisor) -> None:
    refused = Work(9, Final())
    tasks.later("close a lane", refused)
    await wait_for(lambda: refused.calls == 1)
    await asyncio.sleep(0.01)
    assert (refused.calls, tasks.down) == (1, {})
    with pytest.raises(Final):
        await tasks.insist("close a lane", Work(1, Final()))


async def test_insisting_waits_for_the_first_try_alone(tasks: TaskSupervisor) -> None:
    assert await tasks.insist("a", Work(0))
    work = Work(2)
    assert not await tasks.insist("b", work)
    assert tasks.down == {"b": "disk_full"}
    await wait_for(lambda: work.calls == 3 and not tasks.down)


async def test_two_jobs_of_one_name_are_down_until_both_are_done(tasks: TaskSupervisor) -> None:
    first, second = Work(1), Work(1 << 30)
    tasks.later("close a lane", first)
    tasks.later("close a lane", second)
    await wait_for(lambda: first.calls == 2)
    assert tasks.down == {"close a lane": "disk_full"}


async def test_a_job_that_never_works_is_given_up(tasks: TaskSupervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "MOST_TRIES", 3)
    work = Work(99)
    tasks.later("x", work)
    await wait_for(lambda: work.calls == 3 and not tasks.down)
    await asyncio.sleep(0.01)
    assert work.calls == 3


async def test_waiting_jobs_are_bounded(tasks: TaskSupervisor, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(supervision, "MOST_JOBS", 2)
    monkeypatch.setattr(supervision, "WAITS", (60.0,))
    works = [Work(1 << 30) for _ in range(4)]
    for work in works:
        tasks.later("x", work)
    await wait_for(lambda: all(work.calls for work in works))
    await asyncio.sleep(0.01)
    assert len(tasks._tasks) == 2, "two were given up"


async def test_closing_ends_all(tasks: TaskSupervisor) -> None:
    tasks.keep("a", Work(0, ends=False))
    tasks.every("b", 60.0, Work(0))
    tasks.later("c", Work(1 << 30))
    await asyncio.sleep(0.01)
    await tasks.close()
    assert not tasks._tasks


async def test_the_end_of_a_trouble_is_logged(tasks: TaskSupervisor) -> None:
    with capture_logs() as logs:
        tasks.later("close a lane", Work(3))
        await wait_for(lambda: any(line["event"] == "works again" for line in logs))
    assert [line["event"] for line in logs] == ["failed, and is tried again", "still fails", "works again"]
    assert {line["task"] for line in logs} == {"close a lane"}
