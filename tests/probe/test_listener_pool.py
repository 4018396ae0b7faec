"""Listeners in a pool: they report, they are counted, and one that fails leaves nothing behind."""

from __future__ import annotations

import asyncio

import pytest

from spacesctl.audio.ogg import SILENCE
from spacesctl.domain.errors import Refused
from spacesctl.probe import listener_pool
from spacesctl.probe.description import NotConnected
from spacesctl.probe.listener_pool import ListenerPool
from spacesctl.probe.pooled_listener import PooledListener
from spacesctl.rtc import rtcp
from tests.probe.answerer import Answerer, answering, until
from tests.typed import sure


def test_a_listener_reports_the_highest_number_once_it_has_heard_something() -> None:
    async def body() -> None:
        async with answering() as server:

            async def signal(listener: PooledListener) -> None:
                listener.answer(server.answer(listener.offer()))

            async with ListenerPool(signal) as pool:
                await pool.grow(1)
                (one,) = pool.listeners
                one.report()
                for number in (5, 6, 9):
                    server.say(number, SILENCE)
                server.send(sure(server.srtp).protect_rtcp(rtcp.sender_report(7, 0.0, 0, 3, 9, "x")))
                await asyncio.sleep(0.02)
                await pool.catch_up()
                one.report()
                await until(lambda: server.rtcp)
                pool.leave(one)
                await until(lambda: server.ended)
                one.check()
            (told,) = [item for report in server.rtcp for item in rtcp.parse(report) if isinstance(item, rtcp.Report)]
            (block,) = told.blocks
            assert (block.ssrc, block.highest, block.lost) == (7, 9, 0)

    asyncio.run(body())


def test_losses_disorder_and_what_cannot_be_decoded_are_counted_from_the_beginning_of_a_window() -> None:
    async def body() -> listener_pool.Counted:
        async with answering() as server:

            async def signal(listener: PooledListener) -> None:
                listener.answer(server.answer(listener.offer()))

            async with ListenerPool(signal) as pool:
                await pool.grow(1)
                server.say(1, SILENCE)
                await asyncio.sleep(0.02)
                await pool.begin()
                for number, payload in ((2, SILENCE), (4, SILENCE), (3, SILENCE), (7, b"\xff\xff\xff\x00")):
                    server.say(number, payload)
                server.send(b"\x80\x6f\x00\x08" + bytes(30))  # in order, but nobody's who has the key
                await asyncio.sleep(0.02)
                return await pool.counted()

    counted = asyncio.run(body())
    assert (counted.packets, counted.lost, counted.reordered, counted.listeners_with_loss) == (5, 2, 1, 1)
    assert (counted.whole, counted.undecoded) == (1, 2)


@pytest.mark.parametrize("refusal", [Refused("full", "the Space is full"), NotConnected("no candidate")])
def test_a_listener_that_is_refused_is_told_and_its_socket_closed(refusal: Exception) -> None:
    made: list[PooledListener] = []

    async def signal(listener: PooledListener) -> None:
        made.append(listener)
        raise refusal

    async def body() -> None:
        async with ListenerPool(signal) as pool:
            with pytest.raises(type(refusal), match=str(refusal)):
                await pool.grow(2)
            assert pool.listeners == []

    asyncio.run(body())
    assert made
    assert {one.socket.fileno() for one in made} == {-1}


def test_signalled_listeners_connect_when_they_are_told_to() -> None:
    async def body() -> None:
        async with answering() as first, answering() as second:
            servers: dict[str, Answerer] = {"s0": first, "s1": second}

            async def signal(listener: PooledListener) -> None:
                listener.answer(servers[listener.name].answer(listener.offer()))

            async with ListenerPool(signal) as pool:
                waiting = await pool.signalled(2)
                assert pool.listeners == []
                assert first.checks == second.checks == 0
                for one in waiting:
                    await pool.enter(one)
                assert pool.listeners == waiting
                assert first.srtp is not None

    asyncio.run(body())


def test_every_listener_is_visited_and_renews_its_consent(monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("VISIT", "CHECK", "REPORT"):
        monkeypatch.setattr(listener_pool, name, 0.01)
    monkeypatch.setattr(listener_pool, "BATCH", 1)

    async def body() -> None:
        async with answering() as server:

            async def signal(listener: PooledListener) -> None:
                listener.answer(server.answer(listener.offer()))

            async with ListenerPool(signal) as pool:
                await pool.grow(1)
                server.say(1, SILENCE)
                checks = server.checks
                await until(lambda: server.checks >= checks + 3 and len(server.rtcp) >= 2)
                pool.listeners[0].socket.close()
                await asyncio.sleep(0.05)
                assert not sure(pool._task).done(), "a closed socket stops no other"

    asyncio.run(body())
