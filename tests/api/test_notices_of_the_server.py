"""Who is told what rules and the clock did, and when (`docs/hosting.md`)."""

from __future__ import annotations

from datetime import timedelta

import pytest

from spacesctl.application import reminders
from spacesctl.application.people import lift_expired
from spacesctl.domain import commands as c
from spacesctl.domain.principals import System
from tests.api.notice_scene import MOVED_TO, STARTS_AT, WAITING, Scene
from tests.api.test_moderation import RULES, act

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("what", "who", "text"),
    [
        ("mute", "ann", "You are no longer muted in “A Space”. Open your microphone to speak."),
        ("demote", "ann", "You are free to speak again in “A Space”."),
        ("kick", "cid", "You are free to come back to “A Space”. http"),
    ],
)
async def test_a_sanction_whose_time_is_over_is_told_by_the_server(
    scene: Scene, what: str, who: str, text: str
) -> None:
    await scene.people["host"].ok("POST", f"{scene.space}/people/@{who}/{what}", {"duration": 60})
    before = await scene.heard()
    await lift_expired(scene.api.app, scene.space[11:])
    assert await scene.since(before) == {}, "not yet"
    scene.clock.advance(61)
    for _ in range(2):
        await lift_expired(scene.api.app, scene.space[11:])
    told = await scene.since(before)
    assert told.keys() == {who}
    assert [row["by"]["handle"] for row in told[who]] == ["@spaces_bot"]
    assert told[who][0]["text"].startswith(text)


async def test_a_rule_tells_the_person_and_the_host_the_words_and_how_to_appeal(scene: Scene) -> None:
    await scene.people["host"].ok("PUT", f"{scene.space}/rules", {"text": RULES})
    before = await scene.heard()
    await scene.api.bot.ok("POST", f"{scene.space}/acts", act(scene.people["ann"], "mute"))
    told = await scene.since(before)
    assert told.keys() == {"ann", "host"}
    assert all(len(rows) == 1 and rows[0]["by"]["handle"] == "@spaces_bot" for rows in told.values())
    assert all("crypto giveaway" in rows[0]["text"] and "00:01" in rows[0]["text"] for rows in told.values())
    assert "This was automatic, in the host's name. `spacesctl sanction show" in told["ann"][0]["text"]


async def test_a_decision_on_a_report_is_told_to_who_filed_it(scene: Scene) -> None:
    body = {"space_id": scene.space[11:], "account": "@cid"}
    report = (await scene.people["ann"].ok("POST", "/v1/reports", body))["id"]
    before = await scene.heard()
    for state in ("upheld", "open"):
        await scene.people["host"].ok("PATCH", f"/v1/reports/{report}", {"state": state, "note": "right"})
    told = await scene.since(before)
    assert {who: [row["text"] for row in rows] for who, rows in told.items()} == {
        "ann": ["Your report about @cid in “A Space” was upheld: right."],
        "cid": ["A report about you in “A Space” was upheld: its moderators found that it was right."],
    }


async def test_a_moved_space_is_reminded_of_again_at_its_new_time(scene: Scene) -> None:
    for start in (STARTS_AT, MOVED_TO):
        await scene.people["host"].ok("PATCH", scene.planned, {"scheduled_start": start})
        before = await scene.heard()
        for _ in range(2):
            await reminders.send_reminders(scene.api.app, scene.planned[11:], "soon")
        told = await scene.since(before)
        assert told.keys() == {"host", "dan"}
        assert all(len(rows) == 1 and rows[0]["kind"] == "reminder" for rows in told.values())
        assert f"starts on {'Monday' if start == STARTS_AT else 'Tuesday'}" in told["dan"][0]["text"]


@pytest.mark.parametrize(
    ("command", "told"),
    [
        (c.Miss(System("schedule")), {"host", *WAITING}),
        (c.HostAway(System("host_away"), timedelta(minutes=1)), {"host", "cohost"}),
        (c.HostGone(System("host_gone"), frozenset()), {"host", "cohost", "ann"}),
        (c.End(System("end_empty")), {"host", "cohost", "cid"}),
        (c.End(System("duration")), {"cid"}),
    ],
)
async def test_what_the_server_does_is_told_by_its_bot(scene: Scene, command: c.Command, told: set[str]) -> None:
    before = await scene.heard()
    space = scene.planned if isinstance(command, c.Miss) else scene.space
    await scene.api.app.registry.ask(space[11:], command)
    found = await scene.since(before)
    assert found.keys() == told
    assert {row["by"]["handle"] for rows in found.values() for row in rows} == {"@spaces_bot"}
