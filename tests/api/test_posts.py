"""Posts, voice clips, profiles and the feed over HTTP: who may hear and see what, and what is left of it afterwards."""

from __future__ import annotations

import io
import wave
from datetime import timedelta
from typing import Any

import av
import numpy as np
import pytest
from sqlalchemy import update

from spacesctl.domain.posts import MAX_CLIP_SECONDS
from spacesctl.server.http import voice_clips
from spacesctl.store.tables import clips
from spacesctl.support.clock import REAL
from tests.api.harness import Api, As

pytestmark = pytest.mark.anyio


def wav(seconds: float, rate: int = 16_000) -> bytes:
    """A tone, mono, 16 bits."""
    tone = np.sin(np.arange(int(seconds * rate)) * 440 * 2 * np.pi / rate) * 8_000
    made = io.BytesIO()
    with wave.open(made, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(2)
        file.setframerate(rate)
        file.writeframes(tone.astype("<i2").tobytes())
    return made.getvalue()


def converted(source: bytes, kind: str) -> bytes:
    """What another program makes of a WAV: as people's phones and browsers send it."""
    made = io.BytesIO()
    made.name = f"made.{kind}"
    codec = {"webm": "libopus", "ogg": "libopus", "m4a": "aac"}.get(kind, kind)
    with av.open(io.BytesIO(source), "r") as given, av.open(made, "w") as out:
        stream: Any = out.add_stream(codec, rate=48_000, layout="mono")
        resampler = av.AudioResampler(stream.format.name, "mono", 48_000, stream.frame_size or 1024)
        for frame in [*given.decode(audio=0), None]:
            for piece in resampler.resample(frame):
                out.mux(stream.encode(piece))
        out.mux(stream.encode(None))
    return made.getvalue()


async def upload(who: As, content: bytes) -> Any:
    return await who.http.post("/v1/clips", content=content, headers={"Content-Type": "application/octet-stream"})


async def clip_of(who: As, seconds: float = 0.3) -> str:
    answer = await upload(who, wav(seconds))
    assert answer.status_code == 201, answer.text
    return str(answer.json()["id"])


def probed(sound: bytes) -> tuple[str, str, int, float]:
    """Container, codec, channels and seconds, as decoded to the end by FFmpeg."""
    with av.open(io.BytesIO(sound), "r") as file:
        stream: Any
        [stream] = file.streams
        samples = sum(frame.samples for frame in file.decode(audio=0))
        return file.format.name, stream.codec_context.codec.canonical_name, stream.channels, samples / stream.rate


async def test_a_post_is_public_and_only_its_author_takes_it_back(api: Api) -> None:
    ann, ben = await api.accounts("ann", "ben")
    made = await ann.ok("POST", "/v1/posts", {"text": "  hello  "})
    assert (made["author"]["handle"], made["text"], made["clip"]) == ("@ann", "hello", None)
    assert await api.nobody.ok("GET", f"/v1/posts/{made['id']}") == made
    second = await ann.ok("POST", "/v1/posts", {"text": "again"})
    assert int(second["id"]) > int(made["id"])
    assert (await api.nobody.ok("GET", "/v1/accounts/@ann/posts"))["data"] == [second, made]
    assert (await ben.refused("DELETE", f"/v1/posts/{made['id']}"))["reason"] == "author"
    await ann.ok("DELETE", f"/v1/posts/{made['id']}")
    assert (await api.nobody.refused("GET", f"/v1/posts/{made['id']}"))["status"] == 404
    await api.owner.ok("DELETE", f"/v1/posts/{second['id']}")
    assert (await ann.ok("GET", "/v1/accounts/@ann/posts"))["data"] == []
    [entry] = [row for row in (await api.owner.ok("GET", "/v1/audit"))["data"] if row["action"] == "post.delete"]
    assert entry["target"] == {"id": ann.id, "handle": "@ann"}


@pytest.mark.parametrize(("text", "status"), [("x" * 280, 201), ("x" * 281, 400), ("  ", 400), ("é" * 280, 201)])
async def test_a_post_has_1_to_280_characters(api: Api, text: str, status: int) -> None:
    ann = await api.account("ann")
    assert (await ann.call("POST", "/v1/posts", {"text": text})).status_code == status


async def test_posting_twice_with_one_key_posts_once(api: Api) -> None:
    ann = await api.account("ann")
    key = {"Idempotency-Key": "k"}
    first = await ann.ok("POST", "/v1/posts", {"text": "hello"}, headers=key)
    assert await ann.ok("POST", "/v1/posts", {"text": "hello"}, headers=key) == first
    assert len((await ann.ok("GET", "/v1/accounts/@ann/posts"))["data"]) == 1


@pytest.mark.parametrize("kind", ["wav", "mp3", "m4a", "webm", "ogg", "flac"])
async def test_any_common_audio_becomes_mono_opus_of_the_same_length(api: Api, kind: str) -> None:
    ann = await api.account("ann")
    answer = await upload(ann, wav(1.5) if kind == "wav" else converted(wav(1.5), kind))
    assert answer.status_code == 201, answer.text
    made = answer.json()
    assert made["duration_ms"] == pytest.approx(1500, abs=100)
    sound = await ann.call("GET", made["url"])
    assert (sound.headers["content-type"], len(sound.content)) == ("audio/ogg", made["bytes"])
    *found, seconds = probed(sound.content)
    assert found == ["ogg", "opus", 1]
    assert seconds == pytest.approx(1.5, abs=0.1)
    assert made["bytes"] < 1.5 * 40_000 / 8 + 1_000, "about 32 kb/s"
    assert list((api.app.data / "clips" / "incoming").iterdir()) == []


@pytest.mark.parametrize(
    ("content", "words"),
    [
        (b"", "not readable audio"),
        (b"hello " * 100, "not readable audio"),
        (wav(1.0)[:30], "not readable audio"),
        (wav(0.0), "contains no audio"),
        (wav(MAX_CLIP_SECONDS + 1, 8_000), "longer than 140 s"),
        # A play list names other files and addresses: it must be nothing to the reader.
        (b"#EXTM3U\n#EXT-X-TARGETDURATION:1\n#EXTINF:1,\nfile:///etc/hostname\n#EXT-X-ENDLIST\n", "not readable audio"),
        (b"ffconcat version 1.0\nfile spaces.db\n", "not readable audio"),
    ],
    ids=["nothing", "text", "cut", "silence", "long", "hls", "concat"],
)
async def test_what_is_no_voice_clip_is_refused_and_leaves_nothing(api: Api, content: bytes, words: str) -> None:
    ann = await api.account("ann")
    answer = await upload(ann, content)
    assert answer.status_code == 400, answer.text
    assert words in answer.json()["detail"]
    assert [file for file in (api.app.data / "clips").rglob("*") if file.is_file()] == []


async def test_an_upload_that_is_too_large_is_cut_off_and_leaves_nothing(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    from spacesctl.server.http import body_limit

    monkeypatch.setitem(body_limit.OTHERS, "/v1/clips", 100_000)
    ann = await api.account("ann")
    answer = await upload(ann, wav(10))
    assert answer.status_code == 413
    assert [file for file in (api.app.data / "clips").rglob("*") if file.is_file()] == []


async def test_a_reader_that_hangs_is_killed(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice_clips, "TRANSCODE_WITHIN", 0.01)
    answer = await upload(await api.account("ann"), wav(0.3))
    assert (answer.status_code, "too long to convert" in answer.text) == (400, True)


async def test_uploading_needs_an_account_and_cannot_be_tried(api: Api) -> None:
    assert (await upload(api.nobody, wav(0.1))).status_code == 401
    ann = await api.account("ann")
    answer = await ann.http.post("/v1/clips", content=wav(0.1), headers={"Dry-Run": "true"})
    assert answer.status_code == 400


async def test_the_clip_of_a_post_is_for_everybody_in_parts_too_and_goes_with_it(api: Api) -> None:
    ann, ben = await api.accounts("ann", "ben")
    clip = await clip_of(ann)
    place = f"/v1/clips/{clip}.ogg"
    for other in (ben, api.nobody):
        assert (await other.refused("GET", place))["status"] == 404, "not before it is posted"
    made = await ann.ok("POST", "/v1/posts", {"text": "", "clip": clip})
    assert made["clip"]["url"] == place
    whole = (await api.nobody.call("GET", place)).content
    part = await api.nobody.call("GET", place, headers={"Range": "bytes=4-9"})
    assert (part.status_code, part.content) == (206, whole[4:10])
    assert part.headers["content-range"] == f"bytes 4-9/{len(whole)}"
    await ann.ok("DELETE", f"/v1/posts/{made['id']}")
    assert (await ann.refused("GET", place))["status"] == 404
    await api.app.voices.sweep(api.app.db)
    assert not api.app.voices.file(clip).exists()


async def test_the_clip_of_a_message_is_for_the_two_alone(api: Api) -> None:
    ann, ben, eve = await api.accounts("ann", "ben", "eve")
    clip = await clip_of(ann)
    await ann.ok("POST", "/v1/dms", {"to": "@ben", "text": "", "clip": clip})
    [message] = (await ben.ok("GET", "/v1/dms"))["data"]
    place = message["clip"]["url"]
    for one in (ann, ben):
        sound = await one.call("GET", place)
        assert (sound.status_code, sound.headers["cache-control"]) == (200, "private, no-store")
    for other in (eve, api.nobody, api.owner):
        assert (await other.refused("GET", place))["status"] == 404


async def test_a_clip_is_attached_by_its_owner_alone_and_once(api: Api) -> None:
    ann, ben = await api.accounts("ann", "ben")
    clip = await clip_of(ann)
    for path, body in (("/v1/posts", {"text": "mine"}), ("/v1/dms", {"to": "@ann", "text": "mine"})):
        assert (await ben.refused("POST", path, {**body, "clip": clip}))["status"] == 404
    await ann.ok("POST", "/v1/posts", {"text": "once", "clip": clip})
    for path, body in (("/v1/posts", {"text": "twice"}), ("/v1/dms", {"to": "@ben", "text": "twice"})):
        assert (await ann.refused("POST", path, {**body, "clip": clip}))["reason"] == "clip_used"


async def test_a_clip_that_nobody_posts_is_removed_after_an_hour(api: Api) -> None:
    ann = await api.account("ann")
    kept, fresh, old = [await clip_of(ann, 0.1) for _ in range(3)]
    await ann.ok("POST", "/v1/posts", {"text": "kept", "clip": kept})
    async with api.app.db.begin() as db:
        long_ago = REAL.now() - timedelta(minutes=61)
        await db.execute(update(clips).where(clips.c.id.in_([kept, old])).values(at=long_ago))
    await api.app.voices.sweep(api.app.db)
    assert {file.stem for file in (api.app.data / "clips").glob("*.ogg")} == {kept, fresh}
    assert (await ann.refused("POST", "/v1/posts", {"text": "late", "clip": old}))["status"] == 404


async def test_clips_that_wait_for_a_post_are_bounded(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(voice_clips, "UNUSED_AT_MOST", 1)
    ann = await api.account("ann")
    await clip_of(ann, 0.1)
    answer = await upload(ann, wav(0.1))
    assert (answer.status_code, answer.json()["code"]) == (429, "too_many")


async def test_a_profile_tells_who_it_is_and_can_be_changed_by_its_own(api: Api) -> None:
    ann, ben = await api.accounts("ann", "ben")
    await ben.ok("PUT", "/v1/accounts/me/following/@ann")
    await ann.ok("PATCH", "/v1/accounts/me", {"name": "  Ann  A. ", "description": "Talks."})
    await ann.ok("PATCH", "/v1/accounts/me", {"description": "Talks a lot."})
    space = await ann.ok("POST", "/v1/spaces", {"title": "T"})
    await ann.ok("POST", "/v1/posts", {"text": "hello"})
    found = await api.nobody.ok("GET", "/v1/accounts/@ann/profile")
    assert (found["name"], found["description"]) == ("Ann A.", "Talks a lot.")
    assert (found["followers"], found["following"]) == (1, 0)
    assert [one["id"] for one in found["spaces"]] == [space["id"]]
    assert [one["text"] for one in found["posts"]] == ["hello"]
    assert (await ann.ok("GET", "/v1/accounts/me/profile"))["handle"] == "@ann"
    await ann.refused("PATCH", "/v1/accounts/me", {"description": "x" * 161})
    await ann.refused("PATCH", "/v1/accounts/me", {"name": " "})
    await api.nobody.refused("PATCH", "/v1/accounts/me", {"name": "x"})
    assert (await api.nobody.refused("GET", "/v1/accounts/me/profile"))["status"] == 401
