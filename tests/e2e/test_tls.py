"""HTTPS for real: the certificate is renewed under open streams, a broken one is not taken, and every client trusts by a file."""

from __future__ import annotations

import json
import os
import signal
import socket
import ssl
import subprocess
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import httpx
import pytest
from cryptography import x509

from spacesctl.client import Client
from tests.certificates import Authority
from tests.running import RunningServer, running_server, spacesctl, wait_until
from tests.typed import generator


@contextmanager
def tls_server(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, *flags: str
) -> Iterator[tuple[RunningServer, Authority]]:
    authority = Authority(tmp_path)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca))
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    authority.issue(cert, key)
    with running_server(tmp_path / "data", "--tls-cert", str(cert), "--tls-key", str(key), *flags) as server:
        yield server, authority


def serial(server: RunningServer) -> int:
    """The serial number of the certificate that a new connection is shown."""
    host, port = server.url.removeprefix("https://").rsplit(":", 1)
    context = ssl.create_default_context()
    with (
        socket.create_connection((host, int(port)), timeout=5) as plain,
        context.wrap_socket(plain, server_hostname=host) as secured,
    ):
        shown = secured.getpeercert(binary_form=True)
    assert shown is not None
    return x509.load_der_x509_certificate(shown).serial_number


def test_a_new_certificate_is_shown_while_a_stream_goes_on_and_a_broken_one_is_not(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    with tls_server(tmp_path, monkeypatch, "--no-bots") as (server, authority):
        first = serial(server)
        host = server.account("host")
        with server.client(host["token"]) as spaces:
            space = f"/v1/spaces/{spaces.post('/v1/spaces', {'title': 'T'})['id']}"
            stream = Client(server.url, host["token"]).spaces.events(space.split("/")[-1])
            with closing(generator(stream)) as events:
                assert next(events).type == "hello"

                key.write_text("-----BEGIN PRIVATE KEY-----\nnonsense\n-----END PRIVATE KEY-----\n")
                server.process.send_signal(signal.SIGHUP)
                wait_until(lambda: "the old one stays" in (tmp_path / "serve.log").read_text())
                assert serial(server) == first

                second = authority.issue(cert, key)
                assert second != first
                server.process.send_signal(signal.SIGHUP)
                wait_until(lambda: serial(server) == second)
                with server.client(host["token"]) as others:
                    others.patch(space, {"title": "Renewed"})
                assert getattr(next(events).data, "title", None) == "Renewed"

                third = authority.issue(cert, key)
                wait_until(lambda: serial(server) == third, 15.0)  # by itself


def test_commands_lanes_and_bots_reach_a_server_over_tls(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    with tls_server(tmp_path, monkeypatch) as (server, _):
        assert server.url.startswith("https://")
        host = server.account("host")
        made = json.loads(server.run(host["token"], "create", "T", "--json").stdout)
        assert made["link"].startswith(server.url)
        assert server.run(host["token"], "start", made["id"]).returncode == 0
        sound = ("--output", str(tmp_path / "x.ogg"), "--seconds", "1", "--json")
        heard = server.run("", "--url", server.url, "listen", made["id"], *sound)
        assert json.loads(heard.stdout)["ticks"] > 30, heard.stderr
        wait_until(lambda: httpx.get(f"{server.url}/readyz").json()["checks"]["bot"] == "ok", 15.0)
        monkeypatch.delenv("SSL_CERT_FILE")
        distrusted = server.run(host["token"], "show", made["id"])
        assert distrusted.returncode == 6
        assert "SSL_CERT_FILE" in distrusted.stderr
        assert server.stop() == 0


@pytest.mark.parametrize(
    ("broken", "named"), [("key", "does not go with"), ("none", "cannot be read"), ("half", "go together")]
)
def test_a_pair_that_is_none_is_said_at_the_start(tmp_path: Path, broken: str, named: str) -> None:
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    authority = Authority(tmp_path)
    authority.issue(tmp_path / "other.pem", key)
    authority.issue(cert, tmp_path / "other.key")
    flags = ["--tls-cert", str(cert), "--tls-key", str({"key": key, "none": tmp_path / "nowhere", "half": key}[broken])]
    done = subprocess.run(
        [*spacesctl("serve"), *flags[: 2 if broken == "half" else 4], "--http", "127.0.0.1:0", "--data", str(tmp_path / "data")],
        env={**os.environ, "XDG_CONFIG_HOME": str(tmp_path)}, capture_output=True, text=True, timeout=15, check=False,
    )  # fmt: skip
    assert done.returncode == 2
    assert named in done.stderr
    assert done.stderr.count("spacesctl:") == 1
