"""Prepares the demo: accounts, the Space with its rules, invitations by direct message, which everybody accepts."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from bots.casts import Cast
from spacesctl.client.http import Client

LISTENERS = ("ada", "ben")
"""Accounts in the audience: the first listens by lanes, the second over WebRTC. A third listener is anonymous."""
BOT_WITHIN = 20.0
"""Seconds that the bot may take to load its model and join."""


@dataclass(frozen=True)
class Stage:
    """The Space of the demo. `ids` and `tokens` by handle; `captions` is the caption status: `{"ready", "model", "notice", "reason"}`."""

    url: str
    space_id: str
    title: str
    link: str
    host: str
    ids: dict[str, str]
    tokens: dict[str, str]
    captions: dict[str, Any]

    @property
    def place(self) -> str:
        """The API path of the Space."""
        return f"/v1/spaces/{self.space_id}"

    def handle_of(self, account_id: str) -> str:
        """The handle without `@`, or the id itself when it is not of the demo."""
        return next((handle for handle, one in self.ids.items() if one == account_id), account_id)


def prepare(url: str, owner_token: str, cast: Cast, note: Callable[[str], None]) -> Stage:
    """Make the accounts and the Space, and start it with the bot in it. `note` is given progress lines. Raises SpacesError."""
    accounts = _accounts(url, owner_token, cast)
    tokens = {handle: one["token"] for handle, one in accounts.items()}
    host, guests = cast.host.handle, [one.handle for one in cast.people if one.role != "host"]
    with Client(url, tokens[host]) as spaces:
        space = spaces.post("/v1/spaces", {"title": cast.title, "speakers": "invited"})
        place = f"/v1/spaces/{space['id']}"
        rules = spaces.put(f"{place}/rules", {"text": cast.rules, "filename": f"{cast.name}/rules.toml"})
        note(f"@{host} creates “{cast.title}” with rules {', '.join(rules['rules'])}")
        spaces.post(f"{place}/invites", {"handles": [f"@{one}" for one in guests], "message": "Come and speak."})
        for guest in guests:
            _accept(url, tokens[guest])
        note(f"invited by direct message and accepted: {', '.join('@' + one for one in guests)}")
        captions = _wait_for_captions(spaces, place)
        note(captions.get("notice") or f"no captions: {captions.get('reason')}")
        spaces.post(f"{place}/start")
        if captions["ready"]:
            _wait_for(lambda: any(one["kind"] == "bot" and one["connected"] for one in _people(spaces, place)))
    ids = {handle: one["id"] for handle, one in accounts.items()}
    return Stage(url, space["id"], cast.title, space["link"], host, ids, tokens, captions)


def _accounts(url: str, owner_token: str, cast: Cast) -> dict[str, dict[str, Any]]:
    """Create the accounts; the API's answers by handle, each with its token."""
    wanted = [(one.handle, one.name, one.kind) for one in cast.people]
    wanted += [(handle, handle.title(), "person") for handle in LISTENERS]
    with Client(url, owner_token) as owner:
        return {
            handle: owner.post("/v1/accounts", {"handle": handle, "name": name, "kind": kind})
            for handle, name, kind in wanted
        }


def _accept(url: str, token: str) -> None:
    """Accept the invitation in the inbox, as a person does."""
    with Client(url, token) as guest:
        invite = next(one for one in guest.get("/v1/dms")["data"] if one["kind"] == "invite")
        guest.post(f"/v1/spaces/{invite['space_id']}/accept")


def _wait_for_captions(spaces: Client, place: str) -> dict[str, Any]:
    _wait_for(lambda: spaces.get(place)["captions_status"]["ready"])
    status: dict[str, Any] = spaces.get(place)["captions_status"]
    return status


def _people(spaces: Client, place: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = spaces.get(f"{place}/people")["data"]
    return rows


def _wait_for(true: Callable[[], bool]) -> bool:
    """Wait for a condition; False after `BOT_WITHIN` seconds. Without captions the demo goes on and says so."""
    end = time.monotonic() + BOT_WITHIN
    while not true():
        if time.monotonic() > end:
            return False
        time.sleep(0.1)
    return True
