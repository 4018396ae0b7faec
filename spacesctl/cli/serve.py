"""`serve`: the one command that imports the server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spacesctl.cli.common import Json


def serve(
    http: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="HTTP; default 127.0.0.1:8420.")] = None,
    udp: Annotated[str | None, typer.Option(metavar="HOST:PORT", help="Sound; default 0.0.0.0:8420.")] = None,
    data: Annotated[Path | None, typer.Option(metavar="DIR", help="The data folder; default ./data.")] = None,
    announce: Annotated[
        list[str] | None, typer.Option(metavar="IP", help="An address that peers reach the UDP port by.")
    ] = None,
    bots: Annotated[bool | None, typer.Option("--bots/--no-bots", help="Run the bundled bot.")] = None,
    model: Annotated[Path | None, typer.Option(metavar="DIR", help="A vosk model; else the small one shipped.")] = None,
    public_url: Annotated[str | None, typer.Option(metavar="URL", help="What links begin with.")] = None,
    tls_cert: Annotated[
        Path | None, typer.Option(metavar="FILE", help="A certificate chain (PEM): serve HTTPS.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(metavar="FILE", help="Its key.")] = None,
    behind_proxy: Annotated[
        bool | None, typer.Option("--behind-proxy", help="A proxy does TLS: believe its X-Forwarded headers.")
    ] = None,
    insecure: Annotated[bool | None, typer.Option("--insecure", help="Serve others without TLS.")] = None,
    profile: Annotated[
        bool | None, typer.Option("--profile/--no-profile", help="Make a profile for the owner on the first start.")
    ] = None,
    log_level: Annotated[str | None, typer.Option(help="debug, info, warning or error.")] = None,
    config: Annotated[Path | None, typer.Option(metavar="FILE", help="config.toml; see config.example.toml.")] = None,
    as_json: Json = False,
) -> None:
    """Run the server until it is interrupted. With --json one line says where, once it is ready."""
    import uvloop

    from spacesctl.server.process.serve import announce_ready, run
    from spacesctl.server.process.settings import load

    settings = load(
        config,
        http=http,
        udp=udp,
        data=data,
        announce=announce or None,
        bots=bots,
        model=model,
        public_url=public_url,
        tls_cert=tls_cert,
        tls_key=tls_key,
        behind_proxy=behind_proxy,
        insecure=insecure,
        profile=profile,
        log_level=log_level,
    )
    uvloop.run(run(settings, lambda running: announce_ready(running, as_json=as_json)))
