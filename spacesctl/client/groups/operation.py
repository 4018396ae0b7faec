"""The server itself, and its bundled bot."""

from __future__ import annotations

from spacesctl.api.captions import BotStatus
from spacesctl.api.coop import CoopState, CoopTest
from spacesctl.api.operation import ExpectedProbe, Health, Readiness, RunningServer
from spacesctl.client.call import AsyncGroup, Call, Operation, SyncGroup

NOTHING = type(None)


def _health() -> Call[Health]:
    """The process is running."""
    return Call("GET", "/healthz", Health)


def _ready() -> Call[Readiness]:
    """Whether the database and the engine work. Raises Unavailable if not."""
    return Call("GET", "/readyz", Readiness)


def _metrics() -> Call[str]:
    """Metrics in the text format of Prometheus; from the same machine only."""
    return Call("GET", "/metrics", str, media="text/plain")


def _probe() -> Call[ExpectedProbe]:
    """For admins: credentials for connectivity checks of the media port."""
    return Call("POST", "/v1/probe", ExpectedProbe)


def _running() -> Call[RunningServer]:
    """For admins: what the server runs with."""
    return Call("GET", "/v1/server", RunningServer)


def _coop() -> Call[CoopState]:
    """For admins: what waits for Coop, what it refused and what it decided. Raises NotFound without one."""
    return Call("GET", "/v1/coop", CoopState)


def _try_coop() -> Call[CoopTest]:
    """For admins: send Coop a report that is marked as a test. Raises NotFound without one."""
    return Call("POST", "/v1/coop/test", CoopTest)


def _bot_status(status: BotStatus) -> Call[None]:
    """For the bundled bot: tell whether captions work."""
    return Call("PUT", "/v1/bots/status", NOTHING, status)


class _Calls:
    health = Operation(_health)
    ready = Operation(_ready)
    metrics = Operation(_metrics)
    probe = Operation(_probe)
    running = Operation(_running)
    coop = Operation(_coop)
    try_coop = Operation(_try_coop)
    bot_status = Operation(_bot_status)


class Operating(_Calls, SyncGroup):
    """`client.server`."""


class AsyncOperating(_Calls, AsyncGroup):
    """`client.server`."""
