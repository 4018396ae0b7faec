"""The load client must see what is lost, and say so; the commands must refuse what makes no sense."""

from __future__ import annotations

import asyncio
import os
import shutil
import signal
import socket
import subprocess
from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path

import pytest

from spacesctl.bench import floor, report
from spacesctl.bench.capacity import MOST_PARTS, TRIES, Beside, CapacityCost, Point, _largest, calm, costs
from spacesctl.bench.fanout import Slope, slopes
from spacesctl.bench.floor import Floor, FloorOf, FloorWindow
from spacesctl.bench.peers import Round, _as_a_server, _try, in_relation
from spacesctl.bench.voice import packets
from spacesctl.cli.bench import _counts
from spacesctl.domain.errors import Invalid, Refused
from spacesctl.engine.messages import SubscribeOutputs
from spacesctl.probe import machine
from spacesctl.probe.description import NotConnected
from spacesctl.probe.jitter_probe import Jitter, jitter_probe
from spacesctl.probe.listener_pool import ListenerPool, together
from spacesctl.probe.pooled_listener import PooledListener
from spacesctl.probe.receive_loop import ReceiveLoop
from spacesctl.rtc import rtp
from spacesctl.rtc.dtls import Identity
from tests.bench.results import CAPACITY, PEERS
from tests.engine.studio import SPACE, run, studio
from tests.typed import sure
from tests.webrtc import own_address


@pytest.fixture
def wire() -> Iterator[tuple[socket.socket, socket.socket]]:
    """A socket that is drained, and one that sends to it."""
    with (
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as ear,
        socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as mouth,
    ):
        ear.bind(("127.0.0.1", 0))
        mouth.connect(ear.getsockname())
        yield ear, mouth


@pytest.fixture
def free_again() -> Iterator[None]:
    """Whatever is pinned here is not for the tests that follow."""
    allowed = os.sched_getaffinity(0)
    yield
    for task in Path("/proc/self/task").iterdir():
        os.sched_setaffinity(int(task.name), allowed)


@pytest.mark.usefixtures("free_again")
def test_what_is_measured_next_has_its_own_core_again() -> None:
    measured, rest = machine.cores()
    machine.pin_self(rest)
    assert os.sched_getaffinity(0) == rest
    assert machine.cores() == (measured, rest)
    with subprocess.Popen(["sleep", "20"]) as process:
        for cores in (measured, rest, measured):
            machine.pin(process.pid, cores)
            assert os.sched_getaffinity(process.pid) == cores
        process.kill()


@pytest.mark.parametrize(
    ("sequences", "count", "lost", "reordered"),
    [
        (range(200), 200, 0, 0),
        (range(65_500, 65_600), 100, 0, 0),
        ([*range(10), *range(13, 20)], 17, 3, 0),
        ([0, 2, 1, 3], 4, 0, 1),
        ([5], 1, 0, 0),
    ],
    ids=["more than fit in a call", "over the turn", "a gap", "out of order", "one"],
)
def test_gaps_and_disorder_are_seen(
    wire: tuple[socket.socket, socket.socket], sequences: Sequence[int], count: int, lost: int, reordered: int
) -> None:
    ear, mouth = wire
    for sequence in sequences:
        mouth.send(rtp.header(111, sequence, 0, 7) + b"opus")
    drain = ReceiveLoop()
    assert drain.read(ear) == len(sequences)
    tally = drain.tally(ear)
    assert (tally.count, tally.lost, tally.reordered) == (count, lost, reordered)


def test_a_gap_between_two_windows_counts(wire: tuple[socket.socket, socket.socket]) -> None:
    ear, mouth = wire
    drain = ReceiveLoop()
    for sequence in (1, 2, 9):
        mouth.send(rtp.header(111, sequence, 0, 7) + b"opus")
        drain.read(ear)
        lost = drain.tally(ear).lost
        drain.tally(ear).begin()
    assert lost == 6


def test_what_is_not_rtp_is_no_packet_and_no_gap(wire: tuple[socket.socket, socket.socket]) -> None:
    ear, mouth = wire
    for data in (
        rtp.header(111, 1, 0, 7),
        b"\x80\xc8" + bytes(26),
        b"\x16\xfe\xfd" + bytes(20),
        rtp.header(111, 2, 0, 7),
    ):
        mouth.send(data)
    drain = ReceiveLoop()
    assert drain.read(ear) == 4
    assert (drain.tally(ear).count, drain.tally(ear).lost) == (2, 0)


def test_a_crowd_joins_a_true_engine_loses_nothing_and_decodes_all(monkeypatch: pytest.MonkeyPatch) -> None:
    address = own_address()
    monkeypatch.setattr("tests.engine.studio.own_address", lambda: address)

    async def body() -> None:
        async with studio() as space:
            await space.engine.send(SubscribeOutputs(SPACE, [0]))

            async def signal(listener: PooledListener) -> None:
                answer = await space.admit(listener.offer(), listener.name, "down", 0, 0)
                listener.answer(answer.sdp)

            async with ListenerPool(signal, address) as crowd:
                await crowd.grow(5)
                await crowd.begin()
                await asyncio.sleep(1.0)
                counted = await crowd.counted()
                crowd.leave(crowd.listeners[0])
                assert len(crowd.listeners) == 4
            assert counted.packets >= 5 * 2, "of silence, a packet each 400 ms"
            assert (counted.lost, counted.undecoded, counted.whole) == (0, 0, 3)

    run(body)


def test_a_listener_that_nobody_answers_says_so() -> None:
    async def body() -> None:
        listener = PooledListener(Identity(), "one")
        with listener.socket, pytest.raises(NotConnected):
            listener.answer(listener.offer())  # itself: no ICE agent
            await listener.connect(0.1)

    asyncio.run(body())


def test_of_many_that_fail_one_is_told_and_none_is_left() -> None:
    async def fail() -> None:
        raise NotConnected("nobody answers")

    async def body() -> None:
        with pytest.raises(NotConnected, match="nobody"):
            await together([fail(), asyncio.sleep(60), fail()])

    asyncio.run(body())


def test_an_answer_without_a_candidate_is_told() -> None:
    listener = PooledListener(Identity(), "one")
    with listener.socket, pytest.raises(NotConnected, match="candidate"):
        listener.answer("v=0\r\n")


def test_the_slope_is_what_one_more_costs() -> None:
    assert slopes([(500, 10.0), (1500, 30.0)]) == [Slope(few=500, many=1500, ms_per_listener_second=0.2)]
    assert slopes([(500, 10.0)]) == []


def test_the_voice_never_pauses() -> None:
    assert len(packets()) > 250
    assert min(map(len, packets())) > 10


@pytest.mark.parametrize("way", floor.WAYS)
def test_a_missing_compiler_or_header_is_told_with_what_to_install(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path, way: str
) -> None:
    monkeypatch.setattr(shutil, "which", lambda name: None)
    with pytest.raises(Refused) as caught:
        floor.compiled(way, tmp_path)
    assert "gcc" in sure(caught.value.hint)
    monkeypatch.setattr(shutil, "which", lambda name: "/usr/bin/cc")
    monkeypatch.setattr(
        subprocess,
        "run",
        lambda *_, **__: subprocess.CompletedProcess([], 1, "", "floor.c:14: fatal error: no such file\n"),
    )
    with pytest.raises(Refused) as caught:
        floor.compiled(way, tmp_path)
    assert floor.WAYS[way][1] in sure(caught.value.hint)


def test_more_sockets_than_are_allowed_are_refused_before_anything_starts() -> None:
    with pytest.raises(Refused, match="ulimit"):
        machine.need_descriptors(10_000_000)


@pytest.mark.parametrize("text", ["", "x", "5,", "0", "-3,4"])
def test_a_number_that_makes_no_sense_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        _counts(text)


def test_numbers_come_in_order_and_once() -> None:
    assert _counts("1500,500,500") == [500, 1500]


def test_reports_show_every_figure_of_a_result() -> None:
    window = FloorWindow(
        listeners=7, seconds=1.0, core_percent=1.0, cpu_ms_per_listener_second=0.2, ticks=9, ticks_late=2, packets=60,
        lost=3,
    )  # fmt: skip
    way = FloorOf([window], slopes([(7, 1.0), (17, 2.0)]))
    made = report.floor(Floor(machine.described(), 80, {"srtp": way}))
    assert [[row[key] for key in made.columns.values()] for row in made.rows] == [
        ["srtp", "7", "1.0", "0.200", "3", "2/9"]
    ]
    assert made.notes[0].startswith("srtp: 1.000 ms")
    theirs, ours = ([Round([_as_a_server(window)], slope) for slope in each] for each in ((20.0, 18.0), (0.2, 0.3)))
    result = replace(
        PEERS,
        missing={"Janus Streaming": "is not installed"},
        results={"aiortc": theirs[:1]},
        ms_per_listener_second={"aiortc": 20.0},
        ratios={"aiortc": 80.0},
        ratios_of_rounds={"aiortc": in_relation(theirs, ours)},
    )
    made = report.peers(result)
    assert list(made.rows[0].values()) == ["aiortc", "7", "20.000", "80.00", "60.00 to 100.00", "3"]
    assert made.notes[0] == "Janus Streaming: is not installed"


def point(listeners: int, core: float, late: int = 0) -> Point:
    return Point(listeners, core, 500, late, 0, Jitter(500, 0, 0.0), not late)


def test_what_one_more_costs_is_compared_side_by_side() -> None:
    beside = [
        Beside(500, {"floor evp": (20.0, 5.0), "floor srtp": (21.0, 9.0)}),
        Beside(1500, {"floor evp": (38.0, 17.0), "floor srtp": (39.0, 45.0)}),
    ]
    made = costs(beside)
    assert made["floor evp"] == CapacityCost(ours=0.18, floor=0.12, ratio=1.5)
    assert made["floor srtp"].ratio == 0.5
    found = {"spacesctl": [point(1000, 30), point(2000, 55, late=9)], "floor evp": [point(1000, 10)]}
    shown = report.capacity(replace(CAPACITY, points=found, largest={"spacesctl": 1000}, cost=made))
    assert [row["late"] for row in shown.rows] == ["0/500", "9/500", "0/500"]
    assert "1.50 x floor evp" in shown.notes[1]


@pytest.mark.parametrize(
    ("late", "asked", "carried"),
    [
        ([0, 0, 0], [10, 20, 30], [True, True, True]),
        ([0, 3, 0, 0], [10, 20, 30], [True, True, True]),
        ([0, *[3] * TRIES], [10, 20], [True, False]),
        ([3] * TRIES, [10], [False]),
    ],
    ids=["all", "at the second try", "too many", "none"],
)
def test_the_largest_number_is_looked_for_until_one_is_too_many(
    late: list[int], asked: list[int], carried: list[bool]
) -> None:
    windows = list(late)

    async def measuring(count: int) -> Point:
        return point(count, 30, windows.pop(0))

    points = asyncio.run(_largest([10, 20, 30], measuring))
    assert [one.listeners for one in points] == asked
    assert [one.carried for one in points] == carried
    assert windows == []


@pytest.mark.parametrize(
    ("late", "stood_still", "seen"),
    [
        ([1, 0, 2, 0], [0, 0, 0, 0], (120, 3, 4, 0)),
        ([9, 0, 9, 0, 1, 0], [2, 0, 1, 0, 0, 0], (120, 1, 4, 2)),
        ([0, *[9] * (MOST_PARTS - 1)], [0, *[1] * (MOST_PARTS - 1)], (30, 0, 1, MOST_PARTS - 1)),
        ([1] * MOST_PARTS, [1] * MOST_PARTS, (30 * MOST_PARTS, MOST_PARTS, MOST_PARTS, 0)),
    ],
    ids=["in none", "in two", "in all but one", "in all"],
)
def test_parts_of_a_window_in_which_the_machine_stood_still_are_measured_again(
    late: list[int], stood_still: list[int], seen: tuple[int, int, int, int]
) -> None:
    parts = [
        replace(point(7, 30, how_late), ticks=30, machine_stood_still=Jitter(30, still, 1.0))
        for how_late, still in zip(late, stood_still, strict=True)
    ]

    async def measuring(_count: int) -> Point:
        return parts.pop(0)

    window = asyncio.run(calm(measuring, 7))
    assert (window.ticks, window.ticks_late, window.parts, window.left_out) == seen
    assert parts == []


def test_a_peer_that_is_not_installed_is_told_and_left_out_of_all_rounds() -> None:
    tries = []

    async def refuse() -> None:
        tries.append(1)
        raise Refused("no_janus", "Janus is not installed here", hint="apt-get install janus")

    found: dict[str, list[None]] = {}
    missing: dict[str, str] = {}
    for _ in range(3):
        asyncio.run(_try("Janus", found, missing, refuse))
    assert len(tries) == 1
    assert (found, missing) == ({}, {"Janus": "Janus is not installed here: apt-get install janus"})


def test_a_witness_sees_when_the_machine_stands_still() -> None:
    async def body() -> None:
        async with jitter_probe() as watching:
            await asyncio.sleep(0.3)
            awake = await watching.read()
            watching._process.send_signal(signal.SIGSTOP)
            await asyncio.sleep(0.15)
            watching._process.send_signal(signal.SIGCONT)
            stopped = await watching.read()
        assert awake.ticks >= 2
        assert stopped.late >= 1
        assert stopped.late_ms_max >= 100

    asyncio.run(body())
