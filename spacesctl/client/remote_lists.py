"""Fetches a block list from the web or from a file. A request goes to no address of the own network, whatever the name resolves to."""

from __future__ import annotations

import asyncio
import socket
import ssl
from ipaddress import ip_address
from pathlib import Path
from typing import Final

import httpx

from spacesctl.client.blocklists import MOST_BYTES
from spacesctl.client.files import read_regular
from spacesctl.domain.errors import Invalid, Unavailable
from spacesctl.support.public_addresses import is_public

WITHIN: Final = 30.0
"""Seconds for the whole answer."""
MOST_URL: Final = 500


def is_remote(source: str) -> bool:
    """Whether it is an address on the web, and not a file."""
    return "://" in source


def fetched(source: str) -> bytes:
    """The list at an https address, or in a file. Raises Invalid, or Unavailable."""
    return _from_web(source) if is_remote(source) else read_regular(Path(source), MOST_BYTES + 1)


def _from_web(source: str) -> bytes:
    return asyncio.run(_within(source))


async def _within(source: str) -> bytes:
    """The time is that of the whole answer: its head may come byte by byte, too."""
    try:
        async with asyncio.timeout(WITHIN):
            return await _answer(source)
    except TimeoutError as error:
        raise Unavailable(f"{source} took more than {WITHIN:g} s") from error
    except httpx.HTTPError as error:
        raise Unavailable(f"{source} cannot be fetched ({type(error).__name__})") from error


async def _answer(source: str) -> bytes:
    url = _checked(source)
    place = url.copy_with(host=_address(url.host, url.port or 443))
    headers = {"Host": url.netloc.decode("ascii"), "Accept": "application/json"}
    named = {"sni_hostname": url.raw_host.decode("ascii")}
    # No proxy and no redirection: both would choose where it goes.
    async with (
        httpx.AsyncClient(verify=_trusted(), trust_env=False, follow_redirects=False, timeout=WITHIN) as http,
        http.stream("GET", place, headers=headers, extensions=named) as answer,
    ):
        if answer.status_code != 200:
            raise Unavailable(f"{source} answered {answer.status_code}")
        found = bytearray()
        async for chunk in answer.aiter_bytes():
            found += chunk
            if len(found) > MOST_BYTES:
                raise Invalid("SOURCE", f"{source} has more than {MOST_BYTES} bytes")
        return bytes(found)


def _checked(source: str) -> httpx.URL:
    try:
        url = httpx.URL(source)
    except (httpx.InvalidURL, ValueError) as error:
        raise Invalid("SOURCE", "is no URL") from error
    if url.scheme != "https" or not url.host or url.userinfo or url.fragment or len(source) > MOST_URL:
        raise Invalid("SOURCE", "is an https address of at most 500 characters without a user or fragment, or a file")
    return url


def _address(host: str, port: int) -> str:
    """An address of this name that a request may reach: that one, and no other, is connected to."""
    try:
        found = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise Unavailable(f"{host} has no address ({type(error).__name__})") from error
    for *_, place in found:
        address = str(place[0])
        if is_public(ip_address(address.partition("%")[0])):
            return address
    raise Invalid("SOURCE", f"{host} leads to an address that is not public")


def _trusted() -> ssl.SSLContext:
    return ssl.create_default_context()
