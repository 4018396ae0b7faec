"""Routes whose bodies and answers are types of `api`: the endpoint takes one and returns the other, and both are documented."""

from __future__ import annotations

import inspect
from collections.abc import Awaitable, Callable, Mapping, Sequence
from functools import wraps
from http import HTTPStatus
from types import NoneType, UnionType
from typing import Annotated, Any, ClassVar, get_args, get_origin, get_type_hints

from fastapi import Depends
from fastapi.params import Depends as DependsOn
from fastapi.requests import HTTPConnection
from fastapi.responses import Response
from fastapi.routing import APIRoute
from starlette.routing import Match
from starlette.types import Receive, Scope, Send

from spacesctl.api.problem import Problem
from spacesctl.api.wire import Answer, Given, dump
from spacesctl.domain.errors import Invalid, NotAllowed, NotSignedIn, SpacesError, TooMany
from spacesctl.server.http import services
from spacesctl.server.http.body import reader
from spacesctl.server.http.limited import READS, Limit, count, declared, given_back_on_failure, settle

Endpoint = Callable[..., Awaitable[object]]
_NEEDS_TOKEN = {services.signed_in, services.admin, services.service_bot}


def may_fail(*errors: type[SpacesError]) -> Callable[[Endpoint], Endpoint]:
    """Declares the problems with which an endpoint answers, besides those that follow from its parameters."""

    def mark(endpoint: Endpoint) -> Endpoint:
        setattr(endpoint, "problems", errors)  # noqa: B010  # functions have no such attribute for the type checker
        return endpoint

    return mark


def problem_responses(*statuses: int) -> dict[int | str, dict[str, object]]:
    """The declaration of problems that the framework, or a protocol, has and `domain.errors` has not."""
    content = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {status: {"description": HTTPStatus(status).phrase, "content": content} for status in statuses}


def text_response(status: int, media_type: str, description: str) -> dict[int | str, dict[str, object]]:
    """The declaration of an answer that is no JSON."""
    return {status: {"description": description, "content": {media_type: {"schema": {"type": "string"}}}}}


class WireRoute(APIRoute):
    """Encodes answers, reads bodies, and knows its types for the OpenAPI document."""

    no_token: ClassVar[str] = "none"
    problem_types: ClassVar[Mapping[int, type[Answer]]] = {0: Problem}
    """The type of a problem by its status; that of 0 is for all others."""
    problem_media_types: ClassVar[Mapping[int, str]] = {}
    """The media type of a problem by its status, where it is another than RFC 9457's."""

    def __init__(self, path: str, endpoint: Endpoint, **options: Any) -> None:
        hints = get_type_hints(endpoint, include_extras=True)
        self.answer = _answer_of(hints.get("return"))
        self.body = next((kind for hint in hints.values() if (kind := _given(hint)) is not None), None)
        self.body_may_be_missing = any(
            _given(hints[one.name]) is not None and one.default is not inspect.Parameter.empty
            for one in inspect.signature(endpoint).parameters.values()
        )
        used = {dependency for hint in hints.values() for dependency in _dependencies(hint)}
        self.token = "required" if used & _NEEDS_TOKEN else "optional" if services.caller in used else self.no_token
        self.problems: set[type[SpacesError]] = set(getattr(endpoint, "problems", ()))
        if self.token != self.no_token:
            self.problems |= {NotSignedIn, NotAllowed, TooMany}  # wrong tokens are counted by address
        if set(options.get("methods") or ()) - READS:
            self.problems |= {Invalid, NotSignedIn, NotAllowed, TooMany}  # a dry run signs in
        self.limits = declared(endpoint)
        if self.limits:
            self.problems.add(TooMany)
        elif set(options.get("methods") or ()) - READS:
            raise TypeError(f"{path}: {endpoint.__name__} changes something and names no limit")
        options["response_model"] = None
        encoded = _encoding(endpoint, hints, options.get("status_code") or 200)
        super().__init__(path, _counted(encoded, self.limits) if self.limits else encoded, **options)

    def matches(self, scope: Scope) -> tuple[Match, Scope]:
        """Where there is GET there is HEAD (RFC 9110, 9.1): the server leaves the body out."""
        match, child = super().matches(scope)
        return (Match.FULL if match is Match.PARTIAL and self._is_head(scope) else match), child

    async def handle(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer, or raise HTTPException 405."""
        await (self.app if self._is_head(scope) else super().handle)(scope, receive, send)

    def _is_head(self, scope: Scope) -> bool:
        return scope["method"] == "HEAD" and "GET" in (self.methods or ())


def _encoding(endpoint: Endpoint, hints: Mapping[str, Any], status: int) -> Callable[..., Awaitable[Response]]:
    """The endpoint with an encoded answer, and with a dependency in the place of its body."""

    @wraps(endpoint)
    async def answer(**given: Any) -> Response:
        made = await endpoint(**given)
        if isinstance(made, Response):
            return made
        if made is None:
            return Response(status_code=status)
        return Response(dump(made), status, media_type="application/json")

    parameters = [_injected(hints[one.name], one) for one in inspect.signature(endpoint).parameters.values()]
    setattr(answer, "__signature__", inspect.Signature(parameters))  # noqa: B010
    return answer


def _counted(
    endpoint: Callable[..., Awaitable[Response]], limits: Sequence[Limit]
) -> Callable[..., Awaitable[Response]]:
    """The endpoint behind its limits, once its arguments are known to be well-formed."""

    @wraps(endpoint)
    async def answer(the_connection: HTTPConnection, **given: Any) -> Response:
        spent = await count(limits, the_connection, given)
        with given_back_on_failure(spent):
            made = await endpoint(**given)
        settle(spent, made)
        return made

    asked = inspect.Parameter("the_connection", inspect.Parameter.KEYWORD_ONLY, annotation=HTTPConnection)
    parameters = [asked, *inspect.signature(endpoint).parameters.values()]
    setattr(answer, "__signature__", inspect.Signature(parameters))  # noqa: B010
    return answer


def _injected(hint: Any, one: inspect.Parameter) -> inspect.Parameter:
    one = one.replace(annotation=hint, kind=inspect.Parameter.KEYWORD_ONLY)
    kind = _given(hint)
    if kind is None:
        return one
    missing = () if one.default is inspect.Parameter.empty else (one.default,)
    return one.replace(annotation=Annotated[hint, Depends(reader(kind, *missing))], default=inspect.Parameter.empty)


def _given(hint: Any) -> type[Given] | None:
    """The type of a body, also of one that may be missing."""
    kinds = get_args(hint) if get_origin(hint) is UnionType else (hint,)
    found = [one for one in kinds if isinstance(one, type) and issubclass(one, Given)]
    return found[0] if found else None


def _answer_of(hint: Any) -> Any:
    """The type of the answer's JSON; None for an answer that has none."""
    if hint is None or hint is NoneType or (isinstance(hint, type) and issubclass(hint, Response)):
        return None
    origin = get_origin(hint) or hint
    if isinstance(origin, UnionType) or origin is UnionType:
        return next(kind for kind in get_args(hint) if not issubclass(kind, Response))
    if not (isinstance(origin, type) and issubclass(origin, Answer)):
        raise TypeError(f"an answer is a type of the wire, not {hint}")
    return hint


def _dependencies(hint: Any) -> list[Any]:
    return [one.dependency for one in get_args(hint)[1:] if isinstance(one, DependsOn)]
