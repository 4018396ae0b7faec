"""Twelve faults in CI; `make long` brings two hundred."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from tests.bench.chaos import BACK_WITHIN, WRONG_AT_MOST

ROOT = Path(__file__).parents[2]


@pytest.mark.slow
@pytest.mark.alone
@pytest.mark.timeout(900)
def test_faults_lose_nothing_that_was_acknowledged_and_all_is_back_soon() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "tests.bench.chaos", "--faults", "12", "--seed", "14"],
        cwd=ROOT, capture_output=True, text=True, check=False,
    )  # fmt: skip
    found = json.loads(done.stdout)
    assert (found["lost"], found["stopped_with"]) == (0, 0)
    assert found["acknowledged"] > 120
    assert found["slowest_back_s"] <= BACK_WITHIN, done.stderr
    assert found["readyz_wrong_s"] <= WRONG_AT_MOST, found["readyz_wrong"]
    assert done.returncode == 0
