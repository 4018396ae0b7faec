"""One server for all tests of commands that a worker runs, and accounts that belong to one test alone."""

from __future__ import annotations

import secrets
import sqlite3
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path

import pytest

from spacesctl.domain.ids import token_hash
from tests.cli.inside import Person, person
from tests.running import RunningServer, running_server, unlimited


@pytest.fixture(scope="session")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningServer]:
    folder = tmp_path_factory.mktemp("commands")
    flags = unlimited(folder)
    config = Path(flags[1])
    config.write_text('webhooks_allow_private = true\nnotify_schemes = ["json"]\n' + config.read_text())
    with running_server(folder / "data", "--no-bots", *flags) as server:
        yield server


@pytest.fixture
def host(shared: RunningServer) -> Person:
    return person(shared, "host")


@pytest.fixture
def ann(shared: RunningServer) -> Person:
    return person(shared, "ann")


@pytest.fixture
def ben(shared: RunningServer) -> Person:
    return person(shared, "ben")


@pytest.fixture
def nobody(shared: RunningServer) -> Person:
    return Person(shared, "nobody", "")


@pytest.fixture
def owner(shared: RunningServer) -> Person:
    return Person(shared, "@owner", shared.owner_token)


@pytest.fixture(scope="session")
def bot(shared: RunningServer) -> str:
    """A token of the bundled bot, which no command gives out."""
    token = secrets.token_urlsafe()
    [path] = shared.data.glob("*.db")
    with sqlite3.connect(path) as db:
        [account] = db.execute("SELECT id FROM accounts WHERE handle = 'spaces_bot'").fetchone()
        row = (token_hash(token), account, '["bot", "use"]', "test", datetime.now(UTC).isoformat())
        db.execute("INSERT INTO tokens (hash, account_id, scopes, label, created_at) VALUES (?, ?, ?, ?, ?)", row)
    db.close()
    return token
