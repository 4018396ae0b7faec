"""The services that routes work with, created at the start and passed by FastAPI's dependency injection."""

from __future__ import annotations

import asyncio
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Annotated, Literal
from urllib.parse import urlsplit

from fastapi import Depends
from fastapi.requests import HTTPConnection

from spacesctl.api.captions import CaptionsStatus, Hearing
from spacesctl.application.app import App
from spacesctl.application.once import InFlight
from spacesctl.domain.errors import Invalid, NotAllowed, NotSignedIn
from spacesctl.domain.principals import ANONYMOUS, Person
from spacesctl.domain.words import CredentialKind
from spacesctl.live.recording_keeper import RecordingKeeper
from spacesctl.server.delivery.coop_sender import CoopSender
from spacesctl.server.delivery.notification_sender import NotificationSender
from spacesctl.server.delivery.webhook_sender import WebhookSender
from spacesctl.server.http import cookies
from spacesctl.server.http.device_codes import DeviceCodes
from spacesctl.server.http.front.front import Front
from spacesctl.server.http.measured import Measured
from spacesctl.server.http.oidc import Provider
from spacesctl.server.http.rates import Rates, address_key
from spacesctl.server.http.voice_clips import VoiceClips
from spacesctl.server.process.alarm import Alarm
from spacesctl.server.process.assignments import Assignments
from spacesctl.server.process.disk_watch import DiskWatch
from spacesctl.server.process.keys import Keys
from spacesctl.server.webrtc.turn import Turn
from spacesctl.store import tokens

JOINS_IN_FLIGHT = 64
"""WHIP and WHEP requests that are handled at once. Others wait, so that many joins at once do not delay the tick."""

NO_BOT = CaptionsStatus(ready=False, reason="no bot is running")


@dataclass
class Services(App):
    """All services of a running server: what use cases work with, and what the routes need besides."""

    udp_candidates: list[tuple[str, int]]
    assignments: Assignments
    tcp_candidates: list[tuple[str, int]] = field(default_factory=list)
    """The candidates over TCP, if it is served."""
    listens_at: str = ""
    """The URL of the socket that serves HTTP."""
    tls: Literal["certificate", "proxy", "none"] = "none"
    """Who ends TLS."""
    started_at: datetime = field(init=False)
    turn: Turn = field(default_factory=Turn)
    alarm: Alarm = field(init=False)
    recordings: RecordingKeeper = field(init=False)
    disk: DiskWatch | None = None
    voices: VoiceClips = field(init=False)
    bot_status: CaptionsStatus = field(default_factory=lambda: NO_BOT)
    hearing: Hearing | None = None
    """The recogniser's figures, as the bot told them last."""
    measured: Measured = field(default_factory=Measured)
    in_flight: InFlight = field(default_factory=InFlight)
    joins: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(JOINS_IN_FLIGHT))
    rates: Rates = field(default_factory=Rates)
    front: Front = field(default_factory=Front)
    devices: DeviceCodes = field(default_factory=DeviceCodes)
    keys: Keys = field(default_factory=Keys.fresh)
    webhooks: WebhookSender = field(init=False)
    outlets: NotificationSender = field(init=False)
    provider: Provider | None = None
    """Of OpenID Connect, if one is set."""
    coop: CoopSender | None = None
    """If a Coop is set."""
    notify_schemes: frozenset[str] = frozenset()
    allow_private: bool = False
    """Whether webhooks may have addresses that are not public."""
    database_look: Callable[[], Awaitable[str]] | None = None
    """Asks the database whether it works, once for all who ask at the same time."""
    bots_hang: Callable[[], bool] = lambda: False
    """Whether the bots' process runs and does not answer."""
    stopping: bool = False
    sent: Counter[str] = field(default_factory=Counter)
    """Attempts to send webhooks and notifications, by keys such as "webhook delivered" and "notification failed"."""
    dropped_uplinks: int = 0
    players_too_slow: int = 0
    """WebSocket messages that were dropped: malformed, or from a session that does not speak."""

    def __post_init__(self) -> None:
        super().__post_init__()
        self.started_at = self.clock.now()
        self.voices = VoiceClips(self.data / "clips", self.clock)

    @property
    def root(self) -> str:
        """The path below which everything is served; empty for the root."""
        return urlsplit(self.base_url).path.rstrip("/")

    def may_keep(self, cause: Person, size: int) -> bool:
        """Whether the limit on evidence of this person allows `size` more bytes."""
        return self.rates.admits("evidence", cause, size)

    def mark(self, text: str) -> str:
        """A hash of a text, keyed with the data folder's key."""
        return self.keys.mark(text)

    def connections_from(self, host: str) -> int:
        """How many connections with audio come from the same place as `host`, in all Spaces."""
        return self.registry.connections_from(address_key(host))


SERVICES = "spacesctl.services"
"""The key of the ASGI scope under which a request carries the services of its server."""
DRY_RUN = "spacesctl.trial"
"""The key of the ASGI scope under which a dry run carries its own services."""


def services(connection: HTTPConnection) -> Services:
    """The services of a request: its own in a dry run."""
    found: Services = connection.scope.get(DRY_RUN) or connection.scope[SERVICES]
    return found


async def no_dry_run(connection: HTTPConnection) -> None:
    """A dependency for actions beyond the database. Raises Invalid when the request is a dry run."""
    if DRY_RUN in connection.scope:
        raise Invalid("Dry-Run", "this action does not support a dry run")


def client_host(connection: HTTPConnection) -> str:
    """The address that a request comes from; behind trusted proxies, the client's that they forward."""
    return connection.client.host if connection.client else ""


async def caller(connection: HTTPConnection) -> Person:
    """The caller, by bearer token or by the cookie of a session; anonymous without one. Raises NotSignedIn when the token is unknown, and
    NotAllowed when it has no scope, or when another site's page would change something by the cookie."""
    header = connection.headers.get("authorization", "")
    if not header:
        return await of_session(connection)
    scheme, _, token = header.partition(" ")
    if scheme.lower() != "bearer":
        raise NotSignedIn("the Authorization header must be a bearer token")
    app, host = services(connection), client_host(connection)
    now = app.clock.now()
    async with app.db.read() as db:
        found = await tokens.caller(db, token.strip(), now)
    if found is None:
        # Only unknown tokens are counted, so a script with a stale token does not lock out others at its address.
        app.rates.by_address("sign_in", host)
        raise NotSignedIn("this token is unknown, was revoked or has expired")
    app.tokens.used(found.credential, now, host)
    if not found.scopes:
        raise NotAllowed("this token has no scope: nothing can be done with it", reason="scope")
    return found


async def of_session(connection: HTTPConnection) -> Person:
    """The caller, by cookie. One that is over is as good as none: its page is shown as to anybody."""
    app = services(connection)
    secret = cookies.secret_of(connection.scope, app.root)
    if secret is None:
        return ANONYMOUS
    now = app.clock.now()
    async with app.db.read() as db:
        found = await tokens.caller(db, secret, now, CredentialKind.SESSION)
    if found is None:
        return ANONYMOUS
    if cookies.changes(connection.scope):
        cookies.require_own_page(connection.scope, app.base_url)
    app.tokens.used(found.credential, now, client_host(connection))
    return found


async def signed_in(connection: HTTPConnection) -> Person:
    """The caller, who must have a token. Raises NotSignedIn or NotAllowed."""
    who = await caller(connection)
    if who.account_id is None:
        raise NotSignedIn
    return who


async def admin(connection: HTTPConnection) -> Person:
    """The caller, who must have the admin scope. Raises NotSignedIn or NotAllowed."""
    who = await signed_in(connection)
    if not who.is_admin:
        raise NotAllowed("this needs a token with the admin scope", reason="scope")
    return who


async def service_bot(connection: HTTPConnection) -> Person:
    """The caller, who must have the bot scope. Raises NotSignedIn or NotAllowed."""
    who = await signed_in(connection)
    if not who.is_service_bot:
        raise NotAllowed("this needs a token with the bot scope", reason="scope")
    return who


async def _here(connection: HTTPConnection) -> Services:
    return services(connection)


# All dependencies are coroutines, since FastAPI runs plain functions in another thread.
Here = Annotated[Services, Depends(_here)]
Anyone = Annotated[Person, Depends(caller)]
SignedIn = Annotated[Person, Depends(signed_in)]
Admin = Annotated[Person, Depends(admin)]
ServiceBot = Annotated[Person, Depends(service_bot)]
