"""WebRTC, live audio for players, metrics and the probe of the media port."""

from __future__ import annotations

from spacesctl.server.webrtc.turn import Turn
from tests.wire import drive
from tests.wire.wire import Wire

FRAGMENT = {"Content-Type": "application/trickle-ice-sdpfrag"}
TRICKLE = (
    "a=ice-ufrag:abcd\r\na=ice-pwd:abcdefghijklmnopqrstuvwx\r\nm=audio 9 UDP/TLS/RTP/SAVPF 0\r\na=mid:0\r\n"
    "a=candidate:1 1 udp 2130706431 192.0.2.1 3478 typ host\r\na=end-of-candidates\r\n"
)
RESTART = TRICKLE.replace("abcd\r", "efgh\r").replace("abcdefgh", "ijklmnop")


async def play(wire: Wire) -> None:
    host, nobody = wire.people["host"], wire.nobody
    room = await wire.live(host, "air")
    await nobody.ok("GET", f"{room}/ice-servers")
    for way in ("whip", "whep"):
        await host.ok("OPTIONS", f"{room}/{way}")
        await host.offer(f"{room}/{way}")
    turn = {"urls": ["turn:turn.example:3478?transport=udp", "stun:turn.example:3478"], "secret": "shared", "ttl": 600}
    wire.api.app.turn = Turn.model_validate(turn)
    await nobody.ok("GET", f"{room}/ice-servers")
    place = (await nobody.offer(f"{room}/whep")).headers["location"]
    wire.api.app.turn = Turn()
    await nobody.ok("PATCH", place, content=TRICKLE, headers=FRAGMENT)
    answer = await nobody.call("PATCH", place, content=RESTART, headers={**FRAGMENT, "If-Match": "*"})
    assert answer.status_code == 200
    stale = {**FRAGMENT, "If-Match": '"stale"'}
    await nobody.ok("PATCH", place, content=TRICKLE, headers=stale, status=412)
    await nobody.ok("PATCH", place, content=TRICKLE, headers=FRAGMENT, status=428)
    await nobody.ok("DELETE", place)
    place = (await host.offer(f"{room}/whip")).headers["location"]
    await nobody.ok("PATCH", place, content=TRICKLE, headers={**FRAGMENT, "If-Match": "*"})
    await nobody.ok("DELETE", place)

    async with nobody.stream(f"{room}/listen.ogg") as player:
        await drive.sound(wire, room, 50)
        wire.stream("/v1/spaces/{space_id}/listen.ogg", nobody, player)
    await nobody.call("HEAD", f"{room}/listen.ogg")
    await wire.owner.ok("POST", "/v1/probe")
    await nobody.call("GET", "/metrics")
    await host.prepare("POST", f"{room}/end")
