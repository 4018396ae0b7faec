"""Control and engine talking: the codec, its bounds, and who dies with whom."""

from __future__ import annotations

import asyncio
import contextlib
import os
import signal
import socket
import struct
import subprocess
import sys
import time
from collections.abc import AsyncIterator

import msgspec
import psutil
import pytest
from hypothesis import given
from hypothesis import strategies as st

from spacesctl.engine import messages
from spacesctl.engine.link import QUEUE, Link, LinkError, connect_control, connect_engine
from spacesctl.engine.messages import (
    AskStats,
    Frames,
    FromEngine,
    OpenLane,
    OpenSpace,
    PeerJoined,
    PeerLeft,
    Ready,
    Stats,
    ToEngine,
    Uplink,
)
from spacesctl.engine.process import EngineFailed, EngineProcess
from spacesctl.support.messages import MAX_MESSAGE
from tests.typed import sure


@contextlib.asynccontextmanager
async def linked() -> AsyncIterator[tuple[Link[ToEngine, FromEngine], Link[FromEngine, ToEngine]]]:
    one, two = socket.socketpair()
    control, engine = await connect_control(one), await connect_engine(two)
    try:
        yield control, engine
    finally:
        for end in (control, engine):
            end.close()
            await end.wait_closed()


def space_of(message: ToEngine) -> str:
    assert isinstance(message, OpenLane)
    return message.space


def test_messages_pass_in_order_both_ways() -> None:
    async def body() -> None:
        async with linked() as (control, engine):
            down: list[ToEngine] = [
                OpenSpace("s", 1.5, 0, 7),
                OpenLane("s", 3, heard=True),
                Uplink("s", 3, 9, b"opus"),
                AskStats(),
            ]
            up: list[FromEngine] = [Ready("h", 1, "AB"), PeerJoined("p"), Frames("s", 5, [(3, 1, b"x")], [(0, b"y")])]
            for order in down:
                await control.send(order)
            for message in up:
                assert engine.post(message)
            control_says, engine_says = aiter(control), aiter(engine)
            assert [await anext(engine_says) for _ in down] == down
            assert [await anext(control_says) for _ in up] == up

    asyncio.run(body())


def test_what_is_posted_in_one_turn_goes_together_and_before_what_is_sent() -> None:
    async def body() -> None:
        one, two = socket.socketpair(socket.AF_UNIX, socket.SOCK_STREAM)
        two.setblocking(False)
        control = await connect_control(one)
        for name in ("p", "q"):
            control.post(OpenLane(name, 1, heard=True))
        with pytest.raises(BlockingIOError):
            two.recv(100)
        await control.send(OpenLane("r", 1, heard=True))
        control.post(OpenLane("t", 1, heard=True))
        control.close()
        await control.wait_closed()
        engine = await connect_engine(two)
        assert [space_of(message) async for message in engine] == ["p", "q", "r", "t"]
        engine.close()
        await engine.wait_closed()

    asyncio.run(body())


def test_a_message_that_cannot_be_told_leaves_those_around_it_whole() -> None:
    async def body() -> None:
        async with linked() as (control, engine):
            control.post(OpenLane("before", 1, heard=True))
            with pytest.raises(OverflowError):
                control.post(OpenLane("wrong", 1 << 80, heard=True))
            control.post(OpenLane("after", 1, heard=True))
            says = aiter(engine)
            assert [space_of(await anext(says)) for _ in range(2)] == ["before", "after"]

    asyncio.run(body())


def test_a_slow_reader_loses_sound_but_no_control_message() -> None:
    async def body() -> None:
        async with linked() as (control, engine):
            frames = Frames("s", 1, [(1, 0, bytes(1200))] * 10, [])
            sent = 0
            while engine.post(frames):
                sent += 1
            assert sent * len(msgspec.msgpack.encode(frames)) > QUEUE
            assert not engine.post(frames)
            assert engine.dropped == 2
            assert engine.post(PeerLeft("p", "closed"))
            says = aiter(control)
            got = [await anext(says) for _ in range(sent + 1)]
            assert got[-1] == PeerLeft("p", "closed")

    asyncio.run(body())


@pytest.mark.parametrize(
    "junk",
    [
        struct.pack(">I", MAX_MESSAGE + 1),
        struct.pack(">I", 3) + b"\xc1\xc1\xc1",
        struct.pack(">I", 14) + msgspec.msgpack.encode({"type": "Nothing"}),
    ],
    ids=["too long", "not msgpack", "unknown message"],
)
def test_what_is_not_a_message_raises(junk: bytes) -> None:
    async def body() -> None:
        one, two = socket.socketpair()
        engine = await connect_engine(two)
        with one:
            one.sendall(junk)
            with pytest.raises(LinkError):
                await anext(aiter(engine))
        engine.close()
        await engine.wait_closed()

    asyncio.run(body())


def test_iteration_ends_when_the_other_side_is_gone_even_inside_a_message() -> None:
    async def body() -> None:
        one, two = socket.socketpair()
        engine = await connect_engine(two)
        one.sendall(struct.pack(">I", 100) + b"half")
        one.close()
        assert [message async for message in engine] == []
        engine.close()
        await engine.wait_closed()

    asyncio.run(body())


@given(st.binary(max_size=60))
def test_any_bytes_decode_or_are_refused(data: bytes) -> None:
    with contextlib.suppress(msgspec.MsgspecError):
        msgspec.msgpack.decode(data, type=messages.ToEngine)


def test_an_engine_comes_up_answers_and_goes() -> None:
    async def body() -> None:
        async with EngineProcess() as engine:
            assert engine.ready.host == "127.0.0.1"
            assert engine.ready.port > 0
            assert len(engine.ready.fingerprint) == 95
            await engine.send(AskStats())
            stats = await anext(aiter(engine))
            assert isinstance(stats, Stats)
            assert stats.gauges["spaces"] == 0
        assert await engine.wait() == 0
        with pytest.raises(ConnectionError):
            await engine.send(AskStats())
        await engine.stop()

    asyncio.run(body())


def test_what_was_sent_is_in_force_after_one_has_waited_for_it() -> None:
    async def body() -> None:
        async with EngineProcess() as engine:
            reading = asyncio.create_task(_all_of(engine))
            for number in range(20):
                engine.post(messages.OpenSpace(f"s{number}", time.time(), 0, 1))
                engine.post(AskStats())
            await engine.in_force()
            engine.kill()
            got = await reading
            assert [message.gauges["spaces"] for message in got if isinstance(message, Stats)] == list(range(1, 21))
            async with asyncio.timeout(5):
                with pytest.raises(ConnectionError):
                    await engine.in_force()  # nobody is there to answer

    asyncio.run(body())


async def _all_of(engine: EngineProcess) -> list[FromEngine]:
    return [message async for message in engine]


def test_messages_about_what_is_not_open_are_ignored_and_counted() -> None:
    async def body() -> None:
        async with EngineProcess() as engine:
            for message in (
                messages.CloseSpace("x"),
                messages.OpenLane("x", 1, True),
                messages.CloseLane("x", 1),
                messages.SetLaneOpen("x", 1, True),
                messages.Uplink("x", 1, 1, b"a"),
                messages.Redact("x", "r1", 1, 1, 2),
                messages.SetDelay("x", 200, True),
                messages.Unredact("x", "r1"),
                messages.SubscribeOutputs("x", []),
                messages.RemovePeer("x"),
                messages.MovePeer("x", 1),
                messages.OpenSpace("s", time.time(), 0, 1),
                messages.OpenSpace("s", time.time(), 0, 1),
                messages.OpenSpace("t", time.time(), 0, 1, 501),
                messages.OpenLane("s", 0, True),
            ):
                await engine.send(message)
            await engine.send(AskStats())
            stats = await anext(aiter(engine))
            assert isinstance(stats, Stats)
            assert stats.counters["messages_ignored"] == 14

    asyncio.run(body())


def test_a_killed_engine_ends_the_iteration() -> None:
    async def body() -> None:
        async with EngineProcess() as engine:
            os.kill(engine.pid, signal.SIGKILL)
            assert [message async for message in engine] == []
            assert await engine.wait() == -signal.SIGKILL

    asyncio.run(body())


def test_an_engine_goes_on_ctrl_c_and_leaves_on_sigterm() -> None:
    async def body() -> None:
        async with EngineProcess() as engine:
            os.kill(engine.pid, signal.SIGINT)
            await engine.send(AskStats())
            assert isinstance(await anext(aiter(engine)), Stats)
            os.kill(engine.pid, signal.SIGTERM)
            assert await asyncio.wait_for(engine.wait(), 5) == 0

    asyncio.run(body())


def test_an_address_that_is_taken_is_told(capfd: pytest.CaptureFixture[str]) -> None:
    async def body() -> None:
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as taken:
            taken.bind(("127.0.0.1", 0))
            port = taken.getsockname()[1]
            with pytest.raises(EngineFailed, match=f"UDP port {port} is taken, mostly by another spacesctl.*set `udp`"):
                async with EngineProcess(udp=f"127.0.0.1:{port}"):
                    raise AssertionError("it came up")

    asyncio.run(body())
    assert capfd.readouterr().err == "", "the error says it, and no line of a log beside it"


CONTROL = """
import asyncio
from spacesctl.engine.process import EngineProcess
async def main():
    async with EngineProcess() as engine:
        print(engine.pid, flush=True)
        await asyncio.sleep(60)
asyncio.run(main())
"""


def test_the_engine_needs_neither_codecs_of_video_nor_a_web_server() -> None:
    script = (
        "import sys, spacesctl.engine.__main__\n"
        "sys.exit(', '.join({'av', 'aiortc', 'fastapi', 'sqlalchemy', 'uvloop'} & set(sys.modules)) or 0)"
    )
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=False)
    assert (done.returncode, done.stderr) == (0, "")


def test_no_engine_is_left_when_control_is_killed() -> None:
    with subprocess.Popen([sys.executable, "-c", CONTROL], stdout=subprocess.PIPE, text=True) as control:
        engine = psutil.Process(int(sure(control.stdout).readline()))
        control.kill()
    until = time.monotonic() + 5
    while engine.is_running() and engine.status() != psutil.STATUS_ZOMBIE:
        assert time.monotonic() < until, "the engine outlived control"
        time.sleep(0.02)
