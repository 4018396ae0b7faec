"""Spaces: create, list, read, edit, start, end, cancel, react, remind."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application import spaces as use
from spacesctl.application.admission import readable
from spacesctl.application.once import Once
from spacesctl.application.rulesets import MAX_RULES, compiled
from spacesctl.domain import commands as c
from spacesctl.domain.clock import parse_rfc3339, rfc3339
from spacesctl.domain.errors import Invalid
from spacesctl.domain.ids import new_space_id
from spacesctl.domain.principals import Person
from spacesctl.domain.space import Space
from spacesctl.domain.words import ListenerPolicy, Policy, Reaction, RecordingMode, State
from spacesctl.server.http import serializers
from spacesctl.server.http.body import Body
from spacesctl.server.http.idempotency import IdempotencyKey, answer_once
from spacesctl.server.http.services import Anyone, Here, Services, SignedIn
from spacesctl.store import accounts
from spacesctl.store import spaces as space_store

router = APIRouter(prefix="/v1", tags=["spaces"])
PAGE = 100


Lang = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]


class NewSpace(Body):
    """The body of `POST /spaces`."""

    title: str = Field(max_length=500)
    speakers: Policy = Policy.INVITED
    listeners: ListenerPolicy = ListenerPolicy.EVERYONE
    captions: bool = True
    topics: list[Annotated[str, Field(min_length=1, max_length=50)]] = Field(default_factory=list)
    lang: Lang = "en"
    scheduled_start: AwareDatetime | None = None
    invite: Annotated[list[str], Field(max_length=100)] = Field(default_factory=list)
    """Handles of speakers to invite."""
    rules: str | None = Field(None, max_length=MAX_RULES)
    rules_filename: str = Field("rules.toml", max_length=200)
    record: RecordingMode = RecordingMode.OFF
    """What is recorded from the start. Only the host can read it, and speakers are told before they speak."""
    start: bool = False
    """Go live at once."""


class SpaceChange(Body):
    """Fields that are left out stay unchanged."""

    title: str | None = Field(None, max_length=500)
    topics: list[Annotated[str, Field(min_length=1, max_length=50)]] | None = None
    lang: Lang | None = None
    listeners: ListenerPolicy | None = None
    scheduled_start: AwareDatetime | None = None
    speakers: Policy | None = None
    captions: bool | None = None


class NewReaction(Body):
    """The body of `POST /spaces/{space_id}/reactions`."""

    reaction: Reaction


@router.post("/spaces", status_code=201)
async def create_space(app: Here, caller: SignedIn, body: NewSpace, idempotency_key: IdempotencyKey = None) -> Any:
    """Create a Space. With `scheduled_start` it starts by itself at that time, otherwise by a `start` request.

    Errors in `invite` or `rules` are reported before anything is created.
    """
    return await answer_once(app, caller, idempotency_key, "spaces", body, partial(_create, app, caller, body))


async def _create(app: Services, caller: Person, body: NewSpace, once: Once) -> dict[str, Any]:
    if body.start and body.scheduled_start is not None:
        raise Invalid("start", "cannot be combined with scheduled_start")
    app.rates.by_account("space", caller)
    if body.invite:
        app.rates.by_account("invite", caller, len(body.invite))
    rules = compiled(body.rules, body.rules_filename) if body.rules is not None else None
    command = c.Create(
        caller,
        new_space_id(),
        body.title,
        body.speakers,
        body.listeners,
        body.captions,
        tuple(body.topics),
        body.lang,
        _stored(body.scheduled_start),
        record=body.record,
    )

    answer: dict[str, Any] = {}

    async def keep(db: AsyncConnection, space: Space, now: datetime) -> None:
        answer.update(serializers.space_of(app, space, await accounts.get(db, space.host_id), caller))
        await once.keep(db, now, 201, answer)

    await use.create_space(
        app,
        command,
        invite=body.invite,
        rules=rules,
        start=body.start,
        may_go_live=may_go_live(app),
        keep=keep,
    )
    return answer


@router.get("/spaces")
async def list_spaces(
    app: Here,
    caller: Anyone,
    state: Annotated[list[State] | None, Query()] = None,
    cursor: str | None = None,
) -> dict[str, Any]:
    """Spaces, newest first: live and scheduled ones unless `state` says otherwise. Ended ones are listed for their host only."""
    try:
        before = parse_rfc3339(cursor) if cursor else None
    except ValueError as error:
        raise Invalid("cursor", "is not a cursor that this list returned") from error
    async with app.db.read() as db:
        found = await space_store.visible(
            db, caller.account_id, states=state or [State.LIVE, State.SCHEDULED], before=before, limit=PAGE
        )
    more = rfc3339(found[-1].created_at) if len(found) == PAGE else None
    return {"data": await serializers.spaces(app, found, caller), "next": more}


@router.get("/spaces/{space_id}")
async def get_space(app: Here, caller: Anyone, space_id: str) -> dict[str, Any]:
    """One Space. Public while scheduled or live, afterwards for its host and admins only."""
    return await serializers.space(app, await readable(app, caller, space_id), caller)


def may_go_live(app: Services) -> Callable[[int], None]:
    """The check that a host who has so many live Spaces may have one more. It raises TooMany."""
    return lambda have: app.rates.at_once("live_spaces", have)


@router.post("/spaces/{space_id}/start")
async def start(app: Here, caller: SignedIn, space_id: str) -> dict[str, Any]:
    """Go live."""
    outcome = await use.start_space(app, caller, space_id, may_go_live(app))
    return await serializers.space(app, outcome.after, caller)


@router.post("/spaces/{space_id}/end")
async def end(app: Here, caller: SignedIn, space_id: str) -> dict[str, Any]:
    """End a live Space."""
    outcome = await use.end_space(app, caller, space_id)
    return await serializers.space(app, outcome.after, caller)


@router.post("/spaces/{space_id}/cancel")
async def cancel(app: Here, caller: SignedIn, space_id: str) -> dict[str, Any]:
    """Cancel a Space that has not started."""
    outcome = await use.cancel_space(app, caller, space_id)
    return await serializers.space(app, outcome.after, caller)


@router.post("/spaces/{space_id}/reactions", status_code=202)
async def react(app: Here, caller: SignedIn, space_id: str, body: NewReaction) -> dict[str, Any]:
    """React. All reactions within a second are published as one event with counts."""
    app.rates.by_account("reaction", caller)
    await use.react(app, caller, space_id, body.reaction.value)
    return {"reaction": body.reaction.value, "emoji": body.reaction.emoji}


@router.put("/spaces/{space_id}/reminder", status_code=204)
async def remind(app: Here, caller: SignedIn, space_id: str) -> Response:
    """Subscribe to reminders by direct message, half an hour before a scheduled Space and at its start."""
    await use.remind(app, caller, space_id)
    return Response(status_code=204)


@router.delete("/spaces/{space_id}/reminder", status_code=204)
async def forget_reminder(app: Here, caller: SignedIn, space_id: str) -> Response:
    """Unsubscribe from the reminders of a Space."""
    await use.forget_reminder(app, caller, space_id)
    return Response(status_code=204)


@router.patch("/spaces/{space_id}")
async def change(app: Here, caller: SignedIn, space_id: str, body: SpaceChange) -> dict[str, Any]:
    """Edit a Space. The start time can change only before the start, other fields also while live. All changes are made, or none."""
    topics = tuple(body.topics) if body.topics is not None else None
    edit = c.Edit(caller, body.title, topics, body.lang, body.listeners, _stored(body.scheduled_start))
    changed = await use.change_space(app, edit, space_id, body.speakers, body.captions)
    return await serializers.space(app, changed, caller)


def _stored(at: datetime | None) -> datetime | None:
    """UTC in whole milliseconds, as times are stored."""
    if at is None:
        return None
    return at.astimezone(UTC).replace(microsecond=at.microsecond // 1000 * 1000)
