"""GStreamer's `webrtcbin`, both ways: what it says is heard, and what it hears was said."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.interop.gstreamer import Stage, finished, has_gstreamer, lanes, pitch
from tests.running import running_server, wait_until

TONE = 440.0
pytestmark = [
    pytest.mark.skipif(not has_gstreamer(), reason="needs python3-gi, gstreamer1.0-nice and -plugins-bad of Debian"),
    pytest.mark.timeout(90),
]


@pytest.fixture
def stage(tmp_path: Path) -> Iterator[Stage]:
    with running_server(tmp_path / "data", "--no-bots") as server:
        yield Stage(server)


@pytest.mark.parametrize(
    "words",
    [
        pytest.param([], marks=pytest.mark.interop("GStreamer webrtcbin", "speaks", "listens")),
        pytest.param(
            ["--video-first"],
            marks=pytest.mark.interop("GStreamer webrtcbin", "speaks, video first", "listens, video first"),
        ),
    ],
    ids=["audio alone", "video first in a max-bundle"],
)
def test_a_tone_goes_in_by_whip_and_comes_out_by_whep(words: list[str], stage: Stage, tmp_path: Path) -> None:
    speaking = stage.peer("whip", "--token", stage.host, "--seconds", "14", *words)
    wait_until(stage.speaks, 15)
    hearing = stage.peer("whep", "--seconds", "8", "--out", str(tmp_path / "webrtc.wav"), *words)
    by_lane = lanes(stage, tmp_path)
    for peer in (hearing, speaking):
        told = finished(peer)
        assert told["state"] == "connected", told
    for path in (by_lane, tmp_path / "webrtc.wav"):
        assert pitch(path) == pytest.approx(TONE, abs=3.0)
