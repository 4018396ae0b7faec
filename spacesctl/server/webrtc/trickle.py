"""PATCH on a WHIP or WHEP session (RFC 9725, 4.3): candidates, which an ICE-lite server does not need, and ICE restarts."""

from __future__ import annotations

import secrets

from starlette.exceptions import HTTPException

from spacesctl.domain.errors import Invalid
from spacesctl.engine.messages import RestartIce
from spacesctl.live.sessions import Session, new_etag
from spacesctl.rtc.fragment import FragmentError, parse_fragment, restart_fragment
from spacesctl.server.http.services import Services

MEDIA_TYPE = "application/trickle-ice-sdpfrag"


async def patch(app: Services, session: Session, text: str, if_match: str | None) -> str | None:
    """Returns our SDP fragment for an ICE restart, None for candidates. Raises Invalid, or HTTPException (412, 428)."""
    try:
        fragment = parse_fragment(text)
    except FragmentError as error:
        raise Invalid("fragment", str(error)) from error
    asks_restart = fragment.ufrag is not None and fragment.ufrag != session.remote_ufrag
    if if_match not in (None, "*", session.etag):
        raise HTTPException(412, "If-Match does not name the present ICE session")
    if not asks_restart:
        return None
    if if_match is None:
        raise HTTPException(428, 'an ICE restart needs `If-Match: "*"`, or the ETag of the session')
    return await _restart(app, session, fragment.ufrag or "", fragment.pwd or "")


async def _restart(app: Services, session: Session, remote_ufrag: str, remote_pwd: str) -> str:
    ufrag, pwd = secrets.token_hex(4), secrets.token_hex(16)
    app.registry.engine.send(RestartIce(session.id, ufrag, pwd, remote_ufrag, remote_pwd))
    session.remote_ufrag, session.etag = remote_ufrag, new_etag()
    await app.registry.engine.in_force()
    return restart_fragment(session.mid, ufrag, pwd, app.udp_candidates, app.tcp_candidates)
