"""What is old goes by its class, and stays while somebody needs it."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from spacesctl.application.purging import Purge
from spacesctl.domain.retention import Retention
from spacesctl.store import holds, purging
from spacesctl.store import reports as report_store
from spacesctl.store.holds import KeptHold
from spacesctl.store.purging import OldReport
from spacesctl.store.reports import Evidence
from spacesctl.support.clock import VirtualClock
from tests.api.harness import Api, As, everything, running_api
from tests.api.test_appeals import appealed
from tests.api.test_evidence import actor_of, caption, lane_of, talks
from tests.api.test_moderation import WORDS, act, stage
from tests.api.test_reporters import about

pytestmark = pytest.mark.anyio
DAY = timedelta(days=1).total_seconds()


@pytest.fixture
def clock() -> VirtualClock:
    return VirtualClock(datetime(2026, 11, 30, 12, tzinfo=UTC))


@pytest.fixture
async def api(tmp_path: Path, clock: VirtualClock) -> AsyncIterator[Api]:
    async with running_api(tmp_path / "data", clock=clock) as running:
        yield running


async def reported(api: Api) -> tuple[As, As, As, str, str]:
    """A host, who spoke, who reported it with a note; the Space, and the report, which has sound, words and a note of staff."""
    host, ben = await api.accounts("host", "ben")
    space = await api.live(host)
    ann, actor = await api.speaker(space, host, "ann"), actor_of(api, space)
    await api.listener(space, ben)
    lane = lane_of(actor, ann)
    talks(actor, lane, range(100))
    await api.bot.ok("POST", f"{space}/captions", {"captions": [caption(lane, 1, "wicked words", 10, 90)]})
    filed = await ben.ok("POST", "/v1/reports", {**about(space, "@ann"), "note": "she cursed"})
    assert filed["sound"]
    assert filed["words"]
    path = f"/v1/reports/{filed['id']}"
    await host.ok("POST", f"{path}/notes", {"text": "look at this"})
    return host, ann, ben, space, path


async def shown(host: As, path: str) -> dict[str, Any]:
    found: dict[str, Any] = await host.ok("GET", path)
    return found


async def turn(api: Api, **kept: timedelta | None) -> Counter[str]:
    return await Purge(api.app, Retention(**kept)).turn()


def files(api: Api) -> list[str]:
    return [path.name for path in api.app.clips.glob("*")]


async def test_evidence_goes_after_its_time_and_the_report_says_when(api: Api, clock: VirtualClock) -> None:
    host, _, ben, space, path = await reported(api)
    await host.ok("POST", f"{space}/end")
    clock.advance(29 * DAY)
    assert not await turn(api)
    assert (await shown(host, path))["purged_at"] is None
    clock.advance(1.1 * DAY)
    assert await turn(api, captions=timedelta(days=1)) == Counter(reports=1, clips=1, notes=1, captions=1)
    one = await shown(host, path)
    assert one["purged_at"].startswith("2026-12-30T")
    assert (one["clip"], one["words"], one["text"], one["note"], one["notes"]) == (None, [], "", "", [])
    assert (one["target"]["handle"], one["by"]["handle"], one["state"]) == ("@ann", "@ben", "open")
    assert (await host.refused("GET", f"{path}/clip"))["status"] == 404
    assert not files(api)
    kept = str(await everything(api))
    for words in ("wicked", "she cursed", "look at this"):
        assert words not in kept, words
    assert not await turn(api, captions=timedelta(days=1)), "once"
    assert [one["id"] for one in (await ben.ok("GET", "/v1/accounts/me/reports"))["data"]] == [path.rsplit("/", 1)[-1]]


async def test_what_went_is_counted_in_the_audit_log_without_words(api: Api, clock: VirtualClock) -> None:
    await reported(api)
    clock.advance(31 * DAY)
    await turn(api)
    entry = (await api.owner.ok("GET", "/v1/audit"))["data"][0]
    assert (entry["action"], entry["details"]) == ("purge", {"reports": 1, "clips": 1, "notes": 1})
    assert (entry["by"]["kind"], entry["by"]["reason"]) == ("system", "retention")
    assert (await api.owner.ok("GET", "/v1/audit/verify"))["first_bad"] is None


async def test_a_dismissed_report_goes_sooner_and_an_upheld_one_counts_from_the_decision(
    api: Api, clock: VirtualClock
) -> None:
    host, _, _, space, path = await reported(api)
    clock.advance(20 * DAY)
    await host.ok("PATCH", path, {"state": "upheld", "note": ""})
    clock.advance(29 * DAY)
    assert not await turn(api)
    await host.ok("PATCH", path, {"state": "dismissed", "note": ""})
    assert not await turn(api, evidence=None)
    clock.advance(7.1 * DAY)
    assert (await turn(api, evidence=None))["reports"] == 1
    assert actor_of(api, space).space.id


async def test_an_upheld_report_goes_when_its_time_is_over(api: Api, clock: VirtualClock) -> None:
    host, _, _, _, path = await reported(api)
    await host.ok("PATCH", path, {"state": "upheld", "note": ""})
    clock.advance(30.1 * DAY)
    assert (await turn(api))["reports"] == 1


@pytest.mark.parametrize("ends", ["the appeal is decided", "the Space ends"])
async def test_what_a_sanction_stands_on_stays_until_that_is_over(api: Api, clock: VirtualClock, ends: str) -> None:
    host, talker, space = await stage(api)
    actor = actor_of(api, space)
    talks(actor, lane_of(actor, talker), range(100))
    await api.bot.ok("POST", f"{space}/acts", act(talker, "report"))
    await api.bot.ok("POST", f"{space}/acts", act(talker, "mute"))
    if ends == "the appeal is decided":
        appeal = await appealed(talker)
        await host.ok("POST", f"{space}/end")
    clock.advance(40 * DAY)
    assert not await turn(api), "it is in force, or its appeal is open"
    if ends == "the Space ends":
        await host.ok("POST", f"{space}/end")
    else:
        await api.owner.ok("PATCH", appeal, {"state": "denied", "reason": "no"})
    gone = await turn(api)
    assert gone["reports"] == gone["clips"] == 1
    assert gone["acts"] == 2
    assert not files(api)
    acts = str((await everything(api))["acts"])
    assert str(WORDS[0]["w"]) not in acts


async def test_nothing_goes_that_is_kept_for_good(api: Api, clock: VirtualClock) -> None:
    host, _, _, space, path = await reported(api)
    await host.ok("POST", f"{space}/end")
    clock.advance(3_000 * DAY)
    assert not await turn(api, evidence=None, dismissed=None, captions=None, cases=None)
    assert (await shown(host, path))["clip"]


async def test_captions_of_live_spaces_stay(api: Api, clock: VirtualClock) -> None:
    host, _, _, space, _ = await reported(api)
    clock.advance(400 * DAY)
    assert not (await turn(api))["captions"]
    await host.ok("POST", f"{space}/end")
    assert (await turn(api))["captions"] == 1
    assert (await host.ok("GET", f"{space}/captions"))["data"] == []


@pytest.mark.parametrize("held", ["who spoke", "who reported", "the Space"])
async def test_what_is_on_legal_hold_stays_until_it_is_released(api: Api, clock: VirtualClock, held: str) -> None:
    host, ann, ben, space, path = await reported(api)
    await host.ok("POST", f"{space}/end")
    whom = {"who spoke": ann.id, "who reported": ben.id}.get(held)
    space_id = None if whom else space.rsplit("/", 1)[-1]
    owner = (await api.owner.ok("GET", "/v1/accounts/me"))["id"]
    async with api.app.db.begin() as db:
        await holds.add(db, KeptHold("h1", whom, space_id, "S", "a court asks", owner, clock.now()))
    clock.advance(400 * DAY)
    gone = await turn(api)
    assert not gone["reports"]
    assert gone["captions"] == (1 if held == "who reported" else 0)
    assert (await shown(host, path))["text"] == "wicked words"
    async with api.app.db.begin() as db:
        await holds.release(db, "h1", owner, clock.now())
    assert (await turn(api))["reports"] == 1


async def test_a_file_that_another_report_has_too_stays_until_that_goes(api: Api, clock: VirtualClock) -> None:
    host, _, _, space, path = await reported(api)
    clock.advance(DAY)
    second = await host.ok("POST", "/v1/reports", about(space))
    clip = (await shown(host, path))["clip"]
    async with api.app.db.begin() as db:  # the same sound
        await report_store.keep_evidence(db, second["id"], clip, Evidence())
    clock.advance(29.5 * DAY)
    assert (await turn(api))["clips"] == 1
    assert files(api) == [f"{clip}.ogg"]
    clock.advance(DAY)
    assert (await turn(api))["clips"] == 1
    assert not files(api)


async def test_a_doubtful_clock_holds_it_back(api: Api, clock: VirtualClock) -> None:
    await reported(api)
    old = Purge(api.app, Retention(), lambda: api.app.recordings.is_held_back)
    clock.advance(31 * DAY)
    api.app.recordings.hold_back()
    assert not await old.turn()
    clock.advance(DAY + 1)
    assert (await old.turn())["reports"] == 1


async def test_what_is_needed_again_before_it_goes_stays(
    api: Api, clock: VirtualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    host, _, _, _, path = await reported(api)
    clock.advance(31 * DAY)
    looked = purging.old_reports

    async def then_upheld(*given: Any, **more: Any) -> list[OldReport]:
        monkeypatch.setattr(purging, "old_reports", looked)
        found = await looked(*given, **more)
        await host.ok("PATCH", path, {"state": "upheld", "note": ""})
        return found

    monkeypatch.setattr(purging, "old_reports", then_upheld)
    assert not await turn(api)
    assert (await shown(host, path))["text"] == "wicked words"


async def test_files_that_no_report_has_are_swept(api: Api) -> None:
    await reported(api)
    [named] = files(api)
    await asyncio.to_thread((api.app.clips / f"{'0' * 64}.ogg").write_bytes, b"of a server that was killed")
    await turn(api)
    assert files(api) == [named]


async def said(api: Api) -> str:
    """All that is stored but the rules themselves."""
    return str({name: rows for name, rows in (await everything(api)).items() if name != "rulesets"})


async def test_what_notices_quote_goes_with_the_words_of_the_act(api: Api, clock: VirtualClock) -> None:
    host, talker, space = await stage(api)
    await api.bot.ok("POST", f"{space}/acts", act(talker, "mute"))
    await host.ok("POST", f"{space}/end")
    told = [one["text"] for who in (host, talker) for one in (await who.ok("GET", "/v1/dms"))["data"]]
    assert sum("heard “crypto giveaway”" in text for text in told) == 2
    clock.advance(31 * DAY)
    assert (await turn(api))["notices"] == 2
    assert "giveaway" not in await said(api)
    for who in (host, talker):
        [text] = [one["text"] for one in (await who.ok("GET", "/v1/dms"))["data"] if "pitch" in one["text"]]
        assert "pitch heard words that are deleted by now" in text
        assert "muted" in text, "the rest stays"


async def test_a_notice_to_somebody_who_is_held_keeps_its_words_until_that_is_over(
    api: Api, clock: VirtualClock
) -> None:
    host, talker, space = await stage(api)
    await api.bot.ok("POST", f"{space}/acts", act(talker, "mute"))
    await host.ok("POST", f"{space}/end")
    held = await api.owner.ok("POST", "/v1/holds", {"subject": "@host", "reason": "x"})
    clock.advance(31 * DAY)
    assert (await turn(api))["notices"] == 1
    assert "giveaway" in str((await everything(api))["dms"])
    assert not await turn(api)
    await api.owner.ok("DELETE", f"/v1/holds/{held['id']}")
    assert await turn(api) == Counter(notices=1)
    assert "giveaway" not in await said(api)


async def test_the_kept_answer_to_who_wrote_a_note_goes_with_the_note(api: Api, clock: VirtualClock) -> None:
    host, _, _, _, path = await reported(api)
    clock.advance(30.5 * DAY)
    await host.ok("POST", f"{path}/notes", {"text": "a late thought"}, headers={"Idempotency-Key": "k"})
    assert "a late thought" in str((await everything(api))["idempotency"])
    assert (await turn(api))["notes"] == 2
    assert "a late thought" not in str(await everything(api))
