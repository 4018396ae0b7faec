"""Brings a database file to this version's schema, or refuses one from a later version."""

from __future__ import annotations

import sqlite3
from contextlib import closing
from pathlib import Path
from typing import Any

from alembic import command
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Connection, create_engine, event
from sqlalchemy import inspect as tables_of

from spacesctl.domain.errors import Refused, Unavailable
from spacesctl.store.sqlite import trouble
from spacesctl.store.sqlite.backup import snapshot

_SCRIPTS = Path(__file__).parent.parent / "migrations"


def upgrade(path: Path) -> None:
    """Create or migrate the SQLite file at `path`. Blocks; call it before the event loop serves requests.

    Raises, and changes nothing: Unavailable when the file was written by a later version of spacesctl, is damaged or cannot be opened;
    Refused when it is the database of another program.
    """
    engine = create_engine(f"sqlite:///{path}")
    event.listen(engine, "connect", _begin_by_hand)
    event.listen(engine, "begin", lambda connection: connection.exec_driver_sql("BEGIN IMMEDIATE"))
    try:
        with trouble.told(), engine.begin() as connection:
            config = _config(connection)
            found = MigrationContext.configure(connection).get_current_revision()
            if found is None and tables_of(connection).get_table_names():
                raise Refused("foreign", f"{path} is the database of another program")
            known = {revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()}
            if found is not None and found not in known:
                raise Unavailable(
                    f"the data folder was written by a later version of spacesctl (schema {found}); upgrade first"
                )
            if found is not None and found != ScriptDirectory.from_config(config).get_current_head():
                _keep_copy(path, found)
            command.upgrade(config, "head")
    finally:
        engine.dispose()


def revisions() -> list[str]:
    """All schema versions that this version of spacesctl knows, newest first."""
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.set_main_option("path_separator", "os")
    return [revision.revision for revision in ScriptDirectory.from_config(config).walk_revisions()]


def _begin_by_hand(connection: Any, _record: object) -> None:
    """Python's driver begins no transaction for DDL: each statement of a migration would be a commit, and a kill between two of them would
    leave a file that is neither schema."""
    connection.isolation_level = None


def _keep_copy(path: Path, revision: str) -> None:
    """Copy the database as it was before a migration, beside the original."""
    copy = path.with_name(f"{path.stem}.before-{revision}.db")
    if not copy.exists():
        snapshot(path, copy)


def _config(connection: Connection) -> Config:
    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS))
    config.set_main_option("path_separator", "os")
    config.attributes["connection"] = connection
    return config


def inspect(path: Path) -> tuple[str, str]:
    """The schema version of a file, and `ok` or what is damaged in it. Changes nothing. Raises ValueError when it cannot be read."""
    try:
        with closing(sqlite3.connect(f"file:{path}?mode=ro", uri=True)) as connection:
            [(found,)] = connection.execute("SELECT version_num FROM alembic_version").fetchall()
            [(sound,)] = connection.execute("PRAGMA quick_check(1)").fetchall()
    except sqlite3.Error as error:
        raise ValueError(str(error)) from error
    return found, sound
