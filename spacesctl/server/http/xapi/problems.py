"""Errors in X's format. Their `type` addresses are part of it: clients compare them as text."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Mapping
from typing import ClassVar

from fastapi import Request, Response
from fastapi.exceptions import RequestValidationError
from msgspec import structs

from spacesctl.api.wire import Answer, dump
from spacesctl.api.x import XBadParameter, XInvalid, XMissing, XProblem
from spacesctl.domain.errors import SpacesError, TooMany
from spacesctl.server.http.wire_route import WireRoute

_TYPES = "https://api.x.com/2/problems/"


Handler = Callable[[Request], Coroutine[object, object, Response]]


class BadParameter(Exception):
    """A query parameter is invalid; the answer is this error only."""

    def __init__(self, parameter: str, value: str, message: str) -> None:
        super().__init__(message)
        self.parameter, self.value, self.message = parameter, value, message


def not_found(parameter: str, value: str, kind: str = "space") -> XMissing:
    """An entry of `errors` for one of several requested things that does not exist."""
    return XMissing(
        value=value,
        detail=f"Could not find {kind} with {parameter}: [{value}].",
        title="Not Found Error",
        resource_type=kind,
        parameter=parameter,
        resource_id=value,
        type=f"{_TYPES}resource-not-found",
    )


def not_authorized(parameter: str, value: str) -> XMissing:
    """An entry of `errors` for a Space that the caller may not see."""
    return structs.replace(
        not_found(parameter, value),
        detail=f"Sorry, you are not authorized to see the space with {parameter}: [{value}].",
        title="Authorization Error",
        type=f"{_TYPES}not-authorized-for-resource",
    )


def invalid(error: BadParameter) -> Response:
    """The answer for an invalid parameter."""
    body = XInvalid(
        errors=[XBadParameter(parameters={error.parameter: [error.value]}, message=error.message)],
        title="Invalid Request",
        detail="One or more parameters to your request was invalid.",
        type=f"{_TYPES}invalid-request",
    )
    return Response(dump(body), 400, media_type="application/json")


def plain(status: int, title: str, detail: str | None = None) -> Response:
    """An error without details of X's."""
    body = XProblem(title=title, type="about:blank", status=status, detail=detail or title)
    return Response(dump(body), status, media_type="application/problem+json")


class XRoute(WireRoute):
    """A route that returns all errors in X's format."""

    problem_types: ClassVar[Mapping[int, type[Answer]]] = {0: XProblem, 400: XInvalid}
    problem_media_types: ClassVar[Mapping[int, str]] = {400: "application/json"}

    def get_route_handler(self) -> Handler:
        """The handler, with errors converted."""
        handle = super().get_route_handler()

        async def in_their_words(request: Request) -> Response:
            try:
                answer: Response = await handle(request)
            except BadParameter as error:
                return invalid(error)
            except RequestValidationError as error:
                first = error.errors()[0]
                name = str(first["loc"][-1])
                return invalid(
                    BadParameter(name, str(first.get("input") or ""), f"The `{name}` parameter: {first['msg']}")
                )
            except SpacesError as error:
                said = plain(error.status, _TITLES.get(error.status, error.title), error.message)
                if isinstance(error, TooMany):
                    said.headers.update({"Retry-After": str(error.retry_after), **getattr(error, "headers", {})})
                return said
            answer.headers.update(getattr(request.state, "quota", {}))
            return answer

        return in_their_words


_TITLES = {401: "Unauthorized", 403: "Forbidden", 429: "Too Many Requests", 503: "Service Unavailable"}
