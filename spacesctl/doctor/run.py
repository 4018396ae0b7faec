"""All checks, in the order in which one would look for a problem."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from spacesctl.client.http import Client
from spacesctl.client.profile import Profile
from spacesctl.doctor import asked, machine, reach, setup
from spacesctl.doctor.finding import Finding, fail
from spacesctl.domain.errors import Invalid
from spacesctl.server.process.setting_origins import origins
from spacesctl.server.process.settings import Settings, load, split_host_port


def here(config: Path | None, profile: Profile, data: Path | None = None, *, named: bool = True) -> Iterator[Finding]:
    """Check this machine and its server; each finding as soon as it is known.

    What a server that answers runs with counts for more than the settings of this folder, which may be another's.
    With `named` false the profile's URL is a default, and the server's address is taken from the settings instead.
    """
    try:
        settings = load(config, data=data)
        yield setup.config(origins(config))
    except Invalid as error:
        yield fail("config", error.message, error.hint or "correct it; docs/settings.md lists every setting")
        settings = Settings.model_construct()
    if not named:
        profile = replace(profile, url=_url(settings))
    told = asked.ask(profile)
    folder = settings.data
    if told is not None:
        yield asked.said(told)
        folder = (asked.folder_of(told) if data is None else None) or folder
    yield machine.data_folder(folder)
    yield setup.database(folder)
    yield machine.disk(folder)
    yield machine.clock()
    yield machine.udp_buffers()
    yield machine.packets()
    is_its = told is None or asked.is_of(told, settings)
    yield setup.tls(settings) if told is None or is_its else asked.tls(told)
    yield setup.model(settings) if told is None or is_its else asked.model(told)
    running = reach.server(profile.url)
    if running is None:
        yield from reach.try_out(settings)
    else:
        yield running
        yield from _udp(profile)


def _url(settings: Settings) -> str:
    host, port = split_host_port(settings.http)
    host = {"0.0.0.0": "127.0.0.1", "::": "::1"}.get(host, host)  # noqa: S104 - nothing is bound here
    return f"http{'s' if settings.tls_cert else ''}://{f'[{host}]' if ':' in host else host}:{port}"


def there(profile: Profile) -> Iterator[Finding]:
    """Check a server on another machine, and the network to it."""
    found = reach.server(profile.url)
    if found is None:
        yield fail("server", f"nothing answers at {profile.url}", "start it, or check the network to it")
        return
    yield found
    if (told := asked.ask(profile)) is not None:
        yield asked.said(told)
    yield from _udp(profile)


def _udp(profile: Profile) -> list[Finding]:
    with Client(profile.url, profile.token) as client:
        return reach.udp(client)
