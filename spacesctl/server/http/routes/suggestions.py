"""Suggestions: what rules leave to a person."""

from __future__ import annotations

from fastapi import APIRouter

from spacesctl.api import suggestions as api
from spacesctl.api.captions import SpokenWord
from spacesctl.api.wire import Page, Time
from spacesctl.application import suggestions
from spacesctl.domain.errors import Gone, NotAllowed, NotFound, Refused
from spacesctl.server.http.limited import limited
from spacesctl.server.http.serializers import who
from spacesctl.server.http.services import Here, SignedIn
from spacesctl.server.http.wire_route import WireRoute, may_fail

router = APIRouter(prefix="/v1", tags=["moderation"], route_class=WireRoute)


@router.get("/spaces/{space_id}/suggestions")
@may_fail(NotFound, NotAllowed)
async def list_suggestions(app: Here, caller: SignedIn, space_id: str) -> Page[api.Suggestion]:
    """What rules suggest in a Space, the newest first, with the last that were decided on. For the host, co-hosts and admins; nobody sees
    those about themselves. They end with the Space.
    """
    return Page(data=[_suggestion(one) for one in await suggestions.in_space(app, caller, space_id)])


@router.post("/spaces/{space_id}/suggestions/{suggestion_id}/confirm")
@may_fail(NotFound, Gone, NotAllowed, Refused)
@limited("change")
async def confirm_suggestion(app: Here, caller: SignedIn, space_id: str, suggestion_id: str) -> api.Suggestion:
    """Do what a rule suggests, in the caller's name: it becomes a sanction, with an end and an `undo`. Once; for who may take that action
    against that person.
    """
    return _suggestion(await suggestions.confirm(app, caller, space_id, suggestion_id))


@router.post("/spaces/{space_id}/suggestions/{suggestion_id}/dismiss")
@may_fail(NotFound, Gone, NotAllowed, Refused)
@limited("change")
async def dismiss_suggestion(app: Here, caller: SignedIn, space_id: str, suggestion_id: str) -> api.Suggestion:
    """Leave undone what a rule suggests. For who may confirm it."""
    return _suggestion(await suggestions.dismiss(app, caller, space_id, suggestion_id))


def _suggestion(shown: suggestions.Shown) -> api.Suggestion:
    one, act, known = shown.suggestion, shown.act, shown.known
    words = act.words if act is not None else ()
    target, decider = known.get(one.account_id), known.get(one.by)
    return api.Suggestion(
        id=one.id,
        state="open" if one.state == "waiting" else one.state,  # what waits is not shown
        why=one.why,
        rule_id=one.rule_id,
        action=one.action,
        target=who(target) if target is not None else None,
        duration=one.lasts,
        times=one.times,
        words=[SpokenWord(w=word.w, start=word.start, end=word.end, conf=word.conf) for word in words],
        text=" ".join(word.w for word in words),
        found=act.found if act is not None else "",
        start_tick=act.start_tick if act is not None else None,
        end_tick=act.end_tick if act is not None else None,
        since=Time.of(one.since),
        until=Time.of(one.until),
        decided_by=who(decider) if decider is not None else None,
        sanction_id=one.sanction or None,
    )
