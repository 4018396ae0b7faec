"""A client that sends one connectivity check, right after the answer to its offer, and no other: as FFmpeg does."""

from __future__ import annotations

import re
import socket
from pathlib import Path

import httpx
import pytest
from aioice import stun

from tests.api.harness import OFFER
from tests.interop.gstreamer import Stage
from tests.running import running_server

JOINS = 30


@pytest.mark.slow
def test_the_first_check_after_an_answer_is_answered(tmp_path: Path) -> None:
    with running_server(tmp_path / "data", "--no-bots") as server, httpx.Client() as http:
        place = f"{server.url}{Stage(server).place}/whep"
        for _ in range(JOINS):
            answer = http.post(place, content=OFFER, headers={"Content-Type": "application/sdp"})
            assert answer.status_code == 201, answer.text
            assert first_check(answer.text, OFFER).message_class is stun.Class.RESPONSE


def first_check(answer: str, offer: str) -> stun.Message:
    """Send the check; what comes back. Raises TimeoutError when nothing does."""
    ufrag, pwd = _in(r"a=ice-ufrag:(\S+)", answer), _in(r"a=ice-pwd:(\S+)", answer)
    theirs = _in(r"a=ice-ufrag:(\S+)", offer)
    host, _, port = _in(r"a=candidate:\S+ 1 udp \d+ (\S+ \d+)", answer).partition(" ")
    request = stun.Message(stun.Method.BINDING, stun.Class.REQUEST)
    request.attributes["USERNAME"] = f"{ufrag}:{theirs}"
    request.add_message_integrity(pwd.encode())
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as udp:
        udp.settimeout(2.0)
        udp.sendto(bytes(request), (host, int(port)))
        return stun.parse_message(udp.recv(600))


def _in(pattern: str, text: str) -> str:
    found = re.search(pattern, text)
    assert found, pattern
    return found[1]
