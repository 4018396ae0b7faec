"""Who is told what people did (`docs/hosting.md`): everybody whom it concerns, and never the one who did it."""

from __future__ import annotations

from typing import Any
from urllib.parse import urlsplit

import pytest

from spacesctl.application.projections.notice_texts import WRITERS
from spacesctl.domain import events as e
from tests.api.harness import Api
from tests.api.notice_scene import MOVED_TO, WAITING, Scene

pytestmark = pytest.mark.anyio
CONCERN_NOBODY = {
    e.SuggestionEnded,
    # what everybody sees in the Space, or did themselves
    e.SpaceCreated, e.SpaceStarted, e.PolicyChanged, e.CaptionsSwitched, e.ChatChanged, e.ChatSaid,
    e.TextMasked, e.TextErased, e.HandRaised, e.LaneOpened, e.LaneClosed, e.MicChanged,
    e.RulesSet, e.Pinned, e.Unpinned, e.RecordingStarted, e.Consented, e.CaptionSpoken, e.OffenceCounted, e.PointsGiven,
    # said by the sanction or the act beside them
    e.ServerMuted, e.Readmitted,
    # what the audience hears, and when; everybody sees that nobody can speak
    e.DelayChanged, e.RedactionMade, e.RedactionChanged, e.RedactionWithdrawn, e.RedactionMissed, e.HoldBegan, e.HoldEnded,
    e.MeasureBegan, e.MeasureEnded,
    # staff see it, the audience only that something is missing
    e.Erased, e.Restored,
    # staff find it in the list of reports
    e.EvidenceKept,
    e.ReportNoted,
}  # fmt: skip


CASES: dict[str, tuple[str, str, Any, dict[str, str]]] = {
    "an invitation": (
        "host", "POST {planned}/invites", {"handles": ["@cid"], "message": "Do come."},
        {"cid": "@host invites you to speak in “Later” on Monday, 30 November 2026, 18:00 UTC: "},
    ),
    "an invitation as co-host": (
        "host", "POST {space}/invites", {"handles": ["@cid"], "role": "cohost"},
        {"cid": "@host invites you to be a co-host of “A Space”: "},
    ),
    "a withdrawn invitation": ("cohost", "DELETE {space}/invites/@ben", None, {"ben": "Your invitation to “A Space” was withdrawn."}),
    "an accepted invitation": ("ben", "POST {space}/accept", None, {"host": "@ben accepted the invitation to “A Space”."}),
    "a declined invitation": ("ben", "POST {space}/decline", None, {"host": "@ben declined the invitation to “A Space”."}),
    "an approved hand": ("cohost", "POST {space}/requests/@cid/approve", None, {"cid": "You may speak in “A Space” now"}),
    "a denied hand": ("cohost", "POST {space}/requests/@cid/deny", None, {"cid": "Your request to speak in “A Space” was denied."}),
    "a withdrawn hand": ("cid", "DELETE {space}/requests/me", None, {}),
    "an end with a hand": ("host", "POST {space}/end", None, {"cid": "“A Space” ended before your request to speak was answered."}),
    "a mute": ("cohost", "POST {space}/people/@ann/mute", {"reason": "noise"}, {"ann": "You were muted in “A Space” by @cohost: noise"}),
    "a mute for a time": (
        "host", "POST {space}/people/@ann/mute", {"duration": 3600},
        {"ann": "You were muted in “A Space” by @host for 1 h."},
    ),
    "a demotion": ("host", "POST {space}/people/@ann/demote", {"reason": "x"}, {"ann": "You were made a listener in “A Space” by @host"}),
    "a speaker who steps down": ("ann", "POST {space}/people/@ann/demote", None, {}),
    "a kick": ("cohost", "POST {space}/people/@ann/kick", None, {"ann": "You were removed from “A Space” by @cohost until it ends."}),
    "a block": ("host", "PUT /v1/accounts/me/blocks/@ann", None, {"ann": "You were removed from"}),
    "a block of a listener": ("host", "PUT /v1/accounts/me/blocks/@dan", None, {}),
    "a new co-host": ("host", "POST {space}/people/@ann/promote", None, {"ann": "@host made you a co-host of “A Space”."}),
    "another host": (
        "host", "POST {planned}/people/@cohost/host", None,
        {"cohost": "You are the host of “Later” now", **dict.fromkeys(("ann", "ben", "dan"), "“Later” is hosted by @cohost now.")},
    ),
    "another title": ("host", "PATCH {planned}", {"title": "Never mind"}, {}),
    "another time": (
        "host", "PATCH {planned}", {"scheduled_start": MOVED_TO},
        dict.fromkeys(WAITING, "“Later” was moved: it starts on Tuesday, 1 December 2026, 19:30 UTC now."),
    ),
    "a Space that is called off": (
        "host", "POST {planned}/cancel", None,
        dict.fromkeys(WAITING, "“Later”, planned for Monday, 30 November 2026, 18:00 UTC, was called off by @host."),
    ),
    "a start": ("host", "POST {planned}/start", None, {}),
    "other speakers, captions and rules": ("host", "PATCH {space}", {"speakers": "everyone", "captions": False}, {}),
}  # fmt: skip


@pytest.mark.parametrize("name", CASES)
async def test_who_is_concerned_is_told_once_by_the_one_who_did_it(scene: Scene, name: str) -> None:
    by, ask, body, expected = CASES[name]
    before = await scene.heard()
    method, path = ask.format(space=scene.space, planned=scene.planned).split(" ")
    await scene.people[by].ok(method, path, body)
    told = await scene.since(before)
    assert told.keys() == expected.keys()
    for who, rows in told.items():
        assert all(row["text"].startswith(expected[who]) for row in rows), rows
        assert {row["by"]["handle"] for row in rows} == {f"@{by}"}
        assert len({(row["space_id"], row["text"]) for row in rows}) == len(rows), "nothing is said twice"
        assert len(rows) == (2 if name == "a block" else 1), "a block is told for each Space where one had a part"


def test_every_event_is_told_or_concerns_nobody() -> None:
    told = set(WRITERS)
    assert told | CONCERN_NOBODY == set(e.BY_TYPE.values())
    assert not told & CONCERN_NOBODY


async def test_a_message_with_an_invitation_follows_it(scene: Scene) -> None:
    await scene.people["host"].ok("POST", f"{scene.planned}/invites", {"handles": ["@cid"], "message": "Do come."})
    last = (await scene.inbox("cid"))[-1]
    assert (last["kind"], last["text"].endswith("\n\nDo come.")) == ("invite", True)


async def test_whoever_a_block_keeps_apart_from_the_host_is_told_nothing_that_is_for_all(scene: Scene) -> None:
    await scene.people["host"].ok("PUT", "/v1/accounts/me/blocks/@dan")
    before = await scene.heard()
    await scene.people["host"].ok("POST", f"{scene.planned}/cancel")
    assert (await scene.since(before)).keys() == {"cohost", "ann", "ben"}


async def test_an_unmute_asks_to_open_the_microphone(scene: Scene) -> None:
    await scene.people["host"].ok("POST", f"{scene.space}/people/@ann/mute")
    before = await scene.heard()
    await scene.people["cohost"].ok("POST", f"{scene.space}/people/@ann/unmute")
    told = await scene.since(before)
    assert [(row["by"]["handle"], row["text"]) for row in told.pop("ann")] == [
        ("@cohost", "You are no longer muted in “A Space”. Open your microphone to speak.")
    ]
    assert told == {}


async def test_who_has_left_is_told_of_a_sanction_and_who_never_came_of_a_warning_alone(api: Api) -> None:
    host, ann, eve, zoe = await api.accounts("host", "ann", "eve", "zoe")
    space = await api.live(host)
    place = (await ann.offer(f"{space}/whep")).headers["location"]
    await api.app.registry.store_attendance()
    assert (await ann.call("DELETE", urlsplit(place).path)).status_code == 200
    for one in (ann, eve):
        await host.ok("POST", f"{space}/people/{one.handle}/warn", {"reason": "loud"})
    for one in (ann, zoe):
        await host.ok("POST", f"{space}/people/{one.handle}/kick", {"reason": "loud"})
    kicked, warned = [one["text"] for one in (await ann.ok("GET", "/v1/dms"))["data"]]
    assert kicked.startswith("You were removed from “A Space” by @host until it ends: loud.")
    assert warned.startswith("You were warned in “A Space” by @host: loud.")
    [told] = (await eve.ok("GET", "/v1/dms"))["data"]
    assert told["text"].startswith("You were warned in “A Space” by @host: loud.")
    assert (await zoe.ok("GET", "/v1/dms"))["data"] == []


async def test_a_warning_crosses_no_block(api: Api) -> None:
    host, eve = await api.accounts("host", "eve")
    space = await api.live(host)
    await eve.ok("PUT", "/v1/accounts/me/blocks/@host")
    await host.ok("POST", f"{space}/people/@eve/warn", {"reason": "loud"})
    assert (await eve.ok("GET", "/v1/dms"))["data"] == []
