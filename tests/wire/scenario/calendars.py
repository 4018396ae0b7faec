"""Calendar feeds."""

from __future__ import annotations

from tests.wire.wire import Wire


async def play(wire: Wire) -> None:
    nobody = wire.nobody
    answer = await nobody.call("GET", f"{wire.spaces['tea']}.ics")
    await nobody.call("GET", f"{wire.spaces['tea']}.ics", status=304, headers={"If-None-Match": answer.headers["etag"]})
    await nobody.call("GET", f"{wire.spaces['called off']}.ics")
    await nobody.call("GET", f"{wire.spaces['office 3']}.ics")
    await nobody.call("GET", "/v1/accounts/@host/calendar.ics")
    await nobody.call("GET", f"{wire.spaces['plain']}.ics", status=409)
