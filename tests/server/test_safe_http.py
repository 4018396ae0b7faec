"""Requests to addresses that users name: which are refused, and to whom the others really go."""

from __future__ import annotations

import asyncio
import socket
import ssl
import stat
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest

from spacesctl.domain.errors import Invalid
from spacesctl.server.delivery import safe_http as outside_module
from spacesctl.server.delivery.safe_http import Forbidden, SafeHttp, check_url
from spacesctl.server.process.keys import Keys
from spacesctl.support.public_addresses import is_public
from tests.api.receiver import receiving
from tests.certificates import Authority

pytestmark = pytest.mark.anyio

PRIVATE = (
    "127.0.0.1", "127.9.9.9", "10.1.2.3", "172.16.0.1", "172.31.255.255", "192.168.0.1", "169.254.169.254", "100.64.0.1", "0.0.0.0",
    "224.0.0.1", "239.255.255.250", "240.0.0.1", "255.255.255.255", "192.0.2.1", "198.18.0.1", "192.0.0.1",
    "::1", "::", "fe80::1", "fc00::1", "fd12::1", "ff02::1", "ff0e::1", "2001:db8::1",
    "::ffff:127.0.0.1", "::ffff:10.0.0.1", "::ffff:169.254.169.254", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::7f00:1", "2002:7f00:1::", "2002:c0a8:1::1", "2001:0:53aa:64c:0:0:80ff:fffe",
)  # fmt: skip


@pytest.mark.parametrize("address", PRIVATE)
def test_an_address_that_is_not_of_the_internet_at_large_is_refused(address: str) -> None:
    assert not is_public(ip_address(address))


@pytest.mark.parametrize(
    "address",
    ["93.184.215.14", "8.8.8.8", "2606:2800:21f:cb07:6820:80da:af6b:8b2c", "::ffff:8.8.8.8", "64:ff9b::808:808"],
)
def test_one_that_is_may_be_reached(address: str) -> None:
    assert is_public(ip_address(address))


@pytest.mark.parametrize(
    "url",
    [
        "https://127.0.0.1/", "https://[::1]/", "https://[::ffff:10.0.0.1]/", "https://localhost/", "https://a.localhost/",
        "https://169.254.169.254/latest/meta-data", "http://hooks.example.org/", "ftp://hooks.example.org/", "https://", "",
        "https://user:pass@hooks.example.org/", "https://hooks.example.org/#x", "https://h.example.org/" + 500 * "x",
        "https://[::1", "hooks.example.org",
        "file:///etc/passwd", "https://exa mple.org/",
    ],
)  # fmt: skip
def test_a_url_that_cannot_be_a_webhooks_is_refused_at_once(url: str) -> None:
    with pytest.raises(Invalid):
        check_url(url, allow_private=False)


def test_an_operator_may_allow_what_is_not_public() -> None:
    for url in ("http://127.0.0.1:9000/", "https://10.0.0.1/x", "http://localhost/"):
        assert check_url(url, allow_private=True) == url
    with pytest.raises(Invalid):
        check_url("ftp://127.0.0.1/", allow_private=True)


@pytest.mark.parametrize("shown", [["127.0.0.1"], ["10.0.0.1", "fe80::1%lo"], ["::ffff:127.0.0.1"]])
async def test_a_name_that_resolves_to_what_is_not_public_is_not_sent_to(
    shown: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Numbers in other bases are names too: the system's resolver reads them."""
    outside = await asyncio.to_thread(SafeHttp, allow_private=False)
    try:
        for url in ("https://2130706433/", "https://0x7f.1/"):
            with pytest.raises((Forbidden, socket.gaierror)):
                await outside.post(url, b"", {})
        monkeypatch.setattr(outside_module, "_look_up", lambda host, port: shown)
        with pytest.raises(Forbidden):
            await outside.post("https://hooks.example.org/", b"", {})
    finally:
        await outside.close()


async def test_the_very_address_that_was_looked_at_is_connected_to_under_its_name(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A second look-up, which an attacker's name server would answer otherwise, never happens."""
    context = await asyncio.to_thread(_for_name, tmp_path, "hooks.example.org", monkeypatch)
    looked: list[str] = []

    def look_up(host: str, port: int) -> list[str]:
        looked.append(host)
        return ["127.0.0.1"]

    monkeypatch.setattr(outside_module, "_look_up", look_up)
    asked: list[Any] = []
    real = socket.getaddrinfo

    def noted(*args: Any, **kwargs: Any) -> Any:
        asked.append(args[0])
        return real(*args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", noted)
    outside = await asyncio.to_thread(SafeHttp, allow_private=True)
    try:
        async with receiving(tls=context) as receiver:
            url = f"https://hooks.example.org:{receiver.port}/in?a=b"
            assert await outside.post(url, b"{}", {"webhook-id": "x"}) == (200, "-")
            [got] = receiver.got
            assert (got.path, got.headers["host"], got.body) == ("/in?a=b", f"hooks.example.org:{receiver.port}", b"{}")
            with pytest.raises(Exception, match="CERTIFICATE_VERIFY_FAILED"):
                await outside.post(f"https://other.example.org:{receiver.port}/", b"", {})
    finally:
        await outside.close()
    assert looked == ["hooks.example.org", "other.example.org"]
    assert [host for host in asked if not str(host).startswith("127.")] == []


def _for_name(folder: Path, name: str, monkeypatch: pytest.MonkeyPatch) -> ssl.SSLContext:
    authority = Authority(folder)
    authority.issue(folder / "cert.pem", folder / "key.pem", name)
    monkeypatch.setenv("SSL_CERT_FILE", str(authority.ca))
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(folder / "cert.pem", folder / "key.pem")
    return context


def test_a_folders_key_is_made_once_private_and_each_use_has_its_own(tmp_path: Path) -> None:
    keys = Keys.of_folder(tmp_path)
    assert stat.S_IMODE((tmp_path / "secret.key").stat().st_mode) == 0o600
    again = Keys.of_folder(tmp_path)
    assert keys.webhook_secret("1") == again.webhook_secret("1") != keys.webhook_secret("2")
    assert again.unseal(keys.seal("tgram://token")) == "tgram://token"
    assert "token" not in keys.seal("tgram://token")
    with pytest.raises(ValueError, match="another key"):
        Keys.fresh().unseal(keys.seal("x"))
    for broken in ("", "abcd", "not hex"):
        (tmp_path / "secret.key").write_text(broken)
        with pytest.raises(Invalid, match="restore it"):
            Keys.of_folder(tmp_path)
