"""Answers that contain a secret, which no cache may keep."""

from __future__ import annotations

from fastapi.responses import Response

from spacesctl.api.wire import Answer, dump


def no_store(made: Answer | Response) -> Response:
    """The answer (201) to a create that made a secret; a repeated one is passed on."""
    if isinstance(made, Response):
        return made
    return Response(dump(made), 201, {"Cache-Control": "no-store"}, "application/json")
