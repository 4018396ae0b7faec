"""`/metrics`: counters and gauges of the server and its engine in Prometheus' text format (version 0.0.4)."""

from __future__ import annotations

import asyncio
from collections.abc import Iterable, Iterator, Mapping
from contextlib import suppress

from prometheus_client import CollectorRegistry, generate_latest
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily, Metric
from prometheus_client.registry import Collector
from sqlalchemy.exc import SQLAlchemyError

from spacesctl.domain.errors import Unavailable
from spacesctl.engine.messages import AskStats, Stats
from spacesctl.server.http.front.front import WHY
from spacesctl.server.http.services import Services
from spacesctl.store import backlogs

ANSWER_WITHIN = 1.0
"""Seconds that the engine has to answer."""


async def engine_stats(app: Services) -> Stats | None:
    """The engine's figures; None when it does not answer within a second."""
    registry = app.registry
    if registry.stats is None or registry.stats.done():
        registry.stats = asyncio.get_running_loop().create_future()
        registry.engine.send(AskStats())
    try:
        async with asyncio.timeout(ANSWER_WITHIN):
            return await asyncio.shield(registry.stats)
    except TimeoutError:
        return None


async def render(app: Services) -> bytes:
    """All metrics as text. What the database or the engine does not tell is left out."""
    found = [*_of_server(app), *await _of_store(app), *_of_bots(app), *await _of_engine(app)]
    registry = CollectorRegistry(auto_describe=False)
    registry.register(_Found(found))
    return generate_latest(registry) + generate_latest(app.measured.registry)


class _Found(Collector):
    def __init__(self, metrics: Iterable[Metric]) -> None:
        self._metrics = metrics

    def collect(self) -> Iterable[Metric]:
        return self._metrics


def _of_server(app: Services) -> Iterator[Metric]:
    yield _gauge("spaces_live", "Spaces that are live.", len(app.registry.live()))
    kinds = {str(kind): count for kind, count in app.registry.connections_by_kind().items()}
    yield _gauges("connections", "Connections with audio, by kind.", "kind", kinds)
    yield _gauge("event_streams", "Open event streams.", app.registry.event_streams())
    yield _counter("event_streams_too_slow", "Event streams ended for a slow reader.", app.registry.writer.too_slow)
    yield _counter(
        "players_too_slow", "Players of listen.ogg ended because they read too slowly.", app.players_too_slow
    )
    yield _gauge("tasks", "Tasks of the control process.", len(asyncio.all_tasks()))
    down = dict.fromkeys(sorted(app.registry.tasks.down), 1)
    yield _gauges("task_down", "Tasks of the server that fail at present.", "task", down)
    if app.disk is not None:
        yield _gauge("disk_free_bytes", "Free bytes on the disk of the data folder.", app.disk.free)
    yield _counter("lane_messages_dropped", "WebSocket messages that were no speech.", app.dropped_uplinks)
    for what in ("webhook", "notification", "coop"):
        results = {one: app.sent[f"{what} {one}"] for one in ("delivered", "failed")}
        yield _counters(f"{what}_attempts", f"Attempts to send a {what}, by result.", "result", results)
    yield _gauge("http_connections", "Open connections over HTTP.", app.front.connections.open)
    yield _gauge("http_connections_limit", "How many there may be.", app.front.connections.most)
    refused = {why: app.front.refused[why] for why in WHY}
    yield _counters("http_refused", "Requests and connections that were refused before the routes.", "why", refused)


async def _of_store(app: Services) -> list[Metric]:
    with suppress(Unavailable, SQLAlchemyError):
        async with app.db.read() as db:
            waiting, oldest = await backlogs.deliveries_waiting(db, app.clock.now())
            reports = await backlogs.reports_by_state(db)
        return [
            _gauge("webhook_deliveries_waiting", "Webhook messages that are still to come.", waiting),
            _gauge("webhook_oldest_seconds", "Age of the oldest of them.", oldest),
            _gauges("reports", "Reports, by state.", "state", reports),
        ]
    return []


def _of_bots(app: Services) -> Iterator[Metric]:
    yield _gauge("bot_ready", "Whether the bundled bot is ready.", int(app.bot_status.ready))
    if (hearing := app.hearing) is not None:
        yield _gauge("hearing_lanes", "Lanes that are recognised now.", hearing.lanes)
        yield _gauge(
            "hearing_recognisers",
            "Recognisers that run: one for each lane in which somebody speaks.",
            hearing.recognisers,
        )
        lags = [one.lag_seconds for one in hearing.late]
        yield _gauge(
            "hearing_lag_seconds",
            "How late the latest lane is recognised; 0 below half a second.",
            max(lags, default=0),
        )
        yield _gauge(
            "hearing_lanes_behind", "Lanes that are more than 2 s late.", sum(one.behind for one in hearing.late)
        )
        yield _gauge(
            "hearing_lanes_shed",
            "Lanes that are not recognised, for want of time.",
            sum(one.shed for one in hearing.late),
        )
        yield _gauge("hearing_ticks_waiting", "Ticks of sound that wait for the recogniser.", hearing.ticks_waiting)
        yield _gauge("hearing_resident_bytes", "Memory of all recognisers and their model.", hearing.resident_bytes)
        yield _counter(
            "hearing_ticks_dropped", "Ticks that were not recognised, for want of time.", hearing.ticks_dropped
        )
        yield _counter(
            "hearing_restarts", "Processes of recognisers that ended or hung, and were replaced.", hearing.restarts
        )


async def _of_engine(app: Services) -> list[Metric]:
    try:
        up = app.registry.engine.ready is not None
    except Unavailable:
        up = False
    found: list[Metric] = [_gauge("engine_up", "Whether the media engine runs.", int(up))]
    if up and (stats := await engine_stats(app)) is not None:
        found += [_counter(f"engine_{name}", "Of the engine.", count) for name, count in sorted(stats.counters.items())]
        now = {**stats.gauges, **stats.timings}
        found += [_gauge(f"engine_{name}", "Of the engine.", value) for name, value in sorted(now.items())]
    return found


def _gauge(name: str, text: str, value: float) -> Metric:
    return GaugeMetricFamily(f"spacesctl_{name}", text, value=value)


def _counter(name: str, text: str, value: float) -> Metric:
    return CounterMetricFamily(f"spacesctl_{name}", text, value=value)


def _gauges(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = GaugeMetricFamily(f"spacesctl_{name}", text, labels=[label])
    for key, value in sorted(values.items()):
        family.add_metric([key], value)
    return family


def _counters(name: str, text: str, label: str, values: Mapping[str, float]) -> Metric:
    family = CounterMetricFamily(f"spacesctl_{name}", text, labels=[label])
    for key, value in values.items():
        family.add_metric([key], value)
    return family
