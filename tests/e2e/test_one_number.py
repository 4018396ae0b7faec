"""HTTP on TCP and sound on UDP at one number, as by default: HTTP keeps its address, and sound is had over TCP at the others."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import httpx

from tests.api.harness import OFFER
from tests.running import running_server
from tests.webrtc import own_address


def free_number() -> int:
    with socket.socket() as probe:
        probe.bind(("0.0.0.0", 0))
        return int(probe.getsockname()[1])


def tcp_candidates(server: str, space: str) -> list[str]:
    sdp = {"Content-Type": "application/sdp"}
    answer = httpx.post(f"{server}/v1/spaces/{space}/whep", content=OFFER, headers=sdp).text
    return re.findall(r"a=candidate:\d+ 1 tcp \d+ (\S+) \d+ typ host tcptype passive", answer)


def test_http_keeps_its_address_and_sound_has_the_others(tmp_path: Path) -> None:
    number = free_number()
    place = {"http": f"127.0.0.1:{number}", "udp": f"0.0.0.0:{number}"}
    with running_server(tmp_path / "data", "--no-bots", **place) as server:
        with server.client(server.account("host")["token"]) as host:
            space = host.post("/v1/spaces", {"title": "T", "start": True})["id"]
        offered = set(tcp_candidates(server.url, space))
        assert offered >= {own_address()} - {"127.0.0.1"}
        assert not any(host.startswith("127.") for host in offered)
        assert server.stop() == 0


def test_with_the_setting_off_nothing_is_offered_or_listens(tmp_path: Path) -> None:
    config = tmp_path / "config.toml"
    config.write_text("ice_tcp = false\n")
    with running_server(tmp_path / "data", "--no-bots", "--config", str(config)) as server:
        with server.client(server.account("host")["token"]) as host:
            space = host.post("/v1/spaces", {"title": "T", "start": True})["id"]
        assert tcp_candidates(server.url, space) == []
        with socket.socket() as knocking:
            assert knocking.connect_ex(("127.0.0.1", int(server.udp.rpartition(":")[2]))) != 0
