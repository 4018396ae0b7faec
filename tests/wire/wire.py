"""One server in process, the people who use it, and a record of what they asked and what it answered."""

from __future__ import annotations

import re
from collections import defaultdict
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any

import httpx

from spacesctl.support.clock import VirtualClock
from tests.api.harness import OFFER, Api, As, settled
from tests.wire.normal import Normal
from tests.wire.streams import Socket, Stream, rest

START = datetime(2030, 1, 7, 12, tzinfo=UTC)
_KINDS = (
    "action", "barred", "demoted", "final", "how", "kind", "mode", "on", "open", "outcome", "policy", "reason", "role", "state",
)  # fmt: skip
"""Members of an event that say which of its forms it is."""
SDP = {"Content-Type": "application/sdp"}
_HEADERS = (
    "accept-patch", "accept-post", "allow", "cache-control", "content-disposition", "dry-run", "etag", "idempotent-replayed",
    "link", "location", "retry-after", "set-cookie", "vary", "www-authenticate", "x-rate-limit-limit", "x-rate-limit-remaining",
    "x-rate-limit-reset",
)  # fmt: skip
"""Those that belong to the API."""
_METRIC = re.compile(r"(?<= )[\d.e+-]+$")


def page_of(method: str, template: str) -> str:
    """The name of an operation's file: its method and path, with `ID` for each part that varies."""
    parts = re.sub(r"\{\w+\}", "ID", template).strip("/").removeprefix("v1/").split("/")
    return ".".join([method.lower(), *parts])


class Caller:
    """The API as one account. Each call moves the clock by a second and is written down, unless it is only preparation."""

    def __init__(self, wire: Wire, who: As) -> None:
        self.wire, self.who = wire, who
        self.id, self.handle = who.id, who.handle

    async def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        status: int | None = None,
        headers: Mapping[str, str] | None = None,
        content: bytes | str | None = None,
        kept: bool = True,
    ) -> httpx.Response:
        """Ask. `status` is the expected one, if it is not a success."""
        self.wire.clock.advance(1.0)
        answer = await self.who.http.request(method, path, json=body, headers=headers, content=content)
        good = answer.status_code == status if status is not None else answer.is_success
        assert good, (self.handle, method, path, answer.status_code, answer.text)
        await settled(self.wire.api)
        await rest()
        if kept:
            self.wire.keep(self.handle, method, path, body if content is None else None, headers or {}, answer)
        return answer

    async def ok(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """The JSON of a success, or of the refusal that `status` says."""
        answer = await self.call(method, path, body, **more)
        return answer.json() if answer.content else None

    async def prepare(self, method: str, path: str, body: Any = None, **more: Any) -> Any:
        """The same, without writing it down."""
        return await self.ok(method, path, body, kept=False, **more)

    async def offer(self, path: str, *, status: int | None = None, kept: bool = True) -> httpx.Response:
        """Send the WebRTC offer of the tests."""
        return await self.call("POST", path, content=OFFER, headers=SDP, status=status, kept=kept)

    @property
    def bearer(self) -> dict[str, str]:
        return {"authorization": f"Bearer {self.who.token}"} if self.who.token else {}

    def stream(self, path: str, **headers: str) -> Stream:
        """Open an event stream."""
        return Stream(self.wire.api.asgi, path, {**self.bearer, **headers})

    def socket(self, path: str, **headers: str) -> Socket:
        """Open a WebSocket."""
        return Socket(self.wire.api.asgi, path, {**self.bearer, **headers})


class Wire:
    """The record. Ids get their names at the end, so that an answer that makes a thing shows its name too."""

    def __init__(self, api: Api, clock: VirtualClock, templates: dict[str, list[str]]) -> None:
        self.api, self.clock, self.templates = api, clock, templates
        self.normal = Normal()
        self.people: dict[str, Caller] = {}
        self.spaces: dict[str, str] = {}
        self._kept: list[tuple[str, Any]] = []
        self._watching: list[tuple[str, Stream]] = []
        self.nobody = Caller(self, api.nobody)
        self.owner = Caller(self, api.owner)
        self.bot = Caller(self, api.bot)
        self.normal.name(api.bot.id, "account spaces_bot")

    async def person(self, handle: str, kind: str = "person") -> Caller:
        """A new account."""
        made = Caller(self, await self.api.account(handle, kind))
        self.normal.name(made.id, f"account {handle}")
        self.people[handle] = made
        return made

    def space(self, title: str, space_id: str) -> str:
        """Remember a Space by its title; returns its path."""
        self.normal.name(space_id, f"space {title}")
        self.spaces[title] = f"/v1/spaces/{space_id}"
        return self.spaces[title]

    async def live(self, host: Caller, title: str, **body: Any) -> str:
        """The path of a new live Space, made without writing it down."""
        made = await host.prepare("POST", "/v1/spaces", {"title": title, "start": True, **body})
        return self.space(title, made["id"])

    async def watch(self, host: Caller, space: str, after: int = 0) -> None:
        """Keep the events of a Space after a number, as its staff and as its audience see them."""
        await self.watch_staff(host, space, after)
        await self._watch("audience", self.nobody, space, after)

    async def watch_staff(self, host: Caller, space: str, after: int = 0) -> None:
        """The same, as its staff only."""
        await self._watch("staff", host, space, after)

    async def watch_own(self, who: Caller, space: str, after: int = 0) -> None:
        """The same, as somebody of its audience who has an account."""
        await self._watch("audience", who, space, after)

    async def _watch(self, view: str, who: Caller, space: str, after: int) -> None:
        stream = who.stream(f"{space}/events?view={view}", **{"last-event-id": str(after)})
        await stream.until("http.response.body", 2)  # the greeting, and what was missed
        self._watching.append((view, stream))

    def keep(
        self, handle: str, method: str, path: str, body: Any, headers: Mapping[str, str], answer: httpx.Response
    ) -> None:
        """Write down a call: under its operation, or a refusal under its code."""
        sent = {name: value for name, value in headers.items() if name not in ("Content-Type", "Authorization")}
        template = self.template(method, path.partition("?")[0])
        asked: dict[str, Any] = {"by": handle or "nobody", "method": method, "path": template}
        if path != template:
            asked["address"] = path
        if body is not None:
            asked["body"] = body
        if sent:
            asked["headers"] = sent
        shown = {name: answer.headers[name] for name in _HEADERS if name in answer.headers}
        kind = answer.headers.get("content-type")
        self.note(
            self._page(method, template, answer),
            {
                "request": asked,
                "status": answer.status_code,
                "content_type": kind,
                "headers": shown,
                "body": self._body(kind or "", answer),
            },
        )

    def _page(self, method: str, template: str, answer: httpx.Response) -> str:
        if answer.status_code < 400 or template.endswith("readyz"):
            return page_of(method, template)
        if template.startswith("/2/"):
            return f"problems/x_{answer.status_code}"
        return f"problems/{answer.json()['code']}" if answer.content else f"problems/empty_{answer.status_code}"

    def _body(self, kind: str, answer: httpx.Response) -> Any:
        if not answer.content:
            return None
        if "json" in kind:
            return answer.json()
        if kind.startswith("audio/"):
            return "<audio>"
        if kind == "application/zip":
            return "<archive>"
        lines = answer.text.replace("\r\n ", "").splitlines()  # calendars are folded, which may divide an id
        if answer.request.url.path == "/metrics":
            return [_METRIC.sub("<number>", line) for line in lines]
        return lines

    def template(self, method: str, path: str) -> str:
        """The path template of the operation that this request means; the path itself if there is none."""
        for known, methods in self.templates.items():
            pattern = re.escape(known).replace(r"\{", "{").replace(r"\}", "}")
            if method in methods and re.fullmatch(re.sub(r"\{\w+\}", "[^/]+", pattern), path):
                return known
        return path

    def note(self, page: str, value: Any) -> None:
        """Write down one thing that the server sent."""
        self._kept.append((page, value))

    def stream(self, template: str, who: Caller, stream: Stream, most: int = 0) -> None:
        """Write down an answer that has no end, with its first messages."""
        kind = stream.headers["content-type"]
        self.note(
            page_of("GET", template),
            {
                "request": {"by": who.handle or "nobody", "method": "GET", "path": template},
                "status": stream.status,
                "content_type": kind,
                "headers": {name: stream.headers[name] for name in _HEADERS if name in stream.headers},
                "body": stream.messages()[:most] if most else "<audio>",
            },
        )

    async def finish(self) -> dict[str, Any]:
        """Close what is open; returns the content of all golden files."""
        pages: dict[str, Any] = defaultdict(list)
        for page, value in self._kept:
            pages[page].append(self.normal.of(value))
        for view, stream in self._watching:
            await stream.close()
            for message in stream.messages():
                seen = pages.setdefault(f"events/{message['event']}", {"staff": [], "audience": []})[view]
                if form_of(message["data"]) not in map(form_of, (one["data"] for one in seen)):
                    seen.append(self.normal.of(message))
        return pages


def form_of(message: dict[str, Any]) -> list[Any]:
    """What two messages have in common if one of them is enough to show. Looks into what an event carries, such as its sanction."""
    data = message.get("data", message)
    carried = [one for one in data.values() if isinstance(one, dict)]
    return [
        [[part.get(key) for key in _KINDS], [key for key, one in part.items() if not one]] for part in (data, *carried)
    ]


def by_literal(paths: dict[str, Any]) -> dict[str, list[str]]:
    """The methods of each path template, those with the fewest and shortest parameters first."""
    rank = {path: (path.count("{"), -len(re.sub(r"\{\w+\}", "", path))) for path in paths}
    return {path: [method.upper() for method in paths[path]] for path in sorted(paths, key=lambda path: rank[path])}
