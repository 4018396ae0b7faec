"""`models list|pull|path`: the speech models on this machine."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from spacesctl.cli.common import Json
from spacesctl.cli.output import PLAIN, console, emit_json, note, say, table

Data = Annotated[
    Path | None, typer.Option(metavar="FOLDER", help="The server's data folder. Default: from its settings.")
]
Name = Annotated[str, typer.Argument(metavar="NAME", help="A name of `models list`.")]


def list_models(data: Data = None, as_json: Json = False) -> None:
    """List the models that can be downloaded by name, and those that are installed."""
    from spacesctl.cli.answers import ListedModel
    from spacesctl.models.catalogue import CATALOGUE
    from spacesctl.models.shelf import Shelf

    here = Shelf(_folder(data)).names()
    rows = [
        ListedModel(name=one.name, lang=one.lang, megabytes=one.megabytes, here=one.name in here, note=one.note)
        for one in CATALOGUE
    ]
    others = sorted(set(here) - {one.name for one in CATALOGUE})
    rows += [ListedModel(name=name, lang=None, megabytes=None, here=True, note="") for name in others]
    if as_json:
        emit_json(rows)
        return
    cells = [(one.name, one.lang, one.megabytes, one.here, one.note) for one in rows]
    table(("NAME", "LANG", "MB", "HERE", "NOTE"), cells, empty="no models", spare=("NOTE",))


def pull(
    name: Name,
    url: Annotated[
        str | None, typer.Option(help="Address of another archive, zip or tar.bz2; it is installed as NAME.")
    ] = None,
    sha256: Annotated[str | None, typer.Option(metavar="HASH", help="The expected SHA-256 of the file.")] = None,
    data: Data = None,
    as_json: Json = False,
) -> None:
    """Download a model into the data folder; the server uses it from its next start. An interrupted download continues."""
    from rich.progress import BarColumn, DownloadColumn, Progress, TextColumn, TimeRemainingColumn, TransferSpeedColumn

    from spacesctl.models.shelf import Shelf

    err = console(err=True)
    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        DownloadColumn(),
        TransferSpeedColumn(),
        TimeRemainingColumn(),
    )
    with Progress(*columns, console=err, transient=True, disable=PLAIN.get() or not err.is_terminal) as bar:
        task = bar.add_task(name, total=None)
        done = Shelf(_folder(data)).pull(
            name, url=url, sha256=sha256, progress=lambda have, total: bar.update(task, completed=have, total=total)
        )
    if as_json:
        from spacesctl.cli.answers import PulledModel

        emit_json(PulledModel(name=done.name, path=str(done.path), sha256=done.sha256, trust=done.trust))
        return
    if done.trust == "first":
        note(f"no SHA-256 of it is known; this one is now recorded and checked next time: {done.sha256}")
    say(str(done.path))


def path(name: Name, data: Data = None, as_json: Json = False) -> None:
    """Print the folder of a model, for `serve --model`."""
    from spacesctl.models.shelf import Shelf

    found = Shelf(_folder(data)).path(name)
    if as_json:
        from spacesctl.cli.answers import ModelPath

        emit_json(ModelPath(name=name, path=str(found)))
    else:
        say(str(found))


def _folder(data: Path | None) -> Path:
    if data is not None:
        return data
    from spacesctl.server.process.settings import load

    return load(None).data
