"""Testing the way to the sound's port, over UDP and TCP: `doctor` sends it a check, as a browser would, and learns where it came from."""

from __future__ import annotations

import secrets
from typing import Any

from fastapi import APIRouter, Depends

from spacesctl.media.messages import ExpectProbe
from spacesctl.server.services import Admin, Here, not_tried

router = APIRouter(prefix="/v1", tags=["operation"], dependencies=[Depends(not_tried)])


@router.post("/probe", status_code=201)
async def expect_probe(here: Here, caller: Admin) -> dict[str, Any]:
    """Credentials for connectivity checks (STUN binding requests), good for half a minute, and where to send them."""
    here.house.engine.ready  # noqa: B018 - raises Unavailable while there is no engine to ask
    probe = ExpectProbe(f"probe{secrets.token_hex(4)}", secrets.token_urlsafe(18), secrets.token_hex(4))
    here.house.engine.send(probe)
    return {
        "candidates": [{"host": host, "port": port} for host, port in here.udp_candidates],
        "tcp_candidates": [{"host": host, "port": port} for host, port in here.tcp_candidates],
        "username": f"{probe.local_ufrag}:{probe.remote_ufrag}",
        "password": probe.local_pwd,
    }
