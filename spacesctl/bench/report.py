"""Makes tables of the results: what `spacesctl bench` prints without `--json`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from spacesctl.bench.capacity import Capacity
    from spacesctl.bench.fanout import Fanout, Slope, Window
    from spacesctl.bench.floor import Floor, FloorWindow
    from spacesctl.bench.peers import Peers
    from spacesctl.bench.soak import Soak
    from spacesctl.bench.storm import Storm
    from spacesctl.probe.jitter_probe import Jitter
    from spacesctl.probe.machine import Machine


@dataclass(frozen=True)
class Report:
    """A title, a table (`columns` maps headings to keys of `rows`), and `notes` below it."""

    title: str
    columns: dict[str, str]
    rows: list[dict[str, str]]
    notes: list[str] = field(default_factory=list)


_SENDING = {"listeners": "listeners", "core %": "core", "ms/listener-s": "each", "lost": "lost", "late ticks": "late"}

_MACHINE = "late with nothing to do"
"""Heading for the late ticks of the jitter probe, an idle process on the same core: they are late because the machine stood still."""


def fanout(result: Fanout) -> Report:
    """The windows of `bench fanout`, and the cost of one more listener."""
    rows = [_sent(one, one.counters["ticks_late"], one.counters["ticks"]) | _inside(one) for one in result.windows]
    title = f"Fan-out: packets of {result.packet_ms} ms, speakers: {result.speakers}"
    columns = _SENDING | {
        _MACHINE: "machine",
        "skipped": "skipped",
        "work p99 ms": "work",
        "its CPU": "cpu",
        "MiB": "memory",
    }
    return Report(title, columns, rows, [*slopes(result.slopes), machine(result.machine)])


def floor(result: Floor) -> Report:
    """The windows of `bench floor` for each cipher, and the cost of one more listener."""
    rows, notes = [], list[str]()
    for way, found in result.ways.items():
        rows += [{"cipher": way} | _sent(one, one.ticks_late, one.ticks) for one in found.windows]
        notes += slopes(found.slopes, way)
    title = f"Floor in C: SRTP encryption and sendmmsg, {result.payload_bytes} bytes of Opus every 20 ms"
    return Report(title, {"cipher": "cipher"} | _SENDING, rows, [*notes, machine(result.machine)])


def capacity(result: Capacity) -> Report:
    """The numbers of listeners in `bench capacity`, and the cost of one more."""
    rows = [
        {
            "who": name,
            "listeners": str(one.listeners),
            "core": f"{one.core_percent:.1f}",
            "lost": str(one.lost),
            "late": f"{one.ticks_late}/{one.ticks}",
            "machine": _stood_still(one.machine_stood_still),
        }
        for name, points in result.points.items()
        for one in points
    ]
    notes = [f"the largest number of listeners that {name} carried: {most}" for name, most in result.largest.items()]
    notes += [
        f"one more listener, at the same time: {one.ours:.3f} ms a second, {one.ratio:.2f} x {name} ({one.floor:.3f})"
        for name, one in result.cost.items()
    ]
    left_out = sum(one.left_out for points in result.points.values() for one in points)
    notes.append(f"parts of windows left out because the machine stood still: {left_out}")
    columns = {"who": "who", "listeners": "listeners", "core %": "core", "lost": "lost", "late ticks": "late"}
    return Report(
        "Capacity: packets of 20 ms, one voice",
        columns | {_MACHINE: "machine"},
        rows,
        [*notes, machine(result.machine)],
    )


def storm(result: Storm) -> Report:
    """The two halves of `bench join-storm`: joining and leaving."""
    rows = [
        {
            "what": what,
            "seconds": f"{half.seconds:.2f}",
            "cpu": f"{half.cpu_seconds:.2f}",
            "late": f"{half.ticks_late}/{half.ticks}",
            "skipped": str(half.ticks_skipped),
            "machine": _stood_still(half.machine_stood_still),
        }
        for what, half in (("coming", result.coming), ("leaving", result.leaving))
    ]
    columns = {
        "": "what",
        "seconds": "seconds",
        "core s": "cpu",
        "late ticks": "late",
        "skipped": "skipped",
        _MACHINE: "machine",
    }
    title = f"{result.joins} listeners join and leave while {result.listeners} others listen"
    notes = [
        f"packets lost by those who stayed: {result.lost_by_those_who_stayed}, at {result.listeners_with_loss} listeners",
        f"CPU of a join: {result.join_ms_engine:.2f} ms in the engine, {result.join_ms_control:.2f} ms in the HTTP server",
        machine(result.machine),
    ]
    return Report(title, columns, rows, notes)


def machine(here: Machine) -> str:
    """One line about the machine of a result."""
    system = f"{here.cpu}, {here.cores} cores, Linux {here.kernel}, Python {here.python}"
    return f"{system}, encryption: {here.sealing}, load {here.load}"


def slopes(found: Sequence[Slope], name: str = "one more listener") -> list[str]:
    """One line for each slope: the CPU that one more listener costs."""
    return [f"{name}: {one.ms_per_listener_second:.3f} ms a second, from {one.few} to {one.many}" for one in found]


def _sent(one: Window | FloorWindow, late: int, ticks: int) -> dict[str, str]:
    return {
        "listeners": str(one.listeners),
        "core": f"{one.core_percent:.1f}",
        "each": f"{one.cpu_ms_per_listener_second:.3f}",
        "lost": str(one.lost),
        "late": f"{late}/{ticks}",
    }


def _stood_still(seen: Jitter) -> str:
    return f"{seen.late}/{seen.ticks}"


def _inside(one: Window) -> dict[str, str]:
    return {
        "machine": _stood_still(one.machine_stood_still),
        "skipped": str(one.counters["ticks_skipped"]),
        "work": f"{one.timings['work_ms_p99']:.2f}",
        "cpu": f"{one.timings['cpu_ms_p99']:.2f}",
        "memory": f"{one.memory_mib:.0f}",
    }


def peers(result: Peers) -> Report:
    """The cost of one more listener with each server of `bench peers`, and its ratio to ours at 20 ms."""
    rows = [
        {
            "who": name,
            "listeners": " to ".join(str(one.listeners) for one in result.results[name][0].windows),
            "each": f"{value:.3f}",
            "ratio": f"{result.ratios[name]:.2f}",
            "rounds": _ends(result.ratios_of_rounds[name]),
            "lost": str(sum(window.lost for one in result.results[name] for window in one.windows)),
        }
        for name, value in result.ms_per_listener_second.items()
    ]
    columns = {
        "who": "who",
        "listeners": "listeners",
        "ms/listener-s": "each",
        "x ours": "ratio",
        "in single rounds": "rounds",
        "lost": "lost",
    }
    title = f"The cost of one more listener: medians of {result.rounds} rounds, in which the servers take turns"
    return Report(
        title, columns, rows, [*(f"{name}: {why}" for name, why in result.missing.items()), machine(result.machine)]
    )


def _ends(values: Sequence[float]) -> str:
    return f"{min(values):.2f} to {max(values):.2f}"


def soak(result: Soak) -> Report:
    """The memory and open files of each process in `bench soak`, and their growth."""
    rows = [
        {
            "process": name,
            "memory": f"{one.memory_mib[-1]:.1f}",
            "slope": f"{one.memory_mib_per_hour:+.2f}",
            "files": str(one.files[-1]),
            "growth": f"{one.files_per_hour:+.1f}",
        }
        for name, one in result.processes.items()
    ]
    columns = {"process": "process", "MiB": "memory", "MiB/h": "slope", "files": "files", "files/h": "growth"}
    counters, still, calm = result.counters, result.machine_stood_still, result.calm
    title = f"{result.minutes:g} minutes, {result.listeners} listeners who come and go, speakers: {result.speakers}"
    late = f"{counters['ticks_late']} of {counters['ticks']} ticks late, the worst by {result.late_ms_max:.1f} ms"
    idle = f"late with nothing to do: {_stood_still(still)}, the worst by {still.late_ms_max:.1f} ms"
    told = f"while the machine did not stand still ({calm.spans} of {calm.of} spans): {calm.late} of {calm.ticks} ticks late"
    told += f", {calm.skipped} skipped (a tick is skipped when the one before it is 20 ms late)"
    return Report(title, columns, rows, [f"{late}; {result.lost} packets lost", idle, told, machine(result.machine)])
