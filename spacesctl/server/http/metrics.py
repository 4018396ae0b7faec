"""`/metrics`: counters and timings of the server and its engine in Prometheus' text format (version 0.0.4)."""

from __future__ import annotations

import asyncio

from spacesctl.domain.errors import Unavailable
from spacesctl.engine.messages import AskStats, Stats
from spacesctl.server.http.front.front import WHY
from spacesctl.server.http.services import Services

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


async def render(app: Services) -> str:
    """All metrics as text."""
    live, streams, kinds = app.registry.live(), app.registry.event_streams(), app.registry.connections_by_kind()
    lines = [
        *_gauge("spacesctl_spaces_live", "Spaces that are live.", {"": len(live)}),
        *_gauge(
            "spacesctl_connections",
            "Connections with audio, by kind.",
            {f'{{kind="{kind}"}}': n for kind, n in sorted(kinds.items())},
        ),
        *_gauge("spacesctl_event_streams", "Open event streams.", {"": streams}),
        "# TYPE spacesctl_event_streams_too_slow_total counter",
        f"spacesctl_event_streams_too_slow_total {app.registry.writer.too_slow}",
        *_gauge("spacesctl_tasks", "Tasks of the control process.", {"": len(asyncio.all_tasks())}),
        *_gauge("spacesctl_bot_ready", "Whether the bundled bot is ready.", {"": int(app.bot_status.ready)}),
    ]
    if app.disk is not None:
        lines += _gauge("spacesctl_disk_free_bytes", "Free bytes on the disk of the data folder.", {"": app.disk.free})
    down = {f'{{task="{name}"}}': 1 for name in sorted(app.registry.tasks.down)}
    lines += _gauge("spacesctl_task_down", "Tasks of the server that fail at present.", down)
    lines += [
        "# TYPE spacesctl_lane_messages_dropped_total counter",
        f"spacesctl_lane_messages_dropped_total {app.dropped_uplinks}",
        *_sent(app),
        *_gauge("spacesctl_http_connections", "Open connections over HTTP.", {"": app.front.connections.open}),
        *_gauge("spacesctl_http_connections_limit", "How many there may be.", {"": app.front.connections.most}),
        "# TYPE spacesctl_http_refused_total counter",
        *(f'spacesctl_http_refused_total{{why="{why}"}} {app.front.refused[why]}' for why in WHY),
    ]
    try:
        up = app.registry.engine.ready is not None
    except Unavailable:
        up = False
    lines += _gauge("spacesctl_engine_up", "Whether the media engine runs.", {"": int(up)})
    if up and (stats := await engine_stats(app)) is not None:
        for name, count in sorted(stats.counters.items()):
            lines += [f"# TYPE spacesctl_engine_{name}_total counter", f"spacesctl_engine_{name}_total {count}"]
        for name, value in sorted(stats.timings.items()):
            lines += [f"# TYPE spacesctl_engine_{name} gauge", f"spacesctl_engine_{name} {value}"]
    return "\n".join(lines) + "\n"


def _sent(app: Services) -> list[str]:
    """The attempts to send webhooks and notifications, by result."""
    lines = []
    for what in ("webhook", "notification"):
        name = f"spacesctl_{what}_attempts_total"
        lines.append(f"# TYPE {name} counter")
        lines += [f'{name}{{result="{one}"}} {app.sent[f"{what} {one}"]}' for one in ("delivered", "failed")]
    return lines


def _gauge(name: str, text: str, values: dict[str, int]) -> list[str]:
    return [
        f"# HELP {name} {text}",
        f"# TYPE {name} gauge",
        *(f"{name}{labels} {value}" for labels, value in values.items()),
    ]
