"""A small provider of OpenID Connect on 127.0.0.1: it checks what it is asked as RFC 6749 and 7636 say, and signs what it says."""

from __future__ import annotations

import asyncio
import base64
import hashlib
import json
import secrets
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qs, urlsplit

from joserfc import jwt
from joserfc.jwk import OctKey, RSAKey

SECRET = "the client's secret"
CLIENT = "spaces"


@dataclass
class OidcProvider:
    """`who` is signed in there. `claims` and `header` change what it signs; `down` lets it answer 503."""

    redirect: str
    port: int = 0
    who: dict[str, str] = field(
        default_factory=lambda: {"sub": "1001", "preferred_username": "ann.lee", "name": "Ann Lee"}
    )
    claims: dict[str, Any] = field(default_factory=dict)
    alg: str = "RS256"
    down: bool = False
    claimed_issuer: str | None = None
    key: RSAKey = field(default_factory=lambda: RSAKey.generate_key(2048, {"kid": "one"}))
    signs_with: RSAKey | None = None
    now: Callable[[], int] = lambda: int(time.time())
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    @property
    def issuer(self) -> str:
        return f"http://127.0.0.1:{self.port}/realm"

    def authorize(self, url: str) -> dict[str, str]:
        """Somebody's browser comes with this address, and they agree; the query with which they are sent back."""
        parts = urlsplit(url)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        assert f"{parts.scheme}://{parts.netloc}{parts.path}" == f"{self.issuer}/authorize"
        assert query["response_type"] == "code"
        assert (query["client_id"], query["redirect_uri"]) == (CLIENT, self.redirect)
        assert query["code_challenge_method"] == "S256"
        assert "openid" in query["scope"].split()
        code = f"spo_{secrets.token_urlsafe(16)}"
        self.codes[code] = query
        return {"state": query["state"], "code": code}

    def token(self, authorization: str, form: dict[str, str]) -> tuple[int, dict[str, str]]:
        basic = base64.b64encode(f"{CLIENT}:{SECRET}".encode()).decode()
        if authorization != f"Basic {basic}":
            return 401, {"error": "invalid_client"}
        asked = self.codes.pop(form.get("code", ""), None)
        if asked is None or form["grant_type"] != "authorization_code" or form["redirect_uri"] != self.redirect:
            return 400, {"error": "invalid_grant"}
        digest = hashlib.sha256(form["code_verifier"].encode()).digest()
        if base64.urlsafe_b64encode(digest).rstrip(b"=").decode() != asked["code_challenge"]:
            return 400, {"error": "invalid_grant"}
        return 200, {"access_token": "opaque", "token_type": "Bearer", "id_token": self._signed(asked["nonce"])}

    def _signed(self, nonce: str) -> str:
        now = self.now()
        claims = {
            "iss": self.issuer,
            "aud": CLIENT,
            "iat": now,
            "exp": now + 300,
            "nonce": nonce,
            **self.who,
            **self.claims,
        }
        header = {"alg": self.alg, "kid": (self.signs_with or self.key).kid}
        if self.alg == "none":
            parts = (
                base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=").decode() for one in (header, claims)
            )
            return ".".join([*parts, ""])
        key = OctKey.import_key(SECRET) if self.alg == "HS256" else self.signs_with or self.key
        return jwt.encode(header, claims, key, algorithms=[self.alg])

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode().split("\r\n")
        headers = {name.lower(): value for name, _, value in (line.partition(": ") for line in head[1:] if line)}
        body = (await reader.readexactly(int(headers.get("content-length", "0")))).decode()
        path = head[0].split()[1]
        self.asked.append(path)
        status, told = self._answer(path, headers, {name: values[0] for name, values in parse_qs(body).items()})
        content = json.dumps(told).encode()
        writer.write(
            f"HTTP/1.1 {status} X\r\nContent-Type: application/json\r\nContent-Length: {len(content)}\r\nConnection: close\r\n\r\n".encode()
            + content
        )
        await writer.drain()
        writer.close()

    def _answer(self, path: str, headers: dict[str, str], form: dict[str, str]) -> tuple[int, dict[str, Any]]:
        if self.down:
            return 503, {}
        if path == "/realm/.well-known/openid-configuration":
            issuer = self.issuer
            return 200, {
                "issuer": self.claimed_issuer or issuer,
                "authorization_endpoint": f"{issuer}/authorize",
                "token_endpoint": f"{issuer}/token",
                "jwks_uri": f"{issuer}/keys",
            }
        if path == "/realm/keys":
            return 200, {"keys": [self.key.as_dict(private=False)]}
        if path == "/realm/token":
            return self.token(headers.get("authorization", ""), form)
        return 404, {}


@asynccontextmanager
async def providing(redirect: str) -> AsyncIterator[OidcProvider]:
    provider = OidcProvider(redirect)
    server = await asyncio.start_server(provider.serve, "127.0.0.1", 0)
    provider.port = server.sockets[0].getsockname()[1]
    try:
        yield provider
    finally:
        server.close()
        await server.wait_closed()
