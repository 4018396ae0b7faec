"""Spaces: create, list, read, edit, start, end, cancel, react, remind."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response
from pydantic import AwareDatetime, BaseModel, Field
from sqlalchemy.ext.asyncio import AsyncConnection

from spacesctl.application.invitations import send_invites
from spacesctl.application.rulesets import MAX_RULES, compiled, set_rules
from spacesctl.domain import commands as c
from spacesctl.domain.clock import parse_rfc3339, rfc3339
from spacesctl.domain.errors import Gone, Invalid, Refused
from spacesctl.domain.ids import new_space_id
from spacesctl.domain.permissions import Action, require, require_admittance
from spacesctl.domain.principals import Person
from spacesctl.domain.space import ListenerPolicy, Policy, Reaction, RecordingMode, Space, State
from spacesctl.live.actor import Outcome
from spacesctl.server.http import serializers
from spacesctl.server.http.idempotency import IdempotencyKey, Once
from spacesctl.server.http.services import Anyone, Here, Services, SignedIn
from spacesctl.store import accounts
from spacesctl.store import series as series_store
from spacesctl.store import spaces as space_store

router = APIRouter(prefix="/v1", tags=["spaces"])
PAGE = 100


Lang = Annotated[str, Field(pattern=r"^[a-z]{2,3}(-[A-Za-z0-9]{2,8})*$")]


class NewSpace(BaseModel):
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


class SpaceChange(BaseModel):
    """Fields that are left out stay unchanged."""

    title: str | None = Field(None, max_length=500)
    topics: list[Annotated[str, Field(min_length=1, max_length=50)]] | None = None
    lang: Lang | None = None
    listeners: ListenerPolicy | None = None
    scheduled_start: AwareDatetime | None = None
    speakers: Policy | None = None
    captions: bool | None = None


class NewReaction(BaseModel):
    """The body of `POST /spaces/{space_id}/reactions`."""

    reaction: Reaction


@router.post("/spaces", status_code=201)
async def create_space(app: Here, caller: SignedIn, body: NewSpace, idempotency_key: IdempotencyKey = None) -> Any:
    """Create a Space. With `scheduled_start` it starts by itself at that time, otherwise by a `start` request.

    Errors in `invite` or `rules` are reported before anything is created.
    """
    once = Once(caller, idempotency_key, "spaces", body)
    if (answered := await once.answered(app)) is not None:
        return answered
    if body.start and body.scheduled_start is not None:
        raise Invalid("start", "cannot be combined with scheduled_start")
    app.rates.by_account("space", caller)
    if body.invite:
        app.rates.by_account("invite", caller, len(body.invite))
    if body.start:
        await may_go_live(app, caller)
    rules = compiled(body.rules, body.rules_filename) if body.rules is not None else None
    async with app.db.read() as db:
        invited = [await accounts.get(db, handle) for handle in dict.fromkeys(body.invite)]
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

    async def projection(db: AsyncConnection, outcome: Outcome) -> None:
        host = await accounts.get(db, outcome.after.host_id)
        await once.keep(db, 201, serializers.space_of(app, outcome.after, host, caller))

    await app.registry.create(command, projection)
    if rules is not None:
        await set_rules(app.registry, app.bot.id, caller, command.id, rules)
    if invited:
        await send_invites(app.registry, app.link, caller, command.id, invited)
    if body.start:
        await (await app.registry.actor(command.id)).ask(c.Start(caller))
    return await serializers.space(app, await app.registry.space(command.id), caller)


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
    space = await readable(app, caller, space_id)
    return await serializers.space(app, space, caller)


async def readable(app: Services, caller: Anyone, space_id: str) -> Space:
    """The Space, if the caller may read it. Raises NotFound, Gone (it is over, and the caller is not its host),
    NotSignedIn or NotAllowed.
    """
    space = await app.registry.space(space_id)
    if space.is_over:
        if caller.account_id != space.host_id and not caller.is_admin:
            raise Gone("Space", space_id, space.state.value)
    else:
        require_admittance(space, caller, blocked=await app.registry.blocked(space, caller.account_id))
    return space


async def may_go_live(app: Services, caller: Person) -> None:
    """Check that the caller may host one more live Space. Raises TooMany."""
    async with app.db.read() as db:
        have = await space_store.count_live_of(db, caller.account_id or "")
    app.rates.at_once("live_spaces", have)


@router.post("/spaces/{space_id}/start")
async def start(app: Here, caller: SignedIn, space_id: str) -> dict[str, Any]:
    """Go live."""
    actor = await app.registry.actor(space_id)
    await may_go_live(app, caller)
    outcome = await actor.ask(c.Start(caller))
    return await serializers.space(app, outcome.after, caller)


@router.post("/spaces/{space_id}/end")
async def end(app: Here, caller: SignedIn, space_id: str) -> dict[str, Any]:
    """End a live Space."""
    actor = await app.registry.actor(space_id)
    outcome = await actor.ask(c.End(caller))
    return await serializers.space(app, outcome.after, caller)


@router.post("/spaces/{space_id}/cancel")
async def cancel(app: Here, caller: SignedIn, space_id: str) -> dict[str, Any]:
    """Cancel a Space that has not started."""
    actor = await app.registry.actor(space_id)
    outcome = await actor.ask(c.Cancel(caller))
    return await serializers.space(app, outcome.after, caller)


@router.post("/spaces/{space_id}/reactions", status_code=202)
async def react(app: Here, caller: SignedIn, space_id: str, body: NewReaction) -> dict[str, Any]:
    """React. All reactions within a second are published as one event with counts."""
    app.rates.by_account("reaction", caller)
    actor, space = await app.admitted(space_id, caller)
    require(space, caller, Action.REACT)
    if space.state is not State.LIVE:
        raise Refused("not_live", "the Space is not live yet")
    actor.react(body.reaction.value)
    return {"reaction": body.reaction.value, "emoji": body.reaction.emoji}


@router.put("/spaces/{space_id}/reminder", status_code=204)
async def remind(app: Here, caller: SignedIn, space_id: str) -> Response:
    """Subscribe to reminders by direct message, half an hour before a scheduled Space and at its start."""
    space = await readable(app, caller, space_id)
    if space.state is not State.SCHEDULED:
        raise Refused("started", "the Space has started already")
    async with app.db.begin() as db:
        await series_store.remind(db, space_id, caller.account_id or "")
    return Response(status_code=204)


@router.delete("/spaces/{space_id}/reminder", status_code=204)
async def forget_reminder(app: Here, caller: SignedIn, space_id: str) -> Response:
    """Unsubscribe from the reminders of a Space."""
    async with app.db.begin() as db:
        await series_store.forget_reminder(db, space_id, caller.account_id or "")
    return Response(status_code=204)


@router.patch("/spaces/{space_id}")
async def change(app: Here, caller: SignedIn, space_id: str, body: SpaceChange) -> dict[str, Any]:
    """Edit a Space. The start time can change only before the start, other fields also while live."""
    actor = await app.registry.actor(space_id)
    topics = tuple(body.topics) if body.topics is not None else None
    edit = c.Edit(caller, body.title, topics, body.lang, body.listeners, _stored(body.scheduled_start))
    if edit != c.Edit(caller):
        await actor.ask(edit)
    if body.speakers is not None:
        await actor.ask(c.ChangePolicy(caller, body.speakers))
    if body.captions is not None:
        await actor.ask(c.SwitchCaptions(caller, body.captions))
    return await serializers.space(app, await app.registry.space(space_id), caller)


def _stored(at: datetime | None) -> datetime | None:
    """UTC in whole milliseconds, as times are stored."""
    if at is None:
        return None
    return at.astimezone(UTC).replace(microsecond=at.microsecond // 1000 * 1000)
