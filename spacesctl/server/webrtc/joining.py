"""Creates the session of a Space for an SDP offer, a WebSocket, or an HTTP player."""

from __future__ import annotations

import secrets
from dataclasses import dataclass

from starlette.exceptions import HTTPException

from spacesctl.application import people
from spacesctl.application.admission import Access, admitted
from spacesctl.domain import events as e
from spacesctl.domain.errors import Invalid, Refused, Unavailable
from spacesctl.domain.ids import new_session_id
from spacesctl.domain.principals import Person
from spacesctl.domain.words import State
from spacesctl.engine.messages import AddPeer, Output
from spacesctl.live.handle import SpaceHandle
from spacesctl.live.sessions import Feed, Session, SessionKind, group_of, new_etag
from spacesctl.rtc import sdp, sdp_answer
from spacesctl.server.http.limited import given_back_on_failure
from spacesctl.server.http.rates import address_key
from spacesctl.server.http.services import Services


@dataclass(frozen=True)
class Mic:
    """How a microphone session begins, and whether the person agrees to be recorded."""

    open: bool = True
    consent: bool = False


OPEN = Mic()


async def answer_offer(
    app: Services, space_id: str, caller: Person, text: str, host: str, *, up: bool, mic: Mic = OPEN
) -> tuple[Session, str]:
    """Answer a WHIP (`up`) or WHEP offer. Returns the session and our SDP. `host` is the client's address.

    Raises Invalid for a malformed offer, HTTPException (406) for one without Opus, Unavailable without an engine, and
    whatever refuses the caller. No session or lane remains then.
    """
    try:
        offer = sdp.parse_offer(text)
    except sdp.SdpError as error:
        raise _refusal(error) from error
    app.registry.engine.ready  # noqa: B018  # raises Unavailable while the engine restarts, before anything is changed
    kind = SessionKind.WHIP if up else SessionKind.WHEP
    handle, session = await _open_session(app, space_id, caller, kind, host, mic=mic)
    try:
        answer = _answer(app, handle, session, offer)
    except sdp.SdpError as error:
        await _forget_lane(app, handle, session)
        raise _refusal(error) from error
    except BaseException:
        await _forget_lane(app, handle, session)
        raise
    handle.connect(session)
    session.mid, session.remote_ufrag, session.etag = offer.transport_mid, offer.ufrag, new_etag()
    try:
        await app.registry.engine.in_force()  # some clients send their first check at once, and only that one
    except Unavailable:
        await handle.disconnect(session.id)
        raise
    return session, answer


async def open_pages(app: Services, space_id: str, caller: Person, host: str) -> tuple[SpaceHandle, Session]:
    """Create the session of an HTTP player; its `pages` are what to send. Raises what refuses the caller."""
    spent = [app.rates.by_address("join", host)]
    with given_back_on_failure(spent):
        handle, session = await _open_session(app, space_id, caller, SessionKind.OGG, host, mic=OPEN)
    session.group = Output.AUDIENCE  # the audience mix even for people on stage
    handle.connect(session)
    return handle, session


def _refusal(error: sdp.SdpError) -> Exception:
    """406 for a valid description without Opus; anything else is malformed."""
    if error.reason == "no_opus":
        return HTTPException(406, str(error))
    return Invalid("offer", str(error), hint=error.reason)


async def open_feed(
    app: Services, space_id: str, caller: Person, kind: SessionKind, host: str, *, mic: Mic = OPEN
) -> tuple[SpaceHandle, Session]:
    """Create a WebSocket session of kind `SPEAK`, `LISTEN` or `ALL`, with its feed. Raises what refuses the caller."""
    spent = [] if kind is SessionKind.ALL else [app.rates.by_address("join", host)]
    with given_back_on_failure(spent):
        handle, session = await _open_session(app, space_id, caller, kind, host, mic=mic)
    session.feed = Feed()
    handle.connect(session)
    return handle, session


async def _open_session(
    app: Services, space_id: str, caller: Person, kind: SessionKind, host: str, *, mic: Mic
) -> tuple[SpaceHandle, Session]:
    if kind is not SessionKind.ALL:
        app.rates.at_once("peers", app.connections_from(host), host=host)
    handle = await admitted(app, caller, space_id, Access.LANES if kind is SessionKind.ALL else Access.LISTEN)
    handle.require_elsewhere(caller, address_key(host))
    space = handle.space
    if space.state is not State.LIVE:
        raise Refused("not_live", "the Space is not live yet")
    lane = None
    if kind.is_up:
        outcome = await people.open_mic(app, caller, space_id, is_open=mic.open, consent=mic.consent)
        space = outcome.after
        lane = next(event.lane for event in outcome.events if isinstance(event, e.LaneOpened))
    group = group_of(space, caller.account_id)
    return handle, Session(new_session_id(), kind, caller, lane, group, place=address_key(host))


def _answer(app: Services, handle: SpaceHandle, session: Session, offer: sdp.Offer) -> str:
    direction = "up" if session.kind is SessionKind.WHIP else "down"
    ufrag, pwd = secrets.token_hex(4), secrets.token_hex(16)
    answer = sdp_answer.answer(
        offer,
        kind=direction,  # type: ignore[arg-type]  # mypy does not narrow it to the literals
        candidates=app.udp_candidates,
        tcp=app.tcp_candidates,
        fingerprint=app.registry.engine.ready.fingerprint,
        ufrag=ufrag,
        pwd=pwd,
        ssrc=handle.ssrc,
        cname=handle.space.id,
    )
    peer = AddPeer(
        peer=session.id,
        space=handle.space.id,
        kind=direction,  # type: ignore[arg-type]  # mypy does not narrow it to the literals
        local_ufrag=ufrag,
        local_pwd=pwd,
        remote_ufrag=offer.ufrag,
        remote_pwd=offer.pwd,
        remote_fingerprints=list(offer.fingerprints),
        dtls=answer.dtls,
        payload_type=answer.payload_type,
        lane=session.lane or 0,
        group=session.group,
        level_extension=answer.level_extension,
        nack=answer.nack,
        red=answer.red,
    )
    app.registry.expect_peer(session.id, handle)
    app.registry.engine.send(peer)
    return answer.sdp


async def _forget_lane(app: Services, handle: SpaceHandle, session: Session) -> None:
    if session.lane is not None:
        await people.close_mic(app, handle.space.id, session.lane)
