"""`record start|stop` and `recordings list|get|delete`."""

from __future__ import annotations

from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any

import typer

from spacesctl.cli.common import Json, SpaceRef, Yes, client, confirm, space_id
from spacesctl.cli.output import clean, emit_json, note, say, table
from spacesctl.client.http import segment
from spacesctl.domain.errors import Refused

record = typer.Typer(help="Record a live Space.", no_args_is_help=True)
recordings = typer.Typer(help="Recordings of your Spaces.", no_args_is_help=True)
Ref = Annotated[str, typer.Argument(metavar="RECORDING", help="The recording's id, as `recordings list` shows it.")]


class Kind(StrEnum):
    """What is recorded: the mix that the audience hears, or each lane too."""

    MIX = "mix"
    LANES = "lanes"


@record.command("start")
def start(
    ctx: typer.Context,
    space: SpaceRef,
    lanes: Annotated[bool, typer.Option("--lanes", help="Also record each speaker in a separate file.")] = False,
    as_json: Json = False,
) -> None:
    """Start recording. Everybody sees it, and speakers must agree first, so all open microphones but yours are closed."""
    kind = Kind.LANES if lanes else Kind.MIX
    with client(ctx) as spaces:
        found = spaces.post(f"/v1/spaces/{space_id(space)}/recording", {"kind": kind.value})
    if as_json:
        emit_json(found)
    else:
        say(f"recording since {found['recording']['since']}")


@record.command("stop")
def stop(ctx: typer.Context, space: SpaceRef, as_json: Json = False) -> None:
    """Stop recording; `recordings list` shows the result."""
    with client(ctx) as spaces:
        found = spaces.delete(f"/v1/spaces/{space_id(space)}/recording")
    if as_json:
        emit_json(found)
    else:
        say("no longer recorded")


@recordings.command("list")
def list_recordings(
    ctx: typer.Context,
    space: Annotated[str | None, typer.Option(metavar="SPACE", help="Only recordings of this Space.")] = None,
    as_json: Json = False,
) -> None:
    """List your recordings, newest first."""
    with client(ctx) as spaces:
        rows = spaces.all("/v1/recordings", space_id=space_id(space) if space else None)
    if as_json:
        emit_json(rows)
        return
    for row in rows:
        row["minutes"] = round(max((file["duration_ms"] for file in row["files"]), default=0) / 60_000, 1)
        row["parts"] = len(row["files"])
    columns = {
        "ID": "id", "TITLE": "title", "STATE": "state", "SINCE": "started_at", "MINUTES": "minutes", "FILES": "parts",
        "UNTIL": "expires_at",
    }  # fmt: skip
    table(rows, columns, empty="no recordings")


@recordings.command("get")
def get(
    ctx: typer.Context,
    recording: Ref,
    out: Annotated[
        Path, typer.Option("--out", metavar="DIR", help="Folder for the files. Default: this folder.")
    ] = Path(),
    as_json: Json = False,
) -> None:
    """Download a recording's files as RECORDING-NAME and verify their checksums."""
    with client(ctx) as spaces:
        found = spaces.get(f"/v1/recordings/{segment(recording)}")
        if found["state"] != "done":
            raise Refused("recording", f"it is not finished yet ({found['state']})", hint="`record stop` ends it")
        out.mkdir(parents=True, exist_ok=True)
        paths = [_fetch(spaces, found["id"], file, out) for file in found["files"]]
    if as_json:
        emit_json([str(path) for path in paths])
    else:
        for path, file in zip(paths, found["files"], strict=True):
            say(f"{path}" + (f"  {clean(file['handle'])}" if file["handle"] else ""))


def _fetch(spaces: Any, recording: str, file: dict[str, Any], out: Path) -> Path:
    path = out / f"{recording}-{Path(file['name']).name}"
    found = spaces.download(f"/v1/recordings/{recording}/{segment(file['name'])}", path)
    if found != file["sha256"]:
        path.unlink()
        raise Refused(
            "checksum", f"{file['name']} was damaged on the way: its checksum does not match", hint="try again"
        )
    return path


@recordings.command("delete")
def delete(ctx: typer.Context, recording: Ref, yes: Yes = False, as_json: Json = False) -> None:
    """Delete a recording permanently."""
    confirm(ctx, "Delete this recording permanently?", yes=yes)
    with client(ctx) as spaces:
        spaces.delete(f"/v1/recordings/{segment(recording)}")
    if as_json:
        emit_json({"id": recording, "deleted": True})
    else:
        note("deleted")
