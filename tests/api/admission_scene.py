"""A Space with everybody who can stand in some relation to it, and every door by which one can get at it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import suppress
from dataclasses import dataclass

from spacesctl.domain.errors import SpacesError
from spacesctl.domain.principals import ANONYMOUS, Person
from spacesctl.domain.words import Kind, Scope
from spacesctl.live.event_views import View
from spacesctl.live.sessions import SessionKind
from spacesctl.server.webrtc.joining import open_feed
from tests.api.harness import Api, As

PEOPLE = (
    "host", "first", "cohost", "speaker", "listener", "stranger", "blocked", "blocker", "shunned", "disowned", "kicked", "nobody", "admin",
)  # fmt: skip
"""`first` hosted it before; `blocked` by the host, `blocker` of the host, `shunned` by the co-host, `disowned` by `first`."""
BLOCKS = (("host", "blocked"), ("blocker", "host"), ("cohost", "shunned"), ("first", "disowned"))


@dataclass
class Scene:
    """`space` is the path, `host_id` the id of who hosts it now."""

    api: Api
    people: dict[str, As]
    space: str

    @property
    def id(self) -> str:
        return self.space.rsplit("/", 1)[-1]

    def person(self, who: str) -> Person:
        """As the server sees a caller; its credential counts for nothing here."""
        one = self.people[who]
        if one is self.api.nobody:
            return ANONYMOUS
        scopes = {Scope.USE, Scope.ADMIN} if who == "admin" else {Scope.USE}
        return Person(one.id, one.handle[1:], Kind.PERSON, frozenset(scopes))

    async def block(self, blocker: str, blocked: str) -> None:
        await self.people[blocker].ok("PUT", f"/v1/accounts/me/blocks/{self.people[blocked].handle}")

    async def staff(self, ref: str, what: str, by: str = "host") -> None:
        await self.people[by].ok("POST", f"{self.space}/people/@{ref}/{what}")

    async def take(self, who: str, role: str, by: str = "host") -> None:
        await self.people[by].ok("POST", f"{self.space}/invites", {"handles": [f"@{who}"], "role": role})
        await self.people[who].ok("POST", f"{self.space}/accept")


async def scene(api: Api, *, live: bool = True, listeners: str = "everyone") -> Scene:
    """`first` makes the Space and gives it to `host`; then everybody takes their place. A live one has sessions of some of them."""
    names = [one for one in PEOPLE if one not in ("nobody", "admin")]
    people = dict(zip(names, await api.accounts(*names), strict=True))
    api.owner.id = (await api.owner.ok("GET", "/v1/accounts/me"))["id"]
    people |= {"nobody": api.nobody, "admin": api.owner}
    made = await people["first"].ok("POST", "/v1/spaces", {"title": "Sesame", "listeners": listeners})
    here = Scene(api, people, f"/v1/spaces/{made['id']}")
    for one in ("stranger", "listener"):
        await people[one].ok("PUT", "/v1/accounts/me/following/@host")
    if live:
        await people["first"].ok("POST", f"{here.space}/start")
    await here.take("host", "cohost", by="first")
    await here.staff("host", "host", by="first")
    await here.take("cohost", "cohost")
    await here.take("speaker", "speaker")
    await here.staff("kicked", "kick")
    for blocker, blocked in BLOCKS:
        await here.block(blocker, blocked)
    return here


Door = Callable[[Scene, str], Awaitable[bool]]


def _reads(path: str) -> Door:
    async def door(here: Scene, who: str) -> bool:
        return (await here.people[who].call("GET", path.format(space=here.space, id=here.id))).is_success

    return door


def _shows(path: str) -> Door:
    """Whether the answer, which is a success, has the Space."""

    async def door(here: Scene, who: str) -> bool:
        one = here.people[who]
        hosts = {name: here.people[name].id for name in ("host", "first")}
        answer = await one.call("GET", path.format(space=here.space, id=here.id, **hosts))
        assert answer.is_success or one is here.api.nobody, answer.text
        return f'"{here.id}"' in answer.text and '"errors"' not in answer.text

    return door


async def edits_nothing(here: Scene, who: str) -> bool:
    return (await here.people[who].call("PATCH", here.space, {})).is_success


def _offers(where: str) -> Door:
    async def door(here: Scene, who: str) -> bool:
        answer = await here.people[who].offer(f"{here.space}/{where}")
        return answer.is_success or (answer.status_code == 409 and answer.json()["reason"] == "not_live")

    return door


async def _lane(here: Scene, who: str) -> bool:
    try:
        handle, session = await open_feed(here.api.app, here.id, here.person(who), SessionKind.LISTEN, "127.0.0.1")
    except SpacesError as error:
        return error.reason == "not_live"
    await handle.disconnect(session.id)
    return True


async def reacts(here: Scene, who: str) -> bool:
    answer = await here.people[who].call("POST", f"{here.space}/reactions", {"reaction": "clap"})
    return answer.is_success or (answer.status_code == 409 and answer.json()["reason"] == "not_live")


def _follows(view: str) -> Door:
    async def door(here: Scene, who: str) -> bool:
        return (await here.people[who].call("HEAD", f"{here.space}/events?view={view}")).is_success

    return door


SINGLE_READS = {
    "space": _reads("{space}"), "people": _reads("{space}/people"), "captions": _reads("{space}/captions"), "x": _shows("/2/spaces/{id}"),
    "x by ids": _shows("/2/spaces?ids={id}"), "x tweets": _reads("{space}"),
}  # fmt: skip
LISTS = {
    "list": _shows("/v1/spaces"), "profile": _shows("/v1/accounts/@host/profile"), "x search": _shows("/2/spaces/search?query=sesame"),
    "x by creators": _shows("/2/spaces/by/creator_ids?user_ids={first}"),
}  # fmt: skip
SOUND = {"whep": _offers("whep"), "lane": _lane, "events": _follows("audience"), "ice": _reads("{space}/ice-servers")}
STAFF = {"staff events": _follows("staff")}
PAPERS = {
    "rules": _reads("{space}/rules"),
    "sanctions": _reads("{space}/sanctions"),
    "hands": _reads("{space}/requests"),
}
SIGNED_IN = frozenset({"x", "x by ids", "x search", "x by creators"})
"""Doors that want a token, whatever they lead to."""


class OpenThings:
    """What somebody has open: sound, and the events as they may see them."""

    def __init__(self, here: Scene, who: str, *, staff: bool = False) -> None:
        self._actor = here.api.app.registry.actors[here.id]
        self._person = here.person(who)
        self.streams = {
            view: self._actor.subscribe(view, self._person) for view in ((*View,) if staff else (View.AUDIENCE,))
        }
        self.session = ""

    async def open(self, here: Scene, who: str) -> OpenThings:
        answer = await here.people[who].offer(f"{here.space}/whep")
        assert answer.status_code == 201, (who, answer.text)
        self.session = answer.headers["location"].rsplit("/", 1)[-1]
        assert not any(one.closed for one in self.streams.values())
        return self

    def left(self) -> set[str]:
        """What of it is open still."""
        views = {view.value for view, one in self.streams.items() if not one.closed}
        return views | ({"sound"} if self._actor.session(self.session) is not None else set())

    def close(self) -> None:
        for one in self.streams.values():
            with suppress(KeyError):
                self._actor.unsubscribe(one)
