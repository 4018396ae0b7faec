"""simple-whip-client, the WHIP draft authors' own: it trickles, deletes its session, and takes relays from our `Link` headers."""

from __future__ import annotations

import os
import re
import shutil
import signal
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from tests.interop.coturn import PROGRAM as COTURN
from tests.interop.coturn import relay
from tests.interop.gstreamer import Stage, is_silent, lanes, pitch
from tests.running import running_server, wait_until

CLIENT = shutil.which("whip-client")
TONE = 440.0
PIPELINE = (
    f"audiotestsrc is-live=true wave=sine freq={TONE:.0f} volume=0.4 ! opusenc ! rtpopuspay pt=100 ssrc=1 ! queue ! "
    "application/x-rtp,media=audio,encoding-name=OPUS,payload=100"
)
VIDEO = (
    "videotestsrc is-live=true ! video/x-raw,width=160,height=120,framerate=5/1 ! vp8enc deadline=1 ! rtpvp8pay pt=96 ssrc=2 ! queue ! "
    "application/x-rtp,media=video,encoding-name=VP8,payload=96"
)
pytestmark = [
    pytest.mark.skipif(CLIENT is None or shutil.which("gcc") is None, reason="needs simple-whip-client and gcc"),
    pytest.mark.timeout(90),
]


@pytest.fixture
def libraries(tmp_path: Path) -> Path:
    """Where Debian's client finds a library without which it aborts (see no_igd.c)."""
    name = "libgupnp-igd-1.0.so.4"
    source = Path(__file__).with_name("no_igd.c")
    (tmp_path / "lib").mkdir()
    made = ["gcc", "-shared", "-fPIC", f"-Wl,-soname,{name}", "-o", str(tmp_path / "lib" / name), str(source)]
    subprocess.run(made, check=True)
    return tmp_path / "lib"


@contextmanager
def client(stage: Stage, libraries: Path, *words: str) -> Iterator[Path]:
    """The client speaks a tone; what it logs is in the file, whole once the block has ended it as Ctrl-C does."""
    assert CLIENT is not None
    log = libraries / "client.log"
    command = [CLIENT, "-u", f"{stage.server.url}{stage.place}/whip", "-t", stage.host, "-A", PIPELINE, "-l", "7", "-o"]
    with log.open("wb") as out:
        process = subprocess.Popen(
            [*command, *words], stdout=out, stderr=out, env={**os.environ, "LD_LIBRARY_PATH": str(libraries)}
        )
        try:
            wait_until(lambda: stage.speaks() or process.poll() is not None, 20)
            assert process.poll() is None, log.read_text()[-3000:]
            yield log
            process.send_signal(signal.SIGINT)
            process.wait(15)
        finally:
            process.kill()
            process.wait()


@pytest.mark.interop("simple-whip-client", "speaks")
def test_its_tone_is_heard_and_it_leaves_by_delete(tmp_path: Path, libraries: Path) -> None:
    with running_server(tmp_path / "data", "--no-bots") as server:
        stage = Stage(server)
        with client(stage, libraries) as log:
            assert pitch(lanes(stage, tmp_path)) == pytest.approx(TONE, abs=3.0)
        assert "candidate" in log.read_text()
        wait_until(lambda: not stage.speaks())


@pytest.mark.interop("simple-whip-client", "speaks, with video")
def test_its_tone_is_heard_also_where_it_sends_video_too(tmp_path: Path, libraries: Path) -> None:
    with running_server(tmp_path / "data", "--no-bots") as server:
        stage = Stage(server)
        with client(stage, libraries, "-V", VIDEO):
            assert pitch(lanes(stage, tmp_path)) == pytest.approx(TONE, abs=3.0)


@pytest.mark.skipif(COTURN is None, reason="needs coturn of Debian")
@pytest.mark.interop("simple-whip-client", "speaks, relayed")
def test_it_relays_by_the_link_headers_alone(tmp_path: Path, libraries: Path) -> None:
    with relay(tmp_path / "coturn") as coturn:
        flags = coturn.config(tmp_path / "config.toml")
        with running_server(tmp_path / "data", "--no-bots", *flags) as server:
            stage = Stage(server)
            with client(stage, libraries, "--follow-link", "--force-turn") as log:
                assert pitch(lanes(stage, tmp_path)) == pytest.approx(TONE, abs=3.0)
                coturn.stop()
                assert is_silent(lanes(stage, tmp_path))
        told = re.search(r'username="(.+?)"', log.read_text())
        assert told is not None
        assert coturn.allocated(told[1])
