"""Errors as RFC 9457 problem documents: the one format of all errors that the server returns."""

from __future__ import annotations

import secrets
from http import HTTPStatus
from typing import Any

import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from starlette.exceptions import HTTPException

from spacesctl.domain.errors import Invalid, SpacesError, TooMany
from spacesctl.server.http.body import UNKNOWN_FIELD

MEDIA_TYPE = "application/problem+json"
_log = structlog.get_logger()
_CODES = {
    404: "not_found",
    405: "method_not_allowed",
    406: "not_acceptable",
    412: "precondition_failed",
    413: "too_large",
    415: "unsupported_media_type",
    428: "precondition_required",
}


def problem(status: int, code: str, title: str, detail: str, **more: Any) -> JSONResponse:
    """Build a problem document. `type` is a stable URN of the code; members that are None are left out."""
    body = {"type": f"urn:spacesctl:problem:{code}", "title": title, "status": status, "detail": detail, "code": code}
    body.update({key: value for key, value in more.items() if value is not None})
    return JSONResponse(body, status, media_type=MEDIA_TYPE)


def of(error: SpacesError) -> JSONResponse:
    """The problem document of a SpacesError."""
    field = error.field if isinstance(error, Invalid) else None
    answer = problem(
        error.status, error.code, error.title, error.message, reason=error.reason, hint=error.hint, field=field,
        retry_after=error.retry_after if isinstance(error, TooMany) else None,
    )  # fmt: skip
    if isinstance(error, TooMany):
        answer.headers["Retry-After"] = str(error.retry_after)
    if error.status == 401:
        answer.headers["WWW-Authenticate"] = "Bearer"
    return answer


def of_http(error: HTTPException) -> JSONResponse:
    """The problem document of an error that the framework raises, such as an unknown path."""
    code = _CODES.get(error.status_code, "error")
    answer = problem(error.status_code, code, HTTPStatus(error.status_code).phrase, str(error.detail))
    answer.headers.update(error.headers or {})
    return answer


def install(app: FastAPI) -> None:
    """Register the handlers for all errors."""

    @app.exception_handler(SpacesError)
    async def _known(request: Request, error: SpacesError) -> JSONResponse:
        return of(error)

    @app.exception_handler(RequestValidationError)
    async def _malformed(request: Request, error: RequestValidationError) -> JSONResponse:
        first = error.errors()[0]
        if first["type"] == UNKNOWN_FIELD:
            name, near = first["ctx"]["name"], first["ctx"]["near"]
            return of(Invalid(name, "is unknown", hint=f"did you mean {near}?" if near else None))
        where = [str(part) for part in first["loc"] if part not in ("body", "query", "path", "header")]
        return of(Invalid(".".join(where) or "body", str(first["msg"])))

    @app.exception_handler(HTTPException)
    async def _http(request: Request, error: HTTPException) -> JSONResponse:
        return of_http(error)

    @app.exception_handler(Exception)
    async def _unforeseen(request: Request, error: Exception) -> JSONResponse:
        incident = secrets.token_hex(6)
        _log.error(
            "internal error", incident=incident, route=request.scope.get("route_path"), kind=type(error).__name__
        )
        detail = f"an internal error; its log entry has the id {incident}"
        return problem(500, SpacesError.code, SpacesError.title, detail, incident=incident)
