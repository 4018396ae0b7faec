"""`/metrics`, read back by Prometheus' own parser: what goes up and down is a gauge, and what an operator watches is there."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest
from prometheus_client.core import Metric
from prometheus_client.parser import text_string_to_metric_families
from sqlalchemy import update

from spacesctl.domain.errors import Unavailable
from spacesctl.engine.messages import AskStats, OpenLane, Stats
from spacesctl.store.tables import deliveries
from spacesctl.support.clock import REAL
from tests.api.harness import Api

pytestmark = pytest.mark.anyio


async def scraped(api: Api) -> dict[str, Metric]:
    answer = await api.nobody.call("GET", "/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    families = list(text_string_to_metric_families(answer.text))
    assert len({family.name for family in families}) == len(families), "one that comes twice is refused by Prometheus"
    assert all(family.documentation for family in families)
    return {family.name.removeprefix("spacesctl_"): family for family in families}


def value(family: Metric, **labels: str) -> float:
    [sample] = [one for one in family.samples if one.labels == labels and not one.name.endswith(("_bucket", "_sum"))]
    return float(sample.value)


async def test_what_goes_up_and_down_is_a_gauge(api: Api, monkeypatch: pytest.MonkeyPatch) -> None:
    stats = Stats({"ticks": 50, "packets_in": 7}, {"late_ms_max": 1.5}, {"peers": 3, "lanes": 2})
    send = api.engine.send

    def answered(message: Any) -> None:
        send(message)
        if isinstance(message, AskStats):
            api.app.registry.on_engine(stats)

    monkeypatch.setattr(api.engine, "send", answered)
    host = await api.account("host")
    await api.live(host)
    found = await scraped(api)
    assert {name: found[name].type for name in ("engine_ticks", "engine_packets_in")} == dict.fromkeys(
        ("engine_ticks", "engine_packets_in"), "counter"
    )
    for name, expected in (("engine_peers", 3), ("engine_lanes", 2), ("engine_late_ms_max", 1.5), ("spaces_live", 1)):
        assert (found[name].type, value(found[name])) == ("gauge", expected)


async def test_requests_are_counted_by_method_and_status_and_timed(api: Api) -> None:
    await api.nobody.call("GET", "/v1/spaces/nowhere1234567")
    await api.nobody.call("BREW", "/v1/spaces")
    found = await scraped(api)
    requests = found["http_requests"]
    assert requests.type == "counter"
    assert value(requests, method="GET", status="404") == 1
    assert value(requests, method="other", status="405") == 1
    assert found["http_answer_seconds"].type == "histogram"
    assert value(found["http_answer_seconds"]) >= 2
    again = await scraped(api)
    assert value(again["http_requests"], method="GET", status="200") == 1, "the answer before"


async def test_what_waits_is_told(api: Api) -> None:
    host, ann = await api.accounts("host", "ann")
    await host.ok("POST", "/v1/webhooks", {"url": "https://hooks.example.org/x"})
    space = await api.live(host)
    await ann.ok("POST", f"{space}/requests")
    await ann.ok("POST", "/v1/reports", {"space_id": space[-13:], "category": "spam", "account": "@host"})
    async with api.app.db.begin() as db:
        await db.execute(update(deliveries).values(at=REAL.now() - timedelta(minutes=5)))
    found = await scraped(api)
    assert value(found["webhook_deliveries_waiting"]) >= 3
    assert value(found["webhook_oldest_seconds"]) == pytest.approx(300, abs=20)
    assert value(found["reports"], state="open") == 1


async def test_how_hearing_goes_is_told_by_the_bot_and_by_its_captions(api: Api) -> None:
    bot = api.bot
    figures = {"lanes": 2, "ticks_waiting": 75, "ticks_dropped": 4, "restarts": 1, "resident_bytes": 1_000}
    figures["recognisers"] = 2
    late = [
        {"space_id": "A" * 13, "lane": 1, "lag_seconds": 2.5, "behind": True},
        {"space_id": "A" * 13, "lane": 2, "lag_seconds": 0.0, "shed": True},
    ]
    await bot.ok("PUT", "/v1/bots/status", {"ready": True, "model": "m", "hearing": {**figures, "late": late}})
    found = await scraped(api)
    assert {name: (found[f"hearing_{name}"].type, value(found[f"hearing_{name}"])) for name in figures} == {
        name: ("counter" if name in ("ticks_dropped", "restarts") else "gauge", count)
        for name, count in figures.items()
    }
    for name, value_ in (("lag_seconds", 2.5), ("lanes_behind", 1), ("lanes_shed", 1)):
        assert value(found[f"hearing_{name}"]) == value_
    host = await api.account("host")
    space = await api.live(host)
    assert (await host.offer(f"{space}/whip")).status_code == 201
    lane = api.engine.of(OpenLane)[-1].lane
    caption = {
        "lane": lane,
        "utterance": 0,
        "text": "hello",
        "final": True,
        "start_tick": 0,
        "end_tick": 0,
        "words": [],
    }
    await bot.ok("POST", f"{space}/captions", {"captions": [caption]})
    assert value((await scraped(api))["caption_lag_seconds"]) == 1


async def test_a_store_in_trouble_leaves_out_what_it_knows_and_nothing_else(
    api: Api, monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken() -> Any:
        raise Unavailable("the disk is gone")

    monkeypatch.setattr(api.app.db, "read", broken)
    found = await scraped(api)
    assert "reports" not in found
    assert "spaces_live" in found
