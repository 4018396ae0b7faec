"""What comes in otherwise than as JSON: offers and fragments of WebRTC, sound, parts of files, WebSockets, and files with a BOM."""

from __future__ import annotations

import asyncio
import json
from typing import Any
from urllib.parse import unquote

import pytest
from starlette.types import Message

from tests.api.harness import FINGERPRINT, OFFER, Api
from tests.api.plain_values import DIGITS, LONG
from tests.api.test_posts import clip_of, upload, wav
from tests.api.test_series import RULES

pytestmark = pytest.mark.anyio
SDP, FRAGMENT = "application/sdp", "application/trickle-ice-sdpfrag"
BOM = "\ufeff"

OFFERS: list[tuple[bytes, str, int]] = [
    (b"", SDP, 400), (b"\0", SDP, 400), (b"\xff\xfe", SDP, 400), (OFFER.encode("utf-16"), SDP, 400), (b"v=0\r\n", SDP, 400),
    (b"{}", SDP, 400),
    (BOM.encode() + OFFER.encode(), SDP, 400), (OFFER.encode(), "text/plain", 415), (OFFER.encode(), "", 415), (b"a" * 200_000, SDP, 413),
    (OFFER.replace("m=audio 9", f"m=audio {10**20}").encode(), SDP, 400),
    (OFFER.replace("rtpmap:111", f"rtpmap:{DIGITS}").encode(), SDP, 406),
    (OFFER.replace("rtpmap:111", "rtpmap:²").encode(), SDP, 406),
    (OFFER.replace("opus/48000/2", "opus/²/2").encode(), SDP, 406),
    (OFFER.replace("opus/48000/2", f"opus/{DIGITS}/2").encode(), SDP, 406),
    (OFFER.replace(FINGERPRINT, "AB:²").encode(), SDP, 400),
    (OFFER.replace("ice-ufrag:abcd", "ice-ufrag:").encode(), SDP, 400),
    (OFFER.replace("ice-ufrag:abcd", "ice-ufrag:" + "a" * LONG).encode(), SDP, 400),
    (OFFER.replace("opus/48000/2", "PCMU/8000").encode(), SDP, 406),
]  # fmt: skip


@pytest.mark.parametrize("door", ["whip", "whep"])
async def test_an_offer_that_is_none_is_refused(api: Api, door: str) -> None:
    host = await api.account("host")
    space = await api.live(host)
    for body, media, status in OFFERS:
        answer = await host.http.post(f"{space}/{door}", content=body, headers={"Content-Type": media} if media else {})
        assert answer.status_code == status, (body[:200], answer.text)
        assert status != 400 or answer.json()["field"] in ("offer", "body")


FRAGMENTS: list[tuple[bytes, str, dict[str, str], int]] = [
    (b"", FRAGMENT, {}, 204), (b"\xff", FRAGMENT, {}, 400), (b"\0\0", FRAGMENT, {}, 400), (b"a=candidate:" + b"9" * LONG,
    FRAGMENT, {}, 204),
    (b"a=ice-ufrag:\r\na=ice-pwd:x\r\n", FRAGMENT, {"If-Match": "*"}, 400), (b"{}", "application/json", {}, 415),
    (b"a" * 200_000, FRAGMENT, {}, 413),
    (b"a=ice-ufrag:efgh\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n", FRAGMENT, {"If-Match": '"' + "x" * LONG + '"'}, 412),
    (b"a=ice-ufrag:efgh\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n", FRAGMENT, {}, 428),
    (b"a=ice-ufrag:efgh\r\n", FRAGMENT, {"If-Match": "*"}, 400),
    (b"a=ice-ufrag:" + b"a" * LONG + b"\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\n", FRAGMENT, {"If-Match": "*"}, 400),
]  # fmt: skip


async def test_a_fragment_that_is_none_is_refused(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    place = (await host.offer(f"{space}/whip")).headers["location"]
    for body, media, headers, status in FRAGMENTS:
        answer = await host.http.patch(place, content=body, headers={"Content-Type": media, **headers})
        assert answer.status_code == status, (body[:200], answer.text)
        assert status != 400 or answer.json()["field"] in ("fragment", "body")


SOUNDS = {
    "nothing": b"", "zero bytes": b"\0" * 5_000, "text": b"hello", "a head alone": wav(0.1)[:44], "half a head": wav(0.1)[:20],
    "RIFF": b"RIFF",
    "Ogg": b"OggS" + b"\xff" * 500, "ID3": b"ID3\x04\x00\x00\x7f\x7f\x7f\x7f", "fLaC": b"fLaC" + b"\xff" * 100,
    "ftyp": b"\0\0\0\x18ftypmp42" + b"\xff" * 99,
    "EBML": b"\x1aE\xdf\xa3" + b"\xff" * 200, "playlist": b"#EXTM3U\nfile:///etc/passwd\n",
    "concat": b"ffconcat version 1.0\nfile '/etc/passwd'\n",
    "JSON": b'{"a":1}', "lying length": b"RIFF\xff\xff\xff\xffWAVEfmt \xff\xff\xff\xff",
    "no channels": wav(0.1).replace(b"\x01\x00\x01\x00", b"\x01\x00\x00\x00", 1),
}  # fmt: skip


async def test_what_is_no_sound_is_refused(api: Api) -> None:
    host = await api.account("host")
    for name, sound in SOUNDS.items():
        answer = await upload(host, sound)
        assert answer.status_code == 400, (name, answer.status_code, answer.text)
        assert answer.json()["field"], name


RANGES = {
    "bytes=0-": 206, "bytes=-1": 206, "bytes=0-0": 206, "BYTES = 0-0": 206, f"bytes=-{'9' * 18}": 206,
    "bytes=-0": 416, f"bytes={'9' * 18}-": 416, "bytes=999999999-9999999999": 416,
    "bytes=5-2": 200, "bytes=": 200, "bytes": 200, "bytes=-": 200, "bytes=0-0,1-1": 200, "bytes=²-": 200, f"bytes={DIGITS}-": 200,
    "items=0-1": 200, "": 200, "bytes=0x1-": 200, "bytes=1e3-": 200, "bytes=-1-2": 200,
}  # fmt: skip


async def test_a_part_of_a_file_is_sent_or_there_is_none_or_the_whole_comes(api: Api) -> None:
    host = await api.account("host")
    place = f"/v1/clips/{await clip_of(host, 0.1)}.ogg"
    for asked, status in RANGES.items():
        answer = await host.http.get(place, headers={"Range": asked.encode("latin-1")})  # type: ignore[arg-type]  # as it stands in bytes
        assert answer.status_code == status, (asked, answer.text[:300])
        if status == 416:
            assert answer.json()["code"] == "range_not_satisfiable"
            assert answer.headers["content-range"].startswith("bytes */")


async def test_a_bom_before_json_and_before_a_file_of_rules_is_no_part_of_it(api: Api) -> None:
    host = await api.account("host")
    body = (BOM + json.dumps({"title": "T"})).encode()
    made = await host.http.post("/v1/spaces", content=body, headers={"Content-Type": "application/json"})
    assert made.status_code == 201, made.text
    space = await api.live(host)
    plain = await host.ok("PUT", f"{space}/rules", {"text": RULES})
    assert await host.ok("PUT", f"{space}/rules", {"text": BOM + RULES}) == plain
    assert (await host.ok("GET", f"{space}/rules"))["text"] == RULES
    given = {"title": "T", "cron": "0 9 * * *", "tz": "UTC", "duration": 600, "rules": BOM + RULES}
    assert (await host.ok("POST", "/v1/series", given))["rules"] == plain["hash"]
    assert (await host.refused("PUT", f"{space}/rules", {"text": RULES + BOM}))["field"] == "text"


async def test_an_asset_of_the_page_has_a_name_of_ours(api: Api) -> None:
    for name in ("x" * 300 + ".css", "a%00.css", "..%2Fspace.css", "%2e%2e", "²", ".css", "x" * 5_000):
        assert (await api.nobody.http.get(f"/web/{name}")).status_code == 404, name
    assert (await api.nobody.http.get("/web/space.css")).status_code == 200


async def test_a_field_without_a_name_is_named(api: Api) -> None:
    host = await api.account("host")
    problem = await host.refused("POST", "/v1/spaces", {"title": "T", "": 1})
    assert (problem["field"], problem["detail"]) == ('""', '"": is unknown')


async def test_an_address_for_notifications_that_is_none_is_refused(api: Api) -> None:
    host = await api.account("host")
    api.app.notify_schemes = frozenset({"json"})
    for url in ("json://[", "http://[", "json://[::1", "json://]", "//[", "json://[²]"):
        assert (await host.refused("POST", "/v1/notifications", {"url": url}))["field"] == "url", url


async def connect(
    api: Api, path: str, query: str, headers: dict[str, str], said: list[dict[str, Any]]
) -> list[Message]:
    """What a WebSocket's server sends to a client that says these messages, and leaves a moment later."""
    sent: list[Message] = []
    messages = [{"type": "websocket.connect"}, *({"type": "websocket.receive", **one} for one in said)]

    async def receive() -> Message:
        if messages:
            return messages.pop(0)
        await asyncio.sleep(0.05)
        return {"type": "websocket.disconnect", "code": 1000}

    async def send(message: Message) -> None:
        sent.append(message)

    scope = {
        "type": "websocket", "asgi": {"version": "3.0"}, "http_version": "1.1", "scheme": "ws", "path": unquote(path),
        "raw_path": path.encode(),
        "query_string": query.encode(), "root_path": "", "headers": [(name.encode(), value.encode()) for name, value in headers.items()],
        "client": ("127.0.0.1", 5), "server": ("127.0.0.1", 80), "subprotocols": [], "state": {},
    }  # fmt: skip
    async with asyncio.timeout(5):
        await api.asgi(scope, receive, send)
    return sent


LANES = (
    "role=%C2%B2",
    "role=",
    "role=speak%00",
    f"role={DIGITS}",
    "role=speak&mic=%ff",
    "mic=",
    "consent=",
    "consent=%00",
    "role=a&role=b",
)
NO_SPACES = ("/v1/spaces/%00", "/v1/spaces/%ff", f"/v1/spaces/{DIGITS}", "/v1/spaces/%C2%B2")
NO_TOKENS = ("Bearer", "Bearer \x00", f"Bearer {'x' * LONG}", "Basic eA==", "²")
NO_AUDIO: tuple[dict[str, Any], ...] = (
    {"bytes": b""}, {"bytes": b"\0"}, {"bytes": b"\xff" * 10}, {"bytes": b"\x01" * 70_000}, {"text": "{"}, {"text": "[" * 10_000},
    {"text": "\0"}, {"text": ""}, {"text": '{"type":"hello","tick":1e400}'}, {"bytes": None, "text": None},
)  # fmt: skip


async def test_lanes_that_nobody_can_have_are_closed(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    token = {"authorization": f"Bearer {host.token}"}
    for query in LANES:
        assert (await connect(api, f"{space}/lanes", query, token, []))[-1].get("code") in (1008, 4400), query
    for where in NO_SPACES:
        sent = await connect(api, f"{where}/lanes", "", token, [])
        assert sent[-1] == {"type": "websocket.close", "code": 4404, "reason": ""}, where
    for header in NO_TOKENS:
        assert (await connect(api, f"{space}/lanes", "", {"authorization": header}, []))[-1]["code"] == 4401, header


async def test_first_messages_that_are_no_audio_are_dropped_and_counted(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    for said in NO_AUDIO:
        before = api.app.dropped_uplinks
        sent = await connect(
            api, f"{space}/lanes", "role=speak", {"authorization": f"Bearer {host.token}"}, [said, said]
        )
        assert [one["type"] for one in sent[:2]] == ["websocket.accept", "websocket.send"], said
        assert api.app.dropped_uplinks == before + 2, said
