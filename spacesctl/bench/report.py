"""Figures as rows for people: what a command prints without `--json`."""

from __future__ import annotations

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


def fanout(result: dict[str, Any]) -> Report:
    """Windows of `bench fanout`, and the cost of one more listener."""
    rows = [
        _sent(one, one["counters"]["ticks_late"], one["counters"]["ticks"]) | _inside(one) for one in result["windows"]
    ]
    title = f"Fan-out: packets of {result['packet_ms']} ms, who talks: {result['speakers']}"
    columns = _SENDING | {"skipped": "skipped", "work p99 ms": "work", "MiB": "memory"}
    return Report(title, columns, rows, [*slopes(result["slopes"]), machine(result)])


def floor(result: dict[str, Any]) -> Report:
    """Windows of `bench floor` for each cipher."""
    rows, notes = [], list[str]()
    for way, found in result["ways"].items():
        rows += [{"cipher": way} | _sent(one, one["ticks_late"], one["ticks"]) for one in found["windows"]]
        notes += slopes(found["slopes"], way)
    title = f"Floor in C: protect and sendmmsg, {result['payload_bytes']} bytes of Opus every 20 ms"
    return Report(title, {"cipher": "cipher"} | _SENDING, rows, [*notes, machine(result)])


def storm(result: dict[str, Any]) -> Report:
    """The two halves of `bench join-storm`."""
    rows = [
        {
            "what": what,
            "seconds": f"{result[what]['seconds']:.2f}",
            "cpu": f"{result[what]['cpu_seconds']:.2f}",
            "late": f"{result[what]['ticks_late']}/{result[what]['ticks']}",
            "skipped": str(result[what]["ticks_skipped"]),
        }
        for what in ("coming", "leaving")
    ]
    columns = {"": "what", "seconds": "seconds", "core s": "cpu", "late ticks": "late", "skipped": "skipped"}
    title = f"{result['joins']} come and go while {result['listeners']} listen"
    notes = [
        f"lost by those who stayed: {result['lost_by_those_who_stayed']} packets at {result['listeners_with_loss']} listeners",
        f"a join: {result['join_ms_engine']:.2f} ms of the engine, {result['join_ms_control']:.2f} ms of the HTTP side",
        machine(result),
    ]
    return Report(title, columns, rows, notes)


def machine(result: dict[str, Any]) -> str:
    here = result["machine"]
    return f"{here['cpu']}, {here['cores']} cores, Linux {here['kernel']}, Python {here['python']}, load {here['load']}"


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


def _inside(one: dict[str, Any]) -> dict[str, str]:
    return {
        "skipped": str(one["counters"]["ticks_skipped"]),
        "work": f"{one['timings']['work_ms_p99']:.2f}",
        "memory": f"{one['memory_mib']:.0f}",
    }
