"""`doctor`: checks of the set-up."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spacesctl.cli.common import Json, Session
from spacesctl.cli.output import console, emit_json

Config = Annotated[
    Path | None,
    typer.Option(
        "--config", metavar="FILE", help="The settings file. Default: config.toml in this folder, if there is one."
    ),
]
_STYLES = {"ok": "green", "warn": "yellow", "fail": "bold red"}


def doctor(
    ctx: typer.Context,
    config_file: Config = None,
    data: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="The data folder. Default: from the settings.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check what the server needs and say how to repair it. With the --url of another machine: check that server and the network to it.

    Exit code 1 when something is wrong that keeps the server from working.
    """
    from urllib.parse import urlsplit

    from spacesctl.cli.answers import Finding
    from spacesctl.client import profile
    from spacesctl.doctor.run import here, there

    session = ctx.ensure_object(Session)
    found = session.profile()
    elsewhere = urlsplit(found.url).hostname not in ("127.0.0.1", "localhost", "::1")
    named = profile.origins(session.url)["url"] != "default"
    findings = []
    out = console()
    for one in there(found) if elsewhere else here(config_file, found, data, named=named):
        findings.append(Finding(level=one.level, name=one.name, said=one.said, todo=one.todo))
        if not as_json:
            out.print(f"{one.level:<4}", style=_STYLES[one.level], end="  ")
            out.print(f"{one.name}: {one.said}")
            if one.todo:
                out.print(f"      -> {one.todo}")
    if as_json:
        emit_json(findings)
    if any(one.level == "fail" for one in findings):
        raise typer.Exit(1)
