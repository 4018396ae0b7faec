"""Spaces: create, list, read, edit, start, end, cancel, react, remind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import datetime
from functools import partial
from typing import Annotated

from fastapi import APIRouter, Query, Response
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.api import spaces as api
from spacesctl.api.wire import Page, plain
from spacesctl.application import spaces as use
from spacesctl.application.admission import readable, seen
from spacesctl.application.once import Once
from spacesctl.application.rulesets import compiled
from spacesctl.domain import commands as c
from spacesctl.domain.clock import rfc3339
from spacesctl.domain.errors import Conflict, Gone, Invalid, NotAllowed, NotFound, NotSignedIn, Refused, TooMany
from spacesctl.domain.ids import new_space_id
from spacesctl.domain.principals import Person
from spacesctl.domain.space import Space
from spacesctl.domain.words import State
from spacesctl.server.http import serializers
from spacesctl.server.http.cursors import instant
from spacesctl.server.http.idempotency import IdempotencyKey, answer_once
from spacesctl.server.http.limited import limited, rule_blocks
from spacesctl.server.http.services import Anyone, Here, Services, SignedIn
from spacesctl.server.http.wire_route import WireRoute, may_fail
from spacesctl.store import accounts
from spacesctl.store import spaces as space_store

router = APIRouter(prefix="/v1", tags=["spaces"], route_class=WireRoute)
PAGE = 100
MOST_SEARCH = 200
"""Characters."""


@router.post("/spaces", status_code=201)
@may_fail(NotFound, NotAllowed, Refused, Conflict, TooMany)
@limited("space")
@limited("invite", cost=lambda body: len(body.invite) + len(body.cohosts))
@limited("rule_file", cost=rule_blocks)
async def create_space(
    app: Here, caller: SignedIn, body: api.NewSpace, idempotency_key: IdempotencyKey = None
) -> api.Space | Response:
    """Create a Space. With `scheduled_start` it starts by itself at that time, otherwise by a `start` request.

    Errors in `invite`, `cohosts` or `rules` are reported before anything is created.
    """
    return await answer_once(app, caller, idempotency_key, "spaces", body, partial(_create, app, caller, body))


async def _create(app: Services, caller: Person, body: api.NewSpace, once: Once) -> api.Space:
    if body.start and body.scheduled_start is not None:
        raise Invalid("start", "cannot be combined with scheduled_start")
    rules = await compiled(app, caller, body.rules, body.rules_filename) if body.rules is not None else None
    command = c.Create(
        caller,
        new_space_id(),
        body.title,
        body.speakers,
        body.listeners,
        body.captions,
        tuple(body.topics),
        body.lang,
        body.scheduled_start,
        record=body.record,
        delay=body.delay,
    )
    made: list[api.Space] = []

    async def keep(db: AsyncConnection, space: Space, now: datetime) -> None:
        made.append(serializers.space_of(app, space, await accounts.get(db, space.host_id), caller))
        await once.keep(db, now, 201, plain(made[-1]))

    await use.create_space(
        app,
        command,
        invite=body.invite,
        cohosts=body.cohosts,
        rules=rules,
        with_numbers=body.with_numbers,
        chat=body.chat,
        start=body.start,
        may_go_live=may_go_live(app),
        keep=keep,
    )
    return made[-1]


@router.get("/spaces")
@may_fail(NotFound)
async def list_spaces(
    app: Here,
    caller: Anyone,
    state: Annotated[list[State] | None, Query()] = None,
    host: str | None = None,
    search: Annotated[str, Query(max_length=MOST_SEARCH)] = "",
    cursor: str | None = None,
) -> Page[api.Space]:
    """Spaces, newest first: live and scheduled ones unless `state` says otherwise, and only those that the caller may read. Ended ones are
    listed for their host only. `host` (an id, a handle, or `me`) leaves those of one host, `search` those whose title and topics contain
    all its words: a page may then be short, or empty, before the last.
    """
    before, words = instant(cursor), search.casefold().split()
    async with app.db.read() as db:
        host_id = await _host_id(db, caller, host) if host is not None else None
        found = await space_store.visible(
            db,
            caller.account_id,
            states=state or [State.LIVE, State.SCHEDULED],
            host_id=host_id,
            before=before,
            limit=PAGE,
        )
        shown = await seen(db, caller, [one for one in found if _holds(one, words)])
    more = rfc3339(found[-1].created_at) if len(found) == PAGE else None
    return Page(data=await serializers.spaces(app, shown, caller), next=more)


async def _host_id(db: AsyncConnection, caller: Person, ref: str) -> str:
    """The id of the account that a request names. Raises NotFound, and NotSignedIn for `me` of nobody."""
    if ref != "me":
        return (await accounts.get(db, ref)).id
    if caller.account_id is None:
        raise NotSignedIn
    return caller.account_id


def _holds(space: Space, words: list[str]) -> bool:
    said = " ".join((space.title, *space.topics)).casefold()
    return all(word in said for word in words)


@router.get("/spaces/{space_id}")
@may_fail(NotFound, Gone, NotAllowed)
async def get_space(app: Here, caller: Anyone, space_id: str) -> api.Space:
    """One Space. Public while scheduled or live, afterwards for its host and admins only."""
    return await serializers.space(app, await readable(app, caller, space_id), caller)


def may_go_live(app: Services) -> Callable[[int], None]:
    """The check that a host who has so many live Spaces may have one more. It raises TooMany."""
    return lambda have: app.rates.at_once("live_spaces", have)


@router.post("/spaces/{space_id}/start")
@may_fail(NotFound, Gone, NotAllowed, Refused, TooMany)
@limited("change")
async def start(app: Here, caller: SignedIn, space_id: str) -> api.Space:
    """Go live."""
    outcome = await use.start_space(app, caller, space_id, may_go_live(app))
    return await serializers.space(app, outcome.after, caller)


@router.post("/spaces/{space_id}/end")
@may_fail(NotFound, Gone, NotAllowed, Refused)
@limited("change")
async def end(app: Here, caller: SignedIn, space_id: str) -> api.Space:
    """End a live Space."""
    outcome = await use.end_space(app, caller, space_id)
    return await serializers.space(app, outcome.after, caller)


@router.post("/spaces/{space_id}/cancel")
@may_fail(NotFound, Gone, NotAllowed, Refused)
@limited("change")
async def cancel(app: Here, caller: SignedIn, space_id: str) -> api.Space:
    """Cancel a Space that has not started."""
    outcome = await use.cancel_space(app, caller, space_id)
    return await serializers.space(app, outcome.after, caller)


@router.post("/spaces/{space_id}/reactions", status_code=202)
@may_fail(NotFound, Gone, NotAllowed, Refused, TooMany)
@limited("reaction")
async def react(app: Here, caller: SignedIn, space_id: str, body: api.NewReaction) -> api.Reacted:
    """React. All reactions within a second are published as one event with counts."""
    await use.react(app, caller, space_id, body.reaction.value)
    return api.Reacted(reaction=body.reaction, emoji=body.reaction.emoji)


@router.put("/spaces/{space_id}/reminder", status_code=204)
@may_fail(NotFound, Gone, NotAllowed, Refused)
@limited("change")
async def remind(app: Here, caller: SignedIn, space_id: str) -> None:
    """Subscribe to reminders by direct message, half an hour before a scheduled Space and at its start."""
    await use.remind(app, caller, space_id)


@router.delete("/spaces/{space_id}/reminder", status_code=204)
@may_fail(NotFound, Gone, NotAllowed)
@limited("change")
async def forget_reminder(app: Here, caller: SignedIn, space_id: str) -> None:
    """Unsubscribe from the reminders of a Space."""
    await use.forget_reminder(app, caller, space_id)


@router.patch("/spaces/{space_id}")
@may_fail(NotFound, Gone, NotAllowed, Refused)
@limited("change")
async def change(app: Here, caller: SignedIn, space_id: str, body: api.SpaceChange) -> api.Space:
    """Edit a Space. The start time and what is recorded from it can change only before the start, other fields also while live. All changes
    are made, or none.
    """
    topics = tuple(body.topics) if body.topics is not None else None
    edit = c.Edit(
        caller, body.title, topics, body.lang, body.listeners, body.scheduled_start, record=body.record,
        delay=body.delay, delay_now=body.delay_now,
    )  # fmt: skip
    chat = c.ChangeChat(caller, body.chat, body.chat_every, body.typed_aloud)
    changed = await use.change_space(app, edit, space_id, body.speakers, body.captions, chat)
    return await serializers.space(app, changed, caller)
