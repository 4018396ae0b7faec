"""`record start|stop` and `recordings list|get|delete`."""

from __future__ import annotations

import re
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from spacesctl.cli import completion, which
from spacesctl.cli.asking import confirm
from spacesctl.cli.common import AlsoSpace, Json, SpaceRef, ThisSpace, Yes, client, either
from spacesctl.cli.output import clock, emit_json, note, say, table
from spacesctl.domain.errors import NotFound, Refused

if TYPE_CHECKING:
    from spacesctl.api.recordings import RecordedFile, Recording
    from spacesctl.client.http import Client

_RECORDING = re.compile(r"[A-Za-z0-9]{13}-[0-9]+")
"""The id of a recording: that of its Space, and a number."""
Ref = Annotated[str, typer.Argument(metavar="RECORDING", help="The recording's id, as `recordings list` shows it.")]


def start(
    ctx: typer.Context,
    space: SpaceRef = None,
    lanes: Annotated[bool, typer.Option("--lanes", help="Also record each speaker in a separate file.")] = False,
    as_json: Json = False,
) -> None:
    """Start recording. Everybody sees it, and speakers must agree first, so all open microphones but yours are closed."""
    with client(ctx) as spaces:
        found = spaces.spaces.record(which.one(spaces, space), "lanes" if lanes else "mix")
    if as_json:
        emit_json(found)
    else:
        say(f"recording since {clock(found.recording.since) if found.recording else 'now'}")


def stop(ctx: typer.Context, space: ThisSpace, as_json: Json = False) -> None:
    """Stop recording; `recordings list` shows the result."""
    with client(ctx) as spaces:
        found = spaces.spaces.stop_recording(which.one(spaces, space, sure=True))
    if as_json:
        emit_json(found)
    else:
        say("no longer recorded")


def list_recordings(
    ctx: typer.Context,
    space: Annotated[str | None, typer.Argument(metavar="SPACE", help="Only recordings of this Space.")] = None,
    named: AlsoSpace = None,
    as_json: Json = False,
) -> None:
    """List your recordings, newest first."""
    space = either(space, named)
    with client(ctx) as spaces:
        rows = list(spaces.recordings.list(which.one(spaces, space, which.PAST) if space else None))
    if as_json:
        emit_json(rows)
        return
    table(
        ("ID", "TITLE", "STATE", "SINCE", "MINUTES", "FILES", "UNTIL"),
        [(one.id, one.title, one.state, one.started_at, _minutes(one), len(one.files), one.expires_at) for one in rows],
        empty="no recordings",
        spare=("FILES", "MINUTES"),
    )


def _minutes(one: Recording) -> float:
    """Its length; of one that still runs, so far."""
    if one.state == "recording":
        return round((datetime.now(UTC) - one.started_at).total_seconds() / 60, 1)
    return round(max((file.duration_ms for file in one.files), default=0) / 60_000, 1)


def get(
    ctx: typer.Context,
    recording: Annotated[
        str,
        typer.Argument(
            metavar="RECORDING|SPACE",
            help="The recording's id, as `recordings list` shows it, or a Space: its newest finished recording.",
            autocompletion=completion.spaces,
        ),
    ],
    out: Annotated[
        Path, typer.Option("--out", metavar="FOLDER", help="Folder for the files. Default: this folder.")
    ] = Path(),
    as_json: Json = False,
) -> None:
    """Download a recording's files as RECORDING-NAME and verify their checksums."""
    with client(ctx) as spaces:
        found = _meant(spaces, recording)
        recording = recording if _RECORDING.fullmatch(recording) else found.id
        if found.state != "done":
            raise Refused("recording", f"it is not finished yet ({found.state})", hint="`record stop` ends it")
        out.mkdir(parents=True, exist_ok=True)
        paths = [_fetch(spaces, recording, file, out) for file in found.files]
    if as_json:
        from spacesctl.cli.answers import FetchedFile

        emit_json(
            [
                FetchedFile(file=str(path), handle=file.handle, bytes=file.bytes, sha256=file.sha256)
                for path, file in zip(paths, found.files, strict=True)
            ]
        )
    else:
        for path, file in zip(paths, found.files, strict=True):
            say(f"{path}" + (f"  {file.handle}" if file.handle else ""))


def _meant(spaces: Client, ref: str) -> Recording:
    """The recording with this id, or the newest finished one of a Space. Raises NotFound."""
    if _RECORDING.fullmatch(ref):
        return spaces.recordings.get(ref)
    rows = list(spaces.recordings.list(which.one(spaces, ref, which.PAST)))
    if not rows:
        raise NotFound("recording of Space", ref)
    return next((row for row in rows if row.state == "done"), rows[0])


def _fetch(spaces: Client, recording: str, file: RecordedFile, out: Path) -> Path:
    from spacesctl.client.groups.recordings import place

    name = f"{recording}-{file.name}"
    if Path(name).name != name or not name.isprintable():  # the server's answer names no place outside the folder
        raise Refused("name", f"{name!r} is no name of a file")
    path = out / name
    if spaces.download(place(recording, file.name), path) != file.sha256:
        path.unlink()
        raise Refused("checksum", f"{file.name} was damaged on the way: its checksum does not match", hint="try again")
    return path


def delete(ctx: typer.Context, recording: Ref, yes: Yes = False, as_json: Json = False) -> None:
    """Delete a recording permanently."""
    confirm(ctx, "Delete this recording permanently?", yes=yes, always=True)
    with client(ctx) as spaces:
        spaces.recordings.delete(recording)
    if as_json:
        from spacesctl.cli.answers import Deleted

        emit_json(Deleted(id=recording))
    else:
        note("deleted")
