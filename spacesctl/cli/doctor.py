"""`doctor` and `config show`: checks of the set-up, and the settings in force."""

from __future__ import annotations

from dataclasses import asdict
from pathlib import Path
from typing import Annotated, Any
from urllib.parse import urlsplit

import typer

from spacesctl.cli.common import Json, Session
from spacesctl.cli.output import clean, console, emit_json, table
from spacesctl.client import profile

config = typer.Typer(help="Settings of the server and of this command line.", no_args_is_help=True)
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
        Path | None, typer.Option(metavar="DIR", help="The data folder. Default: from the settings.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Check what the server needs and say how to repair it. With the --url of another machine: check that server and the network to it.

    Exit code 1 when something is wrong that keeps the server from working.
    """
    from spacesctl.doctor.run import here, there

    session = ctx.ensure_object(Session)
    found = session.profile()
    elsewhere = urlsplit(found.url).hostname not in ("127.0.0.1", "localhost", "::1")
    named = profile.origins(session.url)["url"] != "default"
    findings = []
    out = console()
    for one in there(found) if elsewhere else here(config_file, found, data, named=named):
        findings.append(one)
        if not as_json:
            out.print(f"{one.level:<4}", style=_STYLES[one.level], end="  ")
            out.print(clean(f"{one.name}: {one.said}"))
            if one.todo:
                out.print(clean(f"      -> {one.todo}"))
    if as_json:
        emit_json([asdict(one) for one in findings])
    if any(one.level == "fail" for one in findings):
        raise typer.Exit(1)


@config.command("show")
def show(
    ctx: typer.Context,
    origin: Annotated[bool, typer.Option("--origin", help="Also where each value comes from.")] = False,
    config_file: Config = None,
    as_json: Json = False,
) -> None:
    """Show every setting in force, of this command line and of a server started in this folder."""
    from spacesctl.server.process.setting_origins import origins

    session = ctx.ensure_object(Session)
    found, places = session.profile(), profile.origins(session.url)
    rows: list[dict[str, Any]] = [
        {"name": "url", "value": found.url, "origin": places["url"]},
        # Only whether there is a token; it is secret.
        {"name": "token", "value": "set" if found.token else None, "origin": places["token"]},
    ]
    rows += [{"name": f"serve.{one.name}", "value": one.value, "origin": one.origin} for one in origins(config_file)]
    if not origin:
        for row in rows:
            del row["origin"]
    if as_json:
        emit_json(rows)
        return
    columns = {"SETTING": "name", "VALUE": "value"} | ({"FROM": "origin"} if origin else {})
    table(rows, columns, empty="none")
