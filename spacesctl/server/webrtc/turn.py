"""TURN relays for clients that cannot reach the UDP port, with credentials that expire and that the TURN server can
verify.

The scheme is that of draft-uberti-behave-turn-rest-00, coturn's `use-auth-secret`: the user name is the expiry time,
the password an HMAC of it with the secret that both servers share.
"""

from __future__ import annotations

import base64
import hashlib
import hmac
import re
from typing import Annotated

from pydantic import AfterValidator, BaseModel, BeforeValidator, ConfigDict, Field, SecretStr, model_validator

from spacesctl.api.operation import IceServer
from spacesctl.api.wire import UNSET

_URL = re.compile(r"(?:stun|turns?):[\w.\-\[\]:]+(?:\?transport=(?:udp|tcp))?")


def _checked(url: str) -> str:
    if not _URL.fullmatch(url):
        raise ValueError("is stun:HOST:PORT, turn:HOST:PORT?transport=udp, or turns:HOST:PORT?transport=tcp")
    return url


class Turn(BaseModel):
    """The settings table `[turn]`. `ttl` is how long credentials are valid, in seconds."""

    model_config = ConfigDict(extra="forbid")

    urls: list[Annotated[str, AfterValidator(_checked)]] = Field(default_factory=list)
    secret: Annotated[SecretStr | None, BeforeValidator(lambda value: value or None)] = None
    ttl: Annotated[int, Field(ge=60, le=86_400)] = 3600

    @model_validator(mode="after")
    def _with_secret(self) -> Turn:
        if self.secret is None and any(url.startswith("turn") for url in self.urls):
            raise ValueError("turn addresses need a `secret`, the one of the TURN server")
        return self

    def servers(self, name: str, now: float) -> list[IceServer]:
        """The servers in the format of `RTCPeerConnection`. `name` tells users apart in the TURN server's log; it is
        random, not a handle. `now` is in Unix seconds.
        """
        until = round(now + self.ttl)
        username = f"{until}:{name}"
        found: list[IceServer] = []
        for url in self.urls:
            if url.startswith("stun") or self.secret is None:
                found.append(IceServer(urls=[url]))
            else:
                found.append(IceServer(urls=[url], username=username, credential=_password(self.secret, username)))
        return found

    def links(self, name: str, now: float) -> list[str]:
        """The same as values of `Link` headers (RFC 9725, 4.6)."""
        return [_link(server) for server in self.servers(name, now)]


def _password(secret: SecretStr, username: str) -> str:
    # The scheme requires SHA-1. An HMAC does not depend on its collision resistance.
    digest = hmac.new(secret.get_secret_value().encode(), username.encode(), hashlib.sha1).digest()
    return base64.b64encode(digest).decode()


def _link(server: IceServer) -> str:
    link = f'<{server.urls[0]}>; rel="ice-server"'
    if server.username is not UNSET:
        link += f'; username="{server.username}"; credential="{server.credential}"; credential-type="password"'
    return link
