"""The commands of `bench`: what they pass on, what they print, and when they fail."""

from __future__ import annotations

import json
from typing import Any

import pytest
from typer.testing import CliRunner

from spacesctl.cli.bench import bench

MACHINE = {"cpu": "a cpu", "cores": 2, "kernel": "6", "python": "3", "sealing": "compiled", "load": 0}
STILL = {"ticks": 50, "late": 1, "late_ms_max": 12.0}
COUNTERS = {"ticks": 500, "ticks_late": 2, "ticks_skipped": 1}
WINDOW: dict[str, Any] = {
    "listeners": 7, "core_percent": 1.0, "cpu_ms_per_listener_second": 0.2, "lost": 0, "undecoded": 0,
    "memory_mib": 80.0, "counters": COUNTERS, "machine_stood_still": STILL,
    "timings": {"work_ms_p99": 3.25, "cpu_ms_p99": 2.5},
}  # fmt: skip
HALF = {"seconds": 3.0, "cpu_seconds": 1.5, "machine_stood_still": STILL} | COUNTERS
PROCESS = {"memory_mib": [80.0, 81.5], "memory_mib_per_hour": 1.25, "files": [30, 31], "files_per_hour": -0.5}
RESULTS: dict[str, dict[str, Any]] = {
    "fanout": {"packet_ms": "20", "speakers": 2, "windows": [WINDOW], "slopes": []},
    "storm": {
        "joins": 100, "listeners": 50, "coming": HALF, "leaving": HALF, "lost_by_those_who_stayed": 0,
        "listeners_with_loss": 0, "join_ms_engine": 1.25, "join_ms_control": 2.5,
    },
    "soak": {
        "minutes": 5.0, "listeners": 9, "speakers": 1, "processes": {"engine": PROCESS}, "counters": COUNTERS,
        "late_ms_max": 14.0, "lost": 0, "machine_stood_still": STILL,
        "calm": {"spans": 3, "of": 4, "ticks": 400, "late": 1, "skipped": 0},
    },
    "ogg": {"packet_ms": "auto", "ratio": 0.25, "costs": {"ogg": {"way": "ogg", "lost": 0, "broken": 0, "starved": 0}}},
    "floor": {"payload_bytes": 80, "ways": {}},
    "capacity": {"points": {}, "largest": {"spacesctl": 1500}, "cost": {}},
    "peers": {"rounds": 3, "results": {}, "missing": {}, "ms_per_listener_second": {}},
    "loss": {"scores": [], "skipped": {}},
    "latency": {"delays": [], "skipped": {}},
}  # fmt: skip
"""By module, what its `measure` returns here."""


def run(monkeypatch: pytest.MonkeyPatch, module: str, *words: str, **changes: Any) -> tuple[Any, list[Any]]:
    """The command's result when its module measures `RESULTS` with these changes, and what it was asked to measure."""
    asked: list[Any] = []

    async def measure(*args: Any) -> dict[str, Any]:
        asked.extend(args)
        return {"machine": MACHINE} | RESULTS[module] | changes

    monkeypatch.setattr(f"spacesctl.bench.{module}.measure", measure)
    return CliRunner().invoke(bench, words), asked


@pytest.mark.parametrize(
    ("module", "words", "asked", "printed"),
    [
        ("fanout", ["fanout", "--listeners", "9,7", "--packet-ms", "60", "--speakers", "3"], [[7, 9], 10.0, "60", 3],
         ["packets of 20 ms, speakers: 2", "2/500", "1/50", "3.25", "80"]),
        ("storm", ["join-storm", "--listeners", "5", "--joins", "6", "--seconds", "2"], [5, 6, 2.0, "20"],
         ["100 listeners join and leave while 50", "coming", "leaving", "1.25 ms in the engine, 2.50 ms"]),
        ("soak", ["soak", "--minutes", "5", "--listeners", "9", "--speakers", "1"], [5.0, 9, 1],
         ["5 minutes, 9 listeners", "81.5", "+1.25", "-0.5", "2 of 500 ticks late, the worst by 14.0 ms",
          "(3 of 4 spans): 1 of 400 ticks late, 0 skipped", "1/50, the worst by 12.0 ms"]),
        ("ogg", ["ogg", "--listeners", "3"], [3, 10.0, "auto"], ["automatic packet time", "0.25 times"]),
        ("floor", ["floor", "--seconds", "2"], [[500, 1500], 2.0, ["srtp", "evp"]], ["80 bytes", "nothing was measured"]),
        ("capacity", ["capacity", "--from", "5", "--step", "6", "--to", "7"], [5, 6, 7, 20.0], ["carried: 1500"]),
        ("peers", ["peers", "--rounds", "2"], [2, 10.0], ["medians of 3 rounds"]),
        ("loss", ["loss", "--network", "5 %", "--server", "aiortc", "--seed", "4"], [["5 %"], ["aiortc"], None, 4],
         ["wide-band PESQ"]),
        ("latency", ["mouth-to-ear", "--calls", "2"], [["spacesctl", "aiortc", "AudioBridge"], 2, 20.0], ["Latency"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_bench_is_asked_for_what_the_options_say_and_shown_as_a_table(
    monkeypatch: pytest.MonkeyPatch, module: str, words: list[str], asked: list[Any], printed: list[str]
) -> None:
    result, args = run(monkeypatch, module, *words)
    assert result.exit_code == 0, result.output
    assert args[: len(asked)] == asked
    for text in [*printed, "a cpu, 2 cores, Linux 6"]:
        assert text in result.output


def test_with_json_the_whole_result_is_one_object(monkeypatch: pytest.MonkeyPatch) -> None:
    result, _ = run(monkeypatch, "soak", "soak", "--json")
    assert json.loads(result.stdout) == {"machine": MACHINE} | RESULTS["soak"]


@pytest.mark.parametrize(
    ("module", "command", "changes"),
    [
        ("fanout", "fanout", {"windows": [WINDOW | {"lost": 1}]}),
        ("fanout", "fanout", {"windows": [WINDOW, WINDOW | {"undecoded": 1}]}),
        ("storm", "join-storm", {"lost_by_those_who_stayed": 2}),
        ("soak", "soak", {"lost": 1}),
        *(("ogg", "ogg", {"costs": {"ogg": RESULTS["ogg"]["costs"]["ogg"] | {what: 1}}})
          for what in ("lost", "broken", "starved")),
    ],
)  # fmt: skip
def test_a_bench_in_which_sound_was_lost_fails_and_shows_its_result(
    monkeypatch: pytest.MonkeyPatch, module: str, command: str, changes: dict[str, Any]
) -> None:
    result, _ = run(monkeypatch, module, command, **changes)
    assert result.exit_code == 1
    assert "a cpu" in result.output
