"""What every test runs under: a blocked event loop fails it, and nobody's own profile or settings are read or written."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
import structlog
from blockbuster import BlockBuster, blockbuster_ctx
from hypothesis import settings

from spacesctl.support.logs import trace

pytest_plugins = ["pytester", "tests.interop.report"]

# As a server logs: the default shows the source of each traceback, and reads files on the event loop for that.
structlog.configure(processors=[structlog.processors.add_log_level, trace, structlog.dev.ConsoleRenderer(colors=False)])
settings.register_profile("default", deadline=None)  # a noisy machine is not a failing property
settings.register_profile("mutation", deadline=None, max_examples=10, derandomize=True, database=None)  # `make mutate`
settings.load_profile("default")


def pytest_addoption(parser: pytest.Parser) -> None:
    parser.addoption("--renew-messages", action="store_true", help="write tests/cli/messages.txt anew from the code")
    parser.addoption(
        "--renew-wire", action="store_true", help="write tests/wire/golden anew from what the server sends"
    )


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Who starts whole servers has a minute instead of 20 s: on a busy machine each start alone takes several."""
    for item in items:
        drives = any(
            hasattr(getattr(item, "module", None), name) for name in ("running_server", "RunningServer", "scene")
        )
        if drives and item.get_closest_marker("timeout") is None:
            item.add_marker(pytest.mark.timeout(60))


@pytest.fixture(autouse=True)
def blocked_loop_detection() -> Iterator[BlockBuster]:
    """A call of ours that blocks a running event loop raises."""
    with blockbuster_ctx(["spacesctl", "bots"]) as detector:
        yield detector


@pytest.fixture(autouse=True)
def clean_surroundings(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    """No SPACESCTL_* of this shell, no .env or config.toml of this folder, a home of the test's own, no keyring."""
    import os

    for name in [name for name in os.environ if name.startswith("SPACESCTL_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config-home"))
    monkeypatch.setenv("PYTHON_KEYRING_BACKEND", "keyring.backends.fail.Keyring")
    workdir = tmp_path / "workdir"
    workdir.mkdir()
    monkeypatch.chdir(workdir)


@pytest.fixture
def anyio_backend() -> str:
    return "asyncio"
