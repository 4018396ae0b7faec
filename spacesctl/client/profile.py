"""The command line's profile: which server, and as whom. `profile.toml` in the user's configuration folder, mode 0600."""

from __future__ import annotations

import json
import os
import tomllib
from dataclasses import dataclass
from pathlib import Path

from dotenv import dotenv_values
from platformdirs import user_config_path

from spacesctl.domain.errors import Invalid

DEFAULT_URL = "http://127.0.0.1:8420"


@dataclass(frozen=True)
class Profile:
    url: str
    token: str | None


def profile_path() -> Path:
    return user_config_path("spacesctl") / "profile.toml"


def find(url: str | None = None) -> Profile:
    """Each of the two by itself: flag > `SPACESCTL_*` > `.env` > profile > default. Raises Invalid for a broken profile."""
    dotenv = dotenv_values(".env")
    stored = _stored()

    def pick(flag: str | None, name: str, key: str) -> str | None:
        # Set but empty means none: `SPACESCTL_TOKEN= spacesctl listen ...` listens as nobody.
        places = (flag, os.environ.get(name), dotenv.get(name), stored.get(key))
        found = next((value for value in places if value is not None), None)
        return str(found) if found else None

    chosen = pick(url, "SPACESCTL_URL", "url") or DEFAULT_URL
    return Profile(chosen.rstrip("/"), pick(None, "SPACESCTL_TOKEN", "token"))


def write_first_profile(url: str, token: str) -> Path | None:
    """Make a profile if there is none; its path, or None when one was there already."""
    path = profile_path()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return None
    with os.fdopen(handle, "w") as file:
        # A JSON string is a TOML basic string.
        file.write(f"url = {json.dumps(url)}\ntoken = {json.dumps(token)}\n")
    return path


def _stored() -> dict[str, object]:
    path = profile_path()
    try:
        return tomllib.loads(path.read_text())
    except FileNotFoundError:
        return {}
    except (OSError, tomllib.TOMLDecodeError) as error:
        raise Invalid(str(path), f"is broken: {error}", hint="mend or remove it") from error
