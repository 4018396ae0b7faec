"""What the supervisor tells when the recogniser does not start or the server refuses its status, and how its process ends."""

from __future__ import annotations

import asyncio
import logging
import signal
from typing import Any

import pytest

from bots import models, retry, supervisor
from bots.hearing.messages import Disarmed, Utterance
from bots.hearing.pool import LaneState
from bots.supervisor import MAX_TEXT, Supervisor
from spacesctl.api.captions import BotStatus, Hearing
from spacesctl.domain.errors import NotAllowed, Unavailable
from spacesctl.support.backoff import Backoff
from tests.bots.fake_api import FakeApi, FakePipeline, assignment, info, rules
from tests.bots.test_space import PHRASE, utterance
from tests.bots.test_supervisor import supervisor_process
from tests.bots.voices import until


@pytest.fixture(autouse=True)
def short_waits(monkeypatch: pytest.MonkeyPatch) -> None:
    for module in (retry, supervisor):
        monkeypatch.setattr(module, "new_backoff", lambda: Backoff((0.01,)))


class FakePool(FakePipeline):
    """A recogniser pool without workers."""

    ready = False
    failing = False
    pid = None

    def statistics(self) -> dict[str, int]:
        return {
            "lanes": 1, "recognisers": 1, "restarts": 0, "ticks_waiting": 0, "ticks_dropped": 0, "resident_bytes": 9
        }  # fmt: skip

    def states(self) -> list[LaneState]:
        return []


HEARING = Hearing(**FakePool().statistics(), late=[])


def supervising(api: Any, pool: FakePool | None = None) -> Supervisor:
    made = Supervisor(api, lambda: models.Model(models.SHIPPED, "tiny", "a notice"))
    made._model = models.Model(models.SHIPPED, "tiny", "a notice")
    made._pool = pool or FakePool()  # type: ignore[assignment]  # it has what is used of the pool
    return made


def test_the_status_tells_whether_the_recogniser_starts_fails_or_works() -> None:
    pool = FakePool()
    made = supervising(FakeApi(), pool)
    starting = "the recogniser is starting"
    assert made.status() == BotStatus(ready=False, model="tiny", notice="a notice", reason=starting, hearing=HEARING)
    pool.failing = True
    assert "keeps failing to start" in (made.status().reason or "")
    pool.ready = True
    assert made.status() == BotStatus(ready=True, model="tiny", notice="a notice", hearing=HEARING)
    made._problem, pool.ready = "x" * 2 * MAX_TEXT, False
    assert made.status().reason == "x" * MAX_TEXT


def test_lanes_that_are_late_or_not_recognised_are_in_the_status_and_it_is_told_more_often() -> None:
    pool = FakePool()
    made = supervising(FakeApi(), pool)
    assert made._on_time()
    told = [
        LaneState("s", 1, 0.0, behind=False, shed=True, unprotected=True),
        LaneState("s", 2, 2.26, behind=True, shed=False, unprotected=False),
        LaneState("t", 1, 0.6, behind=False, shed=False, unprotected=False),
        LaneState("t", 2, 0.1, behind=False, shed=False, unprotected=False),
    ]
    pool.states = lambda: told  # type: ignore[method-assign]
    hearing = made.status().hearing
    assert hearing is not None
    assert [
        (one.space_id, one.lane, one.lag_seconds, one.behind, one.shed, one.unprotected) for one in hearing.late
    ] == [
        ("s", 1, 0.0, False, True, True),
        ("s", 2, 2.3, True, False, False),
        ("t", 1, 0.6, False, False, False),
    ]
    assert not made._on_time()


def test_a_status_that_is_refused_is_told_and_the_next_one_is_posted(caplog: pytest.LogCaptureFixture) -> None:
    class Api(FakeApi):
        refusals = [NotAllowed("@rex is no bot", reason="scope")]  # noqa: RUF012  # of this one test

        async def bot_status(self, status: BotStatus) -> None:
            if self.refusals:
                raise self.refusals.pop()
            await super().bot_status(status)

    api = Api()

    async def main() -> None:
        made = supervising(api)
        task = asyncio.create_task(made._report())
        made._status_due.set()
        await until(lambda: "status not posted" in caplog.text)
        assert api.statuses == []
        made._status_due.set()
        await until(lambda: bool(api.statuses))
        task.cancel()

    with caplog.at_level(logging.WARNING):
        asyncio.run(main())
    assert "status not posted: not_allowed" in caplog.text
    assert "rex" not in caplog.text


def test_a_list_that_ends_is_asked_for_again_and_words_go_to_the_bot_of_their_space() -> None:
    class Api(FakeApi):
        lists = 0

        async def assignments(self) -> Any:
            self.lists += 1
            if self.lists == 2:
                raise Unavailable("starting")
            yield [assignment("s"), assignment("over")]
            if self.lists > 2:
                await asyncio.Event().wait()

    api = Api(rules())
    api.becomes = lambda act: "held" if act.action == "mute" and act.start_tick > 300 else act.mode
    api.hello = [info(1)]

    async def main() -> None:
        made = supervising(api)
        async with asyncio.TaskGroup() as group:
            following = group.create_task(made._follow(group))
            await until(lambda: api.lists == 3)
            await until(lambda: len(api.connections) == 2)
            await until(lambda: all(bot._moderator.rules_hash for bot in made._bots.values()))
            made._on_utterance(Utterance("nowhere", 1, 5, PHRASE, (), True, 5, 14))
            made._on_arm(Disarmed("nowhere", 1, 5, "scam-pitch", 1))
            made._on_arm(Disarmed("s", 1, 5, "scam-pitch", 1))
            for at in (100, 400):
                made._on_utterance(utterance(PHRASE, at))
            await until(lambda: len(api.acts) == 4 and made.status().notice is not None)
            assert (made.status().notice or "").endswith(
                "in 1 Space(s) are only recorded: there were many in five minutes"
            )
            for lanes in api.connections:
                lanes.queue.put_nowait({"event": "ended", "reason": "ended"})
            await until(lambda: not made._bots and not made._tasks)
            following.cancel()

    asyncio.run(main())
    assert {each["mode"] for each in api.acts} == {"enforce"}, "the server holds, not the bot"


@pytest.mark.parametrize("number", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_the_process_in_order(number: signal.Signals) -> None:
    with supervisor_process() as process:
        assert process.stdin is not None
        assert process.stderr is not None
        process.stdin.write(b"spx_secret\n")
        process.stdin.flush()
        assert process.stderr.readline(), "it tells that the server does not answer"
        process.send_signal(number)
        assert process.wait(10) == 0
        assert b"Traceback" not in process.stderr.read()
