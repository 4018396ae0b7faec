"""The rooms of the house: the table, the contracts, the page and the folders say the same, and a forbidden import turns `make lint` red."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
sys.path.append(str(ROOT / "docs"))
rooms = importlib.import_module("rooms")  # the folder of scripts is not a package


def test_the_contracts_are_made_from_the_table() -> None:
    assert (ROOT / ".importlinter").read_text() == rooms.contracts(), "run python docs/generate.py"


def test_the_page_shows_the_table() -> None:
    assert rooms.table() in (ROOT / "docs" / "architecture.md").read_text(), "run python docs/generate.py"


def test_every_folder_is_a_room_and_every_room_a_folder() -> None:
    folders = {path.parent.name for path in (ROOT / "spacesctl").glob("*/*.py")}
    assert folders == {name for name, room in rooms.load().items() if not room.get("root")}


def test_a_room_is_allowed_nothing_above_it() -> None:
    table = rooms.load()
    levels = {name: room["level"] for name, room in table.items() if not room.get("root")}
    for name, level in levels.items():
        below = {one.partition(".")[0] for one in table[name]["may"]} & set(levels)
        assert all(levels[other] > level for other in below), name


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A copy that may be spoiled, and that is sound."""
    copy = tmp_path_factory.mktemp("house")
    for name in ("spacesctl", "bots"):
        shutil.copytree(
            ROOT / name, copy / name, ignore=shutil.ignore_patterns("__pycache__", "model", "*.ogg", "*.so")
        )
    shutil.copy(ROOT / ".importlinter", copy)
    assert lint(copy) == 0
    return copy


def lint(copy: Path) -> int:
    done = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
        ],
        cwd=copy,
        env={**os.environ, "PYTHONPATH": str(copy)},
        capture_output=True,
        check=False,
    )
    return done.returncode


@pytest.mark.parametrize(
    ("module", "line"),
    [
        ("spacesctl/store/accounts.py", "import httpx"),
        ("spacesctl/domain/space.py", "import spacesctl.bench"),
        ("spacesctl/cli/spaces.py", "import spacesctl.store"),
        ("spacesctl/domain/decide.py", "import asyncio"),
        ("spacesctl/rules/match.py", "import spacesctl.audio"),
        ("spacesctl/engine/engine.py", "import spacesctl.domain"),
        ("spacesctl/live/hub.py", "import spacesctl.engine.process"),
        ("spacesctl/application/reports.py", "import spacesctl.server"),
        ("spacesctl/probe/rtc_peer.py", "import spacesctl.engine.messages"),
        ("bots/moderator.py", "import spacesctl.store"),
        ("spacesctl/attic/__init__.py", "# a room that is in no table"),
    ],
)
def test_what_the_table_does_not_allow_is_refused(house: Path, module: str, line: str) -> None:
    path = house / module
    before = path.read_text() if path.exists() else None
    path.parent.mkdir(exist_ok=True)
    path.write_text(f"{before or ''}\n{line}\n")
    try:
        assert lint(house) != 0
    finally:
        if before is None:
            shutil.rmtree(path.parent)
        else:
            path.write_text(before)


def test_one_database_dialect_stays_in_its_folder() -> None:
    """Migrations are history, and the three others choose the database."""
    choose = {"spacesctl/server/process/serve.py", "spacesctl/cli/backup.py", "spacesctl/doctor/setup.py"}
    sources = [path for path in (ROOT / "spacesctl").rglob("*.py") if "migrations" not in path.parts]
    lines = {
        str(path.relative_to(ROOT)): [
            line for line in path.read_text().splitlines() if re.match(r"\s*(from|import) .*sqlite", line)
        ]
        for path in sources
    }
    found = {name for name, imports in lines.items() if imports}
    assert {name for name in found if not name.startswith("spacesctl/store/sqlite/")} == choose


OWN_PATHS = {"spacesctl/server", "spacesctl/client"}
"""The rooms that know the paths of the API."""


def test_no_path_of_the_api_is_written_outside_the_server_and_the_client() -> None:
    found = [
        f"{path.relative_to(ROOT)}: {line.strip()}"
        for folder in ("spacesctl", "bots")
        for path in sorted((ROOT / folder).rglob("*.py"))
        if not any(str(path.relative_to(ROOT)).startswith(own) for own in OWN_PATHS)
        for line in path.read_text().splitlines()
        if re.search(r"[\"'/]v1/", line)
    ]
    assert found == []


MOST_UNTYPED = 200
_UNTYPED = re.compile(r"\bAny\b|\bcast\(|dict\[str, object\]|type: ignore")


def test_what_the_type_checker_is_told_to_believe_stays_little() -> None:
    sources = [path for folder in ("spacesctl", "bots") for path in (ROOT / folder).rglob("*.py")]
    assert sum(len(_UNTYPED.findall(path.read_text())) for path in sources) < MOST_UNTYPED


@pytest.mark.parametrize("room", ["api", "client", "cli"])
def test_the_border_is_typed(room: str) -> None:
    """A place where the checker believes something says why, in the same line. (`api/schemas.py` makes schemas, which have any shape.)"""
    found = [
        f"{path.name}: {line.strip()}"
        for path in sorted((ROOT / "spacesctl" / room).rglob("*.py"))
        if path.name != "schemas.py"
        for line in path.read_text().splitlines()
        if _UNTYPED.search(line) and not re.search(r"^from typing import|# ", line)
    ]
    assert found == []
