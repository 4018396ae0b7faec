"""A provider of OpenID Connect: the code flow with PKCE, a state that is bound to the browser, and a nonce.

Its address comes from the operator, and where its parts are from the provider itself. What it signs is verified with its keys, by authlib.
"""

from __future__ import annotations

import asyncio
import hmac
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final, TypeVar

import httpx
import msgspec

from spacesctl.application.provided import Provided
from spacesctl.domain.errors import NotSignedIn, Unavailable
from spacesctl.domain.ids import STATE_PREFIX, token_hash
from spacesctl.server.http.oidc_settings import Oidc
from spacesctl.store.identities import Identity

T = TypeVar("T")
LASTS: Final = timedelta(minutes=10)
MOST: Final = 1_000
"""People who are at the provider at once; the first to have gone there are forgotten first."""
KNOWN_FOR: Final = timedelta(hours=1)
"""How long what the provider says about itself is taken for true."""
TIMEOUT: Final = 10.0
LEEWAY: Final = 60
"""Seconds by which clocks may differ."""
ALGORITHMS: Final = ("RS256", "ES256", "PS256", "EdDSA")
"""Signatures that are taken. Never one by a shared secret, or none."""
MOST_ANSWER: Final = 1 << 20
_FAILED: Final = "the provider did not sign you in, or it took too long"


class Metadata(msgspec.Struct):
    """What a provider says about itself (OpenID Connect Discovery 1.0, 3)."""

    issuer: str
    authorization_endpoint: str
    token_endpoint: str
    jwks_uri: str


class Tokens(msgspec.Struct):
    """What it gives for a code. The access token is asked for nothing, and forgotten."""

    id_token: str
    access_token: str = ""


@dataclass(frozen=True)
class Gone:
    """Somebody who went to the provider: to sign in or (`account_id`) to link an account. `browser` is the hash of what their browser
    keeps."""

    nonce: str
    verifier: str
    browser: str
    until: datetime
    account_id: str | None
    invitation: str | None

    def __repr__(self) -> str:
        return "Gone(...)"  # it has secrets


class Provider:
    """`redirect` is the address of our page to which people come back."""

    def __init__(self, settings: Oidc, redirect: str, http: httpx.AsyncClient | None = None) -> None:
        self.name = settings.shown
        self._settings, self._redirect = settings, redirect
        self._http = http or httpx.AsyncClient(timeout=TIMEOUT, follow_redirects=False)
        self._gone: dict[str, Gone] = {}
        self._metadata: tuple[Metadata, datetime] | None = None
        self._keys: bytes | None = None

    async def close(self) -> None:
        """End its connections."""
        await self._http.aclose()

    async def send(self, now: datetime, account_id: str | None, invitation: str | None) -> tuple[str, str]:
        """The address at the provider to which somebody goes, and a secret that their browser keeps meanwhile. Raises Unavailable."""
        about = await self._about(now)
        while len(self._gone) >= MOST:
            del self._gone[next(iter(self._gone))]
        state, nonce = STATE_PREFIX + secrets.token_urlsafe(32), secrets.token_urlsafe(32)
        browser, verifier = secrets.token_urlsafe(32), secrets.token_urlsafe(48)
        self._gone[state] = Gone(nonce, verifier, token_hash(browser), now + LASTS, account_id, invitation)
        address = await asyncio.to_thread(
            _address, about.authorization_endpoint, self._settings.client_id, self._redirect, state, nonce, verifier
        )
        return address, browser

    async def back(self, now: datetime, state: str, code: str, browser: str | None) -> tuple[Gone, Provided]:
        """Who came back, as the provider says. Raises NotSignedIn or Unavailable."""
        gone = self._gone.pop(state, None)
        if gone is None or gone.until <= now or not hmac.compare_digest(gone.browser, token_hash(browser or "")):
            raise NotSignedIn(_FAILED, hint="begin again")
        about = await self._about(now)
        given = await self._redeem(about, code, gone.verifier)
        claims = await self._verified(about, given, gone.nonce, now)
        return gone, Provided(
            Identity(about.issuer, claims["sub"]), claims.get("preferred_username", ""), claims.get("name", "")
        )

    async def _about(self, now: datetime) -> Metadata:
        if self._metadata is None or self._metadata[1] <= now:
            issuer = self._settings.issuer
            found = _read(await self._get(f"{issuer.rstrip('/')}/.well-known/openid-configuration"), Metadata)
            if found.issuer.rstrip("/") != issuer.rstrip("/"):
                raise Unavailable("the provider that signs people in says it is another one", reason="provider")
            self._metadata, self._keys = (found, now + KNOWN_FOR), None
        return self._metadata[0]

    async def _redeem(self, about: Metadata, code: str, verifier: str) -> Tokens:
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self._redirect,
            "code_verifier": verifier,
            "client_id": self._settings.client_id,
        }
        secret = self._settings.secret
        auth = httpx.BasicAuth(self._settings.client_id, secret) if secret is not None else None
        try:
            answer = await self._http.post(about.token_endpoint, data=form, auth=auth or httpx.USE_CLIENT_DEFAULT)
        except httpx.HTTPError as error:
            raise _away() from error
        if answer.status_code >= 500:
            raise _away()
        if not answer.is_success:  # the code is wrong, or was used
            raise NotSignedIn(_FAILED, hint="begin again")
        return _read(answer.content, Tokens)

    async def _verified(self, about: Metadata, given: Tokens, nonce: str, now: datetime) -> Mapping[str, str]:
        """The claims that are texts. With keys that are an hour old at most; once more with new ones, as providers change them."""
        at = int(now.timestamp())
        for is_fresh in (self._keys is None, True):
            if self._keys is None or is_fresh:
                self._keys = await self._get(about.jwks_uri)
            found = await asyncio.to_thread(
                _claims, self._keys, given, about.issuer, self._settings.client_id, nonce, at
            )
            if found is not None:
                return found
            if is_fresh:
                break
        raise NotSignedIn(_FAILED, hint="begin again")

    async def _get(self, address: str) -> bytes:
        try:
            answer = await self._http.get(address)
        except httpx.HTTPError as error:
            raise _away() from error
        if not answer.is_success or len(answer.content) > MOST_ANSWER:
            raise _away()
        return answer.content


def _away() -> Unavailable:
    return Unavailable("the provider that signs people in does not answer as it should", reason="provider")


def _read(text: bytes, kind: type[T]) -> T:
    try:
        return msgspec.json.decode(text, type=kind)
    except msgspec.DecodeError as error:
        raise _away() from error


def _address(endpoint: str, client_id: str, redirect: str, state: str, nonce: str, verifier: str) -> str:
    """Runs in a thread: the library takes half a second to load."""
    from authlib.common.urls import add_params_to_uri
    from authlib.oauth2.rfc7636 import create_s256_code_challenge

    parameters = {
        "response_type": "code",
        "client_id": client_id,
        "redirect_uri": redirect,
        "scope": "openid profile",
        "state": state,
        "nonce": nonce,
        "code_challenge": create_s256_code_challenge(verifier),
        "code_challenge_method": "S256",
    }
    return str(add_params_to_uri(endpoint, list(parameters.items())))


def _claims(keys: bytes, given: Tokens, issuer: str, client_id: str, nonce: str, at: int) -> Mapping[str, str] | None:
    """The texts that an ID token claims; None for one that is not good (OpenID Connect Core 1.0, 3.1.3.7). Runs in a thread."""
    from authlib.oidc.core import CodeIDToken
    from joserfc import jwt
    from joserfc.errors import JoseError
    from joserfc.jwk import KeySet

    try:
        key_set = KeySet.import_key_set(msgspec.json.decode(keys))
        token = jwt.decode(given.id_token, key_set, algorithms=list(ALGORITHMS))
        options = {
            "iss": {"essential": True, "value": issuer},
            "aud": {"essential": True, "value": client_id},
            "sub": {"essential": True},
        }
        params = {"nonce": nonce, "client_id": client_id, "access_token": given.access_token}
        claims = CodeIDToken(token.claims, token.header, options, params)
        claims.validate(now=at, leeway=LEEWAY)
    except (JoseError, ValueError, KeyError, TypeError, AttributeError, msgspec.DecodeError):
        return None
    texts = {name: one for name, one in claims.items() if isinstance(one, str)}
    return texts if 0 < len(texts.get("sub", "")) <= 255 else None
