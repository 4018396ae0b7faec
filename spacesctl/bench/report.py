"""Figures as rows for people: what a command prints without `--json`."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class Report:
    """A heading, a table (`columns` is heading -> key), and sentences below it."""

    title: str
    columns: dict[str, str]
    rows: list[dict[str, str]]
    notes: list[str] = field(default_factory=list)


_SENDING = {"listeners": "listeners", "core %": "core", "ms/listener-s": "each", "lost": "lost", "late ticks": "late"}

_MACHINE = "late with nothing to do"
"""Of a process on the same core that only waits: what is late there is the machine's doing."""


def fanout(result: dict[str, Any]) -> Report:
    """Windows of `bench fanout`, and the cost of one more listener."""
    rows = [
        _sent(one, one["counters"]["ticks_late"], one["counters"]["ticks"]) | _inside(one) for one in result["windows"]
    ]
    title = f"Fan-out: packets of {result['packet_ms']} ms, who talks: {result['speakers']}"
    columns = _SENDING | {
        _MACHINE: "machine",
        "skipped": "skipped",
        "work p99 ms": "work",
        "its CPU": "cpu",
        "MiB": "memory",
    }
    return Report(title, columns, rows, [*slopes(result["slopes"]), machine(result)])


def floor(result: dict[str, Any]) -> Report:
    """Windows of `bench floor` for each cipher."""
    rows, notes = [], list[str]()
    for way, found in result["ways"].items():
        rows += [{"cipher": way} | _sent(one, one["ticks_late"], one["ticks"]) for one in found["windows"]]
        notes += slopes(found["slopes"], way)
    title = f"Floor in C: protect and sendmmsg, {result['payload_bytes']} bytes of Opus every 20 ms"
    return Report(title, {"cipher": "cipher"} | _SENDING, rows, [*notes, machine(result)])


def capacity(result: dict[str, Any]) -> Report:
    """Who carried how many in `bench capacity`."""
    rows = [
        {
            "who": name,
            "listeners": str(one["listeners"]),
            "core": f"{one['core_percent']:.1f}",
            "lost": str(one["lost"]),
            "late": f"{one['ticks_late']}/{one['ticks']}",
            "machine": _stood_still(one),
        }
        for name, points in result["points"].items()
        for one in points
    ]
    notes = [f"the largest number that {name} carried: {most}" for name, most in result["largest"].items()]
    notes += [
        f"side by side, a further listener: {one['ours']:.3f} ms a second, {one['ratio']:.2f} x {name} ({one['floor']:.3f})"
        for name, one in result["cost"].items()
    ]
    left_out = sum(one["left_out"] for points in result["points"].values() for one in points)
    notes.append(f"parts of windows that do not count, because the machine stood still: {left_out}")
    columns = {"who": "who", "listeners": "listeners", "core %": "core", "lost": "lost", "late ticks": "late"}
    return Report(
        "Capacity: packets of 20 ms, one voice", columns | {_MACHINE: "machine"}, rows, [*notes, machine(result)]
    )


def storm(result: dict[str, Any]) -> Report:
    """The two halves of `bench join-storm`."""
    rows = [
        {
            "what": what,
            "seconds": f"{result[what]['seconds']:.2f}",
            "cpu": f"{result[what]['cpu_seconds']:.2f}",
            "late": f"{result[what]['ticks_late']}/{result[what]['ticks']}",
            "skipped": str(result[what]["ticks_skipped"]),
            "machine": _stood_still(result[what]),
        }
        for what in ("coming", "leaving")
    ]
    columns = {
        "": "what",
        "seconds": "seconds",
        "core s": "cpu",
        "late ticks": "late",
        "skipped": "skipped",
        _MACHINE: "machine",
    }
    title = f"{result['joins']} come and go while {result['listeners']} listen"
    notes = [
        f"lost by those who stayed: {result['lost_by_those_who_stayed']} packets at {result['listeners_with_loss']} listeners",
        f"a join: {result['join_ms_engine']:.2f} ms of the engine, {result['join_ms_control']:.2f} ms of the HTTP side",
        machine(result),
    ]
    return Report(title, columns, rows, notes)


def machine(result: dict[str, Any]) -> str:
    here = result["machine"]
    system = f"{here['cpu']}, {here['cores']} cores, Linux {here['kernel']}, Python {here['python']}"
    return f"{system}, sealing: {here['sealing']}, load {here['load']}"


def slopes(found: list[dict[str, float]], name: str = "one more listener") -> list[str]:
    return [
        f"{name}: {one['ms_per_listener_second']:.3f} ms a second, from {one['from']:.0f} to {one['to']:.0f}"
        for one in found
    ]


def _sent(one: dict[str, Any], late: int, ticks: int) -> dict[str, str]:
    return {
        "listeners": str(one["listeners"]),
        "core": f"{one['core_percent']:.1f}",
        "each": f"{one['cpu_ms_per_listener_second']:.3f}",
        "lost": str(one["lost"]),
        "late": f"{late}/{ticks}",
    }


def _stood_still(one: dict[str, Any]) -> str:
    seen = one["machine_stood_still"]
    return f"{seen['late']}/{seen['ticks']}"


def _inside(one: dict[str, Any]) -> dict[str, str]:
    return {
        "machine": _stood_still(one),
        "skipped": str(one["counters"]["ticks_skipped"]),
        "work": f"{one['timings']['work_ms_p99']:.2f}",
        "cpu": f"{one['timings']['cpu_ms_p99']:.2f}",
        "memory": f"{one['memory_mib']:.0f}",
    }


def peers(result: dict[str, Any]) -> Report:
    """What one more listener costs with each, and in relation to ours at 20 ms."""
    rows = [
        {
            "who": name,
            "listeners": " to ".join(str(one["listeners"]) for one in result["results"][name][0]["windows"]),
            "each": f"{value:.3f}",
            "ratio": f"{result['ratios'][name]:.2f}",
            "rounds": _ends(result["ratios_of_rounds"][name]),
            "lost": str(sum(window["lost"] for one in result["results"][name] for window in one["windows"])),
        }
        for name, value in result["ms_per_listener_second"].items()
    ]
    columns = {
        "who": "who",
        "listeners": "listeners",
        "ms/listener-s": "each",
        "x ours": "ratio",
        "in single rounds": "rounds",
        "lost": "lost",
    }
    title = f"What one more listener costs: medians of {result['rounds']} rounds, in turns"
    return Report(
        title, columns, rows, [*(f"{name}: {why}" for name, why in result["missing"].items()), machine(result)]
    )


def _ends(values: Sequence[float]) -> str:
    return f"{min(values):.2f} to {max(values):.2f}"


def soak(result: dict[str, Any]) -> Report:
    """What grew."""
    rows = [
        {
            "process": name,
            "memory": f"{one['memory_mib'][-1]:.1f}",
            "slope": f"{one['memory_mib_per_hour']:+.2f}",
            "files": str(one["files"][-1]),
            "growth": f"{one['files_per_hour']:+.1f}",
        }
        for name, one in result["processes"].items()
    ]
    columns = {"process": "process", "MiB": "memory", "MiB/h": "slope", "files": "files", "files/h": "growth"}
    counters = result["counters"]
    title = f"{result['minutes']:g} minutes, {result['listeners']} listeners who come and go, who talks: {result['speakers']}"
    late = f"{counters['ticks_late']} of {counters['ticks']} ticks late, the worst by {result['late_ms_max']:.1f} ms"
    still = f"late with nothing to do: {_stood_still(result)}, the worst by {result['machine_stood_still']['late_ms_max']:.1f} ms"
    calm = result["calm"]
    told = f"while the machine did not stand still ({calm['spans']} of {calm['of']} spans): {calm['late']} of {calm['ticks']} ticks late"
    told += f", {calm['skipped']} skipped (none is unless one is 20 ms late)"
    return Report(title, columns, rows, [f"{late}; {result['lost']} packets lost", still, told, machine(result)])
