"""`bench`: what is asked reaches the measurement, and its result the exit code. What is measured is tested in `tests/bench`."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from spacesctl.api.wire import plain
from spacesctl.bench.latency import Delay
from tests.bench.results import (
    BESIDE,
    CAPACITY,
    COST,
    FANOUT,
    FLOOR,
    HEARING,
    LATENCY,
    LOSS,
    NUMBERS,
    OGG,
    PEERS,
    REDACTIONS,
    SOAK,
    STORM,
    WINDOW,
)
from tests.cli.inside import refused, run

RESULTS: Mapping[str, object] = {
    "floor": FLOOR, "fanout": FANOUT, "capacity": CAPACITY, "storm": STORM, "peers": PEERS, "ogg": OGG, "soak": SOAK,
    "loss": LOSS, "latency": LATENCY, "beside_icecast": BESIDE, "redaction": REDACTIONS, "numbers": NUMBERS,
    "hearing": HEARING,
}  # fmt: skip


class Measured:
    """Stands for a measurement, which takes minutes and loses nothing on a good machine: it keeps what it was asked."""

    def __init__(self, result: object) -> None:
        self.result = result
        self.asked: tuple[Any, ...] = ()

    async def __call__(self, *asked: Any) -> object:
        *rest, note = asked
        note("measuring")
        self.asked = tuple(rest)
        return self.result


def bench(monkeypatch: pytest.MonkeyPatch, module: str, result: object, *words: str) -> tuple[Measured, Any]:
    measured = Measured(result)
    monkeypatch.setattr(f"spacesctl.bench.{module}.measure", measured)
    return measured, run("http://127.0.0.1:9", "", "bench", *words, "--json")


@pytest.mark.parametrize(
    ("module", "words", "asked"),
    [
        ("floor", ["floor", "--listeners", "3,1,3", "--seconds", "2"], ([1, 3], 2.0)),
        ("fanout", ["fanout", "--packet-ms", "60", "--speakers", "4"], ([500, 1500], 10.0, "60", 4)),
        ("capacity", ["capacity", "--from", "10", "--step", "5", "--to", "20"], (10, 5, 20, 20.0)),
        ("storm", ["join-storm", "--listeners", "5", "--joins", "9"], (5, 9, 3.0, "20")),
        ("peers", ["peers", "--rounds", "2"], (2, 10.0)),
        ("ogg", ["ogg", "--listeners", "7"], (7, 10.0, "auto")),
        ("beside_icecast", ["icecast", "--players", "7"], (7, 10.0)),
        ("soak", ["soak", "--minutes", "1", "--listeners", "3"], (1.0, 3, 3)),
        ("loss", ["loss", "--network", "5 %", "--server", "aiortc", "--seed", "4"], (["5 %"], ["aiortc"], None, [4])),
        ("redaction", ["redaction", "--phrases", "20", "--model", "m"], (20, Path("m"), (2.0, 3.0, 4.0, 6.0))),
        ("numbers", ["numbers", "--count", "20"], (20, None, (2.0, 3.0, 4.0, 6.0))),
        ("hearing", ["hearing", "--talkers", "3", "--slow", "0.5"], (3, 600.0, None, 0.5)),
        ("latency", ["mouth-to-ear", "--server", "aiortc", "--calls", "1"], (["aiortc"], 1, 20.0)),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_what_is_asked_is_measured_and_the_result_is_all_of_stdout(
    monkeypatch: pytest.MonkeyPatch, module: str, words: list[str], asked: tuple[Any, ...]
) -> None:
    measured, done = bench(monkeypatch, module, RESULTS[module], *words)
    assert measured.asked[: len(asked)] == asked
    assert json.loads(done.stdout) == plain(RESULTS[module])
    assert (done.returncode, done.stderr) == (0, "measuring\n")


@pytest.mark.parametrize(
    ("module", "command", "result"),
    [
        ("fanout", "fanout", replace(FANOUT, windows=[WINDOW, replace(WINDOW, lost=1)])),
        ("fanout", "fanout", replace(FANOUT, windows=[replace(WINDOW, undecoded=1)])),
        ("storm", "join-storm", replace(STORM, lost_by_those_who_stayed=2)),
        ("ogg", "ogg", replace(OGG, costs={"webrtc": COST, "ogg": replace(COST, starved=1)})),
        ("ogg", "ogg", replace(OGG, costs={"webrtc": replace(COST, lost=1), "ogg": COST})),
        ("soak", "soak", replace(SOAK, lost=1)),
    ],
    ids=["lost", "not decoded", "lost in a storm", "starved", "lost over WebRTC", "lost in a soak"],
)
def test_sound_that_was_lost_is_an_exit_code(
    monkeypatch: pytest.MonkeyPatch, module: str, command: str, result: object
) -> None:
    _, done = bench(monkeypatch, module, result, command)
    assert done.returncode == 1
    assert json.loads(done.stdout) == plain(result)


def test_a_result_for_people_is_a_table_with_remarks(monkeypatch: pytest.MonkeyPatch) -> None:
    delay = Delay("aiortc", p50=60.0, p95=71.5, worst=80.0, chirps=70, missed=0)
    measured = Measured(replace(LATENCY, delays=[delay], skipped={"AudioBridge": "Janus is not installed"}))
    monkeypatch.setattr("spacesctl.bench.latency.measure", measured)
    shown = run("http://127.0.0.1:9", "", "bench", "mouth-to-ear").stdout
    assert "aiortc" in shown
    assert "71.5" in shown
    assert "without AudioBridge: Janus is not installed" in shown
    assert measured.asked[0] == ["spacesctl", "aiortc", "AudioBridge"], "all that are known, if none is named"


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (["floor", "--listeners", "many"], "must be a number, or several with commas"),
        (["fanout", "--listeners", "0,5"], "must be at least 1"),
        (["loss", "--network", "wet string"], "must be one of"),
        (["mouth-to-ear", "--server", "nobody"], "must be one of spacesctl"),
    ],
)
def test_what_cannot_be_measured_is_refused(words: list[str], told: str) -> None:
    refused(run("http://127.0.0.1:9", "", "bench", *words), 2, told)
