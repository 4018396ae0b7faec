"""What somebody gets who asks what is kept about them: all of it, and nothing that is another's."""

from __future__ import annotations

import io
import json
import zipfile
from typing import Any

import pytest

from spacesctl.server.http.rates import Limits, Rates
from spacesctl.store import exporting
from tests.api.harness import Api, As, plans, watched
from tests.api.test_evidence import actor_of, caption, lane_of, talks
from tests.api.test_limits import too_many
from tests.api.test_moderation import act, stage
from tests.api.test_posts import upload, wav
from tests.api.test_reporters import about

pytestmark = pytest.mark.anyio


async def exported(who: As, ref: str = "me") -> dict[str, bytes]:
    """The files of the archive."""
    answer = await who.call("GET", f"/v1/accounts/{ref}/export")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/zip")
    with zipfile.ZipFile(io.BytesIO(answer.content)) as archive:
        assert archive.testzip() is None
        return {name: archive.read(name) for name in archive.namelist()}


def rows(files: dict[str, bytes], name: str) -> list[dict[str, Any]]:
    return [json.loads(line) for line in files[f"{name}.ndjson"].splitlines()]


async def test_what_is_ones_own_is_in_it(api: Api) -> None:
    ann, ben = await api.accounts("ann", "ben")
    clip = (await upload(ann, wav(0.1))).json()["id"]
    await ann.ok("POST", "/v1/posts", {"text": "a post of hers", "clip": clip})
    await ann.ok("POST", "/v1/dms", {"to": "@ben", "text": "hi ben"})
    await ben.ok("POST", "/v1/dms", {"to": "@ann", "text": "hi ann"})
    await ann.ok("PUT", "/v1/accounts/me/following/@ben")
    await ann.ok("POST", "/v1/accounts/@ann/tokens", {"label": "desk"})
    space = await api.live(ann)
    await api.listener(space, ben)
    await ben.ok("POST", "/v1/posts", {"text": "a post of his"})
    await ann.ok("POST", "/v1/reports", {**about(space, "@ben"), "note": "he shouted"})
    files = await exported(ann)
    assert [one["text"] for one in rows(files, "posts")] == ["a post of hers"]
    assert {"hi ben", "hi ann"} <= {one["text"] for one in rows(files, "messages")}
    assert rows(files, "follows") == [{"followed_id": ben.id, "followed": "@ben"}]
    [sent] = [one for one in rows(files, "messages") if one["text"] == "hi ben"]
    assert (sent["from"], sent["to"]) == ("@ann", "@ben")
    [reported] = rows(files, "reports_filed")
    assert (reported["target"], reported["space_title"]) == ("@ben", "A Space")
    [hosted] = rows(files, "spaces")
    assert (hosted["title"], hosted["host"]) == ("A Space", "@ann")
    assert "desk" in {one["label"] for one in rows(files, "tokens")}
    assert [one["id"] for one in rows(files, "spaces")] == [space.rsplit("/", 1)[-1]]
    assert [one["note"] for one in rows(files, "reports_filed")] == ["he shouted"]
    assert files[f"clips/{clip}.ogg"].startswith(b"OggS")
    assert b"@ann" in files["README.txt"]
    everything = b"".join(files.values())
    for secret in (ann.token or "", "a post of his", "hash"):
        assert secret.encode() not in everything, secret


async def test_a_sanction_has_its_words_and_sound_and_never_who_reported(api: Api) -> None:
    host, talker, space = await stage(api)
    ben, actor = await api.account("ben"), actor_of(api, space)
    await api.listener(space, ben)
    lane = lane_of(actor, talker)
    talks(actor, lane, range(100))
    await api.bot.ok("POST", f"{space}/captions", {"captions": [caption(lane, 1, "buy my coins", 10, 90)]})
    await ben.ok("POST", "/v1/reports", {**about(space, "@talker"), "note": "ben says spam"})
    await api.bot.ok("POST", f"{space}/acts", act(talker, "report"))
    await api.bot.ok("POST", f"{space}/acts", act(talker, "mute"))
    await host.ok("PUT", "/v1/accounts/me/blocks/@talker", {"reason": "a secret reason"})
    files = await exported(talker)
    muted = next(one for one in rows(files, "sanctions") if one["action"] == "mute")
    assert muted["space_title"] == "A Space"
    [said] = rows(files, "captions")
    assert (said["space_id"], said["space_title"]) == (space.rsplit("/", 1)[-1], "A Space")
    assert " ".join(word["w"] for word in muted["words"]) == "crypto giveaway"
    assert files[muted["sound"]].startswith(b"OggS")
    assert [one["text"] for one in rows(files, "captions")] == ["buy my coins"]
    everything = b"".join(files.values())
    for secret in (ben.id, "ben says spam", "a secret reason"):
        assert secret.encode() not in everything, secret


async def test_operators_export_any_account_which_is_noted_and_others_only_theirs(api: Api) -> None:
    ann, ben = await api.accounts("ann", "ben")
    await ann.ok("POST", "/v1/posts", {"text": "a post of hers"})
    assert (await ben.refused("GET", "/v1/accounts/@ann/export"))["reason"] == "scope"
    assert (await api.nobody.refused("GET", "/v1/accounts/@ann/export"))["status"] == 401
    assert (await api.owner.refused("GET", "/v1/accounts/@zoe/export"))["status"] == 404
    assert rows(await exported(api.owner, "@ann"), "posts")[0]["text"] == "a post of hers"
    entry = (await api.owner.ok("GET", "/v1/audit"))["data"][0]
    assert (entry["action"], entry["target"]["handle"]) == ("account.export", "@ann")


async def test_long_lists_come_in_pages(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(exporting, "PAGE", 2)
    ann = await api.account("ann")
    for number in range(5):
        await ann.ok("POST", "/v1/posts", {"text": f"post {number}"})
    assert [one["text"] for one in rows(await exported(ann), "posts")] == [f"post {number}" for number in range(5)]


async def test_exports_are_limited(api: Api) -> None:
    api.app.rates = Rates(Limits(export="1/day"))
    ann = await api.account("ann")
    await exported(ann)
    await too_many(ann, "GET", "/v1/accounts/me/export")


async def test_who_is_deleted_has_no_handle_in_it(api: Api) -> None:
    ann, ben = await api.accounts("ann", "ben")
    await ben.ok("POST", "/v1/dms", {"to": "@ann", "text": "hi ann"})
    await ben.ok("DELETE", "/v1/accounts/me")
    [got] = [one for one in rows(await exported(ann), "messages") if one["text"] == "hi ann"]
    assert (got["from_id"], got["from"]) == (ben.id, None)


async def test_what_others_said_elsewhere_is_not_read_for_it(api: Api) -> None:
    """No statement of an export reads the words or messages of all: its cost grows with what the person did."""
    _host, talker, space = await stage(api)
    lane = lane_of(actor_of(api, space), talker)
    await api.bot.ok("POST", f"{space}/captions", {"captions": [caption(lane, 1, "hello", 10, 90)]})
    with watched(api) as asked:
        files = await exported(talker)
    assert [one["text"] for one in rows(files, "captions")] == ["hello"]
    read = [plan for plan in plans(api, asked) if " events" in plan or " dms" in plan]
    assert len(read) >= 4
    assert not [plan for plan in read if plan.startswith("SCAN")], read
