"""FFmpeg as it is built in wheels (PyAV's, with GnuTLS), as DTLS server and as client.

The certificate that it makes for itself is on P-224, a curve that OpenSSL 4 has not got any more; so it is given one.
"""

from __future__ import annotations

import datetime as dt
import itertools
import subprocess
import sys
from pathlib import Path

import av
import numpy as np
import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa

from tests.interop.gstreamer import Stage, is_silent, lanes, pitch
from tests.running import running_server, wait_until

PEER = Path(__file__).with_name("av_peer.py")
TONE = 440.0
Key = ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey
pytestmark = [
    pytest.mark.skipif("whip" not in av.formats_available, reason="PyAV's FFmpeg has no WHIP"),
    pytest.mark.timeout(90),
]


def written(key: Key, folder: Path) -> tuple[str, str]:
    """A certificate and its key, as files."""
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "ffmpeg")])
    now = dt.datetime.now(dt.UTC)
    made = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    made = (
        made.serial_number(1).not_valid_before(now - dt.timedelta(days=1)).not_valid_after(now + dt.timedelta(days=9))
    )
    certificate, private = folder / "certificate.pem", folder / "key.pem"
    certificate.write_bytes(made.sign(key, hashes.SHA256()).public_bytes(serialization.Encoding.PEM))
    private.write_bytes(
        key.private_bytes(
            serialization.Encoding.PEM, serialization.PrivateFormat.TraditionalOpenSSL, serialization.NoEncryption()
        )
    )
    return str(certificate), str(private)


@pytest.mark.parametrize(
    ("kind", "flags"),
    [
        pytest.param(kind, flags, marks=pytest.mark.interop("FFmpeg in PyAV", ways))
        for kind, flags, ways in (
            ("P-256", [""], "speaks"),
            ("P-256", ["dtls_active"], "speaks"),
            ("RSA", [""], "speaks"),
            ("RSA", ["dtls_active"], "speaks"),
            ("P-256", ["", "video"], "speaks, with video"),
        )
    ],
)
def test_its_tone_is_heard(kind: str, flags: list[str], tmp_path: Path) -> None:
    key: Key = ec.generate_private_key(ec.SECP256R1()) if kind == "P-256" else rsa.generate_private_key(65_537, 2048)
    with running_server(tmp_path / "data", "--no-bots") as server:
        stage = Stage(server)
        words = [f"{server.url}{stage.place}/whip", stage.host, *written(key, tmp_path), *flags]
        speaking = subprocess.Popen(
            [sys.executable, str(PEER), *words], stdin=subprocess.PIPE, stderr=subprocess.PIPE, text=True
        )
        try:
            wait_until(lambda: stage.speaks() or speaking.poll() is not None, 20)
            assert speaking.poll() is None, speaking.communicate()[1]
            for _ in range(4):  # a handshake of which something was lost takes seconds
                if not is_silent(heard := lanes(stage, tmp_path)):
                    break
            assert pitch(heard) == pytest.approx(TONE, abs=3.0)
            speaking.communicate(timeout=25)
            assert speaking.returncode == 0
        finally:
            speaking.kill()
            speaking.communicate()


@pytest.mark.interop("FFmpeg in PyAV", "plays listen.ogg")
def test_it_plays_what_a_player_gets(tmp_path: Path) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    with running_server(tmp_path / "data", "--no-bots") as server:
        stage = Stage(server)
        words = [f"{server.url}{stage.place}/whip", stage.host, *written(key, tmp_path)]
        with subprocess.Popen([sys.executable, str(PEER), *words], stdin=subprocess.PIPE, text=True) as speaking:
            wait_until(stage.speaks, 20)
            with av.open(f"{server.url}{stage.place}/listen.ogg") as played:
                frames = list(itertools.islice(played.decode(audio=0), 500))  # the first five seconds come at once
            assert speaking.stdin
            speaking.stdin.close()
    sound = np.concatenate([frame.to_ndarray()[0] for frame in frames]).astype(np.float64)
    last = sound[-48_000:]
    assert np.argmax(np.abs(np.fft.rfft(last))) == pytest.approx(TONE, abs=3.0)
