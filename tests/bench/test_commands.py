"""The commands of `bench`: what they pass on, what they print, and when they fail."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import replace

import pytest

from spacesctl.api.wire import plain
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
    SERVED,
    SOAK,
    STORM,
    WINDOW,
)
from tests.cli import inside

RESULTS: Mapping[str, object] = {
    "fanout": FANOUT, "storm": STORM, "soak": SOAK, "ogg": OGG, "floor": FLOOR, "capacity": CAPACITY, "peers": PEERS,
    "loss": LOSS, "latency": LATENCY, "beside_icecast": BESIDE, "redaction": REDACTIONS, "numbers": NUMBERS,
    "hearing": HEARING,
}  # fmt: skip
"""By module, what its `measure` returns here."""


def run(monkeypatch: pytest.MonkeyPatch, module: str, result: object, *words: str) -> tuple[inside.Done, list[object]]:
    """What the command prints when its module measures this, and what it was asked to measure."""
    asked: list[object] = []

    async def measure(*args: object) -> object:
        asked.extend(args)
        return result

    monkeypatch.setattr(f"spacesctl.bench.{module}.measure", measure)
    return inside.run("http://127.0.0.1:9", "", "bench", *words), asked


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
        ("beside_icecast", ["icecast", "--players", "3"], [3, 10.0], ["20.5", "1.33 times", "Icecast 0.0150"]),
        ("floor", ["floor", "--seconds", "2"], [[500, 1500], 2.0, ["srtp", "evp"]], ["80 bytes", "nothing was measured"]),
        ("capacity", ["capacity", "--from", "5", "--step", "6", "--to", "7"], [5, 6, 7, 20.0], ["carried: 1500"]),
        ("peers", ["peers", "--rounds", "2"], [2, 10.0], ["medians of 3 rounds"]),
        ("loss", ["loss", "--network", "5 %", "--server", "aiortc", "--seed", "4"], [["5 %"], ["aiortc"], None, [4]],
         ["wide-band PESQ"]),
        ("redaction", ["redaction", "--phrases", "20"], [20, None, (2.0, 3.0, 4.0, 6.0)],
         ["48 of 50", "98.8", "1.2", "3.50", "p50 0.75, p95 1.00, p99 1.25", "withdrawn: 4",
          "97.5 % is at most -20 dB", "finds 0 of 50 again"]),
        ("numbers", ["numbers", "--count", "20"], [20, None, (2.0, 3.0, 4.0, 6.0)],
         ["all that are redacted", "99.5", "94.0", "1.2", "withdrawn: 9"]),
        ("hearing", ["hearing", "--seconds", "60"], [7, 60.0, None, None],
         ["1.75", "37.5", "0.25", "slowed to 0.3 s", "given up: 6 times", "not as it should be: nothing"]),
        ("latency", ["mouth-to-ear", "--calls", "2"], [["spacesctl", "aiortc", "AudioBridge"], 2, 20.0], ["Latency"]),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)  # fmt: skip
def test_a_bench_is_asked_for_what_the_options_say_and_shown_as_a_table(
    monkeypatch: pytest.MonkeyPatch, module: str, words: list[str], asked: list[object], printed: list[str]
) -> None:
    done, args = run(monkeypatch, module, RESULTS[module], *words)
    assert done.returncode == 0, done.stderr
    assert args[: len(asked)] == asked
    for text in [*printed, "a cpu, 2 cores, Linux 6"]:
        assert text in done.stdout + done.stderr


@pytest.mark.parametrize("module", ["soak", "ogg"])
def test_with_json_the_whole_result_is_one_object(monkeypatch: pytest.MonkeyPatch, module: str) -> None:
    done, _ = run(monkeypatch, module, RESULTS[module], module, "--json")
    assert json.loads(done.stdout) == plain(RESULTS[module])


@pytest.mark.parametrize(
    ("module", "command", "result"),
    [
        ("fanout", "fanout", replace(FANOUT, windows=[replace(WINDOW, lost=1)])),
        ("fanout", "fanout", replace(FANOUT, windows=[WINDOW, replace(WINDOW, undecoded=1)])),
        ("storm", "join-storm", replace(STORM, lost_by_those_who_stayed=2)),
        ("soak", "soak", replace(SOAK, lost=1)),
        ("ogg", "ogg", replace(OGG, costs={"ogg": replace(COST, lost=1)})),
        ("beside_icecast", "icecast", replace(BESIDE, served=[replace(SERVED, lost=1)])),
        ("ogg", "ogg", replace(OGG, costs={"ogg": replace(COST, broken=1)})),
        ("ogg", "ogg", replace(OGG, costs={"ogg": replace(COST, starved=1)})),
    ],
)
def test_a_bench_in_which_sound_was_lost_fails_and_shows_its_result(
    monkeypatch: pytest.MonkeyPatch, module: str, command: str, result: object
) -> None:
    done, _ = run(monkeypatch, module, result, command)
    assert done.returncode == 1
    assert "a cpu" in done.stdout
