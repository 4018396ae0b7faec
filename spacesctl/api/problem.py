"""Problem documents (RFC 9457): the one form of errors."""

from __future__ import annotations

from spacesctl.api.wire import UNSET, Answer, UnsetType


class Problem(Answer, frozen=True, kw_only=True):
    """Why a request failed. `code` is stable, `type` is a URN of it; `detail` is one sentence for people."""

    type: str = "about:blank"
    title: str = ""
    status: int = 0
    detail: str = ""
    code: str = "error"
    reason: str | UnsetType = UNSET
    """Which state or rule refused it."""
    hint: str | UnsetType = UNSET
    """What to do next."""
    field: str | UnsetType = UNSET
    """The field that is not valid."""
    retry_after: int | UnsetType = UNSET
    """Seconds."""
    incident: str | UnsetType = UNSET
    """The id of an internal error in the server's log."""
