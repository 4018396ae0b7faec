"""Every change names its limit, and is counted by it; what failed, or was answered before, costs nothing."""

from __future__ import annotations

import asyncio
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from fastapi import APIRouter

from spacesctl.domain.errors import Unavailable
from spacesctl.domain.posts import Clip
from spacesctl.domain.principals import Person
from spacesctl.server.http.limited import READS, limited
from spacesctl.server.http.rates import BLOCK, Limits, Rates, blocks
from spacesctl.server.http.wire_route import WireRoute
from spacesctl.store import clips
from tests.api.harness import Api
from tests.api.test_limits import too_many
from tests.api.test_posts import upload, wav
from tests.api.test_series import RULES
from tests.api.test_storage_trouble import held
from tests.conform import the_document

pytestmark = pytest.mark.anyio
SETTINGS = Path(__file__).parents[2] / "docs" / "settings.md"
DRY = {"Dry-Run": "true"}


def changes() -> Iterator[Any]:
    for path, methods in the_document()["paths"].items():
        for method, operation in methods.items():
            if method.upper() not in READS:
                yield pytest.param(operation, id=f"{method.upper()} {path}")


@pytest.mark.parametrize("operation", list(changes()))
def test_a_change_names_its_limit_which_the_settings_list(operation: dict[str, Any]) -> None:
    table = SETTINGS.read_text().partition("[limits]")[2]
    listed = tomllib.loads(re.sub(r"(?m)^#(?=\w+ = )", "", table.partition("```")[0]))
    assert operation["x-limit"]
    assert set(operation["x-limit"]) <= listed.keys()
    assert "429" in operation["responses"]


def test_a_change_without_a_limit_cannot_be_served() -> None:
    router = APIRouter(route_class=WireRoute)

    async def forgotten() -> None: ...

    router.get("/read")(forgotten)
    with pytest.raises(TypeError, match="names no limit"):
        router.put("/change")(forgotten)
    with pytest.raises(TypeError, match="no limit chnage"):
        limited("chnage")


async def test_changes_without_a_limit_of_their_own_count_together(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    space = await api.live(host)
    api.app.rates = Rates(Limits(change="2/hour"))
    await host.ok("PATCH", space, {"title": "B"})
    await host.ok("PUT", "/v1/accounts/me/following/@ann")
    await too_many(host, "POST", f"{space}/end")
    await ann.ok("PUT", "/v1/accounts/me/following/@host")
    for _ in range(3):
        await api.owner.ok("PUT", "/v1/accounts/me/following/@host")


async def test_changes_that_need_no_token_count_by_address(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    api.app.rates = Rates(Limits(session="1/hour"))
    for _ in range(100):  # this machine's share
        assert (await api.nobody.call("DELETE", f"{space}/whep/none")).status_code == 404
    await too_many(api.nobody, "DELETE", f"{space}/whep/none")


async def test_what_is_refused_for_one_of_two_limits_counts_for_neither(api: Api) -> None:
    host, _, _ = await api.accounts("host", "ann", "bob")
    api.app.rates = Rates(Limits(space="1/hour", invite="1/hour"))
    await host.ok("POST", "/v1/spaces", {"title": "T", "invite": ["@ann"]})
    api.app.rates = Rates(Limits(space="1/hour", invite="1/hour"))
    api.app.rates.by_account("invite", Person(host.id))
    await too_many(host, "POST", "/v1/spaces", {"title": "T", "invite": ["@ann", "@bob"]})
    await host.ok("POST", "/v1/spaces", {"title": "T"})


async def test_a_request_that_failed_for_the_storage_costs_nothing(api: Api) -> None:
    host = await api.account("host")
    async with api.database.begin() as db:
        await db.exec_driver_sql("PRAGMA busy_timeout = 50")
    api.app.rates = Rates(Limits(post="1/hour"))
    with held(api):
        for _ in range(3):
            assert (await host.call("POST", "/v1/posts", {"text": "hi"})).status_code == 503
    await host.ok("POST", "/v1/posts", {"text": "hi"})
    await too_many(host, "POST", "/v1/posts", {"text": "hi"})


async def test_a_join_that_failed_for_the_engine_costs_nothing(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    host = await api.account("host")
    space = await api.live(host)
    rates = api.app.rates = Rates(Limits(join="1/hour"))

    class Gone:
        @property
        def ready(self) -> Any:
            raise Unavailable("the media engine is starting")

    with monkeypatch.context() as changed:
        changed.setattr(api.app.registry, "engine", Gone())
        assert (await api.nobody.offer(f"{space}/whep")).status_code == 503
    assert rates.windows.entries == 0
    assert (await api.nobody.offer(f"{space}/whep")).status_code == 201
    assert rates.windows.entries == 1


async def test_what_is_refused_is_counted_and_what_is_malformed_is_not(api: Api) -> None:
    host = await api.account("host")
    api.app.rates = Rates(Limits(dm="2/hour"))
    for _ in range(3):
        assert (await host.call("POST", "/v1/dms", {"txet": "hi"})).status_code == 400
    for _ in range(2):
        assert (await host.call("POST", "/v1/dms", {"to": "@nobody", "text": "hi"})).status_code == 404
    await too_many(host, "POST", "/v1/dms", {"to": "@owner", "text": "hi"})


async def test_a_repeated_request_costs_nothing_and_is_answered_beyond_the_limit(api: Api) -> None:
    host = await api.account("host")
    api.app.rates = Rates(Limits(post="2/hour"))
    key = {"Idempotency-Key": "k"}
    first = await host.ok("POST", "/v1/posts", {"text": "hi"}, headers=key)
    for _ in range(3):
        assert await host.ok("POST", "/v1/posts", {"text": "hi"}, headers=key) == first
    await host.ok("POST", "/v1/posts", {"text": "ho"})
    await too_many(host, "POST", "/v1/posts", {"text": "hu"})
    assert await host.ok("POST", "/v1/posts", {"text": "hi"}, headers=key) == first
    assert (await host.call("POST", "/v1/posts", {"text": "hu"}, headers={"Idempotency-Key": "l"})).status_code == 429


async def test_a_dry_run_costs_as_much_as_the_change_unless_it_fails(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    host = await api.account("host")
    api.app.rates = Rates(Limits(post="1/hour"))
    with monkeypatch.context() as changed:
        changed.setattr("spacesctl.server.http.dry_run.LONGEST", 0.01)
        changed.setattr("spacesctl.server.http.routes.posts.use.create_post", lambda *_: asyncio.sleep(10))
        assert (await host.call("POST", "/v1/posts", {"text": "hi"}, headers=DRY)).status_code == 503
    await host.ok("POST", "/v1/posts", {"text": "hi"}, headers=DRY)
    await too_many(host, "POST", "/v1/posts", {"text": "hi"})


async def test_rule_files_have_so_many_bytes_a_day(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    api.app.rates = Rates(Limits(rule_file=f"{2 * blocks(len(RULES) + BLOCK)}/day"))
    long = RULES + "#" * BLOCK + "\n"
    await host.ok("PUT", f"{space}/rules", {"text": long})
    await host.ok("POST", "/v1/spaces", {"title": "T", "rules": long})
    await too_many(host, "PUT", f"{space}/rules", {"text": RULES})
    series = {"title": "S", "cron": "0 9 * * *", "tz": "UTC", "duration": 600, "rules": RULES}
    await too_many(host, "POST", "/v1/series", series)
    await host.ok("PUT", f"{space}/rules", {"text": None})


@pytest.mark.parametrize("free", [0, 100], ids=["full before", "full with it"])
async def test_an_account_has_so_many_bytes_of_voice_clips(api: Api, free: int) -> None:
    ann, bob = await api.accounts("ann", "bob")
    api.app.rates = Rates(Limits(clip_mib=1))
    async with api.app.db.begin() as db:
        await clips.add(db, Clip("older", ann.id, 1000, (1 << 20) - free, api.app.clock.now()))
    refused = await upload(ann, wav(1.0))
    assert (refused.status_code, refused.json()["code"]) == (429, "too_many")
    assert "MiB of voice clips" in refused.json()["detail"]
    assert list((api.app.data / "clips").rglob("*.ogg")) == []
    assert (await upload(bob, wav(1.0))).status_code == 201
    api.app.rates = Rates(Limits(clip_mib=2))
    assert (await upload(ann, wav(1.0))).status_code == 201


def test_bytes_count_in_units_and_begun_ones_count() -> None:
    assert [blocks(size) for size in (0, 1, BLOCK, BLOCK + 1)] == [0, 1, 1, 2]


async def test_evidence_beyond_the_limit_is_not_kept_and_the_report_is(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    ann, bob = await api.speaker(space, host, "ann"), await api.account("bob")
    actor = api.app.registry.actors[space.rsplit("/", 1)[-1]]
    lane = actor.space.people[ann.id].lane or 0
    for tick in range(50, 0, -1):
        actor.ring.add(actor.now_tick() - tick, lane, b"\xf8\xff\xfe")
    api.app.rates = Rates(Limits(evidence="1/day"))
    report = {"space_id": space.rsplit("/", 1)[-1], "account": "@ann"}
    await api.listener(space, bob)
    made = [await bob.ok("POST", "/v1/reports", report) for _ in range(2)]
    kept = [(await host.ok("GET", f"/v1/reports/{one['id']}"))["clip"] for one in made]
    assert [one is not None for one in kept] == [True, False]
    other = await host.ok("POST", "/v1/reports", report)
    assert (await host.ok("GET", f"/v1/reports/{other['id']}"))["clip"] is not None, "each has a limit of their own"


def test_what_was_given_back_is_not_given_back_again() -> None:
    rates = Rates(Limits(dm="1/second; 9/minute"))
    spent = rates.by_account("dm", Person("a"))
    assert rates.windows.entries == 2
    for _ in range(2):
        spent.give_back()
        assert rates.windows.entries == 0
