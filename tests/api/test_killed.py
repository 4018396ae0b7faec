"""A request that is cut off at any of its writes left nothing behind, or all of it: memory equals the store, and it can be made again."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import event

from spacesctl.application.projections.pace import Pace
from spacesctl.store.sqlite.backup import snapshot
from spacesctl.support.supervision import Work
from tests.api.harness import Api, As, memory_equals_store, running_api, seen, writer
from tests.api.test_moderation import RULES, act

pytestmark = pytest.mark.anyio
KEY = {"Idempotency-Key": "k"}
SERIES = {"title": "S", "cron": "0 9 * * *", "tz": "UTC", "duration": 600, "rules": RULES, "invite": ["@ann", "@ben"]}
CAPTION = {"lane": 1, "utterance": 1, "text": "hi", "final": True, "start_tick": 1, "end_tick": 2, "words": []}


COMMIT = -1


class CutOffError(Exception):
    """The write that is not done."""


def fail() -> None:
    raise CutOffError


@contextmanager
def cut_off_at(api: Api, number: int, cut_off: Callable[[], None] = fail) -> Iterator[list[str]]:
    """Let the write of that number, or the commit, fail; the first is 1. Yields what was to be written."""
    wrote: list[str] = []

    def write(statement: str) -> None:
        wrote.append(statement)
        if len(wrote) == number or (number == COMMIT and statement == "COMMIT"):
            cut_off()

    def execute(_c: Any, _cursor: Any, statement: str, *_: Any) -> None:
        if statement.startswith(("INSERT", "UPDATE", "DELETE")):
            write(statement)

    def commit(_c: Any) -> None:
        write("COMMIT")

    event.listen(writer(api), "before_cursor_execute", execute)
    event.listen(writer(api), "commit", commit)
    try:
        yield wrote
    finally:
        event.remove(writer(api), "before_cursor_execute", execute)
        event.remove(writer(api), "commit", commit)


@dataclass
class Scene:
    """Three live Spaces of the host, where `ann` and `ben` speak; in the first `ann` has a microphone, a post is pinned in all."""

    people: dict[str, As]
    names: dict[str, str]
    microphone: str

    async def send(self, case: Case) -> Any:
        method, path = case.ask.format(**self.names).split(" ")
        who, body = self.people[case.who], case.body
        if body == "act":
            body = act(self.people["ann"], "block")
        elif body is not None:
            body = {key: one.format(**self.names) if key == "space_id" else one for key, one in body.items()}
        return await who.call(method, path, body, headers=KEY)


@dataclass(frozen=True)
class Case:
    who: str
    ask: str
    body: Any = None


CASES = {
    "create": Case("host", "POST /v1/spaces", {"title": "A", "start": True, "rules": RULES, "invite": ["@ann", "@cid"]}),
    "series create": Case("host", "POST /v1/series", SERIES),
    "series edit": Case(
        "host", "PATCH /v1/series/{series}", {"title": "B", "cron": "0 8 * * *", "rules": None, "uninvite": ["@ben"]}
    ),
    "series skip": Case("host", "POST /v1/series/{series}/skip"),
    "series pause": Case("host", "POST /v1/series/{series}/pause"),
    "block": Case("host", "PUT /v1/accounts/me/blocks/@ann"),
    "rule's block": Case("bot", "POST /v1/spaces/{space}/acts", "act"),
    "confirm": Case("host", "POST /v1/spaces/{space}/suggestions/{space}-s1/confirm"),
    "suspend": Case("owner", "PUT /v1/accounts/@ben/suspension", {"reason": "spam", "duration": 600}),
    "recovery": Case("owner", "POST /v1/accounts/@ben/recovery"),
    "link": Case("ben", "POST /v1/accounts/me/links"),
    "delete account": Case("owner", "DELETE /v1/accounts/@ben"),
    "erase account": Case("owner", "POST /v1/accounts/@ben/erasure"),
    "kick": Case("host", "POST /v1/spaces/{space}/people/@ann/kick", {"reason": "x", "duration": 60, "erase": True}),
    "panic": Case("host", "POST /v1/spaces/{space}/panic", {"duration": 60}),
    "lock": Case("host", "PUT /v1/spaces/{space}/measures/lock", {"duration": 60}),
    "mute all": Case("host", "PUT /v1/spaces/{space}/measures/mute", {"reason": "x"}),
    "report": Case("ben", "POST /v1/reports", {"space_id": "{space}", "account": "@ann"}),
    "assignment": Case("host", "PUT /v1/reports/{report}/assignee", {"account": "@host"}),
    "note": Case("host", "POST /v1/reports/{report}/notes", {"text": "seen"}),
    "appeal": Case("ben", "POST /v1/sanctions/{sanction}/appeal", {"text": "why"}),
    "granted appeal": Case("owner", "PATCH /v1/appeals/{appeal}", {"state": "granted", "reason": "so"}),
    "end": Case("host", "POST /v1/spaces/{space}/end"),
    "delete of a pinned post": Case("host", "DELETE /v1/posts/{post}"),
    "captions": Case("bot", "POST /v1/spaces/{space}/captions", {"captions": [CAPTION, {**CAPTION, "utterance": 2}]}),
}  # fmt: skip


async def scene(api: Api) -> Scene:
    host, ann, ben, cid = await api.accounts("host", "ann", "ben", "cid")
    spaces = []
    post = (await host.ok("POST", "/v1/posts", {"text": "hi"}))["id"]
    for _ in range(3):
        made = await host.ok("POST", "/v1/spaces", {"title": "A", "start": True, "invite": ["@ann", "@ben"]})
        spaces.append(made["id"])
        for one in (ann, ben):
            await one.ok("POST", f"/v1/spaces/{made['id']}/accept")
        await host.ok("POST", f"/v1/spaces/{made['id']}/pins", {"post": post})
    session = await ann.offer(f"/v1/spaces/{spaces[0]}/whip")
    assert session.status_code == 201
    await host.ok("PUT", f"/v1/spaces/{spaces[0]}/rules", {"text": RULES})
    await cid.ok("POST", f"/v1/spaces/{spaces[0]}/requests")
    suggested = act(ann, "kick", "suggest", key="suggested", start_tick=900, end_tick=950)
    await api.bot.ok("POST", f"/v1/spaces/{spaces[0]}/acts", suggested)
    series = (await host.ok("POST", "/v1/series", SERIES))["id"]
    report = (await cid.ok("POST", "/v1/reports", {"space_id": spaces[0], "account": "@ben"}))["id"]
    warn = f"/v1/spaces/{spaces[0]}/people"
    await host.ok("POST", f"{warn}/@ann/warn", {"reason": "loud"})
    await host.ok("POST", f"{warn}/@ben/warn", {"reason": "loud", "report": report})
    [anns], [bens] = [(await one.ok("GET", "/v1/accounts/me/sanctions"))["data"] for one in (ann, ben)]
    appeal = (await ann.ok("POST", f"/v1/sanctions/{anns['id']}/appeal"))["id"]
    reviewed = {"report": report, "sanction": bens["id"], "appeal": appeal}
    people = {"host": host, "ann": ann, "ben": ben, "cid": cid, "bot": api.bot, "owner": api.owner}
    return Scene(people, {"space": spaces[0], "series": series, "post": post, **reviewed}, session.headers["location"])


@pytest.mark.parametrize("every", [4, pytest.param(1, marks=pytest.mark.slow)])
@pytest.mark.parametrize("name", CASES)
async def test_a_request_that_is_cut_off_left_nothing_and_can_be_made_again(
    api: Api, name: str, every: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    case, here = CASES[name], await scene(api)
    monkeypatch.setattr(Pace, "admits", lambda *_: True)  # so often in an hour nobody would be told of it
    before = await seen(api)
    later: list[Work] = []  # what follows is a transaction of its own
    with monkeypatch.context() as changed:
        changed.setattr(api.app.registry.tasks, "later", lambda _name, job: later.append(job))
        with cut_off_at(api, COMMIT) as whole:
            assert (await here.send(case)).status_code == 500
        assert len(whole) >= 3, "it writes several rows, and then commits"
        for number in range(1, len(whole), every):
            with cut_off_at(api, number):
                assert (await here.send(case)).status_code == 500
            assert await seen(api) == before, (number, whole[number - 1])
        assert await seen(api) == before, "its commit failed"
        answer = await here.send(case)
    assert answer.is_success, answer.text
    await asyncio.gather(*(job() for job in later))
    assert (await seen(api)).rows != before.rows
    await memory_equals_store(api)
    await here.people["ann"].call("DELETE", here.microphone)  # a server that starts anew has none
    await asyncio.to_thread(_copy, tmp_path)
    shown = await _shown(api, here)
    async with running_api(tmp_path / "copy", first=False) as other:
        assert await _shown(other, here) == shown


async def test_a_final_caption_that_could_not_be_stored_is_stored_when_it_is_posted_again(api: Api) -> None:
    here = await scene(api)
    with cut_off_at(api, 2):
        assert (await here.send(CASES["captions"])).status_code == 500
    for taken in (2, 0):
        assert (await here.send(CASES["captions"])).json() == {"taken": taken}
    stored = (await here.people["host"].ok("GET", f"/v1/spaces/{here.names['space']}/captions"))["data"]
    assert [one["utterance"] for one in stored] == [1, 2]


def _copy(tmp_path: Path) -> None:
    (tmp_path / "copy").mkdir()
    snapshot(tmp_path / "data" / "spaces.db", tmp_path / "copy" / "spaces.db")


async def _shown(api: Api, here: Scene) -> dict[str, Any]:
    """What the host and `ann` read on this server, but for the Space clocks, which run, and how many were there, which is stored once a
    second."""
    host, ann = (As(api, here.people[one].token) for one in ("host", "ann"))
    states = ("scheduled", "live", "ended", "canceled")
    listed = await host.ok("GET", "/v1/spaces", params={"state": states})
    shown: dict[str, Any] = {"spaces": [{**one, "tick": None, "peak": None} for one in listed["data"]]}
    for one in listed["data"]:
        for what in ("people", "sanctions", "captions"):
            path = f"/v1/spaces/{one['id']}/{what}"
            shown[path] = (await host.call("GET", path)).json()
    for path in ("/v1/series", "/v1/reports", "/v1/audit", "/v1/accounts/me/blocks", "/v1/accounts/@host/posts"):
        shown[path] = await host.ok("GET", path)
    del shown["/v1/audit"]["head"]  # the other start made a token for the bundled bot
    for path in ("/v1/dms", "/v1/accounts/me/sanctions"):
        shown[path] = await ann.ok("GET", path)
    return shown
