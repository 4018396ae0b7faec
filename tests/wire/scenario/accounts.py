"""Accounts, tokens, follows, blocks; health."""

from __future__ import annotations

from tests.wire.wire import Wire

NAMES = ("host", "cohost", "ann", "ben", "cid", "dan", "foe")


async def play(wire: Wire) -> None:
    for name in NAMES:
        await wire.person(name)
    host, ann, owner = wire.people["host"], wire.people["ann"], wire.owner
    made = await owner.ok("POST", "/v1/accounts", {"handle": "@Zoe", "name": "Zoe Z", "kind": "person"})
    wire.normal.name(made["id"], "account zoe")
    robot = {"handle": "robot", "kind": "bot"}
    for _ in range(2):
        made = await owner.ok("POST", "/v1/accounts", robot, headers={"Idempotency-Key": "one"})
    wire.normal.name(made["id"], "account robot")
    tried = {"handle": "tried"}
    made = await owner.ok("POST", "/v1/accounts", tried, headers={"Dry-Run": "true"})
    wire.normal.name(made["id"], "account tried")
    everybody = await owner.ok("GET", "/v1/accounts")
    wire.normal.name(next(one["id"] for one in everybody["data"] if one["handle"] == "@owner"), "account owner")

    await ann.ok("PATCH", "/v1/accounts/me", {"name": "Ann A.", "description": "I answer questions."})
    for who in (ann, owner, wire.bot):
        await who.ok("GET", "/v1/accounts/me")
    await wire.nobody.ok("GET", "/v1/accounts/@ann")
    await host.ok("GET", f"/v1/accounts/{ann.id}")
    await ann.ok("POST", f"/v1/accounts/{ann.id}/tokens", {"label": "phone"})
    await owner.ok("POST", "/v1/accounts/@ann/tokens", {"label": "desk", "scopes": ["use"]})
    await ann.ok("GET", "/v1/accounts/@ann/tokens")
    await ann.ok("DELETE", "/v1/accounts/@ann/tokens?label=phone")
    last = await ann.ok("POST", f"/v1/accounts/{ann.id}/tokens", {"label": "tv", "expires_at": "2040-01-01T00:00:00Z"})
    await ann.ok("DELETE", f"/v1/accounts/@ann/tokens/{last['token_id']}")

    await host.ok("PUT", "/v1/accounts/me/following/@ann")
    await ann.ok("PUT", "/v1/accounts/me/following/@host")
    await ann.ok("PUT", "/v1/accounts/me/following/@zoe")
    await ann.ok("GET", "/v1/accounts/me/following")
    await ann.ok("DELETE", "/v1/accounts/me/following/@zoe")
    await ann.ok("PUT", "/v1/accounts/me/blocks/@zoe")
    await ann.ok("GET", "/v1/accounts/me/blocks")
    await ann.ok("DELETE", "/v1/accounts/me/blocks/@zoe")
    await wire.nobody.ok("GET", "/healthz")
    await wire.nobody.ok("GET", "/readyz")
