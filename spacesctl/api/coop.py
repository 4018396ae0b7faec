"""Coop, ROOST's review console, beside this server."""

from __future__ import annotations

from typing import Literal

from spacesctl.api.wire import Answer, Time


class NotInCoop(Answer, frozen=True, kw_only=True):
    """A report or appeal that Coop does not have. `status` is what it answered last; null: nothing."""

    kind: Literal["report", "rule", "appeal"]
    id: str
    at: Time
    status: int | None
    problem: str


class CoopTest(Answer, frozen=True, kw_only=True):
    """What became of a report that is marked as a test. `id` is that of its item; `status` is what Coop answered, null: nothing."""

    id: str
    delivered: bool
    status: int | None
    problem: str | None


class CoopState(Answer, frozen=True, kw_only=True):
    """How it stands with Coop. `waiting`, `delivered` and `failed` are of the last 7 days; `dropped` is what was too much to wait."""

    url: str
    rules: bool
    """Whether it gets the reports of rules, too."""
    waiting: int
    delivered: int
    failed: int
    dropped: int
    failing_since: Time | None
    decided: int
    """Its decisions since the server was started that were taken over."""
    late: int
    """Those that were not, since somebody had decided here."""
    refused: int
    """Callbacks with a wrong signature."""
    failures: list[NotInCoop]
    """The newest of `failed`."""
