"""The demo for real: both casts, its ends, its errors, and what it leaves behind."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any

import psutil
import pytest

from bots import casts
from bots.wer import word_error_rate
from spacesctl.domain.errors import Unavailable
from spacesctl.probe.server_process import serving

LOSS = 0.02
"""Nothing is lost where there is time to spare. A machine that runs other things beside lets the engine miss ticks, which then
nobody hears; nothing else may be lost."""
AT_ONCE = (os.cpu_count() or 1) >= 4
"""Each demo has a server, an engine, a recogniser for four voices, and everybody's clients."""


class Demo:
    """`spacesctl demo` as a process of its own, whose temporary folders are all in `place`."""

    def __init__(self, place: Path, *words: str) -> None:
        self.place = place
        self.process = subprocess.Popen(
            [sys.executable, "-m", "spacesctl", "demo", "--no-browser", *words],
            stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, cwd=place,
            env={**os.environ, "TMPDIR": str(place), "SPACESCTL_DATA": "/nonexistent", "SPACESCTL_TOKEN": "of somebody else"},
        )  # fmt: skip

    def finish(self, seconds: float) -> tuple[int, str, str]:
        out, err = self.process.communicate(timeout=seconds)
        return self.process.returncode, out, err

    def until(self, text: str) -> list[str]:
        """Lines of its standard error up to one with this text."""
        assert self.process.stderr is not None
        lines: list[str] = []
        for line in self.process.stderr:
            lines.append(line)
            if text in line:
                return lines
        raise AssertionError(f"it never said {text!r}: {''.join(lines)}")

    def server(self) -> psutil.Process:
        found = [one for one in psutil.Process(self.process.pid).children() if "serve" in one.cmdline()]
        assert len(found) == 1
        return found[0]

    @property
    def leftovers(self) -> list[str]:
        return [path.name for path in self.place.iterdir()]


@pytest.fixture
def demo(tmp_path: Path) -> Iterator[Any]:
    started: list[Demo] = []

    def start(*words: str) -> Demo:
        one = Demo(Path(tempfile.mkdtemp(dir=tmp_path)), *words)
        started.append(one)
        return one

    yield start
    for one in started:
        if one.process.poll() is None:
            one.process.kill()
        one.process.communicate(timeout=10)


def gone(family: list[psutil.Process], seconds: float = 8.0) -> bool:
    """Whether all these processes end in time."""
    _, alive = psutil.wait_procs(family, timeout=seconds)
    return not [one for one in alive if one.is_running() and one.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(240)
def test_both_casts_are_heard_captioned_and_moderated_each_in_its_own_way(demo: Any) -> None:
    def result(name: str) -> dict[str, Any]:
        one = demo("--cast", name, "--seconds", "30", "--json")
        status, out, err = one.finish(110)
        assert status == 0, err
        assert out.count("\n") == 1, "one object on standard output, all else on standard error"
        assert one.leftovers == []
        found: dict[str, Any] = json.loads(out)
        return found

    with ThreadPoolExecutor(2 if AT_ONCE else 1) as pool:
        results = dict(zip(casts.names(), pool.map(result, casts.names()), strict=True))
    for name in casts.names():
        is_right(casts.load(name), results[name])
    first, second = results.values()
    for differs in ("cast", "link", "speakers", "acts", "reports", "muted", "kicked", "listeners"):
        assert first[differs] != second[differs]
    assert not {one["handle"] for one in first["speakers"]} & {one["handle"] for one in second["speakers"]}
    assert not {one["rule"] for one in first["acts"]} & {one["rule"] for one in second["acts"]}
    assert {one["delay_to_act_ms"] for one in first["acts"]} != {one["delay_to_act_ms"] for one in second["acts"]}
    assert first["link"].split("/")[2] != second["link"].split("/")[2]


def is_right(cast: casts.Cast, result: dict[str, Any]) -> None:
    people = {f"@{one.handle}": one for one in cast.people}
    trouble = f"@{cast.troublemaker.handle}"
    assert result["cast"] == cast.name
    assert result["seconds"] == pytest.approx(30, abs=0.5)

    speakers = {one["handle"]: one for one in result["speakers"]}
    assert set(speakers) == set(people)
    for handle, one in speakers.items():
        assert one["word_error_rate"] < 0.15, one
        assert one["reference_words"] >= 10
        said = people[handle].text
        for number in (phrase.text for phrase in people[handle].phrases if phrase.rule == "numbers"):
            said = said.replace(number, "[number]")
        assert said.startswith(one["reference"])
        assert one["said_seconds"] > 8
        # The captions of one who was cut have a few words more at most: of the sentence that was cut.
        heard = " ".join(one["captions"])
        assert word_error_rate(one["reference"], heard) < (0.6 if handle == trouble else 0.15)

    rule = cast.troublemaker.phrases[0].rule
    acts = [(one["rule"], one["action"], one["mode"], one["handle"]) for one in result["acts"]]
    late = "redact" in cast.rules
    redacted = [(rule, "redact", "enforce", trouble)] if late else []
    own = [one for one in acts if one[0] == rule]
    assert sorted(own) == [(rule, "mute", "enforce", trouble), *redacted, (rule, "report", "enforce", trouble)]
    is_kept(result, trouble if late else None)
    for one in (each for each in result["acts"] if each["rule"] == rule):
        assert one["phrase"] in people[trouble].text
        assert 0 < one["delay_to_act_ms"] < 6000
    [report] = result["reports"]
    assert (report["target"], report["rule"]) == (trouble, rule)
    assert report["text"] in people[trouble].text
    assert len(report["clip"]) == 64

    muted = result["muted"]
    assert (muted["handle"], muted["reason"]) == (trouble, f"rule {rule}")
    assert muted["seconds_sent_after"] > 2
    assert muted["lowest_likeness_before"] > 0.5
    assert muted["highest_likeness_after"] < 0.1
    assert muted["heard_after_mute_db"] < -25
    kicked = result["kicked"]
    assert (kicked["handle"], kicked["by"]) == (trouble, f"@{cast.host.handle}")
    assert kicked["at_tick"] > muted["at_tick"]
    assert kicked["tried_to_come_back"] == "refused: barred"

    ways = [one["way"] for one in result["speakers"]]
    kinds = sorted((one["kind"], one["account"] == "anonymous") for one in result["listeners"])
    if "WebRTC" in ways:  # a machine whose only address is 127.0.0.1 has lanes alone
        assert kinds == [("lanes", False), ("lanes", True), ("webrtc", False)]
    assert ways.count("lanes") >= 3
    for one in result["listeners"]:
        assert one["seconds"] > 27, "silence at either end is not sent, up to 0.4 s of it"
        assert set(one["likeness"]) == set(people)
        assert min(one["likeness"].values()) > 0.5, one
        assert one["lost"] <= result["engine"]["ticks_skipped"]
        assert abs(one["muted"]["likeness_after"]) < 0.1
    assert result["loss"] <= LOSS
    assert result["worst_tick_lateness_ms"] > 0


def is_kept(result: dict[str, Any], trouble: str | None) -> None:
    """A word and a number are heard on the stage and by nobody who listens, four seconds later."""
    if trouble is None:
        assert (result["delay"], result["kept"]) == (0, [])
        return
    word, number = result["kept"]
    said = len(word["phrase"].split()) + len(number["phrase"].split())
    assert (result["headline"]["words_found"], result["headline"]["words_never_aired"]) == (said, said)
    assert (result["delay"], word["handle"], word["phrase"]) == (4, trouble, "crypto giveaway")
    assert (number["handle"], number["number"], number["tone_db"]) == ("@mara", True, pytest.approx(-26, abs=3))
    for one in (word, number):
        assert one["on_stage_db"] > -3
        assert one["in_audience_db"] < -20, (
            "with two others talking the projection of a voice that is not there comes near"
        )
    (mara,) = [one for one in result["speakers"] if one["handle"] == "@mara"]
    assert "my account number is [number]" in mara["captions"]


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_ctrl_c_ends_it_measured_and_without_a_trace(demo: Any) -> None:
    one = demo("--json")
    one.until("hello everyone")
    family = [*one.server().children(recursive=True), one.server()]
    assert len(family) >= 4, "server, engine, bots, hearing"
    one.process.send_signal(signal.SIGINT)
    status, out, _ = one.finish(30)
    assert status == 0
    host = json.loads(out)["speakers"][0]
    assert host["reference"] == "hello everyone and welcome to the live show"
    assert host["word_error_rate"] < 0.15
    assert gone(family)
    assert one.leftovers == []


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_a_second_ctrl_c_does_not_wait_for_the_measuring(demo: Any) -> None:
    one = demo("--json")
    one.until("opens the microphone")
    family = [*one.server().children(recursive=True), one.server()]
    one.process.send_signal(signal.SIGINT)
    time.sleep(0.1)
    one.process.send_signal(signal.SIGINT)
    status, out, err = one.finish(20)
    assert (status, out) == (130, "")
    assert "Traceback" not in err
    assert gone(family)
    assert one.leftovers == []


@pytest.mark.timeout(60)
def test_interrupted_before_it_began_it_leaves_nothing_either(demo: Any) -> None:
    one = demo("--json")
    one.until("starting a server")
    end = time.monotonic() + 10
    while not psutil.Process(one.process.pid).children():
        assert time.monotonic() < end
        time.sleep(0.02)
    family = psutil.Process(one.process.pid).children(recursive=True)
    one.process.send_signal(signal.SIGTERM)
    status, out, err = one.finish(20)
    assert (status, out) == (130, "")
    assert "Traceback" not in err
    assert gone(family)
    assert one.leftovers == []


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_a_server_that_dies_ends_the_demo_with_one_line(demo: Any) -> None:
    one = demo("--seconds", "40", "--json")
    one.until("opens the microphone")
    family = one.server().children(recursive=True)
    one.server().kill()
    status, out, err = one.finish(20)
    assert (status, out) == (6, "")
    assert err.strip().splitlines()[-1].startswith("spacesctl: ")
    assert "Traceback" not in err
    assert gone(family)
    assert one.leftovers == []


@pytest.mark.slow
@pytest.mark.timeout(60)
def test_a_demo_that_is_killed_takes_its_server_along(demo: Any) -> None:
    one = demo("--seconds", "40")
    one.until("opens the microphone")
    family = [*one.server().children(recursive=True), one.server()]
    one.process.kill()
    assert gone(family, 15.0)


@pytest.mark.parametrize("words", [("--seconds", "4.9"), ("--seconds", "soon"), ("--cast", "cast_z")])
def test_what_cannot_be_shown_is_a_usage_error(demo: Any, words: tuple[str, ...]) -> None:
    one = demo(*words)
    status, out, err = one.finish(20)
    assert (status, out) == (2, "")
    assert words[0] in err
    assert one.leftovers == []


def test_a_server_that_does_not_start_is_told_with_its_last_words(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("tempfile.tempdir", str(tmp_path))
    monkeypatch.setattr(sys, "executable", "/bin/sh")  # which knows no -m
    with pytest.raises(Unavailable, match=r"did not start: .+"), serving() as server:
        server.wait()
    assert not list(tmp_path.glob("spacesctl-demo-*"))
