"""A server each of whose answers has the same text in every text field: what a command prints of it is looked at."""

from __future__ import annotations

import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from enum import Enum
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any, get_args

import msgspec
from msgspec import inspect

from spacesctl.api.events import EVENTS
from spacesctl.api.problem import Problem
from spacesctl.api.wire import Time, dump
from spacesctl.server.http.app import ROUTERS
from spacesctl.server.http.wire_route import WireRoute
from tests.cli.broken_server import event
from tests.cli.samples import AT

ROUTES = [route for router in ROUTERS for route in router.routes if isinstance(route, WireRoute)]


def specimen(kind: Any, text: str, named: Mapping[str, str] = {}) -> Any:
    """A value of a type of the wire with this text wherever a text may be, but where a field has one of its own in `named`."""
    return _of(msgspec.inspect.type_info(kind), text, named)


def _of(kind: inspect.Type, text: str, named: Mapping[str, str]) -> Any:
    match kind:
        case inspect.Metadata():
            return _of(kind.type, text, named)
        case inspect.UnionType():
            return _of(next(one for one in kind.types if not isinstance(one, inspect.NoneType)), text, named)
        case inspect.StructType():
            return kind.cls(
                **{field.name: _of(field.type, named.get(field.name, text), named) for field in kind.fields}
            )
        case inspect.ListType():
            return [_of(kind.item_type, text, named)]
        case inspect.DictType():
            return {text: _of(kind.value_type, text, named)}
        case inspect.EnumType():
            return next(iter(one for one in kind.cls if isinstance(one, Enum)))
        case inspect.LiteralType():
            return kind.values[0]
        case inspect.CustomType():
            assert Time in (kind.cls, *get_args(kind.cls))
            return AT
        case _:
            plain = {
                inspect.StrType: text, inspect.IntType: 1, inspect.FloatType: 0.5, inspect.BoolType: True,
                inspect.NoneType: None, inspect.AnyType: text,
            }  # fmt: skip
            return plain[type(kind)]


def answer_to(method: str, path: str, text: str, named: Mapping[str, str] = {}) -> tuple[str, bytes]:
    """The media type and the body."""
    route = next((one for one in ROUTES if method in (one.methods or ()) and one.path_regex.match(path)), None)
    if path.endswith(".ics"):
        return "text/calendar", f"BEGIN:VCALENDAR\r\nSUMMARY:{text}\r\nEND:VCALENDAR\r\n".encode()
    if route is not None and route.status_code == 204:
        return "", b""
    if route is None or route.answer is None:
        return "application/json", b"{}"
    made = msgspec.to_builtins(specimen(route.answer, text, named), enc_hook=str)
    if "next" in made:
        made["next"] = None
    return "application/json", dump(made)


@contextmanager
def hostile_server(text: str, *, refuses: bool = False, named: Mapping[str, str] = {}) -> Iterator[str]:
    """Its URL. `named` has texts of fields by their names; `refuses`: every answer is a problem with that text."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"] or 0))
            path = self.path.partition("?")[0]
            if refuses:
                problem = Problem(title=text, status=409, detail=text, code="refused", reason=text, hint=text)
                return self._answer(409, "application/problem+json", dump(problem))
            if path.endswith("/events"):
                told = specimen(EVENTS["caption"], text, named)
                parts = event("caption", msgspec.to_builtins(told, enc_hook=str), 1)
                parts += event(
                    "space.ended", msgspec.to_builtins(specimen(EVENTS["space.ended"], text, named), enc_hook=str), 2
                )
                return self._answer(200, "text/event-stream", parts.encode())
            return self._answer(200, *answer_to(self.command, path, text, named))

        do_POST = do_PUT = do_PATCH = do_DELETE = do_GET  # noqa: N815  # the names that the library calls

        def _answer(self, status: int, kind: str, body: bytes) -> None:
            self.send_response(status if kind else 204)
            if kind:
                self.send_header("Content-Type", kind)
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        thread = threading.Thread(target=server.serve_forever, args=(0.05,))
        thread.start()
        try:
            yield f"http://127.0.0.1:{server.server_address[1]}"
        finally:
            server.shutdown()
            thread.join()
