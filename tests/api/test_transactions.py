"""What is refused changed nothing: no row, no Space in memory, no message to the engine. Every operation of several steps is tried."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import pytest

from spacesctl.domain import stage, undo
from spacesctl.domain.errors import Refused
from spacesctl.live.outcome import Outcome
from spacesctl.server.http.rates import NO_LIMITS, Rates
from tests.api.harness import Api, As, memory_equals_store, seen
from tests.api.test_moderation import RULES, act

pytestmark = pytest.mark.anyio
KEY = {"Idempotency-Key": "k"}
WEEKLY = {"title": "S", "cron": "0 9 * * *", "tz": "UTC", "duration": 600}


class Scene:
    """A live Space with a co-host, the speakers `ann` and `eve` (who is demoted), `cid` with a raised hand, `ben` invited; `foe` has
    blocked the host. A second Space is scheduled, and there is a series, a post that is pinned in both, and a report.
    """

    people: dict[str, As]
    names: dict[str, str]

    async def made(self, api: Api) -> Scene:
        names = ("host", "cohost", "ann", "ben", "cid", "eve", "foe")
        self.people = dict(zip(names, await api.accounts(*names), strict=True)) | {"bot": api.bot}
        host = self.people["host"]
        space = await api.live(host)
        await host.ok("POST", f"{space}/invites", {"handles": ["@cohost"], "role": "cohost"})
        await host.ok("POST", f"{space}/invites", {"handles": ["@ann", "@eve"]})
        for one in ("cohost", "ann", "eve"):
            await self.people[one].ok("POST", f"{space}/accept")
        await host.ok("POST", f"{space}/people/@eve/demote")
        await host.ok("POST", f"{space}/invites", {"handles": ["@ben"]})
        await self.people["cid"].ok("POST", f"{space}/requests")
        await self.people["foe"].ok("PUT", "/v1/accounts/me/blocks/@host")
        planned = (await host.ok("POST", "/v1/spaces", {"title": "Later"}))["id"]
        series = (await host.ok("POST", "/v1/series", {**WEEKLY, "invite": ["@ben"]}))["id"]
        post = (await host.ok("POST", "/v1/posts", {"text": "hi"}))["id"]
        for where in (space, f"/v1/spaces/{planned}"):
            await host.ok("POST", f"{where}/pins", {"post": post})
        report = await self.people["ann"].ok("POST", "/v1/reports", {"space_id": space[11:], "account": "@cid"})
        self.names = {
            "space": space[11:], "planned": planned, "series": series, "post": post, "report": report["id"],
            "sanction": f"{space[11:]}-1",
        }  # fmt: skip
        return self


@dataclass(frozen=True)
class Case:
    """`who` asks, and is refused. `full`: the stage has as many people as it may."""

    who: str
    ask: str
    body: Any = None
    status: int = 409
    full: bool = False


SPACE, PEOPLE = "/v1/spaces/{space}", "/v1/spaces/{space}/people"
CASES = {
    "a co-host may change speakers but not captions": Case(
        "cohost", f"PATCH {SPACE}", {"speakers": "everyone", "captions": False}, 403
    ),
    "a change of nothing by a listener": Case("cid", f"PATCH {SPACE}", {}, 403),
    "a live Space gets no other start": Case(
        "host", f"PATCH {SPACE}", {"title": "B", "speakers": "everyone", "scheduled_start": "2099-01-01T00:00:00Z"}
    ),
    "a Space with a blocked guest": Case(
        "host", "POST /v1/spaces", {"title": "A", "rules": RULES, "invite": ["@ben", "@foe"], "start": True}
    ),
    "a Space with an unknown guest": Case("host", "POST /v1/spaces", {"title": "A", "invite": ["@ben", "@no"]}, 404),
    "one live Space too many": Case("host", "POST /v1/spaces", {"title": "A", "rules": RULES, "start": True}, 429),
    "a start of one live Space too many": Case("host", "POST /v1/spaces/{planned}/start", None, 429),
    "invitations of which one is refused": Case("host", f"POST {SPACE}/invites", {"handles": ["@foe", "@cid"]}),
    "invitations of which the last is refused": Case("host", f"POST {SPACE}/invites", {"handles": ["@cid", "@foe"]}),
    "an accepted invitation to a full stage": Case("ben", f"POST {SPACE}/accept", full=True),
    "an approved hand on a full stage": Case("host", f"POST {SPACE}/requests/@cid/approve", full=True),
    "an undone demotion on a full stage": Case(
        "host", f"POST {SPACE}/sanctions/{{sanction}}/undo", {"reason": "x"}, full=True
    ),
    "a kick of the host": Case("cohost", f"POST {PEOPLE}/@host/kick", {"reason": "x", "duration": 60}, 403),
    "a demotion of a listener": Case("host", f"POST {PEOPLE}/@cid/demote"),
    "a Space handed to a speaker": Case("host", f"POST {PEOPLE}/@ann/host"),
    "an end by a co-host": Case("cohost", f"POST {SPACE}/end", None, 403),
    "a recording on a full disk": Case("host", f"POST {SPACE}/recording"),
    "broken rules": Case("host", f"PUT {SPACE}/rules", {"text": "schema = 1\n[[rule]]\nid = 5\n"}, 400),
    "an act without a grant": Case("bot", f"POST {SPACE}/acts", "act", 403),
    "a report about nobody": Case("ann", "POST /v1/reports", {"space_id": "{space}", "account": "@no"}, 404),
    "a decision by a speaker": Case("ann", "PATCH /v1/reports/{report}", {"state": "upheld"}, 403),
    "a series with an unknown guest": Case(
        "host", "POST /v1/series", {**WEEKLY, "rules": RULES, "invite": ["@ben", "@no"]}, 404
    ),
    "an edit of a series with an unknown guest": Case(
        "host",
        "PATCH /v1/series/{series}",
        {"title": "B", "rules": RULES, "uninvite": ["@ben"], "invite": ["@no"]},
        404,
    ),
    "a series at no time": Case("host", "PATCH /v1/series/{series}", {"title": "B", "rules": RULES, "cron": "x"}, 400),
    "somebody else's series": Case("ann", "POST /v1/series/{series}/skip", None, 403),
    "somebody else's post, which is pinned": Case("ann", "DELETE /v1/posts/{post}", None, 403),
    "a post with an unknown clip": Case("ann", "POST /v1/posts", {"text": "hi", "clip": "0" * 13}, 404),
    "a message with an unknown clip": Case("ann", "POST /v1/dms", {"to": "@ben", "text": "", "clip": "0" * 13}, 404),
    "a message over a block": Case("host", "POST /v1/dms", {"to": "@foe", "text": "hi"}),
    "a block of oneself": Case("host", "PUT /v1/accounts/me/blocks/@host"),
    "an undone block that is none": Case("host", "POST /v1/sanctions/{sanction}/undo", {"reason": "x"}, 404),
    "a token with more scopes than one has": Case("ann", "POST /v1/accounts/@ann/tokens", {"scopes": ["admin"]}, 403),
    "a microphone on a full stage": Case("ben", f"POST {SPACE}/whip", "offer", 403),
}


async def test_what_is_refused_changed_nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    scene = await Scene().made(api)
    before = await seen(api)
    for name, case in CASES.items():
        with monkeypatch.context() as changed:
            if case.full:
                for module in (stage, undo):
                    changed.setattr(module, "MAX_SPEAKERS", 1)
            limits = {"live_spaces": 1} if case.status == 429 else {}
            changed.setattr(api.app, "rates", Rates(NO_LIMITS.model_copy(update=limits)))
            changed.setattr(api.app.recordings, "require_room", _no_room)
            answer = await _send(scene, case)
        assert answer.status_code == case.status, (name, answer.text)
        assert await seen(api) == before, name


async def _send(scene: Scene, case: Case) -> Any:
    who = scene.people[case.who]
    method, path = case.ask.format(**scene.names).split(" ")
    if case.body == "offer":
        return await who.offer(path)
    if case.body == "act":
        return await who.call(method, path, act(scene.people["ann"], "block"))
    body = case.body and {k: v.format(**scene.names) if k == "space_id" else v for k, v in case.body.items()}
    return await who.call(method, path, body, headers=KEY)


def _no_room() -> None:
    raise Refused("disk_full", "no room")


async def test_after_a_refusal_the_same_key_is_tried_again(api: Api) -> None:
    scene = await Scene().made(api)
    host, foe = scene.people["host"], scene.people["foe"]
    body = {"title": "A", "invite": ["@foe"]}
    assert (await host.refused("POST", "/v1/spaces", body, headers=KEY))["status"] == 409
    assert len((await host.ok("GET", "/v1/spaces"))["data"]) == 3
    await foe.ok("DELETE", "/v1/accounts/me/blocks/@host")
    made = await host.call("POST", "/v1/spaces", body, headers=KEY)
    assert made.status_code == 201
    assert "idempotent-replayed" not in made.headers
    again = await host.call("POST", "/v1/spaces", body, headers=KEY)
    assert again.headers["idempotent-replayed"] == "true"
    assert again.json() == made.json()


async def test_a_block_that_was_undone_is_not_undone_again(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    await host.ok("PUT", "/v1/accounts/me/blocks/@ann")
    [first] = (await ann.ok("GET", "/v1/accounts/me/sanctions"))["data"]
    await host.ok("POST", f"/v1/sanctions/{first['id']}/undo")
    await host.ok("PUT", "/v1/accounts/me/blocks/@ann")
    before = await seen(api)
    assert (await host.refused("POST", f"/v1/sanctions/{first['id']}/undo"))["status"] == 404
    assert await seen(api) == before, "the second block holds"


async def test_a_block_of_somebody_in_three_spaces_removes_from_all_or_none(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    spaces = [await api.live(host) for _ in range(3)]
    for space in spaces:
        await host.ok("POST", f"{space}/invites", {"handles": ["@ann"]})
        await ann.ok("POST", f"{space}/accept")
        assert (await ann.offer(f"{space}/whip")).status_code == 201
    real, asked = api.app.registry.projections, list[Outcome]()

    async def refuses_the_third(db: Any, outcome: Outcome) -> None:
        asked.append(outcome)
        if len(asked) == 3:
            raise Refused("blocked", "not the third")

    api.app.registry.projections = (*real, refuses_the_third)
    before = await seen(api)
    assert (await host.refused("PUT", "/v1/accounts/me/blocks/@ann"))["status"] == 409
    assert await seen(api) == before
    api.app.registry.projections = real
    await host.ok("PUT", "/v1/accounts/me/blocks/@ann")
    for space in spaces:
        people = (await host.ok("GET", f"{space}/people"))["data"]
        assert [one["handle"] for one in people] == ["@host"]
    await memory_equals_store(api)
