"""The value of each setting and where it comes from, for `config show` and `doctor`."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from pydantic_settings import DotEnvSettingsSource, EnvSettingsSource

from spacesctl.server.process.settings import Settings, load, read_file

_INTERNAL = {"from_file"}


@dataclass(frozen=True)
class Origin:
    """A setting. `origin` is `environment`, `.env`, the path of the file, or `default`."""

    name: str
    value: Any
    origin: str


def origins(config: Path | None) -> list[Origin]:
    """All settings; those of a table one by one (`limits.dm`). Raises Invalid, like `load`."""
    loaded = load(config).model_dump(mode="json")
    path, from_file = read_file(config)
    environment, dotenv = EnvSettingsSource(Settings)(), DotEnvSettingsSource(Settings)()
    places = [("environment", environment), (".env", dotenv), (str(path), from_file)]
    found = []
    for name, value in loaded.items():
        if name in _INTERNAL:
            continue
        if isinstance(value, dict):
            found += [Origin(f"{name}.{key}", _flat(each), _origin(places, name, key)) for key, each in value.items()]
        else:
            found.append(Origin(name, value, _origin(places, name)))
    return found


def _flat(value: Any) -> Any:
    """A table within a table as `name=value`, one each."""
    return [f"{name}={each}" for name, each in value.items()] if isinstance(value, dict) else value


def _origin(places: list[tuple[str, dict[str, Any]]], *path: str) -> str:
    for place, values in places:
        app: Any = values
        for key in path:
            app = app.get(key) if isinstance(app, dict) else None
        if app is not None:
            return place
    return "default"
