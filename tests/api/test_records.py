"""What a reporter's earlier reports are worth: only what others found of them counts."""

from __future__ import annotations

from typing import Any

import pytest

from spacesctl.domain.reporting import Record
from spacesctl.live.conduct_watch import ConductWatch
from spacesctl.store import reports as report_store
from tests.api.harness import Api, As
from tests.api.test_moderation import RULES

pytestmark = pytest.mark.anyio


async def report(who: As, space: str, target: str) -> str:
    found: dict[str, Any] = await who.ok("POST", "/v1/reports", {"space_id": space[-13:], "account": target})
    return str(found["id"])


async def decide(who: As, one: str, state: str = "upheld") -> None:
    await who.ok("PATCH", f"/v1/reports/{one}", {"state": state})


async def record(api: Api, who: As) -> Record:
    async with api.app.db.read() as db:
        return (await report_store.records(db, {who.id})).get(who.id, Record())


async def test_what_others_find_counts_once_for_each_person_and_space(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    for title in ("A", "B"):
        space = await api.live(host, title=title)
        await api.listener(space, ann)
        for _ in range(3):
            await decide(host, await report(ann, space, "@owner"))
        await decide(host, await report(ann, space, "@spaces_bot"), "dismissed")
    assert await record(api, ann) == Record(upheld=2, dismissed=2)


async def test_nobody_makes_a_record_in_a_space_of_their_own(api: Api) -> None:
    host, cohost, ann = await api.accounts("host", "cohost", "ann")
    space = await api.live(host)
    await api.listener(space, ann)
    await host.ok("POST", f"{space}/invites", {"handles": ["@cohost"], "role": "cohost"})
    await cohost.ok("POST", f"{space}/accept")
    for who in (host, cohost):
        one = await report(who, space, "@ann")
        await decide(host, one)
        await decide(cohost, one, "dismissed")
        assert await record(api, who) == Record()
    await decide(host, await report(ann, space, "@ann"))
    assert await record(api, ann) == Record(), "about herself"


async def test_nor_by_becoming_the_host_before_deciding(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    space = await api.live(host)
    await api.listener(space, ann)
    one = await report(ann, space, "@owner")
    await host.ok("POST", f"{space}/invites", {"handles": ["@ann"], "role": "cohost"})
    await ann.ok("POST", f"{space}/accept")
    await decide(ann, one)
    assert await record(api, ann) == Record()
    await decide(host, one, "dismissed")
    assert await record(api, ann) == Record(dismissed=1)


async def test_what_is_found_of_reports_of_who_was_removed_spoils_no_record(api: Api) -> None:
    host, ann, ben = await api.accounts("host", "ann", "ben")
    space = await api.live(host)
    await api.listener(space, ann, ben)
    await host.ok("POST", f"{space}/people/@ann/kick")
    await host.ok("PUT", "/v1/accounts/me/blocks/@ben")
    for who in (ann, ben):
        await decide(host, await report(who, space, "@owner"), "dismissed")
        assert await record(api, who) == Record()


async def test_reports_of_who_is_barred_and_about_oneself_weigh_nothing(api: Api) -> None:
    host, ann, ben = await api.accounts("host", "ann", "ben")
    space = await api.live(host)
    await host.ok("PUT", f"{space}/rules", {"text": RULES})
    await api.listener(space, ann, ben)
    for who in (ann, ben):
        await report(who, space, "@owner")
    await report(ben, space, "@ben")
    actor, watch = api.app.registry.actors[space[-13:]], ConductWatch(api.app.registry, api.app.bot.id)
    await watch.look()
    assert list(actor.conduct.reports.values()) == [2.0], "both of the owner, none of himself"
    await host.ok("POST", f"{space}/people/@ann/kick")
    await watch.look()
    assert list(actor.conduct.reports.values()) == [1.0]
