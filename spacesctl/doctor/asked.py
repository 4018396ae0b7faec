"""What a running server says that it runs with. The settings in a folder may be those of another server."""

from __future__ import annotations

from pathlib import Path

from spacesctl.api.operation import Candidate, RunningServer
from spacesctl.client.http import Client
from spacesctl.client.profile import Profile
from spacesctl.doctor.finding import Finding, ok, warn
from spacesctl.domain.errors import SpacesError
from spacesctl.server.process.settings import Settings

NAME = "running"


def ask(profile: Profile) -> RunningServer | None:
    """What the server of the profile runs with; None when it does not say: none answers, it is an earlier version, or the token is none
    of an operator's."""
    if profile.token is None:
        return None
    try:
        with Client(profile.url, profile.token) as client:
            return client.server.running()
    except SpacesError:
        return None


def said(told: RunningServer) -> Finding:
    """One line of it."""
    parts = [
        f"spacesctl {told.version} since {told.started_at}",
        f"data {told.data}",
        f"http {told.http}",
        f"udp {_all(told.candidates)}",
        *([f"tcp {_all(told.tcp_candidates)}"] if told.tcp_candidates else []),
        f"tls {told.tls}",
        f"database {told.database}",
        f"model {told.model or 'none'}",
        *(f"limits.{name} {value}" for name, value in told.limits.items()),
    ]
    return ok(NAME, f"the server says: {', '.join(parts)}")


def _all(found: list[Candidate]) -> str:
    return " ".join(f"[{one.host}]:{one.port}" if ":" in one.host else f"{one.host}:{one.port}" for one in found)


def is_of(told: RunningServer, settings: Settings) -> bool:
    """Whether these settings are those of the server, by its data folder."""
    return settings.data.resolve() == Path(told.data).resolve()


def folder_of(told: RunningServer) -> Path | None:
    """The server's data folder; None when it is not on this machine, as behind a tunnel or in a container."""
    try:
        return Path(told.data) if Path(told.data).is_dir() else None
    except OSError:
        return None


def tls(told: RunningServer) -> Finding:
    """Who ends TLS. Whether a certificate lasts is told where the settings with its path are."""
    words = {
        "certificate": "the server has a certificate; run this with its settings to see until when",
        "proxy": "done by the proxy",
        "none": "none",
    }
    return ok("tls", words[told.tls])


def model(told: RunningServer) -> Finding:
    """Which speech model the bot has loaded."""
    if told.model is None:
        return warn("model", "the bot has loaded none", "no captions and no rules until it is ready; look at the log")
    return ok("model", told.model)
