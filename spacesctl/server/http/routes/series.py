"""Series of recurring Spaces."""

from __future__ import annotations

from functools import partial
from itertools import islice
from typing import Annotated, Any

from fastapi import APIRouter, Response
from pydantic import Field

from spacesctl.application import series as use
from spacesctl.application.once import Once
from spacesctl.application.rulesets import MAX_RULES, compiled
from spacesctl.domain.clock import rfc3339
from spacesctl.domain.ids import new_space_id
from spacesctl.domain.principals import Person
from spacesctl.domain.recurrence import occurrences
from spacesctl.domain.series import Series, deleted, paused, resumed, used
from spacesctl.domain.words import ListenerPolicy, Policy, RecordingMode
from spacesctl.server.http.body import Body
from spacesctl.server.http.idempotency import IdempotencyKey, answer_once
from spacesctl.server.http.routes.spaces import Lang
from spacesctl.server.http.services import Here, Services, SignedIn
from spacesctl.store import series as series_store

router = APIRouter(prefix="/v1/series", tags=["series"])
SHOWN = 5
"""Coming start times in an answer."""

Topics = list[Annotated[str, Field(min_length=1, max_length=50)]]


class NewSeries(Body):
    """The body of `POST /series`."""

    title: str = Field(max_length=500)
    cron: str = Field(max_length=200)
    tz: str = Field("UTC", max_length=64)
    duration: int
    """Seconds."""
    speakers: Policy = Policy.INVITED
    listeners: ListenerPolicy = ListenerPolicy.EVERYONE
    captions: bool = True
    topics: Topics = Field(default_factory=list)
    lang: Lang = "en"
    invite: Annotated[list[str], Field(max_length=100)] = Field(default_factory=list)
    rules: str | None = Field(None, max_length=MAX_RULES)
    rules_filename: str = Field("rules.toml", max_length=200)
    record: RecordingMode = RecordingMode.OFF
    """What is recorded of each Space."""


class SeriesChange(Body):
    """Fields that are left out stay unchanged."""

    title: str | None = Field(None, max_length=500)
    cron: str | None = Field(None, max_length=200)
    tz: str | None = Field(None, max_length=64)
    duration: int | None = None
    speakers: Policy | None = None
    listeners: ListenerPolicy | None = None
    topics: Topics | None = None
    rules: str | None = Field(None, max_length=MAX_RULES)
    """Another rule file; null removes the rules."""
    rules_filename: str = Field("rules.toml", max_length=200)
    invite: Annotated[list[str], Field(max_length=100)] = Field(default_factory=list)
    """Handles to invite in addition, from now on."""
    uninvite: Annotated[list[str], Field(max_length=100)] = Field(default_factory=list)


@router.post("", status_code=201)
async def create_series(app: Here, caller: SignedIn, body: NewSeries, idempotency_key: IdempotencyKey = None) -> Any:
    """Create a series. Its coming Space, with the invitations, is created at once or a week before its start."""
    return await answer_once(app, caller, idempotency_key, "series", body, partial(_create, app, caller, body))


async def _create(app: Services, caller: Person, body: NewSeries, once: Once) -> dict[str, Any]:
    app.rates.by_account("space", caller)
    if body.invite:
        app.rates.by_account("invite", caller, len(body.invite))
    rules = compiled(body.rules, body.rules_filename) if body.rules is not None else None
    series = Series(
        new_space_id(), caller.account_id or "", body.title, body.cron, body.tz, body.duration, app.clock.now(), body.speakers,
        body.listeners, body.captions, tuple(body.topics), body.lang, record=body.record,
    )  # fmt: skip

    def shown(made: Series) -> dict[str, Any]:
        return _series(app, made)

    return shown(await use.create_series(app, series, caller, rules, body.invite, once.keeping(shown)))


@router.get("")
async def list_series(app: Here, caller: SignedIn) -> dict[str, Any]:
    """The caller's series."""
    async with app.db.read() as db:
        found = await series_store.of_host(db, caller.account_id or "")
    return {"data": [_series(app, one) for one in found]}


@router.get("/{series_id}")
async def get_series(app: Here, caller: SignedIn, series_id: str) -> dict[str, Any]:
    """One series."""
    return _series(app, await use.get_series(app, series_id, caller))


@router.patch("/{series_id}")
async def edit_series(app: Here, caller: SignedIn, series_id: str, body: SeriesChange) -> dict[str, Any]:
    """Edit a series. Its coming Space, if it exists, is changed too."""
    fields = body.model_dump(exclude_none=True, exclude={"rules", "rules_filename", "invite", "uninvite"})
    if "speakers" in fields:
        fields["policy"] = fields.pop("speakers")
    if "topics" in fields:
        fields["topics"] = tuple(fields["topics"])
    rules = compiled(body.rules, body.rules_filename) if body.rules is not None else None
    edit = use.Edit(fields, "rules" in body.model_fields_set, rules, body.invite, body.uninvite)
    return _series(app, await use.edit_series(app, series_id, caller, edit))


@router.post("/{series_id}/pause")
async def pause(app: Here, caller: SignedIn, series_id: str) -> dict[str, Any]:
    """Create no more Spaces until the series is resumed; the coming one is canceled."""
    return _series(app, await use.change_series(app, series_id, caller, "pause", lambda s, now: paused(s)))


@router.post("/{series_id}/resume")
async def resume(app: Here, caller: SignedIn, series_id: str) -> dict[str, Any]:
    """Resume a paused series."""
    return _series(app, await use.change_series(app, series_id, caller, "resume", resumed))


@router.post("/{series_id}/skip")
async def skip(app: Here, caller: SignedIn, series_id: str) -> dict[str, Any]:
    """Cancel the coming Space and plan the next one."""
    return _series(app, await use.change_series(app, series_id, caller, "skip", used))


@router.delete("/{series_id}", status_code=204)
async def delete_series(app: Here, caller: SignedIn, series_id: str) -> Response:
    """Delete the series. Its coming Space is canceled; a live one continues."""
    await use.change_series(app, series_id, caller, "delete", lambda s, now: deleted(s))
    return Response(status_code=204)


def _series(app: Services, value: Series) -> dict[str, Any]:
    starts = [] if value.planned is None else [value.planned, *_after(value)]
    return {
        "id": value.id,
        "title": value.title,
        "state": value.state.value,
        "cron": value.cron,
        "tz": value.tz,
        "duration": value.duration,
        "speakers": value.policy.value,
        "listeners": value.listeners.value,
        "captions": value.captions,
        "topic_ids": list(value.topics),
        "lang": value.lang,
        "rules": value.rules_hash,
        "record": value.record.value,
        "invited_user_ids": list(value.invited),
        "next_start": rfc3339(value.planned) if value.planned else None,
        "next_space": value.space_id,
        "link": app.link(value.space_id) if value.space_id else None,
        "coming": [rfc3339(at) for at in starts],
        "created_at": rfc3339(value.created_at),
    }


def _after(value: Series) -> list[Any]:
    if value.planned is None:
        return []
    return list(islice(occurrences(value.cron, value.tz, value.planned), SHOWN - 1))
