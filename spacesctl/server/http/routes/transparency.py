"""Figures and statements of reasons, for operators."""

from __future__ import annotations

from datetime import date

from fastapi import APIRouter

from spacesctl.api import transparency as api
from spacesctl.api.wire import load_value
from spacesctl.application import transparency
from spacesctl.application.transparency import Cursor
from spacesctl.domain.clock import rfc3339
from spacesctl.domain.errors import Invalid, TooMany
from spacesctl.domain.transparency import EEA
from spacesctl.server.http import cursors
from spacesctl.server.http.limited import limited
from spacesctl.server.http.services import Admin, Here
from spacesctl.server.http.wire_route import WireRoute, may_fail

router = APIRouter(prefix="/v1/audit", tags=["moderation"], route_class=WireRoute)


@router.get("/figures")
@may_fail(TooMany)
@limited("verify")
async def list_figures(app: Here, caller: Admin, first: str, last: str) -> api.Figures:
    """How much was reported, restricted, appealed and reversed from the day `first` to the day `last` (`YYYY-MM-DD`, UTC, both included).
    For admins.
    """
    found = await transparency.figures(app, _day("first", first), _day("last", last))
    return api.Figures(data=[api.Figure(**vars(one)) for one in found])


@router.get("/statements")
async def list_statements(
    app: Here,
    caller: Admin,
    first: str,
    last: str,
    territory: str | None = None,
    language: str | None = None,
    cursor: str | None = None,
) -> api.Statements:
    """Statements of reasons for what restricted somebody from the day `first` to the day `last` (`YYYY-MM-DD`, UTC, both included).
    `territory`: countries, separated by commas; without it all of the EEA. `language`: of the content, such as `EN`. For admins.
    """
    places = territory.split(",") if territory is not None else EEA
    rows, more = await transparency.statements(
        app, _day("first", first), _day("last", last), _after(cursor), places, language
    )
    return api.Statements(data=[load_value(vars(one), api.Statement) for one in rows], next=_cursor(more))


def _day(name: str, text: str) -> date:
    try:
        return date.fromisoformat(text)
    except ValueError as error:
        raise Invalid(name, "must be a day such as 2026-11-30") from error


def _after(cursor: str | None) -> Cursor | None:
    """Raises Invalid."""
    if not cursor:
        return None
    at, _, last = cursor.partition("/")
    instant = cursors.instant(at)
    if instant is None or not last:
        raise cursors.unknown()
    return instant, last


def _cursor(more: Cursor | None) -> str | None:
    return f"{rfc3339(more[0])}/{more[1]}" if more is not None else None
