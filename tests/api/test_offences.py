"""Repeats, cooldowns and the circuit breaker of rules, counted by the server."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from tests.api.harness import Api, As, running_api
from tests.api.test_moderation import RULES, act, stage

pytestmark = pytest.mark.anyio

FOUR: dict[str, Any] = {"repeat": {"times": 4, "within": 60.0}}


def said(talker: As, tick: int, action: str = "report", **changes: Any) -> dict[str, Any]:
    key = f"pitch:1:{tick}-{tick + 10}:{action}"
    return act(talker, action, key=key, start_tick=tick, end_tick=tick + 10, **changes)


async def modes_of(bot: As, space: str, *acts: dict[str, Any]) -> list[str]:
    return [(await bot.ok("POST", f"{space}/acts", one))["mode"] for one in acts]


async def test_the_fourth_offence_is_acted_on_also_after_a_restart_and_a_push(tmp_path: Path) -> None:
    async with running_api(tmp_path / "data") as api:
        host, talker, space = await stage(api)
        assert await modes_of(api.bot, space, *(said(talker, n * 100, **FOUR) for n in range(2))) == ["counted"] * 2
        await host.ok("PUT", f"{space}/rules", {"text": RULES + "# another file\n"})
    async with running_api(tmp_path / "data", first=False) as again:
        assert await modes_of(again.bot, space, said(talker, 105, **FOUR)) == ["counted"], "the second again"
        later = [said(talker, n * 100, **FOUR) for n in (2, 3)]
        assert await modes_of(again.bot, space, *later) == ["counted", "enforce"]
        reports = (await As(again, host.token).ok("GET", "/v1/reports"))["data"]
        assert len(reports) == 1


async def test_what_only_counts_leaves_no_act_no_report_and_no_evidence(api: Api) -> None:
    host, talker, space = await stage(api)
    actor = api.app.registry.actors[space.rsplit("/", 1)[-1]]
    for tick in range(50):
        actor.ring.add(tick, 1, b"\xf8\xff\xfe")
    actor.tick = 50
    for action in ("report", "mute"):
        answer = await api.bot.ok("POST", f"{space}/acts", said(talker, 0, action, **FOUR))
        assert (answer["mode"], answer["report_id"]) == ("counted", None)
    assert (await host.ok("GET", "/v1/reports"))["data"] == []
    assert (await host.ok("GET", f"{space}/sanctions"))["data"] == []
    assert "act" not in [row["action"] for row in (await host.ok("GET", "/v1/audit"))["data"]]
    assert not api.app.clips.exists() or not list(api.app.clips.iterdir())
    assert await modes_of(api.bot, space, said(talker, 20)) == ["enforce"]
    assert list(api.app.clips.iterdir()), "an offence that is acted on has evidence"


async def test_what_the_breaker_holds_is_recorded_as_held_and_the_host_is_told_once(api: Api) -> None:
    host, _, space = await stage(api)
    people = [await api.speaker(space, host, f"s{n}") for n in range(4)]
    await host.ok(
        "PUT", f"{space}/rules", {"text": RULES.replace("[limits]", "[limits]\nmax_auto_actions_per_5min = 2")}
    )
    acts = [said(person, n * 100, "mute", lane=n + 2) for n, person in enumerate(people)]
    modes = await modes_of(api.bot, space, *acts)
    assert modes == ["enforce", "enforce", "held", "held"]
    assert [one["action"] for one in (await host.ok("GET", f"{space}/sanctions"))["data"]] == ["mute", "mute"]
    told = [one["text"] for one in (await host.ok("GET", "/v1/dms"))["data"] if "many sanctions" in one["text"]]
    assert len(told) == 1
    audit = (await host.ok("GET", "/v1/audit"))["data"]
    assert [row["action"] for row in audit].count("breaker") == 1
    assert (await api.bot.ok("POST", f"{space}/acts", said(people[3], 900, "report", lane=5)))["mode"] == "enforce"


@pytest.mark.parametrize(
    ("change", "field"),
    [
        ({"severity": 0}, "severity"),
        ({"repeat": {"times": 0}}, "repeat"),
        ({"repeat": {"often": 2}}, "often"),
        ({"cooldown": -1.0}, "cooldown"),
    ],
)
async def test_terms_that_are_none_are_refused(api: Api, change: dict[str, Any], field: str) -> None:
    _, talker, space = await stage(api)
    problem = await api.bot.refused("POST", f"{space}/acts", said(talker, 0, **change))
    assert (problem["status"], problem["code"]) == (400, "invalid")
    assert field in str(problem)


STEPS = [{"points": 1, "do": "warn"}, {"points": 3, "do": "mute", "seconds": 60}, {"points": 5, "do": "block"}]


async def test_a_ladder_leads_from_a_warning_to_a_block_and_survives_a_restart(tmp_path: Path) -> None:
    rules = RULES.replace('actions = ["report", "mute", "kick", "block"]', 'actions = ["ladder:speech"]').replace(
        "{ pitch =", '{ "ladder:speech" ='
    )
    steps = '{ points = 1, do = "warn" }, { points = 3, do = "mute", for = "60s" }, { points = 5, do = "block" }'
    rules = rules.replace("[limits]", "[limits]\nmax_auto_actions_per_5min = 20")
    rules += f"[ladder.speech]\nsteps = [ {steps} ]\n"
    climb: dict[str, Any] = {"ladder": {"name": "speech", "expire": 3600, "steps": STEPS}, "severity": 2}

    async def climbed(bot: As, talker: As, *ticks: int) -> list[str]:
        return [
            (await bot.ok("POST", f"{space}/acts", said(talker, tick, "ladder", **climb)))["action"] for tick in ticks
        ]

    async with running_api(tmp_path / "data") as api:
        host, talker, space = await stage(api)
        await host.ok("PUT", f"{space}/rules", {"text": rules})
        assert await climbed(api.bot, talker, 0, 100, 0) == ["warn", "mute", "warn"], "the last is the first again"
        assert await climbed(api.bot, talker, 3, 97) == ["warn", "mute"], (
            "and so it is when it was heard a little later"
        )
    async with running_api(tmp_path / "data", first=False) as again:
        host = As(again, host.token)
        (mute,) = (one for one in (await host.ok("GET", f"{space}/sanctions"))["data"] if one["action"] == "mute")
        assert mute["until"] is not None
        await host.ok("POST", f"{space}/sanctions/{mute['id']}/undo")
        assert await climbed(again.bot, talker, 200, 300) == ["mute", "block"], "its points came back"
        assert [one["handle"] for one in (await host.ok("GET", "/v1/accounts/me/blocks"))["data"]] == ["@talker"]


@pytest.mark.parametrize(
    ("action", "change", "told"),
    [
        ("ladder", {}, "goes with the action"),
        ("mute", {"ladder": {"name": "s", "expire": 60, "steps": STEPS}}, "goes with the action"),
        ("ladder", {"ladder": {"name": "s", "expire": 60, "steps": [{"points": 1, "do": "lock"}]}}, "leads to one of"),
        ("ladder", {"ladder": {"name": "s", "expire": 60, "steps": []}}, "steps"),
    ],
)
async def test_a_ladder_that_is_none_is_refused(api: Api, action: str, change: dict[str, Any], told: str) -> None:
    _, talker, space = await stage(api)
    problem = await api.bot.refused("POST", f"{space}/acts", said(talker, 0, action, **change))
    assert (problem["status"], told in str(problem)) == (400, True), problem
