"""429, in each of its forms; then the audit log of all that happened."""

from __future__ import annotations

from tests.wire import drive
from tests.wire.wire import Wire


async def play(wire: Wire) -> None:
    ben, tea = wire.people["ben"], wire.spaces["tea"]
    drive.limited(wire, dm="1/hour", hand="1/minute", live_spaces=1)
    message = {"to": "@host", "text": "Hello"}
    await ben.prepare("POST", "/v1/dms", message)
    await ben.ok("POST", "/v1/dms", message, status=429)
    await ben.prepare("POST", "/v1/spaces", {"title": "One", "start": True})
    await ben.ok("POST", "/v1/spaces", {"title": "Two", "start": True}, status=429)
    drive.limited(wire)
    for _ in range(300):
        await ben.who.http.get(f"/2/spaces/{drive.id_of(tea)}/buyers")
    await ben.ok("GET", f"/2/spaces/{drive.id_of(tea)}/buyers", status=429)
    await audit(wire)


async def audit(wire: Wire) -> None:
    """One entry of each action by each kind of actor, out of the whole log."""
    cursor, seen = "", set[tuple[str, str]]()
    while True:
        page = await wire.owner.prepare("GET", f"/v1/audit{cursor}")
        for entry in page["data"]:
            form = (entry["action"], entry["by"]["kind"])
            if form not in seen:
                seen.add(form)
                wire.note(f"audit/{entry['action']}", entry)
        if page["next"] is None:
            return
        cursor = f"?cursor={page['next']}"
