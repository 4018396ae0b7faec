"""Requests to URLs that users give. They never reach the operator's own network, whatever a name resolves to, and have a timeout."""

from __future__ import annotations

import asyncio
import socket
import ssl
from concurrent.futures import ThreadPoolExecutor
from ipaddress import ip_address

import certifi
import httpx

from spacesctl import __version__
from spacesctl.domain.errors import Invalid
from spacesctl.support.public_addresses import is_public

WITHIN = 10.0
"""Seconds for the whole request: name lookup, connection, sending, and the head of the answer."""
MOST_URL = 500
LOOKUPS = 8


class Forbidden(Exception):
    """A name resolves only to addresses that requests of users may not reach."""


def check_url(url: str, *, allow_private: bool) -> str:
    """The URL, if a webhook may use it. Raises Invalid. What its name resolves to is checked at each request."""
    try:
        parts = httpx.URL(url)
    except (httpx.InvalidURL, ValueError) as error:
        raise Invalid("url", "is no URL") from error
    if not url.isprintable() or " " in url:
        raise Invalid("url", "is no URL")
    if len(url) > MOST_URL:
        raise Invalid("url", f"has at most {MOST_URL} characters")
    if parts.scheme not in ("https", "http") or not parts.host:
        raise Invalid("url", "begins with https:// and a name")
    if parts.userinfo or parts.fragment:
        raise Invalid("url", "has no user, password or fragment in it")
    if allow_private:
        return url
    if parts.scheme != "https":
        raise Invalid("url", "begins with https://", hint="the operator may allow others: webhooks_allow_private")
    if parts.host == "localhost" or parts.host.endswith(".localhost") or not _literal_is_public(parts.host):
        hint = "the operator may allow them: webhooks_allow_private"
        raise Invalid("url", "leads to an address that is not public", hint=hint)
    return url


def _literal_is_public(host: str) -> bool:
    try:
        return is_public(ip_address(host.strip("[]").partition("%")[0]))
    except ValueError:
        return True


class SafeHttp:
    """`await post(...)`, and `await close()` at the end. Redirects are not followed, and only `ask` reads of an answer's body."""

    def __init__(self, *, allow_private: bool) -> None:
        """Blocks, because it reads the trusted certificates."""
        self.allow_private = allow_private
        # The system's certificates (or those of SSL_CERT_FILE), and certifi's, because a container may have none.
        trusted = ssl.create_default_context()
        trusted.load_verify_locations(certifi.where())
        # No connection is kept: another name at the same address may be another server.
        self._http = httpx.AsyncClient(
            verify=trusted, trust_env=False, follow_redirects=False, timeout=WITHIN,
            limits=httpx.Limits(max_keepalive_connections=0), headers={"User-Agent": f"spacesctl/{__version__}"},
        )  # fmt: skip
        # Separate threads: slow name lookups must not delay file reads in the default threads.
        self._lookups = ThreadPoolExecutor(LOOKUPS, thread_name_prefix="lookup")

    async def post(self, url: str, content: bytes, headers: dict[str, str]) -> tuple[int, str]:
        """Send a POST request. Returns the status of the answer, and its `Retry-After`, empty if it has none. Raises Forbidden, OSError,
        TimeoutError or httpx.HTTPError."""
        async with asyncio.timeout(WITHIN):
            request = await self._request(httpx.URL(url), content, headers)
            answer = await self._http.send(request, stream=True)
            await answer.aclose()
            return answer.status_code, answer.headers.get("Retry-After", "")

    async def ask(self, url: str, content: bytes, headers: dict[str, str], most: int) -> tuple[int, str, bytes]:
        """As `post`, with the beginning of the answer's body, at most so many bytes."""
        async with asyncio.timeout(WITHIN):
            request = await self._request(httpx.URL(url), content, headers)
            answer = await self._http.send(request, stream=True)
            body = b""
            try:
                async for chunk in answer.aiter_raw(most):
                    body += chunk
                    if len(body) >= most:
                        break
            finally:
                await answer.aclose()
            return answer.status_code, answer.headers.get("Retry-After", ""), body[:most]

    async def _request(self, url: httpx.URL, content: bytes, headers: dict[str, str]) -> httpx.Request:
        """A request to exactly the address that was checked. `Host` and TLS still use the name."""
        address = await self._address(url.host, url.port or (443 if url.scheme == "https" else 80))
        place = url.copy_with(host=address)
        named = {**headers, "Host": url.netloc.decode("ascii")}
        return self._http.build_request(
            "POST", place, content=content, headers=named, extensions={"sni_hostname": url.raw_host.decode("ascii")}
        )

    async def _address(self, host: str, port: int) -> str:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(self._lookups, _look_up, host, port)
        for address in found:
            if self.allow_private or is_public(ip_address(address.partition("%")[0])):
                return address
        raise Forbidden("it resolves to no public address")

    async def close(self) -> None:
        await self._http.aclose()
        self._lookups.shutdown(wait=False, cancel_futures=True)


def _look_up(host: str, port: int) -> list[str]:
    found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    return list(dict.fromkeys(str(place[0]) for *_, place in found))
