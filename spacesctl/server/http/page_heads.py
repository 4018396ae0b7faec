"""What stands in the head of a page: what a shared link shows elsewhere, and where players and calendars find a Space.

Everybody may read a head, also who has no account. So it is made of what `readable` shows to nobody in particular: of a Space for signed-in
listeners, and of one that is over, it tells nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

from spacesctl.application.admission import readable
from spacesctl.domain.accounts import Account
from spacesctl.domain.errors import Gone, NotAllowed, NotFound, NotSignedIn
from spacesctl.domain.principals import ANONYMOUS
from spacesctl.domain.space import Space
from spacesctl.domain.words import State
from spacesctl.server.http.services import Services
from spacesctl.store import accounts

SITE = "spacesctl"


@dataclass(frozen=True)
class Alternate:
    """The same thing in another form, at an absolute address."""

    type: str
    href: str
    title: str


@dataclass(frozen=True)
class Head:
    """`key` names the title in the page's catalogue; empty where the title is somebody's words. `properties` are Open Graph's
    (https://ogp.me), in their order. A page that is not `public` asks not to be listed."""

    title: str
    key: str = ""
    properties: tuple[tuple[str, str], ...] = ()
    alternates: tuple[Alternate, ...] = ()
    public: bool = False


NO_SPACE = Head("Space", "title.space")


async def of_space(app: Services, space_id: str) -> tuple[Head, int]:
    """The head of a Space's page, and the status of the answer: 410 once it is over, 404 if there is none."""
    try:
        space = await readable(app, ANONYMOUS, space_id)
    except NotFound:
        return NO_SPACE, 404
    except Gone:
        return NO_SPACE, 410
    except (NotSignedIn, NotAllowed):
        return NO_SPACE, 200
    async with app.db.read() as db:
        host = await accounts.get(db, space.host_id)
    return _of_public(app, space, host), 200


def _of_public(app: Services, space: Space, host: Account) -> Head:
    place, is_live = f"{app.base_url}/v1/spaces/{space.id}", space.state is State.LIVE
    properties = [
        ("og:site_name", SITE),
        ("og:type", "website"),
        ("og:title", space.title),
        ("og:description", _sentence(space, host)),
        ("og:url", app.link(space.id)),
    ]
    found = []
    if is_live:
        properties += [("og:audio", f"{place}/listen.ogg"), ("og:audio:type", "audio/ogg")]
        found.append(Alternate("audio/ogg", f"{place}/listen.ogg", "The sound, as a stream"))
    if space.scheduled_start is not None or is_live:
        found.append(Alternate("text/calendar", f"{place}.ics", "Calendar"))
    return Head(space.title, "", tuple(properties), tuple(found), public=True)


def _sentence(space: Space, host: Account) -> str:
    who = f"{host.name} (@{host.handle})"
    if space.state is State.LIVE:
        return f"Live now, hosted by {who}."
    if space.scheduled_start is None:
        return f"Not started yet, hosted by {who}."
    return f"Starts {space.scheduled_start:%Y-%m-%d %H:%M} UTC, hosted by {who}."


async def of_person(app: Services, handle: str) -> tuple[Head, int]:
    """The head of an account's page, and the status of the answer: 404 if there is none."""
    try:
        async with app.db.read() as db:
            found = await accounts.present(db, f"@{handle}")
    except NotFound:
        return Head(SITE, "title.person"), 404
    properties = (
        ("og:site_name", SITE),
        ("og:type", "profile"),
        ("og:title", f"{found.name} (@{found.handle})"),
        ("og:description", found.description or f"Spaces of @{found.handle}."),
        ("og:url", f"{app.base_url}/@{found.handle}"),
        ("profile:username", found.handle),
    )
    calendar = Alternate("text/calendar", f"{app.base_url}/v1/accounts/@{found.handle}/calendar.ics", "Calendar")
    return Head(f"{found.name} (@{found.handle})", "", properties, (calendar,), public=True), 200


def of_home(app: Services) -> Head:
    """The head of the first page."""
    properties = (
        ("og:site_name", SITE),
        ("og:type", "website"),
        ("og:title", "Spaces"),
        ("og:description", "Live audio rooms: listen, speak and host."),
        ("og:url", f"{app.base_url}/"),
    )
    return Head("Spaces", "title.home", properties, public=True)
