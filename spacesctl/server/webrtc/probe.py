"""Tests whether the media port is reachable over UDP and TCP: `doctor` sends it a check, as a browser would, and is
told its own address.
"""

from __future__ import annotations

import secrets

from fastapi import APIRouter, Depends

from spacesctl.api.operation import Candidate, ExpectedProbe
from spacesctl.engine.messages import ExpectProbe
from spacesctl.server.http.limited import limited
from spacesctl.server.http.services import Admin, Here, no_dry_run
from spacesctl.server.http.wire_route import WireRoute

router = APIRouter(prefix="/v1", tags=["operation"], route_class=WireRoute, dependencies=[Depends(no_dry_run)])


@router.post("/probe", status_code=201)
@limited("change")
async def expect_probe(app: Here, caller: Admin) -> ExpectedProbe:
    """Credentials for connectivity checks (STUN binding requests), valid for half a minute, and the addresses to send them to."""
    app.registry.engine.ready  # noqa: B018  # raises Unavailable while there is no engine
    probe = ExpectProbe(f"probe{secrets.token_hex(4)}", secrets.token_urlsafe(18), secrets.token_hex(4))
    app.registry.engine.send(probe)
    await app.registry.engine.in_force()
    return ExpectedProbe(
        candidates=[Candidate(host=host, port=port) for host, port in app.udp_candidates],
        tcp_candidates=[Candidate(host=host, port=port) for host, port in app.tcp_candidates],
        username=f"{probe.local_ufrag}:{probe.remote_ufrag}",
        password=probe.local_pwd,
    )
