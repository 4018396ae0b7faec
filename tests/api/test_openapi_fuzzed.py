"""Schemathesis (https://schemathesis.io) asks a server whatever the OpenAPI document allows and forbids."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.running import RunningServer, running_server, unlimited

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300)]


@pytest.fixture(scope="module")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("fuzzed")
    with running_server(folder / "data", *unlimited(folder)) as running:
        yield running


@pytest.mark.parametrize("who", ["host", "admin"])
def test_no_answer_is_outside_its_schema(server: RunningServer, who: str) -> None:
    from tests.api.openapi_fuzzing import faults  # a second, which nobody pays who only collects the tests

    token = server.owner_token if who == "admin" else server.account("fuzzed")["token"]
    found = faults(server.url, token)
    assert not found, "\n".join(found)
