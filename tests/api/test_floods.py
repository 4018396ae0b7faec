"""What is done and undone over and over floods nobody, and no message comes across a block."""

from __future__ import annotations

import pytest

from spacesctl.application.projections.pace import KEYS, MOST, WITHIN, Pace
from spacesctl.support.clock import REAL
from tests.api.harness import Api, As

pytestmark = pytest.mark.anyio


async def texts(who: As) -> list[str]:
    return [row["text"] for row in (await who.ok("GET", "/v1/dms"))["data"]]


async def test_no_kick_reaches_somebody_who_was_never_there(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    space = await api.live(host)
    await host.ok("POST", f"{space}/people/@ann/kick", {"reason": "read this"})
    assert await texts(ann) == []


async def test_no_reason_and_no_note_comes_across_a_block(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    ann = await api.speaker(space, host, "ann")
    report = await ann.ok("POST", "/v1/reports", {"space_id": space.rsplit("/", 1)[-1]})
    await ann.ok("PUT", "/v1/accounts/me/blocks/@host")
    before = await texts(ann)
    await host.ok("POST", f"{space}/people/@ann/kick", {"reason": "read this"})
    await host.ok("PATCH", f"/v1/reports/{report['id']}", {"state": "dismissed", "note": "read this"})
    [sanction] = (await ann.ok("GET", "/v1/accounts/me/sanctions"))["data"]
    appeal = await ann.ok("POST", f"/v1/sanctions/{sanction['id']}/appeal", {"text": "why?"})
    await api.owner.ok("PATCH", f"/v1/appeals/{appeal['id']}", {"state": "denied", "reason": "read this"})
    told = [text for text in await texts(ann) if text not in before]
    assert not any("read this" in text for text in told)
    assert len(told) == 2, "the outcomes of report and appeal, which are theirs to know"


async def test_mutes_and_unmutes_are_told_so_often_and_no_more(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    ann = await api.speaker(space, host, "ann")
    for _ in range(MOST):
        await host.ok("POST", f"{space}/people/@ann/mute")
        await host.ok("POST", f"{space}/people/@ann/unmute")
    assert len(await texts(ann)) == MOST


async def test_a_decision_that_is_made_again_says_nothing(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    space = await api.live(host)
    await api.listener(space, ann)
    report = await ann.ok("POST", "/v1/reports", {"space_id": space.rsplit("/", 1)[-1]})
    for _ in range(3):
        await host.ok("PATCH", f"/v1/reports/{report['id']}", {"state": "upheld"})
    assert len(await texts(ann)) == 1


def test_the_pace_is_by_key_and_by_the_hour_and_remembers_so_many() -> None:
    pace, now = Pace(), REAL.now()
    assert [pace.admits(("a", "b"), now) for _ in range(MOST + 2)] == [True] * MOST + [False] * 2
    assert pace.admits(("a", "c"), now)
    assert pace.admits(("a", "b"), now + WITHIN)
    for number in range(KEYS):
        pace.admits((str(number),), now)
    assert len(pace._sent) == KEYS
