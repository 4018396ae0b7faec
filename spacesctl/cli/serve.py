"""`serve`: the one command that imports the server."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spacesctl.cli.common import Json


def serve(
    http: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Where HTTP listens. Default: 127.0.0.1:8420.")
    ] = None,
    udp: Annotated[
        str | None, typer.Option(metavar="HOST:PORT", help="Where sound arrives. Default: 0.0.0.0:8420.")
    ] = None,
    data: Annotated[Path | None, typer.Option(metavar="FOLDER", help="The data folder. Default: ./data.")] = None,
    announce: Annotated[
        list[str] | None,
        typer.Option(metavar="ADDRESS", help="An address at which clients reach the UDP port, needed behind NAT."),
    ] = None,
    bots: Annotated[
        bool | None, typer.Option("--bots/--no-bots", help="Run the bundled bot, for captions and rules.")
    ] = None,
    model: Annotated[
        Path | None,
        typer.Option(
            metavar="FOLDER",
            help="Folder of a model. Default: one in the data folder, else the small shipped one.",
        ),
    ] = None,
    public_url: Annotated[
        str | None, typer.Option(metavar="URL", help="The address that links to this server begin with.")
    ] = None,
    tls_cert: Annotated[
        Path | None, typer.Option(metavar="FILE", help="Certificate chain (PEM), to serve HTTPS.")
    ] = None,
    tls_key: Annotated[Path | None, typer.Option(metavar="FILE", help="The certificate's private key (PEM).")] = None,
    behind_proxy: Annotated[
        bool | None, typer.Option("--behind-proxy", help="A proxy does TLS: trust its X-Forwarded headers.")
    ] = None,
    insecure: Annotated[bool | None, typer.Option("--insecure", help="Serve other machines without TLS.")] = None,
    profile: Annotated[
        bool | None,
        typer.Option("--profile/--no-profile", help="Write a profile with the owner's token on the first start."),
    ] = None,
    log_level: Annotated[str | None, typer.Option(metavar="LEVEL", help="One of debug, info, warning, error.")] = None,
    config: Annotated[
        Path | None, typer.Option(metavar="FILE", help="The settings file; see config.example.toml.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Run the server until it is interrupted. When it is ready it prints its addresses; with --json as one line of JSON."""
    import uvloop

    from spacesctl.server.process.serve import announce_ready, announce_stop, run
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
    uvloop.run(
        run(
            settings,
            lambda running: announce_ready(running, as_json=as_json),
            lambda: announce_stop(as_json=as_json),
        )
    )
