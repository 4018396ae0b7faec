"""Errors as RFC 9457 problem documents: the one format of all errors that the server returns."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from http import HTTPStatus

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import Response
from msgspec import structs
from starlette.exceptions import HTTPException

from spacesctl.api.problem import Problem
from spacesctl.api.wire import UNSET, dump
from spacesctl.domain.errors import Invalid, SpacesError, TooMany
from spacesctl.server.http.safe_answers import completed

MEDIA_TYPE = "application/problem+json"
MOST_DETAIL, MOST_FIELD = 2_000, 200
"""Characters."""
_log = structlog.get_logger()
_CODES = {
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    412: "precondition_failed",
    413: "too_large",
    415: "unsupported_media_type",
    416: "range_not_satisfiable",
    428: "precondition_required",
}


def document(error: SpacesError) -> Problem:
    """An error as a problem document."""
    return Problem(
        type=f"urn:spacesctl:problem:{error.code}",
        title=error.title,
        status=error.status,
        detail=_short(error.message, MOST_DETAIL),
        code=error.code,
        reason=UNSET if error.reason is None else error.reason,
        hint=UNSET if error.hint is None else error.hint,
        field=_short(error.field, MOST_FIELD) if isinstance(error, Invalid) else UNSET,
        retry_after=error.retry_after if isinstance(error, TooMany) else UNSET,
    )


def _short(text: str, most: int) -> str:
    """Of what somebody sent, only so much comes back."""
    return text if len(text) <= most else f"{text[: most - 1]}…"


def respond(problem: Problem) -> Response:
    """The answer with a problem document."""
    made = Response(dump(problem), problem.status, media_type=MEDIA_TYPE)
    made.raw_headers = completed(made.raw_headers)  # here, since some are sent before the application is reached
    return made


def of(error: SpacesError) -> Response:
    """The answer with the problem document of a SpacesError."""
    answer = respond(document(error))
    if isinstance(error, TooMany):
        answer.headers["Retry-After"] = str(error.retry_after)
    if error.status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def of_http(error: HTTPException) -> Response:
    """The answer with the problem document of an error that the framework raises, such as an unknown path."""
    answer = respond(
        plain(
            error.status_code,
            _CODES.get(error.status_code, "error"),
            HTTPStatus(error.status_code).phrase,
            str(error.detail),
        )
    )
    answer.headers.update(error.headers or {})
    return answer


def plain(status: int, code: str, title: str, detail: str) -> Problem:
    """A problem that is no error of `domain.errors`."""
    return Problem(type=f"urn:spacesctl:problem:{code}", title=title, status=status, detail=detail, code=code)


def install(app: FastAPI, methods_at: Callable[[str], set[str]]) -> None:
    """Register the handlers for all errors. `methods_at` tells which methods a path has."""

    @app.exception_handler(SpacesError)
    async def _known(request: Request, error: SpacesError) -> Response:
        return of(error)

    @app.exception_handler(RequestValidationError)
    async def _malformed(request: Request, error: RequestValidationError) -> Response:
        first = error.errors()[0]
        where = [str(part) for part in first["loc"] if part not in ("body", "query", "path", "header")]
        return of(Invalid(".".join(where) or "body", str(first["msg"])))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> Response:
        answer = of_http(error)
        if error.status_code == 405:  # the framework names those of one route alone
            answer.headers["Allow"] = ", ".join(sorted(methods_at(request.scope["path"])))
        return answer

    @app.exception_handler(Exception)
    async def _unforeseen(request: Request, error: Exception) -> Response:
        incident = secrets.token_hex(6)
        _log.error(
            "internal error",
            incident=incident,
            route=getattr(request.scope.get("route"), "path_format", None),
            kind=type(error).__name__,
        )
        detail = f"an internal error; its log entry has the id {incident}"
        answer = respond(structs.replace(plain(500, SpacesError.code, SpacesError.title, detail), incident=incident))
        answer.headers["Connection"] = "close"  # nobody knows what state the connection is in
        return answer
