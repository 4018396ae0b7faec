"""Which certificates a client reads."""

from __future__ import annotations

import ssl

import pytest

from spacesctl.client.transport import trust


def test_plain_http_needs_no_certificates_and_trusts_nobody(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("https_proxy", raising=False)
    found = trust("http://127.0.0.1:8420")
    assert isinstance(found, ssl.SSLContext)
    assert found.verify_mode is ssl.CERT_REQUIRED
    assert found.get_ca_certs() == []


def test_https_and_a_proxy_with_tls_are_checked_as_usual(monkeypatch: pytest.MonkeyPatch) -> None:
    assert trust("https://live.example") is True
    monkeypatch.setenv("http_proxy", "https://proxy.example:3128")
    assert trust("http://live.example") is True
