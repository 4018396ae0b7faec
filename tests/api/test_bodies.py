"""Bodies of requests: what is not known is refused, with the name that was meant."""

from __future__ import annotations

from typing import Any

import pytest
from fastapi.routing import APIRoute

from spacesctl.api.wire import Given
from spacesctl.server.http.app import ROUTERS
from spacesctl.server.http.wire_route import WireRoute
from tests.api.harness import Api

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize(
    ("path", "body", "field", "meant"),
    [
        ("/v1/spaces", {"title": "T", "listener": "accounts"}, "listener", "listeners"),
        ("/v1/spaces", {"title": "T", "shceduled_start": "2030-01-01T00:00:00Z"}, "shceduled_start", "scheduled_start"),
        ("/v1/dms", {"to": "@owner", "txt": "hi"}, "txt", "text"),
        ("/v1/series", {"title": "T", "cron": "0 9 * * *", "tz": "UTC", "duration": 600, "zzz": 1}, "zzz", None),
    ],
)
async def test_an_unknown_field_is_refused_with_the_nearest_known_one(
    api: Api, path: str, body: dict[str, Any], field: str, meant: str | None
) -> None:
    host = await api.account("host")
    problem = await host.refused("POST", path, body)
    assert (problem["code"], problem["field"], problem["detail"]) == ("invalid", field, f"{field}: is unknown")
    assert problem.get("hint") == (f"did you mean {meant}?" if meant else None)
    assert (await host.ok("GET", "/v1/spaces"))["data"] == []


def test_each_body_of_the_api_refuses_what_it_does_not_know() -> None:
    routes = [route for router in ROUTERS for route in router.routes if isinstance(route, APIRoute)]
    bodies = {route.body for route in routes if isinstance(route, WireRoute) and route.body is not None}
    assert len(bodies) > 15
    assert [body for body in bodies if not issubclass(body, Given)] == []
    assert [route.path for route in routes if route.dependant.body_params] == [], "FastAPI reads no body itself"


async def test_a_series_records_each_of_its_spaces(api: Api) -> None:
    host = await api.account("host")
    body = {"title": "T", "cron": "0 9 * * *", "tz": "UTC", "duration": 600, "record": "mix"}
    made = await host.ok("POST", "/v1/series", body)
    assert made["record"] == "mix"
    assert (await host.ok("GET", f"/v1/spaces/{made['next_space_id']}"))["record"] == "mix"
