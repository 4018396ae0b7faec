"""Which server and token the command line uses: from its options, the environment, `.env`, `spacesctl login`, or `profile.toml` in the
user's configuration folder (mode 0600)."""

from __future__ import annotations

import io
import json
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from platformdirs import user_config_path

from spacesctl.client import kept_tokens
from spacesctl.client.files import read_settings
from spacesctl.client.origins import server_of, without_user
from spacesctl.domain.errors import Invalid

DEFAULT_URL = "http://127.0.0.1:8420"
ENV_FILE = ".env"
"""A file of the working folder, which may be anybody's."""


@dataclass(frozen=True)
class Profile:
    """The server to use, and the token (None: as nobody). `withheld` is the server that a token is for which was found and is not sent to
    this one."""

    url: str
    token: str | None
    withheld: str | None = None


def profile_path() -> Path:
    """Where the profile file is."""
    return user_config_path("spacesctl") / "profile.toml"


def find(url: str | None = None, link: str | None = None) -> Profile:
    """URL and token, each from the first of: option, `SPACESCTL_*`, `.env`, `login`, profile, default. `link`: the server that a link
    names, which is the one to use. A token is sent to the server alone that it was given for: a folder or a link that names another does
    not get it. Raises Invalid for a broken file or token, and for a link that contradicts the option; NotSignedIn for a keyring that is
    shut."""
    if url is not None and link is not None and not _same(url, link):
        raise Invalid(
            "SPACE",
            f"the link is of {without_user(link)}, and --url names {without_user(url)}",
            hint="give only one of them",
        )
    places = _places(url)
    chosen = link or (_pick(places, "url")[0] or DEFAULT_URL).rstrip("/")
    token, place, withheld = _token_for(places, chosen)
    if token is not None and not (token.isascii() and token.isprintable() and " " not in token):
        # It is secret, so it is not shown.
        hint = "copy it again, without quotes or line ends"
        raise Invalid(place, "the token has characters that no token has", hint=hint)
    if "@" in chosen.partition("://")[2].partition("/")[0]:
        raise Invalid("url", "must not contain a name or a password", hint="set SPACESCTL_TOKEN")
    return Profile(chosen, token, without_user(withheld) if withheld is not None else None)


def origins(url: str | None = None) -> dict[str, str]:
    """Where `url` and `token` come from: `flag`, `environment`, `.env`, the profile's path, or `default`."""
    places = _places(url)
    chosen, place = _pick(places, "url")
    return {"url": place, "token": _token_for(places, (chosen or DEFAULT_URL).rstrip("/"))[1]}


def _token_for(places: Places, url: str) -> tuple[str | None, str, str | None]:
    """The first token that is for this server, its place, and the server of one that is for another. An empty one means nobody."""
    withheld = None
    for number, (place, values) in enumerate(places):
        token = values.get("token")
        if place == str(kept_tokens.contexts_path()):
            token = _logged_in(url)
            if token is not None:
                return token, place, None
        if token is None:
            continue
        meant = _server_of(places, number)
        if not token or _same(meant, url):
            return str(token) or None, place, None if token else withheld
        withheld = withheld or meant
    return None, "default", withheld


def _logged_in(url: str) -> str | None:
    """The token of `login` for this server: there is one for each."""
    try:
        return kept_tokens.token_of(url, kept_tokens.read())
    except ValueError:  # no address
        return None


def _same(one: str, other: str) -> bool:
    """Whether two addresses are of one server. What is no address is only the same as itself."""
    try:
        return server_of(one) == server_of(other)
    except ValueError:
        return one.rstrip("/") == other.rstrip("/")


def _server_of(places: Places, number: int) -> str:
    """The server that the token of a place is for: the URL that stands beside it. A token in the environment, where no URL is, is for the
    option's or the profile's, but not for that of a folder or a link."""
    place, values = places[number]
    if values.get("url"):
        return str(values["url"]).rstrip("/")
    if place == str(profile_path()):
        return DEFAULT_URL
    others = [(name, one) for name, one in places if name != ENV_FILE or place == ENV_FILE]
    return (_pick(others, "url")[0] or DEFAULT_URL).rstrip("/")


Places = list[tuple[str, Mapping[str, object]]]


def _places(url: str | None) -> Places:
    def named(values: Mapping[str, str | None]) -> Mapping[str, object]:
        return {"url": values.get("SPACESCTL_URL"), "token": values.get("SPACESCTL_TOKEN")}

    return [
        ("flag", {"url": url}),
        ("environment", named(os.environ)),
        (ENV_FILE, named(_dotenv())),
        (str(kept_tokens.contexts_path()), {"url": kept_tokens.read().current}),
        (str(profile_path()), _stored()),
    ]


def _pick(places: Places, key: str) -> tuple[str | None, str]:
    for place, values in places:
        value = values.get(key)
        if value is not None:
            # Set but empty means none: `SPACESCTL_TOKEN= spacesctl listen ...` listens anonymously.
            return str(value) or None, place
    return None, "default"


_ABOUT_OWNER = """\
# You are @owner here, who may do everything on this server. This token is for the first start and for the work of an operator. For daily
# use make an account of your own, and put its token here:
#     spacesctl account create @you
# The file owner.token in the server's data folder has another token of @owner. Keep it for the day on which this one is lost.
"""


def write_first_profile(url: str, token: str) -> Path | None:
    """Write a profile unless there is one; its path, or None when there was one. Raises OSError."""
    path = profile_path()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    try:
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    except FileExistsError:
        return None
    with os.fdopen(handle, "w") as file:
        file.write(_ABOUT_OWNER)
        # A JSON string is also a TOML basic string.
        file.write(f"url = {json.dumps(url)}\ntoken = {json.dumps(token)}\n")
    return path


def _stored() -> Mapping[str, object]:
    path = profile_path()
    text = read_settings(path)
    try:
        return tomllib.loads(text) if text is not None else {}
    except (ValueError, RecursionError) as error:  # not TOML, or too deep
        raise Invalid(str(path), f"cannot be read: {error}", hint="correct or remove it") from error


def _dotenv() -> dict[str, str | None]:
    text = read_settings(Path(ENV_FILE))
    if text is None:
        return {}
    from dotenv.parser import parse_stream

    # Not interpolated: the URL of a folder could have the token of the environment in it. Lines of other programs may be anything.
    found: dict[str, str | None] = {}
    for line in parse_stream(io.StringIO(text)):
        if line.error and "SPACESCTL_" in line.original.string:
            raise Invalid(ENV_FILE, f"line {line.original.line} cannot be read", hint="write NAME=value")
        if line.key is not None:
            found[line.key] = line.value
    return found
