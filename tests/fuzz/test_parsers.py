"""The quick half: hypothesis breaks valid input in a few ways, and invents some. `run.py` is the long half."""

from __future__ import annotations

import importlib.util
import subprocess
import sys
import tracemalloc
from collections.abc import Sequence
from pathlib import Path

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tests.fuzz.targets import TARGETS

HERE = Path(__file__).parent
MOST = 4 * 1024 * 1024
"""Bytes that parsing one message may take at once: some sixty times the longest."""


@st.composite
def broken(draw: st.DrawFn, seeds: Sequence[bytes]) -> bytes:
    """Valid input with stretches of it changed, removed, repeated, or put in from elsewhere."""
    data = draw(st.sampled_from(seeds))
    for _ in range(draw(st.integers(1, 4))):
        at = draw(st.integers(0, len(data)))
        end = min(len(data), at + draw(st.sampled_from([0, 1, 2, 4, 40])))
        junk = draw(st.binary(max_size=8) | st.sampled_from([b"\0", b"\xff" * 2, b"\xff" * 4, data[at:end] * 2]))
        data = data[:at] + junk + data[end:]
    return data


@pytest.mark.parametrize("name", TARGETS)
def test_a_parser_lets_nothing_fall_out_but_its_own_error(name: str) -> None:
    target = TARGETS[name]
    for seed in target.seeds:
        target.parse(seed)

    @given(st.binary(max_size=200) | broken(target.seeds))
    @settings(max_examples=60)
    def holds(data: bytes) -> None:
        try:
            target.parse(data[: target.longest])
        except target.errors:
            return

    holds()


@pytest.mark.parametrize("name", TARGETS)
def test_the_longest_message_takes_no_more_memory_than_it_should(name: str) -> None:
    target = TARGETS[name]
    longest = [(seed * (target.longest // len(seed) + 1))[: target.longest] for seed in target.seeds]
    heads = [seed[:24] + fill * target.longest for seed in target.seeds for fill in (b"\0", b"\xff", b"\n", b"a=")]
    for data in (*longest, *(head[: target.longest] for head in heads)):
        tracemalloc.start()
        try:
            target.parse(data)
        except target.errors:
            pass
        finally:
            _, peak = tracemalloc.get_traced_memory()
            tracemalloc.stop()
        assert peak < MOST


@pytest.mark.slow
@pytest.mark.timeout(90)
@pytest.mark.skipif(importlib.util.find_spec("atheris") is None, reason="needs atheris")
@pytest.mark.parametrize("name", TARGETS)
def test_guided_by_what_it_reaches_nothing_falls_out_either(name: str, tmp_path: Path) -> None:
    command = [sys.executable, str(HERE / "run.py"), name, "--seconds", "10", "--corpus", str(tmp_path)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr[-3000:]
