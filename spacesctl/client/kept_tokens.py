"""The servers that one is logged in to, and a token for each: in the system's keyring or, without one, in a file of mode 0600.

`contexts.json` in the user's configuration folder says which servers there are, which one is meant when none is named, and where each token
is. The keyring's library is imported only where a token is in a keyring, or is to be kept.
"""

from __future__ import annotations

import os
from collections.abc import Callable
from pathlib import Path
from typing import Final, Literal, TypeVar

import msgspec
from platformdirs import user_config_path

from spacesctl.client.files import read_settings
from spacesctl.client.origins import server_of
from spacesctl.domain.errors import Invalid, NotFound, NotSignedIn

T = TypeVar("T")
SERVICE: Final = "spacesctl"
"""The name of our entries in a keyring; the user name of each is a server."""
Place = Literal["keyring", "file"]


class Context(msgspec.Struct, kw_only=True):
    """A server that one is logged in to, as whom. `token` is None where it is in the keyring."""

    handle: str
    token: str | None = None

    @property
    def kept_in(self) -> Place:
        return "keyring" if self.token is None else "file"

    def __repr__(self) -> str:
        return f"Context({self.handle!r})"  # it may have a secret


class Contexts(msgspec.Struct, kw_only=True):
    """All of them, by server. `current` is the one that is meant when none is named."""

    current: str | None = None
    servers: dict[str, Context] = {}


def contexts_path() -> Path:
    """Where the file is."""
    return user_config_path("spacesctl") / "contexts.json"


def read() -> Contexts:
    """What is kept. Raises Invalid for a broken file."""
    path = contexts_path()
    text = read_settings(path)
    try:
        return msgspec.json.decode(text, type=Contexts) if text is not None else Contexts()
    except msgspec.DecodeError as error:  # its text never shows a value
        raise Invalid(str(path), f"cannot be read: {error}", hint="correct or remove it") from error


def keep(server: str, handle: str, token: str) -> Place:
    """Keep a token, and mean this server from now on. Returns where. Raises OSError."""
    found, server = read(), server_of(server)
    is_kept = _with_keyring(lambda ring: ring.set(server, token)) is not None
    found.servers[server] = Context(handle=handle, token=None if is_kept else token)
    found.current = server
    _write(found)
    return found.servers[server].kept_in


def token_of(server: str, found: Contexts) -> str | None:
    """The token for a server; None where one is not logged in. Raises NotSignedIn when the keyring does not give it."""
    context = found.servers.get(server_of(server))
    if context is None or context.token is not None:
        return context.token if context is not None else None
    token = _with_keyring(lambda ring: ring.get(server_of(server)))
    if token is None:
        hint = "unlock it, or log in again: spacesctl login"
        raise NotSignedIn(f"the system's keyring does not give the token for {server}", hint=hint)
    return token


def forget(server: str) -> None:
    """Keep nothing of a server. The one that is meant from now on is another, if there is one. Raises OSError."""
    found, server = read(), server_of(server)
    context = found.servers.pop(server, None)
    if context is None:
        return
    if context.kept_in == "keyring":
        _with_keyring(lambda ring: ring.delete(server))
    if found.current == server:
        found.current = next(iter(found.servers), None)
    _write(found)


def use(server: str) -> None:
    """Mean this server when none is named. Raises NotFound and OSError."""
    found, server = read(), server_of(server)
    if server not in found.servers:
        raise NotFound("context", server)
    found.current = server
    _write(found)


def _write(found: Contexts) -> None:
    path = contexts_path()
    path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    temporary = path.with_name(f"{path.name}.{os.getpid()}.part")
    temporary.unlink(missing_ok=True)
    # Readable by nobody else, not even while it is written.
    with os.fdopen(os.open(temporary, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "wb") as file:
        file.write(msgspec.json.format(msgspec.json.encode(found), indent=2))
    temporary.replace(path)


class _Ring:
    """The system's keyring. One in which anybody could read (a plain file) is none."""

    def __init__(self) -> None:
        import keyring

        self._ring = keyring.get_keyring()
        self.is_usable = self._ring.priority >= 1

    def set(self, server: str, token: str) -> bool:
        self._ring.set_password(SERVICE, server, token)
        return True

    def get(self, server: str) -> str | None:
        return self._ring.get_password(SERVICE, server)

    def delete(self, server: str) -> bool:
        self._ring.delete_password(SERVICE, server)
        return True


def _with_keyring(work: Callable[[_Ring], T]) -> T | None:
    """What the keyring answers; None where there is none, or where it is locked and stays so."""
    try:
        ring = _Ring()
        return work(ring) if ring.is_usable else None
    except Exception:  # backends raise what their libraries raise
        return None
