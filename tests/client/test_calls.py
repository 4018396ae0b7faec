"""Each call of the client against the server's own declaration: the method, the path, the body and the answer."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from collections.abc import Callable, Iterator
from typing import Any, Literal, get_args, get_origin, get_type_hints

import msgspec
import pytest

from spacesctl.api.events import Event
from spacesctl.api.wire import Given, load_value
from spacesctl.client import groups
from spacesctl.client.aio import AsyncClient
from spacesctl.client.call import Call, Following, Listing, Operation, Rows, segment
from spacesctl.client.http import Client
from spacesctl.domain.errors import Invalid
from spacesctl.server.http.app import ROUTERS
from spacesctl.server.http.wire_route import WireRoute

ELSEWHERE = {
    ("POST", "/v1/clips"), ("POST", "/v1/coop/actions"), ("GET", "/v1/recordings/{recording_id}/{name}"), ("GET", "/v1/bots/assignments"),
    ("GET", "/v1/accounts/{ref}/export"),
    ("GET", "/v1/sign-in"), ("POST", "/v1/session"), ("POST", "/v1/session/link"), ("DELETE", "/v1/session"), ("POST", "/v1/sign-up"),
    ("POST", "/v1/session/provider"), ("POST", "/v1/session/provider/answer"),
    ("POST", "/v1/session/passkey"), ("POST", "/v1/session/passkey/options"), ("POST", "/v1/accounts/me/passkeys"),
    ("POST", "/v1/accounts/me/passkeys/options"),
    ("GET", "/v1/spaces/{space_id}/listen.ogg"), ("HEAD", "/v1/spaces/{space_id}/listen.ogg"),
    *(
        (method, f"/v1/spaces/{{space_id}}/{way}{more}")
        for way in ("whip", "whep")
        for method, more in (("POST", ""), ("OPTIONS", ""), ("PATCH", "/{session_id}"), ("DELETE", "/{session_id}"))
    ),
}  # fmt: skip
"""Operations with another way in: uploads and downloads, sound, the bot's stream; what is for the page alone. X's are
for X's clients."""
SAMPLES: dict[Any, Any] = {str: "x1", int: 1, bool: True, float: 1.0}


def makers() -> Iterator[tuple[str, Callable[..., Call[Any]]]]:
    for module in pkgutil.iter_modules(groups.__path__):
        found = importlib.import_module(f"{groups.__name__}.{module.name}")
        for name, one in vars(found._Calls).items():
            if isinstance(one, Operation | Listing | Rows | Following):
                yield f"{module.name}.{name}", one._make


def sample(hint: Any) -> Any:
    """A value that an argument may have."""
    if isinstance(hint, type) and issubclass(hint, Given):
        return given(hint)
    if hint in SAMPLES:
        return SAMPLES[hint]
    origin, inner = get_origin(hint), get_args(hint)
    if origin is not None and inner and origin.__name__ in ("Sequence", "list"):
        return []
    return sample(inner[0]) if origin is None and inner else inner[0] if inner else next(iter(hint))


def given(kind: type[Given]) -> Given:
    values: dict[str, Any] = {
        "kind": "person",
        "role": "speaker",
        "state": "open",
        "reaction": "clap",
        "mode": "shadow",
    }
    needed = {field.name: field.type for field in msgspec.structs.fields(kind) if field.required}
    plain = {str: "x", int: 1, bool: True, float: 1.0, list: []}

    def value(name: str, hint: Any) -> Any:
        if get_origin(hint) is Literal and values.get(name) not in get_args(hint):
            return get_args(hint)[0]
        base = get_args(hint)[0] if get_origin(hint) is not None and get_args(hint) else hint
        return values.get(name, plain.get(base, [] if "list" in str(hint) else "x"))

    found = {name: value(name, hint) for name, hint in needed.items()}
    return load_value(found | ({"handles": ["@ann"]} if "handles" in needed else {}), kind)


def call_of(make: Callable[..., Call[Any]]) -> Call[Any]:
    hints = get_type_hints(make, localns={"Event": Event})
    needed = [one for one in inspect.signature(make).parameters.values() if one.default is one.empty]
    positional = [sample(hints[one.name]) for one in needed if one.kind is not one.KEYWORD_ONLY]
    named = {one.name: sample(hints[one.name]) for one in needed if one.kind is one.KEYWORD_ONLY}
    return make(*positional, **named)


def routes() -> list[WireRoute]:
    return [route for router in ROUTERS for route in router.routes if isinstance(route, WireRoute)]


def route_of(call: Call[Any]) -> WireRoute:
    matching = (r for r in routes() if call.method in (r.methods or ()) and r.path_regex.fullmatch(call.path))
    return next(matching)


@pytest.mark.parametrize("make", [pytest.param(make, id=name) for name, make in makers()])
def test_a_call_is_what_the_server_declares(make: Callable[..., Call[Any]]) -> None:
    call = call_of(make)
    route = route_of(call)
    if call.answer is Event:
        assert "text/event-stream" in route.responses[200]["content"]
    elif call.answer in (str, bytes, type(None)):
        assert route.answer is None
    else:
        assert call.answer == route.answer
    assert (type(call.body) if call.body is not None else None) in (route.body, None)
    assert call.body is not None or route.body is None or route.body_may_be_missing
    known = {one.alias for one in [*route.dependant.query_params]}
    assert set(call.parameters) <= known


def test_each_operation_has_a_call() -> None:
    called = {(call.method, route_of(call).path_format) for call in (call_of(make) for _, make in makers())}
    all_of = {(m, r.path_format) for r in routes() for m in (r.methods or ()) if r.path_format.startswith("/v1/")}
    assert all_of - called == ELSEWHERE


@pytest.mark.parametrize("kind", [Client, AsyncClient])
async def test_both_clients_have_all_groups(kind: type[Client] | type[AsyncClient]) -> None:
    client = kind("http://server.test")
    names = {"spaces", "people", "accounts", "messages", "posts", "series", "recordings", "redactions", "chat", "moderation", "webhooks",
             "notifications", "server", "transparency", "devices"}  # fmt: skip
    assert {type(getattr(client, name)).__mro__[1].__module__ for name in names} == {
        f"{groups.__name__}.{module.name}" for module in pkgutil.iter_modules(groups.__path__)
    }


pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("text", [".", "..", ""])
def test_a_name_that_would_lead_to_another_path_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        segment(text)
