"""Requests to every operation of the OpenAPI document, right but for what is put in; and how one is sent and judged."""

from __future__ import annotations

import asyncio
import contextlib
import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import quote, unquote

from starlette.types import Message

from tests.api.harness import OFFER
from tests.api.plain_scene import Stage
from tests.api.test_posts import wav
from tests.api.test_series import RULES
from tests.conform import operations, the_document

STREAMS = {"GET /v1/spaces/{space_id}/events", "GET /v1/spaces/{space_id}/listen.ogg", "GET /v1/bots/assignments"}
"""They never end: the request is given up once its answer has begun."""
_WORD = {"w": "a", "start": 0.0, "end": 0.5, "conf": 0.9}
_CAPTION = {"lane": 1, "utterance": 1, "text": "a", "final": True, "start_tick": 0, "end_tick": 1, "words": [_WORD]}
_ACT = {
    "key": "k", "rule_id": "r", "rule_hash": "h", "mode": "shadow", "action": "log", "account_id": "1", "lane": 1,
    "start_tick": 0, "end_tick": 1, "words": [_WORD], "confidence": 1.0, "engine": "e", "model": "m",
}  # fmt: skip
_RULES = {"rules": RULES, "rules_filename": "rules.toml", "with_numbers": True}
BODIES: dict[str, dict[str, Any]] = {
    "NewAccount": {"handle": "zoe", "name": "Zoe", "kind": "person"},
    "AboutMe": {"name": "Me", "description": "about me"},
    "NewToken": {"label": "t", "scopes": ["use"], "expires_at": "2037-01-01T00:00:00Z"},
    "NewSession": {"handle": "host", "password": "a long password"},
    "NewSignUp": {"handle": "zed", "name": "Zed", "password": "a long password", "invitation": "spl_x"},
    "NewPassword": {"password": "a long password", "current": "another password"},
    "PasskeyAnswer": {"id": "x", "credential": "{}"},
    "NewPasskey": {"id": "x", "credential": "{}", "label": "laptop"},
    "NewProviderSession": {"invitation": "spl_x"},
    "ProviderAnswer": {"state": "x", "code": "y"},
    "LinkCode": {"code": "spl_x"},
    "NewLink": {"space_id": "A" * 13},
    "NewDevice": {"label": "d"},
    "DeviceQuestion": {"device_code": "spd_x"},
    "DeviceDecision": {"approve": True},
    "NewSuspension": {"reason": "r", "duration": 60},
    "NewPost": {"text": "hi", "clip": "A" * 13},
    "NewSpace": {
        "title": "T", "speakers": "invited", "listeners": "everyone", "captions": True, "topics": ["a"], "lang": "en",
        "scheduled_start": "2037-01-01T00:00:00Z", "invite": ["@ann"], "cohosts": ["@ben"], "record": "off", "delay": 4, "start": False,
        "chat": "everyone", **_RULES,
    },
    "SpaceChange": {
        "record": "mix",
        "title": "T", "topics": ["a"], "lang": "en", "listeners": "everyone", "scheduled_start": "2037-01-01T00:00:00Z",
        "speakers": "invited", "captions": True, "delay": 4, "delay_now": True, "chat": "speakers", "chat_every": 10, "typed_aloud": True,
    },
    "NewChat": {"text": "hi"},
    "NewTyped": {"text": "hi", "final": True},
    "NewMask": {"words": [[0, 0]], "digits": False, "rule_id": "r"},
    "NewDraftMask": {"utterance": 1, "rule_id": "r"},
    "NewRedaction": {
        "account": "@ann", "lane": None, "last": 3, "from_tick": None, "to_tick": None, "mode": "silence", "reason": "r", "rule_id": "r",
        "number": False,
    },
    "RedactionChange": {"from_tick": 1, "to_tick": 2, "mode": "tone", "reason": "x"},
    "NewDump": {"last": 3, "reason": "r"},
    "NewCough": {"last": 3},
    "NewPanic": {"duration": 60, "reason": "r"},
    "NewReaction": {"reaction": "heart"},
    "NewKick": {"reason": "r", "duration": 60, "erase": True, "mute_dms": True, "report": None},
    "NewBlock": {"erase": True, "reason": "r"},
    "NewHold": {"subject": "@ann", "reason": "r", "tell": True},
    "NewPreview": {"accounts": ["@ann"]},
    "NewSpaceMeasure": {"reason": "r", "duration": 60, "every": 30},
    "NewPin": {"post": "1", "url": "https://example.org/", "title": "T"},
    "NewSeries": {
        "title": "T", "cron": "0 9 * * *", "tz": "UTC", "duration": 600, "speakers": "invited", "listeners": "everyone", "captions": True,
        "topics": ["a"], "lang": "en", "invite": ["@ann"], "cohosts": ["@ben"], "record": "off", "delay": 4, **_RULES,
    },
    "SeriesChange": {
        "title": "T", "cron": "0 9 * * *", "tz": "UTC", "duration": 600, "speakers": "invited", "listeners": "everyone", "topics": ["a"],
        "invite": ["@ann"], "cohosts": ["@cat"], "uninvite": ["@ben"], "delay": 4, **_RULES,
    },
    "Microphone": {"open": True, "consent": True},
    "NewHand": {"topic": "t", "note": "n"},
    "NewMeasure": {"reason": "r", "duration": 60, "report": None},
    "NewInvites": {"handles": ["@ben"], "message": "hi", "role": "speaker"},
    "ReadMessages": {"ids": ["1"]},
    "NewMessage": {"to": "@ann", "text": "hi", "clip": "A" * 13},
    "NewCaptions": {"captions": [_CAPTION]},
    "NewReport": {"space_id": "A" * 13, "account": "@ann", "category": "other", "note": "n"},
    "ReportDecision": {"state": "dismissed", "note": "n"},
    "Assignment": {"account": "@host"},
    "NewNote": {"text": "n"},
    "NewAppeal": {"text": "t"},
    "AppealDecision": {"state": "denied", "reason": "r"},
    "NewRules": {"text": RULES, "filename": "rules.toml", "with_numbers": True},
    "NewAct": _ACT | {
        "evidence": {"before": 1.0, "after": 1.0}, "severity": 2, "action": "ladder",
        "ladder": {"name": "speech", "expire": 60, "steps": [{"points": 1, "do": "mute", "seconds": 60}]},
        "repeat": {"times": 2, "within": 9.0}, "cooldown": 5.0, "found": "joins_per_minute 72",
    },
    "Undo": {"reason": "r", "wrong": True},
    "BotStatus": {
        "ready": True,
        "model": "m",
        "notice": "n",
        "reason": "r",
        "hearing": {"lanes": 1, "ticks_waiting": 0, "ticks_dropped": 0, "restarts": 0, "resident_bytes": 1, "recognisers": 1,
            "late": [
                {"space_id": "A" * 13, "lane": 1, "lag_seconds": 2.5, "behind": True, "shed": False, "unprotected": False}
            ],
        },
    },
    "NewRecording": {"kind": "mix"},
    "NewWebhook": {"url": "http://127.0.0.1:9/y", "events": ["space.live"], "all": False},
    "NewOutlet": {"url": "json://127.0.0.1:9/y"},
}  # fmt: skip
"""Right bodies with every field, by their types."""
SDP_FRAGMENT = "a=ice-ufrag:efgh\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n"
OTHER_BODIES: dict[str, bytes] = {
    "application/octet-stream": b"{}",
    "application/sdp": OFFER.encode(), "application/trickle-ice-sdpfrag": SDP_FRAGMENT.encode(), "audio/*": wav(0.05),
}  # fmt: skip
Place = tuple[str, tuple[str | int, ...]]
"""Where something is put in: ("path", ("ref",)), ("query", ("cursor",)), ("header", ("range",)), ("body", ("captions", 0, "lane"))."""


@dataclass(frozen=True)
class Operation:
    method: str
    path: str
    queries: tuple[str, ...]
    body: str | None
    """The type of its JSON."""
    media: str | None

    def __str__(self) -> str:
        return f"{self.method} {self.path}"

    @property
    def variables(self) -> list[str]:
        return [part.partition("}")[0] for part in self.path.split("{")[1:]]

    @property
    def valid_body(self) -> bytes:
        if self.body is not None:
            return json.dumps(BODIES[self.body]).encode()
        return OTHER_BODIES[self.media] if self.media is not None else b""

    def places(self) -> Iterator[Place]:
        """Where something can be put in, besides headers and the whole body."""
        yield from (("path", (one,)) for one in self.variables)
        yield from (("query", (one,)) for one in self.queries)
        if self.body is not None:
            yield from (("body", where) for where in _leaves(BODIES[self.body]))


def _leaves(value: Any, where: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    if where:
        yield where
    items = value.items() if isinstance(value, dict) else enumerate(value) if isinstance(value, list) else ()
    for key, inner in items:
        yield from _leaves(inner, (*where, key))


@cache
def every_operation() -> list[Operation]:
    """Those of the document, in its order."""
    routes = {found.name: found.route for kinds in operations().values() for found in kinds}
    made = []
    for path, methods in the_document()["paths"].items():
        for method, told in methods.items():
            queries = tuple(one["name"] for one in told.get("parameters", ()) if one["in"] == "query")
            media = next(iter(told.get("requestBody", {}).get("content", {})), None)
            body = routes[f"{method.upper()} {path}"].body
            made.append(Operation(method.upper(), path, queries, body.__name__ if body else None, media))
    return made


@dataclass(frozen=True)
class Asked:
    """A request as it comes over the wire. `right`: nothing was put in."""

    operation: Operation
    who: str
    path: str
    query: str = ""
    headers: tuple[tuple[str, bytes], ...] = ()
    body: bytes = b""

    def __str__(self) -> str:
        body = self.body if len(self.body) < 300 else self.body[:200] + b"... " + str(len(self.body)).encode()
        headers = [(name, value[:100]) for name, value in self.headers]
        return f"{self.who}: {self.operation.method} {self.path[:200]}?{self.query[:200]} {headers} {body!r}"


@dataclass
class Made:
    """What a request is made from: choices among what is there, and what is put in where."""

    who: str = "host"
    choice: int = 0
    put_in: dict[Place, str] = field(default_factory=dict)
    """Raw texts: percent-encoded in paths and queries, JSON in bodies."""
    headers: tuple[tuple[str, bytes], ...] = ()
    whole: bytes | None = None
    twice: str | None = None
    """A query parameter that comes twice."""
    only: bool = False
    """Whether the body has no other fields."""

    def asked(self, operation: Operation, stage: Stage) -> Asked:
        path = operation.path
        for number, name in enumerate(operation.variables):
            there = stage.refs[name]
            right = quote(there[(self.choice + number) % len(there)], safe="@")
            path = path.replace("{" + name + "}", self.put_in.get(("path", (name,)), right))
        asked = [(where[0], text) for (kind, where), text in self.put_in.items() if kind == "query"]
        query = "&".join(f"{name}={text}" for name, text in [*asked, *asked[: self.twice is not None]])
        body = self._body(operation) if self.whole is None else self.whole
        return Asked(operation, self.who, path, query, self._headers(operation, stage), body)

    def _headers(self, operation: Operation, stage: Stage) -> tuple[tuple[str, bytes], ...]:
        token = stage.callers[self.who].token
        right = {"host": b"space.test"} | ({"authorization": f"Bearer {token}".encode()} if token else {})
        if operation.media is not None:
            right["content-type"] = operation.media.replace("*", "wav").encode()
        given = dict(self.headers)
        return (*((name, value) for name, value in right.items() if name not in given), *self.headers)

    def _body(self, operation: Operation) -> bytes:
        if operation.body is None:
            return operation.valid_body
        marks: dict[str, str] = {}
        made = json.loads(json.dumps(BODIES[operation.body]))
        if self.only:
            kept = {where[0] for (kind, where) in self.put_in if kind == "body"}
            made = {name: value for name, value in made.items() if name in kept}
        for number, ((kind, where), text) in enumerate(self.put_in.items()):
            if kind == "body":
                marks[f'"@mark{number}@"'] = text
                with contextlib.suppress(TypeError, KeyError, IndexError):  # something around it was put in
                    _set(made, where, f"@mark{number}@")
        text = json.dumps(made)
        for mark, fragment in marks.items():
            text = text.replace(mark, fragment)
        return text.encode("utf-8", "surrogatepass")


def _set(made: Any, where: tuple[str | int, ...], value: str) -> None:
    for part in where[:-1]:
        made = made[part]
    made[where[-1]] = value


@dataclass
class Got:
    status: int = 0
    media: str = ""
    body: bytes = b""
    error: BaseException | None = None


async def send(stage: Stage, asked: Asked) -> Got:
    """Send it as the server does that stands in front, which has decoded the path."""
    got, begun = Got(), asyncio.Event()
    messages: list[Message] = [{"type": "http.request", "body": asked.body, "more_body": False}]

    async def receive() -> Message:
        if messages:
            return messages.pop()
        await begun.wait()
        return {"type": "http.disconnect"}

    async def take(message: Message) -> None:
        if message["type"] == "http.response.start":
            got.status, got.media = message["status"], dict(message["headers"]).get(b"content-type", b"").decode()
        elif message["type"] == "http.response.body":
            got.body += message.get("body", b"")
            if got.status == 200 and str(asked.operation) in STREAMS:
                begun.set()

    scope = {
        "type": "http", "asgi": {"version": "3.0"}, "http_version": "1.1", "method": asked.operation.method, "scheme": "http",
        "path": unquote(asked.path), "raw_path": asked.path.encode(), "query_string": asked.query.encode(), "root_path": "",
        "headers": [(name.encode(), value) for name, value in asked.headers], "client": ("127.0.0.1", 5), "server": ("127.0.0.1", 80),
        "state": {},
    }  # fmt: skip
    try:
        async with asyncio.timeout(10):
            await stage.api.checked(scope, receive, take)
    except Exception as error:
        got.error = error
    return got
