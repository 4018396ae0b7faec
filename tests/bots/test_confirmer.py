"""The process for second recognitions: asked by the pool, bounded, and replaced when it ends or does not answer."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
from collections.abc import Awaitable, Callable

import pytest

from bots import models
from bots.hearing.confirmer import MOST_WAITING, Confirmer
from bots.hearing.memory import CEILING
from bots.hearing.messages import Confirm, Confirmed, Told
from bots.hearing.pool import RecogniserPool
from spacesctl.support.messages import Unpacker, pack
from tests.bots.test_pool import say
from tests.bots.voices import frames_of, person, until


class Keeper:
    """Forks nothing: the test has the other end of each socket."""

    def __init__(self) -> None:
        self.ready = True
        self.refuses = False
        self.sockets: list[socket.socket] = []
        self.numbers: list[int] = []
        self.killed: list[int] = []

    def fork(self, number: int, theirs: socket.socket, *, second: bool = False) -> bool:
        assert second
        if self.refuses:
            return False
        self.numbers.append(number)
        self.sockets.append(theirs.dup())
        self.sockets[-1].setblocking(False)
        return True

    def kill(self, number: int) -> None:
        self.killed.append(number)


class Scene:
    def __init__(self, seconds: float) -> None:
        self.keeper = Keeper()
        self.confirmer = Confirmer(self.keeper, lambda _: None, seconds)  # type: ignore[arg-type]  # the part that it uses
        self.read: list[Confirm] = []

    async def asked(self, many: int) -> None:
        """Wait until its processes have got so many questions."""
        loop = asyncio.get_running_loop()
        while len(self.read) < many:
            data = await asyncio.wait_for(loop.sock_recv(self.keeper.sockets[-1], 1 << 16), 5)
            assert data, "its socket is closed"
            self.read += Unpacker[Confirm](Confirm).feed(data)

    async def answer(self, number: int, heard: bool, private: int = 0) -> None:
        await asyncio.get_running_loop().sock_sendall(self.keeper.sockets[-1], pack(Confirmed(number, heard, private)))

    def ask(self, phrase: str = "x") -> asyncio.Future[bool | None]:
        return self.confirmer.ask([], 0, [phrase], phrase)


def played(script: Callable[[Scene], Awaitable[None]], seconds: float = 30.0) -> None:
    async def main() -> None:
        scene = Scene(seconds)
        try:
            await script(scene)
        finally:
            scene.confirmer.end()
            for each in scene.keeper.sockets:
                each.close()
            await asyncio.sleep(0)

    asyncio.run(main())


def test_one_question_is_asked_after_the_other() -> None:
    async def script(scene: Scene) -> None:
        first, second = scene.ask("one"), scene.ask("two")
        await scene.asked(1)
        assert [each.phrases for each in scene.read] == [["one"]]
        await scene.answer(1, True)
        await scene.asked(2)
        await scene.answer(2, False)
        assert (await first, await second) == (True, False)
        assert scene.keeper.numbers == [-1], "one process"

    played(script)


def test_questions_beyond_what_may_wait_are_not_answered() -> None:
    async def script(scene: Scene) -> None:
        answers = [scene.ask() for _ in range(MOST_WAITING + 2)]
        assert [each.done() for each in answers] == [False] * (MOST_WAITING + 1) + [True]
        assert answers[-1].result() is None

    played(script)


def test_what_is_not_answered_in_time_ends_the_process_that_is_at_it() -> None:
    async def script(scene: Scene) -> None:
        assert await scene.ask() is None
        assert scene.keeper.killed == [-1]
        again = scene.ask()
        await scene.asked(2 - 1)
        assert scene.keeper.numbers == [-1, -2]
        assert await again is None

    played(script, 0.05)


def test_a_process_that_ends_loses_its_question_and_no_other() -> None:
    async def script(scene: Scene) -> None:
        first, second = scene.ask(), scene.ask()
        await scene.asked(1)
        scene.confirmer.on_ended(-7)
        assert not first.done(), "it was another"
        scene.confirmer.on_ended(-1)
        assert await first is None
        await scene.asked(2)
        await scene.answer(2, True)
        assert await second is True

    played(script)


def test_one_that_has_grown_is_replaced() -> None:
    async def script(scene: Scene) -> None:
        first = scene.ask()
        await scene.asked(1)
        await scene.answer(1, True, CEILING)
        assert await first
        scene.ask()
        assert scene.keeper.numbers == [-1, -2]

    played(script)


def test_while_no_model_is_ready_questions_wait_their_time() -> None:
    async def script(scene: Scene) -> None:
        scene.keeper.ready = False
        waiting = scene.ask()
        assert scene.keeper.numbers == []
        scene.keeper.ready, scene.keeper.refuses = True, True
        scene.confirmer.prepare()
        assert scene.keeper.numbers == []
        scene.keeper.refuses = False
        scene.confirmer.prepare()
        await scene.asked(1)
        scene.confirmer.end()  # the model process has ended
        scene.confirmer.prepare()
        scene.read.clear()
        await scene.asked(1)
        await scene.answer(1, True)
        assert await waiting is True

    played(script)


def test_answers_of_others_and_to_other_questions_mean_nothing() -> None:
    async def script(scene: Scene) -> None:
        waiting = scene.ask()
        await scene.asked(1)
        await scene.answer(9, True)
        link = scene.confirmer._link
        assert link is not None
        scene.confirmer.on_told(link, Told(1, []))
        assert not waiting.done()
        await scene.answer(1, False)
        assert await waiting is False

    played(script)


@pytest.mark.parametrize("killed", [False, True])
def test_the_pool_confirms_what_was_said_and_not_what_was_not(killed: bool) -> None:
    """With real processes, the shipped model and real sound."""
    rex = person("cast_a", "rex")
    one = next(each for each in rex.phrases if each.text == "crypto giveaway")
    first, last = round(one.start * 50), round(one.end * 50)
    clip = frames_of("cast_a", "rex")[: last + 50]

    async def main() -> None:
        async with RecogniserPool(models.SHIPPED, lambda _: None) as hearing:
            await until(lambda: hearing.ready)
            hearing.rules("s", (), confirms=True)
            await until(lambda: hearing._confirmer.pid is not None)
            hearing.open("s", 1)
            await say(hearing, "s", 1, clip, 0)
            if killed:
                pid = hearing._confirmer.pid
                assert pid is not None
                os.kill(pid, signal.SIGKILL)
                await until(lambda: hearing._confirmer.pid != pid)
            assert await hearing.confirm("s", 1, first, last, [one.text], one.text) is True
            assert await hearing.confirm("s", 1, first, last, ["hello friends"], "hello friends") is False
            assert await hearing.confirm("s", 2, first, last, [one.text], one.text) is None, "nobody spoke there"
            hearing.rules("s", ())
            assert hearing._confirmer.pid is None
            assert await hearing.confirm("s", 1, first, last, [one.text], one.text) is None, "it is not kept any more"

    asyncio.run(main())
