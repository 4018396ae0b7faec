"""What a server runs with."""

from __future__ import annotations

import pytest

from spacesctl import __version__
from spacesctl.server.http.rates import Limits, Rates
from tests.api.harness import Api

pytestmark = pytest.mark.anyio


async def test_operators_are_told_and_no_secret_is(api: Api) -> None:
    api.app.rates = Rates(Limits(dm="2/hour"))
    told = await api.owner.ok("GET", "/v1/server")
    assert (told["version"], told["data"]) == (__version__, str(api.app.data.absolute()))
    assert (told["candidates"], told["tls"]) == ([{"host": "127.0.0.1", "port": 5000}], "none")
    assert told["limits"] == {"dm": "2/hour"}
    ann = await api.account("ann")
    assert (await ann.refused("GET", "/v1/server"))["reason"] == "scope"
    assert (await api.nobody.refused("GET", "/v1/server"))["status"] == 401
