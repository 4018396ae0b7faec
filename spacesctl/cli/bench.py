"""`bench`: what a server on this machine can carry, measured with real WebRTC listeners."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine, Iterable
from enum import StrEnum
from typing import Annotated, Any

import typer

from spacesctl.bench import report
from spacesctl.bench.report import Report
from spacesctl.cli.common import Json
from spacesctl.cli.output import emit_json, note, say, table
from spacesctl.domain.errors import Invalid

bench = typer.Typer(help="Measure what a server carries on this machine.", no_args_is_help=True)


class PacketMs(StrEnum):
    MS_20 = "20"
    MS_40 = "40"
    MS_60 = "60"
    AUTO = "auto"


Counts = Annotated[str, typer.Option(help="How many, or several with commas: the slope between them is told.")]
Seconds = Annotated[float, typer.Option(min=1, help="How long each number of listeners is measured.")]
Packets = Annotated[PacketMs, typer.Option(help="Milliseconds of sound in a packet to the audience.")]


@bench.command()
def floor(listeners: Counts = "500,1500", seconds: Seconds = 10.0, as_json: Json = False) -> None:
    """The least it can cost: a C program that protects and sends, and does nothing else. Needs cc, libsrtp2-dev, libssl-dev."""
    from spacesctl.bench.floor import WAYS, measure

    _show(measure(_counts(listeners), seconds, list(WAYS), note), report.floor, as_json)


@bench.command()
def fanout(
    listeners: Counts = "500,1500",
    seconds: Seconds = 10.0,
    packet_ms: Packets = PacketMs.MS_20,
    speakers: Annotated[int, typer.Option(min=1, max=10, help="How many talk all the time.")] = 1,
    as_json: Json = False,
) -> None:
    """What the engine needs for so many listeners, and whether anybody lost a packet. Exit code 1 if somebody did."""
    from spacesctl.bench.fanout import measure

    result = _show(measure(_counts(listeners), seconds, packet_ms.value, speakers, note), report.fanout, as_json)
    if any(one["lost"] or one["undecoded"] for one in result["windows"]):
        raise typer.Exit(1)


@bench.command()
def capacity(
    start: Annotated[int, typer.Option("--from", min=1, help="How many at first.")] = 1500,
    step: Annotated[int, typer.Option(min=1, help="How many more each time.")] = 500,
    most: Annotated[int, typer.Option("--to", min=1, help="With how many it ends at the latest.")] = 8000,
    seconds: Seconds = 20.0,
    as_json: Json = False,
) -> None:
    """How many listeners are carried without a loss or a late tick, beside the floor in C. Needs cc, libsrtp2-dev, libssl-dev."""
    from spacesctl.bench.capacity import measure

    _show(measure(start, step, most, seconds, note), report.capacity, as_json)


@bench.command("join-storm")
def join_storm(
    listeners: Annotated[int, typer.Option(min=1, help="How many listen all the time.")] = 500,
    joins: Annotated[int, typer.Option(min=1, help="How many come and go.")] = 1000,
    seconds: Annotated[float, typer.Option(min=0.1, help="In how long all of them connect.")] = 3.0,
    packet_ms: Packets = PacketMs.MS_20,
    as_json: Json = False,
) -> None:
    """Many connect at once while others listen, and leave again. Exit code 1 if one who stayed lost a packet."""

    from spacesctl.bench.storm import measure

    result = _show(measure(listeners, joins, seconds, packet_ms.value, note), report.storm, as_json)
    if result["lost_by_those_who_stayed"]:
        raise typer.Exit(1)


@bench.command()
def peers(
    rounds: Annotated[int, typer.Option(min=1, help="How often all are measured, in turns.")] = 3,
    seconds: Seconds = 10.0,
    as_json: Json = False,
) -> None:
    """Ours beside Janus (Debian's `janus`), aiortc and the floor: the same listeners, the same clip, one run. Takes minutes."""
    from spacesctl.bench.peers import measure

    _show(measure(rounds, seconds, note), report.peers, as_json)


@bench.command()
def ogg(
    listeners: Annotated[int, typer.Option(min=1, help="How many listen, first by WebRTC, then by HTTP.")] = 1000,
    seconds: Seconds = 10.0,
    packet_ms: Packets = PacketMs.AUTO,
    as_json: Json = False,
) -> None:
    """What players of listen.ogg cost beside as many WebRTC listeners. Exit code 1 if anybody lost anything."""
    from spacesctl.bench.ogg import measure, report

    result = _show(measure(listeners, seconds, packet_ms.value, note), report, as_json)
    if any(one["lost"] or one["broken"] or one["starved"] for one in result["costs"].values()):
        raise typer.Exit(1)


@bench.command()
def soak(
    minutes: Annotated[float, typer.Option(min=0.1, help="How long, after four minutes of warming up.")] = 30.0,
    listeners: Annotated[int, typer.Option(min=1, help="How many listen at any time.")] = 500,
    speakers: Annotated[int, typer.Option(min=1, max=10, help="How many talk all the time.")] = 3,
    as_json: Json = False,
) -> None:
    """A Space for half an hour, its listeners coming and going: memory, files and late ticks. Exit code 1 if a packet was lost."""
    from spacesctl.bench.soak import measure

    if _show(measure(minutes, listeners, speakers, note), report.soak, as_json)["lost"]:
        raise typer.Exit(1)


@bench.command()
def loss(
    network: Annotated[list[str] | None, typer.Option(help="One of the networks, such as '5 %'; default all.")] = None,
    server: Annotated[list[str] | None, typer.Option(help="One of the servers; default all that run here.")] = None,
    seed: Annotated[int, typer.Option(help="What decides which packets are lost.")] = 1,
    as_json: Json = False,
) -> None:
    """How a voice sounds over bad networks: ours beside aiortc and Janus AudioBridge. Needs the package pesq."""
    from spacesctl.bench.loss import NETWORKS, SERVERS, measure, report

    networks, servers = _of("--network", network, NETWORKS), _of("--server", server, SERVERS)
    _show(measure(networks, servers, None, seed, note), report, as_json)


@bench.command("mouth-to-ear")
def mouth_to_ear(
    server: Annotated[list[str] | None, typer.Option(help="One of the servers; default all that run here.")] = None,
    calls: Annotated[int, typer.Option(min=1, help="How often somebody begins to speak.")] = 5,
    seconds: Annotated[float, typer.Option(min=8, help="How long each speaks.")] = 20.0,
    as_json: Json = False,
) -> None:
    """How long a sound takes from a speaker's mouth to a listener's ear: ours beside aiortc and Janus AudioBridge."""
    from spacesctl.bench.latency import SERVERS, measure, report

    _show(measure(_of("--server", server, SERVERS), calls, seconds, note), report, as_json)


def _show(
    measuring: Coroutine[Any, Any, dict[str, Any]], report: Callable[[dict[str, Any]], Report], as_json: bool
) -> dict[str, Any]:
    result = asyncio.run(measuring)
    if as_json:
        emit_json(result)
    else:
        made = report(result)
        say(made.title)
        table(made.rows, made.columns, empty="nothing was measured")
        for line in made.notes:
            say(line)
    return result


def _of(option: str, chosen: list[str] | None, known: Iterable[str]) -> list[str]:
    for one in chosen or []:
        if one not in known:
            raise Invalid(option, f"is one of {', '.join(known)}")
    return chosen or list(known)


def _counts(text: str) -> list[int]:
    try:
        counts = sorted({int(part) for part in text.split(",")})
    except ValueError as error:
        raise Invalid("--listeners", "is a number, or several with commas, as 500,1500") from error
    if counts[0] < 1:
        raise Invalid("--listeners", "is at least 1")
    return counts
