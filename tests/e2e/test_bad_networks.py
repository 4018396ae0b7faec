"""A voice over a bad network, through our server and through aiortc, judged by PESQ; and how late it is on a good one."""

from __future__ import annotations

import asyncio
import importlib.util

import pytest

from spacesctl.bench import latency, loss
from spacesctl.bench.janus import why_no_janus

pytestmark = [pytest.mark.alone, pytest.mark.timeout(120)]


@pytest.mark.skipif(importlib.util.find_spec("pesq") is None, reason="needs pesq, which is built from source")
@pytest.mark.skipif(why_no_janus() is not None, reason="needs Janus")
def test_at_5_percent_loss_a_voice_is_far_better_than_through_aiortc_and_no_worse_than_through_audiobridge() -> None:
    result = asyncio.run(loss.measure(["5 %"], seeds=[1]))
    scores = {one.server: one.pesq for one in result.scores}
    assert result.skipped == {}
    assert scores["spacesctl"] >= scores["aiortc"] + 0.3
    assert scores["spacesctl"] >= scores["AudioBridge"] - 0.2  # the same, but for the moments that are lost
    assert scores["spacesctl with NACK"] >= scores["spacesctl"] - 0.3
    assert scores["spacesctl with RED"] >= scores["spacesctl"] - 0.1


def test_chirps_are_heard_in_time_and_none_is_missed() -> None:
    result = asyncio.run(latency.measure(["spacesctl", "aiortc"], calls=1, seconds=12))
    ours, theirs = result.delays
    assert (ours.missed, ours.chirps) == (0, theirs.chirps)
    assert 26 < ours.p50 < theirs.p50  # 20 ms are said before they are sent, and each codec looks ahead
