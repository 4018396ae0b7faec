"""What this server runs with."""

from __future__ import annotations

from fastapi import APIRouter

from spacesctl import __version__
from spacesctl.api.operation import Candidate, RunningServer
from spacesctl.api.wire import Time
from spacesctl.server.http.rates import Limits
from spacesctl.server.http.services import Admin, Here
from spacesctl.server.http.wire_route import WireRoute

router = APIRouter(prefix="/v1", tags=["operation"], route_class=WireRoute)


@router.get("/server")
async def running(app: Here, caller: Admin) -> RunningServer:
    """What this server runs with: `doctor` checks that, and not what the settings in some folder say. For admins."""
    usual = Limits().model_dump()
    return RunningServer(
        version=__version__,
        started_at=Time.of(app.started_at),
        data=str(app.data.absolute()),
        http=app.listens_at,
        public_url=app.base_url,
        tls=app.tls,
        candidates=[Candidate(host=host, port=port) for host, port in app.udp_candidates],
        tcp_candidates=[Candidate(host=host, port=port) for host, port in app.tcp_candidates],
        database="sqlite",
        model=app.bot_status.model,
        limits={name: str(one) for name, one in app.rates.limits.model_dump().items() if one != usual[name]},
    )
