"""Random walks of whole requests by several accounts: what is refused changed nothing, what was answered is there, and all rows agree."""

from __future__ import annotations

import asyncio
import tempfile
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st
from sqlalchemy import select

from spacesctl.domain import events as e
from spacesctl.domain.evolve import evolve_all
from spacesctl.domain.space import Space
from spacesctl.domain.words import InviteState
from spacesctl.store import audit_check, tables
from spacesctl.store import spaces as space_store
from tests.api.harness import Api, As, everything, memory_equals_store, running_api, settled

HANDLES = ("host", "ann", "ben", "cid", "dan")
TO_PERSON = ("mute", "unmute", "demote", "kick", "promote", "host")


@dataclass(frozen=True)
class Step:
    """Who does what to whom; `number` picks among the things that there are then, mostly the first."""

    who: int
    what: str
    whom: int
    number: int


@dataclass
class World:
    """What there is: ids of Spaces, series, posts, reports and sanctions."""

    people: list[As]
    spaces: list[str] = field(default_factory=list)
    series: list[str] = field(default_factory=list)
    posts: list[str] = field(default_factory=list)
    reports: list[str] = field(default_factory=list)


def _request(world: World, step: Step) -> tuple[str, str, Any]:
    """The request of a step. What there is not yet has an id that nothing has."""
    n, whom = step.number, f"@{HANDLES[step.whom]}"

    def pick(ids: list[str]) -> str:
        return ids[0 if n < 8 else n % len(ids)] if ids else "0000000000000"

    space, series, post, report = (
        f"/v1/spaces/{pick(world.spaces)}", f"/v1/series/{pick(world.series)}", pick(world.posts), pick(world.reports),
    )  # fmt: skip
    timed = {"reason": "x", "duration": 60} if n % 2 else {"reason": ""}
    asked: dict[str, tuple[str, str, Any]] = {
        "create": ("POST", "/v1/spaces", {"title": f"S{n}", "start": n % 3 > 0, "invite": [whom]}),
        "patch": ("PATCH", space, {"title": f"T{n}", "speakers": ("everyone", "invited")[n % 2], "captions": n % 3 > 0}),
        "invite": ("POST", f"{space}/invites", {"handles": [whom], "role": ("speaker", "cohost")[n % 2]}),
        "uninvite": ("DELETE", f"{space}/invites/{whom}", None),
        "undo": ("POST", f"{space}/sanctions/{space[11:]}-{n % 2 + 1}/undo", {"reason": "y"}),
        "approve": ("POST", f"{space}/requests/{whom}/approve", None),
        "deny": ("POST", f"{space}/requests/{whom}/deny", None),
        "raise": ("POST", f"{space}/requests", None),
        "lower": ("DELETE", f"{space}/requests/me", None),
        "block": ("PUT", f"/v1/accounts/me/blocks/{whom}", None),
        "unblock": ("DELETE", f"/v1/accounts/me/blocks/{whom}", None),
        "pin": ("POST", f"{space}/pins", {"post": post} if n % 2 else {"url": f"https://example.org/{n}"}),
        "post": ("POST", "/v1/posts", {"text": f"p{n}"}),
        "delete post": ("DELETE", f"/v1/posts/{post}", None),
        "report": ("POST", "/v1/reports", {"space_id": space[11:], "account": whom}),
        "decide": ("PATCH", f"/v1/reports/{report}", {"state": ("upheld", "dismissed", "open")[n % 3]}),
        "series": (
            "POST", "/v1/series", {"title": "W", "cron": "0 9 * * *", "tz": "UTC", "duration": 600, "invite": [whom]}
        ),
        **{what: ("POST", f"{space}/{what}", None) for what in ("accept", "decline", "start", "end", "cancel")},
        **{what: ("POST", f"{series}/{what}", None) for what in ("pause", "resume", "skip")},
        **{what: ("POST", f"{space}/people/{whom}/{what}", timed if what not in ("unmute", "promote", "host") else None)
           for what in TO_PERSON},
    }  # fmt: skip
    return asked[step.what]


GUESTS = ("accept", "accept", "raise", "raise", "decline", "lower", "report", "post", "pin", "delete post")
STAFF = (
    "approve",
    "deny",
    "mute",
    "mute",
    "unmute",
    "demote",
    "undo",
    "invite",
    "invite",
    "uninvite",
    "promote",
    "kick",
    "patch",
    "pin",
)
HOSTS = (
    "create", "decide", "series", "pause", "resume", "skip", "block", "unblock", "unblock", "host", "start", "end", "cancel", "post",
    "delete post",
)  # fmt: skip
anybody = st.integers(0, len(HANDLES) - 1)
host = st.sampled_from([0, 0, 0, 0, 1])


def _steps(who: st.SearchStrategy[int], what: tuple[str, ...]) -> st.SearchStrategy[Step]:
    return st.builds(Step, who, st.sampled_from(what), anybody, st.integers(0, 11))


steps = st.lists(
    st.one_of(
        _steps(anybody, GUESTS), _steps(host, STAFF), _steps(host, HOSTS), _steps(anybody, GUESTS + STAFF + HOSTS)
    ),
    min_size=30,
    max_size=60,
)


async def _walk(data: Path, walk: list[Step]) -> None:
    async with running_api(data) as api:
        world = World(await api.accounts(*HANDLES))
        for start in (True, False):
            made = await world.people[0].ok(
                "POST", "/v1/spaces", {"title": "A", "start": start, "invite": ["@ann", "@ben"]}
            )
            world.spaces.append(made["id"])
        live, (host, ann, ben, cid, _) = f"/v1/spaces/{world.spaces[0]}", world.people
        for guest in (ann, ben):
            await guest.ok("POST", f"{live}/accept")
        await host.ok("POST", f"{live}/people/@ann/promote")
        await host.ok("POST", f"{live}/people/@ben/mute")
        await cid.ok("POST", f"{live}/requests")
        series = await host.ok("POST", "/v1/series", {"title": "W", "cron": "0 9 * * *", "tz": "UTC", "duration": 600})
        world.series.append(series["id"])
        world.spaces.append(series["next_space_id"])
        for step in walk:
            await _do(api, world, step)
        await _all_rows_agree(api)


async def _do(api: Api, world: World, step: Step) -> int:
    method, path, body = _request(world, step)
    before, me = await everything(api), world.people[step.who]
    answer = await me.call(method, path, body)
    await settled(api)
    assert answer.status_code < 500, (step, answer.text)
    if answer.is_error:
        assert await everything(api) == before, step
        return answer.status_code
    await memory_equals_store(api)
    if answer.status_code != 204:
        await _is_there(me, method, path, answer.json())
    if step.what in ("create", "series", "post", "report"):
        made = {"create": world.spaces, "series": world.series, "post": world.posts, "report": world.reports}[step.what]
        made.append(answer.json()["id"])
    if step.what in ("series", "skip", "resume") and (coming := answer.json()["next_space_id"]) is not None:
        world.spaces.append(coming)
    return answer.status_code


async def _is_there(me: As, method: str, path: str, answered: dict[str, Any]) -> None:
    """What was answered is what is read again."""
    if "/people/" in path:
        read = await me.call("GET", f"{path.split('/people/')[0]}/people")
        if read.status_code == 403:
            return  # a co-host who has blocked the host may still act, and reads nothing
        shown = [one for one in read.json()["data"] if one["id"] == answered["id"]]
        assert shown == [answered] or (shown == [] and answered["role"] == "listener")
    elif "host_ids" in answered:
        read = await me.call("GET", f"/v1/spaces/{answered['id']}")
        assert read.is_client_error or {**read.json(), "tick": None} == {**answered, "tick": None}
    elif path.startswith("/v1/series"):
        assert await me.ok("GET", f"/v1/series/{answered['id']}") == answered


async def _all_rows_agree(api: Api) -> None:
    async with api.app.db.read() as db:
        assert (await audit_check.check(db)).broken is None
        rows = {
            name: [row._asdict() for row in await db.execute(select(tables.metadata.tables[name]))]
            for name in ("spaces", "sanctions", "pins", "dms", "reports", "blocks")
        }
        for row in rows["spaces"]:
            space = await space_store.load(db, row["id"])
            stored = await space_store.events_after(db, space.id, 0, limit=10_000)
            happened = [(space_store._EVENTS[one.type].validate_python(one.body), one.at) for one in stored]
            replayed: Space | None = None
            for event, at in happened:
                replayed = evolve_all(replayed, [event], at)
            assert replayed is not None
            assert replace(replayed, revised_at=space.revised_at) == space, "its events alone rebuild it"
            assert [one.seq for one in stored] == list(range(1, space.seq + 1))
            columns = (space.state.value, space.host_id, space.creator_id, space.scheduled_start, space.created_at)
            assert columns == tuple(
                row[name] for name in ("state", "host_id", "creator_id", "scheduled_start", "created_at")
            )
            _rows_of_space_agree(space, [event for event, _ in happened], rows)
    blocked = sorted((row["blocker_id"], row["blocked_id"]) for row in rows["blocks"])
    open_ = [row for row in rows["sanctions"] if row["action"] == "block" and row["lifted_at"] is None]
    assert sorted((row["host_id"], row["target_id"]) for row in open_) == blocked


def _rows_of_space_agree(space: Space, happened: list[e.Event], rows: dict[str, list[dict[str, Any]]]) -> None:
    mine = {name: [row for row in found if row.get("space_id") == space.id] for name, found in rows.items()}
    assert {row["id"] for row in mine["sanctions"] if row["lifted_at"] is None} == space.sanctions.keys()
    assert len(mine["sanctions"]) == space.sanction_count
    pinned = {(one.id, one.ref) for one in space.pinned if one.kind == "post"}
    assert {(row["pin_id"], row["post_id"]) for row in mine["pins"]} == pinned
    sent = [event.invite for event in happened if isinstance(event, e.Invited)]
    told = sorted(one.account_id for one in sent if one.by != one.account_id)  # a co-host may invite oneself
    assert sorted(row["to_id"] for row in mine["dms"] if row["kind"] == "invite") == told
    assert {one.account_id for one in sent} >= {
        one.account_id for one in space.invites.values() if one.state is InviteState.PENDING
    }
    decided = {event.report_id: event.state for event in happened if isinstance(event, e.ReportDecided)}
    filed = {event.report_id for event in happened if isinstance(event, e.ReportFiled)}
    assert {row["id"]: row["state"] for row in mine["reports"]} == {one: decided.get(one, "open") for one in filed}


def _run(walk: list[Step]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(_walk(Path(folder) / "data", walk))


@pytest.mark.timeout(60)
@settings(
    max_examples=5, suppress_health_check=list(HealthCheck), database=None, phases=[Phase.generate]
)  # the long one shrinks
@given(steps)
def test_after_any_requests_the_store_agrees_with_itself(walk: list[Step]) -> None:
    _run(walk)


@pytest.mark.slow
@pytest.mark.timeout(900)
@settings(max_examples=18, suppress_health_check=list(HealthCheck))
@given(steps)
def test_after_any_requests_the_store_agrees_with_itself_at_length(walk: list[Step]) -> None:
    _run(walk)
