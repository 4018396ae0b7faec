"""The scenario, topic by topic, in this order: each topic finds what the earlier ones left."""

from __future__ import annotations

from tests.wire.scenario import (
    absence,
    accounts,
    calendars,
    coop,
    counting,
    evidence,
    lanes,
    late,
    limits,
    measures,
    messages,
    moderation,
    outside,
    posts,
    recordings,
    redactions,
    refusals,
    review,
    rules,
    series,
    sign_in,
    spaces,
    stage,
    suggestions,
    texts,
    transport,
    xapi,
)
from tests.wire.wire import Wire


async def play(wire: Wire) -> None:
    """All topics."""
    for topic in (
        accounts, outside, spaces, posts, messages, stage, moderation, rules, recordings, series, calendars, xapi,
        transport, lanes, absence, limits, refusals,
    ):  # fmt: skip
        await topic.play(wire)
    await outside.deliver(wire)
    # Last, since each request moves the clock of all that follow.
    await wire.people["cohost"].ok("GET", "/v1/accounts/me/invites")
    await wire.people["cohost"].ok("POST", "/v1/dms/read", {"ids": ["1"]}, status=204)
    await wire.owner.ok("PUT", "/v1/accounts/@zoe/suspension", {"reason": "spam", "duration": 3600})
    await wire.owner.ok("DELETE", "/v1/accounts/@zoe/suspension")
    await wire.owner.ok("DELETE", "/v1/accounts/@zoe", status=204)
    wire.normal.name(str(wire.api.app.data.absolute()), "data folder")
    await wire.owner.ok("GET", "/v1/server")
    await redactions.play(wire)
    await late.play(wire)
    await counting.play(wire)
    await measures.play(wire)
    await evidence.play(wire)
    await suggestions.play(wire)
    await review.play(wire)
    days = "first=2030-01-01&last=2031-12-31"
    await wire.owner.ok("GET", f"/v1/audit/figures?{days}")
    await wire.owner.ok("GET", f"/v1/audit/statements?{days}&territory=DE&language=EN")
    await wire.owner.ok("POST", "/v1/accounts", {"handle": "yan"}, status=201)
    held = await wire.owner.ok("POST", "/v1/holds", {"subject": "@yan", "reason": "case 12"}, status=201)
    await wire.owner.ok("GET", "/v1/holds")
    await wire.owner.ok("DELETE", f"/v1/holds/{held['id']}", status=204)
    await wire.owner.call("GET", "/v1/accounts/@yan/export")
    await wire.owner.ok("GET", "/v1/accounts/@yan/erasure")
    await wire.owner.ok("POST", "/v1/accounts/@yan/erasure")
    await coop.play(wire)
    await sign_in.play(wire)
    await texts.play(wire)
