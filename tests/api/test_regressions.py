"""What was taken back of a rule's acts is kept as a case for its host, and for nobody else."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from spacesctl.domain.speech import Word
from spacesctl.store import regressions
from spacesctl.store.regressions import KEPT, MOST, KeptCase
from spacesctl.support.clock import VirtualClock
from tests.api.harness import Api, As, running_api
from tests.api.test_appeals import appealed, newest
from tests.api.test_evidence import caption
from tests.api.test_moderation import act, stage

pytestmark = pytest.mark.anyio


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(datetime(2026, 11, 30, 12, tzinfo=UTC))


async def cases(who: As, query: str = "") -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = (await who.ok("GET", f"/v1/regressions{query}"))["data"]
    return found


async def test_a_granted_appeal_makes_a_case_with_the_words_around(api: Api) -> None:
    host, talker, space = await stage(api)
    said = caption(1, 1, "no crypto giveaway here please", 40, 120)
    await api.bot.ok("POST", f"{space}/captions", {"captions": [said, caption(1, 2, "later", 200, 220)]})
    for action in ("report", "mute"):
        await api.bot.ok("POST", f"{space}/acts", act(talker, action))
    appeal = await appealed(talker)
    assert await cases(host) == []
    await host.ok("PATCH", appeal, {"state": "granted"})
    [case] = await cases(host)
    assert (case["rule"], case["expect"], case["rule_hash"]) == ("pitch", "nothing", "h")
    assert " ".join(one["w"] for one in case["words"]) == "no crypto giveaway here please"
    assert [one["conf"] for one in case["words"]] == [0.9] * 5
    assert "talker" not in json.dumps(case)
    assert talker.id not in json.dumps(case)
    assert await cases(talker) == []
    assert await cases(api.owner) == [], "they are the host's"
    assert len(await cases(host, f"?space_id={space[11:]}")) == 1
    assert await cases(host, "?space_id=AAAAAAAAAAAAA") == []


async def test_a_dismissed_report_of_a_rule_makes_a_case_until_it_is_upheld(api: Api) -> None:
    host, talker, space = await stage(api)
    report = (await api.bot.ok("POST", f"{space}/acts", act(talker, "report")))["report_id"]
    counts = []
    for state in ("dismissed", "open", "dismissed", "upheld"):
        await host.ok("PATCH", f"/v1/reports/{report}", {"state": state})
        counts.append(len(await cases(host)))
    assert counts == [1, 0, 1, 0]
    await host.ok("PATCH", f"/v1/reports/{report}", {"state": "dismissed"})
    [case] = await cases(host)
    assert [one["w"] for one in case["words"]] == ["crypto", "giveaway"], "without captions those of the act"


async def test_a_persons_report_makes_none(api: Api) -> None:
    host, talker, space = await stage(api)
    filed = await talker.ok("POST", "/v1/reports", {"space_id": space[11:]})
    await host.ok("PATCH", f"/v1/reports/{filed['id']}", {"state": "dismissed"})
    assert await cases(host) == []


@pytest.mark.parametrize("wrong", [True, False])
async def test_an_undo_makes_one_if_it_says_that_the_rule_was_wrong(api: Api, wrong: bool) -> None:
    host, talker, space = await stage(api)
    await api.bot.ok("POST", f"{space}/acts", act(talker, "mute"))
    one = await newest(talker)
    await host.ok("POST", f"{space}/sanctions/{one['id']}/undo", {"reason": "x", "wrong": wrong})
    assert len(await cases(host)) == int(wrong)
    await host.ok("POST", f"{space}/people/@talker/mute")
    by_hand = await newest(talker)
    await host.ok("POST", f"{space}/sanctions/{by_hand['id']}/undo", {"wrong": True})
    assert len(await cases(host)) == int(wrong), "no rule did that"


@pytest.mark.parametrize("way", ["appeal", "undo"])
async def test_a_rules_block_that_is_taken_back_makes_one(api: Api, way: str) -> None:
    host, talker, space = await stage(api)
    await api.bot.ok("POST", f"{space}/acts", act(talker, "block"))
    one = await newest(talker)
    if way == "undo":
        await host.ok("POST", f"/v1/sanctions/{one['id']}/undo", {"wrong": True})
    else:
        await host.ok("PATCH", await appealed(talker), {"state": "granted"})
    assert [case["rule"] for case in await cases(host)] == ["pitch"]
    assert (await host.ok("GET", "/v1/accounts/me/blocks"))["data"] == []


async def test_cases_are_so_many_and_kept_for_so_long(tmp_path: Path, clock: VirtualClock) -> None:
    async with running_api(tmp_path / "data", clock=clock) as api:
        host = await api.account("host")
        space = await api.live(host)
        word = (Word("a", 0.0, 0.1, 0.9),)
        async with api.app.db.begin() as db:
            for n in range(MOST + 3):
                at = clock.now() + timedelta(seconds=n)
                await regressions.add(db, KeptCase(f"c{n}", host.id, space[11:], host.id, "r", "h", word, at))
        found = await cases(host)
        assert (len(found), found[0]["id"], found[-1]["id"]) == (MOST, f"c{MOST + 2}", "c3")
        clock.advance((KEPT + timedelta(seconds=4)).total_seconds())
        assert len(await cases(host)) == MOST - 1


async def test_who_is_erased_leaves_no_words_in_cases_and_appeals(api: Api) -> None:
    host, talker, space = await stage(api)
    await api.bot.ok("POST", f"{space}/acts", act(talker, "mute"))
    appeal = await appealed(talker, "my words")
    await host.ok("PATCH", appeal, {"state": "granted"})
    assert len(await cases(host)) == 1
    await talker.ok("DELETE", "/v1/accounts/me")
    assert await cases(host) == []
    assert (await host.ok("GET", appeal))["text"] == ""
