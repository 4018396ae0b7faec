"""Series of recurring Spaces."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import datetime
from functools import partial
from itertools import islice

from fastapi import APIRouter, Response

from spacesctl.api import series as api
from spacesctl.api.wire import UNSET, Page, Time, time
from spacesctl.application import series as use
from spacesctl.application.once import Once
from spacesctl.application.rulesets import compiled
from spacesctl.domain.errors import Conflict, Invalid, NotAllowed, NotFound, Refused, TooMany
from spacesctl.domain.ids import new_space_id
from spacesctl.domain.principals import Person
from spacesctl.domain.recurrence import occurrences
from spacesctl.domain.series import Series, SeriesState, deleted, paused, resumed, used
from spacesctl.server.http.idempotency import IdempotencyKey, answer_once, keeping
from spacesctl.server.http.limited import limited, rule_blocks
from spacesctl.server.http.services import Here, Services, SignedIn
from spacesctl.server.http.wire_route import WireRoute, may_fail
from spacesctl.store import series as series_store

router = APIRouter(prefix="/v1/series", tags=["series"], route_class=WireRoute)
SHOWN = 5
"""Coming start times in an answer."""


@router.post("", status_code=201)
@may_fail(NotFound, Refused, Conflict, TooMany)
@limited("space")
@limited("invite", cost=lambda body: len(body.invite) + len(body.cohosts))
@limited("rule_file", cost=rule_blocks)
async def create_series(
    app: Here, caller: SignedIn, body: api.NewSeries, idempotency_key: IdempotencyKey = None
) -> api.Series | Response:
    """Create a series. Its coming Space, with the invitations, is created at once or a week before its start."""
    return await answer_once(app, caller, idempotency_key, "series", body, partial(_create, app, caller, body))


async def _create(app: Services, caller: Person, body: api.NewSeries, once: Once) -> api.Series:
    rules = await compiled(app, caller, body.rules, body.rules_filename) if body.rules is not None else None
    series = Series(
        new_space_id(), caller.account_id or "", body.title, body.cron, body.tz, body.duration, app.clock.now(), body.speakers,
        body.listeners, body.captions, tuple(body.topics), body.lang, record=body.record, delay=body.delay,
        with_numbers=body.with_numbers,
    )  # fmt: skip
    keep = keeping(once, partial(_series, app))
    return _series(app, await use.create_series(app, series, caller, rules, body.invite, body.cohosts, keep))


@router.get("")
async def list_series(app: Here, caller: SignedIn) -> Page[api.Series]:
    """The caller's series."""
    async with app.db.read() as db:
        found = await series_store.of_host(db, caller.account_id or "")
    return Page(data=[_series(app, one) for one in found])


@router.get("/{series_id}")
@may_fail(NotFound, NotAllowed)
async def get_series(app: Here, caller: SignedIn, series_id: str) -> api.Series:
    """One series."""
    return _series(app, await use.get_series(app, series_id, caller))


@router.patch("/{series_id}")
@may_fail(NotFound, NotAllowed, Refused)
@limited("change")
@limited("invite", cost=lambda body: len(body.invite) + len(body.cohosts))
@limited("rule_file", cost=rule_blocks)
async def edit_series(app: Here, caller: SignedIn, series_id: str, body: api.SeriesChange) -> api.Series:
    """Edit a series. Its coming Space, if it exists, is changed too."""
    if body.with_numbers and not isinstance(body.rules, str):
        raise Invalid("with_numbers", "is for `rules`")
    edit = use.Edit(
        title=body.title,
        cron=body.cron,
        tz=body.tz,
        duration=body.duration,
        policy=body.speakers,
        listeners=body.listeners,
        topics=None if body.topics is None else tuple(body.topics),
        has_rules=body.rules is not UNSET,
        rules=await compiled(app, caller, body.rules, body.rules_filename) if isinstance(body.rules, str) else None,
        with_numbers=body.with_numbers,
        delay=body.delay,
        invite=body.invite,
        cohosts=body.cohosts,
        uninvite=body.uninvite,
    )
    return _series(app, await use.edit_series(app, series_id, caller, edit))


@router.post("/{series_id}/pause")
@may_fail(NotFound, NotAllowed)
@limited("change")
async def pause(app: Here, caller: SignedIn, series_id: str) -> api.Series:
    """Create no more Spaces until the series is resumed; the coming one is canceled."""
    return _series(app, await use.change_series(app, series_id, caller, "pause", lambda s, now: paused(s)))


@router.post("/{series_id}/resume")
@may_fail(NotFound, NotAllowed, Refused)
@limited("change")
async def resume(app: Here, caller: SignedIn, series_id: str) -> api.Series:
    """Resume a paused series."""
    return _series(app, await use.change_series(app, series_id, caller, "resume", resumed))


@router.post("/{series_id}/skip")
@may_fail(NotFound, NotAllowed, Refused)
@limited("change")
async def skip(app: Here, caller: SignedIn, series_id: str) -> api.Series:
    """Cancel the coming Space and plan the next one."""
    return _series(app, await use.change_series(app, series_id, caller, "skip", used))


@router.delete("/{series_id}", status_code=204)
@may_fail(NotFound, NotAllowed)
@limited("change")
async def delete_series(app: Here, caller: SignedIn, series_id: str) -> None:
    """Delete the series. Its coming Space is canceled; a live one continues."""
    await use.change_series(app, series_id, caller, "delete", lambda s, now: deleted(s))


def _series(app: Services, value: Series) -> api.Series:
    coming = [] if value.planned is None else [value.planned, *_after(value, value.planned)]
    return api.Series(
        id=value.id,
        title=value.title,
        state="paused" if value.state is SeriesState.PAUSED else "active",
        cron=value.cron,
        tz=value.tz,
        duration=value.duration,
        speakers=value.policy,
        listeners=value.listeners,
        captions=value.captions,
        topic_ids=list(value.topics),
        lang=value.lang,
        rules=value.rules_hash,
        redacts="redact" in value.rule_actions,
        with_numbers=value.with_numbers,
        record=value.record,
        delay=value.delay,
        invited_user_ids=list(value.invited),
        cohost_user_ids=list(value.cohosts),
        next_start=time(value.planned),
        next_space_id=value.space_id,
        link=app.link(value.space_id) if value.space_id else None,
        coming=[Time.of(at) for at in coming],
        created_at=Time.of(value.created_at),
    )


def _after(value: Series, planned: datetime) -> Iterator[datetime]:
    return islice(occurrences(value.cron, value.tz, planned), SHOWN - 1)
