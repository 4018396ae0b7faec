"""What operators publish of moderation."""

from __future__ import annotations

from spacesctl.api.transparency import Figures, Statement, Statements
from spacesctl.api.wire import Page
from spacesctl.client.call import AsyncGroup, Call, Listing, Operation, SyncGroup


def _figures(first: str, last: str) -> Call[Figures]:
    """How much was reported, restricted, appealed and reversed from one day to another (`YYYY-MM-DD`, UTC, both included)."""
    return Call("GET", "/v1/audit/figures", Figures, parameters={"first": first, "last": last})


def _statements(
    first: str, last: str, *, territory: str | None = None, language: str | None = None
) -> Call[Page[Statement]]:
    """Statements of reasons for what restricted somebody from one day to another, the oldest first."""
    parameters = {"first": first, "last": last, "territory": territory, "language": language}
    return Call("GET", "/v1/audit/statements", Statements, parameters=parameters)


class _Calls:
    figures = Operation(_figures)
    statements = Listing(_statements)


class Transparency(_Calls, SyncGroup):
    """`client.transparency`."""


class AsyncTransparency(_Calls, AsyncGroup):
    """`client.transparency`."""
