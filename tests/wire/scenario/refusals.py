"""Problem documents of each code, with each of their members."""

from __future__ import annotations

from starlette.requests import Request
from starlette.responses import Response

from spacesctl.server.http.app import routes
from tests.api.harness import OFFER
from tests.wire import drive
from tests.wire.wire import SDP, Wire

NOWHERE = "/v1/spaces/AAAAAAAAAAAAA"


async def play(wire: Wire) -> None:
    host, cid, dan, foe = (wire.people[name] for name in ("host", "cid", "dan", "foe"))
    room, over = wire.spaces["room"], wire.spaces["called off"]
    # 400
    await host.ok("POST", "/v1/spaces", {"title": "T", "listener": "everyone"}, status=400)
    await host.ok("POST", "/v1/spaces", {"title": "T", "xyz": 1}, status=400)
    await host.ok("POST", "/v1/spaces", {"title": " "}, status=400)
    await host.ok("POST", "/v1/spaces", {"title": "T", "speakers": "all"}, status=400)
    await host.ok("POST", "/v1/spaces", {"title": "T", "topics": [1]}, status=400)
    await host.ok("POST", "/v1/spaces", content="{", headers={"Content-Type": "application/json"}, status=400)
    await host.ok("POST", "/v1/spaces", status=400)
    await host.ok(
        "PUT", f"{room}/rules", {"text": "schema = 1\n[[rule]]\nid = 5\n", "filename": "mine.toml"}, status=400
    )
    await host.ok("POST", "/v1/clips", content="no sound", status=400)
    await host.ok("GET", "/v1/spaces?cursor=x", status=400)
    await host.ok("POST", f"{room}/recording", headers={"Dry-Run": "maybe"}, status=400)
    # 401, 403
    await wire.nobody.ok("GET", "/v1/accounts/me", status=401)
    await wire.nobody.ok("GET", "/v1/accounts/me", headers={"Authorization": "Bearer spx_unknown"}, status=401)
    await wire.nobody.ok("GET", "/v1/accounts/me", headers={"Authorization": "Basic eA=="}, status=401)
    await cid.ok("GET", room, status=403)
    await foe.ok("GET", room, status=403)
    await dan.ok("POST", f"{room}/end", status=403)
    await dan.ok("GET", "/v1/accounts", status=403)
    await dan.ok("GET", "/v1/bots/assignments", status=403)
    await dan.ok("GET", f"{room}/events?view=staff", status=403)
    # 404, 405, 409, 410
    await host.ok("GET", NOWHERE, status=404)
    await host.ok("GET", "/v1/accounts/@nobody_here", status=404)
    await host.ok("GET", "/v1/nothing", status=404)
    await host.call("PUT", "/v1/spaces", status=405)
    await host.ok("POST", f"{room}/start", status=409)
    await host.ok("POST", f"{room}/cancel", status=409)
    await host.ok("POST", f"{room}/people/@zoe/mute", status=409)
    await wire.owner.ok("POST", "/v1/accounts", {"handle": "host"}, status=409)
    await wire.owner.ok("POST", "/v1/accounts", {"handle": "new"}, headers={"Idempotency-Key": "one"}, status=409)
    await dan.ok("GET", over, status=410)
    await dan.ok("GET", f"{over}/events", status=410)
    # 406, 413, 415, of WebRTC and of large bodies
    whip = f"{room}/whip"
    without = OFFER.replace("opus/48000/2", "PCMU/8000")
    await host.ok("POST", whip, content=without, headers=SDP, status=406)
    await host.ok("POST", whip, content="hello", headers=SDP, status=400)
    await host.ok("POST", whip, content=OFFER, headers={"Content-Type": "text/plain"}, status=415)
    await host.ok("POST", whip, content="v" * 70_000, headers=SDP, status=413)
    await host.ok("POST", "/v1/posts", {"text": "x" * (3 << 20)}, status=413)
    await dan.offer(whip, status=403)
    # 500, 503
    await broken(wire)
    with drive.no_engine(wire):
        await host.offer(whip, status=503)
        await wire.nobody.ok("GET", "/readyz", status=503)


async def broken(wire: Wire) -> None:
    async def fail(request: Request) -> Response:
        raise RuntimeError("a secret detail")

    known = routes().router.routes
    before = [*known]
    routes().add_route("/broken", fail)
    try:
        await wire.nobody.ok("GET", "/broken", status=500)
    finally:
        known[:] = before  # all servers of this process have them
