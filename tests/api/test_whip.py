"""WHIP (RFC 9725) and WHEP at the HTTP side: statuses, headers, PATCH, pages from elsewhere, relays."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import hmac
import re
from pathlib import Path
from typing import Any

import pytest

from spacesctl.domain.errors import Unavailable
from spacesctl.engine.messages import AddPeer, RestartIce
from spacesctl.server.webrtc.turn import Turn
from tests.api.harness import OFFER, Api, As

pytestmark = pytest.mark.anyio
FRAGMENT = "application/trickle-ice-sdpfrag"
RESTART = "a=ice-ufrag:wxyz\r\na=ice-pwd:zyxwvutsrqponmlkjihgfe\r\nm=audio 9 UDP/TLS/RTP/SAVPF 111\r\na=mid:0\r\n"
TRICKLE = (
    "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"
    "a=candidate:1 1 udp 2130706431 192.0.2.1 3478 typ host\r\na=end-of-candidates\r\n"
)


async def joined(api: Api, way: str) -> tuple[As, Any]:
    host = await api.account("host")
    space = await api.live(host)
    answer = await host.offer(f"{space}/{way}")
    assert answer.status_code == 201, answer.text
    return host, answer


async def patch(who: As, place: str, text: str, **headers: str) -> Any:
    return await who.http.patch(place, content=text, headers={"Content-Type": FRAGMENT, **headers})


@pytest.mark.parametrize("way", ["whip", "whep"])
async def test_an_offer_makes_a_session_with_its_path_and_etag(api: Api, way: str) -> None:
    host, answer = await joined(api, way)
    assert answer.headers["content-type"] == "application/sdp"
    assert re.fullmatch(rf"/v1/spaces/\w{{13}}/{way}/[\w-]{{20,}}", answer.headers["location"])
    assert re.fullmatch(r'"[0-9a-f]{16}"', answer.headers["etag"])
    assert answer.headers["accept-patch"] == FRAGMENT
    assert "link" not in answer.headers
    assert (await host.http.delete(answer.headers["location"])).status_code == 200
    assert (await host.http.delete(answer.headers["location"])).status_code == 404


@pytest.mark.parametrize("way", ["whip", "whep"])
async def test_who_is_answered_is_expected_already(api: Api, way: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A client may send its first check at once, and FFmpeg sends no other."""
    told: list[type] = []

    async def in_force() -> None:
        told.append(type(api.engine.sent[-1]))
        await gate.wait()

    gate = asyncio.Event()
    gate.set()
    monkeypatch.setattr(api.engine, "in_force", in_force)
    host, answer = await joined(api, way)
    gate.clear()
    restart = {"If-Match": "*"}
    later = asyncio.create_task(patch(host, answer.headers["location"], RESTART, **restart))
    await asyncio.sleep(0.1)
    assert (told, later.done()) == ([AddPeer, RestartIce], False)
    gate.set()
    assert (await later).status_code == 200


@pytest.mark.parametrize("way", ["whip", "whep"])
async def test_a_join_that_the_engine_does_not_take_is_refused_and_leaves_nothing(
    api: Api, way: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    host = await api.account("host")
    space = await api.live(host)

    async def in_force() -> None:
        raise Unavailable("the media engine does not answer", reason="engine_silent")

    monkeypatch.setattr(api.engine, "in_force", in_force)
    answer = await host.offer(f"{space}/{way}")
    assert (answer.status_code, answer.json()["reason"]) == (503, "engine_silent")
    actor = api.app.registry.actors[space[-13:]]
    assert not actor.connections.sessions
    assert not actor.lanes()


async def test_candidates_are_taken_with_or_without_the_etag(api: Api) -> None:
    host, answer = await joined(api, "whip")
    place = answer.headers["location"]
    for headers in ({}, {"If-Match": answer.headers["etag"]}, {"If-Match": "*"}):
        patched = await patch(host, place, TRICKLE, **headers)
        assert (patched.status_code, patched.content) == (204, b"")
        assert patched.headers["etag"] == answer.headers["etag"]
    assert not api.engine.of(RestartIce)


async def test_both_answers_and_restarts_name_the_port_over_tcp_where_it_is_served(api: Api) -> None:
    line = "a=candidate:2 1 tcp 1520434687 192.0.2.9 5000 typ host tcptype passive"
    api.app.tcp_candidates.append(("192.0.2.9", 5000))
    host, answer = await joined(api, "whep")
    assert line in answer.text.split("\r\n")
    patched = await patch(host, answer.headers["location"], RESTART, **{"If-Match": "*"})
    assert line in patched.text.split("\r\n")


async def test_an_ice_restart_gets_new_credentials_and_another_etag(api: Api) -> None:
    host, answer = await joined(api, "whip")
    place = answer.headers["location"]
    patched = await patch(host, place, RESTART, **{"If-Match": "*"})
    assert (patched.status_code, patched.headers["content-type"]) == (200, FRAGMENT)
    assert patched.headers["etag"] != answer.headers["etag"]
    [message] = api.engine.of(RestartIce)
    [peer] = api.engine.of(AddPeer)
    assert (message.peer, message.remote_ufrag, message.remote_pwd) == (peer.peer, "wxyz", "zyxwvutsrqponmlkjihgfe")
    lines = patched.text.split("\r\n")
    assert f"a=ice-ufrag:{message.local_ufrag}" in lines
    assert f"a=ice-pwd:{message.local_pwd}" in lines
    assert message.local_ufrag != peer.local_ufrag
    assert any(line.startswith("a=candidate:1 1 udp") for line in lines)
    # The old ETag names an ICE session that is over.
    assert (await patch(host, place, TRICKLE, **{"If-Match": answer.headers["etag"]})).status_code == 412


@pytest.mark.parametrize(
    ("headers", "text", "status"),
    [
        ({}, RESTART, 428),
        ({"If-Match": '"other"'}, TRICKLE, 412),
        ({"Content-Type": "application/sdp"}, TRICKLE, 415),
        ({}, "hello", 400),
        ({}, "a=ice-ufrag:wxyz\r\n", 400),
        ({}, "a=ice-ufrag:w\r\na=ice-pwd:short\r\n", 400),
        ({}, "a=x:" + "y" * 20_000, 413),
    ],
)
async def test_a_bad_patch_is_refused_with_its_reason(
    api: Api, headers: dict[str, str], text: str, status: int
) -> None:
    host, answer = await joined(api, "whep")
    patched = await patch(host, answer.headers["location"], text, **headers)
    assert (patched.status_code, patched.json()["status"]) == (status, status)
    assert not api.engine.of(RestartIce)


async def test_bad_offers_have_the_statuses_of_the_rfc(api: Api) -> None:
    host = await api.account("host")
    whip = f"{await api.live(host)}/whip"
    sdp = {"Content-Type": "application/sdp"}
    without = OFFER.replace("opus/48000/2", "PCMU/8000")
    assert (await host.http.post(whip, content=without, headers=sdp)).status_code == 406
    assert (await host.http.post(whip, content="hello", headers=sdp)).status_code == 400
    wrong = await host.http.post(whip, content=OFFER, headers={"Content-Type": "text/plain"})
    assert (wrong.status_code, wrong.headers["accept-post"]) == (415, "application/sdp")
    assert (await host.http.post(whip, content="v" * 70_000, headers=sdp)).status_code == 413
    for method in ("GET", "HEAD", "PUT"):
        assert (await host.http.request(method, whip)).status_code == 405
    assert (await api.nobody.http.post(whip, content=OFFER, headers=sdp)).status_code == 401


async def test_pages_from_anywhere_may_use_whip_and_whep_and_nothing_else(api: Api) -> None:
    host = await api.account("host")
    space = await api.live(host)
    asks = {
        "Origin": "https://page.example",
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization,content-type",
    }
    preflight = await api.nobody.http.options(f"{space}/whip", headers=asks)
    assert (preflight.status_code, preflight.headers["access-control-allow-origin"]) == (200, "*")
    answer = await host.http.post(
        f"{space}/whep", content=OFFER, headers={"Content-Type": "application/sdp", "Origin": "https://page.example"}
    )
    assert answer.headers["access-control-allow-origin"] == "*"
    assert {"Location", "ETag", "Link"} <= set(answer.headers["access-control-expose-headers"].split(", "))
    patching = {**asks, "Access-Control-Request-Method": "PATCH"}
    assert (await api.nobody.http.options(answer.headers["location"], headers=patching)).status_code == 200
    for path in (space, "/v1/dms", f"{space}/people"):
        elsewhere = await host.http.get(path, headers={"Origin": "https://page.example"})
        assert "access-control-allow-origin" not in elsewhere.headers


async def test_options_without_a_page_says_what_may_be_sent(api: Api) -> None:
    host = await api.account("host")
    answer = await host.http.options(f"{await api.live(host)}/whip")
    assert (answer.status_code, answer.headers["accept-post"]) == (204, "application/sdp")


SERVERS = Turn(urls=["turn:turn.example:3478?transport=udp", "stun:turn.example:3478"], secret="shared", ttl=600)  # type: ignore[arg-type]


async def test_relays_are_handed_out_to_whoever_may_be_here(api: Api) -> None:
    api.app.turn = SERVERS
    host, answer = await joined(api, "whip")
    space = answer.headers["location"].rpartition("/whip/")[0]
    links = answer.headers.get_list("link")
    assert len(links) == 2
    username, credential = re.findall(r'username="([^"]+)"; credential="([^"]+)"', links[0])[0]
    expected = hmac.new(b"shared", username.encode(), hashlib.sha1).digest()
    assert base64.b64decode(credential) == expected
    assert links[0].startswith('<turn:turn.example:3478?transport=udp>; rel="ice-server"; ')
    assert links[1] == '<stun:turn.example:3478>; rel="ice-server"'
    [turn, stun] = (await api.nobody.ok("GET", f"{space}/ice-servers"))["data"]
    assert set(turn) == {"urls", "username", "credential"}
    assert stun == {"urls": ["stun:turn.example:3478"]}
    ann = await api.account("ann")
    await host.ok("PUT", "/v1/accounts/me/blocks/@ann")
    assert (await ann.call("GET", f"{space}/ice-servers")).status_code == 403
    assert len((await host.http.options(f"{space}/whep")).headers.get_list("link")) == 2


def test_relay_credentials_end_by_themselves() -> None:
    assert SERVERS.servers("x", now=1_000_000.0)[0].username == "1000600:x"


@pytest.mark.parametrize(
    "table",
    [
        {"urls": ["turn:host"]},
        {"urls": ["http://host"], "secret": "s"},
        {"urls": ['turn:host"; rel="x"'], "secret": "s"},
        {"ttl": 1},
        {"colour": 1},
    ],
)
def test_a_bad_relay_table_is_refused(table: dict[str, Any]) -> None:
    with pytest.raises(ValueError):
        Turn.model_validate(table)


async def test_names_and_passwords_of_ice_and_sessions_cannot_be_guessed(api: Api) -> None:
    """At least 24 and 128 bits of them (RFC 8445, 5.3), and 128 of a session's path, each from the system's randomness."""
    host = await api.account("host")
    space = await api.live(host)
    for _ in range(20):
        answer = await host.offer(f"{space}/whep")
        await host.http.patch(
            answer.headers["location"], content=RESTART, headers={"Content-Type": FRAGMENT, "If-Match": "*"}
        )
    made = [*api.engine.of(AddPeer), *api.engine.of(RestartIce)]
    for values, drawn, size in (
        ([one.local_ufrag for one in made], 40, 4),
        ([one.local_pwd for one in made], 40, 16),
        ([one.peer for one in api.engine.of(AddPeer)], 20, 16),
    ):
        assert len(set(values)) == drawn
        assert {len(bytes.fromhex(value)) for value in values} == {size}
        assert all(len({value[place] for value in values}) > 4 for place in range(2 * size)), "no part of it is fixed"


@pytest.mark.parametrize(
    "path", sorted((Path(__file__).parents[1] / "found" / "sdp").glob("*.sdp")), ids=lambda path: path.stem
)
async def test_offers_of_clients_of_the_field_are_answered(api: Api, path: Path) -> None:
    host = await api.account("host")
    space = await api.live(host)
    kind = {"Content-Type": "application/sdp"}
    answer = await host.http.post(f"{space}/whip", content=path.read_bytes(), headers=kind)
    assert answer.status_code == 201, answer.text
    assert answer.text.count("m=") == path.read_text().count("m=")
