"""The server in process, through ASGI: real routes, actors and database; an engine that only takes notes."""

from __future__ import annotations

import asyncio
import atexit
import functools
import shutil
import sqlite3
import tempfile
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, closing, contextmanager
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import Engine, event

from spacesctl.application import projections
from spacesctl.domain.accounts import Account
from spacesctl.domain.space import Space
from spacesctl.engine.messages import Ready, ToEngine
from spacesctl.live.recording_keeper import RecordingKeeper
from spacesctl.live.registry import SpaceRegistry
from spacesctl.server.http.app import Application
from spacesctl.server.http.rates import NO_LIMITS, Rates
from spacesctl.server.http.services import Services
from spacesctl.server.process.alarm import Alarm
from spacesctl.server.process.assignments import Assignments
from spacesctl.server.process.first_start import ensure_accounts
from spacesctl.store import spaces as space_store
from spacesctl.store.sqlite import schema
from spacesctl.store.sqlite.database import Database
from spacesctl.store.tables import metadata
from spacesctl.support.clock import REAL, Clock, VirtualClock
from tests import conform

FINGERPRINT = ":".join(["AB"] * 32)
OFFER = f"""v=0
o=- 1 2 IN IP4 127.0.0.1
s=-
t=0 0
a=group:BUNDLE 0
m=audio 9 UDP/TLS/RTP/SAVPF 111
c=IN IP4 0.0.0.0
a=mid:0
a=sendrecv
a=rtcp-mux
a=ice-ufrag:abcd
a=ice-pwd:abcdefghijklmnopqrstuvwx
a=fingerprint:sha-256 {FINGERPRINT}
a=setup:actpass
a=rtpmap:111 opus/48000/2
""".replace("\n", "\r\n")


class NotingEngine:
    """Takes every message and does nothing."""

    def __init__(self) -> None:
        self.sent: list[ToEngine] = []
        self.ready = Ready("127.0.0.1", 5000, FINGERPRINT)

    def send(self, message: ToEngine) -> None:
        self.sent.append(message)

    async def in_force(self) -> None:
        pass

    def of(self, kind: type[Any]) -> list[Any]:
        return [message for message in self.sent if isinstance(message, kind)]


class As:
    """The API as one account (or, without a token, as nobody)."""

    def __init__(self, api: Api, token: str | None, handle: str = "", account_id: str = "") -> None:
        self.token, self.handle, self.id = token, handle, account_id
        self.http = httpx.AsyncClient(
            transport=httpx.ASGITransport(api.checked, raise_app_exceptions=False),
            base_url="http://space.test",
            headers={"Authorization": f"Bearer {token}"} if token else {},
        )

    async def call(self, method: str, path: str, body: Any = None, **kwargs: Any) -> httpx.Response:
        return await self.http.request(method, path, json=body, **kwargs)

    async def ok(self, method: str, path: str, body: Any = None, **kwargs: Any) -> Any:
        """The JSON of an answer that must be a success."""
        answer = await self.call(method, path, body, **kwargs)
        assert answer.is_success, (method, path, answer.status_code, answer.text)
        return answer.json() if answer.content else None

    async def refused(self, method: str, path: str, body: Any = None, **kwargs: Any) -> dict[str, Any]:
        """The problem document of an answer that must be a refusal."""
        answer = await self.call(method, path, body, **kwargs)
        assert answer.is_client_error, (method, path, answer.status_code, answer.text)
        assert answer.headers["content-type"] == "application/problem+json"
        problem: dict[str, Any] = answer.json()
        assert problem["status"] == answer.status_code
        return problem

    async def offer(self, path: str) -> httpx.Response:
        return await self.http.post(path, content=OFFER, headers={"Content-Type": "application/sdp"})


class Api:
    def __init__(self, app: Services, engine: NotingEngine, owner_token: str, bot_token: str) -> None:
        self.app, self.engine = app, engine
        self.asgi = Application(app)
        self.checked = conform.Conforming(self.asgi)
        assert isinstance(app.db, Database)
        self.database = app.db
        self.nobody = As(self, None)
        self.owner = As(self, owner_token, "@owner")
        self.bot = As(self, bot_token, "@spaces_bot", app.bot.id)

    async def account(self, handle: str, kind: str = "person") -> As:
        made = await self.owner.ok("POST", "/v1/accounts", {"handle": handle, "kind": kind})
        return As(self, made["token"], made["handle"], made["id"])

    async def accounts(self, *handles: str) -> list[As]:
        return [await self.account(handle) for handle in handles]

    async def live(self, host: As, **body: Any) -> str:
        """The path of a new live Space of `host`."""
        made = await host.ok("POST", "/v1/spaces", {"title": "A Space", **body})
        await host.ok("POST", f"/v1/spaces/{made['id']}/start")
        return f"/v1/spaces/{made['id']}"

    async def speaker(self, space: str, host: As, handle: str) -> As:
        """An account with a microphone session in `space`."""
        made = await self.account(handle)
        await host.ok("POST", f"{space}/invites", {"handles": [handle]})
        await made.ok("POST", f"{space}/accept")
        answer = await made.offer(f"{space}/whip")
        assert answer.status_code == 201, answer.text
        return made

    async def listener(self, space: str, *whom: As) -> None:
        """Let these accounts listen in `space`, which is live."""
        for who in whom:
            answer = await who.offer(f"{space}/whep")
            assert answer.status_code == 201, answer.text


Rows = dict[str, list[tuple[Any, ...]]]


async def everything(api: Api) -> Rows:
    """Every row of every table."""
    return await asyncio.to_thread(rows_of, api.database.path)


def rows_of(path: Path) -> Rows:
    """Every row of every table of a database, in order. Blocks."""
    with closing(sqlite3.connect(path)) as raw:
        return {name: sorted(raw.execute(f'SELECT * FROM "{name}"'), key=repr) for name in metadata.tables}


async def settled(api: Api) -> None:
    """Wait for what follows from earlier requests in the background, such as the next occurrence of a series."""
    registry = api.app.registry
    for _ in range(3):
        await asyncio.sleep(0)  # subscribers are called after the answer
        while waiting := [*registry.tasks._tasks, *registry._ending]:
            await asyncio.wait(waiting)


async def wait_for(true: Callable[[], bool]) -> None:
    """Wait until something is so, for at most 5 s."""
    async with asyncio.timeout(5):
        while not true():
            await asyncio.sleep(0.001)


@dataclass(frozen=True)
class Seen:
    """What a server holds: the rows of its store, the Spaces in memory, and what it told the engine."""

    rows: Rows
    spaces: dict[str, Space | None]
    told: list[ToEngine]


async def seen(api: Api) -> Seen:
    """What the server holds now, once nothing runs in the background."""
    await settled(api)
    spaces = {space_id: actor.state for space_id, actor in api.app.registry.actors.items()}
    return Seen(await everything(api), spaces, list(api.engine.sent))


async def memory_equals_store(api: Api) -> None:
    """Every Space in use is as it would be if it were loaded now."""
    await settled(api)
    async with api.app.db.read() as db:
        for space_id, actor in list(api.app.registry.actors.items()):
            assert actor.state == await space_store.load(db, space_id), space_id


def writer(api: Api) -> Engine:
    """The engine of writing transactions, for SQLAlchemy's events."""
    assert api.database._engine is not None
    return api.database._engine.sync_engine


def readers(api: Api) -> Engine:
    """The engine of reading transactions."""
    assert api.database._readers is not None
    return api.database._readers.sync_engine


Asked = tuple[str, Any]
"""A statement with its parameters."""


@contextmanager
def watched(api: Api) -> Iterator[list[Asked]]:
    """Gives the statements that are read with meanwhile."""
    asked: list[Asked] = []

    def note(_c: Any, _cursor: Any, statement: str, parameters: Any, *_: Any) -> None:
        asked.append((statement, parameters))

    event.listen(readers(api), "before_cursor_execute", note)
    try:
        yield asked
    finally:
        event.remove(readers(api), "before_cursor_execute", note)


def plans(api: Api, asked: list[Asked]) -> list[str]:
    """How the database finds the rows of each table of these statements: `SEARCH` by an index, or `SCAN` all."""
    with closing(sqlite3.connect(api.database.path)) as raw:
        steps = [row[3] for one, given in asked for row in raw.execute(f"EXPLAIN QUERY PLAN {one}", given)]
    return [step for step in steps if step.startswith(("SEARCH", "SCAN"))]


First = tuple[str | None, Account, str]
"""What `ensure_accounts` returns."""


@functools.cache
def _template() -> tuple[Path, First]:
    """A database after its first start, made once for all tests: migrations and first starts have tests of their own."""
    path = Path(tempfile.mkdtemp(prefix="spacesctl-tests-")) / "template.db"
    atexit.register(shutil.rmtree, path.parent, ignore_errors=True)
    schema.upgrade(path)

    async def start() -> First:
        async with Database(path) as db:
            return await ensure_accounts(db)

    return path, asyncio.run(start())


def _lay_out_database(path: Path) -> First:
    template, first = _template()
    shutil.copy(template, path)
    return first


@asynccontextmanager
async def running_api(data: Path, *, first: bool = True, clock: Clock = REAL) -> AsyncIterator[Api]:
    """A server in process; not `first`: one that starts again on the folder of an earlier one."""
    data.mkdir(exist_ok=True)
    made = await asyncio.to_thread(_lay_out_database, data / "spaces.db") if first else None
    engine = NotingEngine()
    async with Database(data / "spaces.db") as db:
        owner_token, bot, bot_token = made or await ensure_accounts(db)
        assert (owner_token is not None) is first
        registry = SpaceRegistry(db, engine, projections.in_order(bot.id, "http://space.test/s/{}".format), clock)
        assignments = Assignments()
        app = Services(
            db, registry, data, bot, "http://space.test", [("127.0.0.1", 5000)], assignments, rates=Rates(NO_LIMITS)
        )
        registry.subscribers.append(assignments.on_outcome)
        await registry.open()
        app.recordings = RecordingKeeper(registry, data / "recordings", None)
        await app.recordings.open()
        app.alarm = Alarm(app)
        if isinstance(clock, VirtualClock):
            # Its waits go by the machine's clock, which is past those times, or will be: such tests do themselves what is due.
            scheduler = app.alarm._scheduler
            setattr(scheduler, "start", partial(scheduler.start, paused=True))  # noqa: B010
        await app.alarm.start()
        await app.tokens.open(db)
        await app.suspensions.open(db)
        try:
            await asyncio.to_thread(conform.operations)  # reads sources, so not on the event loop
            conform.faults.clear()
            yield Api(app, engine, owner_token or "", bot_token)
            assert not conform.faults, "\n".join(conform.faults)
        finally:
            await app.alarm.stop()
            await app.compiler.close()
            await registry.close()
            await app.recordings.close()
