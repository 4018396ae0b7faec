"""`bench`: measures how many listeners a server on this machine can serve, with real WebRTC clients."""

from __future__ import annotations

from collections.abc import Callable, Coroutine, Iterable
from enum import StrEnum
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, TypeVar

import typer

from spacesctl.cli.common import Json
from spacesctl.cli.output import emit_json, note, say, table
from spacesctl.domain.errors import Invalid

if TYPE_CHECKING:
    from spacesctl.bench.report import Report

T = TypeVar("T")


class PacketMs(StrEnum):
    MS_20 = "20"
    MS_40 = "40"
    MS_60 = "60"
    MS_120 = "120"
    AUTO = "auto"


Counts = Annotated[
    str,
    typer.Option(help="Number of listeners, or several with commas; then the cost of one more listener is shown too."),
]
Seconds = Annotated[float, typer.Option(min=1, help="Seconds that each number of listeners is measured.")]
Packets = Annotated[PacketMs, typer.Option(help="Milliseconds of sound in a packet to the audience.")]


def floor(listeners: Counts = "500,1500", seconds: Seconds = 10.0, as_json: Json = False) -> None:
    """Measure the lower bound: a C program that only encrypts and sends packets. Needs cc, libsrtp2-dev, libssl-dev."""
    from spacesctl.bench import report
    from spacesctl.bench.floor import WAYS, measure

    _show(measure(_counts(listeners), seconds, list(WAYS), note), report.floor, as_json)


def fanout(
    listeners: Counts = "500,1500",
    seconds: Seconds = 10.0,
    packet_ms: Packets = PacketMs.MS_20,
    speakers: Annotated[int, typer.Option(min=1, max=10, help="Number of speakers, who talk all the time.")] = 1,
    as_json: Json = False,
) -> None:
    """Measure the engine's CPU time for a number of listeners, and lost packets. Exit code 1 if a packet was lost."""
    from spacesctl.bench import report
    from spacesctl.bench.fanout import measure

    result = _show(measure(_counts(listeners), seconds, packet_ms.value, speakers, note), report.fanout, as_json)
    if any(one.lost or one.undecoded for one in result.windows):
        raise typer.Exit(1)


def capacity(
    start: Annotated[int, typer.Option("--from", min=1, help="Number of listeners to start with.")] = 1500,
    step: Annotated[int, typer.Option(min=1, help="Listeners added in each step.")] = 500,
    most: Annotated[int, typer.Option("--to", min=1, help="Number of listeners to stop at.")] = 8000,
    seconds: Seconds = 20.0,
    as_json: Json = False,
) -> None:
    """Find how many listeners are served without a lost packet or a late tick, beside `floor`. Needs cc, libsrtp2-dev, libssl-dev."""
    from spacesctl.bench import report
    from spacesctl.bench.capacity import measure

    _show(measure(start, step, most, seconds, note), report.capacity, as_json)


def join_storm(
    listeners: Annotated[int, typer.Option(min=1, help="Listeners that stay connected all the time.")] = 500,
    joins: Annotated[int, typer.Option(min=1, help="Listeners that connect and leave again.")] = 1000,
    seconds: Annotated[float, typer.Option(min=0.1, help="Seconds within which they all connect.")] = 3.0,
    packet_ms: Packets = PacketMs.MS_20,
    as_json: Json = False,
) -> None:
    """Connect many listeners at once while others listen. Exit code 1 if one of the others lost a packet."""

    from spacesctl.bench import report
    from spacesctl.bench.storm import measure

    result = _show(measure(listeners, joins, seconds, packet_ms.value, note), report.storm, as_json)
    if result.lost_by_those_who_stayed:
        raise typer.Exit(1)


def peers(
    rounds: Annotated[int, typer.Option(min=1, help="How many times each server is measured, in turns.")] = 3,
    seconds: Seconds = 10.0,
    as_json: Json = False,
) -> None:
    """Compare with Janus (Debian's `janus`), aiortc and `floor`: the same listeners and the same clip. Takes minutes."""
    from spacesctl.bench import report
    from spacesctl.bench.peers import measure

    _show(measure(rounds, seconds, note), report.peers, as_json)


def ogg(
    listeners: Annotated[int, typer.Option(min=1, help="Number of listeners, first by WebRTC, then by HTTP.")] = 1000,
    seconds: Seconds = 10.0,
    packet_ms: Packets = PacketMs.AUTO,
    as_json: Json = False,
) -> None:
    """Compare the cost of players of listen.ogg with that of as many WebRTC listeners. Exit code 1 if any sound was lost."""
    from spacesctl.bench.ogg import measure, report

    result = _show(measure(listeners, seconds, packet_ms.value, note), report, as_json)
    if any(one.lost or one.broken or one.starved for one in result.costs.values()):
        raise typer.Exit(1)


def icecast(
    players: Annotated[int, typer.Option(min=2, help="Number of players of each server.")] = 1000,
    seconds: Seconds = 10.0,
    as_json: Json = False,
) -> None:
    """Compare what one more player of listen.ogg costs with what it costs Debian's Icecast. Exit code 1 if any sound was lost."""
    from spacesctl.bench.beside_icecast import measure, report

    result = _show(measure(players, seconds, note), report, as_json)
    if any(one.lost for one in result.served):
        raise typer.Exit(1)


def soak(
    minutes: Annotated[
        float, typer.Option(min=0.1, help="Minutes that are measured, after four minutes of warm-up.")
    ] = 30.0,
    listeners: Annotated[int, typer.Option(min=1, help="Number of listeners at any time.")] = 500,
    speakers: Annotated[int, typer.Option(min=1, max=10, help="Number of speakers, who talk all the time.")] = 3,
    as_json: Json = False,
) -> None:
    """Run a Space for half an hour while listeners join and leave: memory, open files, late ticks. Exit code 1 if a packet was lost."""
    from spacesctl.bench import report
    from spacesctl.bench.soak import measure

    if _show(measure(minutes, listeners, speakers, note), report.soak, as_json).lost:
        raise typer.Exit(1)


def loss(
    network: Annotated[
        list[str] | None, typer.Option(help="One of the simulated networks, such as '5 %'. Default: all.")
    ] = None,
    server: Annotated[
        list[str] | None, typer.Option(help="One of the servers. Default: all that are installed here.")
    ] = None,
    seed: Annotated[
        list[int] | None,
        typer.Option(help="Seed of the random choice of lost packets, one round each. Default: 1 to 5."),
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare the speech quality over bad networks with aiortc and Janus AudioBridge. Needs the package pesq."""
    from spacesctl.bench.loss import NETWORKS, SEEDS, SERVERS, measure, report

    networks, servers = _of("--network", network, NETWORKS), _of("--server", server, SERVERS)
    _show(measure(networks, servers, None, seed or SEEDS, note), report, as_json)


def mouth_to_ear(
    server: Annotated[
        list[str] | None, typer.Option(help="One of the servers. Default: all that are installed here.")
    ] = None,
    calls: Annotated[int, typer.Option(min=1, help="Number of calls; in each, one person speaks.")] = 5,
    seconds: Annotated[float, typer.Option(min=8, help="Seconds of speech in each call.")] = 20.0,
    as_json: Json = False,
) -> None:
    """Compare the latency from a speaker to a listener with aiortc and Janus AudioBridge."""
    from spacesctl.bench.latency import SERVERS, measure, report

    _show(measure(_of("--server", server, SERVERS), calls, seconds, note), report, as_json)


def redaction(
    phrases: Annotated[int, typer.Option(min=10, help="Phrases that are said; a hundred take a minute.")] = 1000,
    model: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Folder of a model. Default: the small shipped one.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure how many phrases the bots redact before a delayed audience hears them. Needs espeak-ng. Takes ten minutes."""
    from spacesctl.bench.redaction import DELAYS, measure, report

    _show(measure(phrases, model, DELAYS, note), report, as_json)


def numbers(
    count: Annotated[
        int,
        typer.Option(min=10, help="Numbers to redact that are said, and as many others; a hundred take three minutes."),
    ] = 200,
    model: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Folder of a model. Default: the small shipped one.")
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure how many digits of spoken numbers a delayed audience hears. Needs espeak-ng. Takes six minutes."""
    from spacesctl.bench.numbers import DELAYS, measure, report

    _show(measure(count, model, DELAYS, note), report, as_json)


def hearing(
    talkers: Annotated[int, typer.Option(min=1, max=64, help="How many talk at once.")] = 7,
    seconds: Annotated[float, typer.Option(min=10, help="For how long.")] = 600.0,
    model: Annotated[
        Path | None, typer.Option(metavar="FOLDER", help="Folder of a model. Default: the small shipped one.")
    ] = None,
    slow: Annotated[
        float | None,
        typer.Option(
            min=0.01, max=2, help="Make recognisers use so many seconds of CPU time for each second of sound."
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Measure how late captions are when many talk at once, who is given up for that, and what recognition costs. Needs espeak-ng."""
    from spacesctl.bench.hearing import measure, report

    _show(measure(talkers, seconds, model, slow, note), report, as_json)


def _show(measuring: Coroutine[None, None, T], report: Callable[[T], Report], as_json: bool) -> T:
    import asyncio

    result = asyncio.run(measuring)
    if as_json:
        emit_json(result)
    else:
        made = report(result)
        say(made.title)
        cells = [[row.get(key) for key in made.columns.values()] for row in made.rows]
        table(list(made.columns), cells, empty="nothing was measured")
        for line in made.notes:
            say(line)
    return result


def _of(option: str, chosen: list[str] | None, known: Iterable[str]) -> list[str]:
    for one in chosen or []:
        if one not in known:
            raise Invalid(option, f"must be one of {', '.join(known)}")
    return chosen or list(known)


def _counts(text: str) -> list[int]:
    try:
        counts = sorted({int(part) for part in text.split(",")})
    except ValueError as error:
        raise Invalid("--listeners", "must be a number, or several with commas, such as 500,1500") from error
    if counts[0] < 1:
        raise Invalid("--listeners", "must be at least 1")
    return counts
